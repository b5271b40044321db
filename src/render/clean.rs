//! Partner text made harmless for people's eyes.

/// Text without control characters and without the characters that reorder what is read (UAX #9), one
/// line, at most `longest` characters.
pub fn clean(text: &str, longest: usize) -> String {
    let mut cleaned: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !is_treacherous(*c)).collect();
    if cleaned.chars().count() > longest {
        cleaned = cleaned.chars().take(longest.saturating_sub(1)).collect();
        cleaned.push('…');
    }
    cleaned
}

fn is_treacherous(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
        || matches!(u32::from(c), 0xE0000..=0xE007F)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_treacherous_remains() {
        assert_eq!(clean("a\u{202E}b\u{0007}\u{1b}[31mc\r\nBcc: d\u{200F}", 100), "ab[31mc  Bcc: d");
        assert_eq!(clean("abcdef", 4), "abc…");
        assert_eq!(clean("Grüße 日本", 100), "Grüße 日本");
    }
}
