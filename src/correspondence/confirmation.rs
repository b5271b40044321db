//! People are asked, now and then, whether they are still the ones to write to.

use std::collections::BTreeSet;
use std::fmt::Display;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use crate::config::Config;
use crate::model::{
    Api, Contact, Fingerprint, Integration, NoticeKind, NoticeSeries, Party, Person, Role, Side, Surface, WatchKey,
};
use crate::notice::{Decision, MessageCard, PartyMessage};
use crate::state::{ActiveConfig, AppState, link_token};
use crate::store::{Confirmation, StoreError};

use super::one_row::done_or_skipped;
use super::writer::LetterWriter;

/// So long may somebody take to say that he is there.
pub const PATIENCE: TimeDelta = TimeDelta::days(14);

/// What the address of somebody's confirmation ends with.
fn confirm_token(shared: &AppState, address: &str) -> String {
    link_token(&shared.link_key, &["confirm", &address.to_ascii_lowercase()])
}

/// Whether somebody was asked and neither answered in time nor was vouched for in the configuration since.
fn is_silent(contact: &Contact, known: &Confirmation, now: DateTime<Utc>) -> bool {
    known.asked_at.is_some_and(|asked| {
        let has_answered = known.confirmed_at.is_some_and(|confirmed| confirmed >= asked);
        let is_vouched_for = contact.confirmed.is_some_and(|confirmed| confirmed >= asked.date_naive());
        now - asked > PATIENCE && !has_answered && !is_vouched_for
    })
}

/// Addresses of people in the configuration who were asked whether they are there and did not answer in time.
pub fn silent_people(config: &Config, known: &[Confirmation], now: DateTime<Utc>) -> BTreeSet<String> {
    let asks = config.integrations.iter().filter(|integration| integration.agreement.confirm_every.is_some());
    let contacts = asks.flat_map(|integration| integration.parties.values()).flat_map(|party| party.contacts.values());
    let silent = contacts.filter_map(|contact| {
        let address = contact.person.email.to_ascii_lowercase();
        let known = known.iter().find(|known| known.address == address)?;
        is_silent(contact, known, now).then_some(address)
    });
    silent.collect()
}

/// Asks everybody who has not confirmed for as long as the agreement says, each once; and, once that stays without an
/// answer, the partner-manager. Tells the operator of addresses that letters come back from. Returns how many letters
/// were written.
///
/// # Errors
/// When the database does not answer.
pub async fn confirmations_due(shared: &AppState) -> Result<usize, StoreError> {
    let active = shared.active();
    let now = shared.clock.now();
    let mut written = tell_operator(shared, &active, now).await?;
    for integration in &active.config.integrations {
        let Some(every) = integration.agreement.confirm_every else { continue };
        for party in integration.parties.values() {
            let Some((side, api)) = plays(integration, party) else { continue };
            for (role, contact) in &party.contacts {
                let address = &contact.person.email;
                let known = shared.store.confirmation(address, &confirm_token(shared, address), now).await?;
                let last = [contact.confirmed, known.confirmed_at.map(|at| at.date_naive())].into_iter().flatten().max();
                let due = every.after(last.unwrap_or(known.known_at.date_naive()));
                let writer = Asking { shared, active: &active, integration, party, side, api, now };
                if now.date_naive() >= due
                    && known.asked_at.is_none_or(|asked| last.is_some_and(|last| asked.date_naive() <= last))
                {
                    written += usize::from(done_or_skipped(writer.ask(*role, contact, due).await)?);
                } else if is_silent(contact, &known, now)
                    && let Some(manager) =
                        party.contacts.get(&Role::PartnerManager).filter(|manager| manager.person != contact.person)
                {
                    written += usize::from(done_or_skipped(writer.tell_manager(*role, contact, &manager.person, due).await)?);
                }
            }
        }
    }
    Ok(written)
}

/// Tells of each address in the configuration that letters come back from, once until one arrives there again.
async fn tell_operator(shared: &AppState, active: &ActiveConfig, now: DateTime<Utc>) -> Result<usize, StoreError> {
    let mut written = 0;
    let unreachable = shared.store.unreachable().await?;
    let is_dead = |person: &Person| unreachable.iter().any(|(address, ..)| person.email.eq_ignore_ascii_case(address));
    for (address, first, reply) in &unreachable {
        let found = active.config.integrations.iter().find_map(|integration| {
            let mut contacts = integration.parties.values().flat_map(|party| {
                party.contacts.iter().map(move |(role, contact)| DeadAddress { party, role: *role, contact, address })
            });
            let dead = contacts.find(|known| known.person().is_some())?;
            let (side, api) = plays(integration, dead.party)?;
            Some((Asking { shared, active, integration, party: dead.party, side, api, now }, dead))
        });
        if let Some((writer, dead)) = found {
            let lines = dead.lines(&writer.integration.id, reply, is_dead);
            written += usize::from(done_or_skipped(writer.tell_operator(&dead, *first, lines).await)?);
        }
    }
    Ok(written)
}

/// A contact of whom an address takes no letters.
struct DeadAddress<'c> {
    party: &'c Party,
    role: Role,
    contact: &'c Contact,
    address: &'c str,
}

impl DeadAddress<'_> {
    /// Whose it is: the contact's own, or that of whoever stands in; none where it is neither's.
    fn person(&self) -> Option<&Person> {
        let people = std::iter::once(&self.contact.person).chain(&self.contact.deputy);
        people.into_iter().find(|person| person.email.eq_ignore_ascii_case(self.address))
    }

    /// What happened, who gets the letters until then, and what to change.
    fn lines(&self, integration: &str, reply: &str, is_dead: impl Fn(&Person) -> bool) -> Vec<String> {
        let Contact { person, deputy, .. } = self.contact;
        let is_deputy = deputy.as_ref().is_some_and(|deputy| deputy.email.eq_ignore_ascii_case(self.address));
        let what = format!("{} of {}", self.role.name(), self.party.name);
        let instead = match deputy {
            Some(deputy) if is_dead(deputy) && is_dead(person) => {
                format!(
                    "{} and {}, who stands in, are both out of reach: letters to {what} come to you.",
                    person.name, deputy.name
                )
            }
            Some(_) if is_deputy => format!("{} is still written to; nobody stands in until then.", person.name),
            Some(deputy) => format!("{} <{}> stands in and gets the letters to {what} until then.", deputy.name, deputy.email),
            None => format!("Nobody stands in: letters to {what} come to you."),
        };
        let key = if is_deputy { "deputy.email" } else { "email" };
        vec![
            format!("A letter to {} came back: {reply}", self.address),
            instead,
            format!(
                "Change `{key}` of the contact with the role `{}` under `parties.{}` in the configuration of the integration \
                 `{integration}` (the file integrations/{integration}.toml, unless its id is set by hand), and reload driftd. The \
                 contact is red on status until a letter arrives there again.",
                self.role.name(),
                self.party.id
            ),
        ]
    }
}

fn plays<'i>(integration: &'i Integration, party: &Party) -> Option<(Side, &'i Api)> {
    let provides = integration.apis.iter().find(|api| api.provider == party.id);
    let consumes = || integration.apis.iter().find(|api| api.is_called_by(&party.id));
    provides.map(|api| (Side::Provider, api)).or_else(|| consumes().map(|api| (Side::Consumer, api)))
}

/// Why somebody is written to about an address.
enum Purpose {
    /// Whoever is there is asked whether he still is, by a link.
    Ask { url: String },
    /// He did not answer, and the partner-manager is told.
    TellManager,
    /// Letters come back from there, and the operator is told.
    TellOperator,
}

impl Purpose {
    /// The word in what the letter's id is made from.
    const fn name(&self) -> &'static str {
        match self {
            Self::Ask { .. } => "ask",
            Self::TellManager => "manager",
            Self::TellOperator => "operator",
        }
    }

    fn url(self) -> Option<String> {
        match self {
            Self::Ask { url } => Some(url),
            Self::TellManager | Self::TellOperator => None,
        }
    }
}

struct Asking<'a> {
    shared: &'a AppState,
    active: &'a ActiveConfig,
    integration: &'a Integration,
    party: &'a Party,
    side: Side,
    api: &'a Api,
    now: DateTime<Utc>,
}

impl Asking<'_> {
    async fn ask(&self, role: Role, contact: &Contact, due: NaiveDate) -> Result<bool, StoreError> {
        let token = confirm_token(self.shared, &contact.person.email);
        let url = format!("{}/confirm/{token}", self.shared.external_url);
        let heading = format!("Are you still {} of {}?", role.name(), self.party.name);
        let lines = vec![
            format!("Notices about {} are written to you. Say with one click that this is still right.", self.integration.name),
            "If it is somebody else by now, tell the operator of driftd who it is; answering this letter reaches him.".to_owned(),
        ];
        self.write(
            &contact.person,
            &contact.person.email,
            Purpose::Ask { url },
            due,
            MessageCard { tag: "still there?", heading, lines, asks: false },
        )
        .await
    }

    async fn tell_manager(&self, role: Role, contact: &Contact, manager: &Person, due: NaiveDate) -> Result<bool, StoreError> {
        let name = &contact.person.name;
        let heading = format!("Is {name} still {} of {}?", role.name(), self.party.name);
        let lines = vec![
            format!("{name} <{}> was asked {} days ago and has not answered.", contact.person.email, PATIENCE.num_days()),
            format!(
                "Notices about {} go to that address. If it is somebody else by now, tell the operator of driftd.",
                self.integration.name
            ),
        ];
        self.write(
            manager,
            &contact.person.email,
            Purpose::TellManager,
            due,
            MessageCard { tag: "no answer", heading, lines, asks: false },
        )
        .await
    }

    async fn tell_operator(&self, dead: &DeadAddress<'_>, first: i64, lines: Vec<String>) -> Result<bool, StoreError> {
        let name = dead.person().map_or(dead.address, |person| person.name.as_str());
        let heading = format!("{name} of {} cannot be written to", self.party.name);
        self.write(
            &self.active.operator(),
            dead.address,
            Purpose::TellOperator,
            first,
            MessageCard { tag: "operator", heading, lines, asks: false },
        )
        .await
    }

    async fn write(
        &self,
        to: &Person,
        about: &str,
        purpose: Purpose,
        since: impl Display,
        card: MessageCard,
    ) -> Result<bool, StoreError> {
        // From facts, so that it is written once however often it is looked at.
        let name = format!("{} {} {} {} {since}", purpose.name(), self.integration.id, self.party.id, about.to_ascii_lowercase());
        let fingerprint = Fingerprint::new(NoticeSeries::Confirmation, &Sha256::digest(name));
        let name = self.shared.store.name_notice(&fingerprint).await?;
        if name.is_known {
            return Ok(false);
        }
        let (integration, api) = (self.integration.id.clone(), self.api.id.clone());
        let key = WatchKey { integration, api, surface: Surface::Live };
        let writer = LetterWriter {
            shared: self.shared,
            active: self.active,
            key: &key,
            integration: self.integration,
            api: self.api,
            now: self.now,
        };
        let notice = name.notice(self.now, self.now);
        let message = PartyMessage::about(self.side, &self.party.id, NoticeKind::Confirmation, Vec::new());
        let decision = Decision { notice, messages: vec![message], closes: true };
        let is_question = matches!(purpose, Purpose::Ask { .. });
        let Some(letter) = writer.card(&decision, to, card, purpose.url()) else { return Ok(false) };
        if is_question {
            return self.shared.store.ask(&key, &decision.notice, about, letter).await;
        }
        self.shared.store.write_digest(&key, &decision.notice, letter, Vec::new()).await
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::Calendar;

    #[test]
    fn a_click_or_the_configuration_ends_the_silence() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
        let person = Person { name: "Ann".to_owned(), email: "a@x.example".to_owned(), phone: None };
        let mut contact = Contact { person, deputy: None, confirmed: "2026-03-01".parse().ok(), informed: false };
        let mut known = Confirmation {
            address: "a@x.example".to_owned(),
            known_at: at("2026-01-01T09:00:00Z"),
            asked_at: Some(at("2026-09-01T09:00:00Z")),
            confirmed_at: Some(at("2026-02-01T09:00:00Z")),
        };
        let now = at("2026-09-20T09:00:00Z");
        assert!(is_silent(&contact, &known, now) && !is_silent(&contact, &known, at("2026-09-10T09:00:00Z")));
        contact.confirmed = "2026-09-05".parse().ok();
        assert!(!is_silent(&contact, &known, now), "somebody made sure");
        contact.confirmed = None;
        known.confirmed_at = Some(at("2026-09-19T09:00:00Z"));
        assert!(!is_silent(&contact, &known, now), "late, and an answer");
    }

    #[test]
    fn the_operator_is_told_who_gets_the_letters_and_what_to_change() {
        let person = |name: &str, email: &str| Person { name: name.to_owned(), email: email.to_owned(), phone: None };
        let (ann, bo) = (person("Ann", "a@x.example"), person("Bo", "b@x.example"));
        let calendar = Calendar::default();
        let party =
            Party { id: "shop".to_owned(), name: "Shop".to_owned(), contacts: BTreeMap::new(), calendar, channels: Vec::new() };
        let told = |address: &str, deputy: Option<&Person>, dead: &[&Person]| {
            let contact = Contact { person: ann.clone(), deputy: deputy.cloned(), confirmed: None, informed: false };
            let found = DeadAddress { party: &party, role: Role::Engineering, contact: &contact, address };
            found.lines("pay", "550 no such user", |person| dead.contains(&person)).join(" ")
        };
        for (told, expected) in [
            (told("A@x.example", None, &[&ann]), "Nobody stands in: letters to engineering of Shop come to you. Change `email`"),
            (told("a@x.example", Some(&bo), &[&ann]), "Bo <b@x.example> stands in and gets the letters to engineering of Shop"),
            (
                told("b@x.example", Some(&bo), &[&bo]),
                "Ann is still written to; nobody stands in until then. Change `deputy.email`",
            ),
            (told("b@x.example", Some(&bo), &[&ann, &bo]), "Ann and Bo, who stands in, are both out of reach"),
        ] {
            assert!(told.contains(expected), "{expected}\n{told}");
            assert!(told.contains("550 no such user") && told.contains("under `parties.shop`"), "{told}");
        }
    }
}
