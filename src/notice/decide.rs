//! Whether anything is to be said, and to whom: for each party, a set difference between what it was told
//! and what concerns it now.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};

use crate::model::{Acknowledgement, Api, Consumer, Fingerprint, Integration, LastTold, Notice, NoticeKind, OpenFinding, Side};

use super::dates;
use super::usage::{Impact, impact};

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
    /// Opened, updated or resolved.
    pub kind: NoticeKind,
    /// What concerns the party; in a resolved letter, what used to.
    pub findings: Vec<&'f OpenFinding>,
    /// Days to come that the party was told of and that were called off, while others stay.
    pub called_off: Vec<&'f OpenFinding>,
    /// What the subjects of its letters say of the notice, where it had one before.
    pub stem: Option<String>,
    /// What the other end has answered, by the key of each party.
    pub answers: Vec<(String, Acknowledgement)>,
    /// What is different since the party was last told, where it was told before and is told what is new.
    pub since: Option<Since<'f>>,
}

/// What is different since a party was last told.
#[derive(Debug, Clone)]
pub struct Since<'f> {
    /// What it has not heard yet, among what concerns it now.
    pub new: Vec<&'f OpenFinding>,
    /// Those of them whose day moved.
    pub moved: Vec<&'f OpenFinding>,
    /// What it was told of and is gone, as far as that was still there at the last check.
    pub gone: Vec<&'f OpenFinding>,
    /// How much it was told of is gone.
    pub gone_count: usize,
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
        LastTold { side: self.side, party: self.party.clone(), stem: self.stem.clone(), answer: None, findings }
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
        let known = told.map(|told| &told.findings).filter(|known| !known.is_empty());
        let told_of = |finding: &OpenFinding| known.and_then(|known| known.get(&finding.identity));
        let is_news = |finding: &&OpenFinding| told_of(finding).is_none_or(|told| dates::is_news(told, &finding.content));
        let is_reminder =
            |finding: &&OpenFinding| told_of(finding).is_some_and(|told| dates::is_reminder(told, &finding.content));
        // A day to come that is called off is news: people have planned with it.
        let is_called_off = |finding: &&OpenFinding| {
            let is_known = known.is_some_and(|known| known.contains_key(&finding.identity));
            let is_to_come = finding.day.as_ref().is_some_and(|day| day.on > now.date_naive());
            is_known && is_to_come && !self.current.iter().any(|current| current.identity == finding.identity)
        };
        let called_off: Vec<&'f OpenFinding> = self.previous.iter().filter(is_called_off).collect();
        let (kind, findings) = match known {
            Some(known) if findings.is_empty() => {
                let gone = self.previous.iter().filter(|finding| known.contains_key(&finding.identity)).collect();
                (NoticeKind::Resolved, gone)
            }
            _ if !findings.iter().any(is_news) && called_off.is_empty() => return None,
            Some(_) if called_off.is_empty() && findings.iter().filter(|finding| is_news(finding)).all(is_reminder) => {
                (NoticeKind::Reminder, findings)
            }
            Some(_) => (NoticeKind::Updated, findings),
            None => (NoticeKind::Opened, findings),
        };
        let since = known.filter(|_| kind == NoticeKind::Updated).map(|known| {
            let there: HashSet<&str> = findings.iter().map(|finding| finding.identity.as_str()).collect();
            let is_gone = |identity: &String| !there.contains(identity.as_str());
            let was_told = |finding: &&OpenFinding| known.contains_key(&finding.identity);
            let gone = self.previous.iter().filter(was_told).filter(|finding| is_gone(&finding.identity));
            Since {
                new: findings.iter().copied().filter(is_news).collect(),
                moved: findings.iter().copied().filter(is_news).filter(|one| one.day.is_some() && was_told(one)).collect(),
                gone: gone.collect(),
                gone_count: known.keys().filter(|identity| is_gone(identity)).count(),
            }
        });
        let stem = told.and_then(|told| told.stem.clone());
        Some(PartyMessage {
            side,
            party: party.to_owned(),
            kind,
            findings,
            called_off,
            stem,
            answers: answers_of_others(self.told, side),
            since,
        })
    }
}

/// What the other end of a side has answered.
pub(super) fn answers_of_others(told: &[LastTold], side: Side) -> Vec<(String, Acknowledgement)> {
    let others = told.iter().filter(|told| told.side != side);
    others.filter_map(|told| Some((told.party.clone(), told.answer.clone()?))).collect()
}

/// What each party counts as told when the findings were judged again by a newer rule set, under which they
/// carry other digests: whoever was told anything knows all that concerned it.
pub fn rebased(told: &[LastTold], api: &Api, previous: &[OpenFinding]) -> Vec<LastTold> {
    told.iter()
        .map(|told| {
            let theirs = match told.side {
                _ if told.findings.is_empty() => Vec::new(),
                Side::Provider => concerning(previous, &api.consumers),
                Side::Consumer => api
                    .consumers
                    .iter()
                    .find(|consumer| consumer.party == told.party)
                    .map_or_else(Vec::new, |consumer| concerning(previous, std::slice::from_ref(consumer))),
            };
            LastTold { findings: contents(&theirs), ..told.clone() }
        })
        .collect()
}

/// The findings that somebody has to hear of and that concern any of these consumers.
pub fn concerning<'f>(findings: &'f [OpenFinding], consumers: &[Consumer]) -> Vec<&'f OpenFinding> {
    let concerns = |finding: &&OpenFinding| {
        finding.needs_notice() && consumers.iter().any(|consumer| impact(&finding.used_by, consumer) > Impact::NotUsed)
    };
    findings.iter().filter(concerns).collect()
}

fn contents(findings: &[&OpenFinding]) -> BTreeMap<String, String> {
    findings.iter().map(|finding| (finding.identity.clone(), finding.content.clone())).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::slice::from_ref;
    use std::time::Duration;

    use super::*;
    use crate::model::{
        Agreement, Auth, Calendar, Contact, DateKeys, OperationLabel, OperationPattern, Party, Period, Person, Role, Schedule,
        Severity, Source, Wait,
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
        let told = LastTold {
            side: Side::Consumer,
            party: "c".to_owned(),
            stem: None,
            answer: None,
            findings: BTreeMap::from([("old".to_owned(), "1".to_owned())]),
        };
        let again = [finding("new", "1", Severity::Breaking), finding("i", "1", Severity::Info)];
        let told = rebased(&[told], &play.integration.apis[0], &again);
        assert_eq!(told[0].findings, BTreeMap::from([("new".to_owned(), "1".to_owned())]));
    }
}
