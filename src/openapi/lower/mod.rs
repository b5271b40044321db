//! A document into its contract: what every dialect shares.
//!
//! [`document`] begins and ends it, [`operation`] reads paths of OpenAPI 3.x with their [`message`]s, [`swagger2`] the
//! older form, [`schema`] the schemas of all.

mod document;
mod encoding;
mod field;
mod library;
mod lowering;
mod media;
mod message;
mod operation;
mod path;
mod schema;
mod security;
mod server;
mod spelled;
mod subtypes;
mod swagger2;

pub use document::lower;

#[cfg(test)]
mod tests;
