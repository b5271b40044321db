//! Subjects of letters: what they are about stays the same for the life of a notice, what a letter is stands in brackets before.
//!
//! Mail programs keep together what has one subject, and leave a part in brackets away when they compare (RFC 5256 section
//! 2.1, `subj-blob`). So a letter can say what it is without leaving its conversation.

const PREFIX: &str = "[driftd";

/// The subject of a letter: `[driftd: tag] stem`, or `[driftd] stem` where the tag is empty.
pub fn subject(tag: &str, stem: &str) -> String {
    let tag = tag.replace(['[', ']'], "");
    if tag.is_empty() { format!("{PREFIX}] {stem}") } else { format!("{PREFIX}: {tag}] {stem}") }
}

/// The stem of a subject that was written before.
pub fn stem_of(subject: &str) -> Option<&str> {
    subject.strip_prefix(PREFIX)?.split_once("] ").map(|(_, stem)| stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stem_is_what_follows_the_brackets() {
        for tag in ["", "resolved", "moved to [2027]"] {
            assert_eq!(stem_of(&subject(tag, "A breaks [b]: x (N-1)")), Some("A breaks [b]: x (N-1)"));
        }
        assert_eq!(stem_of("Re: hello"), None);
    }
}
