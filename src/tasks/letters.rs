//! From what is open to finished letters: decide, plan, render, compose. Nothing here is sent or stored.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use url::Url;

use crate::mail::{Letter, bounce_address, compose, domain_of};
use crate::model::{
    Api, ChannelKind, Integration, Notice, NoticeKind, OpenFinding, Person, Rung, Side, Silence, Surface, Told, WatchKey,
};
use crate::notice::{self, Circumstances, Decision, ExchangeCard, LetterPlan, LetterView, Links, Rise, Word, plan};
use crate::render::{Appointment, calendar, chat_message, cloud_event};
use crate::store::{Claim, NoticeStep, PlannedDelivery, Standing};

use super::escalate;
use super::shared::{Live, Shared, hex, link_token};

/// Where letters come from: the configuration at work, and the description they are about.
pub(super) struct Desk<'d> {
    pub(super) shared: &'d Shared,
    pub(super) live: &'d Live,
    pub(super) key: &'d WatchKey,
    pub(super) integration: &'d Integration,
    pub(super) api: &'d Api,
    pub(super) now: DateTime<Utc>,
}

impl Desk<'_> {
    /// Findings with the integration's overrides of today applied.
    pub(super) fn weighed(&self, mut findings: Vec<OpenFinding>) -> Vec<OpenFinding> {
        let today = self.now.date_naive();
        for finding in &mut findings {
            finding.weigh(&self.integration.overrides, today);
        }
        findings
    }

    /// Decides whether anything is to be said, and writes the letters. `evidence` are the digests compared.
    pub(super) fn tell(
        &self,
        claim: &Claim,
        told: &[Told],
        (previous, current): (&[OpenFinding], &[OpenFinding]),
        evidence: Option<(&str, &str)>,
    ) -> NoticeStep {
        let open = claim.notice.as_ref();
        let standing = notice::Standing { integration: self.integration, api: self.api, open, told, previous, current };
        let Some(decision) = standing.decide(self.now, || notice_id(claim, self.now, current)) else {
            return NoticeStep::Keep;
        };
        let letters = plan(&self.circumstances(evidence), &decision);
        let mut deliveries: Vec<PlannedDelivery> = Vec::new();
        for letter in &letters {
            deliveries.extend(self.or_trouble(&decision.notice, letter));
            deliveries.extend(self.copies(letter).iter().filter_map(|copy| self.or_trouble(&decision.notice, copy)));
            match self.channels(letter) {
                Ok(planned) => deliveries.extend(planned),
                Err(problem) => _ = self.shared.trouble.set("letters", self.now, format!("{problem:#}")),
            }
        }
        let told = decision.words.iter().map(Word::told).collect();
        if decision.closes {
            let why = if current.iter().any(OpenFinding::is_told) {
                "what differs concerns nobody any more"
            } else {
                "nothing differs from the baseline any more"
            };
            NoticeStep::Close { id: decision.notice.id, why: why.to_owned(), deliveries }
        } else {
            NoticeStep::Tell { notice: decision.notice, deliveries, told }
        }
    }

    /// The letter to whoever is asked next; none where it could not be written, which status then says.
    pub(super) fn escalated(&self, standing: &Standing, silence: &Silence, rise: &Rise) -> Option<PlannedDelivery> {
        let decision = escalate::words(standing, silence, rise);
        let mut letter = plan(&self.circumstances(None), &decision).into_iter().next()?;
        let (rung, person) = rise.person.as_ref()?;
        letter.view.plain_words = matches!(rung, Rung::Role(role) if role.reads_plain_words());
        letter.to.person = person.clone();
        letter.to.deputy = None;
        letter.view.reader.clone_from(&person.name);
        letter.view.escalation = escalate::card(rise);
        self.or_trouble(&decision.notice, &letter)
    }

    /// A letter about what one side said; `to` is on the side named.
    pub(super) fn exchange(
        &self,
        standing: &Standing,
        (side, party): (Side, &str),
        to: &Person,
        card: ExchangeCard,
    ) -> Option<PlannedDelivery> {
        let decision = escalate::about(standing, (side, party), NoticeKind::Exchange, self.now);
        let mut letter = plan(&self.circumstances(None), &decision).into_iter().next()?;
        if letter.to.person != *to {
            letter.to.person = to.clone();
            letter.to.deputy = None;
            letter.view.reader.clone_from(&to.name);
        }
        letter.view.exchange = Some(card);
        self.or_trouble(&decision.notice, &letter)
    }

    /// A letter to one person that is about no description.
    pub(super) fn plain(
        &self,
        decision: &Decision<'_>,
        to: &Person,
        (heading, lines, url): (String, Vec<String>, Option<String>),
    ) -> Option<PlannedDelivery> {
        let mut letter = plan(&self.circumstances(None), decision).into_iter().next()?;
        letter.to.person = to.clone();
        letter.to.deputy = None;
        letter.view.reader.clone_from(&to.name);
        letter.view.exchange = Some(ExchangeCard { heading, lines });
        letter.view.answer_url = url;
        self.or_trouble(&decision.notice, &letter)
    }

    /// The letter of a week.
    pub(super) fn digest(&self, decision: &Decision<'_>, lines: Vec<String>) -> Option<PlannedDelivery> {
        let mut letter = plan(&self.circumstances(None), decision).into_iter().next()?;
        letter.view.digest = lines;
        self.or_trouble(&decision.notice, &letter)
    }

    fn circumstances(&self, evidence: Option<(&str, &str)>) -> Circumstances<'_> {
        Circumstances {
            integration: self.integration,
            api: self.api,
            surface: self.key.surface,
            links: Links { rules: format!("{}/rules/", self.shared.external_url) },
            evidence: evidence.map(|(before, after)| (before.to_owned(), after.to_owned())),
            catalogue: &self.shared.catalogue,
        }
    }

    /// The letter, or what is wrong with it for status to say.
    fn or_trouble(&self, notice: &Notice, letter: &LetterPlan) -> Option<PlannedDelivery> {
        match self.written(notice, letter) {
            Ok(delivery) => Some(delivery),
            Err(problem) => {
                // Configuration has checked every address and tests every template: this is ours.
                let problem = format!("{problem:#}");
                tracing::error!(notice = notice.id, to = letter.to.person.email, problem, "a letter could not be written");
                self.shared.trouble.set("letters", self.now, problem);
                None
            }
        }
    }

    /// The letter to its reader, with the same letter to whoever stands in.
    fn written(&self, notice: &Notice, letter: &LetterPlan) -> anyhow::Result<PlannedDelivery> {
        let operator = self.live.operator();
        let readers = std::iter::once(&letter.to.person).chain(&letter.to.deputy).chain([&operator]);
        let mut chain: Vec<PlannedDelivery> = Vec::new();
        for person in readers {
            if chain.iter().any(|known| known.recipient == person.email) {
                continue;
            }
            chain.push(self.one(notice, letter, person)?);
        }
        let mut chain = chain.into_iter();
        let mut first = chain.next().ok_or_else(|| anyhow::anyhow!("nobody to write to"))?;
        first.stand_ins = chain.collect();
        Ok(first)
    }

    /// The days of a letter as calendar entries; called off where the letter says that all is over.
    fn days(&self, view: &LetterView) -> Option<(String, bool)> {
        let is_cancelled = view.kind == NoticeKind::Resolved;
        let appointments: Vec<Appointment<'_>> = view
            .days
            .iter()
            .map(|entry| (entry, is_cancelled))
            .chain(view.called_off.iter().map(|entry| (entry, true)))
            .map(|((day, message), is_cancelled)| Appointment { key: self.key, api: &self.api.name, day, message, is_cancelled })
            .collect();
        let domain = domain_of(&self.live.config.mail.from);
        (!appointments.is_empty()).then(|| (calendar(&appointments, &domain, self.now), is_cancelled))
    }

    fn one(&self, notice: &Notice, letter: &LetterPlan, person: &Person) -> anyhow::Result<PlannedDelivery> {
        let side = letter.to.side;
        let stamp = self.now.timestamp_millis().to_string();
        // Two letters of one moment to one person differ in what they say.
        let what = hex(&Sha256::digest(serde_json::to_vec(&letter.view)?));
        let (party, email) = (letter.to.party.as_str(), person.email.as_str());
        let parts = [notice.id.as_str(), side.name(), party, email, stamp.as_str(), what.as_str()];
        let token = link_token(&self.shared.link_key, &parts);
        let mut view = letter.view.clone();
        let asks_nothing = matches!(view.kind, NoticeKind::Resolved | NoticeKind::Digest | NoticeKind::Attest);
        let answerable = !asks_nothing && view.copy_of.is_none();
        if answerable {
            view.answer_url = Some(format!("{}/answer/{token}", self.shared.external_url));
        }
        if person.email != letter.to.person.email {
            view.stands_in_for = Some(letter.to.person.name.clone());
            view.reader = person.name.clone();
        }
        if self.key.surface == Surface::Ledger {
            view.calendar_url = Some(calendar_url(self.shared, &self.integration.id, &letter.to.party));
        }
        let rendered = self.shared.renderer.letter(&view)?;
        let from = self.live.config.mail.from.clone();
        let sender = match &self.live.config.mail.bounces {
            // Not the answer's token: envelopes are seen by every system on the way.
            Some(bounces) => {
                bounce_address(bounces, &link_token(&self.shared.link_key, &[&["bounce"], parts.as_slice()].concat()))
            }
            None => from.rsplit('<').next().unwrap_or(&from).trim_end_matches('>').trim().to_owned(),
        };
        // Whoever has to act is never left asleep.
        let can_wait = asks_nothing || (view.breaking == 0 && view.escalation.is_none() && view.exchange.is_none());
        let party = self.integration.party(party).filter(|_| can_wait);
        let not_before = party.and_then(|party| party.calendar.quiet_until(self.now));
        let operator = self.live.operator();
        let message = compose(&Letter {
            from,
            to: (person.name.clone(), person.email.clone()),
            // Not the other side: a reply quotes the letter, and with it the link that answers for the reader.
            reply_to: Some((operator.name, operator.email)),
            subject: rendered.subject.clone(),
            text: rendered.text,
            html: rendered.html,
            date: self.now,
            id: format!(
                "{}.{}.{}.{}",
                notice.id.to_ascii_lowercase(),
                view.kind.name(),
                side.name(),
                token.get(..8).unwrap_or(&token)
            ),
            thread: format!("{}.thread", notice.id.to_ascii_lowercase()),
            list: format!("{}.{}", slug(&self.key.api), slug(&self.key.integration)),
            notice: notice.id.clone(),
            calendar: self.days(&view),
        })?;
        Ok(PlannedDelivery {
            kind: view.kind,
            side,
            party: letter.to.party.clone(),
            name: person.name.clone(),
            recipient: person.email.clone(),
            sender,
            subject: rendered.subject,
            message,
            token: answerable.then_some(token),
            stand_ins: Vec::new(),
            channel: None,
            not_before,
        })
    }

    /// A letter for everybody of the party who is kept informed, in the words of their role.
    fn copies(&self, letter: &LetterPlan) -> Vec<LetterPlan> {
        let Some(party) = self.integration.party(&letter.to.party) else { return Vec::new() };
        let readers =
            party.contacts.iter().filter(|(_, contact)| contact.informed && contact.person.email != letter.to.person.email);
        readers
            .map(|(role, contact)| {
                let mut copy = letter.clone();
                copy.to.person = contact.person.clone();
                copy.to.deputy.clone_from(&contact.deputy);
                copy.view.copy_of = Some(letter.to.person.name.clone());
                copy.view.reader.clone_from(&contact.person.name);
                copy.view.plain_words = role.reads_plain_words();
                copy
            })
            .collect()
    }

    /// What the programs of a party are told beside its letter.
    fn channels(&self, letter: &LetterPlan) -> anyhow::Result<Vec<PlannedDelivery>> {
        let Some(party) = self.integration.party(&letter.to.party) else { return Ok(Vec::new()) };
        let view = &letter.view;
        let mut planned = Vec::new();
        for channel in &party.channels {
            let stamp = self.now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
            let name = format!("{}/{}/{}", self.integration.id, party.id, channel.name);
            let what = hex(&Sha256::digest(serde_json::to_vec(view)?));
            let id = link_token(&self.shared.link_key, &["event", &view.notice, &name, &stamp, &what]);
            let subject = self.shared.renderer.subject(view);
            let body = match channel.kind {
                ChannelKind::Webhook => cloud_event(view, self.key, &self.shared.external_url, &id, &stamp),
                ChannelKind::Slack => chat_message(view, &subject),
            };
            planned.push(PlannedDelivery {
                kind: view.kind,
                side: letter.to.side,
                party: party.id.clone(),
                name: channel.name.clone(),
                recipient: name.clone(),
                sender: id,
                subject,
                message: serde_json::to_vec(&body)?,
                token: None,
                stand_ins: Vec::new(),
                channel: Some(name),
                not_before: None,
            });
        }
        Ok(planned)
    }
}

/// Where a party subscribes to the days that concern it. Whoever knows the address can read them.
fn calendar_url(shared: &Shared, integration: &str, party: &str) -> String {
    let file = format!("{}.ics", calendar_token(shared, integration, party));
    let mut path = Url::parse("http://x/calendar").ok();
    if let Some(mut segments) = path.as_mut().and_then(|url| url.path_segments_mut().ok()) {
        segments.extend([integration, party, &file]);
    }
    format!("{}{}", shared.external_url, path.as_ref().map_or("", Url::path))
}

/// What the address of a party's calendar ends with: not to be guessed.
pub fn calendar_token(shared: &Shared, integration: &str, party: &str) -> String {
    link_token(&shared.link_key, &["calendar", integration, party])
}

/// The id both letters share: from facts, so that a check done again after a crash gives it again.
fn notice_id(claim: &Claim, now: DateTime<Utc>, findings: &[OpenFinding]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(format!("{} {} {}", claim.key, claim.notices, now.timestamp_millis()));
    for finding in findings {
        hasher.update(&finding.content);
    }
    format!("N-{}", hex(hasher.finalize().get(..4).unwrap_or_default()))
}

fn slug(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}
