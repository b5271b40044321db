//! A description that cannot be judged is told of: nobody must take its silence for "unchanged".

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use tracing::{info, warn};

use crate::model::{Api, ApiState, Integration, Mark, Notice, NoticeKind, Side, dated_subjects, in_force};
use crate::notice::{Decision, Word};
use crate::store::{FLAPPING, Outage, PlannedDelivery, StoreError};

use super::letters::Desk;
use super::shared::{Live, Shared, hex};

/// It is told again for as long as it lasts.
const AGAIN: TimeDelta = TimeDelta::days(7);

/// Tells of every outage that has lasted for long enough, once and then weekly, and when it is over. Returns how many were
/// told of.
///
/// # Errors
/// When the database does not answer.
pub async fn outages_due(shared: &Shared) -> Result<usize, StoreError> {
    let live = shared.now_live();
    let now = shared.clock.now();
    let mut told = 0;
    for outage in shared.store.outages().await? {
        let Some((integration, api)) = live.find(&outage.key) else { continue };
        let after = api.tell_operator_after.unwrap_or(live.config.mail.tell_operator_after);
        let after = TimeDelta::from_std(after).unwrap_or(TimeDelta::MAX);
        if outage.state == ApiState::Down && has_ended(shared, &outage, now).await? {
            continue;
        }
        let telling = Telling { shared, live: &live, integration, api, outage: &outage, now };
        let has_flapped = outage.times > 1;
        told += usize::from(match (outage.judged_at, outage.told_at) {
            (None, None) if outage.lasted(now) >= after => telling.begin().await?,
            (None, Some(last)) if now - last >= AGAIN => telling.begin().await?,
            // What came and went within a day is over when it has been well for a day.
            (Some(back), Some(_)) if !has_flapped || now - back >= FLAPPING => telling.end().await?,
            (Some(back), None) if now - back >= FLAPPING => telling.end().await?,
            _ => false,
        });
    }
    Ok(told)
}

/// Whether the whole API was to end by now: that nothing answers any more is no news then.
async fn has_ended(shared: &Shared, outage: &Outage, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let entries = shared.store.ledger(&outage.key.integration, &outage.key.api).await?;
    let subjects = dated_subjects(&entries);
    let whole = subjects.iter().filter(|((subject, mark, _), _)| *subject == "*" && *mark == Mark::Sunset);
    let mut days = whole.filter_map(|(_, said)| in_force(said, now)?.statement.date);
    Ok(days.any(|day| day <= now.date_naive()))
}

struct Telling<'t> {
    shared: &'t Shared,
    live: &'t Live,
    integration: &'t Integration,
    api: &'t Api,
    outage: &'t Outage,
    now: DateTime<Utc>,
}

impl Telling<'_> {
    fn notice(&self) -> Notice {
        // From facts, so that all letters of one outage are one thread.
        let name = format!("{} {}", self.outage.key, self.outage.since.timestamp_millis());
        let id = format!("U-{}", hex(Sha256::digest(name).get(..8).unwrap_or_default()));
        Notice { id, opened_at: self.outage.since, told_at: self.now }
    }

    async fn begin(&self) -> Result<bool, StoreError> {
        let Outage { state, detail, since, times, succeeded_at, told_at, .. } = self.outage;
        let (name, at) = (&self.api.name, |time: &DateTime<Utc>| time.format("%-d %B %Y, %H:%M UTC").to_string());
        let hours = self.outage.lasted(self.now).num_hours();
        let long = if hours < 48 { format!("{hours} h") } else { format!("{} days", hours / 24) };
        let still = if told_at.is_some() { "still cannot" } else { "cannot" };
        let heading = format!("{name} {still} be judged ({}), for {long}", state.name());
        let source = self.live.source(self.api, self.outage.key.surface).map(ToString::to_string).unwrap_or_default();
        let lines = vec![
            format!("Since {}: {detail}", at(since)),
            match succeeded_at {
                Some(last) => format!(
                    "It was last read on {}. What has changed since then is not known here: that nobody was written to does not \
                     mean that nothing has changed.",
                    at(last)
                ),
                None => "It was never read, so nothing is known of it here.".to_owned(),
            },
            if *times > 1 {
                format!(
                    "It came and went {times} times, each within a day of the last; the hours are those of all of them together."
                )
            } else {
                String::new()
            },
            format!("What to try: {}", advice(*state, &source)),
            format!(
                "driftd goes on trying; `driftd check-now {}/{}` tries at once. You hear of it when it is over, and weekly while it lasts.",
                self.outage.key.integration, self.outage.key.api
            ),
        ];
        let letters = self.letters(&heading, &lines);
        if letters.is_empty() {
            return Ok(false);
        }
        let text = format!("{}: {heading}; the operator and the consumers were written to", self.outage.key);
        warn!(api = %self.outage.key, state = state.name(), %since, "a description cannot be judged; people are told");
        self.shared.store.tell_outage(self.outage, &self.notice(), letters, &text).await
    }

    async fn end(&self) -> Result<bool, StoreError> {
        let Outage { since, times, judged_at, told_at, .. } = self.outage;
        let at = |time: &DateTime<Utc>| time.format("%-d %B %Y, %H:%M UTC").to_string();
        let back = judged_at.unwrap_or(self.now);
        let heading = format!("{} can be judged again", self.api.name);
        let lines = vec![
            format!("It could not be from {} to {}.", at(since), at(&back)),
            if *times > 1 { format!("It came and went {times} times in that time, and has been well for a day.") } else { String::new() },
            "It was compared with the last description that was read before: what has changed meanwhile is told in a letter of its own. \
             Nobody has to answer."
                .to_owned(),
        ];
        let letters = if told_at.is_some() { self.letters(&heading, &lines) } else { Vec::new() };
        if told_at.is_some() {
            info!(api = %self.outage.key, "a description can be judged again; people are told");
        }
        let text = format!("{}: {heading}", self.outage.key);
        Ok(self.shared.store.end_outage(self.outage, &self.notice(), letters, &text).await? && told_at.is_some())
    }

    /// The letter to the operator, and to the owner at each consumer.
    fn letters(&self, heading: &str, lines: &[String]) -> Vec<PlannedDelivery> {
        let desk = Desk {
            shared: self.shared,
            live: self.live,
            key: &self.outage.key,
            integration: self.integration,
            api: self.api,
            now: self.now,
        };
        let operator = self.live.operator();
        let mut letters: Vec<PlannedDelivery> = Vec::new();
        for (index, consumer) in self.api.consumers.iter().enumerate() {
            let word = Word {
                side: Side::Consumer,
                party: consumer.party.clone(),
                kind: NoticeKind::Outage,
                findings: Vec::new(),
                called_off: Vec::new(),
            };
            let decision = Decision { notice: self.notice(), words: vec![word], closes: true };
            let card = || (heading.to_owned(), lines.to_vec());
            letters.extend(desk.outage(&decision, None, card()));
            if index == 0 {
                letters.extend(desk.outage(&decision, Some(&operator), card()));
            }
        }
        letters
    }
}

/// What somebody can do about it.
fn advice(state: ApiState, source: &str) -> String {
    match state {
        ApiState::Down => format!(
            "fetch {source} from this machine with `curl -v`; where that fails as well, call the provider; where it works, look at \
             `auth`, proxy and certificates of this API in the configuration"
        ),
        ApiState::Blind => {
            "look at this machine: its network and resolver, the disk and the database of driftd, and the log (`journalctl -u driftd`)".to_owned()
        }
        _ => format!(
            "look at what {source} publishes (`driftd check {source}`); call the provider: others who read it have the same trouble"
        ),
    }
}
