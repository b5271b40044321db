//! The prover: against a published suite, against near misses and values it did not think of, against two other
//! provers.

mod cases;
mod forms;
mod generate;
mod hostile;
mod masks;
mod meant;
mod messages;
mod near_miss;
mod oracles;
mod real;
mod sample;
mod shared;
mod styles;
mod suite;
mod tuples;
mod whole_bodies;
mod wire;

use driftd::containment::{Containment, Hidden, Interpretation, Peers, Prover, Question};
use driftd::openapi::Dialect;
use serde_json::Value;

/// A schema by the letter of JSON Schema.
fn literal(root: &driftd::openapi::Value, dialect: Dialect) -> Interpretation<'_> {
    Interpretation {
        root,
        dialect,
        hidden: Hidden::Nothing,
        literal: true,
        strict: false,
        one_is_any: false,
        null_beside_values: false,
    }
}

/// Whether every value of `sub` is one of `sup`, with senders that send what they like.
fn ask(sub: &Value, sup: &Value, dialect: Dialect) -> Containment {
    ask_as((sub, sup), dialect, false)
}

/// The same, perhaps of a sender that sends only members it declares.
fn ask_as((sub, sup): (&Value, &Value), dialect: Dialect, is_closed: bool) -> Containment {
    let (sub, sup) = (sub.clone().into(), sup.clone().into());
    let documents = Peers { sender: literal(&sub, dialect), receiver: literal(&sup, dialect) };
    Prover::new(documents, is_closed, Box::new(|_| false)).contains(&sub, &sup, &Question::Whole)
}
