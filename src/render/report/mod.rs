//! A comparison as people and programs read it: one view, many formats.

mod github;
mod html;
mod json;
mod junit;
mod markdown;
mod sarif;
mod template;
mod text;
mod view;

pub use github::github;
pub use html::html;
pub use json::json;
pub use junit::junit;
pub use markdown::markdown;
pub use sarif::sarif;
pub use template::ReportError;
pub use text::{Style, text};
pub use view::{ComparedDocument, FileLine, FileLines, FindingContext, Report, ReportFinding};
