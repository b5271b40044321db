//! What is told, to whom, and how each try at telling went.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{ChannelName, EscalationTarget, Fingerprint, LadderPlace, OpenFinding, Severity, Side, WatchKey};

/// What a mail of a notice says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeKind {
    /// Something changed.
    Opened,
    /// More changed, or the same changed again.
    Updated,
    /// An alarm is taken back, while something else stays open: a day that keeps its promise again, a finding that breaks nothing
    /// any more.
    Eased,
    /// A day that was told of has come nearer.
    Reminder,
    /// Nobody has answered, and somebody else is asked.
    Escalated,
    /// One side said something that the other must hear.
    #[serde(rename = "exchange")]
    CounterpartMessage,
    /// What happened in a week and needs nobody.
    Digest,
    /// Whether somebody is still the one to write to.
    #[serde(rename = "attest")]
    Confirmation,
    /// A description cannot be judged, or can be again.
    Outage,
    /// It is as before again.
    Resolved,
}

impl NoticeKind {
    /// Whether a letter of this kind tells something new: who accepted before it was written has accepted less.
    pub fn tells_more(name: &str) -> bool {
        [Self::Opened, Self::Updated].iter().any(|kind| kind.name() == name)
    }

    /// The word in storage, in templates and in what programs are sent; two are older than the names here.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Updated => "updated",
            Self::Eased => "eased",
            Self::Reminder => "reminder",
            Self::Escalated => "escalated",
            Self::CounterpartMessage => "exchange",
            Self::Digest => "digest",
            Self::Confirmation => "attest",
            Self::Outage => "outage",
            Self::Resolved => "resolved",
        }
    }
}

/// What a letter does to the question whether its side has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LetterQuestion {
    /// It asks; where a question was open before, that one stays the one that is to be answered.
    Asked,
    /// Nothing.
    AsBefore,
    /// Nothing is asked any more: all is over, or only days are left that keep their promises.
    Nothing,
}

impl LetterQuestion {
    /// The word in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::AsBefore => "as-before",
            Self::Nothing => "nothing",
        }
    }

    /// The question a stored word stands for.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Asked, Self::AsBefore, Self::Nothing].into_iter().find(|question| question.name() == name)
    }
}

/// One change set of one API, told to both sides under one id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Shared by both mails, for people to read and type: a letter and the first digits of the fingerprint, as many as no other
    /// notice has.
    pub id: String,
    /// What it was made of: what its letters thread by.
    pub fingerprint: Fingerprint,
    /// When it was first seen.
    pub opened_at: DateTime<Utc>,
    /// When it was last told.
    pub told_at: DateTime<Utc>,
}

/// What a party was told of one finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldFinding {
    /// Its content.
    pub content: String,
    /// How much it mattered.
    pub severity: Severity,
}

/// What one party was last told under a notice.
///
/// Kept for each party, because each hears of its own share: what is news to one was told to another long ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastTold {
    /// Which end.
    pub side: Side,
    /// Key of the party.
    pub party: String,
    /// What the subjects of its letters say of the notice; none before it had one.
    pub stem: Option<String>,
    /// What it answered last.
    pub answer: Option<Acknowledgement>,
    /// When its owner was last written to about the notice; what the other side says does not count.
    pub written_at: Option<DateTime<Utc>>,
    /// What it is asked, and what it answered to that; none before it had a letter.
    pub pending: Option<PendingAnswer>,
    /// What it was told of each finding, by identity; empty once it was told that all is over.
    pub findings: BTreeMap<String, ToldFinding>,
}

impl LastTold {
    /// Whether the party was told of a finding just as it is.
    pub fn knows(&self, finding: &OpenFinding) -> bool {
        self.findings.get(&finding.identity).is_some_and(|told| told.content == finding.content)
    }
}

/// An open notice with all it tells of.
#[derive(Debug, Clone)]
pub struct OpenNotice {
    /// The notice.
    pub notice: Notice,
    /// The API.
    pub key: WatchKey,
    /// What differs now.
    pub findings: Vec<OpenFinding>,
    /// When each of them was first seen, by identity.
    pub seen: BTreeMap<String, DateTime<Utc>>,
    /// What each party was told; whom it no longer concerns is not among them.
    pub told: Vec<LastTold>,
    /// When each address, in small letters, was last written to about it; what the other side says does not count.
    pub written: BTreeMap<String, DateTime<Utc>>,
}

impl OpenNotice {
    /// What a party was told of it.
    pub fn told_to(&self, side: Side, party: &str) -> Option<&LastTold> {
        self.told.iter().find(|told| told.side == side && told.party == party)
    }

    /// Whether an address was written to about it on the day of `now`, in UTC.
    pub fn is_written_today(&self, email: &str, now: DateTime<Utc>) -> bool {
        self.written.get(&email.to_ascii_lowercase()).is_some_and(|at| at.date_naive() == now.date_naive())
    }
}

/// Where a rendered message stands on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryState {
    /// Waits until the delivery it stands in for turns out to be undeliverable.
    Standby,
    /// Waiting for its first or next try.
    Pending,
    /// A server has taken it.
    Sent,
    /// The address does not exist; whoever stands in has been written to.
    DeadAddress,
    /// It cannot be handed over to this recipient as things are; a person must look.
    Refused,
    /// What it tells of was over before it left: it is not sent.
    Overtaken,
}

impl DeliveryState {
    /// The word in storage and status.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standby => "standby",
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::DeadAddress => "dead-address",
            Self::Refused => "refused",
            Self::Overtaken => "overtaken",
        }
    }

    /// The state a stored word stands for.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Standby, Self::Pending, Self::Sent, Self::DeadAddress, Self::Refused, Self::Overtaken]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

/// Which way letters go. Each has a loop of its own, so that one that hangs holds up no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// By mail.
    Mail,
    /// To the programs of parties.
    Channels,
}

impl Lane {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Mail, Self::Channels];
}

/// One rendered message to one recipient. Its bytes never change, so a re-send is the same message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Row number.
    pub id: i64,
    /// The notice it tells of.
    pub notice: String,
    /// Which end it goes to.
    pub side: Side,
    /// The one envelope recipient.
    pub recipient: String,
    /// Envelope sender.
    pub sender: String,
    /// The message, RFC 5322; for a channel, the body of the request.
    pub message: Vec<u8>,
    /// The channel it goes through, where that is not mail.
    pub channel: Option<ChannelName>,
    /// Tries so far.
    pub attempts: u32,
}

/// How one try at sending went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// The server took it, with these words.
    Sent(String),
    /// It was not taken; it may be later.
    Retry(String),
    /// It was not taken, and the server says after how long to come back.
    Later(String, Duration),
    /// Nobody knows whether it was taken: the same bytes are sent again.
    Ambiguous(String),
    /// The server takes no letter from us now: no connection, no TLS, no authentication, or it refuses our sender. It said
    /// nothing of this letter, and would say the same of every other.
    NoServer(String),
    /// It was refused for what we are or what we send, not for its recipient: relaying, authentication, quota, policy, content.
    OurTrouble(String),
    /// The recipient's mailbox is full (RFC 3463, X.2.2).
    MailboxFull(String),
    /// The recipient does not exist.
    DeadAddress(String),
    /// It cannot be handed over to this recipient as long as nothing is changed: a program that refuses, an address that the
    /// server has no way to carry.
    Refused(String),
}

impl AttemptOutcome {
    /// Every word in storage and metrics.
    pub const NAMES: [&str; 9] =
        ["sent", "retry", "later", "ambiguous", "no-server", "our-trouble", "mailbox-full", "dead-address", "refused"];

    /// The word in storage and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sent(_) => "sent",
            Self::Retry(_) => "retry",
            Self::Later(..) => "later",
            Self::Ambiguous(_) => "ambiguous",
            Self::NoServer(_) => "no-server",
            Self::OurTrouble(_) => "our-trouble",
            Self::MailboxFull(_) => "mailbox-full",
            Self::DeadAddress(_) => "dead-address",
            Self::Refused(_) => "refused",
        }
    }

    /// The same outcome in other words.
    pub fn said(self, words: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Sent(reply) => Self::Sent(words(reply)),
            Self::Retry(reply) => Self::Retry(words(reply)),
            Self::Later(reply, after) => Self::Later(words(reply), after),
            Self::Ambiguous(reply) => Self::Ambiguous(words(reply)),
            Self::NoServer(reply) => Self::NoServer(words(reply)),
            Self::OurTrouble(reply) => Self::OurTrouble(words(reply)),
            Self::MailboxFull(reply) => Self::MailboxFull(words(reply)),
            Self::DeadAddress(reply) => Self::DeadAddress(words(reply)),
            Self::Refused(reply) => Self::Refused(words(reply)),
        }
    }

    /// What the server said, or what went wrong.
    pub fn reply(&self) -> &str {
        match self {
            Self::Sent(reply)
            | Self::Retry(reply)
            | Self::Later(reply, _)
            | Self::Ambiguous(reply)
            | Self::NoServer(reply)
            | Self::OurTrouble(reply)
            | Self::MailboxFull(reply)
            | Self::DeadAddress(reply)
            | Self::Refused(reply) => reply,
        }
    }
}

/// How long to wait before the next try: `first`, doubled each time, at most an hour, and up to a quarter
/// more so that a backlog does not return in step. It never gives up (RFC 5321 section 4.5.4.1 asks for
/// four to five days at least).
pub fn retry_after(attempts: u32, first: Duration, jitter: f64) -> Duration {
    let base = first.saturating_mul(1_u32 << attempts.saturating_sub(1).min(20)).min(Duration::from_secs(3600));
    base.mul_f64(1.0 + jitter.clamp(0.0, 1.0) / 4.0)
}

/// What a side says to a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// "Ours, fixed by …".
    Ours,
    /// "We have adapted; compare with this from now on."
    Accepted,
}

impl Answer {
    /// The word in forms and storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Accepted => "accepted",
        }
    }

    /// The answer a word stands for.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Ours, Self::Accepted].into_iter().find(|answer| answer.name() == name)
    }
}

/// What one side asks of the other: to keep things as they are until a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Row number.
    pub id: i64,
    /// Which end asks.
    pub side: Side,
    /// Key of the party that asks.
    pub party: String,
    /// Who asks for it.
    pub by: String,
    /// Until when.
    pub until: NaiveDate,
    /// Anything else.
    pub note: String,
    /// Whether the other side agreed, and who said so.
    pub decided: Option<(bool, String)>,
}

/// What somebody says by the link in a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// It is ours, or accepted.
    Acknowledge(Acknowledgement),
    /// It is somebody else's on this side.
    NotUs {
        /// Who says so.
        by: String,
        /// Who is to be asked.
        ask: EscalationTarget,
    },
    /// More time is needed.
    Extend {
        /// Who says so.
        by: String,
        /// Until when.
        until: NaiveDate,
        /// Why.
        note: String,
    },
    /// What the other side asked for is agreed to, or not.
    Decide {
        /// Who says so.
        by: String,
        /// The proposal.
        proposal: i64,
        /// Yes or no.
        agreed: bool,
    },
}

/// Who answered a notice, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Who owns it from now on.
    pub owner: String,
    /// What was said.
    pub answer: Answer,
    /// By when it will be done.
    pub fix_by: Option<NaiveDate>,
    /// Anything else.
    pub note: String,
}

impl Acknowledgement {
    /// Who of a party said what, in a sentence without a full stop; the note is not in it.
    pub fn in_words(&self, party: &str) -> String {
        let by = self.fix_by.map(|day| format!(", done by {day}")).unwrap_or_default();
        let word = match self.answer {
            Answer::Ours => "takes it on",
            Answer::Accepted => "accepts it",
        };
        format!("{} ({party}) {word}{by}", self.owner)
    }
}

/// What is known of one party under an open notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingAnswer {
    /// Which end.
    pub side: Side,
    /// Key of the party.
    pub party: String,
    /// When each letter that asks for an answer was written, oldest first.
    pub asked: Vec<DateTime<Utc>>,
    /// What was answered last, and when the letter was written that was answered.
    pub answer: Option<(Acknowledgement, DateTime<Utc>)>,
    /// Steps that were taken, with the question each belongs to.
    pub steps_taken: Vec<EscalationStep>,
}

/// A step that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EscalationStep {
    /// When the question was asked that nobody answered.
    pub asked_at: DateTime<Utc>,
    /// Where on the ladder, or beside it.
    pub place: LadderPlace,
    /// When it was taken.
    pub at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_grow_to_an_hour_and_never_end() {
        let minute = Duration::from_secs(60);
        let minutes = |attempts| retry_after(attempts, minute, 0.0).as_secs() / 60;
        assert_eq!([1, 2, 3, 6, 7, 8, 1000].map(minutes), [1, 2, 4, 32, 60, 60, 60]);
        assert_eq!(retry_after(1, minute, 1.0).as_secs(), 75);
    }
}
