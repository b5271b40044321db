//! The words of driftd as plain types: who is joined to whom, what was promised, what was told.
//!
//! Invariants: knows no other module; does no IO; transitions are pure functions of their arguments.

mod check;
mod clock;
mod integration;
mod notice;
mod overrides;
mod schedule;

pub use check::{ApiState, Checked, OpenFinding, PartValidators, Validators, WatchKey};
pub use clock::{Clock, ManualClock, SystemClock, millis, time_of};
pub use integration::{
    Agreement, Api, Auth, Consumer, Contact, Days, Integration, OperationPattern, Party, Person, Role, Source, Surface,
};
pub use notice::{Acknowledgement, Answer, AttemptOutcome, Delivery, DeliveryState, Notice, NoticeKind, Side, Told, retry_after};
pub use overrides::{Overridable, Override, OverrideNote, Pattern, Weight};
pub use schedule::{Schedule, ScheduleError};
