//! Replies as servers write them, each with what it means.

use super::*;
use Class::{DeadAddress, MailboxFull, NoServer, OurTrouble, Refused, Retry};
use Stage::{Auth, Data, Hello, MailFrom, Message, RcptTo};

type Case = (Stage, u16, &'static str, Class);

#[rustfmt::skip]
const REPLIES: &[Case] = &[
    // Postfix.
    (RcptTo, 550, "5.1.1 <priya@harbor.example>: Recipient address rejected: User unknown in local recipient table", DeadAddress),
    (RcptTo, 550, "5.1.1 <priya@harbor.example>: Recipient address rejected: User unknown in virtual mailbox table", DeadAddress),
    (RcptTo, 554, "5.7.1 <priya@harbor.example>: Relay access denied", OurTrouble),
    (RcptTo, 454, "4.7.1 <priya@harbor.example>: Relay access denied", Retry),
    (RcptTo, 550, "5.1.0 <driftd@harbor.example>: Sender address rejected: User unknown in local recipient table", OurTrouble),
    (RcptTo, 550, "5.1.1 <driftd@harbor.example>: Sender address rejected: undeliverable address", OurTrouble),
    (RcptTo, 450, "4.1.8 <driftd@harbor.example>: Sender address rejected: Domain not found", Retry),
    (RcptTo, 550, "5.1.8 <driftd@harbor.example>: Sender address rejected: Domain not found", OurTrouble),
    (RcptTo, 550, "5.1.2 <priya@harbor.example>: Recipient address rejected: Domain not found", DeadAddress),
    (RcptTo, 504, "5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname", OurTrouble),
    (RcptTo, 554, "5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", OurTrouble),
    (RcptTo, 450, "4.2.0 <priya@harbor.example>: Recipient address rejected: Greylisted", Retry),
    (RcptTo, 452, "4.3.1 Insufficient system storage", Retry),
    (RcptTo, 452, "4.5.3 Error: too many recipients", Retry),
    (RcptTo, 556, "5.1.10 <priya@harbor.example>: Recipient address rejected: Domain harbor.example does not accept mail (nullMX)", DeadAddress),
    (RcptTo, 550, "5.7.27 <driftd@harbor.example>: Sender address rejected: Domain does not accept mail (nullMX)", OurTrouble),
    (RcptTo, 550, "5.7.23 <priya@harbor.example>: Recipient address rejected: Message rejected due to: SPF fail - not authorized", OurTrouble),
    (Message, 552, "5.3.4 Error: message file too big", OurTrouble),
    (MailFrom, 552, "5.3.4 Message size exceeds fixed limit", NoServer),
    (MailFrom, 530, "5.7.0 Must issue a STARTTLS command first", NoServer),
    (MailFrom, 553, "5.7.1 <driftd@harbor.example>: Sender address rejected: not owned by user driftd", NoServer),
    (MailFrom, 501, "5.1.7 Bad sender address syntax", NoServer),
    (MailFrom, 451, "4.3.0 <driftd@harbor.example>: Temporary lookup failure", NoServer),
    (Hello, 421, "4.3.2 Too many connections", NoServer),
    (Hello, 521, "5.3.2 mx.harbor.example does not accept mail", NoServer),
    (Auth, 535, "5.7.8 Error: authentication failed: UGFzc3dvcmQ6", NoServer),
    (Data, 554, "5.5.1 Error: no valid recipients", OurTrouble),
    (RcptTo, 550, "5.6.7 Internationalized mailbox name is not supported", Refused),
    // Exim, mostly without enhanced codes.
    (RcptTo, 550, "Unrouteable address", DeadAddress),
    (RcptTo, 550, "No such user here", DeadAddress),
    (RcptTo, 550, "relay not permitted", OurTrouble),
    (RcptTo, 550, "Verification failed for <driftd@harbor.example> No Such User Here Sender verify failed", OurTrouble),
    (RcptTo, 550, "Administrative prohibition", OurTrouble),
    (RcptTo, 550, "rejected because 192.0.2.1 is in a black list at zen.spamhaus.org", OurTrouble),
    (RcptTo, 550, "SPF check failed.", OurTrouble),
    (RcptTo, 550, "Access denied - Invalid HELO name (See RFC2821 4.1.1.1)", OurTrouble),
    (RcptTo, 451, "Temporary local problem - please try later", Retry),
    (RcptTo, 550, "authentication required", OurTrouble),
    (RcptTo, 552, "mailbox is full: retry timeout exceeded", MailboxFull),
    (Message, 550, "This message was classified as SPAM and may not be delivered", OurTrouble),
    // Sendmail.
    (RcptTo, 550, "5.1.1 <priya@harbor.example>... User unknown", DeadAddress),
    (RcptTo, 550, "5.7.1 <priya@harbor.example>... Relaying denied. Proper authentication required.", OurTrouble),
    (RcptTo, 550, "5.1.2 <priya@harbor.example>... Host unknown (Name server: harbor.example: host not found)", DeadAddress),
    (RcptTo, 553, "5.1.8 <driftd@harbor.example>... Domain of sender address does not exist", OurTrouble),
    (RcptTo, 551, "5.7.1 User not local; please try <priya@else.example>", OurTrouble),
    // qmail and its relatives: the status stands at the end.
    (RcptTo, 553, "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", OurTrouble),
    (RcptTo, 511, "sorry, no mailbox here by that name (#5.1.1 - chkuser)", DeadAddress),
    (RcptTo, 553, "sorry, your envelope sender is in my badmailfrom list (#5.7.1)", OurTrouble),
    // Exchange Online and Outlook.com.
    (RcptTo, 550, "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient priya@harbor.example not found by SMTP address lookup", DeadAddress),
    (RcptTo, 550, "5.4.1 Recipient address rejected: Access denied. [AM7EUR06FT041.eop-eur06.prod.protection.outlook.com]", DeadAddress),
    (RcptTo, 550, "5.4.1 [internal] All attempts to send the message have failed: no answer from host", OurTrouble),
    (RcptTo, 554, "5.2.252 SendAsDenied; driftd@harbor.example not allowed to send as ops@harbor.example", OurTrouble),
    (Message, 554, "5.2.252 SendAsDenied; driftd@harbor.example not allowed to send as ops@harbor.example", OurTrouble),
    (RcptTo, 550, "5.7.606 Access denied, banned sending IP [192.0.2.1]", OurTrouble),
    (RcptTo, 550, "5.7.501 Access denied, spam abuse detected", OurTrouble),
    (RcptTo, 550, "5.7.64 TenantAttribution; Relay Access Denied", OurTrouble),
    (RcptTo, 550, "5.7.124 RESOLVER.RST.SenderNotInAllowedList", OurTrouble),
    (MailFrom, 530, "5.7.57 Client not authenticated to send mail", NoServer),
    (Auth, 535, "5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated", NoServer),
    (Message, 550, "5.7.520 Access denied, Your organization does not allow external forwarding", OurTrouble),
    (RcptTo, 552, "5.2.2 Mailbox full", MailboxFull),
    (Message, 554, "5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionQuotaExceeded", MailboxFull),
    (RcptTo, 550, "5.5.0 Requested action not taken: mailbox unavailable (S2017062302)", DeadAddress),
    (RcptTo, 550, "5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service provider", OurTrouble),
    (MailFrom, 550, "SC-001 (COL004-MC1F1) Unfortunately, messages from 192.0.2.1 weren't sent", NoServer),
    (RcptTo, 451, "4.7.500 Server busy. Please try again later from [192.0.2.1]. (S77719)", Retry),
    // Gmail and Google Workspace.
    (RcptTo, 550, "5.1.1 The email account that you tried to reach does not exist. Please try double-checking the recipient's email address for typos", DeadAddress),
    (RcptTo, 550, "5.2.1 The email account that you tried to reach is disabled. Learn more at https://support.google.com/mail/?p=DisabledUser", DeadAddress),
    (RcptTo, 550, "5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages from being delivered", OurTrouble),
    (RcptTo, 452, "4.2.2 The recipient's inbox is out of storage space", MailboxFull),
    (RcptTo, 552, "5.2.2 The recipient's inbox is out of storage space and inactive", MailboxFull),
    (RcptTo, 450, "4.2.1 The user you are trying to contact is receiving mail too quickly", Retry),
    (RcptTo, 550, "5.4.5 Daily user sending quota exceeded. For more information on Gmail sending limits go to https://support.google.com", OurTrouble),
    (Message, 550, "5.4.5 Daily SMTP relay sending limit exceeded for this customer", OurTrouble),
    (Message, 550, "5.7.26 This mail has been blocked because the sender is unauthenticated", OurTrouble),
    (Message, 552, "5.7.0 This message was blocked because its content presents a potential security issue", OurTrouble),
    (Message, 421, "4.7.0 Try again later, closing connection. (EHLO)", Retry),
    (MailFrom, 550, "5.7.0 Mail relay denied [192.0.2.1]. Invalid credentials for relay", NoServer),
    (Auth, 534, "5.7.9 Application-specific password required", NoServer),
    (Data, 503, "5.5.1 RCPT first", OurTrouble),
    // Amazon SES.
    (Message, 554, "Message rejected: Email address is not verified. The following identities failed the check in region EU-WEST-1", OurTrouble),
    (Message, 454, "Throttling failure: Maximum sending rate exceeded.", Retry),
    (MailFrom, 554, "Access denied: User is not authorized to perform ses:SendRawEmail", NoServer),
    (Auth, 535, "Authentication Credentials Invalid", NoServer),
    // Proofpoint.
    (RcptTo, 550, "5.1.1 User Unknown", DeadAddress),
    (RcptTo, 550, "Invalid Recipient", DeadAddress),
    (RcptTo, 554, "Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.1", OurTrouble),
    (RcptTo, 550, "5.7.1 Delivery not authorized, message refused", OurTrouble),
    (Message, 554, "5.7.0 Reject, id=12345-01 - spam", OurTrouble),
    // Mimecast.
    (RcptTo, 550, "Invalid Recipient - https://community.mimecast.com/docs/DOC-1369#550 [x-8Yq]", DeadAddress),
    (RcptTo, 550, "Administrative prohibition - envelope blocked - https://community.mimecast.com/docs/DOC-1369#550", OurTrouble),
    (RcptTo, 550, "Rejected by header based Anti-Spoofing policy - https://community.mimecast.com/docs/DOC-1369#550", OurTrouble),
    (RcptTo, 451, "Internal resources are temporarily unavailable - https://community.mimecast.com/docs/DOC-1369#451", Retry),
    (Message, 554, "Email rejected due to security policies - https://community.mimecast.com/docs/DOC-1369#554", OurTrouble),
    // Cisco, Yahoo, others.
    (RcptTo, 550, "#5.1.0 Address rejected.", DeadAddress),
    (RcptTo, 550, "#5.7.1 Your access to submit messages to this e-mail system has been rejected.", OurTrouble),
    (RcptTo, 554, "delivery error: dd This user doesn't have a yahoo.com account (priya@yahoo.com)", DeadAddress),
    (RcptTo, 554, "30 Sorry, your message cannot be delivered. This mailbox is disabled (554.30).", DeadAddress),
    (RcptTo, 552, "1 Requested mail action aborted, mailbox not found", DeadAddress),
    (RcptTo, 550, "Requested action not taken: mailbox unavailable", DeadAddress),
    (RcptTo, 553, "Requested action not taken: mailbox name not allowed", DeadAddress),
    (RcptTo, 551, "User not local; please try another path", DeadAddress),
    (RcptTo, 552, "Requested mail action aborted: exceeded storage allocation", MailboxFull),
    (RcptTo, 550, "Daily sending quota exceeded", OurTrouble),
    (RcptTo, 554, "Transaction failed", OurTrouble),
    (RcptTo, 503, "Bad sequence of commands", OurTrouble),
    (RcptTo, 556, "domain does not accept mail", DeadAddress),
    (RcptTo, 550, "", DeadAddress),
    // Names in the text are names, and no substring of a text is a status.
    (RcptTo, 550, "<relay@spam-policy.example>: no such user", DeadAddress),
    (RcptTo, 554, "5.7.1 see ticket 5.1.1 about <priya@harbor.example>", OurTrouble),
    (RcptTo, 554, "Refused; upgrade from version 5.1.1 of your software", OurTrouble),
    (RcptTo, 550, "4.1.1 no such user", DeadAddress),
    (RcptTo, 550, "5.1.1", DeadAddress),
    (RcptTo, 550, "5.1.1234 content refused", OurTrouble),
    // LMTP answers for the recipient after the message.
    (Message, 550, "5.1.1 <priya@harbor.example> User doesn't exist", DeadAddress),
    (Message, 552, "5.2.2 <priya@harbor.example> Quota exceeded (mailbox for user is full)", MailboxFull),
    (Message, 452, "4.2.2 <priya@harbor.example> Mailbox is full / Not enough disk space", MailboxFull),
    (Message, 550, "no such user", OurTrouble),
];

#[test]
fn a_refusal_of_ourselves_is_no_refusal_of_the_recipient() {
    let wrong: Vec<String> = REPLIES
        .iter()
        .filter(|(stage, code, text, class)| classify(*stage, *code, text) != *class)
        .map(|(stage, code, text, class)| {
            format!("{} {code} {text}: {:?}, expected {class:?}", stage.name(), classify(*stage, *code, text))
        })
        .collect();
    assert!(REPLIES.len() > 100 && wrong.is_empty(), "{} replies, wrong:\n{}", REPLIES.len(), wrong.join("\n"));
}

#[test]
fn every_row_of_the_table_says_where_it_stands_and_counts() {
    let mut seen = std::collections::BTreeSet::new();
    for StatusRow { subject, detail, source, .. } in TABLE {
        assert!(seen.insert((subject, detail)), "{subject}.{detail:?} stands twice");
        assert!(source.contains("RFC ") || source.contains("Exchange"), "{source}");
    }
    for subject in 1..=7 {
        assert!(seen.contains(&(&subject, &None)), "no row for other details of {subject}");
    }
    // What is in no row gives up nobody's address.
    assert_eq!(classify(RcptTo, 550, "5.9.9 what is this"), OurTrouble);
    assert_eq!(classify(RcptTo, 550, "5.2.99 what is this"), OurTrouble);
}
