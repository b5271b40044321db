//! The words of driftd as plain types: who is joined to whom, what was promised, what was told.
//!
//! Invariants: knows no other module; does no IO; transitions are pure functions of their arguments.

mod agreement;
mod cause;
mod channel_name;
mod check;
mod clock;
mod direction;
mod event;
mod finding;
mod fingerprint;
mod integration;
mod ladder;
mod ledger;
mod nearest;
mod network;
mod notice;
mod operation;
mod overrides;
mod role;
mod schedule;
mod severity;
mod size;
mod subject;
mod watch;

pub use agreement::{After, Agreement, BREAKING, Calendar, Freeze, Measured, Period, REMOVAL, Step, Wait, YearDay};
pub use cause::{OneCause, OneOfSeveral, by_cause};
pub use channel_name::{ChannelName, NoChannelName};
pub use check::{ApiState, Checked, PartValidators, Validators};
pub use clock::{Clock, ManualClock, SystemClock, millis, time_of};
pub use direction::Direction;
pub use event::{EventKind, UnknownEventKind};
pub use finding::{Day, NoticeGiven, OpenFinding};
pub use fingerprint::{Fingerprint, NoticeSeries};
pub use integration::{Api, Auth, Channel, ChannelKind, Consumer, Contact, DateKeys, Integration, Party, Person, Probe, Source};
pub use ladder::LadderPlace;
pub use ledger::{DateKind, LedgerEntry, LedgerStep, Origin, Statement, YEARS, dated_subjects, follow, in_force, read_date};
pub use nearest::{meant, nearest};
pub use network::{ApiTls, Direct, PrivateHost, Proxies, Proxy, place};
pub use notice::{
    Acknowledgement, Answer, AttemptOutcome, Delivery, DeliveryState, EscalationStep, Lane, LastTold, LetterQuestion, Notice,
    NoticeKind, OpenNotice, PendingAnswer, Proposal, Reply, ToldFinding, retry_after,
};
pub use operation::{OperationLabel, OperationPattern, Stability};
pub use overrides::{Overridable, Override, OverrideNote, OverrideSeverity, Pattern};
pub use role::{EscalationTarget, Role, Side};
pub use schedule::{Schedule, ScheduleError};
pub use severity::{Consequence, Severity};
pub use size::USUAL_BYTES;
pub use subject::{stem_of, subject};
pub use watch::{Surface, WatchKey};
