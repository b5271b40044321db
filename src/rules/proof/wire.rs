//! Questions about values that travel as text, asked as texts.

use serde_json::{Value as Json, json};

use crate::containment::{Containment, Interpretation, Peers, Question, Witness};
use crate::diff::{ChangeKind, ComparedSchemas, ListWriting, Writing};
use crate::openapi::{Dialect, SchemaId, TypeSet, Value};

use super::direction::{DirectionProof, another, schema_of};
use super::text_schema::TextSchemas;

/// Whether a kind is about types, which texts do not have.
pub(super) const fn is_about_types(kind: ChangeKind) -> bool {
    matches!(kind, ChangeKind::TypeChanged | ChangeKind::TypesNarrowed | ChangeKind::TypesWidened)
}

/// What becomes of single values where a list is read.
pub(super) enum TakenAsList {
    /// As this, each value by itself.
    Answered(Containment),
    /// Each is taken, but some are taken for several.
    Divided,
    /// Each is taken, where a list is written as its entries are: nobody says so.
    Unsaid,
}

impl<'d> DirectionProof<'d> {
    /// Whether the text of a value is one the receiver accepts: outside a body a number is written as a text is.
    pub(super) fn is_same_on_the_wire(&mut self, receiver: &'d Value, value: &Json) -> bool {
        let text = match value {
            Json::String(text) => text.clone(),
            Json::Array(_) | Json::Object(_) | Json::Null => return false,
            scalar => scalar.to_string(),
        };
        let read = serde_json::from_str::<Json>(&text).ok().filter(|read| !(read.is_array() || read.is_object()));
        self.prover.accepts(receiver, &Json::String(text)) || read.is_some_and(|read| self.prover.accepts(receiver, &read))
    }

    /// Whether every text that is sent is one that the receiver takes; none where a schema says more than texts can.
    pub(super) fn contains_texts(&mut self, pair: usize) -> Option<Containment> {
        let ids = self.ids(pair)?;
        let types = self.contracts.receiver.schema(ids.receiver).types;
        let mut sender = TextSchemas::of_sender(self.contracts.sender);
        let has_lists = self.pairs.get(pair)?.writing != Writing::Text(ListWriting::Unknown);
        if has_lists && !types.contains(TypeSet::ARRAY) {
            sender = sender.for_one_value();
        }
        let sent = sender.read(ids.sender)?;
        // What stands within a value outside a body is one text, whatever is left open of it.
        let is_within = self.pairs.get(pair).is_some_and(|known| !known.is_root());
        let sent = if is_within && sent == json!(true) { json!({"type": "string"}) } else { sent };
        let taken = TextSchemas::of_receiver(self.contracts.receiver).read(ids.receiver)?;
        let is_number = !types.contains(TypeSet::STRING);
        self.ask_texts(sent, taken, sender.is_wider).map(|answer| spoken(answer, is_number))
    }

    /// Whether a single value comes, and whoever reads its text takes it for a list.
    pub(super) fn is_read_as_list(&self, kind: ChangeKind, pair: usize) -> bool {
        let is_text = self.pairs.get(pair).is_some_and(|known| known.is_root() && known.writing.is_text());
        !self.is_to_provider()
            && is_about_types(kind)
            && is_text
            && self.ids(pair).is_some_and(|ids| {
                let sent = self.contracts.sender.schema(ids.sender).types.without(TypeSet::NULL);
                let read = self.contracts.receiver.schema(ids.receiver).types.without(TypeSet::NULL);
                let is_single = sent.intersection(TypeSet::ARRAY.union(TypeSet::OBJECT)).is_empty();
                read == TypeSet::ARRAY && !sent.is_empty() && is_single
            })
    }

    /// Whether every single value that is sent is one entry of a list that the receiver takes.
    pub(super) fn taken_as_list(&mut self, compared: &ComparedSchemas) -> Option<TakenAsList> {
        let Writing::Text(list) = self.pairs.get(compared.pair)?.writing else { return None };
        let ids = self.ids(compared.pair)?;
        let mut sender = TextSchemas::of_sender(self.contracts.sender).without_null();
        let sent = sender.read(ids.sender)?;
        let Some(taken) = TextSchemas::of_receiver(self.contracts.receiver).read(ids.receiver) else {
            return self.refused_as_entry(ids).map(TakenAsList::Answered);
        };
        let one = json!({"type": "array", "items": sent, "minItems": 1, "maxItems": 1});
        match self.ask_texts(one, taken, sender.is_wider)? {
            Containment::Contained => {}
            answer => return Some(TakenAsList::Answered(entry(answer))),
        }
        let whole = match list {
            ListWriting::Repeated => return Some(TakenAsList::Answered(Containment::Contained)),
            ListWriting::Joined(separator) => json!({"pattern": format!("^[^{separator}]*$")}),
            ListWriting::Unknown => return Some(TakenAsList::Unsaid),
        };
        Some(match self.ask_texts(sent, whole, true)? {
            Containment::Contained => TakenAsList::Answered(Containment::Contained),
            _ => TakenAsList::Divided,
        })
    }

    /// A value that no list takes as an entry, where texts do not tell how large numbers are.
    fn refused_as_entry(&mut self, ids: Peers<SchemaId>) -> Option<Containment> {
        let items = self.contracts.receiver.schema(ids.receiver).items?;
        let sender = schema_of(self.contracts.sender, ids.sender)?;
        let receiver = schema_of(self.contracts.receiver, items)?;
        match self.prover.contains(sender, receiver, &Question::Whole) {
            Containment::Refuted(witness) if !self.is_same_on_the_wire(receiver, &witness.value) => {
                Some(Containment::Refuted(witness))
            }
            _ => None,
        }
    }

    fn ask_texts(&mut self, sent: Json, taken: Json, is_wider: bool) -> Option<Containment> {
        self.text_questions = self.text_questions.checked_sub(1)?;
        let (sent, taken) = (Value::from(sent), Value::from(taken));
        let read = |root, known: Interpretation<'_>| Interpretation { root, dialect: Dialect::OpenApi31, ..known };
        let documents = Peers { sender: read(&sent, self.documents.sender), receiver: read(&taken, self.documents.receiver) };
        let answer = another(documents, &self.allowance, &self.stop).contains(&sent, &taken, &Question::Whole);
        Some(match answer {
            // Nobody may send it.
            Containment::Refuted(_) if is_wider => Containment::Undecided("how large numbers are is not told from their texts"),
            answer => answer,
        })
    }
}

/// The answer about a list of one, said of its entry.
fn entry(answer: Containment) -> Containment {
    match answer {
        Containment::Refuted(Witness { value: Json::Array(mut list), at, keyword }) => {
            let value = list.pop().unwrap_or_default();
            let at = at.strip_prefix("/0").unwrap_or(&at).to_owned();
            spoken(Containment::Refuted(Witness { value, at, keyword }), true)
        }
        answer => answer,
    }
}

/// The answer with the keyword that the document has: how numbers are written is ours.
fn spoken(answer: Containment, is_number: bool) -> Containment {
    match answer {
        Containment::Refuted(mut witness) => {
            if is_number && matches!(witness.keyword.as_str(), "pattern" | "anyOf") {
                "type".clone_into(&mut witness.keyword);
            }
            Containment::Refuted(witness)
        }
        answer => answer,
    }
}
