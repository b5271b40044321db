//! All questions about the messages that travel one way: the documents of both ends, and who is asked about them.

use rustc_hash::FxHashMap;

use crate::containment::{Allowance, Containment, Hidden, Interpretation, Peers, Prover, Question};
use crate::diff::{BeforeAfter, ComparedPair, Delta};
use crate::model::Direction;
use crate::openapi::{Contract, SchemaId, Stop, Value};

use super::peers::in_direction;

/// Pairs above findings that are gone through for all findings of one direction.
const MOST_PAIRS: usize = 100_000;

/// Questions that are asked as texts in one direction: each has documents, and so a prover, of its own.
const MOST_QUESTIONS: usize = 1_000;

static ANY: Value = Value::Bool(true);
pub(super) static NEVER: Value = Value::Bool(false);

/// One direction: who sends, who receives, and what was decided.
pub(super) struct DirectionProof<'d> {
    pub(super) direction: Direction,
    pub(super) contracts: Peers<&'d Contract<'d>>,
    /// Every pair of schemas that was compared.
    pub(super) pairs: &'d [ComparedPair],
    /// Reads both documents as they are, the sender closed and the receiver open.
    pub(super) prover: Prover<'d>,
    /// Reads the receiver as taking only members it declares, where that was needed.
    strict: Option<Prover<'d>>,
    /// Reads `oneOf` as it is often meant, where that was needed.
    meant: Option<Prover<'d>>,
    /// Both.
    meant_strict: Option<Prover<'d>>,
    /// Reads both documents by the letter, whoever sends: what is sent, and the other way round, where that was needed.
    literal: Option<[Prover<'d>; 2]>,
    /// Asked about whole messages, where that was needed.
    pub(super) messages: Option<Prover<'d>>,
    pub(super) documents: Peers<Interpretation<'d>>,
    pub(super) stop: Stop,
    /// Pairs above findings that may still be gone through.
    pub(super) pairs_left: usize,
    /// Questions that may still be asked as texts.
    pub(super) text_questions: usize,
    /// What all questions of the comparison may still cost.
    pub(super) allowance: Allowance,
    /// What was found of pairs with alternatives, by their index.
    pub(super) taken: FxHashMap<usize, Taken>,
}

/// Which members a receiver takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReceiverMembers {
    /// Those that its schema leaves open.
    Open,
    /// Only those it declares.
    Declared,
}

/// Whether what an alternative refuses is taken by another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Taken {
    /// It is refused.
    Not,
    /// By one that does not declare all its members.
    Loosely,
    /// By one that does.
    Strictly,
}

impl<'d> DirectionProof<'d> {
    pub(super) fn new(
        contracts: BeforeAfter<&'d Contract<'d>>,
        delta: &'d Delta,
        direction: Direction,
        allowance: Allowance,
    ) -> Self {
        let contracts = in_direction(direction, contracts);
        let hidden = if direction == Direction::ToProvider { Hidden::ReadOnly } else { Hidden::WriteOnly };
        let is_respelt = contracts.sender.dialect.is_json_schema() != contracts.receiver.dialect.is_json_schema();
        let interpretation = |contract: &'d Contract<'d>| Interpretation {
            root: contract.root,
            dialect: contract.dialect,
            hidden,
            literal: false,
            strict: false,
            one_is_any: false,
            null_beside_values: is_respelt,
        };
        let documents = Peers { sender: interpretation(contracts.sender), receiver: interpretation(contracts.receiver) };
        let prover = Prover::new(documents, true, Box::new(|reference| delta.is_unchanged(reference)))
            .within(allowance.clone())
            .stopped_by(delta.stop.clone());
        Self {
            direction,
            contracts,
            pairs: &delta.pairs,
            prover,
            strict: None,
            meant: None,
            meant_strict: None,
            literal: None,
            messages: None,
            documents,
            pairs_left: MOST_PAIRS,
            stop: delta.stop.clone(),
            text_questions: MOST_QUESTIONS,
            allowance,
            taken: FxHashMap::default(),
        }
    }

    pub(super) fn is_to_provider(&self) -> bool {
        self.direction == Direction::ToProvider
    }

    /// Which of two things is the sender's.
    pub(super) fn ordered<T>(&self, things: BeforeAfter<T>) -> Peers<T> {
        in_direction(self.direction, things)
    }

    /// The schemas of the pair at an index.
    pub(super) fn ids(&self, pair: usize) -> Option<Peers<SchemaId>> {
        self.pairs.get(pair).map(|known| self.ordered(known.schemas))
    }

    /// The same as they stand in their documents; none where one is put together from parts.
    pub(super) fn schemas(&self, pair: usize) -> Option<Peers<&'d Value>> {
        let Peers { sender, receiver } = self.ids(pair)?;
        Some(Peers { sender: schema_of(self.contracts.sender, sender)?, receiver: schema_of(self.contracts.receiver, receiver)? })
    }

    /// Whether the receiver takes what is sent.
    pub(super) fn contains(&mut self, schemas: Peers<&'d Value>, question: &Question<'d>) -> Containment {
        self.prover.contains(schemas.sender, schemas.receiver, question)
    }

    /// The same of a receiver that takes only members it declares.
    pub(super) fn contains_strictly(&mut self, schemas: Peers<&'d Value>, question: &Question<'d>) -> Containment {
        let Peers { sender, receiver } = self.documents;
        let documents = Peers { sender, receiver: Interpretation { strict: true, ..receiver } };
        let (allowance, stop) = (&self.allowance, &self.stop);
        let prover = self.strict.get_or_insert_with(|| another(documents, allowance, stop));
        prover.contains(schemas.sender, schemas.receiver, question)
    }

    /// Whether the receiver takes what is sent where `oneOf` is read as it is often meant.
    pub(super) fn is_contained_as_meant(
        &mut self,
        schemas: Peers<&'d Value>,
        question: &Question<'d>,
        members: ReceiverMembers,
    ) -> bool {
        let strict = members == ReceiverMembers::Declared;
        let documents = Peers {
            sender: Interpretation { strict, one_is_any: true, ..self.documents.sender },
            receiver: Interpretation { strict, one_is_any: true, ..self.documents.receiver },
        };
        let prover = if strict { &mut self.meant_strict } else { &mut self.meant };
        let (allowance, stop) = (&self.allowance, &self.stop);
        let prover = prover.get_or_insert_with(|| another(documents, allowance, stop));
        !prover.is_empty(schemas.sender) && prover.is_contained(schemas.sender, schemas.receiver, question)
    }

    /// Whether both schemas are of the same values, and of some: then one is the other in other words.
    pub(super) fn are_same_values(&mut self, schemas: Peers<&'d Value>) -> bool {
        let Peers { sender, receiver } = schemas;
        let (documents, allowance, stop) = (self.documents, &self.allowance, &self.stop);
        let [there, back] = self.literal.get_or_insert_with(|| {
            [documents, Peers { sender: documents.receiver, receiver: documents.sender }].map(|documents| {
                Prover::new(documents, false, Box::new(|_| false)).within(allowance.clone()).stopped_by(stop.clone())
            })
        });
        !there.is_empty(sender)
            && there.contains(sender, receiver, &Question::Whole) == Containment::Contained
            && back.contains(receiver, sender, &Question::Whole) == Containment::Contained
    }
}

/// A prover that reads the documents in another way; what is equal in both is not known to mean the same then.
pub(super) fn another<'d>(documents: Peers<Interpretation<'d>>, allowance: &Allowance, stop: &Stop) -> Prover<'d> {
    Prover::new(documents, true, Box::new(|_| false)).within(allowance.clone()).stopped_by(stop.clone())
}

/// The schema as it stands in its document; none where it is put together from parts.
pub(super) fn schema_of<'d>(contract: &'d Contract<'d>, id: SchemaId) -> Option<&'d Value> {
    match id {
        SchemaId::ANY => Some(&ANY),
        SchemaId::NEVER => Some(&NEVER),
        SchemaId::UNKNOWN => None,
        _ => Some(contract.schema(id).value).filter(|value| !value.is_null()),
    }
}
