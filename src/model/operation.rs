//! Operations of an API: how one is written, how many are named at once, and how stable one is said to be.

use serde::{Deserialize, Serialize};

/// One operation as people read it: `GET /doors`, `webhook POST door.opened`, `callback POST /ready`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperationLabel(String);

impl OperationLabel {
    /// An operation that the consumer calls.
    pub fn called_by_consumer(method: &str, path: &str) -> Self {
        Self(format!("{method} {path}"))
    }

    /// A webhook: the provider calls, by the name the description gives it.
    pub fn webhook(method: &str, name: &str) -> Self {
        Self(format!("webhook {method} {name}"))
    }

    /// A callback: the provider calls the address that the consumer gave.
    pub fn callback(method: &str, path: &str) -> Self {
        Self(format!("callback {method} {path}"))
    }

    /// A component that nobody calls by itself.
    pub fn component(kind: &str, name: &str) -> Self {
        Self(format!("component {kind} {name}"))
    }

    /// Reads what is written as one of these.
    pub fn parse(text: &str) -> Option<Self> {
        text.contains(' ').then(|| Self(text.to_owned()))
    }

    /// Method and path where the consumer calls it; none for webhooks, callbacks and components.
    pub fn call(&self) -> Option<(&str, &str)> {
        self.0.split_once(' ').filter(|(method, _)| !matches!(*method, "webhook" | "callback" | "component"))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for OperationLabel {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(&self.0)
    }
}

/// Operations that somebody names: `GET /v1/doors/{id}`, with `*` for any method or path segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationPattern {
    /// Upper case, or `*`.
    pub method: String,
    /// A path template; variable names do not matter.
    pub path: String,
}

impl OperationPattern {
    /// Reads `METHOD /path`.
    pub fn parse(text: &str) -> Option<Self> {
        let (method, path) = text.trim().split_once(char::is_whitespace)?;
        let (method, path) = (method.to_ascii_uppercase(), path.trim());
        let method_ok = method == "*" || method.bytes().all(|byte| byte.is_ascii_uppercase());
        (method_ok && path.starts_with('/')).then(|| Self { method, path: path.to_owned() })
    }

    /// Whether it names this operation. Webhooks and callbacks are named by no list of calls.
    pub fn matches_label(&self, label: &OperationLabel) -> bool {
        label.call().is_some_and(|(method, path)| self.matches(method, path))
    }

    /// Whether it names an operation.
    pub fn matches(&self, method: &str, path: &str) -> bool {
        if self.method != "*" && self.method != method {
            return false;
        }
        let is_variable = |segment: &str| segment.starts_with('{') && segment.ends_with('}');
        let (mine, theirs): (Vec<&str>, Vec<&str>) = (self.path.split('/').collect(), path.split('/').collect());
        let rest_matches = |mine: &[&str], theirs: &[&str]| {
            mine.iter().zip(theirs).all(|(a, b)| *a == "*" || a == b || (is_variable(a) && is_variable(b)))
        };
        match mine.split_last() {
            // A trailing `**` takes in everything below.
            Some((&"**", head)) => theirs.len() >= head.len() && rest_matches(head, &theirs),
            _ => mine.len() == theirs.len() && rest_matches(&mine, &theirs),
        }
    }

    /// The one operation of this method and path, as a label.
    pub fn label(&self) -> OperationLabel {
        OperationLabel::called_by_consumer(&self.method, &self.path)
    }
}

/// What an operation promises about itself in `x-stability-level`, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stability {
    /// Not for use yet.
    Draft,
    /// May change at any time.
    Alpha,
    /// May still change.
    Beta,
    /// Changes as it was agreed. What says nothing means this, and so does a word that nobody knows.
    Stable,
}

impl Stability {
    /// Every level, least stable first.
    pub const ALL: [Self; 4] = [Self::Draft, Self::Alpha, Self::Beta, Self::Stable];

    /// The word in descriptions and configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Alpha => "alpha",
            Self::Beta => "beta",
            Self::Stable => "stable",
        }
    }

    /// The level a word stands for, in any case of its letters.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name().eq_ignore_ascii_case(word))
    }

    /// The level of an operation that says this of itself, or nothing.
    pub fn of(word: Option<&str>) -> Self {
        word.and_then(Self::named).unwrap_or(Self::Stable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operation_patterns() {
        let pattern = |text: &str| OperationPattern::parse(text).expect("a pattern");
        assert!(pattern("get /v1/doors/{id}").matches("GET", "/v1/doors/{door}"));
        assert!(!pattern("GET /v1/doors/{id}").matches("GET", "/v1/doors/mine"));
        assert!(!pattern("GET /v1/doors").matches("POST", "/v1/doors"));
        assert!(pattern("* /v1/**").matches("POST", "/v1/doors/{id}/locks"));
        assert!(pattern("GET /v1/*/locks").matches("GET", "/v1/doors/locks"));
        assert_eq!(OperationPattern::parse("/v1/doors"), None);
        assert_eq!(OperationPattern::parse("GET v1"), None);
    }

    #[test]
    fn a_list_of_calls_names_no_webhook() {
        let all = OperationPattern::parse("* /**").expect("a pattern");
        assert!(all.matches_label(&OperationLabel::called_by_consumer("GET", "/doors")));
        assert!(!all.matches_label(&OperationLabel::webhook("POST", "/doors")));
        assert!(!all.matches_label(&OperationLabel::callback("POST", "/doors")));
    }

    #[test]
    fn an_unknown_level_counts_as_stable() {
        assert_eq!(
            [Some("Beta"), Some("experimental"), None].map(Stability::of),
            [Stability::Beta, Stability::Stable, Stability::Stable]
        );
        assert!(Stability::Draft < Stability::Alpha && Stability::Beta < Stability::Stable);
    }
}
