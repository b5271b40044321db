//! `driftd diff BASE REVISION`.

use std::collections::HashMap;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::config::{Environment, environment_proxies, load_overrides};
use crate::diff::Budget;
use crate::fetch::{Client, FetchOutcome, Settings};
use crate::model::Severity;
use crate::model::{
    Auth, Clock, Consumer, OpenFinding, OperationPattern, Override, OverrideNote, OverrideSeverity, PrivateHost, Source,
    SystemClock,
};
use crate::notice::{Impact, impact, open_findings};
use crate::openapi::{Contract, Document, Limits, Line, ReadError, lines_of, lower, read};
use crate::render::clean_lines;
use crate::render::report::{self, ComparedDocument, FindingContext, Report, Style};
use crate::rules::{Catalogue, Finding, Fragments, Verdict, compare_lowered};
use crate::tasks::{Known, gather};

use super::ignore::IgnoreList;
use super::nearest::Known as KnownThings;
use super::say;

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
    /// What you use, one `METHOD /path` a line: says what each finding means to you, and what does not count.
    #[arg(long, value_name = "FILE")]
    usage: Option<PathBuf>,
    /// Exceptions with owner, reason and end: a file of [[overrides]], as in an integration's.
    #[arg(long, value_name = "FILE")]
    overrides: Option<PathBuf>,
    /// Findings to ignore, one `RULE` or `RULE METHOD /path` a line; lists made for oasdiff are understood too.
    #[arg(long, value_name = "FILE")]
    ignore_file: Option<PathBuf>,
    /// Colours; by itself when a terminal reads, and not when NO_COLOR is set.
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

/// An exit code and what to say.
type Failure = (u8, String);

pub(super) async fn run(args: &DiffArgs) -> u8 {
    match report_on(args).await {
        Ok(code) => code,
        Err((code, problem)) => {
            eprintln!("driftd: {}", clean_lines(&problem, 4000));
            code
        }
    }
}

async fn report_on(args: &DiffArgs) -> Result<u8, Failure> {
    let catalogue = Catalogue::load().map_err(|problem| (70, problem.to_string()))?;
    let exceptions = Exceptions::read(args, &catalogue)?;
    let (base, revision) = tokio::try_join!(bytes(&args.base), bytes(&args.revision))?;
    // Two documents, two cores: what one leaves behind while it is parsed is room for its contract.
    let slots = (OnceLock::new(), OnceLock::new());
    let (old, new) = std::thread::scope(|scope| {
        let handle = scope.spawn(|| contract(&slots.0, &args.base, base));
        let new = contract(&slots.1, &args.revision, revision);
        (handle.join().unwrap_or_else(|_| Err((70, "reading the base died".to_owned()))), new)
    });
    let ((old, old_text), (new, new_text)) = (old?, new?);
    let (Some(before), Some(after)) = (slots.0.get(), slots.1.get()) else { return Err((70, "a document was lost".to_owned())) };
    if before.is_blank() != after.is_blank() {
        let place = if before.is_blank() { &args.base } else { &args.revision };
        return Err((65, format!("{place}: {}", ReadError::NoPaths)));
    }
    exceptions.must_match(args, &KnownThings::new([&old, &new], [before, after], &catalogue))?;
    let (verdict, oddities) = compare_lowered(&old, &new, &catalogue, Budget::default());
    let stored = if exceptions.ask() { open_findings(&verdict, Fragments::new(&before.root, &after.root)) } else { Vec::new() };
    let pointers = |of: fn(&Finding) -> &str| verdict.findings.iter().map(of).collect::<Vec<_>>();
    let old_lines = old_text.lines(&pointers(|finding| &finding.change.site.before))?;
    let new_lines = new_text.lines(&pointers(|finding| &finding.change.site.after))?;
    let report = Report::new(
        ComparedDocument { place: &args.base, lines: &old_lines, document: before },
        ComparedDocument { place: &args.revision, lines: &new_lines, document: after },
        &verdict,
        oddities,
        &catalogue,
        |finding| exceptions.of(finding, &verdict, &stored),
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
    let failing = limit.is_some_and(|limit| report.findings.iter().any(|row| counts(row, limit)) || report.undecided.is_some());
    Ok(u8::from(failing))
}

/// The meaning of a document, which is kept in `slot`, and its text.
fn contract<'d>(slot: &'d OnceLock<Document>, place: &str, bytes: Vec<u8>) -> Result<(Contract<'d>, Packed), Failure> {
    let document = document(place, &bytes)?;
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
    fn new(text: &[u8]) -> Result<Self, Failure> {
        let mut body = zstd::bulk::compress(text, 1).map_err(|problem| (70, problem.to_string()))?;
        body.shrink_to_fit();
        Ok(Self { body, size: text.len() })
    }

    /// The lines that some pointers lead to.
    fn lines(&self, pointers: &[&str]) -> Result<HashMap<String, Line>, Failure> {
        if pointers.is_empty() {
            return Ok(HashMap::new());
        }
        let text = zstd::bulk::decompress(&self.body, self.size).map_err(|problem| (70, problem.to_string()))?;
        Ok(lines_of(&text, pointers))
    }
}

fn written(args: &DiffArgs, report: &Report, catalogue: &Catalogue) -> Result<String, Failure> {
    let ours = |problem: &dyn std::fmt::Display| (70, problem.to_string());
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
    let is_terminal = std::io::stdout().is_terminal();
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let colour = match colour {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => is_terminal && wanted,
    };
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse::<usize>().ok());
    let terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    // Wider than this nobody reads a sentence.
    Style { colour, width: columns.or_else(terminal).unwrap_or(100).clamp(40, 120) }
}

/// The word for what is not used.
const NOT_USED: &str = "not used";

/// What the files named on the command line say beside the verdict.
struct Exceptions {
    usage: Option<Consumer>,
    /// The line of each operation in `usage`.
    lines: Vec<usize>,
    overrides: Vec<Override>,
    /// The file they stand in.
    overrides_text: String,
    ignored: Option<IgnoreList>,
    today: chrono::NaiveDate,
}

impl Exceptions {
    fn read(args: &DiffArgs, catalogue: &Catalogue) -> Result<Self, Failure> {
        let today = SystemClock.now().date_naive();
        let text = |path: &Path| std::fs::read_to_string(path).map_err(|error| (74, format!("{}: {error}", path.display())));
        let (usage, lines) = match &args.usage {
            Some(path) => used(path, &text(path)?).map(|(consumer, lines)| (Some(consumer), lines))?,
            None => (None, Vec::new()),
        };
        let overrides_text = args.overrides.as_deref().map(text).transpose()?.unwrap_or_default();
        let overrides = match &args.overrides {
            Some(path) => load_overrides(path, &overrides_text, today)
                .map_err(|problems| (78, problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?,
            None => Vec::new(),
        };
        let ignored = match &args.ignore_file {
            Some(path) => Some(
                IgnoreList::parse(&text(path)?, catalogue)
                    .map_err(|problems| (78, format!("{}: {}", path.display(), problems.join("\n"))))?,
            ),
            None => None,
        };
        Ok(Self { usage, lines, overrides, overrides_text, ignored, today })
    }

    /// What they name must be there: a misspelt name would silence what it was not meant for.
    fn must_match(&self, args: &DiffArgs, known: &KnownThings<'_>) -> Result<(), Failure> {
        let mut problems = Vec::new();
        let operations = self.usage.iter().flat_map(|consumer| consumer.operations.iter().flatten());
        for (pattern, line) in operations.zip(&self.lines) {
            if let (Some(what), Some(path)) = (known.operation(pattern), &args.usage) {
                problems.push(format!("{}:{line}: {what}", path.display()));
            }
        }
        if let Some(path) = &args.overrides {
            problems.extend(known.overrides(path, &self.overrides_text, &self.overrides, self.today));
        }
        if problems.is_empty() { Ok(()) } else { Err((78, problems.join("\n"))) }
    }

    /// Whether there is anything to ask for each finding.
    fn ask(&self) -> bool {
        self.usage.is_some() || !self.overrides.is_empty()
    }

    fn of(&self, finding: &Finding, verdict: &Verdict, stored: &[OpenFinding]) -> FindingContext {
        let at = verdict.findings.iter().position(|other| std::ptr::eq(other, finding));
        let known = at.and_then(|at| stored.get(at));
        let impact = known.zip(self.usage.as_ref()).map(|(finding, consumer)| match impact(&finding.used_by, consumer) {
            Impact::Affected => "affected",
            Impact::Unknown => "unknown",
            Impact::NotUsed => NOT_USED,
        });
        let overridden = known.and_then(|finding| {
            let mut finding = finding.clone();
            finding.apply_overrides(&self.overrides, self.today);
            finding.exception
        });
        let ignored = || {
            let (line, text) = self.ignored.as_ref()?.covers(finding)?;
            let reason = format!("line {line}: {text}");
            Some(OverrideNote {
                to: OverrideSeverity::Ignore,
                owner: "the ignore list".to_owned(),
                reason,
                until: chrono::NaiveDate::MAX,
            })
        };
        FindingContext { impact, exception: overridden.or_else(ignored) }
    }
}

/// What a consumer uses, one operation a line, and the line of each.
fn used(path: &Path, text: &str) -> Result<(Consumer, Vec<usize>), Failure> {
    let (mut operations, mut lines) = (Vec::new(), Vec::new());
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let problem =
            || (78, format!("{}:{}: {line:?} is not an operation: write `GET /v1/doors/{{id}}`", path.display(), index + 1));
        operations.push(OperationPattern::parse(line).ok_or_else(problem)?);
        lines.push(index + 1);
    }
    Ok((Consumer { party: "you".to_owned(), operations: Some(operations) }, lines))
}

/// The bytes of a file or URL with every file it refers to, or an exit code and why not.
pub(super) async fn bytes(place: &str) -> Result<Vec<u8>, (u8, String)> {
    let source = match url::Url::parse(place) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Source::Web(url),
        _ => {
            let path = Path::new(place.strip_prefix("file:").unwrap_or(place));
            // A pipe or another file that is not regular holds one description and nothing beside it.
            if !path.metadata().is_ok_and(|file| file.is_file()) {
                return tokio::fs::read(path).await.map_err(|error| (74, format!("{place}: {error}")));
            }
            Source::File(path.to_owned())
        }
    };
    // Whoever types an address means it, also a private one; where it redirects to is another matter.
    let named = if let Source::Web(url) = &source { url.host_str().and_then(|host| PrivateHost::parse(host).ok()) } else { None };
    let limits = Limits::default();
    let settings = Settings {
        timeout: Duration::from_secs(60),
        max_bytes: limits.bytes,
        per_host: 4,
        allow_private_hosts: named.into_iter().collect(),
        proxies: environment_proxies(&Environment::of_process()).map_err(|why| (78, why))?,
        authorities: None,
        contact: String::new(),
        files_anywhere: true,
    };
    let client = Client::new(settings, Arc::new(SystemClock)).map_err(|error| (74, error.to_string()))?;
    let gathered = gather(&client, &source, (&Auth::None, None), &Known::default(), (&limits, Duration::from_secs(600))).await;
    for (file, why) in &gathered.absent {
        eprintln!("driftd: {place} refers to {file}, which did not come: {why}; what it holds is not judged");
    }
    match gathered.outcome {
        FetchOutcome::Body(body) => Ok(body.bytes),
        FetchOutcome::Later { why, .. } => Err((75, format!("{source}: {why}"))),
        FetchOutcome::Failed(failure) if matches!(source, Source::File(_)) => Err((74, failure.why)),
        FetchOutcome::Failed(failure) => Err((69, format!("{source}: {}", failure.why))),
        FetchOutcome::NotModified { .. } => Err((69, format!("{source}: answered 304 to an unconditional request"))),
    }
}

/// The description in some bytes, or an exit code and why it is none.
pub(super) fn document(place: &str, bytes: &[u8]) -> Result<Document, (u8, String)> {
    read(bytes, &Limits::default()).map_err(|error| (65, format!("{place}: {error}")))
}
