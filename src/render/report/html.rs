//! One self-contained page, light and dark.

use minijinja::Value;
use minijinja::value::Serde;

use super::super::clean::without_commands;
use super::template::{ReportError, environment};
use super::view::{Report, ReportFinding, by_operation};

fn row(row: &ReportFinding) -> Value {
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
    let groups: Vec<Value> = by_operation(&told)
        .into_iter()
        .map(|(name, rows)| minijinja::context! { name => name, rows => rows.into_iter().map(row).collect::<Vec<_>>() })
        .collect();
    let rest: Vec<Value> = rest.into_iter().map(row).collect();
    let context = minijinja::context! { groups => groups, rest => rest, ..Value::from(Serde(report)) };
    Ok(without_commands(&environment().render_named_str("report.html", include_str!("../templates/report.html"), context)?))
}
