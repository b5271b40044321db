//! Every operation of both documents: which became which, what went, what came, and what differs in each.

use std::collections::HashSet;

use serde_json::json;

use crate::model::{Direction, Stability};
use crate::openapi::{Operation, OperationKind};

use super::super::before_after::BeforeAfter;
use super::super::change::{ChangeKind, Evidence, Fragment, Site, Use};
use super::super::fact::{Difference, Fact};
use super::super::walk::Walk;
use super::callers::Callers;
use super::credentials::{AskingOperation, Credentials, Schemes};
use super::link_targets::LinkTargets;
use super::matching::{MatchedOperation, Matching};
use super::pair::{OperationPair, label};
use super::routes::Routes;
use super::served::Served;

/// Compares everything above the schemas and names the schema pairs to compare.
pub fn compare_all(walk: &mut Walk<'_, '_>) {
    let (before, after) = (walk.before, walk.after);
    let served = BeforeAfter::new(Served::of(before), Served::of(after));
    let served = BeforeAfter::new(&served.before, &served.after);
    let matching = Matching::of(before, after, served, walk.stop());
    let unknown = BeforeAfter::new(before, after)
        .map(|contract| contract.unknown_paths.iter().map(String::as_str).collect::<HashSet<&str>>());
    let is_gone = |operation: &MatchedOperation<'_, '_>| matches!(operation, MatchedOperation::Gone(_));
    let routes = matching.operations.iter().any(is_gone).then(|| Routes::of(after, served));
    let mut callers = Callers::new(served);
    let schemes = BeforeAfter::new(Schemes::of(before), Schemes::of(after));
    let targets = LinkTargets::new(BeforeAfter::new(before, after));
    // A library is compared with a library: whoever describes calls on one side only says nothing of them on the other.
    let are_libraries = before.called().next().is_none() && after.called().next().is_none();
    for operation in &matching.operations {
        if walk.is_stopped() {
            return walk.give_up();
        }
        if operation.kind() == OperationKind::Component && !are_libraries {
            continue;
        }
        match *operation {
            MatchedOperation::Both { old, new, how } => {
                let number = walk.operation(usage(old, Some(new)));
                callers.note(number, old, new, how);
                let (here, there) = (walk.text_before(old.at), walk.text_after(new.at));
                if walk.unchanged.context() && walk.unchanged.holds(&here) && here == there {
                    continue;
                }
                let asked = if old.kind == OperationKind::Path {
                    Credentials::between(BeforeAfter {
                        before: AskingOperation { contract: before, schemes: &schemes.before, operation: old },
                        after: AskingOperation { contract: after, schemes: &schemes.after, operation: new },
                    })
                } else {
                    Credentials::default()
                };
                let mut pair =
                    OperationPair { walk, number, old, new, asked, targets: &targets, schemes: schemes.as_ref(), answered: None };
                pair.address(how);
                compare(&mut pair);
            }
            // What could not be followed is not gone, and what can be followed now is not new.
            MatchedOperation::Gone(old) if unknown.after.contains(old.shape.as_str()) => {
                walk.unread_after(walk.text_before(old.at));
            }
            MatchedOperation::New(new) if unknown.before.contains(new.shape.as_str()) => {
                walk.unread_before(walk.text_after(new.at));
            }
            MatchedOperation::Gone(old) => removed(walk, old, routes.as_ref().and_then(|routes| routes.successor(old))),
            MatchedOperation::New(new) => added(walk, new),
        }
    }
    callers.compare(walk);
}

fn usage(old: &Operation<'_>, new: Option<&Operation<'_>>) -> Use {
    let id = old.operation_id.or(new.and_then(|new| new.operation_id));
    let stability = new.map_or(old.stability, |new| new.stability);
    Use {
        method: old.method.clone(),
        path: old.path.to_string(),
        operation_id: id.map(str::to_owned),
        operation_kind: old.kind,
        stability: Stability::of(stability),
    }
}

/// An operation that is gone, and the one that requests to it reach now.
fn removed(walk: &mut Walk<'_, '_>, old: &Operation<'_>, successor: Option<&Operation<'_>>) {
    let kind = match old.kind {
        OperationKind::Path => ChangeKind::OperationRemoved,
        OperationKind::Component => ChangeKind::ComponentRemoved,
        OperationKind::Webhook => ChangeKind::WebhookRemoved,
        OperationKind::Callback => ChangeKind::CallbackRemoved,
    };
    let number = walk.operation(usage(old, None));
    let here = walk.text_before(old.at);
    let successor = successor.filter(|_| old.kind == OperationKind::Path);
    let successor = successor.map(|new| json!(label(new)));
    let evidence = Evidence { was_deprecated: old.deprecated, shadowed: successor.is_some(), ..Evidence::default() };
    let fact = Fact {
        difference: Difference::new(kind).about(label(old)).after(successor).evidence(evidence),
        direction: Direction::Neither,
        site: Site { before: here.clone(), after: parent(&here) },
        fragment: Fragment { before: Some(here), after: None },
        compared: None,
    };
    walk.state(fact, number);
}

fn added(walk: &mut Walk<'_, '_>, new: &Operation<'_>) {
    let kind = match new.kind {
        OperationKind::Path => ChangeKind::OperationAdded,
        OperationKind::Component => ChangeKind::ComponentAdded,
        OperationKind::Webhook => ChangeKind::WebhookAdded,
        OperationKind::Callback => ChangeKind::CallbackAdded,
    };
    let number = walk.operation(usage(new, None));
    let here = walk.text_after(new.at);
    let fact = Fact {
        difference: Difference::new(kind).about(label(new)),
        direction: Direction::Neither,
        site: Site { before: parent(&here), after: here.clone() },
        fragment: Fragment { before: None, after: Some(here) },
        compared: None,
    };
    walk.state(fact, number);
}

fn parent(pointer: &str) -> String {
    pointer.rsplit_once('/').map_or_else(String::new, |(parent, _)| parent.to_owned())
}

/// Compares everything that two operations say.
fn compare(pair: &mut OperationPair<'_, '_, '_, '_>) {
    let (old, new) = (pair.old, pair.new);
    // A webhook's request comes from the provider; its response goes back there.
    let request = match old.kind {
        OperationKind::Path | OperationKind::Component => Direction::ToProvider,
        OperationKind::Webhook | OperationKind::Callback => Direction::FromProvider,
    };
    pair.lifecycle();
    pair.unread_parts();
    pair.parameters(&old.parameters, &new.parameters, request, BeforeAfter::new(old.at, new.at));
    pair.body(old.body.as_ref(), new.body.as_ref(), request);
    pair.responses(&old.responses, &new.responses, request.flipped());
    if old.kind == OperationKind::Path {
        pair.security();
    }
}
