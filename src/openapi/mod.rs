//! From bytes to meaning: one [`Contract`] for every dialect.
//!
//! Reading goes `bytes → Document → Contract`. Each step returns a value *and* its problems:
//! a sloppy corner of a partner's document becomes an [`Oddity`] at its JSON Pointer and the rest is
//! still read. Only input that cannot be a description at all is a [`ReadError`].
//!
//! Invariants: no input can make this module panic, recurse without bound, or hold more memory than
//! [`Limits`] allows; nothing here reads a clock, a file or the network; a contract borrows from its
//! document and copies no sub-tree.

mod bundle;
mod conformance;
mod contract;
mod dates;
mod discriminator;
mod document;
mod escapes;
mod json;
mod keywords;
mod limits;
mod lines;
mod lower;
mod methods;
mod names;
mod normal_url;
mod number;
mod oddity;
mod pointer;
mod reach;
mod read;
mod referrers;
mod schema;
mod serialization;
mod stop;
mod subschema;
mod subtypes;
mod value;
mod yaml;

pub use bundle::{Bundle, SECTION, external_files, file_of, may_be_several, shown_pointer};
pub use conformance::conformance;
pub use contract::{
    Contract, Link, Location, Media, OAuthFlow, Operation, OperationKind, Parameter, PartEncoding, RequestBody, Requirement,
    Response, SecurityScheme, Server, ServerVariable, UnreadParts,
};
pub use dates::{LifecycleKeys, StatedDates, stated};
pub use discriminator::{MappedForms, form_behind, implied_tag, own_tag};
pub use document::{Dialect, Document};
pub use keywords::{ItemSubschemas, KeywordProblem, Keywords, bare_reference, is_read_only, is_true, is_write_only};
pub use limits::Limits;
pub use lines::{SourceLine, lines_of};
pub use lower::lower;
pub use names::Targets;
pub use normal_url::{AddressVariable, NormalUrl, UrlOrigin};
pub use number::{LONGEST_NUMBER, canonical_number, count, exact, is_multiple};
pub use oddity::Oddity;
pub use pointer::{PointerId, Pointers, escape, resolve, unescape, unit_of};
pub use reach::{Reachable, leads_somewhere, newly_dangling, reach};
pub use read::{ReadError, parse, read};
pub use schema::{Additional, Bound, Discriminator, Schema, SchemaId, Seldom, TypeSet, Union};
pub use serialization::{Serialization, WireStyle};
pub use stop::Stop;
pub use subschema::{SubschemaKeyword, SubschemaShape};
pub use subtypes::subtypes;
pub use value::{Map, Text, Value};
