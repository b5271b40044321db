//! A schema with its `allOf` members folded in: what it says as a whole, each keyword with the schema it stands in.
//!
//! Splitting an object into `allOf` halves, wrapping a single `$ref`, or writing `nullable` as a union
//! with `null` are respellings; folding both sides first is what keeps them from being reported.

mod branches;
mod fold;
mod limits;
mod schema;
mod simplify;

pub(super) use limits::{all_counted, all_multiples, all_within};
pub(super) use schema::{Count, Folded, FoldedUnion, FromSchema, Property};
