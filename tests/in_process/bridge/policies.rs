//! What providers really promise, written as agreements: each can be said in a configuration, and a date that
//! keeps or breaks the promise is found. The promises are public; the dates are made up.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use driftd::config::{Environment, load};
use driftd::model::{DateKind, LedgerEntry, Origin, Statement};
use driftd::notice::{Ledger, dated};

/// A promise, a word, and what is to be found beside the day itself.
struct Policy {
    name: &'static str,
    /// Lines of `[agreement]`.
    agreement: &'static str,
    /// The class of the change, the day it was told, and the day it takes effect.
    change: (&'static str, &'static str, &'static str),
    found: &'static [&'static str],
}

const POLICIES: &[Policy] = &[
    Policy {
        name: "versions for three years, a year of notice before the end",
        agreement: "notice = { breaking = \"1 year\", removal = \"1 year\" }\nafter = \"gone\"",
        change: ("", "2026-01-15", "2027-01-14"),
        found: &["364 days of notice, 12 months promised, 1 day short"],
    },
    Policy {
        name: "the same, kept",
        agreement: "notice = { breaking = \"1 year\", removal = \"1 year\" }\nafter = \"gone\"",
        change: ("", "2026-01-15", "2027-01-15"),
        found: &[],
    },
    Policy {
        name: "the previous version for 24 months, then 400",
        agreement: "notice = { breaking = \"24 months\" }\nafter = \"rejected\"",
        change: ("", "2026-03-10", "2028-03-01"),
        found: &["722 days of notice, 24 months promised, 9 days short"],
    },
    Policy {
        name: "three months, and only on the first day of a quarter",
        agreement: "notice = { breaking = \"3 months\" }\nonly_on = [\"01-01\", \"04-01\", \"07-01\", \"10-01\"]",
        change: ("", "2026-01-02", "2026-06-15"),
        found: &["does not allow 2026-06-15; the first free day is 2026-07-01"],
    },
    Policy {
        name: "24 months, security exempt",
        agreement: "notice = { breaking = \"24 months\" }\nexempt = [\"security\"]",
        change: ("security", "2026-01-02", "2026-01-05"),
        found: &[],
    },
    Policy {
        name: "six months, security and incorrect behaviour exempt",
        agreement: "notice = { breaking = \"6 months\" }\nexempt = [\"security\", \"incorrect-behaviour\"]\nafter = \"gone\"",
        change: ("incorrect-behaviour", "2026-01-02", "2026-02-01"),
        found: &[],
    },
    Policy {
        name: "at least 20 weeks of overlap",
        agreement: "notice = { breaking = \"20 weeks\" }\noverlap = \"20 weeks\"\nafter = \"rejected\"",
        change: ("", "2026-01-02", "2026-05-21"),
        found: &[
            "139 days of notice, 140 days promised, 1 day short",
            "due until 2026-05-22 (140 days side by side); 1 day short",
        ],
    },
    Policy {
        name: "versions for 12 months with 9 months of overlap, then another version answers",
        agreement: "notice = { breaking = \"9 months\" }\noverlap = \"9 months\"\nafter = \"falls-forward\"",
        change: ("", "2026-01-02", "2026-10-01"),
        found: &[
            "272 days of notice, 9 months promised, 1 day short",
            "due until 2026-10-02 (9 months side by side); 1 day short",
        ],
    },
    Policy {
        name: "dated versions for 18 months",
        agreement: "notice = { breaking = \"18 months\" }\nafter = \"gone\"",
        change: ("", "2026-01-31", "2027-07-31"),
        found: &[],
    },
    Policy {
        name: "monthly versions for a year, then 426",
        agreement: "notice = { breaking = \"1 year\" }\nafter = \"rejected\"",
        change: ("", "2026-01-02", "2026-12-02"),
        found: &["334 days of notice, 12 months promised, 31 days short"],
    },
    Policy {
        name: "12 months, six of them limited",
        agreement: "notice = { breaking = \"12 months\", limited = \"6 months\" }",
        change: ("limited", "2026-01-02", "2026-07-02"),
        found: &[],
    },
    Policy {
        name: "by importance: business critical",
        agreement: "notice = { breaking = \"3 months\", standard = \"1 month\", beta = \"1 week\", security = \"2 weeks\" }",
        change: ("breaking", "2026-01-02", "2026-04-01"),
        found: &["89 days of notice, 3 months promised, 1 day short"],
    },
    Policy {
        name: "by importance: standard",
        agreement: "notice = { breaking = \"3 months\", standard = \"1 month\", beta = \"1 week\", security = \"2 weeks\" }",
        change: ("standard", "2026-01-02", "2026-02-01"),
        found: &["30 days of notice, 1 month promised, 1 day short"],
    },
    Policy {
        name: "by importance: beta",
        agreement: "notice = { breaking = \"3 months\", standard = \"1 month\", beta = \"1 week\", security = \"2 weeks\" }",
        change: ("beta", "2026-01-02", "2026-01-09"),
        found: &[],
    },
    Policy {
        name: "by importance: urgent security",
        agreement: "notice = { breaking = \"3 months\", standard = \"1 month\", beta = \"1 week\", security = \"2 weeks\" }",
        change: ("security", "2026-01-02", "2026-01-12"),
        found: &["10 days of notice, 14 days promised, 4 days short"],
    },
    Policy {
        name: "six months once stable, two weeks in preview",
        agreement: "notice = { breaking = \"6 months\", preview = \"2 weeks\" }",
        change: ("preview", "2026-01-02", "2026-01-15"),
        found: &["13 days of notice, 14 days promised, 1 day short"],
    },
    Policy {
        name: "about seven months, 403 and then 404",
        agreement: "notice = { breaking = \"7 months\" }\nafter = \"rejected\"",
        change: ("", "2026-01-31", "2026-08-31"),
        found: &[],
    },
    Policy {
        name: "no number, only a word",
        agreement: "notice = { breaking = \"1 day\" }",
        change: ("", "2026-01-02", "2026-01-03"),
        found: &[],
    },
    Policy {
        name: "60 days by mail",
        agreement: "notice = { breaking = \"60 days\" }",
        change: ("", "2026-01-02", "2026-02-12"),
        found: &["41 days of notice, 60 days promised, 19 days short"],
    },
    Policy {
        name: "90 days by contract, and the consumer's freeze",
        agreement: "notice = { breaking = \"90 days\" }\nexempt = [\"security\"]\nfreeze = [{ from = \"11-15\", to = \"01-05\", party = \"c\" }]",
        change: ("", "2026-08-01", "2026-12-01"),
        found: &["2026-12-01 lies in the freeze of C, 11-15 to 01-05; the first free day is 2027-01-06"],
    },
    Policy {
        name: "the same, and the provider's freeze",
        agreement: "notice = { breaking = \"90 days\" }\nfreeze = [{ from = \"07-01\", to = \"07-14\", party = \"p\" }]",
        change: ("", "2026-01-02", "2026-07-04"),
        found: &["2026-07-04 lies in the freeze of P, 07-01 to 07-14; the first free day is 2026-07-15"],
    },
    Policy {
        name: "30 days for what breaks, six months for what ends",
        agreement: "notice = { breaking = \"30 days\", removal = \"6 months\" }\nafter = \"gone\"",
        change: ("", "2026-01-02", "2026-07-01"),
        found: &["180 days of notice, 6 months promised, 1 day short"],
    },
];

fn time(day: &str) -> DateTime<Utc> {
    format!("{day}T09:00:00Z").parse().expect("a time")
}

#[test]
fn every_promise_can_be_written_down_and_is_kept_or_broken_in_days() {
    for policy in POLICIES {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("integrations")).expect("a folder");
        let daemon = "state_dir = \"state\"\n[mail]\nfrom = \"d@x.example\"\noperator = \"o@x.example\"\n[mail.smtp]\nhost = \"localhost\"\ntls = \"none\"\n";
        std::fs::write(folder.path().join("driftd.toml"), daemon).expect("a file");
        let integration = format!(
            "name = \"I\"\n[agreement]\nacknowledge_within = \"2 business days\"\n{}\n[parties.p]\nname = \"P\"\ncontacts = [{{ role = \"api-owner\", name = \"A\", email = \"a@x.example\" }}]\n[parties.c]\nname = \"C\"\ncontacts = [{{ role = \"engineering\", name = \"B\", email = \"b@x.example\" }}]\n[[apis]]\nid = \"a\"\nprovider = \"p\"\nlive = \"file:a.yaml\"\nconsumers = [{{ party = \"c\" }}]\n",
            policy.agreement
        );
        std::fs::write(folder.path().join("integrations/i.toml"), integration).expect("a file");
        let (class, told, effective) = policy.change;
        let config = load(&folder.path().join("driftd.toml"), &Environment::default(), time(told));
        let config = config.unwrap_or_else(|problems| panic!("{}: {problems:#?}", policy.name));
        let said = |id: i64, mark: DateKind, date: &str| LedgerEntry {
            id,
            statement: Statement {
                subject: "*".to_owned(),
                mark,
                date: date.parse().ok(),
                operations: Vec::new(),
                class: class.to_owned(),
                cohort: None,
                title: String::new(),
                origin: Origin::Person,
                place: "A".to_owned(),
                verbatim: date.to_owned(),
                link: None,
                odd: None,
                paused: false,
            },
            read_at: time(told),
            ended_at: None,
            replaced: false,
        };
        let entries = [said(1, DateKind::Sunset, effective), said(2, DateKind::Deprecation, told)];
        let integration = &config.integrations[0];
        let today = time(told).date_naive();
        let findings = dated(&Ledger {
            integration,
            api: &integration.apis[0],
            entries: &entries,
            operations: None,
            down_since: None,
            today,
        });
        let broken: Vec<&str> = findings.iter().skip(1).map(|finding| finding.message.as_str()).collect();
        assert_eq!(findings.first().map(|finding| finding.rule.as_str()), Some("end-announced"), "{}", policy.name);
        assert_eq!(broken.len(), policy.found.len(), "{}: {broken:?}", policy.name);
        for words in policy.found {
            assert!(broken.iter().any(|message| message.contains(words)), "{}: {words} is not in {broken:?}", policy.name);
        }
    }
    let names: BTreeSet<&str> = POLICIES.iter().map(|policy| policy.name).collect();
    assert_eq!(names.len(), POLICIES.len());
}
