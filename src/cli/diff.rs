//! `driftd diff BASE REVISION`.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::diff::{Budget, Direction};
use crate::fetch::{Client, Outcome, Settings};
use crate::model::{Auth, Source, SystemClock};
use crate::openapi::{Document, Limits, Oddity, read};
use crate::render::clean;
use crate::rules::{Catalogue, Finding, JsonReport, Severity, Summary, Verdict, compare, fragment_diff};
use crate::tasks::{Known, gather};

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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal.
    Text,
    /// One documented object.
    Json,
    /// For a pull request or a ticket.
    Markdown,
}

pub(super) async fn run(args: &DiffArgs) -> u8 {
    let catalogue = match Catalogue::load() {
        Ok(catalogue) => catalogue,
        Err(problem) => {
            eprintln!("driftd: {problem}");
            return 70;
        }
    };
    let (base, revision) = tokio::join!(bytes(&args.base), bytes(&args.revision));
    let (base, revision) = match (base, revision) {
        (Ok(base), Ok(revision)) => (base, revision),
        (Err((code, problem)), _) | (_, Err((code, problem))) => {
            eprintln!("driftd: {problem}");
            return code;
        }
    };
    // Two documents, two cores.
    let (before, after) = std::thread::scope(|scope| {
        let handle = scope.spawn(|| document(&args.base, &base));
        let after = document(&args.revision, &revision);
        (handle.join().unwrap_or_else(|_| Err((70, "reading the base died".to_owned()))), after)
    });
    let (before, after) = match (before, after) {
        (Ok(before), Ok(after)) => (before, after),
        (Err((code, problem)), _) | (_, Err((code, problem))) => {
            eprintln!("driftd: {problem}");
            return code;
        }
    };
    let (verdict, oddities) = compare(&before, &after, &catalogue, Budget::default());
    let text = match args.format {
        Format::Text => text(&before, &after, &verdict, &oddities, &catalogue, std::io::stdout().is_terminal()),
        Format::Markdown => markdown(&before, &after, &verdict, &oddities, &catalogue),
        Format::Json => match serde_json::to_string_pretty(&JsonReport::new(&verdict, oddities)) {
            Ok(text) => text + "\n",
            Err(problem) => {
                eprintln!("driftd: {problem}");
                return 70;
            }
        },
    };
    // A closed pipe (`| head`) is not an error worth words.
    let _ = std::io::stdout().write_all(text.as_bytes());
    let limit = args.fail_on.as_deref().and_then(|word| word.parse::<Severity>().ok());
    // The process is about to end: taking two large documents apart value by value would only delay that.
    std::mem::forget((before, after));
    let failing = limit
        .is_some_and(|limit| verdict.findings.iter().any(|finding| finding.severity >= limit) || verdict.undecided.is_some());
    u8::from(failing)
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
    let named = if let Source::Web(url) = &source { url.host_str().map(str::to_owned) } else { None };
    let limits = Limits::default();
    let settings = Settings {
        timeout: Duration::from_secs(60),
        max_bytes: limits.bytes,
        per_host: 4,
        allow_private_hosts: named.into_iter().collect(),
        contact: String::new(),
        files_anywhere: true,
    };
    let client = Client::new(settings, Arc::new(SystemClock)).map_err(|error| (74, error.to_string()))?;
    match gather(&client, &source, &Auth::None, &Known::default(), &limits).await {
        Outcome::Body(body) => Ok(body.bytes),
        Outcome::Later { why, .. } => Err((75, format!("{source}: {why}"))),
        Outcome::Failed(failure) if matches!(source, Source::File(_)) => Err((74, failure.why)),
        Outcome::Failed(failure) => Err((69, format!("{source}: {}", failure.why))),
        Outcome::NotModified { .. } => Err((69, format!("{source}: answered 304 to an unconditional request"))),
    }
}

/// The description in some bytes, or an exit code and why it is none.
pub(super) fn document(place: &str, bytes: &[u8]) -> Result<Document, (u8, String)> {
    read(bytes, &Limits::default()).map_err(|error| (65, format!("{place}: {error}")))
}

/// Colours, or none.
struct Paint(bool);

impl Paint {
    fn with(&self, code: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn severity(&self, severity: Severity) -> String {
        let code = match severity {
            Severity::Breaking => "1;31",
            Severity::Warning => "1;33",
            Severity::Info => "2",
        };
        self.with(code, &format!("{:<8}", severity.name().to_uppercase()))
    }
}

fn headline(before: &Document, after: &Document, verdict: &Verdict) -> String {
    let summary = Summary::of(verdict.findings.iter().map(|finding| finding.severity));
    let info = |document: &Document, field: &str| {
        let value = document.root.get("info").and_then(|info| info.get(field));
        clean(&value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).unwrap_or_default(), 60)
    };
    let both = |field: &str| {
        let (old, new) = (info(before, field), info(after, field));
        if old == new { old } else { format!("{old} → {new}") }
    };
    let names = format!("{} {}", both("title"), both("version"));
    if verdict.findings.is_empty() && verdict.undecided.is_none() {
        return format!("Nothing a caller can notice differs. {names}");
    }
    format!("{} breaking, {} warning, {} info. {names}", summary.breaking, summary.warning, summary.info)
}

/// Who meets it, in a few words.
fn reach(finding: &Finding) -> String {
    let uses = &finding.change.used_by;
    let way = match finding.change.direction {
        Direction::ToProvider => ", in what the consumer sends",
        Direction::FromProvider => ", in what the consumer receives",
        Direction::Neither => "",
    };
    match uses.as_slice() {
        [] => "every operation".to_owned(),
        [only] => format!("{}{way}", clean(&only.label(), 200)),
        [first, rest @ ..] => format!("{} and {} more{way}", clean(&first.label(), 200), rest.len()),
    }
}

fn text(
    before: &Document,
    after: &Document,
    verdict: &Verdict,
    oddities: &[Oddity],
    catalogue: &Catalogue,
    colour: bool,
) -> String {
    let paint = Paint(colour);
    let mut out = format!("{}\n", paint.with("1", &headline(before, after, verdict)));
    if let Some(undecided) = &verdict.undecided {
        let _ = writeln!(out, "{} {undecided}", paint.with("1;35", "UNDECIDED"));
    }
    // What two findings share is printed once.
    let mut told: HashSet<&str> = HashSet::new();
    let mut shown: HashSet<String> = HashSet::new();
    for finding in verdict.findings.iter().filter(|finding| finding.severity > Severity::Info) {
        let _ = writeln!(out, "\n{} {}", paint.severity(finding.severity), paint.with("1", &clean(&finding.message, 400)));
        let _ = writeln!(out, "         {}", reach(finding));
        if let Some(rule) = catalogue.get(finding.rule).filter(|rule| told.insert(rule.id)) {
            let _ = writeln!(out, "         {}", rule.page.hurt.replace('\n', "\n         "));
        }
        let fragment = fragment_diff(&before.root, &after.root, &finding.change.fragment);
        let is_new = shown.insert(fragment.clone());
        for line in fragment.lines().filter(|_| is_new) {
            let code = match line.chars().next() {
                Some('-') => "31",
                Some('+') => "32",
                _ => "2",
            };
            let _ = writeln!(out, "           {}", paint.with(code, &clean(line, 200)));
        }
        let _ = writeln!(
            out,
            "         {}",
            paint.with("2", &format!("{} at {}", finding.rule, clean(finding.change.site.pointer(), 300)))
        );
    }
    let info: Vec<&Finding> = verdict.findings.iter().filter(|finding| finding.severity == Severity::Info).collect();
    if !info.is_empty() {
        out.push('\n');
    }
    for finding in info {
        let _ = writeln!(
            out,
            "{} {} {}",
            paint.severity(finding.severity),
            clean(&finding.message, 400),
            paint.with("2", &format!("({})", reach(finding)))
        );
    }
    if !oddities.is_empty() {
        let _ = writeln!(
            out,
            "\n{} could not be read as the specification means it; the rest was compared:",
            corners(oddities.len())
        );
        for oddity in oddities.iter().take(20) {
            let _ = writeln!(out, "  {}: {}", clean(&oddity.pointer, 300), clean(&oddity.message, 300));
        }
        if oddities.len() > 20 {
            let _ = writeln!(out, "  and {} more (--format json lists all)", oddities.len() - 20);
        }
    }
    out
}

fn corners(count: usize) -> String {
    if count == 1 { "1 corner".to_owned() } else { format!("{count} corners") }
}

/// Markdown that a partner's text cannot break out of.
fn escaped(text: &str) -> String {
    clean(text, 400).replace('\\', "\\\\").replace('<', "&lt;").replace('[', "\\[").replace('|', "\\|")
}

fn markdown(before: &Document, after: &Document, verdict: &Verdict, oddities: &[Oddity], catalogue: &Catalogue) -> String {
    let mut out = format!("**{}**\n", escaped(&headline(before, after, verdict)));
    if let Some(undecided) = &verdict.undecided {
        let _ = writeln!(out, "\n**Undecided:** {undecided}");
    }
    for finding in verdict.findings.iter().filter(|finding| finding.severity > Severity::Info) {
        let _ = writeln!(out, "\n### {}: {}\n\n{}", finding.severity.name(), escaped(&finding.message), escaped(&reach(finding)));
        if let Some(rule) = catalogue.get(finding.rule) {
            let _ = writeln!(out, "\n{}\n\n*What to do:* {}", rule.page.hurt, rule.page.remedy);
        }
        let fragment = fragment_diff(&before.root, &after.root, &finding.change.fragment).replace("```", "'''");
        if !fragment.is_empty() {
            let _ = writeln!(out, "\n```diff\n{fragment}\n```");
        }
        let _ = writeln!(out, "\n`{}` at `{}`", finding.rule, clean(finding.change.site.pointer(), 300).replace('`', "'"));
    }
    let info: Vec<&Finding> = verdict.findings.iter().filter(|finding| finding.severity == Severity::Info).collect();
    if !info.is_empty() {
        out.push_str("\n### info\n\n");
        for finding in info {
            let _ = writeln!(out, "- {} ({})", escaped(&finding.message), escaped(&reach(finding)));
        }
    }
    if !oddities.is_empty() {
        let _ = writeln!(out, "\n### {} not judged\n", corners(oddities.len()));
        for oddity in oddities {
            let _ = writeln!(out, "- `{}`: {}", clean(&oddity.pointer, 300).replace('`', "'"), escaped(&oddity.message));
        }
    }
    out
}
