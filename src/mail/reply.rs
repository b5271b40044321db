//! What a server's reply means: whether it is about the recipient, about us, or about this moment.
//!
//! A refusal of ourselves is not a refusal of the recipient: a relay that does not know us, a sender it does not
//! like or a blocklist must never make an address look dead. So the stage of the conversation is read first, then
//! the enhanced status code at the start of the text (RFC 3463), and only where there is none the words.

use crate::model::AttemptOutcome;

/// How far a conversation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Finding the server and opening a connection.
    Connect,
    /// Agreeing on TLS, from the first byte or by STARTTLS.
    Tls,
    /// The server's greeting and its answer to EHLO.
    Hello,
    /// User name and password.
    Auth,
    /// Naming the sender.
    MailFrom,
    /// Naming the recipient.
    RcptTo,
    /// Asking to hand over the message.
    Data,
    /// The answer to the message itself.
    Message,
}

impl Stage {
    /// The words for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connecting",
            Self::Tls => "TLS",
            Self::Hello => "EHLO",
            Self::Auth => "AUTH",
            Self::MailFrom => "MAIL FROM",
            Self::RcptTo => "RCPT TO",
            Self::Data => "DATA",
            Self::Message => "after DATA",
        }
    }
}

/// What a refusal means for the letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// See [`AttemptOutcome::Retry`].
    Retry,
    /// See [`AttemptOutcome::NoServer`].
    NoServer,
    /// See [`AttemptOutcome::OurTrouble`].
    OurTrouble,
    /// See [`AttemptOutcome::MailboxFull`].
    MailboxFull,
    /// See [`AttemptOutcome::DeadAddress`].
    DeadAddress,
    /// See [`AttemptOutcome::Refused`].
    Refused,
}

impl Class {
    /// The outcome of a try that ended with these words.
    pub const fn outcome(self, words: String) -> AttemptOutcome {
        match self {
            Self::Retry => AttemptOutcome::Retry(words),
            Self::NoServer => AttemptOutcome::NoServer(words),
            Self::OurTrouble => AttemptOutcome::OurTrouble(words),
            Self::MailboxFull => AttemptOutcome::MailboxFull(words),
            Self::DeadAddress => AttemptOutcome::DeadAddress(words),
            Self::Refused => AttemptOutcome::Refused(words),
        }
    }
}

/// Whom an enhanced status is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    /// The recipient does not exist, or takes no mail at all.
    Nobody,
    /// As `Nobody`, unless the words speak of the sender: the status is used for both.
    NobodyUnlessSender,
    /// The recipient does not exist if the words say so; else it is about us.
    NobodyIfSaid(&'static [&'static str]),
    /// Their mailbox is full.
    Full,
    /// Who we are, what we send, or how we send it.
    Us,
    /// The server cannot carry the address as it is.
    Uncarried,
}

/// What one enhanced status means.
struct StatusRow {
    subject: u16,
    /// None: every other detail of the subject.
    detail: Option<u16>,
    about: About,
    /// Where that stands.
    #[cfg_attr(not(test), expect(dead_code, reason = "for whoever reads the table, and a test that each row has one"))]
    source: &'static str,
}

const fn row(subject: u16, detail: Option<u16>, about: About, source: &'static str) -> StatusRow {
    StatusRow { subject, detail, about, source }
}

/// Enhanced status codes of permanent refusals. The IANA registry that RFC 5248 set up is the full list; what is
/// not here falls to the row of its subject, and those are all `Us`: an address is given up only for a good reason.
const TABLE: &[StatusRow] = &[
    row(1, Some(0), About::NobodyUnlessSender, "RFC 3463: other address status; Postfix uses it for unlisted senders as well"),
    row(1, Some(1), About::NobodyUnlessSender, "RFC 3463: bad destination mailbox address"),
    row(1, Some(2), About::NobodyUnlessSender, "RFC 3463: bad destination system address: the domain takes no mail"),
    row(1, Some(3), About::NobodyUnlessSender, "RFC 3463: bad destination mailbox address syntax"),
    row(1, Some(4), About::Nobody, "RFC 3463: destination mailbox address ambiguous: it names nobody"),
    row(1, Some(6), About::Nobody, "RFC 3463: destination mailbox has moved, no forwarding address"),
    row(1, Some(7), About::Us, "RFC 3463: bad sender's mailbox address syntax"),
    row(1, Some(8), About::Us, "RFC 3463: bad sender's system address"),
    row(1, Some(10), About::Nobody, "RFC 7505: recipient address has null MX; Exchange: RecipientNotFound"),
    row(1, None, About::Us, "RFC 3463: address"),
    // Disabled and not accepting messages, and permanently so: nobody reads it, as with an address that never was.
    // Gmail has the same status for a mailbox that gets too much at once, which its words tell apart.
    row(2, Some(1), About::NobodyUnlessSender, "RFC 3463: mailbox disabled, not accepting messages"),
    row(2, Some(2), About::Full, "RFC 3463: mailbox full"),
    row(2, Some(3), About::Us, "RFC 3463: message length exceeds administrative limit"),
    row(2, Some(252), About::Us, "Exchange Online: SendAsDenied"),
    row(2, None, About::Us, "RFC 3463: mailbox"),
    row(3, None, About::Us, "RFC 3463: mail system; 5.3.4 is a message too big for it"),
    // RFC 3463 means by it that a host did not answer. Exchange Online refuses with it whoever is not in the directory.
    row(4, Some(1), About::NobodyIfSaid(&[" recipient address rejected"]), "Exchange Online: directory-based edge blocking"),
    row(4, Some(4), About::NobodyIfSaid(&[" not found", " no such domain"]), "RFC 3463: unable to route"),
    row(4, Some(5), About::Us, "RFC 3463: mail system congestion; Gmail: daily sending quota exceeded"),
    row(4, None, About::Us, "RFC 3463: network and routing"),
    // Outlook.com's words for an address it does not have.
    row(5, Some(0), About::NobodyIfSaid(&[" mailbox unavailable"]), "RFC 3463: other protocol status"),
    row(5, None, About::Us, "RFC 3463, RFC 4954, RFC 5248: protocol"),
    row(6, Some(7), About::Uncarried, "RFC 6531: non-ASCII addresses not permitted for that recipient"),
    row(6, None, About::Us, "RFC 3463, RFC 6531: content"),
    row(7, Some(17), About::Nobody, "RFC 7293: mailbox owner has changed: whoever reads it is somebody else"),
    row(7, Some(18), About::Nobody, "RFC 7293: domain owner has changed"),
    row(7, None, About::Us, "RFC 3463, 4954, 7372 (SPF, DKIM), 7505 (5.7.27); Exchange 5.7.1xx, 5.7.5xx, 5.7.6xx; Gmail 5.7.26"),
];

/// What a refusal means.
pub fn classify(stage: Stage, code: u16, text: &str) -> Class {
    if stage <= Stage::MailFrom {
        // Nothing was said of this letter's recipient or content, and the next letter would hear the same.
        return Class::NoServer;
    }
    let status = enhanced(code, text);
    let words = words(text);
    let is_temporary = code < 500;
    if stage >= Stage::Data {
        // A late word on the recipient, as of a server that looks it up after taking the message (LMTP, RFC 2033).
        return match status {
            Some((1, 1 | 10)) if !is_temporary && !speaks_of_sender(&words) => Class::DeadAddress,
            Some((2, 2)) => Class::MailboxFull,
            _ if is_temporary => Class::Retry,
            _ => Class::OurTrouble,
        };
    }
    if is_temporary {
        let is_full = status == Some((2, 2)) || (status.is_none() && speaks_of_full_mailbox(&words));
        return if is_full { Class::MailboxFull } else { Class::Retry };
    }
    match status {
        Some((subject, detail)) => by_status(subject, detail, &words),
        None => by_words(code, &words),
    }
}

fn by_status(subject: u16, detail: u16, words: &str) -> Class {
    let exact = TABLE.iter().find(|row| row.subject == subject && row.detail == Some(detail));
    let row = exact.or_else(|| TABLE.iter().find(|row| row.subject == subject && row.detail.is_none()));
    match row.map_or(About::Us, |row| row.about) {
        About::Nobody => Class::DeadAddress,
        About::NobodyUnlessSender if speaks_of_sender(words) || any(words, &[" rate ", " too quickly"]) => Class::OurTrouble,
        About::NobodyUnlessSender => Class::DeadAddress,
        About::NobodyIfSaid(said) if any(words, said) => Class::DeadAddress,
        About::NobodyIfSaid(_) | About::Us => Class::OurTrouble,
        About::Full => Class::MailboxFull,
        About::Uncarried => Class::Refused,
    }
}

/// What a refusal of a recipient without an enhanced status means.
fn by_words(code: u16, words: &str) -> Class {
    if speaks_of_full_mailbox(words) {
        return Class::MailboxFull;
    }
    if speaks_of_us(words) {
        return Class::OurTrouble;
    }
    // RFC 5321 section 4.2.3 (550, 551, 553) and RFC 7504 (556: the domain takes no mail).
    if matches!(code, 550 | 551 | 553 | 556) || any(words, NOBODY) { Class::DeadAddress } else { Class::OurTrouble }
}

/// Words for a recipient that is not there, which count under any code.
const NOBODY: &[&str] = &[
    " no such user",
    " no such recipient",
    " no such mailbox",
    " no such person",
    " user unknown",
    " unknown user",
    " unknown recipient",
    " recipient unknown",
    " user not found",
    " mailbox not found",
    " recipient not found",
    " invalid recipient",
    " invalid mailbox",
    " no mailbox here",
    " mailbox is disabled",
    " account is disabled",
    " account has been disabled",
    " account is inactive",
    " does not exist",
    " doesn t exist",
    " doesn t have a ",
    " does not have a ",
];

/// Words for what we are, what we send and what we may: each is the beginning of a word.
const US: &[&str] = &[
    " sender",
    " relay",
    " rcpthosts",
    " authenticat",
    " auth ",
    " polic",
    " spam",
    " block",
    " blacklist",
    " black list",
    " denylist",
    " banned",
    " listed ",
    " reputation",
    " spf",
    " dkim",
    " dmarc",
    " helo",
    " ehlo",
    " ptr ",
    " reverse dns",
    " rdns",
    " client host",
    " your ip",
    " ip address",
    " access denied",
    " permission denied",
    " prohibit",
    " authoriz",
    " authoris",
    " unauthoriz",
    " unauthenticated",
    " quota",
    " rate ",
    " ratelimit",
    " limit",
    " too many",
    " throttl",
    " content",
    " virus",
    " suspicious",
    " not local",
    " starttls",
    " tls",
    " encryption",
];

fn speaks_of_us(words: &str) -> bool {
    // "551 user not local" is RFC 5321's own wording for an address that is elsewhere; "not local" alone is about relaying.
    any(&words.replace(" user not local", " "), US)
}

/// The sender is refused, whatever the status says of a mailbox: it is the sender's that was not found.
fn speaks_of_sender(words: &str) -> bool {
    any(
        words,
        &[" sender address", " sender verif", " sender reject", " sender den", " sender unknown", " sender is ", " bad sender"],
    )
}

fn speaks_of_full_mailbox(words: &str) -> bool {
    const FULL: &[&str] = &[
        " mailbox full",
        " mailbox is full",
        " mailbox has exceeded",
        " inbox is full",
        " over quota",
        " overquota",
        " quota exceeded",
        " quota is exceeded",
        " exceeded quota",
        " exceeded its quota",
        " exceeds quota",
        " mailbox quota",
        " storage quota",
        " exceeded storage allocation",
        " exceeded its storage",
        " out of storage",
    ];
    // A quota on what we send is ours.
    const OURS: &[&str] = &[" sending", " sender", " daily", " hourly", " your ", " you ", " rate ", " messages per", " client"];
    any(words, FULL) && !any(words, OURS)
}

fn any(words: &str, wanted: &[&str]) -> bool {
    wanted.iter().any(|wanted| words.contains(wanted))
}

/// The words of a reply in lower case, each between blanks. Addresses, links and names of hosts are left out: a user
/// `relay@spam.example` says nothing about relaying.
fn words(text: &str) -> String {
    let mut words = String::from(" ");
    for token in text.split_whitespace() {
        let bare = token.trim_matches(|c: char| !c.is_alphanumeric());
        let is_name = bare.contains(['@', '.']) || token.contains("://");
        if is_name {
            continue;
        }
        for word in bare.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            words.push_str(&word.to_lowercase());
            words.push(' ');
        }
    }
    words
}

/// Subject and detail of the enhanced status at the start of the text, if its class is the code's (RFC 2034
/// section 4). Cisco's appliances write a `#` before it.
fn enhanced(code: u16, text: &str) -> Option<(u16, u16)> {
    let first = text.split_whitespace().next()?.trim_start_matches('#').trim_end_matches([':', ',', ';', '-']);
    let mut numbers = first.split('.').map(|part| {
        let is_number = (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| part.parse::<u16>().ok()).flatten()
    });
    let (class, subject, detail) = (numbers.next()??, numbers.next()??, numbers.next()??);
    (numbers.next().is_none() && class == code / 100).then_some((subject, detail))
}

#[cfg(test)]
mod tests;
