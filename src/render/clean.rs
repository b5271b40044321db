//! Partner text made harmless for people's eyes.

/// Text without control characters and without the characters that reorder what is read (UAX #9), one
/// line, at most `longest` characters.
pub fn clean(text: &str, longest: usize) -> String {
    let mut cleaned: String =
        text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !is_treacherous(*c)).collect();
    if cleaned.chars().count() > longest {
        cleaned = cleaned.chars().take(longest.saturating_sub(1)).collect();
        cleaned.push('…');
    }
    cleaned
}

/// Longest sentence that is set, characters.
const LONGEST_SENTENCE: usize = 1000;

/// HTML of a sentence: escaped, and what stands between backticks set as code.
pub fn with_code(text: &str) -> String {
    let cleaned = clean(text, LONGEST_SENTENCE);
    let escaped =
        cleaned.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;");
    let mut html = String::with_capacity(escaped.len());
    let mut parts = escaped.split('`').peekable();
    let mut is_code = false;
    while let Some(part) = parts.next() {
        // A lone last backtick is just a backtick.
        if is_code && parts.peek().is_some() {
            html.push_str("<code style=\"font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.92em\">");
            html.push_str(part);
            html.push_str("</code>");
        } else {
            if is_code {
                html.push('`');
            }
            html.push_str(part);
        }
        is_code = !is_code;
    }
    html
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
    fn partner_text_is_escaped_before_it_is_marked_up() {
        let html = with_code("The property `<img onerror=x>` is gone from `A`");
        assert!(html.contains(">&lt;img onerror=x&gt;</code>"), "{html}");
        assert_eq!(html.matches("<code").count(), 2);
        assert_eq!(with_code("one ` alone"), "one ` alone");
    }

    #[test]
    fn nothing_treacherous_remains() {
        assert_eq!(clean("a\u{202E}b\u{0007}\u{1b}[31mc\r\nBcc: d\u{200F}", 100), "ab[31mc  Bcc: d");
        assert_eq!(clean("abcdef", 4), "abc…");
        assert_eq!(clean("Grüße 日本", 100), "Grüße 日本");
    }
}
