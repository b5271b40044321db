//! Delivery reports: what a mail system writes back when a letter did not arrive (RFC 3464).

use mail_parser::{MessageParser, MimeHeaders};

use super::address::wire_domain;
use super::reply::{Class, Stage, classify};
use crate::model::AttemptOutcome;

/// Larger mails are no delivery reports, bytes.
pub const LARGEST_BOUNCE: usize = 1024 * 1024;

/// Longest diagnosis that is kept, characters.
const LONGEST: usize = 300;

/// A delivery report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounce {
    /// Addresses the report was sent to: one of them is the letter's envelope sender.
    pub to: Vec<String>,
    /// What it says of a letter that will never arrive; none where it may still.
    pub outcome: Option<AttemptOutcome>,
    /// The status and what the system said.
    pub text: String,
}

/// Reads a delivery report; none where the mail is not one.
pub fn read_bounce(mail: &[u8]) -> Option<Bounce> {
    let message = MessageParser::default().parse(mail)?;
    let is_report = |part: &&mail_parser::MessagePart<'_>| {
        part.content_type().is_some_and(|kind| {
            kind.ctype().eq_ignore_ascii_case("message")
                && kind.subtype().is_some_and(|subtype| subtype.eq_ignore_ascii_case("delivery-status"))
        })
    };
    let report = message.parts.iter().find(is_report)?;
    let report = String::from_utf8_lossy(report.contents()).into_owned();
    let field = |name: &str| {
        let lines = report.lines().filter_map(|line| line.split_once(':'));
        lines.into_iter().find(|(known, _)| known.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    };
    let status = field("Status").unwrap_or_default();
    let action = field("Action").unwrap_or_default();
    let diagnosis = field("Diagnostic-Code").unwrap_or_default();
    let text: String = format!("{action} {status} {diagnosis}").trim().chars().take(LONGEST).collect();
    let to = addresses(&String::from_utf8_lossy(mail));
    // Whoever sent it on has given up: what the last server said is read as if it had been said to us.
    let is_over = action.eq_ignore_ascii_case("failed");
    let outcome = is_over.then(|| class(&status, &diagnosis).outcome(text.clone()));
    (!to.is_empty()).then_some(Bounce { to, outcome, text })
}

/// What a server's last word means (RFC 3464 section 2.3.6: `smtp; 550 5.1.1 no such user`); where it has no enhanced status,
/// the report's own stands for it.
fn class(status: &str, diagnosis: &str) -> Class {
    let said = diagnosis.split_once(';').map_or(diagnosis, |(_, said)| said).trim();
    let (code, words) = said.split_once([' ', '-']).unwrap_or((said, ""));
    let (code, words) = match code.parse::<u16>() {
        Ok(code) if (400..600).contains(&code) => (code, words),
        _ => (if status.starts_with('4') { 450 } else { 550 }, said),
    };
    let has_status =
        words.split_whitespace().next().is_some_and(|first| first.starts_with(['4', '5']) && first.matches('.').count() == 2);
    let text = if has_status { words.to_owned() } else { format!("{status} {words}") };
    classify(Stage::RcptTo, code, &text)
}

/// Addresses with a detail part in the headers that name a recipient, in lower case: systems on the way may have changed
/// it, and a report belongs to its letter all the same.
fn addresses(mail: &str) -> Vec<String> {
    let head = mail.split("\r\n\r\n").next().and_then(|head| head.split("\n\n").next()).unwrap_or_default();
    let names = ["to:", "delivered-to:", "x-original-to:", "envelope-to:"];
    let lines = head.lines().filter(|line| names.iter().any(|name| line.to_ascii_lowercase().starts_with(name)));
    let words = lines.flat_map(|line| line.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | ',' | ';' | ':')));
    let mut found: Vec<String> =
        words.filter(|word| word.contains('+') && word.contains('@')).map(str::to_ascii_lowercase).collect();
    found.sort();
    found.dedup();
    found
}

/// The envelope sender of one letter: whatever comes back to it is about that letter. The case of the part before the
/// `@` is its owner's (RFC 5321 section 2.4); a domain has none.
pub fn bounce_address(bounces: &str, token: &str) -> String {
    match bounces.rsplit_once('@') {
        Some((local, domain)) => format!("{local}+{token}@{}", wire_domain(domain)),
        None => bounces.to_owned(),
    }
}

/// The envelope sender of a letter: the bounce mailbox with what makes it this letter's own, or the address of `from`.
pub fn envelope_sender(from: &str, bounces: Option<&str>, own: Option<&str>) -> String {
    match (bounces, own) {
        (Some(bounces), Some(own)) => bounce_address(bounces, own),
        (Some(bounces), None) => bounces.to_owned(),
        (None, _) => from.rsplit('<').next().unwrap_or(from).trim_end_matches('>').trim().to_owned(),
    }
}

/// What makes the envelope sender of a letter its own.
pub fn bounce_token(sender: &str) -> Option<&str> {
    sender.rsplit_once('@').and_then(|(local, _)| local.rsplit_once('+')).map(|(_, token)| token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(action: &str, status: &str) -> String {
        format!(
            "From: MAILER-DAEMON@mx.example\r\nTo: <bounces+0123abcd@driftd.example>\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; priya@harbor.example\r\nAction: {action}\r\nStatus: {status}\r\nDiagnostic-Code: smtp; 550 5.1.1 no such user\r\n--b--\r\n"
        )
    }

    #[test]
    fn a_report_says_whether_a_letter_will_never_arrive() {
        let read = |action: &str, status: &str| read_bounce(report(action, status).as_bytes());
        let bounce = read("failed", "5.1.1").expect("a report");
        assert_eq!(bounce.to, ["bounces+0123abcd@driftd.example"]);
        assert!(
            matches!(&bounce.outcome, Some(AttemptOutcome::DeadAddress(text)) if text.contains("550 5.1.1 no such user")),
            "{bounce:?}"
        );
        assert_eq!(read("delayed", "4.4.1").map(|bounce| bounce.outcome), Some(None));
        let outcome = |status: &str, said: &str| {
            let mail = report("failed", status).replace("smtp; 550 5.1.1 no such user", said);
            read_bounce(mail.as_bytes()).and_then(|bounce| bounce.outcome).map(|outcome| outcome.name())
        };
        for (status, said, expected) in [
            ("5.1.1", "smtp; 550 no such user here", "dead-address"),
            ("5.0.0", "smtp; 550-5.1.1 The email account does not exist", "dead-address"),
            ("5.7.26", "smtp; 550 5.7.26 This mail is unauthenticated", "our-trouble"),
            ("5.2.2", "smtp; 552 5.2.2 The recipient's inbox is full", "mailbox-full"),
            ("5.3.4", "smtp; 552 5.3.4 Message too big", "our-trouble"),
            // Given up after days in a queue: it never arrives, and nobody knows whether somebody is there.
            ("4.4.7", "X-Postfix; delivery time expired", "retry"),
        ] {
            assert_eq!(outcome(status, said), Some(expected), "{status} {said}");
        }
        assert_eq!(read_bounce(b"From: a@b.example\r\nTo: x+y@z.example\r\n\r\nOut of office"), None);
        assert_eq!(read_bounce(b"\xff\xfe\x00"), None);
        let elsewhere =
            report("failed", "5.1.1").replace("To: <bounces+0123abcd@driftd.example>", "To: postmaster@driftd.example");
        assert_eq!(read_bounce(elsewhere.as_bytes()), None);
    }

    #[test]
    fn a_report_whose_to_was_rewritten_is_found_by_what_else_names_its_address() {
        for header in ["To", "Delivered-To", "X-Original-To", "Envelope-To"] {
            let addressed = format!("To: postmaster@driftd.example\r\n{header}: bounces+0123abcd@driftd.example\r\n");
            let mail = report("failed", "5.1.1").replace("To: <bounces+0123abcd@driftd.example>\r\n", &addressed);
            let bounce = read_bounce(mail.as_bytes()).unwrap_or_else(|| panic!("{header}: no report"));
            assert_eq!(bounce.to, ["bounces+0123abcd@driftd.example"], "{header}");
        }
    }

    #[test]
    fn each_letter_has_an_address_of_its_own() {
        assert_eq!(bounce_address("Bounces@Driftd.example", "0123abcd"), "Bounces+0123abcd@driftd.example");
        assert_eq!(bounce_address("drift+bounces@bücher.example", "0123abcd"), "drift+bounces+0123abcd@xn--bcher-kva.example");
        let token = "0123456789abcdef0123456789abcdef";
        let longest = bounce_address(&format!("{}@driftd.example", "b".repeat(super::super::LONGEST_BOUNCES)), token);
        assert!(longest.parse::<lettre::Address>().is_ok(), "{longest}");
        assert_eq!(bounce_token("drift+bounces+0123abcd@driftd.example"), Some("0123abcd"));
        assert_eq!(bounce_token("driftd@driftd.example"), None);
        let mail = report("failed", "5.1.1").replace("bounces+0123abcd@", "Drift+Bounces+0123ABCD@");
        let bounce = read_bounce(mail.as_bytes()).expect("a report");
        assert_eq!(bounce.to, ["drift+bounces+0123abcd@driftd.example"]);
    }
}
