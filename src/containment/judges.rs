//! Who judges values: schemas that were written and compiled, kept for the values that come later.
//!
//! Many changes have one witness, and most of what schemas say of a value is what they said of the one before: of four schemas
//! that are asked for, one is new.

use std::collections::HashMap;
use std::rc::Rc;

use foldhash::fast::RandomState;
use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value as Json;

use crate::openapi::Value;

use super::export::{Export, NullReading};
use super::interpretation::Interpretation;

/// Schemas that are written out for one witness.
const MOST: usize = 20_000;

/// Bytes of the texts by which compiled schemas are kept; with more, all are forgotten.
const MOST_KEPT: usize = 256 * 1024;

/// Values, schemas and listed values that all witnesses of one prover may take to be checked.
const ALL_CHECKS: usize = 6_000_000;

/// Who judges values for one document: by what its authors mean and, where that may not be the same, by the letter too.
pub(super) struct Judge(Vec<Rc<Validator>>);

impl Judge {
    pub(super) fn accepts(&self, value: &Json) -> bool {
        self.0.iter().all(|reading| reading.is_valid(value))
    }

    pub(super) fn refuses(&self, value: &Json) -> bool {
        !self.0.iter().any(|reading| reading.is_valid(value))
    }

    /// The schema as its authors mean it.
    pub(super) fn as_meant(&self) -> Option<&Validator> {
        self.0.first().map(Rc::as_ref)
    }
}

/// What was compiled for one prover, and how much may still be.
pub(super) struct Judges {
    /// Values, schemas and listed values that may still be looked at.
    left: usize,
    /// By the schema and the text of the value; none where the schema cannot be written for it.
    by_value: HashMap<(*const Value, String), Option<Rc<Judge>>, RandomState>,
    /// By the text of the schema that was written; none where it cannot be compiled.
    by_text: HashMap<String, Option<Rc<Validator>>, RandomState>,
    /// Bytes of all those texts.
    kept: usize,
}

impl Default for Judges {
    fn default() -> Self {
        Self { left: ALL_CHECKS, by_value: HashMap::default(), by_text: HashMap::default(), kept: 0 }
    }
}

impl Judges {
    /// Who judges values that look like this one; none where its schema cannot be written.
    pub(super) fn judge<'d>(&mut self, document: Interpretation<'d>, schema: &'d Value, value: &Json) -> Option<Rc<Judge>> {
        let asked = (std::ptr::from_ref(schema), value.to_string());
        if let Some(known) = self.by_value.get(&asked) {
            return known.clone();
        }
        let judge = self.new_judge(document, schema, value).map(Rc::new);
        self.keep(asked.1.len());
        self.by_value.insert(asked, judge.clone());
        judge
    }

    fn new_judge<'d>(&mut self, document: Interpretation<'d>, schema: &'d Value, value: &Json) -> Option<Judge> {
        let mut readings = Vec::new();
        for null in [NullReading::AsMeant, NullReading::ByTheLetter] {
            let most = MOST.min(self.left);
            let mut export = Export::new(document, null, most);
            let schema = export.whole(schema, value);
            self.left = self.left.saturating_sub(export.cost(most));
            readings.push(self.compiled(&schema?)?);
            if !export.is_null_doubtful {
                break;
            }
        }
        Some(Judge(readings))
    }

    fn compiled(&mut self, schema: &Json) -> Option<Rc<Validator>> {
        let text = schema.to_string();
        if let Some(known) = self.by_text.get(&text) {
            return known.clone();
        }
        let patterns = PatternOptions::fancy_regex().backtrack_limit(100_000);
        let options = jsonschema::options().with_draft(Draft::Draft202012).with_pattern_options(patterns);
        let compiled = options.build(schema).ok().map(Rc::new);
        self.keep(text.len());
        self.by_text.insert(text, compiled.clone());
        compiled
    }

    /// Counts a text that is to be kept.
    fn keep(&mut self, bytes: usize) {
        self.kept += bytes;
        if self.kept > MOST_KEPT {
            self.by_value.clear();
            self.by_text.clear();
            self.kept = bytes;
        }
    }

    /// Takes from what may be looked at; false where that is too little.
    pub(super) fn spend(&mut self, checks: usize) -> bool {
        let left = self.left.checked_sub(checks);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }

    /// Whether nothing more may be looked at.
    pub(super) const fn is_exhausted(&self) -> bool {
        self.left == 0
    }
}
