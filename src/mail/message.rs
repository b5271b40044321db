//! RFC 5322 bytes of a letter: headers that thread, filter and stop auto-replies.

use chrono::{DateTime, Utc};
use lettre::Message;
use lettre::message::header::{self, ContentDisposition, ContentTransferEncoding, ContentType, HeaderName, HeaderValue, Headers};
use lettre::message::{Mailbox, Mailboxes, MultiPart, SinglePart};
use thiserror::Error;

use super::address::{convert, needs_smtputf8, wire, wire_domain};

/// A name and an address, as in `To`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedAddress {
    /// Who reads there.
    pub name: String,
    /// The bare address.
    pub address: String,
}

impl NamedAddress {
    /// A name and its address.
    pub fn new(name: impl Into<String>, address: impl Into<String>) -> Self {
        Self { name: name.into(), address: address.into() }
    }
}

/// Calendar entries that go with a letter (RFC 5545).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarPart {
    /// The entries, as one `VCALENDAR`.
    pub text: String,
    /// Whether they are called off.
    pub is_cancelled: bool,
}

/// A rendered letter to one person.
#[derive(Debug, Clone)]
pub struct Letter {
    /// `From`, with a name or without.
    pub from: String,
    /// The one recipient.
    pub to: NamedAddress,
    /// Where an answer to the mail goes, if not to `from`.
    pub reply_to: Option<NamedAddress>,
    /// Subject, one line.
    pub subject: String,
    /// Complete by itself.
    pub text: String,
    /// The same for those who see it.
    pub html: String,
    /// When it was written; part of what mail systems recognise a copy by.
    pub date: DateTime<Utc>,
    /// Left part of the Message-ID, unique for this letter and recipient.
    pub id: String,
    /// Left part of the thread's root, the same for all letters of one notice. The root is never sent:
    /// threading needs only that all letters name it.
    pub thread: String,
    /// `List-Id` without the domain: one filter rule for all letters about one API (RFC 2919).
    pub list: String,
    /// Value of `X-Driftd-Notice`.
    pub notice: String,
    /// Calendar entries that go with it.
    pub calendar: Option<CalendarPart>,
}

/// Why a letter could not be composed.
#[derive(Debug, Error)]
pub enum ComposeError {
    /// An address is none.
    #[error("{address:?} is not a mail address")]
    Address {
        /// The address.
        address: String,
        /// Why.
        source: lettre::address::AddressError,
    },
    /// The parts do not make a message.
    #[error("the message cannot be built")]
    Build(#[from] lettre::error::Error),
    /// A header name is not one; only a mistake in this file makes that happen.
    #[error("a header name is not one")]
    Header,
}

/// The domain of an address: what Message-IDs end with.
pub fn domain_of(from: &str) -> String {
    let domain = from.rsplit('@').next().unwrap_or_default().trim_end_matches('>').trim();
    if domain.is_empty() { "localhost".to_owned() } else { wire_domain(domain) }
}

/// The final bytes of a letter.
///
/// # Errors
/// When an address cannot be read or the parts do not make a message.
pub fn compose(letter: &Letter) -> Result<Vec<u8>, ComposeError> {
    let domain = domain_of(&letter.from);
    let mut builder = Message::builder()
        .from(author(&letter.from)?)
        .to(mailbox(&letter.to)?)
        .subject(&letter.subject)
        .date(letter.date.into())
        .message_id(Some(format!("<{}@{domain}>", letter.id)))
        .in_reply_to(format!("<{}@{domain}>", letter.thread))
        .references(format!("<{}@{domain}>", letter.thread));
    // A letter that an ASCII address could get must not need SMTPUTF8 for the sake of who may answer it: then only the
    // text names that person.
    let is_carried = |address: &str| !needs_smtputf8(address) || needs_smtputf8(&letter.to.address);
    if let Some(person) = letter.reply_to.as_ref().filter(|person| is_carried(&person.address)) {
        builder = builder.reply_to(mailbox(person)?);
    }
    let headers = [
        // RFC 3834 section 5: nobody's autoresponder answers a machine.
        ("Auto-Submitted", "auto-generated".to_owned()),
        // Exchange's word for it; not `All`, which would also silence non-delivery reports.
        ("X-Auto-Response-Suppress", "OOF, AutoReply".to_owned()),
        ("List-Id", format!("<{}.driftd.{domain}>", letter.list)),
        ("X-Driftd-Notice", letter.notice.clone()),
    ];
    for (name, value) in headers {
        let name = HeaderName::new_from_ascii(name.to_owned()).map_err(|_| ComposeError::Header)?;
        builder = builder.raw_header(HeaderValue::new(name, value));
    }
    let part = |kind: ContentType, body: &str| {
        SinglePart::builder().header(kind).header(ContentTransferEncoding::QuotedPrintable).body(body.to_owned())
    };
    let boundary = boundary(&letter.id);
    let body = MultiPart::alternative()
        .boundary(boundary.clone())
        .build()
        .singlepart(part(ContentType::TEXT_PLAIN, &letter.text))
        .singlepart(part(ContentType::TEXT_HTML, &letter.html));
    let Some(calendar) = &letter.calendar else { return Ok(builder.multipart(body)?.formatted()) };
    let method = if calendar.is_cancelled { "CANCEL" } else { "PUBLISH" };
    let kind = ContentType::parse(&format!("text/calendar; method={method}; charset=utf-8")).map_err(|_| ComposeError::Header)?;
    let attachment = SinglePart::builder()
        .header(kind)
        .header(ContentDisposition::attachment("days.ics"))
        .header(ContentTransferEncoding::QuotedPrintable)
        .body(calendar.text.clone());
    let whole = MultiPart::mixed().boundary(format!("{boundary}_mixed")).build().multipart(body).singlepart(attachment);
    Ok(builder.multipart(whole)?.formatted())
}

/// What the parts of a letter are separated by: the end of what names it, as much as a boundary may be long (RFC 2046 section 5.1.1).
fn boundary(id: &str) -> String {
    const LONGEST: usize = 50;
    let name = id.replace(|c: char| !c.is_ascii_alphanumeric(), "");
    format!("=_driftd_{}", name.get(name.len().saturating_sub(LONGEST)..).unwrap_or(&name))
}

fn author(from: &str) -> Result<Mailbox, ComposeError> {
    let wrong = |source| ComposeError::Address { address: from.to_owned(), source };
    let author: Mailbox = from.parse().map_err(wrong)?;
    Ok(Mailbox::new(author.name, convert(&author.email).map_err(wrong)?))
}

/// A finished letter with this `From`: whoever mends the sender in the configuration mends what waits as well. Everything
/// else stays as it was composed.
///
/// # Errors
/// When `from` is no address.
pub fn sent_from(message: &[u8], from: &str) -> Result<Vec<u8>, ComposeError> {
    let mut headers = Headers::new();
    headers.set(header::From::from(Mailboxes::from(author(from)?)));
    let own = headers.to_string();
    let head = message.windows(4).position(|end| end == b"\r\n\r\n").map_or(message.len(), |end| end + 2);
    let (head, body) = message.split_at(head);
    let mut whole = Vec::with_capacity(message.len() + own.len());
    let mut is_from = false;
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        // A line that begins with a space goes on with the one before (RFC 5322 section 2.2.3).
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            is_from = line.get(..5).is_some_and(|name| name.eq_ignore_ascii_case(b"from:"));
            if is_from {
                whole.extend_from_slice(own.as_bytes());
            }
        }
        if !is_from {
            whole.extend_from_slice(line);
        }
    }
    whole.extend_from_slice(body);
    Ok(whole)
}

fn mailbox(person: &NamedAddress) -> Result<Mailbox, ComposeError> {
    let wired = wire(&person.address).map_err(|source| ComposeError::Address { address: person.address.clone(), source })?;
    Ok(Mailbox::new(Some(person.name.clone()), wired))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter {
        Letter {
            from: "driftd <driftd@example.com>".to_owned(),
            to: NamedAddress::new("Änn", "ann@maker.example"),
            reply_to: Some(NamedAddress::new("Cy", "cy@user.example")),
            subject: "[driftd] BREAKING: Türen".to_owned(),
            text: "Grüße\n".to_owned(),
            html: "<p>Grüße</p>".to_owned(),
            date: DateTime::UNIX_EPOCH,
            id: "n-1.opened.provider.abcd".to_owned(),
            thread: "n-1.root".to_owned(),
            list: "doors.maker".to_owned(),
            notice: "N-1".to_owned(),
            calendar: None,
        }
    }

    #[test]
    fn a_boundary_is_never_longer_than_it_may_be() {
        assert_eq!(boundary("n-1.opened.provider.abcd"), "=_driftd_n1openedproviderabcd");
        let long = boundary(&format!("n-{}.escalated.provider.{}", "a".repeat(32), "b".repeat(20)));
        assert!(long.len() + "_mixed".len() <= 70 && long.ends_with(&"b".repeat(20)), "{long}");
    }

    #[test]
    fn the_same_letter_is_the_same_bytes_and_ascii() {
        let bytes = compose(&letter()).expect("a message");
        assert_eq!(bytes, compose(&letter()).expect("a message"));
        assert!(bytes.is_ascii(), "no server has to support 8BITMIME");
        let text = String::from_utf8(bytes).expect("ASCII");
        for header in [
            "Message-ID: <n-1.opened.provider.abcd@example.com>",
            "References: <n-1.root@example.com>",
            "In-Reply-To: <n-1.root@example.com>",
            "Auto-Submitted: auto-generated",
            "X-Auto-Response-Suppress: OOF, AutoReply",
            "List-Id: <doors.maker.driftd.example.com>",
            "Reply-To: \"Cy\" <cy@user.example>",
            "Date: Thu, 01 Jan 1970 00:00:00 +0000",
        ] {
            assert!(text.contains(header) || text.contains(&header.replace('"', "")), "{header} is missing in\n{text}");
        }
    }

    #[test]
    fn addresses_beyond_ascii_travel_as_the_standards_say() {
        let person = |address: &str| NamedAddress::new("Jörg", address);
        let domains = Letter {
            from: "Drift <driftd@bücher.example>".to_owned(),
            to: person("ann@bücher.example"),
            reply_to: Some(person("cy@例子.example")),
            ..letter()
        };
        let bytes = compose(&domains).expect("a message");
        assert!(bytes.is_ascii(), "{}", String::from_utf8_lossy(&bytes));
        let text = String::from_utf8(bytes).expect("ASCII");
        for part in ["<driftd@xn--bcher-kva.example>", "<ann@xn--bcher-kva.example>", "<cy@xn--fsqu00a.example>"] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        assert!(text.contains("Message-ID: <n-1.opened.provider.abcd@xn--bcher-kva.example>"), "{text}");
        assert!(text.contains("To: =?utf-8?b?"), "names are encoded words (RFC 2047): {text}");

        let local = Letter { to: person("jörg@bücher.example"), reply_to: Some(person("用户@user.example")), ..letter() };
        let text = String::from_utf8(compose(&local).expect("a message")).expect("UTF-8");
        assert!(text.contains("<jörg@xn--bcher-kva.example>") && text.contains("<用户@user.example>"), "{text}");

        // Ann's server need not know SMTPUTF8.
        let answered_elsewhere = Letter { reply_to: Some(person("用户@user.example")), ..letter() };
        let bytes = compose(&answered_elsewhere).expect("a message");
        assert!(bytes.is_ascii() && !String::from_utf8_lossy(&bytes).contains("\nReply-To"));
    }

    #[test]
    fn a_partner_cannot_add_headers() {
        let hostile = Letter { subject: "x\r\nBcc: all@example.com".to_owned(), notice: "N\r\nBcc: a@b".to_owned(), ..letter() };
        let text = String::from_utf8(compose(&hostile).expect("a message")).expect("ASCII");
        assert!(!text.lines().any(|line| line.to_ascii_lowercase().starts_with("bcc:")), "{text}");
    }

    #[test]
    fn a_mended_sender_mends_what_waits_and_nothing_else() {
        let long = "A name that is so long that the header which holds it goes on with a second line of its own Ümläut";
        let old = compose(&Letter { from: format!("{long} <old@example.com>"), ..letter() }).expect("composed");
        let new = sent_from(&old, "driftd <new@example.org>").expect("an address");
        let expected = compose(&Letter { from: "driftd <new@example.org>".to_owned(), ..letter() }).expect("composed");
        let text = |mail: &[u8]| String::from_utf8(mail.to_vec()).expect("text").replace("example.org", "example.com");
        // What is made of the domain of the old sender stays: threads go on.
        assert_eq!(text(&new), text(&expected));
        assert_eq!(sent_from(&new, "driftd <new@example.org>").expect("an address"), new);
        assert!(sent_from(&old, "nobody").is_err());
    }
}
