//! Whether every value that one side accepts is accepted by the other.
//!
//! The question "is every value of A a value of B?" is turned round: is there a value that satisfies A and
//! falsifies B? The search for it ends with the value, a *witness*, or with the proof that there is none, or it says
//! why it cannot tell. In reading order: [`node`] is what a schema is, [`reading`] makes nodes of documents,
//! [`search`] decides states of signed nodes, [`solve`] goes through the choices of one state, `leaf` finds values
//! without a choice, [`holds`] tests a value ([`unevaluated`] what alternatives leave over of it), [`confirm`] has
//! every witness checked by somebody else.
//!
//! Invariants: pure and bounded by counted steps, so that the same question has the same answer everywhere; an
//! answer is *yes*, *no*, or *cannot decide*, and only the first two are believed.

mod ask;
mod confirm;
mod demands;
mod holds;
mod leaf;
mod node;
mod number;
mod pattern;
mod reading;
mod search;
mod side;
mod size;
mod solve;
mod tags;
mod unevaluated;

pub use ask::{Answer, Question};
pub use confirm::{NOT_CONFIRMED, Witness};
pub use pattern::{Inclusion, pattern_inclusion};
pub use search::{FUEL, Prover};
pub use side::{Hidden, Side};
