//! Ignore lists: our own lines, and those that users of oasdiff bring along.
//!
//! A line is `RULE`, or `RULE METHOD /path`, where both may hold `*`; RULE may also be an id of oasdiff. Or it is
//! a line of oasdiff's `--err-ignore` and `--warn-ignore` files, which hold `METHOD /path` and a whole sentence of
//! oasdiff's own: of such a line the operation must be the same, the names it quotes must be those of the finding,
//! and its words must speak of the same kind of change in the same direction.

use crate::model::Direction;
use crate::model::{OperationPattern, Pattern};
use crate::rules::{Catalogue, Finding, oasdiff_ids};

use super::known_names::no_rule;

/// The lines of an ignore list.
#[derive(Debug)]
pub(super) struct IgnoreList {
    lines: Vec<IgnoreLine>,
}

/// One of them.
#[derive(Debug)]
struct IgnoreLine {
    number: usize,
    text: String,
    ignored: Ignored,
}

/// What a line covers.
#[derive(Debug)]
enum Ignored {
    /// Our rules, perhaps narrowed to operations.
    Rules { rules: Vec<Pattern>, operations: Option<OperationPattern> },
    /// A sentence of oasdiff about one operation, in lower case.
    Sentence { operation: OperationPattern, words: String },
}

const METHODS: [&str; 9] = ["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE", "QUERY"];

impl IgnoreList {
    /// Reads a list; every line that says nothing is told of.
    pub(super) fn parse(text: &str, catalogue: &Catalogue) -> Result<Self, Vec<String>> {
        let known: Vec<&str> = catalogue.rules().map(|rule| rule.id).collect();
        let mut problems = Vec::new();
        let mut lines = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match parse_line(line, &known) {
                Ok(ignored) => lines.push(IgnoreLine { number: index + 1, text: line.to_owned(), ignored }),
                Err(why) => problems.push(format!("line {}: {why}", index + 1)),
            }
        }
        if problems.is_empty() { Ok(Self { lines }) } else { Err(problems) }
    }

    /// The line that covers a finding, if one does: a sentence must be there for every operation it reaches.
    pub(super) fn covers(&self, finding: &Finding) -> Option<(usize, &str)> {
        let uses: Vec<(String, String)> =
            finding.change.used_by.iter().map(|usage| (usage.method.clone(), usage.path.clone())).collect();
        for line in &self.lines {
            if let Ignored::Rules { rules, operations } = &line.ignored {
                let rule = rules.iter().any(|rule| rule.matches(finding.rule));
                let operation = operations
                    .as_ref()
                    .is_none_or(|pattern| !uses.is_empty() && uses.iter().all(|(method, path)| pattern.matches(method, path)));
                if rule && operation {
                    return Some((line.number, &line.text));
                }
            }
        }
        let speaks_of = |line: &IgnoreLine, method: &str, path: &str| match &line.ignored {
            Ignored::Sentence { operation, words } => operation.matches(method, path) && is_about(words, finding),
            Ignored::Rules { .. } => false,
        };
        let mut first = None;
        for (method, path) in &uses {
            let line = self.lines.iter().find(|line| speaks_of(line, method, path))?;
            first = first.or(Some((line.number, line.text.as_str())));
        }
        first
    }
}

fn parse_line(line: &str, known: &[&str]) -> Result<Ignored, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let at = words.iter().position(|word| METHODS.contains(&word.trim_matches(['`', '\'', ',', ':'])));
    let is_path = |at: usize| words.get(at + 1).is_some_and(|path| path.trim_matches(['`', '\'', ',', ':']).starts_with('/'));
    let operation = |at: usize| {
        let trim = |at: usize| words.get(at).map(|word| word.trim_matches(['`', '\'', ',', ':'])).unwrap_or_default().to_owned();
        OperationPattern::parse(&format!("{} {}", trim(at), trim(at + 1)))
    };
    match (words.as_slice(), at) {
        // A sentence is longer than a rule with an operation.
        (_, Some(at)) if is_path(at) && (at == 0 || words.len() > 3) && words.len() > 2 => {
            let operation = operation(at).ok_or_else(|| format!("{line:?} names no operation"))?;
            let rest: Vec<&str> =
                words.iter().enumerate().filter(|(i, _)| *i != at && *i != at + 1).map(|(_, word)| *word).collect();
            Ok(Ignored::Sentence { operation, words: rest.join(" ").to_lowercase() })
        }
        ([rule], _) => Ok(Ignored::Rules { rules: rules(rule, known)?, operations: None }),
        ([rule, method, path], _) => {
            let operations = OperationPattern::parse(&format!("{method} {path}"));
            let operations = operations.ok_or_else(|| format!("{method:?} {path:?} is no operation: write GET /v1/doors"))?;
            Ok(Ignored::Rules { rules: rules(rule, known)?, operations: Some(operations) })
        }
        _ => {
            Err(format!("{line:?} is neither `RULE`, nor `RULE METHOD /path`, nor a line of oasdiff's with `METHOD /path` in it"))
        }
    }
}

/// Our rules that a name stands for. A name that stands for none is a mistake, unless oasdiff knows it.
fn rules(name: &str, known: &[&str]) -> Result<Vec<Pattern>, String> {
    let theirs = oasdiff_ids().into_iter().find(|id| id.id == name);
    if let Some(theirs) = theirs.as_ref().filter(|theirs| !theirs.rules.is_empty()) {
        return theirs.rules.iter().map(|rule| Pattern::parse(rule)).collect();
    }
    let pattern = Pattern::parse(name)?;
    if theirs.is_none() && !known.iter().any(|id| pattern.matches(id)) {
        return Err(no_rule(name, known));
    }
    Ok(vec![pattern])
}

/// Words that a sentence about such a change has, whatever its grammar; one of each group must be there.
fn stems(kind: &str) -> Vec<&'static [&'static str]> {
    let mut groups: Vec<&'static [&'static str]> = Vec::new();
    let topics: &[(&str, &[&str])] = &[
        ("Enum", &["enum", "value"]),
        ("Pattern", &["pattern"]),
        ("MaxLength", &["maxlength", "max length"]),
        ("MinLength", &["minlength", "min length"]),
        ("MaxItems", &["maxitems", "max items"]),
        ("MinItems", &["minitems", "min items"]),
        ("MaxProperties", &["maxproperties"]),
        ("MinProperties", &["minproperties"]),
        ("Maximum", &["max"]),
        ("Minimum", &["min"]),
        ("MultipleOf", &["multipleof"]),
        ("Format", &["format", "type"]),
        ("Type", &["type"]),
        ("Nullable", &["null"]),
        ("Default", &["default"]),
        ("Discriminator", &["discriminator"]),
        ("Variant", &["oneof", "anyof", "allof"]),
        ("Composition", &["oneof", "anyof", "allof"]),
        ("Status", &["status", "response"]),
        ("MediaType", &["media type"]),
        ("Security", &["security", "scheme", "scope"]),
        ("Deprecated", &["deprecat"]),
        ("Parameter", &["parameter", "header"]),
        ("Property", &["property"]),
        ("Body", &["body"]),
        ("Operation", &["api", "path", "endpoint", "operation"]),
    ];
    if let Some((_, words)) = topics.iter().find(|(topic, _)| kind.contains(topic)) {
        groups.push(words);
    }
    let actions: &[(&str, &[&str])] = &[
        ("BecameRequired", &["required"]),
        ("BecameOptional", &["optional"]),
        ("Removed", &["removed", "deleted", "without deprecation", "before"]),
        ("Added", &["added", "new"]),
    ];
    if let Some((_, words)) = actions.iter().find(|(action, _)| kind.ends_with(action)) {
        groups.push(words);
    }
    groups
}

/// Whether a sentence of oasdiff, in lower case, is about this finding.
fn is_about(words: &str, finding: &Finding) -> bool {
    let change = &finding.change;
    let other_way = match change.direction {
        Direction::ToProvider => words.contains("response") && !words.contains("request"),
        Direction::FromProvider => words.contains("request") && !words.contains("response"),
        Direction::Neither => false,
    };
    if other_way || !stems(change.kind.name()).iter().all(|group| group.iter().any(|stem| words.contains(stem))) {
        return false;
    }
    // The name it is about: its own, else the last one on the way to it.
    let name = if change.subject.is_empty() || change.direction == Direction::Neither {
        change.site.pointer().rsplit_once("/properties/").map(|(_, rest)| rest.split('/').next().unwrap_or(rest).to_owned())
    } else {
        Some(change.subject.clone())
    };
    name.is_none_or(|name| quotes(words, &name.to_lowercase()))
}

/// Whether a sentence quotes a name, alone or at the end of a path of names.
fn quotes(words: &str, name: &str) -> bool {
    words.split(['\'', '`', '"']).skip(1).step_by(2).any(|quoted| quoted == name || quoted.rsplit('/').next() == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::Budget;
    use crate::openapi::{Limits, read};
    use crate::rules::compare;

    fn findings() -> Vec<Finding> {
        let document = |required: &str, longest: u32| {
            let text = format!(
                "openapi: 3.0.3\npaths:\n  /doors:\n    post:\n      requestBody: {{content: {{application/json: {{schema: {{type: object, required: [{required}], properties: {{name: {{type: string, maxLength: {longest}}}, floor: {{type: integer}}}}}}}}}}}}\n      responses: {{\"204\": {{description: done}}}}\n"
            );
            read(text.as_bytes(), &Limits::default()).expect("a description")
        };
        let catalogue = Catalogue::load().expect("the catalogue");
        compare(&document("name", 64), &document("name, floor", 32), &catalogue, Budget::default()).0.findings
    }

    #[test]
    fn our_lines_and_theirs() {
        let catalogue = Catalogue::load().expect("the catalogue");
        let ignored = |text: &str| -> Vec<&str> {
            let list = IgnoreList::parse(text, &catalogue).expect("a list");
            let mut rules: Vec<&str> =
                findings().iter().filter(|finding| list.covers(finding).is_some()).map(|finding| finding.rule).collect();
            rules.sort_unstable();
            rules
        };
        let both = ["request-max-length-decreased", "request-property-became-required"];
        assert_eq!(ignored("# nothing\n"), Vec::<&str>::new());
        assert_eq!(ignored("request-*"), both);
        assert_eq!(ignored("request-* POST /doors"), both);
        assert_eq!(ignored("request-* GET /doors"), Vec::<&str>::new());
        assert_eq!(ignored("request-property-max-length-decreased"), both[..1], "an id of oasdiff");
        assert_eq!(ignored("POST /doors the request property 'floor' became required"), both[1..]);
        assert_eq!(ignored("POST /doors the response property 'floor' became required"), Vec::<&str>::new());
        assert_eq!(ignored("POST /doors the request property 'wing' became required"), Vec::<&str>::new());
        assert_eq!(ignored("POST /doors the `name` request property's maxLength was decreased to `32`"), both[..1]);
        let wrong = |text: &str| IgnoreList::parse(text, &catalogue).expect_err("a mistake").join("\n");
        assert!(wrong("some words without an address").starts_with("line 1"));
        assert!(
            wrong("# one\nrequest-max-lenght-decreased").contains(
                "line 2: \"request-max-lenght-decreased\" names no rule; did you mean \"request-max-length-decreased\"?"
            )
        );
        assert!(wrong("reqest-*").contains("names no rule"));
    }
}
