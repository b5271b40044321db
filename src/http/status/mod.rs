//! Status: alive? checking? telling? what is open, and who owns it on each side?
//!
//! `view` is the documented object, `current` makes it.

mod current;
mod view;

pub use current::current_status;
pub(super) use current::{ago, answer_due, side_views, status_of};
pub use view::{ApiView, LoopView, OpenView, SideView, StatusState, StatusView, TroubleView};
