//! JUnit's XML, which every CI server shows: what matters is a failed case.

use std::collections::HashSet;

use minijinja::Value;

use super::super::clean::without_commands;
use super::template::{ReportError, environment};
use super::view::{Report, ReportFinding, by_operation};

/// The report as JUnit XML, in the form of the Jenkins xUnit schema: one suite for each operation. Services tell cases apart by
/// class and name, so that the class is the operation, and no two cases of one have the same name.
///
/// # Errors
/// When the template asks for something the report does not have, which the tests of this build rule out.
pub fn junit(report: &Report) -> Result<String, ReportError> {
    let rows: Vec<&ReportFinding> = report.findings.iter().collect();
    let mut names: HashSet<(String, String)> = HashSet::new();
    let suites: Vec<Value> = by_operation(&rows)
        .into_iter()
        .map(|(name, rows)| {
            let failures = rows.iter().filter(|row| row.matters()).count();
            let cases: Vec<Value> = rows
                .iter()
                .map(|row| {
                    let mut title = format!("{} ({})", row.finding.message, row.finding.rule);
                    if !names.insert((name.clone(), title.clone())) {
                        title = format!("{title} at {}", row.pointer());
                        names.insert((name.clone(), title.clone()));
                    }
                    let place = row.line().map(|line| format!("{line}\n")).unwrap_or_default();
                    minijinja::context! {
                        title => title,
                        severity => row.finding.severity.name(),
                        message => row.finding.message.clone(),
                        fails => row.matters(),
                        text => format!("{place}{}\n{}\n{}\n{}", row.proven, row.hurt, row.remedy, row.fragment),
                    }
                })
                .collect();
            minijinja::context! { name => name, tests => cases.len(), failures => failures, cases => cases }
        })
        .collect();
    let failures = report.findings.iter().filter(|row| row.matters()).count();
    let context = minijinja::context! {
        tests => report.findings.len() + usize::from(report.undecided.is_some()), failures => failures, suites => suites, undecided => report.undecided.clone(),
    };
    Ok(without_commands(&environment().render_named_str("report.xml", include_str!("../templates/report.xml"), context)?))
}
