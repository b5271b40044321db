//! The prover: against a published suite, against near misses and values it did not think of, against two other
//! provers.

mod cases;
mod generate;
mod hostile;
mod near_miss;
mod oracles;
mod real;
mod sample;
mod suite;

use driftd::containment::{Answer, Hidden, Prover, Question, Side};
use driftd::openapi::Dialect;
use serde_json::Value;

/// A schema by the letter of JSON Schema.
fn literal(root: &driftd::openapi::Value, dialect: Dialect) -> Side<'_> {
    Side { root, dialect, hidden: Hidden::Nothing, literal: true, strict: false, one_is_any: false }
}

/// Whether every value of `sub` is one of `sup`, with senders that send what they like.
fn ask(sub: &Value, sup: &Value, dialect: Dialect) -> Answer {
    ask_as((sub, sup), dialect, false)
}

/// The same, perhaps of a sender that sends only members it declares.
fn ask_as((sub, sup): (&Value, &Value), dialect: Dialect, is_closed: bool) -> Answer {
    let (sub, sup) = (sub.clone().into(), sup.clone().into());
    let sides = [literal(&sub, dialect), literal(&sup, dialect)];
    Prover::new(sides, is_closed, Box::new(|_| false)).contains(&sub, &sup, &Question::Whole)
}
