//! Exit codes (sysexits), and how a command fails with one.

use crate::render::clean_lines;

/// There are findings, gaps or something else that somebody must act on.
pub(super) const FINDINGS: u8 = 1;
/// The command line is wrong.
pub(super) const USAGE: u8 = 2;
/// What was read cannot be used: a description, or an answer of the daemon.
pub(super) const BAD_DATA: u8 = 65;
/// A provider, a mail server or the daemon cannot be reached.
pub(super) const UNREACHABLE: u8 = 69;
/// A mistake in driftd itself.
pub(super) const INTERNAL: u8 = 70;
/// A file or stream cannot be read or written.
pub(super) const IO: u8 = 74;
/// The same may work later.
pub(super) const TRY_LATER: u8 = 75;
/// Whoever runs the command may not.
pub(super) const PERMISSION: u8 = 77;
/// The configuration, or a file named on the command line, holds a mistake.
pub(super) const CONFIG: u8 = 78;

/// Longest message that is printed, characters.
const LONGEST: usize = 4000;

/// Why a command fails.
#[derive(Debug)]
pub(super) struct CommandError {
    code: u8,
    message: String,
}

impl CommandError {
    pub(super) fn new(code: u8, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The same reason under another exit code.
    pub(super) fn with_code(self, code: u8) -> Self {
        Self { code, ..self }
    }

    /// Why, in words.
    #[cfg(test)]
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// Says why on standard error, cleaned: partners' words may stand in it. Returns the exit code.
    pub(super) fn report(&self) -> u8 {
        eprintln!("driftd: {}", clean_lines(&self.message, LONGEST));
        self.code
    }
}

/// The exit code of a command; what went wrong is said.
pub(super) fn exit_code(done: Result<(), CommandError>) -> u8 {
    done.map_or_else(|error| error.report(), |()| 0)
}
