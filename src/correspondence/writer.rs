//! From what is to be said to finished letters: plan, render, compose. Nothing here is sent or stored.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use url::Url;

use crate::mail::{CalendarPart, Letter, NamedAddress, compose, domain_of};
use crate::model::{
    Api, ChannelKind, ChannelName, EscalationTarget, Integration, LastTold, LetterQuestion, Notice, NoticeKind, OpenFinding,
    OpenNotice, PendingAnswer, Person, Side, Surface, WatchKey,
};
use crate::notice::{
    Circumstances, Decision, Ending, LetterPlan, LetterView, Links, MessageCard, PlannedEscalation, Room, escalation_card, plan,
    restated, restated_to_next, waiting,
};
use crate::render::{Appointment, Publisher, calendar, chat_message, cloud_event};
use crate::state::{ActiveConfig, AppState, TroublePart, hex, link_token};
use crate::store::{PlannedDelivery, Reader};

/// Mail programs clip what is longer, and relays refuse it, bytes.
const LARGEST_LETTER: usize = 100_000;

/// A letter is read, not searched, lines of its text.
const LONGEST_LETTER: usize = 120;

/// What a letter is written from: the configuration that is active, the API it is about, and the moment.
pub(crate) struct LetterWriter<'d> {
    pub(crate) shared: &'d AppState,
    pub(crate) active: &'d ActiveConfig,
    pub(crate) key: &'d WatchKey,
    pub(crate) integration: &'d Integration,
    pub(crate) api: &'d Api,
    pub(crate) now: DateTime<Utc>,
}

impl LetterWriter<'_> {
    /// Findings with the integration's overrides of today applied.
    pub(crate) fn with_overrides(&self, mut findings: Vec<OpenFinding>) -> Vec<OpenFinding> {
        let today = self.now.date_naive();
        for finding in &mut findings {
            finding.apply_overrides(&self.integration.overrides, today);
        }
        findings
    }

    /// The letters of a decision, what their readers know once they have read them, and whether everybody has one.
    pub(super) fn written_out(
        &self,
        decision: &Decision<'_>,
        evidence: Option<(&str, &str)>,
        recurrence: Option<&String>,
    ) -> (Vec<PlannedDelivery>, Vec<LastTold>, bool) {
        let mut letters = plan(&self.circumstances(evidence), decision);
        let mut deliveries: Vec<PlannedDelivery> = Vec::new();
        let mut told = Vec::new();
        for message in &decision.messages {
            let planned = letters.iter_mut().find(|letter| letter.to.side == message.side && letter.to.party == message.party);
            let Some(letter) = planned else { continue };
            letter.view.flapping = recurrence.cloned();
            let Some(delivery) = self.or_trouble(&decision.notice, letter) else { continue };
            deliveries.push(delivery);
            told.push(message.told());
            deliveries.extend(self.copies(letter).iter().filter_map(|copy| self.or_trouble(&decision.notice, copy)));
            match self.channels(letter) {
                Ok(planned) => deliveries.extend(planned),
                Err(problem) => self.unwritten(&format!("{problem:#}")),
            }
        }
        let all_have_one = told.len() == decision.messages.len();
        if all_have_one && self.shared.trouble.clear(&self.trouble()) {
            tracing::info!(api = %self.key, "letters can be written again");
        }
        (deliveries, told, all_have_one)
    }

    /// The last letters of a notice that every consumer has accepted, to everybody who was told of it; also of what waited for the
    /// digest.
    pub(super) fn accepted(&self, open: &OpenNotice, by: &str) -> Vec<PlannedDelivery> {
        let letters = open.told.iter().filter_map(|told| {
            let mut decision = restated(open, told.side, &told.party, NoticeKind::Resolved, self.now);
            for message in &mut decision.messages {
                message.findings.extend(waiting(open, self.api, told.side, &told.party));
            }
            let mut letter = plan(&self.circumstances(None), &decision).into_iter().next()?;
            letter.view.ending = Some(Ending::accepted(by, &self.api.name));
            let mut deliveries: Vec<PlannedDelivery> = self.or_trouble(&open.notice, &letter).into_iter().collect();
            deliveries.extend(self.channels(&letter).unwrap_or_default());
            Some(deliveries)
        });
        letters.flatten().collect()
    }

    /// The letter that a party was told of an open notice by, once more, to whoever there was not written to before.
    pub(super) fn again(&self, open: &OpenNotice, reader: &Reader) -> Option<PlannedDelivery> {
        let decision = restated(open, reader.side, &reader.party, NoticeKind::Opened, self.now);
        let letter = plan(&self.circumstances(None), &decision).into_iter().next()?;
        let mut planned = self.or_trouble(&decision.notice, &letter)?;
        let stand_ins = std::mem::take(&mut planned.stand_ins);
        let mut new = std::iter::once(planned).chain(stand_ins).filter(|letter| !reader.has_tried(&letter.recipient));
        let mut first = new.next()?;
        first.stand_ins = new.collect();
        Some(first)
    }

    /// Which part status says is in trouble where letters about this API cannot be written.
    fn trouble(&self) -> TroublePart {
        TroublePart::Unwritten(self.key.clone())
    }

    fn unwritten(&self, problem: &str) {
        tracing::error!(api = %self.key, problem, "a letter could not be written");
        self.shared.trouble.set(self.trouble(), self.now, format!("a letter could not be written: {problem}"));
    }

    /// The letter to whoever is asked next; none where it could not be written, which status then says.
    pub(super) fn escalated(
        &self,
        open: &OpenNotice,
        pending: &PendingAnswer,
        planned: &PlannedEscalation,
    ) -> Option<PlannedDelivery> {
        let decision = restated_to_next(open, pending, planned);
        let mut letter = plan(&self.circumstances(None), &decision).into_iter().next()?;
        let (target, person) = planned.person.as_ref()?;
        letter.view.plain_words = matches!(target, EscalationTarget::Role(role) if role.reads_plain_words());
        letter.to.person = person.clone();
        letter.to.deputy = None;
        letter.view.reader.clone_from(&person.name);
        letter.view.escalation = escalation_card(planned);
        self.or_trouble(&decision.notice, &letter)
    }

    /// A letter about what one side said; `to` is on the side named.
    pub(super) fn message_to_counterpart(
        &self,
        open: &OpenNotice,
        side: Side,
        party: &str,
        to: &Person,
        card: MessageCard,
    ) -> Option<PlannedDelivery> {
        let decision = restated(open, side, party, NoticeKind::CounterpartMessage, self.now);
        self.card(&decision, to, card, None)
    }

    /// A letter to one person that says what is on a card; whoever stands in for the owner stands in for nobody else, and
    /// answers for nobody whether he is there.
    pub(super) fn card(
        &self,
        decision: &Decision<'_>,
        to: &Person,
        card: MessageCard,
        answer_url: Option<String>,
    ) -> Option<PlannedDelivery> {
        let mut letter = plan(&self.circumstances(None), decision).into_iter().next()?;
        if letter.to.person != *to || letter.view.kind == NoticeKind::Confirmation {
            letter.to.person = to.clone();
            letter.to.deputy = None;
            letter.view.reader.clone_from(&to.name);
        }
        letter.view.message = Some(card);
        letter.view.answer_url = answer_url;
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
            now: self.now,
        }
    }

    /// The letter, or what is wrong with it for status to say.
    fn or_trouble(&self, notice: &Notice, letter: &LetterPlan) -> Option<PlannedDelivery> {
        match self.written(notice, letter) {
            Ok(delivery) => Some(delivery),
            Err(problem) => {
                // Configuration has checked every address and tests every template: this is ours.
                self.unwritten(&format!("{problem:#} (notice {}, to {})", notice.id, letter.to.person.email));
                None
            }
        }
    }

    /// The letter to its reader, with the same letter to whoever stands in.
    fn written(&self, notice: &Notice, letter: &LetterPlan) -> anyhow::Result<PlannedDelivery> {
        let operator = self.active.operator();
        let readers = std::iter::once(&letter.to.person).chain(&letter.to.deputy).chain([&operator]);
        let mut chain: Vec<PlannedDelivery> = Vec::new();
        for person in readers {
            if chain.iter().any(|known| known.recipient == person.email) {
                continue;
            }
            chain.push(self.letter_to(notice, letter, person)?);
        }
        let mut chain = chain.into_iter();
        let mut first = chain.next().ok_or_else(|| anyhow::anyhow!("nobody to write to"))?;
        first.stand_ins = chain.collect();
        Ok(first)
    }

    /// The days of a letter as calendar entries; called off where the letter says that all is over. A day that came is over,
    /// and not called off.
    fn days(&self, view: &LetterView) -> Option<(String, bool)> {
        let is_cancelled = view.kind == NoticeKind::Resolved;
        let today = self.now.date_naive();
        let entries = view.days.iter().map(|entry| (entry, is_cancelled));
        let entries = entries.chain(view.called_off.iter().map(|entry| (entry, true)));
        let appointments: Vec<Appointment<'_>> = entries
            .filter(|((day, _), is_cancelled)| !is_cancelled || day.on > today)
            .map(|((day, _), is_cancelled)| Appointment {
                key: self.key,
                api: &self.api.name,
                day,
                page: view.answer_url.as_deref(),
                is_cancelled,
            })
            .collect();
        let from = &self.active.config.mail.from;
        let publisher = Publisher { address: from, domain: &domain_of(from), feed: None, at: self.now };
        (!appointments.is_empty()).then(|| (calendar(&appointments, &publisher), is_cancelled))
    }

    fn letter_to(&self, notice: &Notice, letter: &LetterPlan, person: &Person) -> anyhow::Result<PlannedDelivery> {
        let side = letter.to.side;
        let stamp = self.now.timestamp_millis().to_string();
        // Two letters of one moment to one person differ in what they say.
        let what = hex(&Sha256::digest(serde_json::to_vec(&letter.view)?));
        let (party, email) = (letter.to.party.as_str(), person.email.as_str());
        let parts = [notice.id.as_str(), side.name(), party, email, stamp.as_str(), what.as_str()];
        let token = link_token(&self.shared.link_key, &parts);
        let mut view = letter.view.clone();
        let asks_nothing =
            matches!(view.kind, NoticeKind::Resolved | NoticeKind::Digest | NoticeKind::Confirmation | NoticeKind::Outage);
        let answerable = !asks_nothing && view.copy_of.is_none();
        if answerable {
            let answer_url = format!("{}/answer/{token}", self.shared.external_url);
            view.changes_url = Some(format!("{answer_url}#changes"));
            view.answer_url = Some(answer_url);
        }
        if person.email != letter.to.person.email {
            view.stands_in_for = Some(letter.to.person.name.clone());
            view.reader = person.name.clone();
        }
        if self.key.surface == Surface::Ledger {
            view.calendar_url = Some(calendar_url(self.shared, &self.integration.id, &letter.to.party));
        }
        view.operator.clone_from(&self.active.config.mail.operator);
        let from = self.active.config.mail.from.clone();
        // Not the answer's token: envelopes are seen by every system on the way.
        let own = link_token(&self.shared.link_key, &[&["bounce"], parts.as_slice()].concat());
        let sender = self.active.sender(Some(&own));
        // Whoever has to act is never left asleep.
        let takes_back = view.kind == NoticeKind::Eased;
        let can_wait = asks_nothing || takes_back || (view.breaking == 0 && view.escalation.is_none() && view.message.is_none());
        let party = self.integration.party(party).filter(|_| can_wait);
        let not_before = party.and_then(|party| party.calendar.quiet_until(self.now));
        let id = format!(
            "{}.{}.{}.{}",
            notice.fingerprint.as_str().to_ascii_lowercase(),
            view.kind.name(),
            side.name(),
            // 80 bits: no two letters have one Message-ID.
            token.get(..20).unwrap_or(&token)
        );
        let (subject, message) = self.composed(notice, &mut view, person, &from, &id)?;
        Ok(PlannedDelivery {
            kind: view.kind,
            question: view.question,
            side,
            party: letter.to.party.clone(),
            name: person.name.clone(),
            recipient: person.email.clone(),
            sender,
            subject,
            message,
            token: answerable.then_some(token),
            stand_ins: Vec::new(),
            channel: None,
            not_before,
        })
    }

    /// Subject and final bytes of a letter. One that is too large, or too long to be written, says less, the least important
    /// first.
    fn composed(
        &self,
        notice: &Notice,
        view: &mut LetterView,
        person: &Person,
        from: &str,
        id: &str,
    ) -> anyhow::Result<(String, Vec<u8>)> {
        let operator = self.active.operator();
        loop {
            let rendered = match self.shared.renderer.letter(view) {
                Ok(rendered) => rendered,
                Err(_) if view.say_less(Room::Bytes) => continue,
                Err(problem) => return Err(problem.into()),
            };
            if rendered.text.lines().count() > LONGEST_LETTER && view.say_less(Room::Lines) {
                continue;
            }
            let message = compose(&Letter {
                from: from.to_owned(),
                to: NamedAddress::new(&person.name, &person.email),
                // Not the other side: a reply quotes the letter, and with it the link that answers for the reader.
                reply_to: Some(NamedAddress::new(&operator.name, &operator.email)),
                subject: rendered.subject.clone(),
                text: rendered.text,
                html: rendered.html,
                date: self.now,
                id: id.to_owned(),
                thread: format!("{}.thread", notice.fingerprint.as_str().to_ascii_lowercase()),
                list: format!("{}.{}", slug(&self.key.api), slug(&self.key.integration)),
                notice: notice.id.clone(),
                calendar: self.days(view).map(|(text, is_cancelled)| CalendarPart { text, is_cancelled }),
            })?;
            if message.len() <= LARGEST_LETTER || !view.say_less(Room::Bytes) {
                return Ok((rendered.subject, message));
            }
        }
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
            let name =
                ChannelName { integration: self.integration.id.clone(), party: party.id.clone(), channel: channel.name.clone() };
            let recipient = name.to_string();
            let what = hex(&Sha256::digest(serde_json::to_vec(view)?));
            let id = link_token(&self.shared.link_key, &["event", &view.notice, &recipient, &stamp, &what]);
            let subject = self.shared.renderer.subject(view);
            let body = match channel.kind {
                ChannelKind::Webhook => cloud_event(view, self.key, &self.shared.external_url, &id, &stamp),
                ChannelKind::Slack => chat_message(view, &subject),
            };
            planned.push(PlannedDelivery {
                kind: view.kind,
                question: LetterQuestion::AsBefore,
                side: letter.to.side,
                party: party.id.clone(),
                name: channel.name.clone(),
                recipient,
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
fn calendar_url(shared: &AppState, integration: &str, party: &str) -> String {
    let file = format!("{}.ics", calendar_token(shared, integration, party));
    let mut path = Url::parse("http://x/calendar").ok();
    if let Some(mut segments) = path.as_mut().and_then(|url| url.path_segments_mut().ok()) {
        segments.extend([integration, party, &file]);
    }
    format!("{}{}", shared.external_url, path.as_ref().map_or("", Url::path))
}

/// What the address of a party's calendar ends with: not to be guessed.
pub fn calendar_token(shared: &AppState, integration: &str, party: &str) -> String {
    link_token(&shared.link_key, &["calendar", integration, party])
}

fn slug(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}
