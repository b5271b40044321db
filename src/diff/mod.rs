//! What differs between two contracts, as facts: what, where, and which way the data flows.
//!
//! No verdicts here. The walk is a worklist over `(before schema, after schema, direction)`: a pair is
//! entered once and keeps only its own facts, so `$ref` cycles end by themselves and one edit to a shared
//! component is one fact, however many operations reach it. Reverse reachability then tells which do.
//!
//! Invariants: pure and deterministic (equal input, equal output, byte for byte); nothing recurses on
//! input depth; work is bounded by [`Budget`]; a part that is equal on both sides, with everything it
//! refers to, is never entered.

mod before_after;
mod change;
mod compare;
mod concealed;
mod delta;
mod equality;
mod equivalence;
mod fact;
mod folded;
mod kinds;
mod merge;
mod names;
mod numbers;
mod operation;
mod schema;
mod unchanged;
mod walk;
mod writing;

pub use before_after::BeforeAfter;
pub use change::{Change, ChangeKind, ComparedPair, ComparedSchemas, Effect, Evidence, Fragment, Site, Use};
pub use compare::diff;
pub use delta::{Budget, Delta};
pub use kinds::Kinds;
pub use writing::{ListWriting, Writing};
