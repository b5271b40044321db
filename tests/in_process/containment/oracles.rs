//! Two other provers are asked the same: where both sides are sure, they agree, or a value shows who is wrong.

use std::panic::{AssertUnwindSafe, catch_unwind};

use driftd::containment::Containment;
use driftd::openapi::Dialect;
use fastrand::Rng;
use jsoncompat::{CompatibilityResult, Role, SchemaDocument, analyze_compat};
use jsonschema::canonical;
use serde_json::Value;

use super::near_miss::validator;
use super::{ask, generate};

const PAIRS: usize = 1_500;

/// What another prover says.
enum Says {
    Yes,
    /// With the value that it takes for a witness, where it has one.
    No(Option<Value>),
}

/// What the `canonical` module of `jsonschema` says; nothing where it is not sure.
fn canonicalized(sub: &Value, sup: &Value) -> Option<Says> {
    let decide = || {
        let (sub, sup) = (jsonschema::canonicalize(sub).ok()?, jsonschema::canonicalize(sup).ok()?);
        match sup.covers(&sub).ok()? {
            canonical::Containment::Yes => Some(Says::Yes),
            canonical::Containment::No => Some(Says::No(None)),
            canonical::Containment::Unknown => None,
        }
    };
    catch_unwind(AssertUnwindSafe(decide)).ok().flatten()
}

/// What `jsoncompat` says: a writer that moves from `sup` to `sub`.
fn compat(sub: &Value, sup: &Value) -> Option<Says> {
    let decide = || {
        let (sub, sup) = (SchemaDocument::from_json(sub).ok()?, SchemaDocument::from_json(sup).ok()?);
        match analyze_compat(&sup, &sub, Role::Serializer).ok()? {
            CompatibilityResult::Compatible => Some(Says::Yes),
            CompatibilityResult::Incompatible { counterexample, .. } => Some(Says::No(Some(counterexample))),
            CompatibilityResult::Unknown { .. } => None,
        }
    };
    catch_unwind(AssertUnwindSafe(decide)).ok().flatten()
}

/// What the other two said to the answers of driftd.
#[derive(Default)]
pub struct Oracles {
    asked: usize,
    decided: [usize; 2],
    /// Conflicts that a value settles against the other prover.
    settled: usize,
    conflicts: Vec<String>,
}

impl Oracles {
    pub fn ask(&mut self, sub: &Value, sup: &Value, answer: &Containment) {
        let witness = match answer {
            Containment::Contained => None,
            Containment::Refuted(witness) => Some(&witness.value),
            Containment::Undecided(_) => return,
        };
        self.asked += 1;
        let refutes = |value: &Value| match (validator(sub), validator(sup)) {
            (Some(sub), Some(sup)) => sub.is_valid(value) && !sup.is_valid(value),
            _ => false,
        };
        for (slot, (name, says)) in
            [("canonical", canonicalized(sub, sup)), ("jsoncompat", compat(sub, sup))].into_iter().enumerate()
        {
            let Some(says) = says else { continue };
            self.decided[slot] += 1;
            let is_settled = match (&says, witness) {
                (Says::Yes, None) | (Says::No(_), Some(_)) => continue,
                (Says::Yes, Some(witness)) => refutes(witness),
                // It shows a value, and the value is no witness.
                (Says::No(Some(value)), None) => !refutes(value),
                (Says::No(None), None) => false,
            };
            if is_settled {
                self.settled += 1;
            } else {
                self.conflicts.push(format!("{name} contradicts {answer:?}: {sub} in {sup}"));
            }
        }
    }

    pub fn judge(&self, name: &str) {
        eprintln!(
            "{name}: {} questions decided here; {} also by canonical, {} also by jsoncompat; {} conflicts, all settled by a value",
            self.asked, self.decided[0], self.decided[1], self.settled
        );
        let least = self.asked / 5;
        assert!(self.decided.iter().all(|count| *count > least), "too little is decided to be compared: {:?}", self.decided);
        assert!(self.settled * 50 <= self.asked, "{} of {} conflicts: look at them", self.settled, self.asked);
        let shown = self.conflicts.len().min(8);
        assert!(self.conflicts.is_empty(), "{} conflicts:\n{}", self.conflicts.len(), self.conflicts[..shown].join("\n"));
    }
}

#[test]
fn two_other_provers_never_contradict() {
    let seed = 20_261_125;
    let mut rng = Rng::with_seed(seed);
    let mut oracles = Oracles::default();
    std::panic::set_hook(Box::new(|_| {}));
    while oracles.asked < PAIRS {
        let before = generate::document(&mut rng, 2, 0);
        let after = generate::near(&mut rng, &before);
        for (sub, sup) in [(&before, &after), (&after, &before)] {
            oracles.ask(sub, sup, &ask(sub, sup, Dialect::OpenApi31));
        }
    }
    let _ = std::panic::take_hook();
    oracles.judge(&format!("random pairs, seed {seed}"));
}
