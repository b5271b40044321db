//! Partner text as it is quoted in our own sentences.

/// Text of at most `most` characters, on one line and without what could disturb a terminal or a page.
pub(super) fn quoted(text: &str, most: usize) -> String {
    let is_plain = |c: &char| {
        !c.is_control() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let spaced: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    spaced.chars().filter(is_plain).take(most).collect()
}
