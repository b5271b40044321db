//! Whether every value that one side accepts is accepted by the other.
//!
//! Invariants: pure and bounded; an answer is *yes*, *no*, or *cannot decide*, and only the first two are
//! believed.

mod pattern;

pub use pattern::{Inclusion, pattern_inclusion};
