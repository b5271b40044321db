//! JSON values compared exactly: when two are equal, and of which kind one is.

use std::rc::Rc;

use serde_json::Value;

use crate::openapi::{TypeSet, canonical_number, exact};

/// A list of values, kept with the one text that equal lists share.
#[derive(Debug, Clone)]
pub(super) struct Values {
    /// The values.
    pub(super) list: Rc<[Value]>,
    /// Their texts, sorted.
    texts: Rc<[String]>,
}

impl Values {
    pub(super) fn new(list: Vec<Value>) -> Self {
        let mut texts: Vec<String> = list.iter().map(canonical).collect();
        texts.sort_unstable();
        texts.dedup();
        Self { list: list.into(), texts: texts.into() }
    }

    /// Whether the value of this text is listed.
    pub(super) fn has(&self, text: &str) -> bool {
        self.texts.binary_search_by(|known| known.as_str().cmp(text)).is_ok()
    }

    /// Whether no value is in both lists.
    pub(super) fn is_disjoint(&self, other: &Self) -> bool {
        self.texts.iter().all(|text| !other.has(text))
    }
}

impl PartialEq for Values {
    fn eq(&self, other: &Self) -> bool {
        self.texts == other.texts
    }
}

impl Eq for Values {}

impl std::hash::Hash for Values {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.texts.hash(state);
    }
}

/// A value as a text that equal values share: names in order, `1.0` as `1`.
pub(super) fn canonical(value: &Value) -> String {
    match value {
        Value::Number(number) => canonical_number(number),
        Value::Array(list) => format!("[{}]", list.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Object(map) => {
            let mut members: Vec<String> =
                map.iter().map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), canonical(value))).collect();
            members.sort_unstable();
            format!("{{{}}}", members.join(","))
        }
        other => other.to_string(),
    }
}

/// The kind of a value, exactly: `1.0` is a whole number.
pub(super) fn kind_of(value: &Value) -> TypeSet {
    match value {
        Value::Number(number) => match exact(number) {
            Some(exact) if exact.is_integer() => TypeSet::INTEGER,
            Some(_) => TypeSet::FRACTION,
            None => TypeSet::NUMBER,
        },
        Value::Null => TypeSet::NULL,
        Value::Bool(_) => TypeSet::BOOLEAN,
        Value::String(_) => TypeSet::STRING,
        Value::Array(_) => TypeSet::ARRAY,
        Value::Object(_) => TypeSet::OBJECT,
    }
}
