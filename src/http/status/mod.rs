//! Status: alive? checking? telling? what is open, and who owns it on each side?
//!
//! `view` is the documented object, `current` makes it, `page` takes one page of it, `sections` says in which order it is read.

mod current;
mod page;
mod sections;
mod sides;
mod tiles;
mod view;
mod words;

pub(super) use current::status_of;
pub use current::{current_status, status_page};
pub use page::{StatusFilter, StatusQuery};
pub use sections::Sections;
pub(super) use sides::side_views;
pub use view::{
    ApiView, ContactView, LetterStatus, LoopView, OpenView, SideView, StatusExtent, StatusState, StatusView, Tile, TroubleView,
};
pub(super) use words::{ago, moment};
