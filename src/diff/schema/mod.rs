//! Facts of one pair of schemas. Children become pairs of their own.

mod annotations;
mod arrays;
mod as_text;
mod branches;
mod compare;
mod comparison;
mod constraints;
mod describe;
mod discriminator;
mod forms;
mod kinds;
mod members;
mod numbers;
mod objects;
mod types;
mod unions;
mod values;
mod visibility;

pub(super) use compare::compare;
