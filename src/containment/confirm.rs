//! Witnesses, checked by somebody else before anybody sees them.
//!
//! The schemas of both documents are written out as JSON Schema, see [`export`](super::export), and the `jsonschema` crate is
//! asked, see [`judges`](super::judges).

use serde_json::Value as Json;

use crate::openapi::{Value, escape};

use super::interpretation::{Interpretation, Peers};
use super::judges::{Judge, Judges};
use super::value_size::size_of_value;

/// Members and items that are tried to be left out.
const TRIES: usize = 60;

/// The reason of a witness that was found and not confirmed: a defect of the search.
pub const NOT_CONFIRMED: &str = "a witness was found and not confirmed";

const COSTLY: &str = "checking the witnesses takes too much work";

const UNCHECKED: &str = "a witness was found and cannot be checked: a schema cannot be written out";

/// The reason of a witness that is one only where `nullable` says more than it does by the letter.
const NULL_IS_DOUBTFUL: &str = "it depends on a `nullable` that has no force by the letter of the specification";

/// A value that one side accepts and the other refuses.
#[derive(Debug, Clone, PartialEq)]
pub struct Witness {
    /// The value.
    pub value: Json,
    /// JSON Pointer within the value to what is refused.
    pub at: String,
    /// The keyword that refuses it.
    pub keyword: String,
}

impl Judges {
    /// Whether both documents judge `value` as the search said.
    pub(super) fn is_confirmed<'d>(
        &mut self,
        documents: &Peers<Interpretation<'d>>,
        schemas: Peers<&'d Value>,
        value: &Json,
    ) -> bool {
        self.judge(documents.sender, schemas.sender, value).is_some_and(|sender| sender.accepts(value))
            && self.judge(documents.receiver, schemas.receiver, value).is_some_and(|receiver| receiver.refuses(value))
    }

    /// The witness of `value`, made as small as it goes while it `is_about` what was asked.
    ///
    /// # Errors
    /// Why there is none, where the documents do not judge the value as the search said, or that cannot be seen.
    pub(super) fn confirm<'d>(
        &mut self,
        documents: &Peers<Interpretation<'d>>,
        schemas: Peers<&'d Value>,
        value: &Json,
        is_about: &mut dyn FnMut(&Json) -> bool,
    ) -> Result<Witness, &'static str> {
        // Both documents, and every try to make it smaller.
        if !self.spend(size_of_value(value).saturating_mul(TRIES + 2)) {
            return Err(COSTLY);
        }
        let sender = self.judge(documents.sender, schemas.sender, value);
        let receiver = self.judge(documents.receiver, schemas.receiver, value);
        let (Some(sender), Some(receiver)) = (sender, receiver) else {
            return Err(if self.is_exhausted() { COSTLY } else { UNCHECKED });
        };
        let refutes = |value: &Json| sender.accepts(value) && receiver.refuses(value);
        if !refutes(value) {
            let is_meant = |judge: &Judge| judge.as_meant().is_some_and(|meant| meant.is_valid(value));
            return Err(if is_meant(&sender) && !is_meant(&receiver) { NULL_IS_DOUBTFUL } else { NOT_CONFIRMED });
        }
        let mut tries = TRIES;
        let value = shrunk(value.clone(), &mut |value| refutes(value) && is_about(value), &mut tries);
        let error = receiver.as_meant().and_then(|meant| meant.iter_errors(&value).next()).ok_or(NOT_CONFIRMED)?;
        // `false` as a schema has no keyword of its own: the one that holds it says what is refused.
        let holder = error.schema_path().to_string();
        let named = holder.rsplit('/').find(|token| !token.is_empty() && token.parse::<usize>().is_err()).unwrap_or_default();
        let keyword = match error.kind().keyword() {
            "falseSchema" => named.to_owned(),
            keyword => keyword.to_owned(),
        };
        let at = error.instance_path().to_string();
        drop(error);
        Ok(Witness { value, at, keyword })
    }
}

/// The value without every member and item that it can do without.
fn shrunk(mut value: Json, refutes: &mut dyn FnMut(&Json) -> bool, tries: &mut usize) -> Json {
    let mut pending: Vec<String> = vec![String::new()];
    while let Some(at) = pending.pop() {
        let steps: Vec<String> = match value.pointer(&at) {
            Some(Json::Object(map)) => map.keys().map(|name| escape(name).into_owned()).collect(),
            Some(Json::Array(list)) => (0..list.len()).rev().map(|index| index.to_string()).collect(),
            _ => Vec::new(),
        };
        for step in steps {
            let Some(left) = tries.checked_sub(1) else { return value };
            *tries = left;
            let mut smaller = value.clone();
            match smaller.pointer_mut(&at) {
                Some(Json::Object(map)) => {
                    map.shift_remove(&step.replace("~1", "/").replace("~0", "~"));
                }
                Some(Json::Array(list)) => {
                    if let Some(index) = step.parse().ok().filter(|index| *index < list.len()) {
                        list.remove(index);
                    }
                }
                _ => {}
            }
            if refutes(&smaller) {
                value = smaller;
            } else {
                pending.push(format!("{at}/{step}"));
            }
        }
    }
    value
}
