//! Whether anything is to be said, and to whom: for each party, a set difference between what it was told
//! and what concerns it now.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::{
    Acknowledgement, Api, Fingerprint, Integration, LastTold, Notice, NoticeKind, OpenFinding, PendingAnswer, Severity, Side,
    ToldFinding,
};

use super::dates;
use super::urgency::{Urgency, urgency};
use super::usage::{callers, concerning};

/// Where no digest is agreed on, what breaks nothing waits so long after the last letter.
const A_DAY: TimeDelta = TimeDelta::days(1);

/// What is said about a watched description, and whether that ends its notice.
#[derive(Debug)]
pub struct Decision<'f> {
    /// New, or the one that is open.
    pub notice: Notice,
    /// What each party hears; consumers first, in the order of the configuration.
    pub messages: Vec<PartyMessage<'f>>,
    /// Whether nothing concerns anybody any more.
    pub closes: bool,
}

/// What one party hears.
#[derive(Debug)]
pub struct PartyMessage<'f> {
    /// Which end.
    pub side: Side,
    /// Key of the party.
    pub party: String,
    /// Opened, updated, eased, a reminder, or resolved.
    pub kind: NoticeKind,
    /// What concerns the party; in a resolved letter, what used to.
    pub findings: Vec<&'f OpenFinding>,
    /// Days to come that the party was told of and that were called off, while others stay.
    pub called_off: Vec<&'f OpenFinding>,
    /// What the subjects of its letters say of the notice, where it had one before.
    pub stem: Option<String>,
    /// What the party is asked and what it answered to that, where it had a letter before.
    pub pending: Option<PendingAnswer>,
    /// Whether all is over since newer rules judge all it was told otherwise.
    pub is_judged_away: bool,
    /// What the other end has answered, by the key of each party.
    pub answers: Vec<(String, Acknowledgement)>,
    /// What is different since the party was last told, where it was told before and is told what is new.
    pub since: Option<Since<'f>>,
}

/// What is different since a party was last told.
#[derive(Debug, Clone)]
pub struct Since<'f> {
    /// What it has not heard yet, among what concerns it now; also days that moved away.
    pub new: Vec<&'f OpenFinding>,
    /// Those of them whose day moved.
    pub moved: Vec<&'f OpenFinding>,
    /// What it was told of and is gone, as far as that was still there at the last check.
    pub gone: Vec<&'f OpenFinding>,
    /// How much it was told of is gone.
    pub gone_count: usize,
    /// What of that is an alarm that is taken back.
    pub eased: Eased,
}

/// Alarms that are taken back, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Eased {
    /// Findings that were breaking, are there, and break nothing any more.
    pub findings: usize,
    /// Promises that a day broke, and keeps now.
    pub promises: usize,
}

impl Eased {
    /// How many there are.
    pub fn count(self) -> usize {
        self.findings + self.promises
    }
}

impl<'f> PartyMessage<'f> {
    /// A message about these findings as they stand.
    pub fn about(side: Side, party: &str, kind: NoticeKind, findings: Vec<&'f OpenFinding>) -> Self {
        Self {
            side,
            party: party.to_owned(),
            kind,
            findings,
            called_off: Vec::new(),
            stem: None,
            pending: None,
            is_judged_away: false,
            answers: Vec::new(),
            since: None,
        }
    }

    /// What the party knows once it has heard this.
    pub fn told(&self) -> LastTold {
        let findings = match self.kind {
            NoticeKind::Resolved => BTreeMap::new(),
            _ => contents(&self.findings),
        };
        let (side, party, stem) = (self.side, self.party.clone(), self.stem.clone());
        LastTold { side, party, stem, answer: None, written_at: None, pending: None, findings }
    }
}

/// What is known of a watched description when it is decided what to say.
pub struct DecisionInput<'s, 'f> {
    /// The integration.
    pub integration: &'s Integration,
    /// The API.
    pub api: &'s Api,
    /// The open notice, if there is one.
    pub open: Option<&'s Notice>,
    /// What each party was told under it.
    pub told: &'s [LastTold],
    /// Whether newer rules have judged that anew: then nothing is left of what is empty.
    pub is_judged_anew: bool,
    /// What differed at the last check.
    pub previous: &'f [OpenFinding],
    /// What differs now.
    pub current: &'f [OpenFinding],
}

impl<'f> DecisionInput<'_, 'f> {
    /// Decides from states, never from an event; nothing when there is nothing to say.
    ///
    /// `fingerprint` says what a new notice is made of; its id is the shortest there is, and still to be made sure of. To a
    /// party a finding is news when its identity is, or when its content changed; one that merely went away is no news as
    /// long as others stay. What a party did not hear because it did not use it is news on the day it says that it does.
    /// To whom the notice was told before, what breaks is told at once, and an alarm that eased is taken back at once; what
    /// breaks nothing waits, see [`Urgency`]. What waits is what is open and was not told: nothing else has to be remembered.
    pub fn decide(&self, now: DateTime<Utc>, fingerprint: impl FnOnce() -> Fingerprint) -> Option<Decision<'f>> {
        let mut everybody: Vec<&OpenFinding> = Vec::new();
        let mut messages = Vec::new();
        for consumer in &self.api.consumers {
            let theirs = concerning(self.current, std::slice::from_ref(consumer));
            let is_reachable = self.integration.party(&consumer.party).is_some_and(|party| party.as_consumer().is_some());
            if is_reachable {
                messages.extend(self.message(Side::Consumer, &consumer.party, theirs, now));
            }
        }
        everybody.extend(concerning(self.current, &self.api.consumers));
        let closes = everybody.is_empty() && self.open.is_some();
        let is_reachable = self.integration.party(&self.api.provider).is_some_and(|party| party.as_provider().is_some());
        if is_reachable {
            // The provider reads everything that concerns any consumer, once.
            messages.extend(self.message(Side::Provider, &self.api.provider, everybody, now));
        }
        if messages.is_empty() && !closes {
            return None;
        }
        let notice = match self.open {
            Some(notice) => Notice { told_at: now, ..notice.clone() },
            None => {
                let fingerprint = fingerprint();
                Notice { id: fingerprint.shortest().to_owned(), fingerprint, opened_at: now, told_at: now }
            }
        };
        Some(Decision { notice, messages, closes })
    }

    fn message(&self, side: Side, party: &str, findings: Vec<&'f OpenFinding>, now: DateTime<Utc>) -> Option<PartyMessage<'f>> {
        let told = self.told.iter().find(|told| told.side == side && told.party == party);
        let is_judged_away = self.is_judged_anew && findings.is_empty() && told.is_some_and(|told| told.findings.is_empty());
        let known = told.map(|told| &told.findings).filter(|known| !known.is_empty());
        let (kind, findings, since, called_off) = match known {
            _ if is_judged_away => (NoticeKind::Resolved, Vec::new(), None, Vec::new()),
            None if findings.is_empty() => return None,
            None => (NoticeKind::Opened, findings, None, Vec::new()),
            Some(known) => {
                let called_off = self.called_off(known, now);
                if findings.is_empty() {
                    let gone = self.previous.iter().filter(|finding| known.contains_key(&finding.identity)).collect();
                    (NoticeKind::Resolved, gone, None, called_off)
                } else {
                    let since = self.since(known, &findings, now);
                    let kind = told.and_then(|told| self.kind_of_next(told, &findings, &since, &called_off, now))?;
                    let since = (kind != NoticeKind::Reminder).then_some(since);
                    (kind, findings, since, called_off)
                }
            }
        };
        Some(PartyMessage {
            side,
            party: party.to_owned(),
            kind,
            findings,
            called_off,
            stem: told.and_then(|told| told.stem.clone()),
            pending: told.and_then(|told| told.pending.clone()),
            is_judged_away,
            answers: answers_of_others(self.told, side),
            since,
        })
    }

    /// What the next letter to a party is that was told of the notice and is concerned by `findings`; none where it is to hear
    /// nothing now.
    fn kind_of_next(
        &self,
        told: &LastTold,
        findings: &[&OpenFinding],
        since: &Since<'_>,
        called_off: &[&OpenFinding],
        now: DateTime<Utc>,
    ) -> Option<NoticeKind> {
        let written_at = told.written_at;
        let told_of = |finding: &OpenFinding| told.findings.get(&finding.identity);
        let news = || findings.iter().filter_map(|finding| Some((urgency(told_of(finding), finding)?, *finding)));
        let most_urgent = news().map(|(urgency, _)| urgency).max();
        // A day that is called off is news: people have planned with it.
        if most_urgent == Some(Urgency::AtOnce) || !called_off.is_empty() {
            return Some(NoticeKind::Updated);
        }
        if since.eased.count() > 0 {
            return Some(NoticeKind::Eased);
        }
        let is_due = match most_urgent? {
            Urgency::AtOnce => true,
            // The days of a ledger are days in UTC.
            Urgency::OnceADay => written_at.is_none_or(|at| at.date_naive() != now.date_naive()),
            Urgency::Waits => {
                let has_digest = self.integration.agreement.digest.is_some();
                // A clock that was set back holds nothing up.
                !has_digest && written_at.is_none_or(|at| now - at >= A_DAY || at > now)
            }
        };
        let is_reminder =
            |finding: &OpenFinding| told_of(finding).is_some_and(|told| dates::is_reminder(&told.content, &finding.content));
        let is_only_reminders = news().all(|(_, finding)| is_reminder(finding));
        is_due.then_some(if is_only_reminders { NoticeKind::Reminder } else { NoticeKind::Updated })
    }

    /// Days to come that a party was told of and that were called off.
    fn called_off(&self, known: &BTreeMap<String, ToldFinding>, now: DateTime<Utc>) -> Vec<&'f OpenFinding> {
        let is_called_off = |finding: &&OpenFinding| {
            let is_to_come = finding.day.as_ref().is_some_and(|day| day.on > now.date_naive());
            let is_there = self.current.iter().any(|current| current.identity == finding.identity);
            known.contains_key(&finding.identity) && is_to_come && !is_there
        };
        self.previous.iter().filter(is_called_off).collect()
    }

    /// What is different since a party was told what it knows.
    fn since(&self, known: &BTreeMap<String, ToldFinding>, findings: &[&'f OpenFinding], now: DateTime<Utc>) -> Since<'f> {
        let told_of = |finding: &OpenFinding| known.get(&finding.identity);
        let is_moved =
            |finding: &OpenFinding| told_of(finding).is_some_and(|told| dates::is_moved(&told.content, &finding.content));
        let is_new = |finding: &&OpenFinding| urgency(told_of(finding), finding).is_some() || is_moved(finding);
        let new: Vec<&'f OpenFinding> = findings.iter().copied().filter(is_new).collect();
        let there: HashSet<&str> = findings.iter().map(|finding| finding.identity.as_str()).collect();
        let is_gone = |identity: &String| !there.contains(identity.as_str());
        let gone = self.previous.iter().filter(|finding| told_of(finding).is_some() && is_gone(&finding.identity));
        let was_breaking = |finding: &OpenFinding| told_of(finding).is_some_and(|told| told.severity == Severity::Breaking);
        let is_kept_again = |identity: &&String| dates::is_kept_again(identity, self.current, now.date_naive());
        Since {
            moved: new.iter().copied().filter(|finding| is_moved(finding)).collect(),
            new,
            gone: gone.collect(),
            gone_count: known.keys().filter(|identity| is_gone(identity)).count(),
            eased: Eased {
                findings: self.current.iter().filter(|finding| !finding.needs_notice() && was_breaking(finding)).count(),
                promises: known.keys().filter(is_kept_again).count(),
            },
        }
    }
}

/// What the other end of a side has answered.
pub(super) fn answers_of_others(told: &[LastTold], side: Side) -> Vec<(String, Acknowledgement)> {
    let others = told.iter().filter(|told| told.side != side);
    others.filter_map(|told| Some((told.party.clone(), told.answer.clone()?))).collect()
}

/// What each party counts as told when the findings were judged again by a newer rule set, under which they
/// carry other digests: whoever was told anything knows all that concerned it. Of whom nothing is left has no findings.
pub fn rebased(told: &[LastTold], api: &Api, previous: &[OpenFinding]) -> Vec<LastTold> {
    told.iter()
        .map(|told| {
            let was_told = !told.findings.is_empty();
            let theirs = if was_told { concerning(previous, callers(api, told.side, &told.party)) } else { Vec::new() };
            LastTold { findings: contents(&theirs), ..told.clone() }
        })
        .collect()
}

fn contents(findings: &[&OpenFinding]) -> BTreeMap<String, ToldFinding> {
    let told = |finding: &OpenFinding| ToldFinding { content: finding.content.clone(), severity: finding.severity };
    findings.iter().map(|finding| (finding.identity.clone(), told(finding))).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::slice::from_ref;
    use std::time::Duration;

    use super::*;
    use crate::model::{
        Agreement, Auth, Calendar, Consumer, Contact, DateKeys, OperationLabel, OperationPattern, Party, Period, Person, Role,
        Schedule, Severity, Source, Wait,
    };

    fn finding(identity: &str, content: &str, severity: Severity) -> OpenFinding {
        OpenFinding {
            content: content.to_owned(),
            used_by: vec![OperationLabel::called_by_consumer("GET", &format!("/{identity}"))],
            ..OpenFinding::new(identity.to_owned(), "r", severity, String::new())
        }
    }

    fn integration(consumers: &[(&str, Option<&[&str]>)]) -> Integration {
        let contact = || Contact {
            person: Person { name: "N".to_owned(), email: "n@x.example".to_owned(), phone: None },
            deputy: None,
            confirmed: None,
            informed: false,
        };
        let party = |id: &str, role: Role| {
            (
                id.to_owned(),
                Party {
                    id: id.to_owned(),
                    name: id.to_owned(),
                    contacts: BTreeMap::from([(role, contact())]),
                    calendar: Calendar::default(),
                    channels: Vec::new(),
                },
            )
        };
        let mut parties = BTreeMap::from([party("p", Role::ApiOwner)]);
        parties.extend(consumers.iter().map(|(id, _)| party(id, Role::Engineering)));
        let consumers = consumers
            .iter()
            .map(|(id, uses)| Consumer {
                party: (*id).to_owned(),
                operations: uses.map(|uses| uses.iter().filter_map(|text| OperationPattern::parse(text)).collect()),
            })
            .collect();
        let api = Api {
            id: "a".to_owned(),
            name: "A".to_owned(),
            provider: "p".to_owned(),
            consumers,
            live: Source::File("a.yaml".into()),
            upcoming: None,
            schedule: Schedule::Every(Duration::from_secs(60)),
            auth: Auth::None,
            tell_operator_after: None,
            tls: None,
            date_keys: DateKeys::default(),
            probes: Vec::new(),
        };
        let agreement = Agreement::promising(BTreeMap::from([("breaking".to_owned(), Period::Days(90))]), Wait::Days(3));
        Integration { id: "i".to_owned(), name: "I".to_owned(), agreement, parties, apis: vec![api], overrides: Vec::new() }
    }

    /// Plays a history of findings, remembering what was told, and says who heard what at each step.
    struct Play {
        integration: Integration,
        open: Option<Notice>,
        told: Vec<LastTold>,
        last: Vec<OpenFinding>,
    }

    impl Play {
        fn new(consumers: &[(&str, Option<&[&str]>)]) -> Self {
            Self { integration: integration(consumers), open: None, told: Vec::new(), last: Vec::new() }
        }

        fn step(&mut self, current: &[OpenFinding]) -> String {
            let previous = std::mem::replace(&mut self.last, current.to_vec());
            let standing = DecisionInput {
                integration: &self.integration,
                api: &self.integration.apis[0],
                open: self.open.as_ref(),
                told: &self.told,
                is_judged_anew: false,
                previous: &previous,
                current,
            };
            let Some(decision) = standing.decide(DateTime::UNIX_EPOCH, || Fingerprint::stored("N-1".to_owned())) else {
                return "keep".to_owned();
            };
            let mut said: Vec<String> =
                decision.messages.iter().map(|w| format!("{} {}:{}", w.party, w.kind.name(), w.findings.len())).collect();
            for message in &decision.messages {
                let told = message.told();
                self.told.retain(|known| (known.side, &known.party) != (told.side, &told.party));
                self.told.push(told);
            }
            if decision.closes {
                said.push("closed".to_owned());
                self.told.clear();
            }
            self.open = (!decision.closes).then_some(decision.notice);
            said.join(", ")
        }
    }

    #[test]
    fn says_what_is_new_and_nothing_else() {
        let mut play = Play::new(&[("c", None)]);
        let (a, a2, b, info) = (
            finding("a", "1", Severity::Breaking),
            finding("a", "2", Severity::Breaking),
            finding("b", "1", Severity::Warning),
            finding("i", "1", Severity::Info),
        );
        assert_eq!(play.step(&[]), "keep");
        assert_eq!(play.step(from_ref(&info)), "keep");
        assert_eq!(play.step(&[a.clone(), info]), "c opened:1, p opened:1");
        assert_eq!(play.step(from_ref(&a)), "keep");
        assert_eq!(play.step(from_ref(&a2)), "c updated:1, p updated:1");
        assert_eq!(play.step(&[a2, b.clone()]), "c updated:2, p updated:2");
        assert_eq!(play.step(from_ref(&b)), "keep");
        assert_eq!(play.step(&[]), "c resolved:1, p resolved:1, closed");
        assert_eq!(play.step(from_ref(&b)), "c opened:1, p opened:1");
    }

    #[test]
    fn each_party_hears_only_what_is_news_to_it() {
        let mut play = Play::new(&[("c", Some(&["GET /a"])), ("d", Some(&["GET /b"]))]);
        let (a, b, z) =
            (finding("a", "1", Severity::Breaking), finding("b", "1", Severity::Breaking), finding("z", "1", Severity::Breaking));
        assert_eq!(play.step(from_ref(&z)), "keep", "nobody uses it");
        assert_eq!(play.step(from_ref(&a)), "c opened:1, p opened:1");
        assert_eq!(play.step(&[a.clone(), b.clone()]), "d opened:1, p updated:2", "no news for the first consumer");
        assert_eq!(play.step(from_ref(&b)), "c resolved:1", "the other notice lives on");
        // The first consumer says that it uses more: what was open all along is news to it.
        play.integration.apis[0].consumers[0].operations = None;
        assert_eq!(play.step(from_ref(&b)), "c opened:1");
        assert_eq!(play.step(&[]), "c resolved:1, d resolved:1, p resolved:1, closed");
    }

    #[test]
    fn a_newer_rule_set_does_not_speak_twice() {
        let play = Play::new(&[("c", None)]);
        let breaking = ToldFinding { content: "1".to_owned(), severity: Severity::Breaking };
        let told = LastTold {
            side: Side::Consumer,
            party: "c".to_owned(),
            stem: None,
            answer: None,
            written_at: None,
            pending: None,
            findings: BTreeMap::from([("old".to_owned(), breaking.clone())]),
        };
        let again = [finding("new", "1", Severity::Breaking), finding("i", "1", Severity::Info)];
        let told = rebased(&[told], &play.integration.apis[0], &again);
        assert_eq!(told[0].findings, BTreeMap::from([("new".to_owned(), breaking)]));
    }
}
