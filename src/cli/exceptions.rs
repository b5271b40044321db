//! What the files named on the command line say beside the verdict: usage, exceptions, and what is ignored.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::config::load_overrides;
use crate::model::{Clock as _, Consumer, OpenFinding, OperationPattern, Override, OverrideNote, OverrideSeverity, SystemClock};
use crate::notice::{Impact, impact};
use crate::render::report::FindingContext;
use crate::rules::{Catalogue, Finding};

use super::exit::{self, CommandError};
use super::ignore::IgnoreList;
use super::known_names::KnownNames;

/// The files.
#[derive(Debug, Args)]
pub(super) struct ExceptionArgs {
    /// The operations you use, one `METHOD /path` a line: each finding says whether it affects you, and what you do not use does not count for `--fail-on`.
    #[arg(long, value_name = "FILE")]
    usage: Option<PathBuf>,
    /// Exceptions with owner, reason and end: a file of [[overrides]], as in an integration's.
    #[arg(long, value_name = "FILE")]
    overrides: Option<PathBuf>,
    /// Findings to ignore, one `RULE` or `RULE METHOD /path` a line; lists made for oasdiff are understood too.
    #[arg(long, value_name = "FILE")]
    ignore_file: Option<PathBuf>,
}

/// The word for what is not used.
pub(super) const NOT_USED: &str = "not used";

/// What the files named on the command line say beside the verdict.
pub(super) struct Exceptions {
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
    /// Reads the files.
    pub(super) fn read(args: &ExceptionArgs, catalogue: &Catalogue) -> Result<Self, CommandError> {
        let today = SystemClock.now().date_naive();
        let text = |path: &Path| {
            std::fs::read_to_string(path).map_err(|error| CommandError::new(exit::IO, format!("{}: {error}", path.display())))
        };
        let (usage, lines) = match &args.usage {
            Some(path) => used(path, &text(path)?).map(|(consumer, lines)| (Some(consumer), lines))?,
            None => (None, Vec::new()),
        };
        let overrides_text = args.overrides.as_deref().map(text).transpose()?.unwrap_or_default();
        let overrides = match &args.overrides {
            Some(path) => load_overrides(path, &overrides_text, today).map_err(|problems| {
                CommandError::new(exit::CONFIG, problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
            })?,
            None => Vec::new(),
        };
        let ignored =
            match &args.ignore_file {
                Some(path) => Some(IgnoreList::parse(&text(path)?, catalogue).map_err(|problems| {
                    CommandError::new(exit::CONFIG, format!("{}: {}", path.display(), problems.join("\n")))
                })?),
                None => None,
            };
        Ok(Self { usage, lines, overrides, overrides_text, ignored, today })
    }

    /// What they name must be there: a misspelt name would silence what it was not meant for.
    pub(super) fn must_match(&self, args: &ExceptionArgs, known: &KnownNames<'_>) -> Result<(), CommandError> {
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
        if problems.is_empty() { Ok(()) } else { Err(CommandError::new(exit::CONFIG, problems.join("\n"))) }
    }

    /// Whether there is anything to ask for each finding.
    pub(super) fn ask(&self) -> bool {
        self.usage.is_some() || !self.overrides.is_empty()
    }

    /// What they say of one finding; `known` is the same as it would be stored, where there is anything to ask of it.
    pub(super) fn of(&self, finding: &Finding, known: Option<&OpenFinding>) -> FindingContext {
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
fn used(path: &Path, text: &str) -> Result<(Consumer, Vec<usize>), CommandError> {
    let (mut operations, mut lines) = (Vec::new(), Vec::new());
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let problem = || {
            CommandError::new(
                exit::CONFIG,
                format!("{}:{}: {line:?} is not an operation: write `GET /v1/doors/{{id}}`", path.display(), index + 1),
            )
        };
        operations.push(OperationPattern::parse(line).ok_or_else(problem)?);
        lines.push(index + 1);
    }
    Ok((Consumer { party: "you".to_owned(), operations: Some(operations) }, lines))
}
