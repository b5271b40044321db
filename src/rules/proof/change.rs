//! What is proven of one change, at all the places where it stands.

use std::collections::BTreeSet;

use crate::containment::{Containment, Peers, Question, Witness};
use crate::diff::{Change, ChangeKind, ComparedSchemas};
use crate::openapi::{SchemaId, Value};

use super::alternatives::MOST_ABOVE;
use super::decision::HowContained;
use super::direction::{DirectionProof, ReceiverMembers, Taken};
use super::found::{Found, ProvenChange};
use super::outcome::Proof;
use super::wire::{TakenAsList, is_about_types};

/// Places of one finding that are asked about; where there are more, it is not lowered.
pub(super) const MOST_PLACES: usize = 8;

/// Why a change that stands in more places than are asked about is not decided.
const TOO_MANY: &str = "it stands in too many places";

impl<'d> DirectionProof<'d> {
    /// Whether anything that is sent is refused; none where the change is not about what a message may hold.
    pub(super) fn containment(&mut self, change: &Change) -> Option<ProvenChange> {
        let mut undecided: Option<&'static str> = None;
        let mut contained = HowContained::Plain;
        let mut refuted: Option<Proof> = None;
        // Every place that is not proven to be harmless counts for the operations above it.
        let mut roots = Some(BTreeSet::new());
        for (count, compared) in change.compared.iter().enumerate() {
            let found = if count < MOST_PLACES { self.at_place(change, compared) } else { Some(Found::undecided(TOO_MANY)) };
            let here = match found {
                Some(Found::Contained(how)) => {
                    contained = contained.max(how);
                    continue;
                }
                Some(Found::Refuted { proof, roots }) => {
                    refuted = refuted.or(Some(*proof));
                    roots
                }
                Some(Found::Undecided { why, roots }) => {
                    undecided = Some(why);
                    roots.or_else(|| self.operations_above(compared.pair))
                }
                None if refuted.is_none() => return None,
                None => self.operations_above(compared.pair),
            };
            roots = roots.zip(here).map(|(mut roots, here)| {
                roots.extend(here);
                roots
            });
        }
        Some(match (refuted, undecided) {
            (Some(proof), _) => ProvenChange { proof, roots },
            (None, Some(reason)) => ProvenChange { proof: Proof::Undecided { reason: reason.to_owned() }, roots },
            (None, None) => contained.proof(change.kind, self.direction).into(),
        })
    }

    fn at_place(&mut self, change: &Change, compared: &ComparedSchemas) -> Option<Found> {
        if change.kind == ChangeKind::BecameList || self.is_read_as_list(change.kind, compared.pair) {
            return Some(self.became_list(compared));
        }
        // What is left over is asked of whatever holds it, and a new name of whatever else declares it.
        let (pair, question) = match self.left_over_above(compared.pair) {
            Some(above) => (above, Question::Whole),
            None => match self.named_around(change, compared.pair) {
                Some(around) => around,
                None => (compared.pair, self.question(change, compared)?),
            },
        };
        let schemas = self.schemas(pair)?;
        let mut asked = vec![question.clone()];
        asked.extend(self.wider_questions(change, pair, &question));
        // What a wider question finds is an answer to the first one, also where no message holds what that one found.
        let mut is_out_of_reach = false;
        for asked in &asked {
            match self.answer(change.kind, pair, schemas, asked) {
                Containment::Contained => {}
                Containment::Undecided(why) => return Some(Found::undecided(why)),
                Containment::Refuted(witness) => match self.refuted(pair, schemas, asked, witness) {
                    Found::Contained(HowContained::OutOfReach) => is_out_of_reach = true,
                    found => return Some(found),
                },
            }
        }
        Some(match self.counted_above(change, pair) {
            _ if is_out_of_reach => Found::Contained(HowContained::OutOfReach),
            Containment::Undecided(why) => Found::undecided(why),
            _ => self.contained(change, pair, schemas, &question),
        })
    }

    /// Whether the receiver takes what is sent, as the texts that are on the wire where values travel as text.
    fn answer(&mut self, kind: ChangeKind, pair: usize, schemas: Peers<&'d Value>, question: &Question<'d>) -> Containment {
        match self.contains(schemas, question) {
            Containment::Refuted(witness) if self.pairs.get(pair).is_some_and(|known| known.writing.is_text()) => {
                self.refuted_as_text(kind, pair, schemas.receiver, witness)
            }
            answer => answer,
        }
    }

    /// How what is contained by the letter is contained as people mean it.
    fn contained(&mut self, change: &Change, pair: usize, schemas: Peers<&'d Value>, question: &Question<'d>) -> Found {
        // Alternatives of `oneOf` that overlap leave nothing by the letter, and nobody means that.
        let is_empty = self.prover.is_empty(schemas.sender);
        if is_empty {
            let mut questions = vec![question.clone()];
            questions.extend(self.wider_questions(change, pair, question));
            if !questions.iter().all(|question| self.is_contained_as_meant(schemas, question, ReceiverMembers::Open)) {
                return Found::undecided("by its letter the schema fits no value");
            }
        }
        if !is_about_alternatives(change.kind) {
            return Found::Contained(HowContained::Plain);
        }
        if change.kind == ChangeKind::VariantRemoved && self.is_tag_gone(pair) {
            return Found::undecided("a tag chose this alternative, and none is read any more");
        }
        if self.is_contained_as_meant(schemas, question, ReceiverMembers::Declared) {
            // A reader goes by the tag, and finds one it was not told of.
            let is_told_apart = change.evidence.discriminated;
            return Found::Contained(if is_told_apart { HowContained::Loose } else { HowContained::Plain });
        }
        if !change.evidence.discriminated && self.is_same_in_other_words(pair, schemas) {
            return Found::Contained(HowContained::Plain);
        }
        if self.is_contained_as_meant(schemas, question, ReceiverMembers::Open) {
            Found::Contained(HowContained::Loose)
        } else {
            Found::undecided("its alternatives overlap")
        }
    }

    /// What a value comes to that is refused where the change stands.
    fn refuted(&mut self, pair: usize, schemas: Peers<&'d Value>, question: &Question<'d>, witness: Witness) -> Found {
        // A reader takes what fits two forms for one of them.
        if !self.is_to_provider()
            && witness.keyword == "oneOf"
            && witness.at.is_empty()
            && self.is_contained_as_meant(schemas, question, ReceiverMembers::Open)
        {
            return Found::Contained(HowContained::ByTwo);
        }
        let taken = self.taken_above(pair);
        // Where a tag chooses among the forms, no other form takes what is meant for this one.
        if taken != Taken::Not
            && let Some(tags) = self.tags_above(pair)
            && let Found::Contained(_) = self.in_messages(pair, schemas.receiver, question, witness.clone())
        {
            let is_tag = matches!(question, Question::Required(name) if tags.contains(name.as_str()));
            return Found::Contained(if is_tag { HowContained::Untagged } else { HowContained::OutOfReach });
        }
        match taken {
            // Refused by one alternative, and taken by the whole.
            Taken::Not if self.is_taken_beside(pair, &witness.value) => match question {
                Question::Value(_) => Found::Contained(HowContained::ByAnother),
                _ => Found::undecided("the value that one alternative refuses is taken by another"),
            },
            Taken::Not => self.in_messages(pair, schemas.receiver, question, witness),
            Taken::Loosely => Found::Contained(HowContained::Loose),
            Taken::Strictly => Found::Contained(HowContained::ByAnother),
        }
    }

    /// Whether what is refused as a value is refused as the text it travels as.
    fn refuted_as_text(&mut self, kind: ChangeKind, pair: usize, receiver: &'d Value, witness: Witness) -> Containment {
        let is_same = self.is_same_on_the_wire(receiver, &witness.value);
        let is_about_types = is_about_types(kind);
        if !is_same && !is_about_types {
            return Containment::Refuted(witness);
        }
        match self.contains_texts(pair) {
            Some(Containment::Contained) => Containment::Contained,
            Some(Containment::Refuted(text)) if is_about_types => Containment::Refuted(text),
            _ if is_same => Containment::Undecided("the value travels as text, and the text of the witness is accepted"),
            _ => Containment::Refuted(witness),
        }
    }

    /// What becomes of single values where a list is read.
    fn became_list(&mut self, compared: &ComparedSchemas) -> Found {
        match self.taken_as_list(compared) {
            Some(TakenAsList::Answered(Containment::Contained)) => Found::Contained(HowContained::Plain),
            Some(TakenAsList::Answered(Containment::Undecided(why))) => Found::undecided(why),
            Some(TakenAsList::Answered(Containment::Refuted(witness))) => self.shown_alone(compared.pair, witness),
            Some(TakenAsList::Unsaid) => Found::undecided("nobody says how a list is written within an object here"),
            Some(TakenAsList::Divided) => Found::undecided("a value that holds the separator of the list is taken for several"),
            None => Found::undecided("what the single values are as texts is not told"),
        }
    }

    /// Whether what is contained at a pair still is where an `oneOf` above counts how many alternatives fit.
    fn counted_above(&mut self, change: &Change, pair: usize) -> Containment {
        let mut seen: BTreeSet<usize> = BTreeSet::from([pair]);
        let mut pending: Vec<usize> = self.pairs.get(pair).map(|known| known.parents.clone()).unwrap_or_default();
        while let Some(at) = pending.pop() {
            if !seen.insert(at) {
                continue;
            }
            if seen.len() > MOST_ABOVE {
                return Containment::Undecided(TOO_MANY);
            }
            let (Some(known), Some(ids)) = (self.pairs.get(at), self.ids(at)) else { continue };
            let counts = self.contracts.receiver.schema(ids.receiver).unions.iter().any(|union| union.exclusive);
            if counts && let Some(schemas) = self.schemas(at) {
                match self.contains(schemas, &Question::Whole) {
                    Containment::Contained => {}
                    // A form that closes makes no other one fit: refused are only names that no form declares beside its own.
                    Containment::Refuted(_)
                        if change.kind == ChangeKind::AdditionalPropertiesNarrowed
                            && self.is_contained_as_meant(schemas, &Question::Whole, ReceiverMembers::Declared) => {}
                    Containment::Refuted(_) => {
                        return Containment::Undecided("a `oneOf` above may now count two alternatives, or none");
                    }
                    undecided @ Containment::Undecided(_) => return undecided,
                }
            }
            pending.extend(&known.parents);
        }
        Containment::Contained
    }

    /// The properties by which the sender's forms above a pair are told apart; none where no discriminator stands there.
    fn tags_above(&self, pair: usize) -> Option<BTreeSet<&'d str>> {
        let mut seen: BTreeSet<usize> = BTreeSet::new();
        let mut pending = vec![pair];
        let mut tags = BTreeSet::new();
        while let Some(at) = pending.pop().filter(|_| seen.len() < MOST_ABOVE) {
            if !seen.insert(at) {
                continue;
            }
            let (Some(known), Some(ids)) = (self.pairs.get(at), self.ids(at)) else { continue };
            tags.extend(self.contracts.sender.schema(ids.sender).discriminator.as_ref().map(|tag| tag.property));
            pending.extend(&known.parents);
        }
        (!tags.is_empty()).then_some(tags)
    }

    /// Whether a tag chose among the alternatives of the sender, and the receiver has none.
    fn is_tag_gone(&self, pair: usize) -> bool {
        self.ids(pair).is_some_and(|ids| {
            let sender = self.contracts.sender.schema(ids.sender);
            sender.discriminator.is_some() && self.contracts.receiver.schema(ids.receiver).discriminator.is_none()
        })
    }

    /// What is asked beside a question about a part of the receiver: the same keyword may stand in other members of an `allOf`,
    /// and a new member has a schema of its own.
    fn wider_questions(&self, change: &Change, pair: usize, question: &Question<'d>) -> Vec<Question<'d>> {
        let asked = match question {
            Question::OfKinds(question, ..) => question,
            asked => asked,
        };
        let is_part = matches!(asked, Question::Keywords(..) | Question::Types(_) | Question::Required(_));
        let is_composed = self.ids(pair).is_some_and(|ids| !self.is_plain(ids.receiver));
        let whole = (is_part && is_composed).then_some(Question::Whole);
        let with = matches!(asked, Question::Required(_)).then(|| Question::With(change.subject.clone()));
        whole.into_iter().chain(with).map(|question| self.for_kinds(pair, question)).collect()
    }

    /// Whether a schema is its keywords and nothing else: no branches, and no condition on the whole.
    fn is_plain(&self, id: SchemaId) -> bool {
        let schema = self.contracts.receiver.schema(id);
        schema.all_of.is_empty() && schema.unions.is_empty() && schema.constraints.is_empty()
    }
}

/// Whether a kind is about which alternatives there are.
const fn is_about_alternatives(kind: ChangeKind) -> bool {
    matches!(
        kind,
        ChangeKind::VariantAdded | ChangeKind::VariantRemoved | ChangeKind::CompositionAdded | ChangeKind::CompositionRemoved
    )
}
