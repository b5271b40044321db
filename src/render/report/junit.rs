//! JUnit's XML, which every CI server shows: what matters is a failed case.

use minijinja::Value;

use super::super::clean::without_commands;
use super::template::{ReportError, environment};
use super::view::{Report, ReportFinding, by_operation};

/// The report as JUnit XML: one suite for each operation.
///
/// # Errors
/// When the template asks for something the report does not have, which the tests of this build rule out.
pub fn junit(report: &Report) -> Result<String, ReportError> {
    let rows: Vec<&ReportFinding> = report.findings.iter().collect();
    let suites: Vec<Value> = by_operation(&rows)
        .into_iter()
        .map(|(name, rows)| {
            let failures = rows.iter().filter(|row| row.matters()).count();
            let cases: Vec<Value> = rows
                .iter()
                .map(|row| {
                    minijinja::context! {
                        rule => row.finding.rule.clone(),
                        severity => row.finding.severity.name(),
                        message => row.finding.message.clone(),
                        fails => row.matters(),
                        place => row.line().map(ToString::to_string),
                        text => format!("{}\n{}\n{}\n{}", row.proven, row.hurt, row.remedy, row.fragment),
                    }
                })
                .collect();
            minijinja::context! { name => name, tests => cases.len(), failures => failures, cases => cases }
        })
        .collect();
    let failures = report.findings.iter().filter(|row| row.matters()).count();
    let context = minijinja::context! {
        tests => report.findings.len(), failures => failures, suites => suites, undecided => report.undecided.clone(),
    };
    Ok(without_commands(&environment().render_named_str("report.xml", include_str!("../templates/report.xml"), context)?))
}
