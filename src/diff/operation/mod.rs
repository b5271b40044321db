//! Facts of everything above the schemas: paths, webhooks, parameters, bodies, responses, servers, security.

mod bodies;
mod callers;
mod counterparts;
mod credentials;
mod document;
mod encoding;
mod free;
mod lifecycle;
mod link_targets;
mod links;
mod matching;
mod media_list;
mod media_type;
mod members;
mod pair;
mod parameters;
mod requirements;
mod responses;
mod routes;
mod security;
mod served;
mod server_list;
mod servers;
mod statuses;

pub(super) use document::compare_all;
