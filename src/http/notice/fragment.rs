//! A changed fragment in two columns: as it was, and as it is.

use serde::Serialize;

use crate::render::clean;

/// Longest line that is shown, characters.
const LONGEST: usize = 300;

/// One line of a fragment in both columns; empty where the other side has no such line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Pair {
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    /// Whether both are the same.
    pub(super) same: bool,
}

/// The lines of a unified diff side by side: lines that went beside those that came in their place.
pub(super) fn side_by_side(fragment: &str) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let (mut gone, mut come): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for line in fragment.lines() {
        let text = |line: &str| clean(line, LONGEST);
        if let Some(line) = line.strip_prefix('-') {
            // What goes after something came belongs to another change.
            if !come.is_empty() {
                flush(&mut pairs, &mut gone, &mut come);
            }
            gone.push(text(line));
        } else if let Some(line) = line.strip_prefix('+') {
            come.push(text(line));
        } else {
            flush(&mut pairs, &mut gone, &mut come);
            let line = text(line.strip_prefix(' ').unwrap_or(line));
            pairs.push(Pair { before: Some(line.clone()), after: Some(line), same: true });
        }
    }
    flush(&mut pairs, &mut gone, &mut come);
    pairs
}

fn flush(pairs: &mut Vec<Pair>, gone: &mut Vec<String>, come: &mut Vec<String>) {
    let (mut gone, mut come) = (gone.drain(..), come.drain(..));
    loop {
        match (gone.next(), come.next()) {
            (None, None) => return,
            (before, after) => pairs.push(Pair { before, after, same: false }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_stands_beside_what_went() {
        let shown: Vec<(Option<String>, Option<String>, bool)> =
            side_by_side(" a\n-b\n-c\n+d\n e\n+f\n-g").into_iter().map(|pair| (pair.before, pair.after, pair.same)).collect();
        let line = |text: &str| Some(text.to_owned());
        let expected = [
            (line("a"), line("a"), true),
            (line("b"), line("d"), false),
            (line("c"), None, false),
            (line("e"), line("e"), true),
            (None, line("f"), false),
            (line("g"), None, false),
        ];
        assert_eq!(shown, expected);
    }
}
