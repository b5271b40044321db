//! Inclusion of the texts two `pattern`s accept.
//!
//! A pattern is an ECMA-262 expression that is *searched for* in the text (JSON Schema 2020-12 validation
//! section 6.3.3). Where it is regular it stands for a set of texts, and inclusion is decidable; look-around,
//! back references and anchors in odd places are not attempted.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use regexsolver::error::EngineError;
use regexsolver::execution_profile::{ExecutionProfile, ExecutionProfileBuilder};
use regexsolver::fast_automaton::GenerationOptions;
use regexsolver::regex_charclass::char::Char;
use regexsolver::{CharRange, Term};
use rustc_hash::FxHashMap;

use crate::openapi::Stop;

/// Longest pattern that is attempted, bytes.
const LONGEST: usize = 2_000;

/// White space and line ends of ECMA-262 (section 22.2.2.9).
const SPACE: &str = "\\t\\n\\x0B\\f\\r \\u{A0}\\u{1680}\\u{2000}-\\u{200A}\\u{2028}\\u{2029}\\u{202F}\\u{205F}\\u{3000}\\u{FEFF}";

/// States an automaton may have; real patterns stay below a hundred.
const STATES: usize = 4_000;

/// Steps that one operation on automata may take, as the engine counts them: it looks at its clock at each.
const STEPS: u64 = 200_000;

/// How the texts of one pattern lie to those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inclusion {
    /// Both accept the same texts.
    Equal,
    /// The first accepts fewer.
    Within,
    /// The first accepts more.
    Beyond,
    /// Each accepts some that the other does not.
    Neither,
    /// One of them is not attempted, or the work was too much.
    Unknown,
}

/// How the texts that match `a` lie to those that match `b`.
pub fn pattern_inclusion(a: &str, b: &str) -> Inclusion {
    let (Some(a), Some(b)) = (whole(a), whole(b)) else { return Inclusion::Unknown };
    let answers = profile().run(|| {
        let (a, b) = (Term::from_pattern(&a)?, Term::from_pattern(&b)?);
        Ok::<_, regexsolver::error::EngineError>((a.subset(&b)?, b.subset(&a)?))
    });
    match answers {
        Ok((true, true)) => Inclusion::Equal,
        Ok((true, false)) => Inclusion::Within,
        Ok((false, true)) => Inclusion::Beyond,
        Ok((false, false)) => Inclusion::Neither,
        Err(_) => Inclusion::Unknown,
    }
}

/// Bounded by counted steps instead of by time, so that the same patterns have the same answer everywhere.
fn profile() -> ExecutionProfile {
    ExecutionProfileBuilder::new().max_number_of_states(STATES).execution_timeout(STEPS).clock(steps).build()
}

thread_local! {
    static LOOKS: Cell<u64> = const { Cell::new(0) };
    static STOP: RefCell<Option<Stop>> = const { RefCell::new(None) };
}

/// Has what this thread does with automata from now on end when it is asked to stop: no step is left then.
pub(super) fn stop_with(stop: &Stop) {
    STOP.set(Some(stop.clone()));
}

/// A clock that advances with every look at it. The engine takes only a plain function.
fn steps() -> Duration {
    let is_stopped = STOP.with_borrow(|stop| stop.as_ref().is_some_and(Stop::is_asked));
    LOOKS.set(LOOKS.get() + if is_stopped { STEPS + 1 } else { 1 });
    Duration::from_millis(LOOKS.get())
}

/// Steps that this thread has spent on automata until now.
pub(super) fn steps_spent() -> u64 {
    LOOKS.get()
}

/// Patterns that were met, as automata.
#[derive(Default)]
pub(super) struct Patterns {
    known: FxHashMap<Rc<str>, Option<Term>>,
}

impl Patterns {
    /// The set of texts a pattern accepts; none where it is not regular, or too large.
    fn term(&mut self, pattern: &Rc<str>) -> Option<&Term> {
        let read = || -> Option<Term> {
            let whole = whole(pattern)?;
            let build = || Term::from_pattern(&whole)?.determinize()?.minimize();
            profile().run(build).ok()
        };
        self.known.entry(Rc::clone(pattern)).or_insert_with(read).as_ref()
    }

    /// Whether the pattern is found in `text`; none where it is not regular.
    pub(super) fn matches(&mut self, pattern: &Rc<str>, text: &str) -> Option<bool> {
        self.term(pattern)?.matches(text).ok()
    }

    /// A text in which every pattern of `wanted` is found and none of `unwanted`, of a length, and not listed.
    pub(super) fn find(
        &mut self,
        wanted: &[Rc<str>],
        unwanted: &[Rc<str>],
        listed: &[String],
        least: u64,
        most: Option<u64>,
    ) -> Result<Option<String>, &'static str> {
        const IRREGULAR: &str = "a pattern is not regular";
        const TOO_MUCH: &str = "the patterns take too much work";
        let mut all = Term::new_total();
        for (patterns, is_wanted) in [(wanted, true), (unwanted, false)] {
            for pattern in patterns {
                let term = self.term(pattern).ok_or(IRREGULAR)?;
                let narrowed =
                    profile().run(|| if is_wanted { all.intersection(std::slice::from_ref(term)) } else { all.difference(term) });
                all = narrowed.map_err(|_| TOO_MUCH)?;
            }
        }
        let size = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let mut options = GenerationOptions::new().with_min_length(size(least));
        if let Some(most) = most {
            options = options.with_max_length(size(most));
        }
        let printable = CharRange::new_from_range(Char::new(' ')..=Char::new('~'));
        // What people can read, where there is such a text.
        for options in [options.clone().with_charset(printable), options] {
            let found = profile().run(|| {
                let texts = all.iter_strings(options).take(listed.len() + 1);
                for text in texts {
                    let text = text?;
                    if !listed.contains(&text) {
                        return Ok(Some(text));
                    }
                }
                Ok::<_, EngineError>(None)
            });
            if let Some(text) = found.map_err(|_| TOO_MUCH)? {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }
}

/// The expression that matches a whole text exactly when `pattern` is found in it; none where that is not sure.
fn whole(pattern: &str) -> Option<String> {
    if pattern.len() > LONGEST {
        return None;
    }
    // Anchors bind tighter than alternatives: each has its own.
    let ways: Option<Vec<String>> = alternatives(pattern).into_iter().map(whole_way).collect();
    Some(ways?.join("|"))
}

/// The alternatives outside every group and class.
fn alternatives(pattern: &str) -> Vec<&str> {
    let (mut depth, mut in_class, mut is_escaped, mut from) = (0_usize, false, false, 0);
    let mut ways = Vec::new();
    for (at, letter) in pattern.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => depth += 1,
            ')' if !in_class => depth = depth.saturating_sub(1),
            '|' if !in_class && depth == 0 => {
                ways.extend(pattern.get(from..at));
                from = at + 1;
            }
            _ => {}
        }
    }
    ways.extend(pattern.get(from..));
    ways
}

fn whole_way(pattern: &str) -> Option<String> {
    let starts = pattern.starts_with('^');
    let rest = pattern.strip_prefix('^').unwrap_or(pattern);
    let ends = rest.ends_with('$') && !is_escaped(rest.strip_suffix('$')?);
    let rest = if ends { rest.strip_suffix('$')? } else { rest };
    let body = ascii_classes(rest)?;
    let (before, after) = (if starts { "" } else { ".*" }, if ends { "" } else { ".*" });
    Some(format!("{before}({body}){after}"))
}

/// Whether what follows `text` is escaped: it ends in an odd number of backslashes.
fn is_escaped(text: &str) -> bool {
    text.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// The expression with the classes of ECMA-262 spelt out, which are ASCII; none where an anchor stands inside.
fn ascii_classes(pattern: &str) -> Option<String> {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut letters = pattern.chars().peekable();
    let (mut in_class, mut depth) = (false, 0_usize);
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match (letters.next()?, in_class) {
                ('d', false) => out.push_str("[0-9]"),
                ('d', true) => {
                    out.push_str("0-9");
                    literal_dash(&mut letters, &mut out);
                }
                ('w', false) => out.push_str("[A-Za-z0-9_]"),
                ('w', true) => {
                    out.push_str("A-Za-z0-9_");
                    literal_dash(&mut letters, &mut out);
                }
                ('D', false) => out.push_str("[^0-9]"),
                ('W', false) => out.push_str("[^A-Za-z0-9_]"),
                ('s', false) => {
                    out.push('[');
                    out.push_str(SPACE);
                    out.push(']');
                }
                ('s', true) => {
                    out.push_str(SPACE);
                    literal_dash(&mut letters, &mut out);
                }
                ('D' | 'W' | 'S' | 'b' | 'B' | '1'..='9' | 'k' | 'c', _) => return None,
                // RE2 and ECMA-262 agree on the rest.
                (other, _) => {
                    out.push('\\');
                    out.push(other);
                }
            },
            '[' if in_class => out.push_str("\\["),
            '[' => {
                // No letter, and any letter: other engines read a bracket here.
                let mut ahead = letters.clone();
                ahead.next_if_eq(&'^');
                if ahead.peek() == Some(&']') {
                    return None;
                }
                in_class = true;
                out.push('[');
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '^' | '$' if !in_class => return None,
            '(' if !in_class => {
                depth += 1;
                out.push('(');
            }
            ')' if !in_class => {
                depth = depth.checked_sub(1)?;
                out.push(')');
            }
            // Set operations that only RE2's family knows.
            '&' | '~' if in_class => {
                out.push('\\');
                out.push(letter);
            }
            // ECMA-262: any character but a line break.
            '.' if !in_class => out.push_str("[^\\n\\r\\u{2028}\\u{2029}]"),
            other => out.push(other),
        }
    }
    (!in_class && depth == 0).then_some(out)
}

/// Behind a class of letters no range begins: `[\w-:]` holds the dash itself (ECMA-262 annex B.1.2).
fn literal_dash(letters: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) {
    if letters.next_if_eq(&'-').is_some() {
        out.push_str("\\-");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inclusion_of_real_patterns() {
        let cases = [
            ("^[a-z]+$", "^[a-z0-9]+$", Inclusion::Within),
            ("^[a-z0-9]+$", "^[a-z]+$", Inclusion::Beyond),
            (r"^\d{4}$", "^[0-9]{4}$", Inclusion::Equal),
            ("^[a-z]$", "[a-z]", Inclusion::Within),
            ("abc", "^abc", Inclusion::Beyond),
            ("^(GET|PUT)$", "^(GET|POST)$", Inclusion::Neither),
            (r"^[\w.-]+@x$", r"^[A-Za-z0-9_.\-]+@x$", Inclusion::Equal),
            ("^a|b$", "^a$", Inclusion::Beyond),
            ("^$|^a$", "^a?$", Inclusion::Equal),
            (r"^[\w-:]+$", r"^[a-zA-Z0-9_\-\:]+$", Inclusion::Equal),
            (r"^(?=a)b$", "^b$", Inclusion::Unknown),
            (r"^(a)\1$", "^aa$", Inclusion::Unknown),
            (r"^a\$", "^a", Inclusion::Within),
            ("^.$", r"^[\s\S]$", Inclusion::Unknown),
            ("^[[]$", "^[[a]$", Inclusion::Within),
            ("^(", "^a", Inclusion::Unknown),
        ];
        for (a, b, expected) in cases {
            assert_eq!(pattern_inclusion(a, b), expected, "{a} and {b}");
        }
    }

    #[test]
    fn hostile_patterns_end() {
        let nested = format!("^{}a{}$", "(".repeat(500), ")*".repeat(500));
        let wide = "^(a?){200}(.*x){30}$".to_owned();
        let many = format!("^({})$", (0..150).map(|at| format!("a{{{at}}}b*")).collect::<Vec<_>>().join("|"));
        for pattern in [nested.as_str(), wide.as_str(), "^(a|b)*a(a|b){60}$", "^(a?){300}a{300}$", "(x+x+)+y", many.as_str()] {
            let before = steps_spent();
            let _ = pattern_inclusion(pattern, "^a$");
            let _ = pattern_inclusion("^[a-z]*$", pattern);
            let _ = Patterns::default().find(&[pattern.into()], &["^a".into()], &[], 3_000, Some(20_000));
            // Five operations and the engine's last look at each.
            assert!(steps_spent() - before <= 5 * STEPS + 100, "{pattern} took {} steps", steps_spent() - before);
        }
    }
}
