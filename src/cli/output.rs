//! Standard output of a command.

use chrono::{DateTime, Local, Utc};

/// `println!` that does not mind a closed pipe.
macro_rules! sayln {
    ($($arguments:tt)*) => { $crate::cli::output::say(&format!("{}\n", format_args!($($arguments)*))) };
}

/// Prints to standard output. That nobody reads any more (`| head`) is not an error worth words.
pub(super) fn say(text: &str) {
    use std::io::Write as _;
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// A time by the clock of whoever reads it.
pub(super) fn local(time: DateTime<Utc>) -> String {
    time.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S").to_string()
}
