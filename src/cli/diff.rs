//! `driftd diff BASE REVISION`.

use std::collections::HashMap;
use std::path::Path;
use std::sync::OnceLock;

use clap::{Args, ValueEnum};

use crate::diff::Budget;
use crate::model::{OverrideSeverity, Severity};
use crate::notice::open_findings;
use crate::openapi::{Contract, Document, Limits, ReadError, SourceLine, lines_of, lower};
use crate::render::report::{self, ComparedDocument, Report, Style};
use crate::rules::{Catalogue, Finding, Fragments, compare_lowered};

use super::colours;
use super::description::{SizeArgs, bytes, document};
use super::exceptions::{ExceptionArgs, Exceptions, NOT_USED};
use super::exit::{self, CommandError};
use super::known_names::KnownNames;
use super::output::say;

/// What to compare, and how to say it.
#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// The description before: a file or a URL.
    base: String,
    /// The description after: a file or a URL.
    revision: String,
    /// How to print what was found.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// End with 1 when there is a finding of this severity or above.
    #[arg(long, value_name = "SEVERITY", value_parser = ["info", "warning", "breaking"])]
    fail_on: Option<String>,
    #[command(flatten)]
    exceptions: ExceptionArgs,
    #[command(flatten)]
    size: SizeArgs,
    /// Colours; `auto`: on a terminal, and not when NO_COLOR is set.
    #[arg(long, value_enum, default_value_t = Colour::Auto)]
    color: Colour,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal, one operation after the other.
    Text,
    /// One documented object.
    Json,
    /// For a pull request or a ticket.
    Markdown,
    /// One page for a browser.
    Html,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// XML, for CI servers.
    Junit,
    /// Commands that GitHub shows beside the lines.
    Github,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Colour {
    Auto,
    Always,
    Never,
}

pub(super) async fn run(args: &DiffArgs) -> u8 {
    match report_on(args).await {
        Ok(code) => code,
        Err(error) => error.report(),
    }
}

async fn report_on(args: &DiffArgs) -> Result<u8, CommandError> {
    let catalogue = Catalogue::load().map_err(|problem| CommandError::new(exit::INTERNAL, problem.to_string()))?;
    let limits = args.size.limits();
    let exceptions = Exceptions::read(&args.exceptions, &catalogue)?;
    let (base, revision) = tokio::try_join!(bytes(&args.base, &limits), bytes(&args.revision, &limits))?;
    // Two documents, two cores: what one leaves behind while it is parsed is room for its contract.
    let slots = (OnceLock::new(), OnceLock::new());
    let (old, new) = std::thread::scope(|scope| {
        let handle = scope.spawn(|| contract(&slots.0, &args.base, base, &limits));
        let new = contract(&slots.1, &args.revision, revision, &limits);
        (
            handle.join().unwrap_or_else(|_| {
                Err(CommandError::new(exit::INTERNAL, "the base could not be read: a mistake in driftd".to_owned()))
            }),
            new,
        )
    });
    let ((old, old_text), (new, new_text)) = (old?, new?);
    let (Some(before), Some(after)) = (slots.0.get(), slots.1.get()) else {
        return Err(CommandError::new(exit::INTERNAL, "a description was not kept: a mistake in driftd".to_owned()));
    };
    if before.is_blank() != after.is_blank() {
        let place = if before.is_blank() { &args.base } else { &args.revision };
        return Err(CommandError::new(exit::BAD_DATA, format!("{place}: {}", ReadError::NoPaths)));
    }
    exceptions.must_match(&args.exceptions, &KnownNames::new([&old, &new], [before, after], &catalogue))?;
    let (verdict, oddities) = compare_lowered(&old, &new, &catalogue, Budget::default());
    let stored = if exceptions.ask() { open_findings(&verdict, Fragments::new(&before.root, &after.root)) } else { Vec::new() };
    let pointers = |of: fn(&Finding) -> &str| verdict.findings.iter().map(of).collect::<Vec<_>>();
    let old_lines = old_text.lines(&pointers(|finding| &finding.change.site.before))?;
    let new_lines = new_text.lines(&pointers(|finding| &finding.change.site.after))?;
    let (base, revision) = (shown_place(&args.base), shown_place(&args.revision));
    let report = Report::new(
        ComparedDocument { place: &base, lines: &old_lines, document: before },
        ComparedDocument { place: &revision, lines: &new_lines, document: after },
        &verdict,
        oddities,
        &catalogue,
        |index, finding| exceptions.of(finding, stored.get(index)),
    );
    let text = written(args, &report, &catalogue)?;
    say(&text);
    // The process is about to end: taking two large documents apart value by value would only delay that.
    std::mem::forget((old, new));
    std::mem::forget(slots);
    let limit = args.fail_on.as_deref().and_then(|word| word.parse::<Severity>().ok());
    let counts = |row: &report::ReportFinding, limit: Severity| {
        row.finding.severity >= limit
            && row.impact != Some(NOT_USED)
            && row.exception.as_ref().is_none_or(|note| note.to != OverrideSeverity::Ignore)
    };
    let has_findings = |limit: Severity| report.findings.iter().any(|row| counts(row, limit));
    Ok(match limit {
        Some(limit) if has_findings(limit) => exit::FINDINGS,
        Some(_) if report.undecided.is_some() => exit::BAD_DATA,
        _ => 0,
    })
}

/// A file as reports name it: from the current folder, where it lies below it, as services look for it.
fn shown_place(place: &str) -> String {
    let place = place.strip_prefix("file://").or_else(|| place.strip_prefix("file:")).unwrap_or(place);
    let here = std::env::current_dir().ok();
    let below = here.as_deref().and_then(|here| Path::new(place).strip_prefix(here).ok());
    below.map_or_else(|| place.strip_prefix("./").unwrap_or(place).to_owned(), |below| below.display().to_string())
}

/// The meaning of a document, which is kept in `slot`, and its text.
fn contract<'d>(
    slot: &'d OnceLock<Document>,
    place: &str,
    bytes: Vec<u8>,
    limits: &Limits,
) -> Result<(Contract<'d>, Packed), CommandError> {
    let document = document(place, &bytes, limits)?;
    let text = Packed::new(&bytes)?;
    drop(bytes);
    Ok((lower(slot.get_or_init(|| document)), text))
}

/// A text that is only needed again to tell lines: descriptions shrink to a fraction in no time.
struct Packed {
    body: Vec<u8>,
    size: usize,
}

impl Packed {
    fn new(text: &[u8]) -> Result<Self, CommandError> {
        let mut body = zstd::bulk::compress(text, 1).map_err(|problem| CommandError::new(exit::INTERNAL, problem.to_string()))?;
        body.shrink_to_fit();
        Ok(Self { body, size: text.len() })
    }

    /// The lines that some pointers lead to.
    fn lines(&self, pointers: &[&str]) -> Result<HashMap<String, SourceLine>, CommandError> {
        if pointers.is_empty() {
            return Ok(HashMap::new());
        }
        let text = zstd::bulk::decompress(&self.body, self.size)
            .map_err(|problem| CommandError::new(exit::INTERNAL, problem.to_string()))?;
        Ok(lines_of(&text, pointers))
    }
}

fn written(args: &DiffArgs, report: &Report, catalogue: &Catalogue) -> Result<String, CommandError> {
    let ours = |problem: &dyn std::fmt::Display| CommandError::new(exit::INTERNAL, problem.to_string());
    Ok(match args.format {
        Format::Text => report::text(report, style(args.color)),
        Format::Markdown => report::markdown(report),
        Format::Sarif => report::sarif(report, catalogue),
        Format::Github => report::github(report),
        Format::Json => report::json(report).map_err(|problem| ours(&problem))?,
        Format::Html => report::html(report).map_err(|problem| ours(&problem))?,
        Format::Junit => report::junit(report).map_err(|problem| ours(&problem))?,
    })
}

fn style(colour: Colour) -> Style {
    let colour = match colour {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => colours::is_wanted(),
    };
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse::<usize>().ok());
    let terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    // Wider than this nobody reads a sentence.
    Style { colour, width: columns.or_else(terminal).unwrap_or(100).clamp(40, 120) }
}
