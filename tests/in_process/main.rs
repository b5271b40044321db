//! Everything that runs within one process: the engine, the store, letters, and the whole bridge with a clock that is moved.

#[path = "../support/mod.rs"]
mod support;

mod bridge;
mod cases;
mod containment;
mod corpus;
mod disagreements;
mod drill;
mod edits;
mod hostile;
mod layers;
mod letters;
mod metamorphic;
mod nested_keywords;
mod rules;
mod schemas;
mod store;
mod witnesses;
