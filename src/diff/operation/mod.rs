//! Facts of everything above the schemas: paths, webhooks, parameters, bodies, responses, servers, security.

mod bodies;
mod document;
mod lifecycle;
mod links;
mod matching;
mod media_type;
mod pair;
mod parameters;
mod responses;
mod security;
mod servers;

pub(super) use document::compare_all;
