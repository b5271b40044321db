//! A description that cannot be judged is told of: nobody must take its silence for "unchanged".

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use tracing::{info, warn};

use crate::model::{
    Api, ApiState, DateKind, Fingerprint, Integration, Notice, NoticeKind, NoticeSeries, Person, Side, Surface, WatchKey,
    dated_subjects, in_force,
};
use crate::notice::{Decision, MessageCard, PartyMessage, stamp};
use crate::state::{ActiveConfig, AppState, is_recent};
use crate::store::{NoticeName, Outage, PlannedDelivery, StoreError};

use super::one_row::done_or_skipped;
use super::writer::LetterWriter;

/// It is told again for as long as it lasts.
const AGAIN: TimeDelta = TimeDelta::days(7);

/// So long the news that one is over waits for others that driftd itself could not judge: they mostly end together.
const TOGETHER: TimeDelta = TimeDelta::hours(1);

/// Other descriptions that a letter names.
const NAMED: usize = 50;

/// Tells of every outage that has lasted for long enough, once and then weekly, and when it is over. What is to be told to one
/// reader at one time is one letter. Returns how many were told of.
///
/// # Errors
/// When the database does not answer.
pub async fn outages_due(shared: &AppState) -> Result<usize, StoreError> {
    let active = shared.active();
    let now = shared.clock.now();
    let (mut begun, mut ours, mut over) = (Vec::new(), Vec::new(), Vec::new());
    for outage in shared.store.outages().await? {
        let Some((integration, api)) = active.find(&outage.key) else { continue };
        let name = match shared.store.name_notice(&fingerprint(&outage)).await {
            Err(problem) if problem.is_one_row() => {
                warn!(%problem, api = %outage.key, "an outage cannot be told of now");
                continue;
            }
            named => named?,
        };
        let telling = Telling { shared, active: &active, integration, api, outage, name, now };
        match telling.outage.judged_at {
            None if telling.outage.state == ApiState::Blind => ours.push(telling),
            None if telling.is_due() => match telling.has_ended().await {
                Ok(has_ended) => begun.extend((!has_ended).then_some(telling)),
                // Status tells of a damaged row; it costs no other description its letter.
                Err(problem) if problem.is_one_row() => warn!(%problem, "whether an API was to end cannot be looked up"),
                Err(problem) => return Err(problem),
            },
            None => {}
            Some(back) => over.push((back, telling)),
        }
    }
    // What came and went within a day is over when it has been well for a day.
    let others_last = !ours.is_empty();
    over.retain(|(back, telling)| {
        let is_single = telling.outage.told_at.is_some() && telling.outage.times == 1;
        let waits = others_last && now - *back < TOGETHER;
        !is_recent(*back, now) || (is_single && !waits)
    });
    // What driftd itself cannot do for one API it mostly cannot do for any: where one is told of, all are.
    if ours.iter().any(Telling::is_due) {
        begun.append(&mut ours);
    }
    let mut told = 0;
    for (telling, letters) in together(&begun, Telling::begun) {
        told += usize::from(done_or_skipped(telling.begin(letters).await)?);
    }
    let over: Vec<Telling<'_>> = over.into_iter().map(|(_, telling)| telling).collect();
    let (heard, unheard): (Vec<_>, Vec<_>) = over.into_iter().partition(|telling| telling.outage.told_at.is_some());
    for (telling, letters) in together(&heard, Telling::over) {
        told += usize::from(done_or_skipped(telling.end(letters).await)?);
    }
    for telling in &unheard {
        done_or_skipped(telling.end(Vec::new()).await)?;
    }
    Ok(told)
}

/// What is told to anybody, with the letters of each: a reader whom several concern has one letter, which names the others.
fn together<'t, 's>(
    tellings: &'t [Telling<'s>],
    card: impl Fn(&Telling<'s>) -> MessageCard,
) -> Vec<(&'t Telling<'s>, Vec<PlannedDelivery>)> {
    let mut readers: BTreeMap<String, Vec<(&Telling<'_>, &str, Person)>> = BTreeMap::new();
    for telling in tellings {
        for (party, person) in telling.readers() {
            readers.entry(person.email.to_ascii_lowercase()).or_default().push((telling, party, person));
        }
    }
    let mut letters: BTreeMap<&WatchKey, Vec<PlannedDelivery>> = BTreeMap::new();
    for theirs in readers.values() {
        let Some(((first, party, person), others)) = theirs.split_first() else { continue };
        let others: Vec<String> = others.iter().map(|(other, ..)| other.name()).collect();
        let Some(letter) = first.letter(party, person, with_others(card(first), &others)) else { continue };
        letters.entry(&first.outage.key).or_default().push(letter);
        // Only what stands in a letter is told.
        for (other, ..) in theirs {
            letters.entry(&other.outage.key).or_default();
        }
    }
    let told = tellings.iter().filter_map(|telling| Some((telling, letters.remove(&telling.outage.key)?)));
    told.collect()
}

fn with_others(card: MessageCard, others: &[String]) -> MessageCard {
    if others.is_empty() {
        return card;
    }
    let MessageCard { tag, heading, mut lines, asks } = card;
    let mut named = others.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if others.len() > NAMED {
        named.push_str(&format!(" and {} more", others.len() - NAMED));
    }
    lines.insert(0, format!("The same goes for {named}; status says more of each."));
    MessageCard { tag, heading: format!("{heading}, and {} more", others.len()), lines, asks }
}

struct Telling<'t> {
    shared: &'t AppState,
    active: &'t ActiveConfig,
    integration: &'t Integration,
    api: &'t Api,
    outage: Outage,
    /// How the notice of its letters is called.
    name: NoticeName,
    now: DateTime<Utc>,
}

/// What the notice of an outage is made of: facts, so that all letters of one outage are one thread.
fn fingerprint(outage: &Outage) -> Fingerprint {
    let name = format!("{} {}", outage.key, outage.since.timestamp_millis());
    Fingerprint::new(NoticeSeries::Outage, &Sha256::digest(name))
}

impl Telling<'_> {
    fn name(&self) -> String {
        format!("{} ({})", self.subject(), self.integration.name)
    }

    fn subject(&self) -> String {
        match self.outage.key.surface {
            Surface::Live => self.api.name.clone(),
            Surface::Upcoming => format!("The upcoming description of {}", self.api.name),
            Surface::Ledger => format!("The ledger of {}", self.api.name),
        }
    }

    /// Whether it is to be told of, for the first time or again.
    fn is_due(&self) -> bool {
        let after = self.api.tell_operator_after.unwrap_or(self.active.config.mail.tell_operator_after);
        let after = TimeDelta::from_std(after).unwrap_or(TimeDelta::MAX);
        match self.outage.told_at {
            None => self.outage.lasted(self.now) >= after,
            Some(last) => self.now - last >= AGAIN || last > self.now,
        }
    }

    /// Whether the whole API was to end by now: that nothing answers any more is no news then.
    async fn has_ended(&self) -> Result<bool, StoreError> {
        if self.outage.state != ApiState::Down {
            return Ok(false);
        }
        let entries = self.shared.store.ledger(&self.outage.key.integration, &self.outage.key.api).await?;
        let subjects = dated_subjects(&entries);
        let whole = subjects.iter().filter(|((subject, mark, _), _)| *subject == "*" && *mark == DateKind::Sunset);
        let mut days = whole.filter_map(|(_, said)| in_force(said, self.now)?.statement.date);
        Ok(days.any(|day| day <= self.now.date_naive()))
    }

    fn notice(&self) -> Notice {
        self.name.notice(self.outage.since, self.now)
    }

    /// How it is, in a word: until it counts as down, what had been seen before still stands as its state.
    fn state(&self) -> ApiState {
        match self.outage.state {
            ApiState::Verified | ApiState::Changed | ApiState::New => ApiState::Down,
            state => state,
        }
    }

    /// That it cannot be judged.
    fn begun(&self) -> MessageCard {
        let Outage { detail, since, times, succeeded_at, told_at, key, .. } = &self.outage;
        let minutes = self.outage.lasted(self.now).num_minutes();
        let long = match minutes {
            ..120 => format!("{minutes} min"),
            120..2880 => format!("{} h", minutes / 60),
            _ => format!("{} days", minutes / 1440),
        };
        let still = if told_at.is_some() { "still cannot" } else { "cannot" };
        let heading = format!("{} {still} be judged ({}), for {long}", self.subject(), self.state().name());
        let source = self.active.source(self.api, key.surface).map(ToString::to_string).unwrap_or_default();
        let lines = vec![
            format!("Since {}: {detail}", stamp(*since)),
            match succeeded_at {
                Some(last) => format!(
                    "It was last read on {}. What has changed since then is not known here: that nobody was written to does not \
                     mean that nothing has changed.",
                    stamp(*last)
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
            format!("What to try: {}", advice(self.state(), &source)),
            format!(
                "driftd goes on trying; `driftd check-now {}/{}` tries at once. You hear of it when it is over, and weekly while it lasts.",
                key.integration, key.api
            ),
        ];
        MessageCard { tag: "cannot be judged", heading, lines, asks: false }
    }

    /// That it can be judged again.
    fn over(&self) -> MessageCard {
        let Outage { since, times, judged_at, .. } = &self.outage;
        let lines = vec![
            format!("It could not be from {} to {}.", stamp(*since), stamp(judged_at.unwrap_or(self.now))),
            if *times > 1 {
                format!("It came and went {times} times in that time, and has been well for a day.")
            } else {
                String::new()
            },
            "It was compared with the last description that was read before: what has changed meanwhile is told in a letter of its own. \
             Nobody has to answer."
                .to_owned(),
        ];
        MessageCard { tag: "judged again", heading: format!("{} can be judged again", self.subject()), lines, asks: false }
    }

    async fn begin(&self, letters: Vec<PlannedDelivery>) -> Result<bool, StoreError> {
        let heading = self.begun().heading;
        let text = format!("{}: {heading}; the operator and the consumers were written to", self.outage.key);
        warn!(api = %self.outage.key, state = self.state().name(), since = %self.outage.since, "a description cannot be judged; people are told");
        self.shared.store.tell_outage(&self.outage, &self.notice(), letters, &text).await
    }

    async fn end(&self, letters: Vec<PlannedDelivery>) -> Result<bool, StoreError> {
        let is_known = self.outage.told_at.is_some();
        if is_known {
            info!(api = %self.outage.key, "a description can be judged again; people are told");
        }
        let heading = self.over().heading;
        let text = format!("{}: {heading}", self.outage.key);
        Ok(self.shared.store.end_outage(&self.outage, &self.notice(), letters, &text).await? && is_known)
    }

    /// The owner at each consumer, with the party, and the operator.
    fn readers(&self) -> Vec<(&str, Person)> {
        let mut readers: Vec<(&str, Person)> = Vec::new();
        for consumer in &self.api.consumers {
            let owner = self.integration.party(&consumer.party).and_then(|party| party.owner(Side::Consumer));
            let owner = owner.map(|(_, contact)| contact.person.clone());
            for person in owner.into_iter().chain([self.active.operator()]) {
                if !readers.iter().any(|(_, known)| known.email.eq_ignore_ascii_case(&person.email)) {
                    readers.push((consumer.party.as_str(), person));
                }
            }
        }
        readers
    }

    fn letter(&self, party: &str, to: &Person, card: MessageCard) -> Option<PlannedDelivery> {
        let message = PartyMessage::about(Side::Consumer, party, NoticeKind::Outage, Vec::new());
        let decision = Decision { notice: self.notice(), messages: vec![message], closes: true };
        let writer = LetterWriter {
            shared: self.shared,
            active: self.active,
            key: &self.outage.key,
            integration: self.integration,
            api: self.api,
            now: self.now,
        };
        writer.card(&decision, to, card, None)
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
