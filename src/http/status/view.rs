//! What `/status` tells, as one documented object.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::model::{ApiState, DeliveryState, NoticeGiven, OverrideNote, Severity, Side, Surface};
use crate::state::LoopName;

/// Everything on-call needs, in the order they ask.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StatusView {
    /// Whether anybody has to do something.
    pub state: StatusState,
    /// One sentence.
    pub verdict: String,
    /// The same in three answers: alive, checking, mail.
    #[serde(default)]
    pub tiles: Vec<Tile>,
    /// Which part of all there is stands here.
    #[serde(default)]
    pub extent: StatusExtent,
    /// When this was gathered.
    pub at: DateTime<Utc>,
    /// Version of driftd.
    pub version: String,
    /// When the daemon started.
    pub started_at: DateTime<Utc>,
    /// When the active configuration was loaded.
    pub config_loaded_at: DateTime<Utc>,
    /// What is wrong with driftd itself.
    pub trouble: Vec<TroubleView>,
    /// The loops that have run, with when they last did.
    #[serde(default)]
    pub loops: Vec<LoopView>,
    /// Every watched description of this page: in the order of their names where one page holds all, else the worst first.
    pub checking: Vec<ApiView>,
    /// Days on which something ends or changes.
    pub dates: Vec<DateView>,
    /// Exceptions that name a rule or an operation which does not exist, and so cover nothing; in words.
    #[serde(default)]
    pub empty_exceptions: Vec<String>,
    /// Ends of integrations that lack somebody; where there are more pages than one, the share of this one.
    pub gaps: Vec<GapView>,
    /// Addresses of people who were asked whether they are there and did not answer.
    pub unconfirmed: BTreeSet<String>,
    /// How letters fare.
    pub telling: TellingView,
    /// Every open notice of this page: the oldest first where one page holds all, else the worst first.
    pub open: Vec<OpenView>,
}

/// One of three answers at a glance, of everything, whatever is chosen.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Tile {
    /// `alive`, `checking` or `mail`.
    pub name: String,
    /// Whether anybody has to do something about it.
    pub state: StatusState,
    /// The answer in a few words.
    pub headline: String,
    /// The worst of it, in one sentence; empty where nothing is to be said.
    pub detail: String,
}

/// Which part of all there is stands on a page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusExtent {
    /// The page, from 1.
    pub page: usize,
    /// How many there are.
    pub pages: usize,
    /// How many descriptions, notices and days one holds together.
    pub per_page: usize,
    /// Only descriptions in this state and what is about them; none for all.
    pub state: Option<ApiState>,
    /// Only this integration; none for all.
    pub integration: Option<String>,
    /// Descriptions on all these pages.
    pub descriptions: usize,
    /// Of them, those that are verified.
    pub verified: usize,
    /// Open notices on all these pages.
    pub open: usize,
    /// Of them, those that are past their answer date.
    pub overdue: usize,
    /// Days and promises on all these pages.
    pub dates: usize,
    /// Ends that lack somebody, on all these pages.
    pub gaps: usize,
}

/// Somebody to call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactView {
    /// Which end.
    pub side: Side,
    /// The party's name.
    pub party: String,
    /// The role.
    pub role: String,
    /// The name.
    pub name: String,
    /// The mail address.
    pub email: String,
    /// Where to call, if anywhere.
    pub phone: Option<String>,
}

/// Whether anybody has to do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StatusState {
    /// Nobody has.
    Ok,
    /// Somebody must answer or look.
    Action,
    /// driftd itself needs help.
    Trouble,
}

impl std::fmt::Display for StatusState {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Ok => "ok",
            Self::Action => "action",
            Self::Trouble => "trouble",
        })
    }
}

/// A loop of the daemon.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoopView {
    /// What it is called.
    pub name: LoopName,
    /// When it last ran.
    pub last_run: DateTime<Utc>,
    /// Why that came to nothing, if it did.
    pub last_error: Option<String>,
}

/// Something wrong with driftd itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TroubleView {
    /// `database`, `outbox`, `mail`, `letters`, `configuration`, `digest`, `ladder`, `bounces`, or `channel` and whose.
    pub part: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// What is wrong.
    pub what: String,
}

/// A watched description.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ApiView {
    /// Integration id.
    pub integration: String,
    /// API id.
    pub api: String,
    /// `live` or `upcoming`.
    pub surface: Surface,
    /// What people call it.
    pub name: String,
    /// Where it is.
    pub source: String,
    /// `new`, `verified`, `changed`, `down`, `undecidable`, `blind` or `held`.
    pub state: ApiState,
    /// Why.
    pub detail: String,
    /// Since when it cannot be judged, where it cannot.
    #[serde(default)]
    pub since: Option<DateTime<Utc>>,
    /// Whom to call at both ends, where it needs somebody.
    #[serde(default)]
    pub contacts: Vec<ContactView>,
    /// When it was last tried.
    pub last_check: Option<DateTime<Utc>>,
    /// When it was last read.
    pub last_success: Option<DateTime<Utc>>,
    /// When it was last found unchanged.
    pub last_verified_unchanged: Option<DateTime<Utc>>,
    /// When it last changed.
    pub last_changed: Option<DateTime<Utc>>,
    /// When it is tried next.
    pub next_check: DateTime<Utc>,
    /// Whether that has passed by more than a few minutes, or the check under way should have ended long ago.
    #[serde(default)]
    pub overdue: bool,
    /// Consecutive failures.
    pub failures: u32,
    /// SHA-256 of the newest snapshot.
    pub snapshot: Option<String>,
    /// SHA-256 of the baseline.
    pub baseline: Option<String>,
    /// Uses that a consumer declares and the description does not have: a change there would reach nobody.
    pub unmatched_uses: Vec<String>,
    /// Findings against the baseline, by severity.
    pub findings: BTreeMap<Severity, usize>,
    /// Each of them.
    pub messages: Vec<FindingView>,
}

/// A day on which something ends or changes, or a promise that it breaks.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DateView {
    /// Integration id.
    pub integration: String,
    /// API id.
    pub api: String,
    /// What people call it.
    pub api_name: String,
    /// The day, where it is about one.
    #[serde(default)]
    pub on: Option<NaiveDate>,
    /// What is to be said of it.
    pub finding: FindingView,
}

/// A finding.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FindingView {
    /// How much it matters.
    pub severity: Severity,
    /// Rule id.
    pub rule: String,
    /// Changes when there is something new to say: what an override waives by `content`. One for each value that the sentence
    /// tells.
    pub contents: Vec<String>,
    /// One sentence.
    pub message: String,
    /// Operations it reaches.
    pub used_by: Vec<String>,
    /// When it was first seen.
    pub since: DateTime<Utc>,
    /// Whether any consumer is concerned.
    pub concerns_somebody: bool,
    /// Who made an exception for it, why, and until when.
    pub exception: Option<OverrideNote>,
    /// The notice it was given, where it breaks and is live.
    pub given: Option<NoticeGiven>,
}

/// How letters fare.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct TellingView {
    /// When the oldest letter that has not left was written.
    pub oldest_undelivered: Option<DateTime<Utc>>,
    /// Letters by state.
    pub letters: BTreeMap<String, u64>,
    /// The last letters that could not be delivered at all.
    pub undeliverable: Vec<LetterStatus>,
    /// Addresses whose newest letter could not be delivered.
    pub dead_contacts: Vec<DeadContact>,
}

/// An address that cannot be written to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeadContact {
    /// Whose it is.
    pub name: String,
    /// The address.
    pub address: String,
    /// Key of the party.
    pub party: String,
    /// When the letter was written that showed it.
    pub since: DateTime<Utc>,
    /// What was answered.
    pub why: String,
}

/// An end of an integration that lacks somebody.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GapView {
    /// Integration id.
    pub integration: String,
    /// The party's name.
    pub party: String,
    /// What is missing.
    pub what: String,
    /// Whether a notice would reach nobody there but the operator.
    pub is_orphan: bool,
}

/// An open notice.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OpenView {
    /// Its id, on both letters.
    pub notice: String,
    /// Integration id.
    pub integration: String,
    /// The integration's name.
    pub integration_name: String,
    /// API id.
    pub api: String,
    /// What people call it.
    pub api_name: String,
    /// `live` or `upcoming`.
    pub surface: Surface,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// How old it is, whole hours.
    pub age_hours: i64,
    /// By when the first end that has not answered should: as the ladder counts it. None where nobody is asked.
    pub answer_by: Option<DateTime<Utc>>,
    /// Whole days by which the answer of an end is overdue; none where it is not.
    #[serde(default)]
    pub overdue_days: Option<i64>,
    /// How much is open and the worst of it, in a few words.
    #[serde(default)]
    pub headline: String,
    /// What is open.
    pub findings: Vec<FindingView>,
    /// Both ends, consumers first.
    pub sides: Vec<SideView>,
}

/// One end of an open notice.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SideView {
    /// Which end.
    pub side: Side,
    /// The party's name.
    pub party: String,
    /// Who owns it there: whoever answered, else the contact.
    pub owner: String,
    /// How to reach the contact.
    pub contact: String,
    /// The contact again, part by part; none where it is no longer in the configuration.
    #[serde(default)]
    pub reach: Option<ContactView>,
    /// What was answered, in words; none yet.
    pub answer: Option<String>,
    /// What was said beside it, in words: a request for time and what became of it, who was named instead.
    #[serde(default)]
    pub said: Vec<String>,
    /// When an answer is due, or due again because a plan did not come true; none where all is answered for good.
    #[serde(default)]
    pub due: Option<DateTime<Utc>>,
    /// Whole days by which that has passed; none where it has not.
    #[serde(default)]
    pub overdue_days: Option<i64>,
    /// Its letters.
    pub letters: Vec<LetterStatus>,
}

/// A letter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LetterStatus {
    /// `opened`, `updated` or `resolved`.
    pub kind: String,
    /// To whom.
    pub to: String,
    /// `pending`, `sent`, `dead-address` or `refused`.
    pub state: DeliveryState,
    /// When it was written.
    pub written_at: DateTime<Utc>,
    /// When a server took it.
    pub sent_at: Option<DateTime<Utc>>,
    /// Tries so far.
    pub tries: u32,
    /// What the server said last.
    pub last_reply: Option<String>,
}
