//! The pass over all findings: what each asks is asked, and what the decision table makes of the answer is recorded.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::containment::Allowance;
use crate::diff::{BeforeAfter, Delta, Use};
use crate::model::{Direction, Severity};
use crate::openapi::Contract;

use super::super::finding::Finding;
use super::decision::{Inquiry, JudgedChange, Judgement};
use super::direction::DirectionProof;
use super::found::ProvenChange;
use super::outcome::Proof;

/// The reason of findings of a comparison without proofs.
const NOT_ASKED: &str = "not asked";

/// The reason of findings that a stopped comparison did not come to.
const STOPPED: &str = "the comparison was stopped";

/// Asks about every finding that matters and is about a schema.
pub fn prove(contracts: BeforeAfter<&Contract<'_>>, delta: &Delta, findings: &mut [Finding]) {
    let mut proofs: FxHashMap<Direction, DirectionProof<'_>> = FxHashMap::default();
    let allowance = Allowance::default();
    for finding in findings.iter_mut().filter(|finding| !finding.change.compared.is_empty()) {
        if !delta.proofs || delta.stop.is_asked() {
            // What no message shows stays what it is.
            if finding.severity != Severity::Info {
                let reason = if delta.proofs { STOPPED } else { NOT_ASKED };
                finding.proof = Proof::Undecided { reason: reason.to_owned() };
            }
            continue;
        }
        let change = &finding.change;
        let proofs = proofs
            .entry(change.direction)
            .or_insert_with(|| DirectionProof::new(contracts, delta, change.direction, allowance.clone()));
        let judged = JudgedChange {
            kind: change.kind,
            direction: change.direction,
            is_discriminated: change.evidence.discriminated,
            may_narrow: proofs.may_narrow(change),
            may_overlap: proofs.may_overlap(change),
            judgement: Judgement { severity: finding.severity, consequence: finding.consequence },
        };
        let inquiry = Inquiry::about(judged);
        let answer = match inquiry {
            Inquiry::Nothing => None,
            Inquiry::Overlap => proofs.overlap(change),
            Inquiry::Narrowing | Inquiry::Containment => proofs.containment(change),
        };
        if let Some(ProvenChange { proof, roots }) = answer
            && let Some(Judgement { severity, consequence }) = inquiry.decide(judged, &proof)
        {
            let operations = roots.map(|roots| proofs.named_by(&roots)).filter(|operations| !operations.is_empty());
            if let Some(operations) = operations {
                let true_of: FxHashSet<*const Use> = operations.iter().map(Arc::as_ptr).collect();
                finding.change.used_by.retain(|usage| true_of.contains(&Arc::as_ptr(usage)));
            }
            (finding.severity, finding.consequence, finding.proof) = (severity, consequence, proof);
        }
    }
}
