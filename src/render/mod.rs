//! Letters as subject, text and HTML, and comparisons as reports. Templates are embedded; partner text is cleaned and escaped.
//!
//! Invariants: the text part is complete by itself; no remote content; nothing a partner wrote reaches a
//! reader with control or bidirectional characters, or unescaped.

mod calendar;
mod clean;
mod mail;
pub mod report;
mod webhook;

pub use calendar::{Appointment, Publisher, calendar};
pub use clean::{clean, clean_lines, escaped_json, is_treacherous, with_code, without_commands, without_credentials};
pub use mail::{RenderError, Rendered, Renderer};
pub use webhook::{chat_message, cloud_event};
