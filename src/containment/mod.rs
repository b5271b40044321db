//! Whether every value that one side accepts is accepted by the other.
//!
//! The question "is every value of A a value of B?" is turned round: is there a value that satisfies A and
//! falsifies B? The search for it ends with the value, a *witness*, or with the proof that there is none, or it says
//! why it cannot tell. In reading order: [`node`] is what a schema is, [`schema_reader`] makes nodes of documents,
//! [`constraint`] is what is asked of a value, [`search`] decides states of constraints on nodes, [`solve`] goes through
//! the disjunctions of one state, [`leaf`] finds values without a choice, [`satisfies`] tests a value ([`unevaluated`]
//! what alternatives leave over of it), [`confirm`] has every witness checked by somebody else, who [`judges`] by the schemas as
//! [`export`] writes them and is spared what [`refusal`] sees, [`mask`] puts a question about a part to the messages that hold it.
//!
//! Invariants: pure and bounded by counted steps, so that the same question has the same answer everywhere; an
//! answer is *yes*, *no*, or *cannot decide*, and only the first two are believed.

mod allowance;
mod answer;
mod ask;
mod confirm;
mod constraint;
mod constraints;
mod declaration;
mod declared;
mod discriminating;
mod expand;
mod export;
mod interpretation;
mod judges;
mod leaf;
mod mask;
mod memory;
mod node;
mod number;
mod pattern;
mod prover;
mod refusal;
mod satisfies;
mod schema_reader;
mod search;
mod solution;
mod solve;
mod tags;
mod unevaluated;
mod value;
mod value_size;

pub use allowance::Allowance;
pub use answer::Containment;
pub use ask::Question;
pub use confirm::{NOT_CONFIRMED, Witness};
pub use interpretation::{Hidden, Interpretation, Peers};
pub use mask::{Mask, Reach, ValuePlace};
pub use pattern::{Inclusion, pattern_inclusion};
pub use prover::{FUEL, Prover};
