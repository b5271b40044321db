//! The pass that asks of each finding about a schema whether anything that is sent is refused.
//!
//! A finding that is refuted carries its witness. One that is contained is lowered, with the reason: the fact is
//! there, and no message is hurt by it. What containment cannot see (a member that readers relied on, a default,
//! the meaning of a format) is a promise, and the rule's verdict stands as it is.

mod message;
mod question;

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::containment::{Containment, Hidden, Interpretation, Peers, Prover, Question, Witness};
use crate::diff::{Change, ChangeKind, Delta, Link};
use crate::model::{Consequence, Direction, Severity};
use crate::openapi::{Contract, SchemaId, Stop, Value};

use super::judge::Finding;

/// Places of one finding that are asked about; where there are more, it is not lowered.
const MOST_PLACES: usize = 8;

/// Pairs above a finding that are looked at.
const MOST_ABOVE: usize = 2_000;

/// What stands behind a verdict.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Proof {
    /// The contract said so, and now it does not: no single message shows it.
    #[default]
    Promise,
    /// Nothing that is sent is refused.
    Contained {
        /// Why it is so.
        reason: String,
        /// Whether some of it is taken by an alternative that does not declare all its members: nothing fails, and
        /// something may be overlooked.
        #[serde(default)]
        loosely: bool,
    },
    /// This value is sent and refused.
    Refuted {
        /// The value.
        witness: Json,
        /// JSON Pointer within the value to what is refused.
        at: String,
        /// The keyword that refuses it.
        keyword: String,
        /// A whole message that holds the value, where one could be put together.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<Json>,
    },
    /// It could not be decided; the verdict is the rule's.
    Undecided {
        /// Why not.
        reason: String,
    },
}

/// Longest witness that is shown in a sentence, characters.
const SHOWN: usize = 300;

impl Proof {
    /// What is proven, in one sentence; none where no message shows it.
    pub fn sentence(&self, direction: Direction) -> Option<String> {
        match self {
            Self::Promise => None,
            Self::Contained { reason, loosely: false } => Some(format!("Proven harmless: {reason}.")),
            Self::Contained { reason, loosely: true } => Some(format!("Not refused: {reason}.")),
            Self::Undecided { reason } => Some(format!("Not proven either way: {reason}.")),
            Self::Refuted { witness, at, keyword, .. } => {
                let what = match direction {
                    Direction::FromProvider => "May arrive now, was excluded before",
                    _ => "Accepted before, rejected now",
                };
                let text = witness.to_string();
                let cut = if text.chars().count() > SHOWN { text.chars().take(SHOWN).chain(['…']).collect() } else { text };
                let place = if at.is_empty() { String::new() } else { format!(" at {at}") };
                Some(format!("{what}: {cut} ({keyword}{place})"))
            }
        }
    }
}

/// The reason of findings of a comparison without proofs.
const NOT_ASKED: &str = "not asked";

static ANY: Value = Value::Bool(true);
static NEVER: Value = Value::Bool(false);

/// Asks about every finding that matters and is about a schema.
pub(super) fn prove(before: &Contract<'_>, after: &Contract<'_>, delta: &Delta, findings: &mut [Finding]) {
    let mut courts: FxHashMap<Direction, DirectionProof<'_>> = FxHashMap::default();
    for finding in findings {
        let (direction, kind) = (finding.change.direction, finding.change.kind);
        // One more form takes nothing away, unless `oneOf` now counts two and no tag says which is meant.
        let is_wider = kind == ChangeKind::VariantAdded && direction == Direction::ToProvider;
        let may_overlap = is_wider && !finding.change.evidence.discriminated;
        if finding.change.compared.is_empty() {
            continue;
        }
        if !delta.proofs || delta.stop.is_asked() {
            // What no message shows stays what it is.
            if finding.severity != Severity::Info {
                let reason = if delta.proofs { "the comparison was stopped" } else { NOT_ASKED };
                finding.proof = Proof::Undecided { reason: reason.to_owned() };
            }
            continue;
        }
        let court = courts.entry(direction).or_insert_with(|| DirectionProof::new(before, after, delta, direction));
        if finding.severity == Severity::Info && !may_overlap {
            // A witness alone tells that what looks wider is not.
            if court.may_narrow(&finding.change)
                && let Some(proof @ Proof::Refuted { .. }) = court.proof(&finding.change)
            {
                (finding.severity, finding.consequence) = (Severity::Breaking, Consequence::Refused);
                finding.proof = proof;
            }
            continue;
        }
        if may_overlap {
            if let Some(proof) = court.overlap(&finding.change) {
                (finding.severity, finding.consequence) = (Severity::Warning, Consequence::Refused);
                finding.proof = proof;
            }
            continue;
        }
        let Some(proof) = court.proof(&finding.change) else { continue };
        match &proof {
            Proof::Contained { loosely: true, .. } => finding.severity = finding.severity.min(Severity::Warning),
            Proof::Contained { .. } => {
                finding.severity = Severity::Info;
                finding.consequence = Consequence::None;
            }
            Proof::Refuted { .. } if is_raised(kind) || court.may_narrow(&finding.change) => {
                finding.severity = Severity::Breaking;
                finding.consequence = match direction {
                    Direction::ToProvider => Consequence::Refused,
                    _ => Consequence::Unreadable,
                };
            }
            _ => {}
        }
        finding.proof = proof;
    }
}

/// Whether the document could not tell what a change does, and a witness can.
const fn is_raised(kind: ChangeKind) -> bool {
    matches!(
        kind,
        ChangeKind::PatternChanged
            | ChangeKind::ConstraintAdded
            | ChangeKind::ConstraintChanged
            | ChangeKind::CompositionAdded
            | ChangeKind::CompositionRemoved
    )
}

/// One direction: who sends, who receives, and what was decided.
struct DirectionProof<'d> {
    prover: Prover<'d>,
    stop: Stop,
    /// A prover that reads the receiver as taking only members it declares, where it was needed.
    overlaps: Option<Prover<'d>>,
    /// Provers that read `oneOf` as it is often meant, where they were needed.
    lenient: Option<Prover<'d>>,
    /// And the receiver strictly.
    strict: Option<Prover<'d>>,
    documents: Peers<Interpretation<'d>>,
    sender: &'d Contract<'d>,
    receiver: &'d Contract<'d>,
    links: &'d [Link],
    is_to_provider: bool,
    /// What was found of whole pairs with alternatives.
    wholes: FxHashMap<usize, Taken>,
}

impl<'d> DirectionProof<'d> {
    fn new(before: &'d Contract<'d>, after: &'d Contract<'d>, delta: &'d Delta, direction: Direction) -> Self {
        let is_to_provider = direction == Direction::ToProvider;
        let (sender, receiver) = if is_to_provider { (before, after) } else { (after, before) };
        let hidden = if is_to_provider { Hidden::ReadOnly } else { Hidden::WriteOnly };
        let interpretation = |contract: &'d Contract<'d>| Interpretation {
            root: contract.root,
            dialect: contract.dialect,
            hidden,
            literal: false,
            strict: false,
            one_is_any: false,
        };
        let documents = Peers { sender: interpretation(sender), receiver: interpretation(receiver) };
        let prover =
            Prover::new(documents, true, Box::new(|reference| delta.is_unchanged(reference))).stopped_by(delta.stop.clone());
        Self {
            prover,
            stop: delta.stop.clone(),
            overlaps: None,
            lenient: None,
            strict: None,
            documents,
            sender,
            receiver,
            links: &delta.links,
            is_to_provider,
            wholes: FxHashMap::default(),
        }
    }

    /// What is proven of a change; none where it is not about what a message may hold.
    fn proof(&mut self, change: &Change) -> Option<Proof> {
        let mut undecided: Option<&'static str> = None;
        let (mut is_beside, mut is_loose, mut is_double) = (false, false, false);
        for compared in change.compared.iter().take(MOST_PLACES) {
            let link = self.links.get(compared.link)?;
            let (sender, receiver) = self.schemas(link.pair)?;
            let point = self.point(change, compared)?;
            let mut answer = self.prover.contains(sender, receiver, &point);
            if answer == Containment::Contained {
                answer = self.confirmed_contained(change, compared.link, (sender, receiver), &point);
            }
            match answer {
                // Alternatives of `oneOf` that overlap leave nothing by the letter, and nobody means that.
                Containment::Contained if self.prover.is_empty(sender) => {
                    if !self.is_contained_as_meant((sender, receiver), &point, false) {
                        undecided = Some("by its letter the schema fits no value");
                    }
                }
                Containment::Contained if is_about_alternatives(change.kind) => {
                    // A reader goes by the tag, and finds one it was not told of.
                    is_loose |= change.evidence.discriminated;
                    if !self.is_contained_as_meant((sender, receiver), &point, true) {
                        is_loose = true;
                        if !self.is_contained_as_meant((sender, receiver), &point, false) {
                            undecided = Some("its alternatives overlap");
                        }
                    }
                }
                Containment::Contained => {}
                Containment::Undecided(why) => undecided = Some(why),
                Containment::Refuted(witness) if link.is_text && self.is_same_on_the_wire(receiver, &witness.value) => {
                    undecided = Some("outside a body every value is text, and the text of the witness is accepted");
                }
                // A reader takes what fits two forms for one of them.
                Containment::Refuted(witness)
                    if !self.is_to_provider
                        && witness.keyword == "oneOf"
                        && witness.at.is_empty()
                        && self.is_contained_as_meant((sender, receiver), &point, false) =>
                {
                    (is_loose, is_double) = (true, true);
                }
                Containment::Refuted(witness) => match self.taken_above(compared.link) {
                    // Refused by one alternative, and taken by the whole.
                    Taken::Not if self.is_taken_beside(compared.link, &witness.value) => match point {
                        Question::Value(_) => is_beside = true,
                        _ => undecided = Some("the value that one alternative refuses is taken by another"),
                    },
                    Taken::Not => {
                        let message = self.whole_message(compared.link, &witness.value);
                        let Witness { value: witness, at, keyword } = witness;
                        return Some(Proof::Refuted { witness, at, keyword, message });
                    }
                    Taken::Loosely => (is_beside, is_loose) = (true, true),
                    Taken::Strictly => is_beside = true,
                },
            }
        }
        if change.compared.len() > MOST_PLACES {
            undecided = Some("it stands in too many places");
        }
        let reason = match undecided {
            Some(reason) => return Some(Proof::Undecided { reason: reason.to_owned() }),
            None if is_double => "what fits two alternatives of a `oneOf` is one of them to a reader",
            None if is_loose => "another alternative takes these values, with members it does not declare",
            None if is_beside => "what this alternative no longer takes, another one beside it does",
            None => self.reason(change.kind),
        };
        Some(Proof::Contained { reason: reason.to_owned(), loosely: is_loose })
    }

    /// Whether a change that widens where it stands may narrow the whole: a name that an alternative declared is now
    /// declared otherwise, or what looked at a member goes, and `unevaluatedProperties` refuses what is left over.
    pub(super) fn may_narrow(&self, change: &Change) -> bool {
        use ChangeKind as K;
        let links = || change.compared.iter().filter_map(|compared| self.links.get(compared.link));
        let is_composed = || {
            links().any(|link| {
                let schema = self.sender.schema(self.ordered(link.pair).0);
                !schema.unions.is_empty() || !schema.constraints.is_empty()
            })
        };
        match change.kind {
            K::OptionalPropertyAdded => self.is_to_provider && is_composed(),
            K::PropertyRemoved | K::ConstraintRemoved => self.is_to_provider && links().any(|link| self.leaves_over(link.pair)),
            _ => false,
        }
    }

    /// Whether the receiver refuses, or limits, what nothing else has looked at.
    fn leaves_over(&self, pair: (SchemaId, SchemaId)) -> bool {
        let schema = self.receiver.schema(self.ordered(pair).1).value;
        ["unevaluatedProperties", "unevaluatedItems"].iter().any(|name| schema.get(name).is_some())
    }

    /// A value that was sent before and fits a new alternative as well as an old one, which `oneOf` refuses. Where the
    /// receiver takes only members it declares there is none, the alternatives are told apart as people mean them.
    fn overlap(&mut self, change: &Change) -> Option<Proof> {
        for compared in change.compared.iter().take(MOST_PLACES) {
            let link = self.links.get(compared.link)?;
            let (sender, receiver) = self.schemas(link.pair)?;
            let Some(branch) = compared.branch.and_then(|branch| schema_of(self.receiver, branch)) else { continue };
            let point = Question::Taken(branch);
            let Containment::Refuted(found) = self.prover.contains(sender, receiver, &point) else { continue };
            // Beside members of its own, an alternative declares only a part of the object.
            let whole = self.receiver.schema(self.ordered(link.pair).1);
            let is_part = !whole.properties.is_empty() || !whole.all_of.is_empty();
            let Peers { sender: sending, receiver: receiving } = self.documents;
            let documents = Peers { sender: sending, receiver: Interpretation { strict: true, ..receiving } };
            let stop = &self.stop;
            let strictly =
                self.overlaps.get_or_insert_with(|| Prover::new(documents, true, Box::new(|_| false)).stopped_by(stop.clone()));
            let is_refused = found.keyword == "oneOf"
                && (is_part || matches!(strictly.contains(sender, receiver, &point), Containment::Refuted(_)));
            if is_refused && self.taken_above(compared.link) == Taken::Not {
                let message = self.whole_message(compared.link, &found.value);
                let Witness { value: witness, at, keyword } = found;
                return Some(Proof::Refuted { witness, at, keyword, message });
            }
        }
        None
    }

    /// *Contained* of a part of the receiver, looked at once more: the same keyword may stand in other members of an
    /// `allOf`, a new member has a schema of its own, and an `oneOf` above counts how many alternatives fit.
    fn confirmed_contained(
        &mut self,
        change: &Change,
        link: usize,
        (sender, receiver): (&'d Value, &'d Value),
        point: &Question<'d>,
    ) -> Containment {
        let is_part = matches!(point, Question::Keywords(..) | Question::Types(_) | Question::Required(_));
        if is_part && self.links.get(link).is_some_and(|link| !self.is_plain(self.ordered(link.pair).1)) {
            let whole = self.prover.contains(sender, receiver, &Question::Whole);
            if whole != Containment::Contained {
                return whole;
            }
        }
        if matches!(point, Question::Required(_)) {
            let with = self.prover.contains(sender, receiver, &Question::With(change.subject.clone()));
            if with != Containment::Contained {
                return with;
            }
        }
        let mut seen: BTreeSet<usize> = BTreeSet::from([link]);
        let mut pending: Vec<usize> = self.links.get(link).map(|link| link.parents.clone()).unwrap_or_default();
        while let Some(at) = pending.pop() {
            if !seen.insert(at) {
                continue;
            }
            if seen.len() > MOST_ABOVE {
                return Containment::Undecided("it stands in too many places");
            }
            let Some(known) = self.links.get(at) else { continue };
            let counts = self.receiver.schema(self.ordered(known.pair).1).unions.iter().any(|union| union.exclusive);
            if counts && let Some((sender, receiver)) = self.schemas(known.pair) {
                let whole = self.prover.contains(sender, receiver, &Question::Whole);
                if whole != Containment::Contained {
                    return match whole {
                        Containment::Refuted(_) => {
                            Containment::Undecided("a `oneOf` above may now count two alternatives, or none")
                        }
                        other => other,
                    };
                }
            }
            pending.extend(&known.parents);
        }
        Containment::Contained
    }

    /// Whether a schema is its keywords and nothing else: no branches, and no condition that looks at the whole.
    fn is_plain(&self, id: SchemaId) -> bool {
        let schema = self.receiver.schema(id);
        schema.all_of.is_empty() && schema.unions.is_empty() && schema.constraints.is_empty()
    }

    /// The same question with `oneOf` as it is often meant, perhaps of a receiver that takes only members it declares.
    fn is_contained_as_meant(&mut self, schemas: (&'d Value, &'d Value), point: &Question<'d>, strict: bool) -> bool {
        let documents = Peers {
            sender: Interpretation { one_is_any: true, ..self.documents.sender },
            receiver: Interpretation { strict, one_is_any: true, ..self.documents.receiver },
        };
        let prover = if strict { &mut self.strict } else { &mut self.lenient };
        let stop = &self.stop;
        let prover = prover.get_or_insert_with(|| Prover::new(documents, true, Box::new(|_| false)).stopped_by(stop.clone()));
        !prover.is_empty(schemas.0) && prover.contains(schemas.0, schemas.1, point) == Containment::Contained
    }

    const fn reason(&self, kind: ChangeKind) -> &'static str {
        if matches!(kind, ChangeKind::AdditionalPropertiesNarrowed | ChangeKind::AdditionalPropertiesWidened) {
            "the names that the sender declares are all taken; only one that sends others too would be refused"
        } else if self.is_to_provider {
            "every value that could be sent before is still accepted"
        } else {
            "every value that may come now could come before"
        }
    }

    fn ordered<T>(&self, (before, after): (T, T)) -> (T, T) {
        if self.is_to_provider { (before, after) } else { (after, before) }
    }

    fn schemas(&self, pair: (SchemaId, SchemaId)) -> Option<(&'d Value, &'d Value)> {
        let (sender, receiver) = self.ordered(pair);
        Some((schema_of(self.sender, sender)?, schema_of(self.receiver, receiver)?))
    }

    /// Whether the text of a value is one the receiver accepts: outside a body a number is written as a text is.
    fn is_same_on_the_wire(&mut self, receiver: &'d Value, value: &Json) -> bool {
        let text = match value {
            Json::String(text) => text.clone(),
            Json::Array(_) | Json::Object(_) | Json::Null => return false,
            scalar => scalar.to_string(),
        };
        let read = serde_json::from_str::<Json>(&text).ok().filter(|read| !(read.is_array() || read.is_object()));
        self.prover.accepts(receiver, &Json::String(text)) || read.is_some_and(|read| self.prover.accepts(receiver, &read))
    }

    /// Whether everything this pair is an alternative of takes a value.
    fn is_taken_beside(&mut self, link: usize, value: &Json) -> bool {
        let Some(known) = self.links.get(link) else { return false };
        let (_, inner) = self.ordered(known.pair);
        let outer: Vec<SchemaId> =
            known.parents.iter().filter_map(|at| Some(self.ordered(self.links.get(*at)?.pair).1)).collect();
        let is_branch = |id: &SchemaId| self.receiver.schema(*id).unions.iter().any(|union| union.branches.contains(&inner));
        !known.is_root
            && !outer.is_empty()
            && outer.iter().all(is_branch)
            && outer.iter().all(|id| schema_of(self.receiver, *id).is_some_and(|schema| self.prover.accepts(schema, value)))
    }

    /// Whether every message that holds what is refused here is taken by an alternative above.
    fn taken_above(&mut self, link: usize) -> Taken {
        let mut seen: BTreeSet<usize> = BTreeSet::from([link]);
        let mut pending = vec![link];
        let mut taken = Taken::Strictly;
        while let Some(at) = pending.pop() {
            let Some(known) = self.links.get(at) else { return Taken::Not };
            let here = if at == link { Taken::Not } else { self.taken_by(at) };
            if here != Taken::Not {
                taken = taken.min(here);
                continue;
            }
            if known.is_root || known.parents.is_empty() || seen.len() > MOST_ABOVE {
                return Taken::Not;
            }
            pending.extend(known.parents.iter().copied().filter(|parent| seen.insert(*parent)));
        }
        taken
    }

    /// Whether a pair with alternatives takes everything that is sent; any other refuses what its members refuse.
    fn taken_by(&mut self, at: usize) -> Taken {
        if let Some(known) = self.wholes.get(&at) {
            return *known;
        }
        let Some(link) = self.links.get(at) else { return Taken::Not };
        let (sender, receiver) = self.ordered(link.pair);
        let is_composed = |contract: &Contract<'_>, id| {
            let schema = contract.schema(id);
            !schema.unions.is_empty() || !schema.all_of.is_empty()
        };
        let mut taken = Taken::Not;
        if (is_composed(self.sender, sender) || is_composed(self.receiver, receiver))
            && let Some((sender, receiver)) = self.schemas(link.pair)
            && self.prover.contains(sender, receiver, &Question::Whole) == Containment::Contained
        {
            let schemas = (sender, receiver);
            // By the letter nothing may be sent at all: what is meant decides.
            if self.is_contained_as_meant(schemas, &Question::Whole, true) {
                taken = Taken::Strictly;
            } else if !self.prover.is_empty(sender) || self.is_contained_as_meant(schemas, &Question::Whole, false) {
                taken = Taken::Loosely;
            }
        }
        self.wholes.insert(at, taken);
        taken
    }
}

/// Whether what an alternative refuses is taken by another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Taken {
    /// It is refused.
    Not,
    /// By one that does not declare all its members.
    Loosely,
    /// By one that does.
    Strictly,
}

/// Whether a kind is about which alternatives there are.
const fn is_about_alternatives(kind: ChangeKind) -> bool {
    matches!(
        kind,
        ChangeKind::VariantAdded | ChangeKind::VariantRemoved | ChangeKind::CompositionAdded | ChangeKind::CompositionRemoved
    )
}

/// The schema as it stands in its document; none where it is put together from parts.
fn schema_of<'d>(contract: &'d Contract<'d>, id: SchemaId) -> Option<&'d Value> {
    match id {
        SchemaId::ANY => Some(&ANY),
        SchemaId::NEVER => Some(&NEVER),
        SchemaId::UNKNOWN => None,
        _ => Some(contract.schema(id).value).filter(|value| !value.is_null()),
    }
}
