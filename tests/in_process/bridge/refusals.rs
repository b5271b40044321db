//! What mail servers say when they take no letter, word for word, and what follows from it.

use crate::bridge::harness::{Bridge, QUIET, both};
use crate::bridge::silence::{trouble, version};
use crate::support::NOTHING;
use crate::support::smtp::Manner;

/// What follows from a refusal.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Follows {
    /// Nobody is there: whoever stands in is written to at once.
    StandIn,
    /// It is tried again, and leaves when the server has thought better of it.
    Waits,
    /// The same, and the operator is told that it is about driftd and not about the reader.
    OurTrouble,
}
use Follows::{OurTrouble, StandIn, Waits};

async fn told_of_a_break(bridge: &mut Bridge) -> Vec<String> {
    bridge.publish(&version(32, 64));
    bridge.at("2026-01-12T11:00");
    bridge.told().await
}

async fn leaves_later(bridge: &mut Bridge, said: &str) -> Vec<String> {
    bridge.smtp.unscript();
    bridge.smtp.treat_everybody(Manner::Accept);
    bridge.smtp.treat("dev@shop.example", Manner::Accept);
    bridge.at("2026-01-12T23:30");
    let later = bridge.told().await;
    assert_eq!(trouble(bridge).await, NOTHING, "{said}");
    later
}

#[tokio::test]
async fn what_is_said_of_one_reader() {
    for (at, said, follows) in [
        ("RCPT", "550 5.1.1 <dev@shop.example>: Recipient address rejected: User unknown in virtual mailbox table", StandIn),
        (
            "RCPT",
            "550-5.1.1 The email account that you tried to reach does not exist.\r\n550 5.1.1 https://support.google.com/mail/?p=NoSuchUser",
            StandIn,
        ),
        ("RCPT", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", StandIn),
        ("RCPT", "550 5.2.1 The email account that you tried to reach is disabled.", StandIn),
        ("RCPT", "550 no such user here", StandIn),
        ("RCPT", "553 5.1.3 The recipient address is not a valid RFC 5321 address.", StandIn),
        ("DATA", "550 5.1.1 user unknown", StandIn),
        ("RCPT", "554 5.7.1 <dev@shop.example>: Relay access denied", OurTrouble),
        ("RCPT", "550 relay not permitted", OurTrouble),
        ("RCPT", "550 5.7.64 TenantAttribution; Relay Access Denied", OurTrouble),
        ("RCPT", "553 5.7.1 sender address rejected: not owned by user", OurTrouble),
        ("RCPT", "550 5.7.23 The message was rejected because of Sender Policy Framework violation", OurTrouble),
        ("DATA", "554 5.7.1 Message rejected as spam by content filter", OurTrouble),
        ("DATA", "550 5.7.26 This mail has been blocked because the sender is unauthenticated.", OurTrouble),
        ("RCPT", "450 4.2.0 <dev@shop.example>: Recipient address rejected: Greylisted", Waits),
        ("RCPT", "451 try again later", Waits),
        ("RCPT", "452 4.2.2 The email account that you tried to reach is over quota.", Waits),
        ("RCPT", "552 5.2.2 mailbox full", Waits),
        ("DATA", "451 4.3.0 queue file write error", Waits),
    ] {
        let mut bridge = Bridge::new(&QUIET, "2026-01-12", &version(64, 64)).await;
        bridge.smtp.treat("dev@shop.example", if at == "RCPT" { Manner::AtRecipient(said) } else { Manner::AfterData(said) });
        let told = told_of_a_break(&mut bridge).await;
        let troubled = trouble(&bridge).await;
        match follows {
            StandIn => {
                assert_eq!(told, ["deputy@shop.example opened", "owner@pay.example opened"], "{at}: {said}");
                assert_eq!(troubled, NOTHING, "{at}: {said}");
            }
            Waits | OurTrouble => {
                assert_eq!(told, ["owner@pay.example opened"], "{at}: {said}");
                assert_eq!(!troubled.is_empty(), follows == OurTrouble, "{at}: {said}: {troubled:?}");
                assert_eq!(leaves_later(&mut bridge, said).await, ["dev@shop.example opened"], "{at}: {said}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_said_to_whoever_sends() {
    for (at, said) in [
        ("GREETING", "554 5.3.2 no service for you"),
        ("EHLO", "550 5.7.1 helo name rejected"),
        ("MAIL", "530 5.7.0 Must issue a STARTTLS command first"),
        ("MAIL", "550 5.7.60 SMTP; Client does not have permissions to send as this sender"),
        ("MAIL", "553 5.1.8 <driftd@bridge.example>: Sender address rejected: Domain not found"),
        ("MAIL", "501 5.1.7 bad sender address syntax"),
        ("MAIL", "550 sender verify failed"),
        ("MAIL", "452 4.3.1 insufficient system storage"),
        ("RCPT", "550 5.7.1 client host blocked using a list"),
        ("DATA", "554 5.5.1 no valid recipients"),
        ("MESSAGE", "552 5.3.4 message size exceeds fixed limit"),
        ("MESSAGE", "550 the message was refused by policy"),
        ("MESSAGE", "554 transaction failed"),
    ] {
        let mut bridge = Bridge::new(&QUIET, "2026-01-12", &version(64, 64)).await;
        bridge.smtp.script(at, said);
        assert_eq!(told_of_a_break(&mut bridge).await, NOTHING, "{at}: {said}");
        let troubled = trouble(&bridge).await;
        assert!(!troubled.is_empty(), "{at}: {said}: status says nothing");
        let status = driftd::http::current_status(&bridge.shared).await.expect("status");
        assert!(status.telling.dead_contacts.is_empty(), "{at}: {said}: nobody is dead for it");
        assert_eq!(leaves_later(&mut bridge, said).await, both("opened"), "{at}: {said}");
    }
}
