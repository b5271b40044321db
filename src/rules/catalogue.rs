//! All rules, read from the embedded pages once and passed around.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use thiserror::Error;

use crate::diff::{Change, ChangeKind, Evidence};
use crate::model::{Consequence, Direction, Severity};

use super::files::PAGES;
use super::oasdiff::by_rule;
use super::page::{Page, PageError};

/// A condition that narrows a rule to some changes of its cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
pub enum Guard {
    /// It was required before.
    WasRequired,
    /// It is required now.
    IsRequiredNow,
    /// A template still matches the address of what is gone.
    Shadowed,
    /// It was marked deprecated before.
    WasDeprecated,
    /// Its object refuses undeclared names now.
    Closed,
    /// Its object refused undeclared names before.
    WasClosed,
    /// A discriminator tells the branches apart.
    Discriminated,
    /// Undeclared names had values of one schema.
    WasMap,
    /// The message is pushed to the consumer.
    Pushed,
    /// The formats are among those that clients act on.
    KnownFormat,
}

impl Guard {
    const fn holds(self, evidence: Evidence) -> bool {
        match self {
            Self::WasRequired => evidence.was_required,
            Self::IsRequiredNow => evidence.is_required,
            Self::WasDeprecated => evidence.was_deprecated,
            Self::Closed => evidence.is_closed,
            Self::WasClosed => evidence.was_closed,
            Self::Discriminated => evidence.discriminated,
            Self::Shadowed => evidence.shadowed,
            Self::WasMap => evidence.was_map,
            Self::Pushed => evidence.pushed,
            Self::KnownFormat => evidence.known_format,
        }
    }
}

/// One row of the catalogue.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The page's file stem; where the meaning is the same, the id oasdiff's users know.
    pub id: &'static str,
    /// The fact it judges.
    pub on: ChangeKind,
    /// Which way the data flows.
    pub direction: Direction,
    /// What narrows it.
    pub when: Option<Guard>,
    /// The verdict.
    pub severity: Severity,
    /// What it does to the party it hurts.
    pub consequence: Consequence,
    /// Why the verdict departs from the law; present exactly when it does.
    pub because: Option<String>,
    /// The document that snippets are put into; see the catalogue test.
    pub frame: String,
    /// Ids of oasdiff this rule answers to.
    pub oasdiff: Vec<String>,
    /// The page itself.
    pub page: Page,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    on: String,
    direction: Direction,
    when: Option<Guard>,
    severity: Severity,
    consequence: Consequence,
    because: Option<String>,
    frame: String,
}

/// Why the embedded pages are not a catalogue. A build whose tests pass never returns one.
#[derive(Debug, Error)]
pub enum CatalogueError {
    /// A page lacks a part.
    #[error("rule page {id}")]
    Page {
        /// The page.
        id: &'static str,
        /// What it lacks.
        source: PageError,
    },
    /// A header is not what a header must be.
    #[error("header of rule page {id}")]
    Header {
        /// The page.
        id: &'static str,
        /// What the parser said.
        source: Box<toml::de::Error>,
    },
    /// A header names a kind or direction that does not exist.
    #[error("rule page {id} names {name:?}, which is no {what}")]
    Unknown {
        /// The page.
        id: &'static str,
        /// What was expected.
        what: &'static str,
        /// What was found.
        name: String,
    },
}

/// All rules, by id and by the cell they judge.
#[derive(Debug)]
pub struct Catalogue {
    rules: BTreeMap<&'static str, Rule>,
    cells: HashMap<(ChangeKind, Direction), Vec<&'static str>>,
}

impl Catalogue {
    /// Reads the embedded pages.
    ///
    /// # Errors
    /// When a page is malformed, which the tests of this build rule out.
    pub fn load() -> Result<Self, CatalogueError> {
        let mut rules = BTreeMap::new();
        let mut cells: HashMap<_, Vec<&'static str>> = HashMap::new();
        let mut known = by_rule();
        for (id, text) in PAGES {
            let rule = Rule { oasdiff: known.remove(id).unwrap_or_default(), ..rule(id, text)? };
            let cell = cells.entry((rule.on, rule.direction)).or_default();
            cell.push(*id);
            rules.insert(*id, rule);
        }
        // Guarded rules are asked first, in the order of their guards.
        for cell in cells.values_mut() {
            cell.sort_by_key(|id| rules.get(id).map(|rule: &Rule| (rule.when.is_none(), rule.when)));
        }
        Ok(Self { rules, cells })
    }

    /// Every rule, by id.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.values()
    }

    /// The rule `id`.
    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.rules.get(id)
    }

    /// The rule that judges a change: the first guarded one whose guard holds, else the unguarded one.
    pub fn judge(&self, change: &Change) -> Option<&Rule> {
        let cell = self.cells.get(&(change.kind, change.direction))?;
        cell.iter().filter_map(|id| self.rules.get(id)).find(|rule| rule.when.is_none_or(|guard| guard.holds(change.evidence)))
    }
}

fn rule(id: &'static str, text: &'static str) -> Result<Rule, CatalogueError> {
    let page = Page::parse(text).map_err(|source| CatalogueError::Page { id, source })?;
    let header: Header = toml::from_str(page.header).map_err(|source| CatalogueError::Header { id, source: Box::new(source) })?;
    let unknown = |what, name: &str| CatalogueError::Unknown { id, what, name: name.to_owned() };
    let on = ChangeKind::ALL
        .iter()
        .copied()
        .find(|kind| kind.name() == header.on)
        .ok_or_else(|| unknown("change kind", &header.on))?;
    Ok(Rule {
        id,
        on,
        direction: header.direction,
        when: header.when,
        severity: header.severity,
        consequence: header.consequence,
        because: header.because,
        frame: header.frame,
        oasdiff: Vec::new(),
        page,
    })
}
