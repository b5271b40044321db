//! The weekly digest: one letter for each party of an integration, and only where there is something to say.

use std::collections::HashSet;

use chrono::{DateTime, Datelike as _, Days, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use sha2::{Digest as _, Sha256};

use crate::model::{
    Fingerprint, Integration, LastTold, NoticeKind, NoticeSeries, OpenFinding, OpenNotice, Party, Surface, WatchKey,
};
use crate::notice::{Decision, PartyMessage, Week, digest_lines, waiting};
use crate::state::{ActiveConfig, AppState, TroublePart};
use crate::store::{KEPT_FOR_DIGEST, StoreError};

use super::writer::LetterWriter;

/// So long may a check take whose findings belong to the week that is over.
const LATE: TimeDelta = TimeDelta::minutes(15);

/// The hour of the party's morning at which a week ends.
const HOUR: u32 = 7;

/// Digests that were looked at: what happened in a week that is over stays as it is.
#[derive(Debug, Default)]
pub struct WrittenDigests(HashSet<Fingerprint>);

/// When the last week of a party ended: its morning of that day of the week.
fn last_end(now: DateTime<Utc>, day: Weekday, zone: Tz) -> Option<DateTime<Tz>> {
    let today = now.with_timezone(&zone).date_naive();
    let since = today.weekday().days_since(day);
    let morning = |days: u64| {
        let date = today.checked_sub_days(Days::new(days))?;
        date.and_hms_opt(HOUR, 0, 0)?.and_local_timezone(zone).earliest()
    };
    morning(u64::from(since)).filter(|end| *end <= now).or_else(|| morning(u64::from(since) + 7))
}

/// Writes the digest of each party, once a week; also when the daemon was not there on the day. Returns how many
/// letters were written.
///
/// # Errors
/// When the database does not answer.
pub async fn digest_due(shared: &AppState, done: &mut WrittenDigests) -> Result<usize, StoreError> {
    let active = shared.active();
    let now = shared.clock.now();
    let mut written = 0;
    shared.trouble.clear(&TroublePart::Digest);
    for integration in &active.config.integrations {
        let Some(day) = integration.agreement.digest else { continue };
        for party in integration.parties.values() {
            let zone = party.calendar.zone;
            let Some(until) = last_end(now - LATE, day, zone) else { continue };
            // From facts, so that it is written once however often the week is looked at.
            let name = format!("{} {} {}", integration.id, party.id, until.date_naive());
            let fingerprint = Fingerprint::new(NoticeSeries::Digest, &Sha256::digest(name));
            if !done.0.contains(&fingerprint) {
                // All that no digest told yet, however long the daemon was away.
                let until = until.to_utc();
                let last = shared.store.last_digest(&integration.id, &party.id).await?;
                let since = last.map_or(until - KEPT_FOR_DIGEST, |last| last.max(until - KEPT_FOR_DIGEST));
                let digest = Digest { integration, party, since, until, fingerprint: &fingerprint };
                match digest.write(shared, &active).await {
                    Ok(is_written) => {
                        written += usize::from(is_written);
                        done.0.insert(fingerprint);
                    }
                    // One damaged row costs nobody else a digest.
                    Err(problem) if problem.is_one_row() => {
                        shared.trouble.set(TroublePart::Digest, now, problem.to_string());
                    }
                    Err(problem) => return Err(problem),
                }
            }
        }
    }
    Ok(written)
}

/// One digest that is due.
struct Digest<'d> {
    integration: &'d Integration,
    party: &'d Party,
    /// When the last one ended.
    since: DateTime<Utc>,
    until: DateTime<Utc>,
    fingerprint: &'d Fingerprint,
}

impl Digest<'_> {
    async fn write(self, shared: &AppState, active: &ActiveConfig) -> Result<bool, StoreError> {
        let Self { integration, party, since, until, fingerprint } = self;
        let name = shared.store.name_notice(fingerprint).await?;
        if name.is_known {
            return Ok(false);
        }
        let now = shared.clock.now();
        let mut lines = Vec::new();
        let mut about = None;
        let open = shared.store.open_notices(&integration.id).await?;
        let mut told: Vec<(String, LastTold)> = Vec::new();
        for api in &integration.apis {
            let Some(side) = api.side_of(&party.id) else { continue };
            let key = WatchKey { integration: integration.id.clone(), api: api.id.clone(), surface: Surface::Live };
            let entries = shared.store.ledger(&key.integration, &key.api).await?;
            let findings = shared.store.findings_for_digest(&key.integration, &key.api).await?;
            let of_this = open.iter().filter(|open| open.key.api == api.id);
            let of_the_week = |open: &'_ OpenNotice, finding: &OpenFinding| {
                // What was seen after the week belongs to the next, whenever this is written.
                open.seen.get(&finding.identity).is_none_or(|seen| *seen <= until)
            };
            let waiting = of_this.map(|open| {
                let mut findings = waiting(open, api, side, &party.id);
                findings.retain(|finding| of_the_week(open, finding));
                (open.notice.id.as_str(), findings)
            });
            let waiting: Vec<(&str, Vec<&OpenFinding>)> = waiting.collect();
            for (notice, findings) in waiting.iter().filter(|(_, findings)| !findings.is_empty()) {
                let message = PartyMessage::about(side, &party.id, NoticeKind::Updated, findings.clone());
                told.push(((*notice).to_owned(), message.told()));
            }
            let week = Week { api, entries: &entries, findings: &findings, waiting: &waiting, since, until };
            let found = digest_lines(&week, side, &party.id);
            if !found.is_empty() && about.is_none() {
                about = Some((key, api, side));
            }
            lines.extend(found);
        }
        let Some((key, api, side)) = about else { return Ok(false) };
        let writer = LetterWriter { shared, active, key: &key, integration, api, now };
        let notice = name.notice(now, until);
        let message = PartyMessage::about(side, &party.id, NoticeKind::Digest, Vec::new());
        let decision = Decision { notice, messages: vec![message], closes: true };
        let Some(letter) = writer.digest(&decision, lines) else { return Ok(false) };
        shared.store.write_digest(&key, &decision.notice, letter, told).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_ends_in_the_morning_of_its_party() {
        let end = |now: &str, zone: Tz| {
            let now: DateTime<Utc> = now.parse().expect("a time");
            last_end(now, Weekday::Mon, zone).map(|end| end.to_utc().format("%F %H:%M").to_string()).expect("an end")
        };
        assert_eq!(end("2026-01-19T06:59:59Z", Tz::UTC), "2026-01-12 07:00", "not yet");
        assert_eq!(end("2026-01-19T07:00:00Z", Tz::UTC), "2026-01-19 07:00");
        assert_eq!(end("2026-01-25T23:00:00Z", Tz::UTC), "2026-01-19 07:00", "away on the day");
        assert_eq!(end("2026-01-18T18:30:00Z", Tz::Pacific__Auckland), "2026-01-18 18:00", "where it is Monday already");
        // The clocks of Berlin went forward on Sunday, 29 March 2026.
        assert_eq!(end("2026-03-29T12:00:00Z", Tz::Europe__Berlin), "2026-03-23 06:00");
        assert_eq!(end("2026-03-30T12:00:00Z", Tz::Europe__Berlin), "2026-03-30 05:00");
    }
}
