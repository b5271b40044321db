//! Facts of everything above the schemas: paths, webhooks, parameters, bodies, responses, servers, security.

mod bodies;
mod callers;
mod credentials;
mod document;
mod encoding;
mod lifecycle;
mod links;
mod matching;
mod media_type;
mod members;
mod pair;
mod parameters;
mod responses;
mod routes;
mod security;
mod served;
mod server_list;
mod servers;

pub(super) use document::compare_all;
