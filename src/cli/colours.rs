//! Colours of a terminal (ECMA-48, SGR).

use std::io::IsTerminal as _;

/// Whether standard output is to be coloured: it is a terminal, and nobody has set NO_COLOR (no-color.org).
pub(super) fn is_wanted() -> bool {
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    wanted && std::io::stdout().is_terminal()
}

/// How much a word matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Bad,
    Doubtful,
    Good,
    Soft,
}

/// Colours words, or leaves them as they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint {
    pub(super) is_on: bool,
}

impl Paint {
    /// A word in its tone.
    pub(super) fn word(self, tone: Tone, word: &str) -> String {
        if !self.is_on {
            return word.to_owned();
        }
        let code = match tone {
            Tone::Bad => "1;31",
            Tone::Doubtful => "33",
            Tone::Good => "32",
            Tone::Soft => "2",
        };
        format!("\u{1b}[{code}m{word}\u{1b}[0m")
    }

    /// The same in a column so many characters wide: what colours it takes no room.
    pub(super) fn column(self, tone: Tone, word: &str, width: usize) -> String {
        self.word(tone, &format!("{word:<width$}"))
    }
}
