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

use driftd::containment::{Answer, Hidden, Point, Prover, Side};
use driftd::openapi::Dialect;
use serde_json::Value;

/// A schema by the letter of JSON Schema.
fn literal(root: &Value, dialect: Dialect) -> Side<'_> {
    Side { root, dialect, hidden: Hidden::Nothing, literal: true, strict: false, one_is_any: false }
}

/// Whether every value of `sub` is one of `sup`, with senders that send what they like.
fn ask(sub: &Value, sup: &Value, dialect: Dialect) -> Answer {
    let sides = [literal(sub, dialect), literal(sup, dialect)];
    Prover::new(sides, false, Box::new(|_| false)).contains(sub, sup, &Point::Whole)
}
