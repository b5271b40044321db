//! The check of a ledger: what follows from the days that were announced, made anew each day.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use crate::correspondence::LetterWriter;
use crate::model::{ApiState, Checked, EventKind, OpenFinding, Validators};
use crate::notice::{Ledger, dated};
use crate::rules::RULE_SET;
use crate::store::{CheckCommit, Claim, NewEvent, StoreError, SuccessfulCheck};

use super::outcome::{describe, said};

/// Ledgers are not all looked at in the same second after midnight.
const SPREAD: Duration = Duration::from_secs(300);

/// Makes anew what follows from the ledger today, and has it told.
pub(super) async fn check_ledger(writer: &LetterWriter<'_>, claim: &Claim) -> Result<CheckCommit, StoreError> {
    let store = &writer.shared.store;
    let entries = store.ledger(&claim.key.integration, &claim.key.api).await?;
    let (operations, down_since) = store.live_operations(&claim.key).await?;
    let ledger = Ledger {
        integration: writer.integration,
        api: writer.api,
        entries: &entries,
        operations: operations.as_deref(),
        down_since: down_since.map(|last| last.date_naive()),
        today: writer.now.date_naive(),
    };
    let findings = writer.with_overrides(dated(&ledger));
    let notice = writer.tell(claim, None, &claim.findings, &findings, None).await?;
    let needs_notice = findings.iter().any(OpenFinding::needs_notice);
    let current = entries.iter().filter(|entry| entry.ended_at.is_none() && entry.statement.date.is_some()).count();
    let (state, detail) = match (needs_notice, current) {
        (true, _) => (ApiState::Changed, describe(&findings)),
        (false, 0) => (ApiState::Verified, "no date is announced".to_owned()),
        (false, _) => (ApiState::Verified, "every date that is announced has passed or was called off".to_owned()),
    };
    let mut events: Vec<NewEvent> = findings
        .iter()
        .filter(|finding| {
            !claim.findings.iter().any(|known| known.identity == finding.identity && known.content == finding.content)
        })
        .map(|finding| NewEvent::new(EventKind::Date, format!("{}: {}", claim.key, finding.message)))
        .collect();
    events.extend(said(&claim.key, &notice));
    let next_at = tomorrow(writer.now) + SPREAD.mul_f64(writer.shared.jitter());
    Ok(CheckCommit {
        rule_set: RULE_SET,
        success: Some(SuccessfulCheck {
            validators: Validators::default(),
            full: false,
            snapshot: None,
            operations: None,
            baseline: None,
            findings: (findings != claim.findings).then_some(findings),
            ledger: Vec::new(),
            rebased: None,
            notice,
        }),
        events,
        ..CheckCommit::of(claim, Checked { state, detail, checked_at: writer.now, next_at, failures: 0 })
    })
}

/// The ledger's days are days in UTC.
fn tomorrow(now: DateTime<Utc>) -> DateTime<Utc> {
    let day = now.date_naive().succ_opt().unwrap_or(NaiveDate::MAX);
    day.and_time(NaiveTime::MIN).and_utc()
}
