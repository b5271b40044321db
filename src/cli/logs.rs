//! The log on standard error. Partners' words end up there too: what is invisible, reorders, or commands a terminal does not.

use std::io::{IsTerminal as _, Stderr, Write};

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::render::{escaped_json, is_treacherous};

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// Installs the log; `usual` is what is told where `DRIFTD_LOG` says nothing.
pub(super) fn install(format: LogFormat, usual: &str) {
    let filter = EnvFilter::try_from_env("DRIFTD_LOG").unwrap_or_else(|_| EnvFilter::new(format!("warn,{usual}")));
    let is_coloured = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(is_coloured);
    match format {
        LogFormat::Human => log.with_writer(Clean { is_json: false, is_coloured }).with_target(false).init(),
        LogFormat::Json => log.with_writer(Clean { is_json: true, is_coloured: false }).json().flatten_event(true).init(),
    }
}

/// Cleans each event on its way out.
#[derive(Debug, Clone, Copy)]
struct Clean {
    is_json: bool,
    is_coloured: bool,
}

impl Clean {
    fn cleaned(self, event: &str) -> String {
        if self.is_json {
            return escaped_json(event);
        }
        // Colours are ours: the formatter escapes whatever a field holds of them.
        let is_kept = |c: char| c == '\n' || (c == '\u{1b}' && self.is_coloured) || !is_treacherous(c);
        event.chars().map(|c| if c == '\t' { ' ' } else { c }).filter(|c| is_kept(*c)).collect()
    }
}

impl MakeWriter<'_> for Clean {
    type Writer = CleanStderr;

    fn make_writer(&self) -> CleanStderr {
        CleanStderr { how: *self, to: std::io::stderr() }
    }
}

/// Standard error for one event.
struct CleanStderr {
    how: Clean,
    to: Stderr,
}

impl Write for CleanStderr {
    fn write(&mut self, event: &[u8]) -> std::io::Result<usize> {
        self.to.write_all(self.how.cleaned(&String::from_utf8_lossy(event)).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_partner_wrote_does_nothing_to_whoever_reads_the_log() {
        let event = "a\u{202e}b\u{200b}c\u{7}\u{1b}[31m\n";
        let how = |is_json, is_coloured| Clean { is_json, is_coloured }.cleaned(event);
        assert_eq!(how(false, false), "abc[31m\n");
        assert_eq!(how(false, true), "abc\u{1b}[31m\n");
        assert!(how(true, false).starts_with("a\\u202eb\\u200bc\\u0007"));
    }
}
