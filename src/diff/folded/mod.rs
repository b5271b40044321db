//! A schema with its `allOf` members folded in: what it says as a whole, each keyword with the schema it stands in.
//!
//! Splitting an object into `allOf` halves, wrapping a single `$ref`, or writing `nullable` as a union
//! with `null` are respellings; folding both sides first is what keeps them from being reported.

mod branches;
mod fold;
mod formats;
mod limits;
mod schema;
mod simplify;
mod step;

pub(super) use formats::is_within as is_format_within;
pub(super) use limits::{all_counted, all_within};
pub(super) use schema::{Count, Folded, FoldedUnion, FromSchema, Property};
pub(super) use step::MultipleStep;
