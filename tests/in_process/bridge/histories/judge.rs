//! What must hold whatever happened in a history.

use crate::support::NOTHING;
use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use driftd::correspondence::confirmations_due;
use driftd::model::{ApiState, Clock as _, OpenFinding, Surface};
use driftd::notice::{Impact, impact, waiting};
use sqlx::Connection as _;

use super::{Conflict, History, digest, header, versions};

impl History<'_> {
    /// What is compared with, and what was read last, is a version that was published whole; and right after a look that could
    /// read it, it is the one that is published.
    pub(super) async fn believes_only_what_is_whole(&self) {
        let whole: Vec<String> = versions().iter().map(digest).collect();
        let overview = self.shared.store.overview().await.expect("the overview");
        let active = overview.watches.iter().find(|watch| watch.key.surface == Surface::Live).expect("the live description");
        for known in [&active.baseline, &active.latest].into_iter().flatten() {
            assert!(whole.contains(known), "{known} was never published whole");
        }
        assert_eq!(
            active.latest.as_ref(),
            whole.get(self.published),
            "what is published was not read: {} ({})",
            active.state.name(),
            active.detail
        );
    }

    /// What is recorded together, wherever it was cut.
    pub(super) async fn belongs_together(&self) {
        let mut database = self.database().await;
        for (what, query) in [
            (
                "a step without its letter",
                // Nobody is on call at the provider.
                "SELECT e.notice || ' ' || e.party || ' ' || e.step FROM escalation e WHERE NOT (e.party = 'p' AND e.step = 1)
                   AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.notice = e.notice AND d.side = e.side AND d.party = e.party
                     AND d.kind IN ('escalated', 'exchange') AND d.created_at = e.at)",
            ),
            (
                "a request for time that nobody heard of",
                "SELECT p.notice || ' ' || p.id FROM proposal p
                 WHERE NOT EXISTS (SELECT 1 FROM delivery d WHERE d.notice = p.notice AND d.side <> p.side AND d.kind = 'exchange'
                   AND d.created_at = p.at)",
            ),
            (
                "a decision that whoever asked did not hear of",
                "SELECT p.notice || ' ' || p.id FROM proposal p WHERE p.agreed IS NOT NULL AND p.decided_by NOT LIKE '% instead'
                   AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.notice = p.notice AND d.side = p.side AND d.kind = 'exchange'
                     AND d.created_at = p.decided_at)",
            ),
            (
                "an agreed day that is followed by nobody",
                "SELECT p.notice || ' ' || p.id FROM proposal p JOIN notice n ON n.id = p.notice JOIN watch w ON w.id = n.watch WHERE p.agreed = 1 AND w.surface = 'live'
                   AND NOT EXISTS (SELECT 1 FROM acknowledgement a WHERE a.notice = p.notice AND a.party = p.party AND a.at >= p.decided_at)",
            ),
            (
                "an acceptance that closed nothing, or closed it without a word",
                "SELECT n.id FROM notice n WHERE n.closed_why = 'accepted by every consumer'
                   AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.notice = n.id AND d.kind = 'resolved' AND d.created_at = n.closed_at)",
            ),
            (
                "an address that is dead, and whoever stands in still waits",
                "SELECT d.notice || ' ' || d.recipient FROM delivery d JOIN delivery s ON s.stands_in_for = d.id
                   JOIN notice n ON n.id = d.notice
                 WHERE d.state = 'dead-address' AND s.state = 'standby' AND n.closed_at IS NULL",
            ),
        ] {
            let found: Vec<String> = sqlx::query_scalar(query).fetch_all(&mut database).await.expect(query);
            assert_eq!(found, NOTHING, "{what}");
        }
        for Conflict { notice, party, at } in &self.conflicts {
            let said: i64 = sqlx::query_scalar(
                "SELECT COUNT(*) FROM acknowledgement a WHERE a.notice = $1 AND a.party = $2 AND a.at = $3 AND a.answer = 'ours'
                   AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.notice = a.notice AND d.kind = 'exchange' AND d.created_at = a.at)",
            )
            .bind(notice)
            .bind(party)
            .bind(at)
            .fetch_one(&mut database)
            .await
            .expect("answers");
            assert_eq!(said, 0, "{party} is late by its own words under {notice}, and nobody was told");
        }
        database.close().await.expect("closed");
    }

    /// The operator has been told of every address that letters come back from, since the last one that arrived there.
    pub(super) async fn dead_addresses_are_told(&self) {
        confirmations_due(&self.shared).await.expect("letters to the operator");
        let mut database = self.database().await;
        for (address, first, _) in self.shared.store.unreachable().await.expect("addresses") {
            if address == "ops@x.example" || !self.is_configured(&address) {
                continue;
            }
            let letters: Vec<Vec<u8>> = sqlx::query_scalar(
                "SELECT message FROM delivery WHERE kind = 'attest' AND recipient = 'ops@x.example' AND id > $1",
            )
            .bind(first)
            .fetch_all(&mut database)
            .await
            .expect("letters");
            let is_told = |letter: &Vec<u8>| String::from_utf8_lossy(letter).replace("=\r\n", "").contains(&address);
            assert!(letters.iter().any(is_told), "the operator does not know that {address} is dead");
        }
        database.close().await.expect("closed");
    }

    /// What breaks nothing and was not told yet is younger than a week and a check; where nobody gets a digest, a day.
    pub(super) async fn nothing_waits_too_long(&self) {
        let api = &self.stock.active[self.config].config.integrations[0].apis[0];
        let now = self.clock.now();
        let overview = self.shared.store.overview().await.expect("the overview");
        for open in self.shared.store.open_notices("i").await.expect("open notices") {
            let watch = overview.watches.iter().find(|watch| watch.key == open.key).expect("a watch");
            // Where nothing could be judged, or was by a configuration that is no more, nothing was decided.
            if !matches!(watch.state, ApiState::Verified | ApiState::Changed)
                || watch.checked_at != Some(now)
                || self.configured_at == now
            {
                continue;
            }
            for told in &open.told {
                for late in waiting(&open, api, told.side, &told.party) {
                    let (_, since) = watch.findings.iter().find(|(known, _)| known.identity == late.identity).expect("a finding");
                    // A day more for whom the digest came into force the day before.
                    assert!(now - *since <= TimeDelta::days(8), "{} was not told of {} since {since}", told.party, late.message);
                }
            }
        }
    }

    /// Nobody is written to about a notice more than once on a day, but of what breaks, what was called off and what eased.
    async fn once_a_day(&self) {
        let mut database = self.database().await;
        let letters: Vec<(String, String, i64, Vec<u8>)> = sqlx::query_as(
            "SELECT notice, recipient, created_at / 86400000, message FROM delivery
             WHERE kind IN ('updated', 'reminder', 'escalated') AND stands_in_for IS NULL AND channel IS NULL",
        )
        .fetch_all(&mut database)
        .await
        .expect("letters");
        let cannot_wait = |text: &str| {
            let breaks = text
                .split_once("New since the last letter: ")
                .is_some_and(|(_, new)| new.chars().take(14).collect::<String>().contains("breaking"));
            breaks || text.contains("brought forward") || text.contains("CALLED OFF") || text.contains("It comes and goes")
        };
        let mut seen = BTreeSet::new();
        for (notice, recipient, day, message) in letters {
            let text = String::from_utf8_lossy(&message).replace("=\r\n", "");
            if !cannot_wait(&text) {
                assert!(
                    seen.insert((notice.clone(), recipient.clone(), day)),
                    "{recipient} hears twice of {notice} on a day: {text}"
                );
            }
        }
        database.close().await.expect("closed");
    }

    fn is_configured(&self, address: &str) -> bool {
        let people =
            self.stock.active[self.config].config.integrations.iter().flat_map(|integration| integration.parties.values());
        let mut people =
            people.flat_map(|party| party.contacts.values()).flat_map(|contact| [Some(&contact.person), contact.deputy.as_ref()]);
        people.any(|person| person.is_some_and(|person| person.email == address))
    }

    /// What must hold whatever happened.
    pub(super) async fn judge(&self) {
        self.belongs_together().await;
        self.once_a_day().await;
        let overview = self.shared.store.overview().await.expect("the overview");
        assert_eq!(overview.oldest_undelivered, None, "a letter was left");
        let (pending, damaged) = self.shared.store.unanswered_notices().await.expect("open notices");
        assert_eq!(damaged, NOTHING);
        for watch in &overview.watches {
            let told: Vec<&str> = watch
                .findings
                .iter()
                .filter(|(finding, _)| finding.needs_notice())
                .map(|(finding, _)| finding.identity.as_str())
                .collect();
            let open = pending.iter().find(|silent| silent.key == watch.key);
            if told.is_empty() {
                assert!(open.is_none(), "{}: a notice is open about nothing", watch.key);
                continue;
            }
            let open = open.unwrap_or_else(|| panic!("{}: no notice tells of {told:?}", watch.key));
            let open = self.shared.store.open_notice(&open.notice).await.expect("a standing").expect("an open notice");
            let concerns = |finding: &OpenFinding| {
                let api = &self.stock.active[self.config].config.integrations[0].apis[0];
                let consumer = api.consumers.iter().find(|consumer| consumer.party == "d").expect("the second consumer");
                impact(&finding.used_by, consumer) > Impact::NotUsed
            };
            let of_d: BTreeSet<&str> = watch
                .findings
                .iter()
                .filter(|(finding, _)| concerns(finding))
                .map(|(finding, _)| finding.identity.as_str())
                .collect();
            for party in ["c", "d", "p"] {
                let told = told.iter().filter(|identity| party != "d" || of_d.contains(*identity)).collect::<Vec<_>>();
                if told.is_empty() {
                    continue;
                }
                let known = open.told.iter().find(|told| told.party == party).map(|told| &told.findings);
                for identity in told {
                    assert!(
                        known.is_some_and(|known| known.contains_key(*identity)),
                        "{}: {party} was not told of {identity}",
                        watch.key
                    );
                }
                // Somebody on the side has it, or the gap is known: then the operator has it.
                let notice = overview.notices.iter().find(|notice| notice.id == open.notice.id).expect("the notice");
                let letters = || notice.deliveries.iter().filter(|letter| letter.party == party);
                assert!(letters().any(|letter| letter.sent_at.is_some()), "{}: nobody at {party} has a letter", watch.key);
            }
        }
        // A letter that opens a notice goes to one person of a party once, until it is over for that party; whoever stands in gets
        // the same one.
        let mut since_over: BTreeMap<(String, String), usize> = BTreeMap::new();
        let mut opened: BTreeMap<(String, String), usize> = BTreeMap::new();
        for taken in &self.taken {
            let (notice, subject) = (header(&taken.text, "X-Driftd-Notice"), header(&taken.text, "Subject"));
            if notice.starts_with("U-") {
                // That it cannot be judged, and that it can be again, are told under one number.
                continue;
            }
            let reader = (notice, taken.recipient.clone());
            let count = since_over.entry(reader.clone()).or_default();
            if subject.starts_with("[driftd: resolved]") || subject.starts_with("[driftd: accepted]") {
                *count = 0;
            } else if subject.starts_with("[driftd] ") {
                *count += 1;
            }
            let most = opened.entry(reader).or_default();
            *most = (*most).max(*count);
        }
        for ((notice, recipient), count) in opened {
            // A letter that came back is sent once more when somebody has perhaps mended the address.
            let came_back = self.bounced.get(&recipient).copied().unwrap_or_default();
            let most = came_back + if recipient == "ops@x.example" { 2 } else { 1 };
            assert!(count <= most, "{recipient} was told {count} times that {notice} is open");
        }
        for silent in &pending {
            for silence in &silent.pending {
                let mut taken: Vec<_> =
                    silence.steps_taken.iter().map(|steps_taken| (steps_taken.asked_at, steps_taken.place.number())).collect();
                taken.sort_unstable();
                let count = taken.len();
                taken.dedup();
                assert_eq!(taken.len(), count, "a step was taken twice");
            }
        }
    }
}
