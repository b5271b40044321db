//! Letters from embedded templates.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value};
use thiserror::Error;

use crate::model::{NoticeKind, Side};
use crate::notice::LetterView;

use super::clean::{STYLED_CODE, clean, indented, with_code};

/// A template that does not render is a mistake in this build.
#[derive(Debug, Error)]
#[error("the template {template} cannot be rendered")]
pub struct RenderError {
    template: &'static str,
    source: minijinja::Error,
}

/// A letter, formatted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

/// Longest line of partner text in a letter, characters.
const LONGEST: usize = 400;

/// Steps a template may take before it counts as runaway.
const FUEL: u64 = 2_000_000;

/// Renders letters. Make one and keep it.
#[derive(Debug, Clone)]
pub struct Renderer {
    environment: Environment<'static>,
}

const TEMPLATES: &[(&str, &str)] = &[
    ("layout.html", include_str!("templates/layout.html")),
    ("parts.html", include_str!("templates/parts.html")),
    ("consumer.html", include_str!("templates/consumer.html")),
    ("provider.html", include_str!("templates/provider.html")),
    ("resolved.html", include_str!("templates/resolved.html")),
    ("digest.html", include_str!("templates/digest.html")),
    ("digest.txt", include_str!("templates/digest.txt")),
    ("message.html", include_str!("templates/message.html")),
    ("message.txt", include_str!("templates/message.txt")),
    ("findings.txt", include_str!("templates/findings.txt")),
    ("opening.txt", include_str!("templates/opening.txt")),
    ("parts.txt", include_str!("templates/parts.txt")),
    ("short.txt", include_str!("templates/short.txt")),
    ("closing.txt", include_str!("templates/closing.txt")),
    ("foot.txt", include_str!("templates/foot.txt")),
    ("consumer.txt", include_str!("templates/consumer.txt")),
    ("provider.txt", include_str!("templates/provider.txt")),
    ("resolved.txt", include_str!("templates/resolved.txt")),
];

impl Renderer {
    /// Parses the embedded templates.
    ///
    /// # Errors
    /// When one does not parse, which the tests of this build rule out.
    pub fn new() -> Result<Self, RenderError> {
        let mut environment = Environment::new();
        environment.set_fuel(Some(FUEL));
        environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None });
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(|source| RenderError { template: "syntax", source })?);
        environment.add_filter("plain", |text: &str| clean(text, LONGEST));
        environment.add_filter("indented", |text: &str| Value::from_safe_string(indented(text, LONGEST)));
        environment.add_filter("code", |text: &str| Value::from_safe_string(with_code(text, STYLED_CODE)));
        environment.add_filter("wrap", |text: &str, indent: usize| wrap(text, indent));
        for (template, source) in TEMPLATES {
            environment.add_template(template, source).map_err(|source| RenderError { template, source })?;
        }
        Ok(Self { environment })
    }

    /// The subject of a letter.
    pub fn subject(&self, view: &LetterView) -> String {
        subject(view)
    }

    /// Formats a letter.
    ///
    /// # Errors
    /// When a template asks for something the view does not have, which the tests of this build rule out.
    pub fn letter(&self, view: &LetterView) -> Result<Rendered, RenderError> {
        let (text, html) = match (view.kind, view.audience) {
            (NoticeKind::Resolved, _) => ("resolved.txt", "resolved.html"),
            (NoticeKind::CounterpartMessage | NoticeKind::Confirmation | NoticeKind::Outage, _) => {
                ("message.txt", "message.html")
            }
            (NoticeKind::Digest, _) => ("digest.txt", "digest.html"),
            (_, Side::Consumer) => ("consumer.txt", "consumer.html"),
            (_, Side::Provider) => ("provider.txt", "provider.html"),
        };
        let context = Value::from(Serde(view));
        let render = |template: &'static str| {
            let loaded = self.environment.get_template(template).map_err(|source| RenderError { template, source })?;
            loaded.render(&context).map_err(|source| RenderError { template, source })
        };
        Ok(Rendered { subject: subject(view), text: render(text)?, html: render(html)? })
    }
}

/// What the letter is, in brackets, then what its notice is about: see [`crate::model::subject`].
fn subject(view: &LetterView) -> String {
    let heading = view.message.as_ref().map_or("", |message| message.heading.as_str());
    let (tag, stem) = match view.kind {
        NoticeKind::Digest => ("digest".to_owned(), format!("{} ({})", view.integration, view.notice)),
        NoticeKind::Confirmation | NoticeKind::Outage => (message_tag(view), format!("{heading} ({})", view.notice)),
        NoticeKind::CounterpartMessage => (message_tag(view), view.stem.clone()),
        NoticeKind::Updated if view.news.is_empty() && view.flapping.is_some() => {
            ("comes and goes".to_owned(), view.stem.clone())
        }
        NoticeKind::Opened | NoticeKind::Updated | NoticeKind::Eased => (view.news.clone(), view.stem.clone()),
        NoticeKind::Reminder => ("reminder".to_owned(), view.stem.clone()),
        NoticeKind::Escalated => {
            (view.escalation.as_ref().map_or_else(String::new, |card| format!("{} asked", card.target)), view.stem.clone())
        }
        NoticeKind::Resolved => {
            let tag = view.ending.as_ref().map_or_else(|| view.kind.name(), |ending| ending.tag);
            (tag.to_owned(), view.stem.clone())
        }
    };
    crate::model::subject(&clean(&tag, 40), &clean(&stem, LONGEST))
}

fn message_tag(view: &LetterView) -> String {
    view.message.as_ref().map_or_else(String::new, |message| message.tag.to_owned())
}

/// Words in lines of at most 76 characters, later lines indented.
fn wrap(text: &str, indent: usize) -> String {
    const WIDTH: usize = 76;
    let cleaned = clean(text, 4 * LONGEST);
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in cleaned.split_whitespace() {
        let room = WIDTH.saturating_sub(indent);
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines.join(&format!("\n{}", " ".repeat(indent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_wrapped_with_their_indent() {
        let text = wrap(&"word ".repeat(40), 3);
        assert!(text.lines().all(|line| line.chars().count() <= 76), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with("   word")), "{text}");
    }
}
