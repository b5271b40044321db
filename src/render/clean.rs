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

/// How code begins where no style sheet is known: in mails, and in reports that stand alone.
pub const STYLED_CODE: &str = "<code style=\"font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.92em\">";

/// HTML of a sentence: escaped, and what stands between backticks set as code, which begins with this tag.
pub fn with_code(text: &str, code: &str) -> String {
    let escaped = escaped_html(&clean(text, LONGEST_SENTENCE));
    let mut html = String::with_capacity(escaped.len());
    let mut parts = escaped.split('`').peekable();
    let mut is_code = false;
    while let Some(part) = parts.next() {
        // A lone last backtick is just a backtick.
        if is_code && parts.peek().is_some() {
            html.push_str(code);
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

fn escaped_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// HTML of a line of code whose indentation stays where a mail program knows no `white-space`, as Outlook does.
pub fn indented(line: &str, longest: usize) -> String {
    let cleaned = clean(line, longest);
    // The mark of a changed line stands before its indentation.
    let (mark, rest) = cleaned.split_at(usize::from(cleaned.starts_with(['+', '-'])));
    let code = rest.trim_start_matches(' ');
    format!("{mark}{}{}", "&nbsp;".repeat(rest.len() - code.len()), escaped_html(code))
}

/// Text of several lines, each cleaned by itself: at most `longest` characters a line.
pub fn clean_lines(text: &str, longest: usize) -> String {
    let lines: Vec<String> = text.split('\n').map(|line| clean(line.strip_suffix('\r').unwrap_or(line), longest)).collect();
    lines.join("\n")
}

/// Output for people in which no line is a command to the CI service that shows it: GitHub obeys a line that begins with
/// `::`, whatever space is before it, and `##[` wherever it stands; Azure `##vso[`, and TeamCity `##teamcity[`.
pub fn without_commands(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let rest = line.trim_start();
        let (margin, rest) = line.split_at(line.len() - rest.len());
        out.push_str(margin);
        match rest.strip_prefix("::") {
            Some(rest) => {
                out.push_str(": :");
                out.push_str(rest);
            }
            None => out.push_str(rest),
        }
    }
    out.replace("##[", "# #[").replace("##vso[", "# #vso[").replace("##teamcity[", "# #teamcity[")
}

/// JSON in which nothing is invisible and no line is a command: such characters stand escaped, and nothing is lost.
pub fn escaped_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut units = [0_u16; 2];
    for c in json.chars() {
        // A line break of the writer's own is no part of a text.
        if c == '\n' || !is_treacherous(c) {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out.replace("##[", "##\\u005b").replace("##vso[", "##vso\\u005b").replace("##teamcity[", "##teamcity\\u005b")
}

/// A server's reply without the credentials it may repeat: some quote the line they did not like (RFC 4954), and what follows
/// AUTH there is a password in Base64.
pub fn without_credentials(reply: &str) -> String {
    let mut out = String::with_capacity(reply.len());
    for line in reply.split_inclusive('\n') {
        let end = line.trim_end().len();
        let (told, ending) = line.split_at(end);
        match after_auth(told) {
            Some(at) => {
                out.push_str(told.get(..at).unwrap_or_default());
                out.push_str(" […]");
            }
            None => out
                .push_str(&told.split(' ').map(|word| if is_padded(word) { "[…]" } else { word }).collect::<Vec<_>>().join(" ")),
        }
        out.push_str(ending);
    }
    out
}

/// Where the word AUTH ends that something follows.
fn after_auth(line: &str) -> Option<usize> {
    let upper = line.to_ascii_uppercase();
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    upper.match_indices("AUTH").map(|(at, word)| (at, at + word.len())).find_map(|(start, end)| {
        let before = start.checked_sub(1).and_then(|at| upper.as_bytes().get(at));
        let after = upper.as_bytes().get(end);
        let follows = after.is_some_and(|byte| byte.is_ascii_whitespace() || matches!(byte, b':' | b'='));
        (!is_word(before) && follows && upper.get(end..).is_some_and(|rest| rest.len() > 1)).then_some(end)
    })
}

/// Whether a word is Base64 with its padding: what a server repeats of a login in steps.
fn is_padded(word: &str) -> bool {
    let word = word.trim_matches(['<', '>', '"', '\'', '(', ')', '[', ']', ',', '.', ';', ':']);
    let digits = word.trim_end_matches('=');
    word.ends_with('=')
        && word.len() >= 4
        && word.len().is_multiple_of(4)
        && digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

/// What changes how a text reads without being seen, or cannot stand in XML (XML 1.0, section 2.2): controls, characters that
/// reorder (UAX #9), invisible letters and fillers, variation selectors, tags, and what is no character at all.
pub fn is_treacherous(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{00AD}'
                | '\u{034F}'
                | '\u{061C}'
                | '\u{115F}'
                | '\u{1160}'
                | '\u{17B4}'
                | '\u{17B5}'
                | '\u{180B}'..='\u{180F}'
                | '\u{200B}'..='\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{3164}'
                | '\u{FDD0}'..='\u{FDEF}'
                | '\u{FE00}'..='\u{FE0F}'
                | '\u{FEFF}'
                | '\u{FFA0}'
                | '\u{FFF0}'..='\u{FFFB}'
                | '\u{1BCA0}'..='\u{1BCA3}'
                | '\u{1D173}'..='\u{1D17A}'
                | '\u{E0000}'..='\u{E0FFF}'
        )
        || u32::from(c) & 0xFFFE == 0xFFFE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partner_text_is_escaped_before_it_is_marked_up() {
        let html = with_code("The property `<img onerror=x>` is gone from `A`", "<code>");
        assert!(html.contains("<code>&lt;img onerror=x&gt;</code>"), "{html}");
        assert_eq!(html.matches("<code").count(), 2);
        assert_eq!(with_code("one ` alone", "<code>"), "one ` alone");
    }

    #[test]
    fn nothing_treacherous_remains() {
        assert_eq!(clean("a\u{202E}b\u{0007}\u{1b}[31mc\r\nBcc: d\u{200F}", 100), "ab[31mc  Bcc: d");
        let unseen = [
            0x85, 0x9b, 0xad, 0x34f, 0x115f, 0x1160, 0x180e, 0x200b, 0x2066, 0x3164, 0xfe0f, 0xffa0, 0xfffe, 0xffff, 0xfdd0,
            0x1_ffff, 0xe_0041, 0xe_0100,
        ];
        for code in unseen {
            let c = char::from_u32(code).expect("a character");
            let cleaned = clean(&format!("a{c}b"), 100);
            assert!(cleaned == "ab" || cleaned == "a b", "U+{code:04X}: {cleaned:?}");
        }
        assert_eq!(clean("abcdef", 4), "abc…");
        assert_eq!(clean("Grüße 日本", 100), "Grüße 日本");
    }

    #[test]
    fn json_loses_nothing_and_hides_nothing() {
        let hostile = "a\u{202e}b\u{e0041}c\u{7f}d\u{ffff}##[error]e";
        let json = serde_json::to_string_pretty(&serde_json::json!({ "x": hostile })).expect("JSON");
        let escaped = escaped_json(&json);
        assert!(escaped.contains("\\u202e") && escaped.contains("\\udb40\\udc41") && !escaped.contains("##["), "{escaped}");
        assert!(escaped.chars().all(|c| c == '\n' || !is_treacherous(c)));
        let back: serde_json::Value = serde_json::from_str(&escaped).expect("JSON");
        assert_eq!(back["x"], hostile);
    }

    #[test]
    fn no_line_is_a_command() {
        assert_eq!(without_commands("a ::b\n  ::error::c\n##[debug]d\n::e"), "a ::b\n  : :error::c\n# #[debug]d\n: :e");
    }

    #[test]
    fn a_reply_does_not_repeat_a_password() {
        for (reply, shown) in [
            ("535 5.7.8 bad: AUTH PLAIN AGRyaWZ0ZABzM2NyZXQ=", "535 5.7.8 bad: AUTH […]"),
            ("503 'auth login czNjcmV0' out of order\n550 no", "503 'auth […]\n550 no"),
            ("501 cannot decode czNjcmV0YQ==", "501 cannot decode […]"),
            ("530 5.7.0 Authentication required", "530 5.7.0 Authentication required"),
            ("550 5.1.1 <a+b=c@x.example>: no such user", "550 5.1.1 <a+b=c@x.example>: no such user"),
            ("535-5.7.8 OAUTH failed", "535-5.7.8 OAUTH failed"),
        ] {
            assert_eq!(without_credentials(reply), shown);
        }
    }
}
