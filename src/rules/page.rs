//! One rule page: a TOML header, prose, an example that must fire and a near miss that must not.

use thiserror::Error;

/// A page taken apart. Texts borrow from the embedded file.
#[derive(Debug, Clone)]
pub struct Page {
    /// The TOML between the `+++` lines.
    pub header: &'static str,
    /// The first heading: the fact as a sentence.
    pub title: &'static str,
    /// The paragraph under it: who is hurt and how it shows. Mails quote it.
    pub hurt: &'static str,
    /// What to do.
    pub remedy: Remedy,
    /// What must fire this rule and no other.
    pub example: Example,
    /// What must not fire this rule.
    pub near_miss: Example,
    /// Everything below the header.
    pub body: &'static str,
}

/// What to do, at each end: a line each on the page. Where nobody has to act, the first line says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remedy {
    /// What the consumer's team does.
    pub consumer: &'static str,
    /// What the provider's team does, if there is anything.
    pub provider: Option<&'static str>,
}

impl std::fmt::Display for Remedy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.consumer)?;
        self.provider.map_or(Ok(()), |provider| write!(formatter, " {provider}"))
    }
}

/// Two snippets, and what the comparison of them prints.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// YAML before.
    pub before: &'static str,
    /// YAML after.
    pub after: &'static str,
    /// The printed finding; empty for a near miss.
    pub finding: &'static str,
}

/// What is wrong with a page.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PageError {
    /// A part every page must have is missing.
    #[error("the page has no {0}")]
    Missing(&'static str),
    /// What to do is not a line for the consumer's team and one that begins with "The provider" for the other.
    #[error("`What to do` has more than a line for the consumer's team and one that begins with \"The provider\"")]
    Remedy,
}

impl Page {
    /// Takes a page apart.
    ///
    /// # Errors
    /// When a section is missing.
    pub fn parse(text: &'static str) -> Result<Self, PageError> {
        let rest = text.strip_prefix("+++\n").ok_or(PageError::Missing("+++ header"))?;
        let (header, body) = rest.split_once("\n+++\n").ok_or(PageError::Missing("end of the +++ header"))?;
        let title_line = body.lines().find(|line| line.starts_with("# ")).ok_or(PageError::Missing("title"))?;
        let after_title = body.split_once(title_line).map(|(_, rest)| rest).unwrap_or_default();
        let section = |heading: &'static str| -> Result<&'static str, PageError> {
            let (_, rest) = after_title.split_once(heading).ok_or(PageError::Missing(heading))?;
            Ok(rest.split_once("\n## ").map_or(rest, |(section, _)| section))
        };
        let hurt = after_title.split_once("\n## ").map_or(after_title, |(hurt, _)| hurt).trim();
        let (example, silent) = (section("\n## Example")?, section("\n## Silent")?);
        Ok(Self {
            header,
            title: title_line.trim_start_matches("# "),
            hurt,
            remedy: remedy(section("\n## What to do")?.trim())?,
            example: Example {
                before: block(example, "yaml before")?,
                after: block(example, "yaml after")?,
                finding: block(example, "text finding")?,
            },
            near_miss: Example { before: block(silent, "yaml before")?, after: block(silent, "yaml after")?, finding: "" },
            body: body.trim_start(),
        })
    }
}

fn remedy(section: &'static str) -> Result<Remedy, PageError> {
    match section.split_once('\n') {
        None if section.is_empty() => Err(PageError::Missing("text under `What to do`")),
        None => Ok(Remedy { consumer: section, provider: None }),
        Some((consumer, provider)) if provider.starts_with("The provider") && !provider.contains('\n') => {
            Ok(Remedy { consumer, provider: Some(provider) })
        }
        Some(_) => Err(PageError::Remedy),
    }
}

/// The text of a fenced block.
fn block(section: &'static str, info: &'static str) -> Result<&'static str, PageError> {
    let mut offset = 0;
    for line in section.split_inclusive('\n') {
        offset += line.len();
        if line.trim_end().strip_prefix("```") == Some(info) {
            let rest = section.get(offset..).unwrap_or_default();
            if rest.starts_with("```") {
                return Ok("");
            }
            return rest.split_once("\n```").map(|(text, _)| text).ok_or(PageError::Missing("end of a block"));
        }
    }
    Err(PageError::Missing(info))
}
