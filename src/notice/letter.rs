//! What each letter must say, before anybody has formatted it.

mod card;
mod ending;
mod promise;
mod short;
mod since;
mod stem;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use crate::model::{
    Acknowledgement, Answer, Api, BREAKING, Consumer, Contact, Day, Integration, LetterQuestion, Notice, NoticeKind, OpenFinding,
    Party, Person, REMOVAL, Role, Severity, Side, Surface,
};
use crate::rules::Catalogue;

use super::decide::{Decision, PartyMessage};
use super::ladder::answer_due;
use super::usage::{Impact, impact};

pub use card::FindingCard;
use card::{in_full, in_one_line};
pub use ending::Ending;
pub use promise::least_notice;
use promise::{promise, question};
use short::short;
pub use short::{Short, ShortLine, hardest_first, own_operations};
pub use since::SinceCard;
use since::{breaks, counted, news, since_in_words};
use stem::{Facts, stem};

/// Findings shown in full; a letter is read, not searched.
const SHOWN: usize = 5;

/// Findings listed in one line each after those.
const LISTED: usize = 30;

/// Days that are attached for a calendar, the first ones; the feed has them all.
const DAYS: usize = 60;

/// Lines that are left where a letter has to say less.
const FEW: usize = 5;

/// Addresses a letter links to.
#[derive(Debug, Clone, Serialize)]
pub struct Links {
    /// Rule pages, without the id.
    pub rules: String,
}

/// Whom a letter goes to.
#[derive(Debug, Clone)]
pub struct Addressee {
    /// Which end.
    pub side: Side,
    /// Key of the party.
    pub party: String,
    /// The person.
    pub person: Person,
    /// Who instead, in order: a deputy.
    pub deputy: Option<Person>,
}

/// A letter that is to be written.
#[derive(Debug, Clone)]
pub struct LetterPlan {
    /// Whom it goes to.
    pub to: Addressee,
    /// What it says.
    pub view: LetterView,
}

/// Everything a template may use.
#[derive(Debug, Clone, Serialize)]
pub struct LetterView {
    /// Consumer or provider.
    pub audience: Side,
    /// `opened`, `updated` or `resolved`.
    pub kind: NoticeKind,
    /// The worst finding.
    pub verdict: Severity,
    /// What the subject says of the notice, in all its letters to this party.
    pub stem: String,
    /// What is news in this letter, in a word or two; empty in the first.
    pub news: String,
    /// What is different since the last letter; none in the first, and in one that tells the whole again.
    pub since: Option<SinceCard>,
    /// A line for each operation, the hardest first.
    pub short: Short,
    /// Whether the change stands in an upcoming description and is not live yet.
    pub announced: bool,
    /// Whether the letter is about days in the ledger, not about two descriptions.
    pub dates: bool,
    /// Who is asked because nobody answered.
    pub escalation: Option<EscalationCard>,
    /// What the one side said that the other must hear.
    pub message: Option<MessageCard>,
    /// What happened without a letter, in a digest.
    pub digest: Vec<String>,
    /// That the change comes and goes, in sentences.
    pub flapping: Option<String>,
    /// Why the notice is over, where it is not that the change is gone.
    pub ending: Option<Ending>,
    /// What the letter does to the question whether its side has answered.
    pub question: LetterQuestion,
    /// Whether the reader reads plain words: what, when, whom to call; no fragments.
    pub plain_words: bool,
    /// Who answers, where this is a copy for information.
    pub copy_of: Option<String>,
    /// Shared id of both letters.
    pub notice: String,
    /// The integration's name.
    pub integration: String,
    /// The API's name.
    pub api: String,
    /// The reader's name.
    pub reader: String,
    /// The reader's organisation.
    pub reader_party: String,
    /// What the reader is to that organisation.
    pub reader_role: String,
    /// Who runs this driftd: a mail address; filled in where the letter is written.
    pub operator: String,
    /// The provider's name.
    pub provider: String,
    /// The consumer's name; for the provider, all of them that are affected.
    pub consumers: String,
    /// How many these are.
    pub consumer_count: usize,
    /// How many rows of all that is open break something.
    pub breaking: usize,
    /// How many may.
    pub warnings: usize,
    /// Both, in words.
    pub counted: String,
    /// In full, the hardest first; in a letter that says what is different, only what is new.
    pub findings: Vec<FindingCard>,
    /// In one line each.
    pub more: Vec<String>,
    /// How many are not even listed.
    pub unlisted: usize,
    /// When it was first seen.
    pub seen_at: String,
    /// Notice the agreement promises.
    pub promised: String,
    /// Before what it promises so much, in words.
    pub promised_before: String,
    /// Until when the old behaviour was promised if the change was announced the day it was seen.
    pub promised_until: NaiveDate,
    /// The least notice that any of the changes was given; none for what is not live or breaks nothing.
    pub given: Option<String>,
    /// Since when that change was known; none where nobody had said a word.
    pub known_since: Option<NaiveDate>,
    /// What the other end has answered, in a sentence each.
    pub answers: Vec<String>,
    /// By when the reader's side should answer, as the ladder counts it; none where nothing is asked, or somebody has taken it on.
    pub answer_by: Option<NaiveDate>,
    /// So many days that day has passed.
    pub overdue_days: i64,
    /// Whom to call on the other side.
    pub call: Vec<CallCard>,
    /// Where to answer; filled in for each recipient.
    pub answer_url: Option<String>,
    /// Where all findings can be read; filled in likewise.
    pub changes_url: Option<String>,
    /// Whose letter this is, where somebody else gets it because the reader cannot be written to.
    pub stands_in_for: Option<String>,
    /// Other links.
    pub links: Links,
    /// Days the letter is about.
    pub days: Vec<(Day, String)>,
    /// Days to come that are called off.
    pub called_off: Vec<(Day, String)>,
    /// The first of them that stays.
    pub first_day: Option<NaiveDate>,
    /// Where they can be subscribed to; filled in for each party.
    pub calendar_url: Option<String>,
    /// Where the description was read.
    pub source: String,
    /// Digests of the two descriptions that were compared, before and after.
    pub evidence: Option<(String, String)>,
}

impl LetterView {
    /// Leaves away the least important of what can be: the days attached for a calendar where bytes are short, what stands in
    /// one line, fragments, and at last findings; what is left away is counted. False where nothing is left to leave away.
    pub fn say_less(&mut self, short_of: Room) -> bool {
        let size = |card: &FindingCard| match short_of {
            Room::Bytes => card.fragment.iter().map(String::len).sum::<usize>(),
            Room::Lines => card.fragment.len(),
        };
        let longest = (0..self.findings.len()).max_by_key(|at| self.findings.get(*at).map_or(0, size));
        let longest = longest.and_then(|at| self.findings.get_mut(at)).filter(|card| !card.fragment.is_empty());
        let gone = self.since.as_mut().map(|since| &mut since.gone).filter(|gone| gone.len() > FEW);
        if short_of == Room::Bytes && !self.days.is_empty() {
            self.days.clear();
        } else if self.called_off.len() > FEW {
            self.called_off.truncate(FEW);
        } else if let Some(gone) = gone {
            gone.truncate(FEW);
        } else if self.more.len() > FEW {
            let left = FEW.max(self.more.len() * 3 / 4);
            self.unlisted += self.more.len() - left;
            self.more.truncate(left);
        } else if let Some(card) = longest {
            card.more_lines += card.fragment.len();
            card.fragment.clear();
        } else if self.findings.len() > 1 {
            self.findings.pop();
            self.unlisted += 1;
        } else if self.digest.len() > FEW {
            self.digest.truncate(self.digest.len() / 2);
        } else {
            return false;
        }
        true
    }
}

/// What a letter has too little of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// Mail programs clip what is larger.
    Bytes,
    /// Nobody reads to the end of what is longer.
    Lines,
}

/// Why somebody further up is asked.
#[derive(Debug, Clone, Serialize)]
pub struct EscalationCard {
    /// Since when an answer is due.
    pub since: NaiveDate,
    /// By when somebody had said that it would be done, where that is what did not happen.
    pub promised: Option<NaiveDate>,
    /// What the reader is asked as.
    pub target: String,
    /// Who was asked before.
    pub asked: String,
}

/// What one side said that the other must hear.
#[derive(Debug, Clone, Serialize)]
pub struct MessageCard {
    /// What the subject says of it, in two or three words.
    pub tag: &'static str,
    /// In a few words, without a full stop.
    pub heading: String,
    /// Sentences; empty ones are left out.
    pub lines: Vec<String>,
    /// Whether the reader is to agree or to decline.
    pub asks: bool,
}

/// Somebody to call.
#[derive(Debug, Clone, Serialize)]
pub struct CallCard {
    /// Name.
    pub name: String,
    /// Role and organisation.
    pub role: String,
    /// Address.
    pub email: String,
    /// Number, if there is one.
    pub phone: Option<String>,
}

/// What all letters of one notice share.
pub struct Circumstances<'c> {
    /// The integration.
    pub integration: &'c Integration,
    /// The API.
    pub api: &'c Api,
    /// Live or upcoming.
    pub surface: Surface,
    /// Links.
    pub links: Links,
    /// Digests compared.
    pub evidence: Option<(String, String)>,
    /// Rule pages.
    pub catalogue: &'c Catalogue,
    /// When the letters are written.
    pub now: DateTime<Utc>,
}

impl<'c> Circumstances<'c> {
    /// What a consumer says that it uses.
    fn consumer(&self, party: &str) -> Option<&'c Consumer> {
        self.api.consumers.iter().find(|consumer| consumer.party == party)
    }

    /// What a party answered, with its note.
    fn answered(&self, party: &str, answer: &Acknowledgement) -> String {
        let name = self.integration.name_of(party);
        let note = if answer.note.is_empty() { String::new() } else { format!(": {}", answer.note) };
        format!("{}{note}", answer.in_words(name))
    }
}

/// A letter for each word that a decision has to say.
pub fn plan(about: &Circumstances<'_>, decision: &Decision<'_>) -> Vec<LetterPlan> {
    let Some(provider) = about.integration.party(&about.api.provider) else { return Vec::new() };
    decision
        .messages
        .iter()
        .filter_map(|message| {
            let party = about.integration.party(&message.party)?;
            match message.side {
                Side::Consumer => {
                    let (role, contact) = party.as_consumer()?;
                    let call = people(provider, &[Role::ApiOwner, Role::Engineering, Role::PartnerManager]);
                    let readership = Readership {
                        audience: Side::Consumer,
                        party,
                        contact,
                        role: role.name(),
                        consumers: (&party.name, 1),
                        call,
                    };
                    let view = view(about, &decision.notice, message, provider, readership);
                    Some(letter(Side::Consumer, party, contact, view))
                }
                Side::Provider => {
                    let (role, contact) = party.as_provider()?;
                    let concerned = concerned(about, &message.findings);
                    let names = in_words(&concerned.iter().map(|party| party.name.as_str()).collect::<Vec<_>>());
                    let call: Vec<CallCard> = concerned
                        .iter()
                        .flat_map(|party| {
                            people(party, &[Role::Engineering, Role::ApiOwner, Role::PartnerManager]).into_iter().take(2)
                        })
                        .collect();
                    let readership = Readership {
                        audience: Side::Provider,
                        party,
                        contact,
                        role: role.name(),
                        consumers: (&names, concerned.len()),
                        call,
                    };
                    let view = view(about, &decision.notice, message, provider, readership);
                    Some(letter(Side::Provider, party, contact, view))
                }
            }
        })
        .collect()
}

/// `A`, `A and B`, `A, B and C`.
fn in_words(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

/// The consumers that any of these findings concerns.
fn concerned<'c>(about: &Circumstances<'c>, findings: &[&OpenFinding]) -> Vec<&'c Party> {
    let consumers = about.api.consumers.iter();
    consumers
        .filter(|consumer| findings.iter().any(|finding| impact(&finding.used_by, consumer) > Impact::NotUsed))
        .filter_map(|consumer| about.integration.party(&consumer.party))
        .collect()
}

fn letter(side: Side, party: &Party, contact: &Contact, view: LetterView) -> LetterPlan {
    LetterPlan {
        to: Addressee { side, party: party.id.clone(), person: contact.person.clone(), deputy: contact.deputy.clone() },
        view,
    }
}

fn people(party: &Party, roles: &[Role]) -> Vec<CallCard> {
    let mut cards: Vec<CallCard> = Vec::new();
    for role in roles {
        if let Some(contact) = party.contacts.get(role)
            && !cards.iter().any(|card| card.email == contact.person.email)
        {
            cards.push(CallCard {
                name: contact.person.name.clone(),
                role: format!("{} at {}", role.name(), party.name),
                email: contact.person.email.clone(),
                phone: contact.person.phone.clone(),
            });
        }
    }
    cards
}

/// Who reads a letter, and what it says of the other end.
struct Readership<'r> {
    audience: Side,
    party: &'r Party,
    contact: &'r Contact,
    /// What that person is.
    role: &'static str,
    /// The consumers it is about, in words, and how many they are.
    consumers: (&'r str, usize),
    /// Whom to call at the other end.
    call: Vec<CallCard>,
}

fn view(
    about: &Circumstances<'_>,
    notice: &Notice,
    message: &PartyMessage<'_>,
    provider: &Party,
    readership: Readership<'_>,
) -> LetterView {
    let Readership { audience, party: reader_party, contact: reader, role, consumers, call } = readership;
    let agreement = &about.integration.agreement;
    let findings = &message.findings;
    let consumer = about.consumer(&reader_party.id).filter(|_| audience == Side::Consumer);
    let rows = hardest_first(findings, about.catalogue);
    // What is promised counts from the day this letter is written.
    let (promised, promised_class) = promise(agreement, findings, notice.told_at.date_naive());
    let question = question(message);
    let pending = message.pending.as_ref();
    let asks = question == LetterQuestion::Asked;
    let due = answer_due(pending, asks, about.integration, &reader_party.id, about.now)
        .filter(|_| question != LetterQuestion::Nothing)
        .map(|due| reader_party.calendar.today(due));
    let own_answer = pending.and_then(|pending| pending.answer.as_ref()).map(|(answer, _)| answer);
    let own_answer =
        own_answer.filter(|answer| answer.answer == Answer::Ours).map(|answer| about.answered(&reader_party.id, answer));
    let answers = message.answers.iter().map(|(party, answer)| about.answered(party, answer));
    let (all, breaking, counted) = (rows.len(), rows.iter().filter(|row| breaks(row)).count(), counted(&rows));
    let (since, told) = match &message.since {
        // Who was told the rest reads what is new.
        Some(since) if !since.new.is_empty() || since.gone_count > 0 => {
            let new = hardest_first(&since.new, about.catalogue);
            let since = SinceCard {
                words: since_in_words(&new, since, rows.len().saturating_sub(new.len())),
                gone: hardest_first(&since.gone, about.catalogue)
                    .iter()
                    .take(LISTED)
                    .map(|row| in_one_line(row, consumer))
                    .collect(),
                gone_count: since.gone_count,
            };
            (Some(since), new)
        }
        _ => (None, rows),
    };
    let short = short(&told, consumer, about.catalogue);
    let shown = told.len().min(SHOWN);
    let (in_full_rows, others) = told.split_at(shown);
    LetterView {
        audience,
        kind: message.kind,
        verdict: if breaking > 0 { Severity::Breaking } else { Severity::Warning },
        stem: message.stem.clone().unwrap_or_else(|| {
            let (api, provider) = (about.api.name.as_str(), provider.name.as_str());
            let facts = Facts {
                audience,
                surface: about.surface,
                provider,
                api,
                consumers: consumers.0,
                is_declared: consumer.is_some_and(|consumer| consumer.operations.is_some()),
                short: &short,
                breaking,
                rows: all,
            };
            stem(&facts, &notice.id)
        }),
        news: news(message),
        since,
        short,
        announced: about.surface == Surface::Upcoming,
        dates: about.surface == Surface::Ledger,
        escalation: None,
        message: None,
        digest: Vec::new(),
        flapping: None,
        ending: message.is_judged_away.then(|| Ending::judged_anew(&about.api.name)),
        question,
        plain_words: false,
        copy_of: None,
        notice: notice.id.clone(),
        integration: about.integration.name.clone(),
        api: about.api.name.clone(),
        reader: reader.person.name.clone(),
        reader_party: reader_party.name.clone(),
        reader_role: role.to_owned(),
        operator: String::new(),
        provider: provider.name.clone(),
        consumers: consumers.0.to_owned(),
        consumer_count: consumers.1,
        breaking,
        warnings: all - breaking,
        counted,
        findings: in_full(in_full_rows, about.catalogue, audience, consumer),
        unlisted: others.len().saturating_sub(LISTED),
        more: others.iter().take(LISTED).map(|row| in_one_line(row, consumer)).collect(),
        seen_at: stamp(notice.opened_at),
        promised: promised.to_string(),
        promised_before: match promised_class {
            BREAKING => "a breaking change".to_owned(),
            REMOVAL => "something ends".to_owned(),
            other => format!("a change of the class `{other}`"),
        },
        promised_until: promised.after(notice.told_at.date_naive()),
        given: least_notice(findings).map(ToString::to_string),
        known_since: least_notice(findings).and_then(|given| given.told_on),
        answers: own_answer.into_iter().chain(answers).collect(),
        answer_by: due,
        overdue_days: due.map_or(0, |due| (reader_party.calendar.today(about.now) - due).num_days().max(0)),
        call,
        answer_url: None,
        changes_url: None,
        stands_in_for: None,
        links: about.links.clone(),
        days: days_of(findings),
        called_off: if message.kind == NoticeKind::Resolved { Vec::new() } else { days_of(&message.called_off) },
        first_day: findings.iter().filter_map(|finding| finding.day.as_ref()).map(|day| day.on).min(),
        calendar_url: None,
        source: match about.surface {
            Surface::Live | Surface::Ledger => about.api.live.to_string(),
            Surface::Upcoming => about.api.upcoming.as_ref().unwrap_or(&about.api.live).to_string(),
        },
        evidence: about.evidence.clone(),
    }
}

fn days_of(findings: &[&OpenFinding]) -> Vec<(Day, String)> {
    let mut days: Vec<(Day, String)> =
        findings.iter().filter_map(|finding| Some((finding.day.clone()?, finding.message.clone()))).collect();
    days.sort_by(|(a, _), (b, _)| (a.on, &a.id).cmp(&(b.on, &b.id)));
    days.truncate(DAYS);
    days
}

/// A moment as letters write it: people on two continents read it the same way.
pub fn stamp(time: DateTime<Utc>) -> String {
    time.format("%-d %B %Y, %H:%M UTC").to_string()
}
