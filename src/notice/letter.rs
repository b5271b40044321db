//! What each letter must say, before anybody has formatted it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use crate::model::{
    Api, BREAKING, Contact, Day, Integration, Notice, NoticeKind, OpenFinding, OperationLabel, Party, Period, Person, Role,
    Severity, Side, Surface,
};
use crate::rules::Catalogue;

use super::advice;
use super::decide::{Decision, PartyMessage};
use super::usage::{Impact, impact};

/// Findings shown in full; a letter is read, not searched.
const SHOWN: usize = 8;

/// Findings listed in one line each after those.
const LISTED: usize = 30;

/// Days that are attached for a calendar, the first ones; the feed has them all.
const DAYS: usize = 60;

/// Lines that are left where a letter has to say less.
const FEW: usize = 5;

/// Operations named for one finding.
const NAMED_USES: usize = 4;

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

/// Which of the two ways of telling a letter uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// What breaks for what you use.
    Consumer,
    /// Which integration you break.
    Provider,
}

/// Everything a template may use.
#[derive(Debug, Clone, Serialize)]
pub struct LetterView {
    /// Consumer or provider.
    pub audience: Audience,
    /// `opened`, `updated` or `resolved`.
    pub kind: NoticeKind,
    /// The worst finding.
    pub verdict: Severity,
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
    /// Why the notice is over, where it is not that the change is gone; without a full stop.
    pub ending: Option<String>,
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
    /// The provider's name.
    pub provider: String,
    /// The consumer's name; for the provider, all of them that are affected.
    pub consumers: String,
    /// How many findings break something.
    pub breaking: usize,
    /// How many may.
    pub warnings: usize,
    /// In full, most severe first.
    pub findings: Vec<FindingCard>,
    /// In one line each.
    pub more: Vec<String>,
    /// How many are not even listed.
    pub unlisted: usize,
    /// When it was first seen.
    pub seen_at: String,
    /// Notice the agreement promises.
    pub promised: String,
    /// Until when the old behaviour was promised if the change was announced the day it was seen.
    pub promised_until: NaiveDate,
    /// The least notice that any of the changes was given; none for what is not live or breaks nothing.
    pub given: Option<String>,
    /// By when the reader's side should answer.
    pub answer_by: NaiveDate,
    /// Whom to call on the other side.
    pub call: Vec<CallCard>,
    /// Where to answer; filled in for each recipient.
    pub answer_url: Option<String>,
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
    /// Leaves away the least important of what can be: the days attached for a calendar, fragments, what stands in one line,
    /// and at last findings; what is left away is counted. False where nothing is left to leave away.
    pub fn say_less(&mut self) -> bool {
        let size = |card: &FindingCard| card.fragment.iter().map(String::len).sum::<usize>();
        let longest = (0..self.findings.len()).max_by_key(|at| self.findings.get(*at).map_or(0, size));
        let longest = longest.and_then(|at| self.findings.get_mut(at)).filter(|card| !card.fragment.is_empty());
        if !self.days.is_empty() || self.called_off.len() > FEW {
            self.days.clear();
            self.called_off.truncate(FEW);
        } else if let Some(card) = longest {
            card.fragment.clear();
        } else if self.more.len() > FEW {
            self.unlisted += self.more.len() - FEW;
            self.more.truncate(FEW);
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
    /// In a few words, without a full stop.
    pub heading: String,
    /// Sentences; empty ones are left out.
    pub lines: Vec<String>,
}

/// A finding as a letter shows it.
#[derive(Debug, Clone, Serialize)]
pub struct FindingCard {
    /// How much it matters.
    pub severity: Severity,
    /// The same in the words of the letter.
    pub label: String,
    /// What it does to whom, in a few words.
    pub consequence: String,
    /// One sentence.
    pub message: String,
    /// What is proven, in one sentence; empty where no message shows it.
    pub proven: String,
    /// Who is hurt, from the rule page; empty when an earlier card of the same rule says it.
    pub hurt: String,
    /// What to do, from the rule page.
    pub remedy: String,
    /// Operations it reaches, the reader's own first.
    pub uses: Vec<OperationLabel>,
    /// How many more.
    pub more_uses: usize,
    /// Lines of the changed fragment; empty when an earlier card shows the same.
    pub fragment: Vec<String>,
    /// Rule id.
    pub rule: String,
    /// Whether a page explains the rule.
    pub has_page: bool,
    /// JSON Pointer in the description that has it.
    pub pointer: String,
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
                    let (_, contact) = party.as_consumer()?;
                    let call = people(provider, &[Role::ApiOwner, Role::Engineering, Role::PartnerManager]);
                    let readership = Readership { audience: Audience::Consumer, party, contact, consumers: &party.name, call };
                    let view = view(about, &decision.notice, message, provider, readership);
                    Some(letter(Side::Consumer, party, contact, view))
                }
                Side::Provider => {
                    let (_, contact) = party.as_provider()?;
                    let concerned = concerned(about, &message.findings);
                    let names = concerned.iter().map(|party| party.name.as_str()).collect::<Vec<_>>().join(", ");
                    let call: Vec<CallCard> = concerned
                        .iter()
                        .flat_map(|party| {
                            people(party, &[Role::Engineering, Role::ApiOwner, Role::PartnerManager]).into_iter().take(2)
                        })
                        .collect();
                    let readership = Readership { audience: Audience::Provider, party, contact, consumers: &names, call };
                    let view = view(about, &decision.notice, message, provider, readership);
                    Some(letter(Side::Provider, party, contact, view))
                }
            }
        })
        .collect()
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
    audience: Audience,
    party: &'r Party,
    contact: &'r Contact,
    /// The consumers it is about, in words.
    consumers: &'r str,
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
    let Readership { audience, party: reader_party, contact: reader, consumers, call } = readership;
    let agreement = &about.integration.agreement;
    let findings = &message.findings;
    let rows = OpenFinding::rows(findings.iter().copied());
    // What is promised and asked for counts from the day this letter is written.
    let promised = agreement.period(BREAKING).unwrap_or(Period::Days(0));
    let breaking = rows.iter().filter(|row| row.first.severity == Severity::Breaking).count();
    let mut cards: Vec<FindingCard> = Vec::new();
    for row in rows.iter().take(SHOWN) {
        let mut card = FindingCard { message: row.message.clone(), ..card(row.first, about, reader_party, audience) };
        // Two edits of one object have one fragment; once is enough.
        if cards.iter().any(|known| known.fragment == card.fragment) {
            card.fragment.clear();
        }
        if cards.iter().any(|known| known.rule == card.rule) {
            card.hurt.clear();
            card.remedy.clear();
        }
        cards.push(card);
    }
    let more: Vec<String> =
        rows.iter().skip(SHOWN).take(LISTED).map(|row| format!("{}: {}", row.first.severity, row.message)).collect();
    LetterView {
        audience,
        kind: message.kind,
        verdict: if breaking > 0 { Severity::Breaking } else { Severity::Warning },
        announced: about.surface == Surface::Upcoming,
        dates: about.surface == Surface::Ledger,
        escalation: None,
        message: None,
        digest: Vec::new(),
        flapping: None,
        ending: None,
        plain_words: false,
        copy_of: None,
        notice: notice.id.clone(),
        integration: about.integration.name.clone(),
        api: about.api.name.clone(),
        reader: reader.person.name.clone(),
        reader_party: reader_party.name.clone(),
        provider: provider.name.clone(),
        consumers: consumers.to_owned(),
        breaking,
        warnings: rows.len() - breaking,
        findings: cards,
        unlisted: rows.len().saturating_sub(SHOWN + LISTED),
        more,
        seen_at: stamp(notice.opened_at),
        promised: promised.to_string(),
        promised_until: promised.after(notice.told_at.date_naive()),
        given: least_notice(findings),
        answer_by: reader_party.calendar.today(about.integration.answer_due(&reader_party.id, notice.told_at)),
        call,
        answer_url: None,
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

/// The change that was given the least notice.
fn least_notice(findings: &[&OpenFinding]) -> Option<String> {
    let given = findings.iter().filter_map(|finding| finding.given.as_ref());
    given.min_by_key(|given| (std::cmp::Reverse(given.short), given.given)).map(ToString::to_string)
}

/// A moment as letters write it: people on two continents read it the same way.
pub fn stamp(time: DateTime<Utc>) -> String {
    time.format("%-d %B %Y, %H:%M UTC").to_string()
}

fn card(finding: &OpenFinding, about: &Circumstances<'_>, reader: &Party, audience: Audience) -> FindingCard {
    let rule = about.catalogue.get(&finding.rule);
    // What the reader calls comes first; a provider is not shown what a consumer calls.
    let consumer = about.api.consumers.iter().find(|consumer| consumer.party == reader.id && audience == Audience::Consumer);
    let is_own = |label: &OperationLabel| {
        let patterns = consumer.and_then(|consumer| consumer.operations.as_ref());
        patterns.is_some_and(|patterns| patterns.iter().any(|pattern| pattern.matches_label(label)))
    };
    let (own, others): (Vec<&OperationLabel>, Vec<&OperationLabel>) = finding.used_by.iter().partition(|label| is_own(label));
    let uses: Vec<OperationLabel> = own.into_iter().chain(others).take(NAMED_USES).cloned().collect();
    let page = rule.map(|rule| (rule.page.hurt, rule.page.remedy));
    let (hurt, remedy) = page.or_else(|| advice::advice(&finding.rule)).unwrap_or_default();
    FindingCard {
        severity: finding.severity,
        label: advice::label(&finding.rule).map_or_else(|| finding.severity.to_string(), str::to_owned),
        consequence: match (rule, audience) {
            (Some(rule), Audience::Consumer) => rule.consequence.meaning().to_owned(),
            (Some(rule), Audience::Provider) => rule.consequence.meaning_for_consumer().to_owned(),
            (None, _) => String::new(),
        },
        message: finding.message.clone(),
        proven: finding.proven.clone(),
        hurt: hurt.to_owned(),
        remedy: remedy.to_owned(),
        has_page: rule.is_some(),
        more_uses: finding.used_by.len() - uses.len(),
        uses,
        fragment: finding.fragment.lines().map(str::to_owned).collect(),
        rule: finding.rule.clone(),
        // What is gone stands only in the old description, what is new only in the new one.
        pointer: if finding.before_pointer.len() > finding.after_pointer.len() {
            finding.before_pointer.clone()
        } else {
            finding.after_pointer.clone()
        },
    }
}
