//! Why a schedule cannot be read.

use thiserror::Error;

/// Why a schedule cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScheduleError {
    /// Not 5 to 7 fields.
    #[error("a cron expression has 5 fields (crontab), 6 (with seconds) or 7 (with years); this has {0}")]
    Fields(usize),
    /// A nickname that is none.
    #[error("{0:?} is not a nickname: write @hourly, @daily, @weekly, @monthly or @yearly")]
    Nickname(String),
    /// A field that is not understood.
    #[error("{0}")]
    Field(String),
    /// It will never be due.
    #[error("this expression names no time that ever comes")]
    Never,
}
