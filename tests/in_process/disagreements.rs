//! Changes on which engines of the field disagree, each with the right answer: `fixtures/traps/`.
//!
//! A row is two whole documents and an answer: BREAK, RISK (it may), SILENT (nothing fails, the meaning
//! moves), SAFE, SDK (only generated code notices), NONE (nothing may be said at all).

use std::path::Path;

use driftd::diff::Budget;
use driftd::model::Direction;
use driftd::model::{Consequence, Severity};
use driftd::openapi::{Document, Limits, read};
use driftd::rules::{Catalogue, Verdict, compare};

struct Row {
    name: String,
    change: String,
    answers: Vec<(Option<Direction>, String)>,
    /// A rule whose page argues for a milder answer.
    argued: Option<String>,
    before: Document,
    after: Document,
}

fn rows() -> Vec<Row> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/traps");
    let mut paths: Vec<_> = std::fs::read_dir(&folder).expect("the traps").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.iter().map(|path| row(path)).collect()
}

fn row(path: &Path) -> Row {
    let name = path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
    let text = std::fs::read_to_string(path).expect("a row");
    // A row is YAML of our own; as an extension of a description it is read by the same reader.
    let indented: String = text.lines().map(|line| format!("  {line}\n")).collect();
    let wrapped = format!("openapi: 3.1.0\npaths: {{/x: {{}}}}\nx-row:\n{indented}");
    let wrapper = read(wrapped.as_bytes(), &Limits::default()).unwrap_or_else(|problem| panic!("{name}: {problem}"));
    let field = |field: &str| wrapper.root["x-row"][field].as_str().map(str::to_owned);
    let document = |field: &str| {
        let text = wrapper.root["x-row"][field].as_str().unwrap_or_else(|| panic!("{name} has no {field}"));
        read(text.as_bytes(), &Limits::default()).unwrap_or_else(|problem| panic!("{name}, {field}: {problem}"))
    };
    let sides = [(Direction::ToProvider, field("request")), (Direction::FromProvider, field("response"))];
    let mut answers: Vec<(Option<Direction>, String)> =
        sides.into_iter().filter_map(|(direction, answer)| Some((Some(direction), answer?))).collect();
    if answers.is_empty() {
        answers.push((None, field("answer").unwrap_or_else(|| panic!("{name} has no answer"))));
    }
    Row {
        change: field("change").unwrap_or_default(),
        before: document("before"),
        after: document("after"),
        argued: field("argued"),
        answers,
        name,
    }
}

/// Whether the findings that travel this way are what the answer says.
fn is_right(answer: &str, direction: Option<Direction>, verdict: &Verdict) -> bool {
    let findings: Vec<_> =
        verdict.findings.iter().filter(|finding| direction.is_none_or(|wanted| finding.change.direction == wanted)).collect();
    let worst = findings.iter().map(|finding| finding.severity).max();
    match answer {
        "BREAK" => worst == Some(Severity::Breaking),
        "RISK" => worst == Some(Severity::Warning),
        "SILENT" => worst == Some(Severity::Warning) && findings.iter().any(|finding| finding.consequence == Consequence::Silent),
        "SAFE" => worst <= Some(Severity::Info),
        "SDK" => findings.iter().all(|finding| finding.consequence == Consequence::GeneratedCode) && !findings.is_empty(),
        "NONE" => findings.is_empty(),
        other => panic!("{other} is no answer"),
    }
}

#[test]
fn every_trap_has_its_answer() {
    let catalogue = Catalogue::load().expect("the catalogue");
    let rows = rows();
    assert!(rows.len() >= 101, "only {} rows", rows.len());
    let mut wrong = Vec::new();
    for row in &rows {
        let (verdict, oddities) = compare(&row.before, &row.after, &catalogue, Budget::default());
        assert_eq!(verdict.undecided, None, "{}", row.name);
        assert!(oddities.is_empty(), "{}: {oddities:?}", row.name);
        for (direction, answer) in &row.answers {
            if row.argued.as_deref().is_some_and(|rule| verdict.findings.iter().all(|finding| finding.rule == rule)) {
                continue;
            }
            if !is_right(answer, *direction, &verdict) {
                let said: Vec<String> = verdict
                    .findings
                    .iter()
                    .map(|finding| format!("{} {} {}", finding.severity.name(), finding.rule, finding.change.direction.name()))
                    .collect();
                wrong.push(format!("{} {answer} {direction:?}: {}: {said:?}", row.name, row.change));
            }
        }
    }
    println!("{} rows", rows.len());
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}
