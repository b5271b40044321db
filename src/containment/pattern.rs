//! Inclusion of the texts two `pattern`s accept.
//!
//! A pattern is an ECMA-262 expression that is *searched for* in the text (JSON Schema 2020-12 validation
//! section 6.3.3). Where it is regular it stands for a set of texts, and inclusion is decidable; look-around,
//! back references and anchors in odd places are not attempted.

use regexsolver::Term;
use regexsolver::execution_profile::ExecutionProfileBuilder;

/// Longest pattern that is attempted, bytes.
const LONGEST: usize = 2_000;

/// States an automaton may have; real patterns stay below a hundred.
const STATES: usize = 4_000;

/// A safety net for what the states do not bound, milliseconds.
const TIME: u64 = 2_000;

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
    let profile = ExecutionProfileBuilder::new().max_number_of_states(STATES).execution_timeout(TIME).build();
    let answers = profile.run(|| {
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

/// The expression that matches a whole text exactly when `pattern` is found in it; none where that is not sure.
fn whole(pattern: &str) -> Option<String> {
    if pattern.len() > LONGEST {
        return None;
    }
    let starts = pattern.starts_with('^');
    let rest = pattern.strip_prefix('^').unwrap_or(pattern);
    let ends = rest.ends_with('$') && !is_escaped(rest.strip_suffix('$')?);
    let rest = if ends { rest.strip_suffix('$')? } else { rest };
    let body = ascii_classes(rest, starts || ends)?;
    let (before, after) = (if starts { "" } else { ".*" }, if ends { "" } else { ".*" });
    Some(format!("{before}({body}){after}"))
}

/// Whether what follows `text` is escaped: it ends in an odd number of backslashes.
fn is_escaped(text: &str) -> bool {
    text.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// The expression with the classes of ECMA-262 spelt out, which are ASCII; none where an anchor stands inside,
/// or where an alternative stands outside every group although the whole is anchored (`^a|b$`).
fn ascii_classes(pattern: &str, is_anchored: bool) -> Option<String> {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut letters = pattern.chars();
    let (mut in_class, mut depth) = (false, 0_usize);
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match (letters.next()?, in_class) {
                ('d', false) => out.push_str("[0-9]"),
                ('d', true) => out.push_str("0-9"),
                ('w', false) => out.push_str("[A-Za-z0-9_]"),
                ('w', true) => out.push_str("A-Za-z0-9_"),
                ('D', false) => out.push_str("[^0-9]"),
                ('W', false) => out.push_str("[^A-Za-z0-9_]"),
                ('D' | 'W' | 'S' | 'b' | 'B' | '1'..='9' | 'k' | 'c', _) => return None,
                // RE2 and ECMA-262 agree on the rest.
                (other, _) => {
                    out.push('\\');
                    out.push(other);
                }
            },
            '[' if in_class => out.push_str("\\["),
            '[' => {
                in_class = true;
                out.push('[');
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '^' | '$' if !in_class => return None,
            '|' if !in_class && depth == 0 && is_anchored => return None,
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
            ("^a|b$", "^a$", Inclusion::Unknown),
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
        for pattern in [nested.as_str(), wide.as_str(), "^(a|b)*a(a|b){60}$"] {
            let _ = pattern_inclusion(pattern, "^a$");
            let _ = pattern_inclusion("^[a-z]*$", pattern);
        }
    }
}
