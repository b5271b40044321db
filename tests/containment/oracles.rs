//! Two other provers are asked the same: where both sides are sure, they agree.

use std::panic::{AssertUnwindSafe, catch_unwind};

use driftd::containment::Answer;
use driftd::openapi::Dialect;
use fastrand::Rng;
use jsoncompat::{CompatibilityResult, Role, SchemaDocument, analyze_compat};
use jsonschema::canonical::Containment;
use serde_json::Value;

use super::{ask, generate};

const PAIRS: usize = 1_500;

/// What the `canonical` module of `jsonschema` says; nothing where it is not sure.
fn canonical(sub: &Value, sup: &Value) -> Option<bool> {
    let decide = || {
        let (sub, sup) = (jsonschema::canonicalize(sub).ok()?, jsonschema::canonicalize(sup).ok()?);
        match sup.covers(&sub).ok()? {
            Containment::Yes => Some(true),
            Containment::No => Some(false),
            Containment::Unknown => None,
        }
    };
    catch_unwind(AssertUnwindSafe(decide)).ok().flatten()
}

/// What `jsoncompat` says: a writer that moves from `sup` to `sub`.
fn compat(sub: &Value, sup: &Value) -> Option<bool> {
    let decide = || {
        let (sub, sup) = (SchemaDocument::from_json(sub).ok()?, SchemaDocument::from_json(sup).ok()?);
        match analyze_compat(&sup, &sub, Role::Serializer).ok()? {
            CompatibilityResult::Compatible => Some(true),
            CompatibilityResult::Incompatible { .. } => Some(false),
            CompatibilityResult::Unknown { .. } => None,
        }
    };
    catch_unwind(AssertUnwindSafe(decide)).ok().flatten()
}

#[test]
fn two_other_provers_never_contradict() {
    let seed = 20_261_125;
    let mut rng = Rng::with_seed(seed);
    let (mut asked, mut ours) = (0, 0);
    let mut both = [0, 0];
    let mut conflicts = Vec::new();
    std::panic::set_hook(Box::new(|_| {}));
    while asked < PAIRS {
        let before = generate::document(&mut rng, 2, 0);
        let after = generate::near(&mut rng, &before);
        for (sub, sup) in [(&before, &after), (&after, &before)] {
            asked += 1;
            let says = match ask(sub, sup, Dialect::OpenApi31) {
                Answer::Contained => true,
                Answer::Refuted(_) => false,
                Answer::Undecided(_) => continue,
            };
            ours += 1;
            for (slot, (name, other)) in
                both.iter_mut().zip([("canonical", canonical(sub, sup)), ("jsoncompat", compat(sub, sup))])
            {
                *slot += usize::from(other.is_some());
                if other.is_some_and(|other| other != says) {
                    conflicts.push(format!("{name} says {}, we say {says}: {sub} in {sup}", !says));
                }
            }
        }
    }
    let _ = std::panic::take_hook();
    eprintln!(
        "seed {seed}, {asked} questions, {ours} decided here; {} also by canonical, {} also by jsoncompat",
        both[0], both[1]
    );
    assert!(both.iter().all(|count| *count > asked / 3), "the others decide too little to be oracles: {both:?}");
    assert!(conflicts.is_empty(), "{} conflicts:\n{}", conflicts.len(), conflicts[..conflicts.len().min(8)].join("\n"));
}
