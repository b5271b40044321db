//! What is to be said about the changes of a description, as a check finds them: told, told again, called off, or nothing.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::model::{Fingerprint, LastTold, Notice, NoticeKind, NoticeSeries, OpenFinding, Surface};
use crate::notice::{Decision, DecisionInput, PartyMessage};
use crate::state::is_recent;
use crate::store::{Claim, NoticeStep, REVERTED, Recurrence, RevertedNotice, StoreError};

use super::writer::LetterWriter;

/// Why a notice is closed of which nothing is left by newer rules.
const JUDGED_ANEW: &str = "newer rules judge what was told otherwise";

impl LetterWriter<'_> {
    /// Decides whether anything is to be said, and writes the letters. `rebased` is what each party was told, as newer rules judge
    /// it, where they do; `evidence` are the digests compared.
    ///
    /// Only who has a letter that stands to be sent counts as told: whoever has none is tried again at the next look.
    ///
    /// # Errors
    /// When the database does not say which ids are free.
    pub(crate) async fn tell(
        &self,
        claim: &Claim,
        rebased: Option<&[LastTold]>,
        previous: &[OpenFinding],
        current: &[OpenFinding],
        evidence: Option<(&str, &str)>,
    ) -> Result<NoticeStep, StoreError> {
        let (told, is_judged_anew) = (rebased.unwrap_or(&claim.told), rebased.is_some());
        let (integration, api) = (self.integration, self.api);
        let decision_input = |open, told| DecisionInput { integration, api, open, told, is_judged_anew, previous, current };
        if let Some(gone) = self.come_back(claim, &decision_input, current) {
            return Ok(self.told_again(gone, current));
        }
        let mut recurrence = claim.recurrence;
        if let Some((notice, recurrence)) = claim.notice.as_ref().zip(recurrence.as_mut()) {
            let is_there = current.iter().any(OpenFinding::needs_notice);
            let was_there = claim.findings.iter().any(OpenFinding::needs_notice);
            if is_there != was_there {
                recurrence.at = self.now;
                recurrence.times += u32::from(is_there);
                let is_known = !is_there || decision_input(Some(notice), told).decide(self.now, Fingerprint::default).is_none();
                if is_known {
                    return Ok(NoticeStep::CameOrWent { id: notice.id.clone(), recurrence: *recurrence });
                }
            } else if !is_there && is_recent(recurrence.at, self.now) {
                return Ok(NoticeStep::Nothing);
            }
        }
        let made_of = || fingerprint(claim, self.now, current);
        let Some(mut decision) = decision_input(claim.notice.as_ref(), told).decide(self.now, made_of) else {
            return Ok(NoticeStep::Nothing);
        };
        if claim.notice.is_none() {
            decision.notice.id = self.shared.store.name_notice(&decision.notice.fingerprint).await?.id;
        }
        let back = recurrence
            .filter(|_| decision.closes)
            .map(|recurrence| format!("It had come and gone before, and came back {} times.", recurrence.times));
        let (deliveries, told, all_have_one) = self.written_out(&decision, evidence, back.as_ref());
        if decision.closes && all_have_one {
            let why = match () {
                () if decision.messages.iter().any(|message| message.is_judged_away) => JUDGED_ANEW,
                () if current.iter().any(OpenFinding::needs_notice) => "what differs concerns nobody any more",
                () => REVERTED,
            };
            return Ok(NoticeStep::Close { id: decision.notice.id, why: why.to_owned(), deliveries });
        }
        if told.is_empty() {
            return Ok(NoticeStep::Nothing);
        }
        Ok(NoticeStep::Tell { notice: decision.notice, recurrence, deliveries, told })
    }

    /// The notice whose change is back within a day of its going, just as it was told.
    fn come_back<'c, 'f>(
        &self,
        claim: &'c Claim,
        decision_input: &impl Fn(Option<&'c Notice>, &'c [LastTold]) -> DecisionInput<'c, 'f>,
        current: &[OpenFinding],
    ) -> Option<&'c RevertedNotice> {
        let gone = claim.gone.as_ref().filter(|_| claim.notice.is_none() && self.key.surface != Surface::Ledger)?;
        let is_known = |finding: &OpenFinding| gone.told.iter().any(|told| told.knows(finding));
        let mut open = current.iter().filter(|finding| finding.needs_notice());
        let is_back = open.clone().next().is_some() && open.all(is_known);
        (is_back && decision_input(Some(&gone.notice), &gone.told).decide(self.now, Fingerprint::default).is_none())
            .then_some(gone)
    }

    /// A change that comes and goes is told once more, with its count; after that only when it has been one or the other for
    /// a day.
    fn told_again(&self, gone: &RevertedNotice, current: &[OpenFinding]) -> NoticeStep {
        let times = gone.times + 1;
        let messages = gone.told.iter().filter(|told| !told.findings.is_empty()).map(|told| {
            let findings = current.iter().filter(|finding| told.findings.contains_key(&finding.identity)).collect();
            PartyMessage { stem: told.stem.clone(), ..PartyMessage::about(told.side, &told.party, NoticeKind::Updated, findings) }
        });
        let messages = messages.collect();
        let notice = Notice { told_at: self.now, ..gone.notice.clone() };
        let decision = Decision { notice, messages, closes: false };
        let back = format!(
            "It comes and goes: it was gone, and within a day it is back, {} by now. Perhaps several servers answer, and \
             not all have the same version. driftd does not write again until it has been one or the other for a day.",
            if times == 1 { "once".to_owned() } else { format!("{times} times") }
        );
        let (deliveries, told, _) = self.written_out(&decision, None, Some(&back));
        if told.is_empty() {
            return NoticeStep::Nothing;
        }
        let recurrence = Some(Recurrence { times, at: self.now });
        NoticeStep::Tell { notice: decision.notice, recurrence, deliveries, told }
    }
}

/// What a notice is made of: facts, so that a check done again after a crash makes the same one.
fn fingerprint(claim: &Claim, now: DateTime<Utc>, findings: &[OpenFinding]) -> Fingerprint {
    let mut hasher = Sha256::new();
    hasher.update(format!("{} {} {}", claim.key, claim.notices, now.timestamp_millis()));
    for finding in findings {
        hasher.update(&finding.content);
    }
    Fingerprint::new(NoticeSeries::Change, &hasher.finalize())
}
