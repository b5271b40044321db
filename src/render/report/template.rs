//! The templates of reports: how they are escaped, and what may go wrong with them.

use minijinja::{AutoEscape, Environment, Value};
use thiserror::Error;

use super::super::clean::{STYLED_CODE, clean, with_code};

/// A template that does not render is a mistake in this build.
#[derive(Debug, Error)]
#[error("the report cannot be rendered")]
pub struct ReportError(#[from] minijinja::Error);

/// Longest text of a partner that is shown, characters.
const LONGEST: usize = 600;

pub(super) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_filter("plain", |text: &str| clean(text, LONGEST));
    environment.add_filter("code", |text: &str| Value::from_safe_string(with_code(text, STYLED_CODE)));
    environment
}
