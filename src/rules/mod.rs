//! Facts become findings: first the law, then the catalogue's reasoned exceptions to it.
//!
//! The catalogue is data: one Markdown page for each rule under `pages/`, whose header names a
//! `(kind, direction)` cell. Documentation, mail text, `driftd rules`, `/rules/<id>` and the tests all
//! read the same page.
//!
//! Invariants: pure; every cell that can occur has exactly one rule without a guard; a severity that
//! departs from the law carries its reason; identities are computed over facts, never over prose.

mod catalogue;
mod compare;
mod digest;
mod extent;
mod files;
mod finding;
mod fragment;
mod judge;
mod law;
mod oasdiff;
mod page;
mod place;
mod proof;
mod report;
mod sentence;
mod topic;

pub use catalogue::{Catalogue, CatalogueError, Guard, Rule};
pub use compare::{compare, compare_lowered};
pub use digest::RULE_SET;
pub use extent::Extent;
pub use finding::{Finding, Verdict};
pub use fragment::Fragments;
pub use judge::judge;
pub use law::law;
pub use oasdiff::{OasdiffId, oasdiff_ids};
pub use page::{Example, Page, PageError, Remedy};
pub use place::place;
pub use proof::Proof;
pub use report::{JsonFinding, JsonPointer, JsonReport, SameCause, Summary};
pub use topic::Topic;
