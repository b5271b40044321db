//! One self-contained page, light and dark.

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value};
use thiserror::Error;

use super::super::{clean, with_code, without_commands};
use super::{Report, Row, grouped};

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
    environment.add_filter("code", |text: &str| Value::from_safe_string(with_code(text)));
    environment
}

fn row(row: &Row) -> Value {
    minijinja::context! {
        reach => row.reach(),
        pointer => row.pointer().to_owned(),
        excuse => row.excuse(),
        lines => row.fragment.lines().map(str::to_owned).collect::<Vec<_>>(),
        ..Value::from(Serde(row))
    }
}

/// The report as a page.
///
/// # Errors
/// When the template asks for something the report does not have, which the tests of this build rule out.
pub fn html(report: &Report) -> Result<String, ReportError> {
    let (told, rest) = report.parted();
    let groups: Vec<Value> = grouped(&told)
        .into_iter()
        .map(|(name, rows)| minijinja::context! { name => name, rows => rows.into_iter().map(row).collect::<Vec<_>>() })
        .collect();
    let rest: Vec<Value> = rest.into_iter().map(row).collect();
    let context = minijinja::context! { groups => groups, rest => rest, ..Value::from(Serde(report)) };
    Ok(without_commands(&environment().render_named_str("report.html", include_str!("../templates/report.html"), context)?))
}
