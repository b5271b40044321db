//! Whole letters, as their readers get them, from a real change: goldens under tests/snapshots/.
//!
//! `DRIFTD_BLESS=1 cargo test --test in_process letters::` rewrites them; read the change before committing it.

use std::path::Path;

use chrono::{TimeZone, Utc};
use driftd::config::{Environment, load};
use driftd::diff::Budget;
use driftd::model::{
    DateKind, Fingerprint, LastTold, LedgerEntry, Notice, NoticeKind, OpenFinding, OperationLabel, Origin, PendingAnswer,
    Severity, Side, Statement, Surface, ToldFinding,
};
use driftd::notice::{
    Before, Circumstances, DecisionInput, EscalationCard, Ledger, LetterView, Links, MessageCard, dated, open_findings, plan,
};
use driftd::openapi::{Limits, read};
use driftd::render::{Rendered, Renderer};
use driftd::rules::{Catalogue, Fragments, compare};

fn now() -> chrono::DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 4, 20, 9, 30, 0).single().expect("a time")
}

/// The letters about one change of the shipped history, under the shipped configuration.
fn letters(from: &str, to: &str, surface: Surface, kind: NoticeKind, hostile: Option<&str>) -> Vec<(Side, Rendered)> {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR"));
    let environment = Environment { believe_credentials: true, ..Environment::default() };
    let config = load(&shipped.join("config/driftd.toml"), &environment, now()).unwrap_or_else(|problems| panic!("{problems:?}"));
    let integration = &config.integrations[0];
    let document = |name: &str| {
        let path = shipped.join(format!("fixtures/history/quayside/{name}.yaml"));
        read(&std::fs::read(path).expect("a fixture"), &Limits::default()).expect("a description")
    };
    let catalogue = Catalogue::load().expect("the catalogue");
    let (before, after) = (document(from), document(to));
    let (verdict, _) = compare(&before, &after, &catalogue, Budget::default());
    let mut findings: Vec<OpenFinding> = open_findings(&verdict, Fragments::new(&before.root, &after.root));
    if let Some(text) = hostile {
        for finding in &mut findings {
            finding.message = format!("The property `{text}` is gone");
            finding.fragment = format!("-{text}");
            finding.used_by = ["/v1/invoices".to_owned(), format!("/{text}")]
                .map(|path| OperationLabel::called_by_consumer("GET", &path))
                .to_vec();
            finding.after_pointer = text.to_owned();
            finding.before_pointer = String::new();
        }
    }
    let upcoming = std::collections::HashMap::new();
    let nothing_said = Before::new(&integration.agreement, &[], &upcoming, now().date_naive());
    for finding in findings.iter_mut().filter(|_| surface == Surface::Live) {
        finding.given = nothing_said.given(finding);
    }
    let api = &integration.apis[0];
    let notice = Notice {
        id: "N-0a1b2c3d".to_owned(),
        fingerprint: Fingerprint::stored("N-0a1b2c3d".to_owned()),
        opened_at: now(),
        told_at: now(),
    };
    let none: [OpenFinding; 0] = [];
    let standing =
        |open, told, current| DecisionInput { integration, api, open, told, is_judged_anew: false, previous: &findings, current };
    let opened = standing(None, &[], &findings).decide(now(), || notice.fingerprint.clone()).expect("something to say");
    // Both sides know half of what concerns them, and of something that is gone by now.
    let mut gone = OpenFinding { used_by: findings[0].used_by.clone(), ..findings[0].clone() };
    gone.identity = "gone".to_owned();
    gone.message = "The property `currency` is gone from `Invoice`".to_owned();
    let previous: Vec<OpenFinding> = findings.iter().cloned().chain([gone]).collect();
    let told: Vec<LastTold> = opened
        .messages
        .iter()
        .map(|word| {
            let told = |content: &str| ToldFinding { content: content.to_owned(), severity: Severity::Breaking };
            let known = word.findings.iter().step_by(2).map(|finding| (finding.identity.clone(), told(&finding.content)));
            let gone = ("gone".to_owned(), told("of yesterday"));
            let stem =
                Some(format!("Quayside Freight breaks 2 calls of Harbor Books: GET /v1/invoices and 1 more ({})", notice.id));
            LastTold { stem, findings: known.chain([gone]).collect(), ..word.told() }
        })
        .collect();
    let standing = |open, told, current| DecisionInput { previous: &previous, ..standing(open, told, current) };
    let decision = match kind {
        NoticeKind::Opened => Some(opened),
        NoticeKind::Updated => standing(Some(&notice), &told, &findings).decide(now(), Fingerprint::default),
        NoticeKind::Resolved => standing(Some(&notice), &told, &none).decide(now(), Fingerprint::default),
        NoticeKind::Reminder
        | NoticeKind::Eased
        | NoticeKind::Escalated
        | NoticeKind::CounterpartMessage
        | NoticeKind::Digest
        | NoticeKind::Confirmation
        | NoticeKind::Outage => None,
    };
    let decision = decision.expect("something to say");
    let about = Circumstances {
        integration,
        api,
        surface,
        links: Links { rules: "https://driftd.example.com/rules/".to_owned() },
        evidence: Some(("0".repeat(64), "f".repeat(64))),
        catalogue: &catalogue,
        now: now(),
    };
    let renderer = Renderer::new().expect("templates");
    plan(&about, &decision)
        .into_iter()
        .map(|mut letter| {
            if kind == NoticeKind::Digest {
                letter.view.digest = vec![
                    "Quayside Freight API: GET /v1/invoices was put off from 2026-08-01 to 2026-12-01".to_owned(),
                    "Quayside Freight API: `GET /v1/rates` is new".to_owned(),
                ];
            } else if kind != NoticeKind::Resolved {
                letter.view.answer_url = Some("https://driftd.example.com/answer/0123456789abcdef".to_owned());
                letter.view.changes_url = Some("https://driftd.example.com/answer/0123456789abcdef#changes".to_owned());
                letter.view.operator = "ops@harborbooks.example".to_owned();
            }
            assert_eq!(letter.view.kind, kind);
            (letter.to.side, renderer.letter(&letter.view).expect("a letter"))
        })
        .collect()
}

pub fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(name);
    if std::env::var_os("DRIFTD_BLESS").is_some() {
        std::fs::write(&path, text).expect("a snapshot");
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(known == text, "{name} differs from what is rendered now:\n{text}");
}

#[test]
fn letters_are_what_was_read_and_approved() {
    let cases = [
        ("opened", "2026-03-02", "2026-04-20", Surface::Live, NoticeKind::Opened),
        ("announced", "2026-05-04", "2026-06-15", Surface::Upcoming, NoticeKind::Opened),
        ("updated", "2026-03-02", "2026-04-20", Surface::Live, NoticeKind::Updated),
        ("resolved", "2026-03-02", "2026-04-20", Surface::Live, NoticeKind::Resolved),
    ];
    for (name, from, to, surface, kind) in cases {
        let letters = letters(from, to, surface, kind, None);
        let sides: Vec<Side> = letters.iter().map(|(side, _)| *side).collect();
        assert_eq!(sides, [Side::Consumer, Side::Provider], "{name}");
        for (side, rendered) in letters {
            let side = side.name();
            golden(&format!("letter-{name}-{side}.txt"), &format!("Subject: {}\n\n{}", rendered.subject, rendered.text));
            if name == "opened" {
                golden(&format!("letter-{name}-{side}.html"), &rendered.html);
            }
            assert!(rendered.html.len() < 100_000, "mail programs clip what is longer");
            assert!(rendered.text.lines().all(|line| line.chars().count() <= 200), "{name} {side}");
        }
    }
}

#[test]
fn what_a_partner_writes_stays_text() {
    let hostile = "<script>alert(1)</script><img src=x onerror=y>\u{202e}\u{7}\u{1b}[31m\r\nBcc: all@example.com";
    let letters = letters("2026-03-02", "2026-04-20", Surface::Live, NoticeKind::Opened, Some(hostile));
    assert_eq!(letters.len(), 2);
    for (side, rendered) in letters {
        assert!(!rendered.html.contains("<script") && !rendered.html.contains("<img"), "{side:?}");
        for part in [&rendered.subject, &rendered.text, &rendered.html] {
            assert!(!part.contains(['\u{202e}', '\u{7}', '\u{1b}']), "{side:?}");
        }
        assert!(!rendered.text.lines().any(|line| line.starts_with("Bcc:")), "{side:?}");
        assert!(!rendered.subject.contains(['\r', '\n']), "{side:?}");
    }
}

/// What the ledger of the shipped integration holds, and what was said about one operation.
fn said(id: i64, read: (u32, u32), date: &str, is_current: bool) -> LedgerEntry {
    let read_at = Utc.with_ymd_and_hms(2026, read.0, read.1, 8, 0, 0).single().expect("a time");
    let statement = Statement {
        subject: "GET /v1/invoices".to_owned(),
        mark: DateKind::Sunset,
        date: date.parse().ok(),
        operations: vec![OperationLabel::called_by_consumer("GET", "/v1/invoices")],
        class: String::new(),
        cohort: None,
        title: "Use GET /v2/invoices instead.".to_owned(),
        origin: Origin::Description,
        place: "/paths/~1v1~1invoices/get/x-sunset".to_owned(),
        verbatim: date.to_owned(),
        link: Some("https://developer.quayside.example/v2".to_owned()),
        odd: None,
        paused: false,
    };
    LedgerEntry { id, statement, read_at, ended_at: (!is_current).then_some(read_at), replaced: !is_current }
}

/// The letters about days: one case for each kind that there is.
fn letters_about_days(kind: NoticeKind) -> Vec<(Side, Rendered)> {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR"));
    let environment = Environment { believe_credentials: true, ..Environment::default() };
    let config = load(&shipped.join("config/driftd.toml"), &environment, now()).unwrap_or_else(|problems| panic!("{problems:?}"));
    let integration = &config.integrations[0];
    let api = &integration.apis[0];
    let on = |entries: &[LedgerEntry], today: chrono::NaiveDate| {
        dated(&Ledger { integration, api, entries, operations: None, down_since: None, today })
    };
    let today = now().date_naive();
    let first = on(&[said(1, (4, 20), "2026-12-01", true)], today);
    let moved = on(&[said(1, (4, 20), "2026-12-01", false), said(2, (6, 1), "2026-08-01", true)], today);
    let near = on(&[said(1, (4, 20), "2026-12-01", true)], "2026-11-10".parse().expect("a day"));
    let short = on(&[said(1, (4, 20), "2026-06-01", true)], today);
    let kept = on(&[said(1, (4, 20), "2026-06-01", false), said(2, (4, 21), "2026-09-01", true)], today);
    let (before, after): (&[OpenFinding], &[OpenFinding]) = match kind {
        NoticeKind::Eased => (&short, &kept),
        NoticeKind::Updated => (&first, &moved),
        NoticeKind::Reminder => (&first, &near),
        NoticeKind::Resolved => (&first, &[]),
        _ => (&[], &first),
    };
    let notice = Notice {
        id: "N-0d1e2f3a".to_owned(),
        fingerprint: Fingerprint::stored("N-0d1e2f3a".to_owned()),
        opened_at: now(),
        told_at: now(),
    };
    let standing =
        |open, told, previous, current| DecisionInput { integration, api, open, told, is_judged_anew: false, previous, current };
    let known = if before.is_empty() { &first[..] } else { before };
    let opened = standing(None, &[], known, known).decide(now(), || notice.fingerprint.clone()).expect("something to say");
    let told: Vec<LastTold> = opened.messages.iter().map(driftd::notice::PartyMessage::told).collect();
    let mut decision = if before.is_empty() {
        standing(None, &[], before, after).decide(now(), || notice.fingerprint.clone())
    } else {
        standing(Some(&notice), &told, before, after).decide(now(), Fingerprint::default)
    }
    .expect("something to say");
    if matches!(kind, NoticeKind::Escalated | NoticeKind::CounterpartMessage | NoticeKind::Digest | NoticeKind::Confirmation) {
        decision.messages.iter_mut().for_each(|word| word.kind = kind);
    }
    if kind == NoticeKind::Confirmation {
        decision.messages.iter_mut().for_each(|word| word.findings.clear());
    }
    if kind == NoticeKind::Escalated {
        let asked = vec![now() - chrono::TimeDelta::days(7)];
        for word in &mut decision.messages {
            let (side, party, asked) = (word.side, word.party.clone(), asked.clone());
            word.pending = Some(PendingAnswer { side, party, asked, answer: None, steps_taken: Vec::new() });
        }
    }
    let catalogue = Catalogue::load().expect("the catalogue");
    let about = Circumstances {
        integration,
        api,
        surface: Surface::Ledger,
        links: Links { rules: "https://driftd.example.com/rules/".to_owned() },
        evidence: None,
        catalogue: &catalogue,
        now: now(),
    };
    let renderer = Renderer::new().expect("templates");
    plan(&about, &decision)
        .into_iter()
        .map(|mut letter| {
            assert_eq!(letter.view.kind, kind);
            if kind == NoticeKind::Digest {
                letter.view.digest = vec![
                    "Quayside Freight API: GET /v1/invoices was put off from 2026-08-01 to 2026-12-01".to_owned(),
                    "Quayside Freight API: `GET /v1/rates` is new".to_owned(),
                ];
            } else if kind != NoticeKind::Resolved {
                letter.view.answer_url = Some("https://driftd.example.com/answer/0123456789abcdef".to_owned());
                letter.view.changes_url = Some("https://driftd.example.com/answer/0123456789abcdef#changes".to_owned());
                letter.view.operator = "ops@harborbooks.example".to_owned();
                letter.view.calendar_url = Some("https://driftd.example.com/calendar/quayside/harbor/0123.ics".to_owned());
            }
            let person = letter.view.reader.clone();
            letter.view.escalation = (kind == NoticeKind::Escalated).then(|| EscalationCard {
                since: "2026-04-22".parse().expect("a day"),
                promised: None,
                target: "on-call".to_owned(),
                asked: format!("{person}, Fulfilment engineering"),
            });
            letter.view.message = (kind == NoticeKind::CounterpartMessage).then(|| exchange(letter.to.side));
            if kind == NoticeKind::Confirmation {
                contact(&mut letter.view, letter.to.side);
            }
            (letter.to.side, renderer.letter(&letter.view).expect("a letter"))
        })
        .collect()
}

/// Of the letters about what the other side said, one for each side.
fn exchange(side: Side) -> MessageCard {
    let (tag, heading, lines) = match side {
        Side::Consumer => (
            "plan comes too late",
            "Harbor Books will be ready 31 days after the change",
            [
                "Priya Nair answered for Harbor Books: done by 2027-01-01. It takes effect on 2026-12-01.",
                "Somebody has to move: agree on another day, or on what happens in between.",
            ],
        ),
        Side::Provider => (
            "asks for time",
            "Harbor Books asks for time until 2027-01-01",
            [
                "Priya Nair asks for Harbor Books: keep things as they are until 2027-01-01.",
                "Until you agree, nothing is agreed.",
            ],
        ),
    };
    MessageCard { tag, heading: heading.to_owned(), lines: lines.map(str::to_owned).to_vec(), asks: side == Side::Provider }
}

/// Of the two letters about people, one for each side.
fn contact(view: &mut LetterView, side: Side) {
    let (heading, lines, url) = match side {
        Side::Consumer => (
            "Are you still engineering of Harbor Books?",
            [
                "Notices about Quayside shipping in Harbor Books are written to you. Say with one click that this is still right.",
                "",
            ],
            Some("https://driftd.example.com/confirm/0123456789abcdef".to_owned()),
        ),
        Side::Provider => (
            "Mara Lind of Quayside Freight cannot be written to",
            [
                "A letter to mara.lind@quayside.example came back: RCPT TO: permanent error (550): 5.1.1 no such user",
                "Nobody stands in: letters to api-owner of Quayside Freight come to you.",
            ],
            None,
        ),
    };
    view.message = Some(MessageCard {
        tag: if side == Side::Consumer { "still there?" } else { "operator" },
        heading: heading.to_owned(),
        lines: lines.map(str::to_owned).to_vec(),
        asks: false,
    });
    view.answer_url = url;
    view.calendar_url = None;
}

#[test]
fn letters_about_days_are_what_was_read_and_approved() {
    for kind in [
        NoticeKind::Opened,
        NoticeKind::Updated,
        NoticeKind::Eased,
        NoticeKind::Reminder,
        NoticeKind::Escalated,
        NoticeKind::CounterpartMessage,
        NoticeKind::Confirmation,
        NoticeKind::Digest,
        NoticeKind::Resolved,
    ] {
        let letters = letters_about_days(kind);
        assert_eq!(letters.len(), 2, "{kind:?}");
        for (side, rendered) in letters {
            let (kind, side) = (kind.name(), side.name());
            golden(&format!("letter-dates-{kind}-{side}.txt"), &format!("Subject: {}\n\n{}", rendered.subject, rendered.text));
            golden(&format!("letter-dates-{kind}-{side}.html"), &rendered.html);
        }
    }
}
