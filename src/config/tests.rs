use std::collections::BTreeMap;
use std::path::Path;

use chrono::DateTime;
use secrecy::ExposeSecret;

use super::*;
use crate::model::{Auth, Period, Role, Source};

mod network;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(daemon: &str, integrations: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        folder.write("driftd.toml", daemon);
        std::fs::create_dir(folder.0.path().join("integrations")).expect("a folder");
        for (name, text) in integrations {
            folder.write(&format!("integrations/{name}"), text);
        }
        folder
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).expect("a file");
    }

    fn load(&self, variables: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        let variables: BTreeMap<String, String> = variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let environment = Environment { variables, believe_credentials: false };
        load(&self.0.path().join("driftd.toml"), &environment, DateTime::UNIX_EPOCH).map_err(|problems| {
            let place = format!("{}/", self.0.path().display());
            problems.iter().map(|problem| problem.to_string().replace(&place, "").replace("\n    ", " | ")).collect()
        })
    }
}

const DAEMON: &str = r#"
state_dir = "state"
[mail]
from = "driftd <driftd@example.com>"
operator = "ops@example.com"
[mail.smtp]
host = "localhost"
tls = "none"
"#;

const INTEGRATION: &str = r#"
name = "Doors"
[agreement]
notice = { breaking = "90 days" }
acknowledge_within = "3 days"
[parties.maker]
name = "Maker"
contacts = [{ role = "api-owner", name = "Ann", email = "ann@maker.example", deputy = { name = "Bo", email = "bo@maker.example" } }]
[parties.user]
name = "User"
contacts = [{ role = "engineering", name = "Cy", email = "cy@user.example" }]
[[apis]]
id = "doors"
provider = "maker"
live = "https://api.maker.example/openapi.json"
schedule = "*/5 * * * 1-5"
time_zone = "Europe/Berlin"
auth = { bearer = { env = "TOKEN" } }
consumers = [{ party = "user", operations = ["GET /v1/doors/{id}"] }]
"#;

#[test]
fn a_good_configuration_becomes_types() {
    let folder = Folder::new(DAEMON, &[("doors.toml", INTEGRATION)]);
    let config = folder.load(&[("TOKEN", "s3cret")]).expect("a configuration");
    let integration = &config.integrations[0];
    assert_eq!((integration.id.as_str(), integration.agreement.notice["breaking"]), ("doors", Period::Days(90)));
    let api = &integration.apis[0];
    assert!(matches!(&api.live, Source::Web(url) if url.host_str() == Some("api.maker.example")));
    assert!(matches!(&api.auth, Auth::Bearer(secret) if secret.expose_secret() == "s3cret"));
    assert_eq!(api.schedule.describe(), "*/5 * * * 1-5 (Europe/Berlin)");
    assert_eq!(
        integration.parties["maker"].as_provider().map(|(role, c)| (role, c.person.name.as_str())),
        Some((Role::ApiOwner, "Ann"))
    );
    assert_eq!(config.warnings.len(), 1, "Cy has no deputy");
    assert!(!format!("{config:?}").contains("s3cret"), "a secret must not show");
}

#[test]
fn every_mistake_is_told_at_once_with_its_line() {
    let daemon = DAEMON.replace("operator", "oprator").replace("\"localhost\"", "\"mx.example.com\"");
    let integration = INTEGRATION
        .replace("\"90 days\"", "90")
        .replace("\"api-owner\"", "\"api-ower\"")
        .replace("bo@maker.example", "bo at maker")
        .replace("\"*/5 * * * 1-5\"", "\"*/5 * * 9\"")
        .replace("provider = \"maker\"", "provider = \"makr\"\nprovidr = 1")
        .replace("GET /v1/doors/{id}", "doors");
    let folder = Folder::new(&daemon, &[("doors.toml", &integration), ("broken.toml", "name = \n")]);
    let problems = folder.load(&[]).expect_err("mistakes");
    let expected = [
        "driftd.toml:3: mail.operator: is missing",
        "driftd.toml:5: mail.oprator: is not a known key | did you mean \"operator\"?",
        "driftd.toml:8: mail.smtp.tls: mail to mx.example.com would travel unprotected",
        "integrations/broken.toml:1:",
        "integrations/doors.toml:4: agreement.notice.breaking: expected a text, found integer",
        "integrations/doors.toml:8: parties.maker.contacts[0].role: \"api-ower\" is not a role | did you mean \"api-owner\"?",
        "integrations/doors.toml:8: parties.maker.contacts[0].deputy.email: \"bo at maker\" is not a mail address",
        "integrations/doors.toml:14: apis[0].provider: there is no party \"makr\" | did you mean \"maker\"?",
        "integrations/doors.toml:15: apis[0].providr: is not a known key | did you mean \"provider\"?",
        "integrations/doors.toml:17: apis[0].schedule: a cron expression has 5 fields",
        "integrations/doors.toml:19: apis[0].auth.bearer.env: $TOKEN is not set",
        "integrations/doors.toml:20: apis[0].consumers[0].operations[0]: \"doors\" is not an operation",
    ];
    for line in expected {
        assert!(problems.iter().any(|problem| problem.starts_with(line)), "{line}\nis not among\n{}", problems.join("\n"));
    }
}

#[test]
fn contradictions_are_mistakes() {
    let case = |integration: &str, expected: &str| {
        let folder = Folder::new(DAEMON, &[("doors.toml", integration)]);
        let problems = folder.load(&[("TOKEN", "x")]).expect_err(expected);
        assert!(problems.iter().any(|problem| problem.contains(expected)), "{expected}: {problems:#?}");
    };
    case(&INTEGRATION.replace("time_zone = \"Europe/Berlin\"", "every = \"5m\""), "contradicts `every`");
    case(&INTEGRATION.replace("party = \"user\"", "party = \"maker\""), "is the provider of this API");
    case(&INTEGRATION.replace("env = \"TOKEN\"", "env = \"TOKEN\", file = \"x\""), "exactly one place");
    case(&INTEGRATION.replace("{ env = \"TOKEN\" }", "\"s3cret\""), "holds the secret itself");
    case(&INTEGRATION.replace("https://", "ftp://"), "is not http or https");
    case(&INTEGRATION.replace("https://", "https://me:pw@"), "holds a user name or password");
    case(&INTEGRATION.replace("schedule = \"*/5 * * * 1-5\"", "schedule = \"0 0 30 2 *\""), "no time that ever comes");
    case(
        &format!(
            "{INTEGRATION}\n[[apis]]\nid = \"doors\"\nprovider = \"maker\"\nlive = \"file:x\"\nconsumers = [{{ party = \"user\" }}]"
        ),
        "two APIs have the id",
    );
    case(&INTEGRATION.replace("id = \"doors\"", "id = \"do ors\""), "cannot be used in addresses");
    case("", "is missing");
    case(&INTEGRATION.replace("{ party = \"user\"", "{ party = \"user\" }, { party = \"user\""), "user is named twice");
    case(
        &INTEGRATION.replace(
            "[{ role = \"api-owner\"",
            "[{ role = \"api-owner\", name = \"Di\", email = \"di@maker.example\" }, { role = \"api-owner\"",
        ),
        "Maker has two contacts with the role api-owner",
    );
    case(&INTEGRATION.replace("\"api-owner\"", "\"support\""), "maker has nobody who owns the API");
    case(&INTEGRATION.replace("\"engineering\"", "\"support\""), "user has nobody who builds against the API");
    let probe = |method: &str| {
        let probes = format!("probes = [{{ operation = \"{method} /v1/doors\", url = \"https://api.maker.example/v1/doors\" }}]");
        INTEGRATION.replace("provider =", &format!("{probes}\nprovider ="))
    };
    case(&probe("GET"), "the agreement does not allow them");
    case(&probe("POST").replace("[agreement]", "[agreement]\nmay_probe = true"), "no operation that only reads");
    case(
        &INTEGRATION.replace("provider =", "upcoming = \"https://api.maker.example/openapi.json\"\nprovider ="),
        "`live` and `upcoming` are the same source",
    );
    let agreed = |line: &str| INTEGRATION.replace("[agreement]", &format!("[agreement]\n{line}"));
    case(&agreed("freeze = [{ from = \"11-15\", to = \"01-05\", party = \"usr\" }]"), "there is no party \"usr\"");
    case(&INTEGRATION.replace("name = \"User\"", "name = \"User\"\nquiet_hours = \"07:00-07:00\""), "are no hours");
    let schedule = "schedule = \"*/5 * * * 1-5\"\ntime_zone = \"Europe/Berlin\"";
    case(&INTEGRATION.replace(schedule, "every = \"1ms\""), "must be at least one second");
}

#[test]
fn two_integrations_with_one_id_are_a_mistake() {
    let named = INTEGRATION.replacen("name", "id = \"doors\"\nname", 1);
    let folder = Folder::new(DAEMON, &[("doors.toml", INTEGRATION), ("gates.toml", &named)]);
    let problems = folder.load(&[("TOKEN", "x")]).expect_err("a mistake");
    assert!(problems.iter().any(|problem| problem.contains("two integrations have the id \"doors\"")), "{problems:#?}");
}

#[test]
fn where_the_endpoint_listens_and_is_reached_is_judged() {
    let load = |http: &str| {
        let folder =
            Folder::new(&DAEMON.replacen("[mail]", &format!("[http]\n{http}\n[mail]"), 1), &[("doors.toml", INTEGRATION)]);
        let environment = Environment { believe_credentials: true, variables: [("TOKEN".to_owned(), "x".to_owned())].into() };
        load(&folder.0.path().join("driftd.toml"), &environment, DateTime::UNIX_EPOCH)
    };
    for (url, words) in [
        ("https://ops.example/status", "is a page of driftd's own"),
        ("https://ops.example/x?y=1", "ends in a query"),
        ("ftp://ops.example", "is not http or https"),
    ] {
        let problems = load(&format!("external_url = \"{url}\"")).expect_err(words);
        assert!(problems.iter().any(|problem| problem.to_string().contains(words)), "{url}: {problems:?}");
    }
    let warned = |listen: &str| {
        let config =
            load(&format!("listen = \"{listen}\"\nexternal_url = \"https://ops.example/driftd/\"")).expect("a configuration");
        config.warnings.iter().any(|warning| warning.to_string().contains("reads every contact"))
    };
    assert_eq!(["127.0.0.1:1", "[::1]:1", "0.0.0.0:1", "192.0.2.1:1", "[::]:1"].map(warned), [false, false, true, true, true]);
}

#[test]
fn missing_and_unreadable_files_say_so() {
    let folder = Folder::new(DAEMON, &[]);
    assert!(folder.load(&[]).expect_err("empty")[0].contains("holds no integration"));
    std::fs::remove_dir(folder.0.path().join("integrations")).expect("removed");
    assert!(folder.load(&[]).expect_err("gone")[0].contains("cannot be read"));
    std::fs::remove_file(folder.0.path().join("driftd.toml")).expect("removed");
    assert!(folder.load(&[]).expect_err("gone")[0].starts_with("driftd.toml: cannot be read"));
}

#[test]
fn the_shipped_configuration_is_good() {
    let folder = tempfile::tempdir().expect("a folder");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    std::fs::create_dir(folder.path().join("integrations")).expect("a folder");
    for file in ["driftd.toml", "integrations/quayside.toml"] {
        std::fs::copy(shipped.join(file), folder.path().join(file)).expect("a copy");
    }
    let credentials = folder.path().join("credentials");
    std::fs::create_dir(&credentials).expect("a folder");
    for name in ["smtp-password", "quayside-token"] {
        std::fs::write(credentials.join(name), "secret\n").expect("a file");
    }
    let variables = BTreeMap::from([("CREDENTIALS_DIRECTORY".to_owned(), credentials.display().to_string())]);
    let config =
        load(&folder.path().join("driftd.toml"), &Environment { variables, believe_credentials: false }, DateTime::UNIX_EPOCH);
    let config = config.unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert!(config.warnings.is_empty(), "{:#?}", config.warnings);
}

#[test]
fn overrides_need_an_owner_a_reason_and_an_end() {
    let good = format!(
        "{INTEGRATION}\n[[overrides]]\nrule = \"response-enum-*\"\nstability = [\"beta\"]\nseverity = \"info\"\nowner = \"Cy\"\nreason = \"we read them as text\"\nuntil = \"2030-01-01\"\n"
    );
    let config = Folder::new(DAEMON, &[("doors.toml", &good)]).load(&[("TOKEN", "x")]).expect("a configuration");
    assert_eq!(config.integrations[0].overrides.len(), 1);
    let bad = format!(
        "{INTEGRATION}\n[[overrides]]\nstability = [\"betta\"]\nseverity = \"nothing\"\nuntil = \"soon\"\n[[overrides]]\nseverity = \"info\"\nowner = \"a\"\nreason = \"b\"\nuntil = \"2030-01-01\"\n"
    );
    let problems = Folder::new(DAEMON, &[("doors.toml", &bad)]).load(&[("TOKEN", "x")]).expect_err("mistakes").join("\n");
    for words in [
        "did you mean \"beta\"?",
        "\"nothing\" is no severity",
        "overrides[0].owner: is missing",
        "overrides[0].reason: is missing",
        "\"soon\" is no date",
        "names nothing, and would cover every finding",
    ] {
        assert!(problems.contains(words), "{words}: {problems}");
    }
}

#[test]
fn mail_settings_are_checked_where_they_stand() {
    let errors = |daemon: &str| match Folder::new(daemon, &[("doors.toml", INTEGRATION)]).load(&[("TOKEN", "t")]) {
        Ok(_) => Vec::new(),
        Err(errors) => errors,
    };
    let with = |line: &str| DAEMON.replace("operator =", &format!("{line}\noperator ="));
    let local = |length: usize| format!("bounces = \"{}@driftd.example\"", "b".repeat(length));
    assert_eq!(errors(&with(&local(31))), Vec::<String>::new());
    let told = errors(&with(&local(32))).join("\n");
    assert!(told.contains("driftd.toml:5: mail.bounces") && told.contains("at most 31 characters before the @"), "{told}");
    // Octets count, not letters.
    assert_eq!(errors(&with("bounces = \"ääääääääääääääää@driftd.example\"")).len(), 1);

    let told = errors(&with("bounce_maildir = \"bounces\"")).join("\n");
    assert!(told.contains("mail.bounce_maildir") && told.contains("has no effect without `bounces`"), "{told}");

    let smtp = |line: &str| format!("{DAEMON}{line}\n");
    assert_eq!(errors(&smtp("hello = \"watch.example.com\"")), Vec::<String>::new());
    let told = errors(&smtp("hello = \"watch\"")).join("\n");
    assert!(told.contains("mail.smtp.hello") && told.contains("no full host name"), "{told}");
    let told = errors(&smtp("ca_file = \"missing.pem\"")).join("\n");
    assert!(told.contains("mail.smtp.ca_file") && told.contains("cannot be read"), "{told}");
    let folder = Folder::new(&smtp("ca_file = \"ca.pem\""), &[("doors.toml", INTEGRATION)]);
    folder.write("ca.pem", "nothing");
    let told = folder.load(&[("TOKEN", "t")]).expect_err("a mistake").join("\n");
    assert!(told.contains("holds no certificate"), "{told}");
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    folder.write("ca.pem", &made.cert.pem());
    assert!(folder.load(&[("TOKEN", "t")]).expect("a configuration").mail.smtp.authorities.is_some());
}
