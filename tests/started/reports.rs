//! Every format of `driftd diff`, from the built binary, and what the files named beside it change.
//!
//! `DRIFTD_BLESS=1 cargo test --test started reports::` rewrites the goldens; read the change before committing it.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const BASE: &str = "fixtures/history/quayside/2026-03-02.yaml";
const REVISION: &str = "fixtures/history/quayside/2026-04-20.yaml";

fn diff(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_driftd"))
        .arg("diff")
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("COLUMNS", "100")
        .output()
        .expect("the binary")
}

fn text(output: &Output) -> String {
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&text(&diff(&[&["--format", "json"], arguments].concat()))).expect("JSON")
}

fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(name);
    if std::env::var_os("DRIFTD_BLESS").is_some() {
        std::fs::write(&path, text).expect("a snapshot");
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(known == text, "{name} differs from what is printed now:\n{text}");
}

#[test]
fn every_format_is_what_was_read_and_approved() {
    for (format, kind) in [
        ("text", "txt"),
        ("json", "json"),
        ("markdown", "md"),
        ("html", "html"),
        ("sarif", "sarif.json"),
        ("junit", "xml"),
        ("github", "github.txt"),
    ] {
        let output = diff(&["--format", format, BASE, REVISION]);
        assert_eq!(output.status.code(), Some(0), "{format}");
        golden(&format!("report.{kind}"), &text(&output));
    }
}

#[test]
fn colours_are_for_terminals_and_on_request() {
    assert!(!text(&diff(&[BASE, REVISION])).contains('\u{1b}'));
    assert!(text(&diff(&["--color", "always", BASE, REVISION])).contains('\u{1b}'));
    let narrow = Command::new(env!("CARGO_BIN_EXE_driftd"))
        .args(["diff", BASE, REVISION])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("COLUMNS", "60")
        .output()
        .expect("the binary");
    let long = text(&narrow).lines().filter(|line| line.starts_with("         T") && line.chars().count() > 60).count();
    assert_eq!(long, 0, "sentences are wrapped");
}

#[test]
fn what_a_partner_writes_stays_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let unseen =
        "\u{202e}\u{2066}\u{1b}\u{7}\u{9b}\u{ad}\u{34f}\u{115f}\u{180e}\u{200b}\u{3164}\u{ffa0}\u{fffe}\u{ffff}\u{e0041}\u{7f}";
    let hostile = &format!("a<script>alert(1)</script>`]{unseen}[31m::error::x ##[error]y");
    let document = |longest: u32| {
        serde_json::json!({"openapi": "3.1.0", "info": {"title": hostile, "version": "1"}, "paths": {format!("/{hostile}"): {"post": {
            "requestBody": {"content": {"application/json": {"schema": {"type": "object", "properties": {hostile: {"type": "string", "maxLength": longest}}}}}},
            "responses": {"204": {"description": ""}}}}}})
        .to_string()
    };
    let (before, after) = (folder.path().join("a.json"), folder.path().join("b.json"));
    std::fs::write(&before, document(9)).expect("a file");
    std::fs::write(&after, document(8)).expect("a file");
    let places = [before.to_str().expect("a path"), after.to_str().expect("a path")];
    let is_unseen = |c: char| c != '\n' && (c.is_control() || unseen.contains(c));
    for format in ["text", "markdown", "html", "junit", "github", "json", "sarif"] {
        let shown = text(&diff(&["--format", format, places[0], places[1]]));
        assert!(!shown.contains(is_unseen), "{format}: {shown:?}");
        assert!(!shown.contains("##["), "{format}: {shown}");
        let is_command = |line: &&str| line.trim_start().starts_with("::") && (format != "github" || !line.contains("title="));
        assert_eq!(shown.lines().find(is_command), None, "{format}");
        if matches!(format, "json" | "sarif") {
            // Programs get it whole.
            let report: Value = serde_json::from_str(&shown).expect("JSON");
            let message = if format == "json" {
                &report["findings"][0]["message"]
            } else {
                &report["runs"][0]["results"][0]["message"]["text"]
            };
            assert!(
                message.as_str().is_some_and(|message| message.contains(unseen)) && shown.contains("\\u202e"),
                "{format}: {shown}"
            );
        }
        if matches!(format, "html" | "markdown" | "junit") {
            // A fenced block is code, whatever stands in it.
            let outside: String = shown.split("```").step_by(2).collect::<String>().split('`').step_by(2).collect();
            assert!(!outside.contains("<script"), "{format}: {shown}");
        }
        if format == "github" {
            assert!(shown.lines().take(1).all(|line| line.starts_with("::error file=")), "{shown}");
        }
    }
    let check = Command::new(env!("CARGO_BIN_EXE_driftd")).args(["check", places[0]]).output().expect("the binary");
    let said = String::from_utf8_lossy(&check.stdout).into_owned() + &String::from_utf8_lossy(&check.stderr);
    assert!(!said.contains(is_unseen) && !said.contains("##["), "{said:?}");
}

#[test]
fn what_is_used_decides_what_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    let usage = folder.path().join("usage.txt");
    let with = |lines: &str| {
        std::fs::write(&usage, lines).expect("a file");
        diff(&["--fail-on", "breaking", "--format", "json", "--usage", usage.to_str().expect("a path"), BASE, REVISION])
    };
    let all = diff(&["--fail-on", "breaking", BASE, REVISION]);
    assert_eq!(all.status.code(), Some(1));
    let misspelt = with("# what we call\nGET /v1/shipments\nPOST /v1/shipmnets\n");
    assert_eq!(misspelt.status.code(), Some(78));
    let said = String::from_utf8_lossy(&misspelt.stderr).into_owned();
    assert!(said.contains("usage.txt:3") && said.contains("did you mean \"POST /v1/shipments\"?"), "{said}");
    let unused = with("# what we call\nPOST /v1/shipments/{shipment_id}/cancel\n");
    assert_eq!(unused.status.code(), Some(0), "nothing of it is used");
    let used = with("POST /v1/shipments\n");
    assert_eq!(used.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&used.stdout).expect("JSON");
    let impacts: Vec<(&str, &str)> = report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|finding| (finding["rule"].as_str().expect("a rule"), finding["impact"].as_str().expect("an impact")))
        .collect();
    assert!(impacts.contains(&("request-max-length-decreased", "affected")), "{impacts:?}");
    assert!(impacts.contains(&("request-parameter-became-required", "not used")), "{impacts:?}");
    let wrong = with("POST\n");
    assert_eq!(wrong.status.code(), Some(78));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("usage.txt:1"), "{wrong:?}");
}

#[test]
fn exceptions_are_named_and_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let overrides = folder.path().join("overrides.toml");
    let with = |until: &str| {
        let text = format!(
            "[[overrides]]\nrule = \"request-*\"\noperations = [\"POST /v1/shipments\"]\nseverity = \"ignore\"\nowner = \"Priya\"\nreason = \"we never send more than 20\"\nuntil = \"{until}\"\n"
        );
        std::fs::write(&overrides, text).expect("a file");
        json(&["--overrides", overrides.to_str().expect("a path"), BASE, REVISION])
    };
    let finding = |report: &Value| {
        let findings = report["findings"].as_array().expect("findings").clone();
        findings.into_iter().find(|finding| finding["rule"] == "request-max-length-decreased").expect("the finding")
    };
    let report = with("2999-12-31");
    assert_eq!(report["summary"]["breaking"], 4, "it no longer counts");
    assert_eq!(finding(&report)["severity"], "info");
    assert_eq!(finding(&report)["exception"]["reason"], "we never send more than 20");
    let report = with("2020-12-31");
    assert_eq!(
        (report["summary"]["breaking"].as_u64(), finding(&report)["exception"].is_null()),
        (Some(5), true),
        "it has ended"
    );

    std::fs::write(&overrides, "[[overrides]]\nrule = \"[\"\nseverity = \"none\"\n").expect("a file");
    let wrong = diff(&["--overrides", overrides.to_str().expect("a path"), BASE, REVISION]);
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert_eq!(wrong.status.code(), Some(78));
    for word in ["overrides.toml:2", "overrides[0].owner", "overrides[0].until", "\"none\" is no severity"] {
        assert!(said.contains(word), "{word}: {said}");
    }

    let slip = |line: &str| {
        let rest = "severity = \"ignore\"\nowner = \"Priya\"\nreason = \"r\"\nuntil = \"2999-12-31\"\n";
        std::fs::write(&overrides, format!("[[overrides]]\n{line}\n{rest}")).expect("a file");
        let wrong = diff(&["--overrides", overrides.to_str().expect("a path"), BASE, REVISION]);
        (wrong.status.code(), String::from_utf8_lossy(&wrong.stderr).into_owned())
    };
    for (line, words) in [
        ("rule = \"request-max-lenght-decreased\"", "did you mean \"request-max-length-decreased\"?"),
        ("rule = \"reqest-*\"", "\"reqest-*\" names no rule"),
        ("operations = [\"GET /v1/shipmnets\"]", "did you mean \"GET /v1/shipments\"?"),
        ("operations = [\"* /v2/**\"]", "is in neither description"),
        ("pointer = \"/components/schemas/Shipmnet/**\"", "no place of either description matches"),
    ] {
        let (code, said) = slip(line);
        assert!(code == Some(78) && said.contains("overrides.toml:2") && said.contains(words), "{line}: {said}");
    }
    for line in ["rule = \"end-announced\"", "operations = [\"* /v1/**\"]", "pointer = \"/components/schemas/Invoice/**\""] {
        assert_eq!(slip(line).0, Some(0), "{line}: {}", slip(line).1);
    }

    let ignored = folder.path().join("ignored.txt");
    std::fs::write(&ignored, "# ours\nresponse-required-property-renamd\n").expect("a file");
    let wrong = diff(&["--ignore-file", ignored.to_str().expect("a path"), BASE, REVISION]);
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(
        wrong.status.code() == Some(78)
            && said.contains("line 2")
            && said.contains("did you mean \"response-required-property-renamed\"?"),
        "{said}"
    );
    std::fs::write(
        &ignored,
        "response-required-property-renamed\nGET /v1/invoices the 'customer_id' request query parameter became required\n",
    )
    .expect("a file");
    let report = json(&["--ignore-file", ignored.to_str().expect("a path"), BASE, REVISION]);
    assert_eq!(report["summary"]["breaking"], 3);
}

#[test]
fn lines_lead_to_what_changed() {
    let report = json(&[BASE, REVISION]);
    let lines = |file: &str| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("a file");
    let (before, after) = (lines(BASE), lines(REVISION));
    let line = |text: &str, place: &Value| {
        let number = place["line"].as_u64().and_then(|line| usize::try_from(line).ok()).expect("a line");
        text.lines().nth(number - 1).unwrap_or_default().trim().to_owned()
    };
    for finding in report["findings"].as_array().expect("findings") {
        let (old, new) = (&finding["location"]["before"], &finding["location"]["after"]);
        match finding["rule"].as_str().expect("a rule") {
            "request-max-length-decreased" => {
                assert_eq!((line(&before, old).as_str(), line(&after, new).as_str()), ("maxLength: 64", "maxLength: 35"));
            }
            "response-required-property-renamed" => {
                let (old, new) = (line(&before, old), line(&after, new));
                assert!(old.starts_with("totalPrice:") && new.starts_with("total_price:"), "{old} {new}");
            }
            _ => assert!(old["line"].is_u64() && new["line"].is_u64(), "{finding}"),
        }
    }
}

#[test]
fn what_cannot_be_compared_or_was_not_compared_whole_never_passes() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("a path").to_owned()
    };
    // Nothing that can be called is no revision from which everything was removed.
    for blank in ["openapi: 3.0.0\npaths: {}\n", "openapi: 3.1.0\npaths: {x-internal: 1}\n", "openapi: 3.1.0\ncomponents: {}\n"] {
        let blank = file("blank.yaml", blank);
        for places in [[BASE, &blank], [&blank, BASE]] {
            let output = diff(&places);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.code() == Some(65) && said.contains("blank.yaml: the description has no paths"), "{said}");
            assert!(output.stdout.is_empty());
        }
    }
    // More `allOf` members than are read.
    let sent = |members: usize| {
        let members = "{type: object},".repeat(members);
        format!(
            "openapi: 3.1.0\ninfo: {{title: T, version: '1'}}\npaths:\n  /c:\n    post:\n      requestBody: {{content: {{application/json: {{schema: {{allOf: [{members}]}}}}}}}}\n      responses: {{'204': {{description: done}}}}\n"
        )
    };
    let places = [file("few.yaml", &sent(1)), file("many.yaml", &sent(600))];
    let output = diff(&["--fail-on", "breaking", "--format", "json", &places[0], &places[1]]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["summary"]["breaking"], 0, "{report}");
    assert_eq!(output.status.code(), Some(65), "{report}");
    // What the new side refers to is not there: no format says that nothing differs.
    let answering = |schema: &str| {
        format!(
            "openapi: 3.1.0\ninfo: {{title: T, version: '1'}}\npaths:\n  /c:\n    get:\n      responses: {{'200': {{description: ok, content: {{application/json: {{schema: {schema}}}}}}}}}\ncomponents: {{schemas: {{A: {{type: string}}}}}}\n"
        )
    };
    let places = [
        file("whole.yaml", &answering("{$ref: '#/components/schemas/A'}")),
        file("hole.yaml", &answering("{$ref: '#/components/schemas/B'}")),
    ];
    for format in ["text", "json", "markdown", "html", "junit", "github", "sarif"] {
        let output = diff(&["--fail-on", "breaking", "--format", format, &places[0], &places[1]]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(65), "{format}: {said}");
        assert!(said.contains("cannot be read at"), "{format}: {said}");
    }
    assert_eq!(diff(&["--fail-on", "breaking", &places[1], &places[1]]).status.code(), Some(0), "the same hole on both sides");
}

#[test]
fn a_bare_file_name_finds_the_files_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    let root = |reference: &str| {
        format!(
            "openapi: 3.1.0\ninfo: {{title: T, version: '1'}}\npaths:\n  /c:\n    get:\n      responses: {{'200': {{description: ok, content: {{application/json: {{schema: {{$ref: '{reference}'}}}}}}}}}}\ncomponents: {{schemas: {{Own: {{type: string}}}}}}\n"
        )
    };
    put("old.yaml", &root("door.yaml#/Door"));
    put("new.yaml", &root("new.yaml#/components/schemas/Own"));
    put("door.yaml", "Door: {type: integer}\n");
    for (arguments, code) in [
        (&["diff", "--fail-on", "breaking", "old.yaml", "new.yaml"][..], 1),
        (&["check", "old.yaml"], 0),
        (&["check", "new.yaml"], 0),
    ] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_driftd"))
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .expect("driftd");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn what_is_ignored_fails_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name).to_str().expect("a path").to_owned();
    let (ignored, overrides) = (place("ignored.txt"), place("overrides.toml"));
    let report = json(&[BASE, REVISION]);
    let rules: Vec<&str> =
        report["findings"].as_array().expect("findings").iter().filter_map(|finding| finding["rule"].as_str()).collect();
    let lines = |rules: &[&str]| rules.iter().map(|rule| format!("{rule}\n")).collect::<String>();
    let exceptions = |rules: &[&str]| {
        let rest = "severity = \"ignore\"\nowner = \"Priya\"\nreason = \"r\"\nuntil = \"2999-12-31\"";
        rules.iter().map(|rule| format!("[[overrides]]\nrule = \"{rule}\"\n{rest}\n")).collect::<String>()
    };
    for severity in ["info", "warning", "breaking"] {
        let code = |more: &[&str]| diff(&[&["--fail-on", severity], more, &[BASE, REVISION]].concat()).status.code();
        std::fs::write(&ignored, lines(&rules)).expect("a file");
        assert_eq!(code(&["--ignore-file", &ignored]), Some(0), "{severity}");
        std::fs::write(&overrides, exceptions(&rules)).expect("a file");
        assert_eq!(code(&["--overrides", &overrides]), Some(0), "{severity}");
        // The most severe comes first.
        std::fs::write(&ignored, lines(&rules[1..])).expect("a file");
        assert_eq!(code(&["--ignore-file", &ignored]), Some(1), "{severity}: one is left");
    }
}

/// The report of two documents in which a partner wrote what means something to every format.
fn hostile_report(format: &str, folder: &Path) -> String {
    let document = |longest: u32, values: &[&str]| {
        serde_json::json!({"openapi": "3.1.0", "info": {"title": "a <b>_T_</b> & `c`", "version": "1"}, "paths": {"/a*b*/[c](d)/{e}": {"post": {
            "requestBody": {"content": {
                "application/json": {"schema": {"type": "object", "properties": {"a\\_b|<i>\"'&": {"type": "string", "maxLength": longest}}}},
                "text/json": {"schema": {"type": "object", "properties": {"a\\_b|<i>\"'&": {"type": "string", "maxLength": longest}}}}}},
            "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"type": "string", "enum": values}}}}}}}}})
        .to_string()
    };
    let places = [folder.join("a b%1#?.json"), folder.join("c:d.json")];
    std::fs::write(&places[0], document(9, &["x"])).expect("a file");
    std::fs::write(&places[1], document(8, &["x", "y", "z"])).expect("a file");
    let output = Command::new(env!("CARGO_BIN_EXE_driftd"))
        .args(["diff", "--format", format])
        .args(places)
        .current_dir(folder)
        .output()
        .expect("the binary");
    text(&output)
}

/// What a tool that must be there says of a file, and whether it is content.
fn judged_by(tool: &mut Command) -> (bool, String) {
    let program = tool.get_program().to_string_lossy().into_owned();
    let output = tool.output().unwrap_or_else(|error| panic!("{program}: {error}; tests/run-all.sh installs it"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), said)
}

#[test]
fn junit_is_what_jenkins_reads_and_gitlab_tells_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemas/junit-10.xsd");
    for shown in [hostile_report("junit", folder.path()), text(&diff(&["--format", "junit", BASE, REVISION]))] {
        let place = folder.path().join("report.xml");
        std::fs::write(&place, &shown).expect("a file");
        let (is_valid, said) = judged_by(Command::new("xmllint").args(["--noout", "--schema", schema]).arg(&place));
        assert!(is_valid, "{said}\n{shown}");
        let cases: Vec<&str> = shown.lines().filter(|line| line.contains("<testcase")).collect();
        let apart: std::collections::BTreeSet<&str> = cases.iter().copied().collect();
        assert!(cases.len() > 1 && cases.len() == apart.len(), "{shown}");
    }
    assert!(hostile_report("junit", folder.path()).contains("classname=\"POST &#x2f;a*b*"), "the class is the operation");
}

#[test]
fn sarif_is_what_its_own_tool_takes() {
    let folder = tempfile::tempdir().expect("a folder");
    let tool = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool");
    let hostile = hostile_report("sarif", folder.path());
    for (at, shown) in [hostile.clone(), text(&diff(&["--format", "sarif", BASE, REVISION]))].into_iter().enumerate() {
        let (place, verdict) = (folder.path().join(format!("{at}.sarif")), folder.path().join(format!("{at}-verdict.sarif")));
        std::fs::write(&place, &shown).expect("a file");
        let (is_valid, said) = judged_by(Command::new(tool).arg("validate").arg(&place).arg("--output").arg(&verdict));
        let verdict: Value = serde_json::from_slice(&std::fs::read(&verdict).expect("a verdict")).expect("JSON");
        let results = verdict["runs"][0]["results"].as_array().expect("results").clone();
        let errors: Vec<&Value> = results.iter().filter(|result| result["level"] == "error").collect();
        assert!(is_valid && errors.is_empty(), "{said}\n{errors:?}");
    }
    let report: Value = serde_json::from_str(&hostile).expect("JSON");
    let uri = &report["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "c%3Ad.json", "relative, and no scheme");
    let elsewhere = diff(&["--format", "sarif", BASE, folder.path().join("c:d.json").to_str().expect("a path")]);
    assert!(text(&elsewhere).contains("\"file:///"), "absolute where it is not below the current folder");
}

#[test]
fn markdown_shows_what_is_said_and_nothing_else() {
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
    let folder = tempfile::tempdir().expect("a folder");
    let shown = hostile_report("markdown", folder.path());
    let report: Value = serde_json::from_str(&hostile_report("json", folder.path())).expect("JSON");
    let (mut headings, mut heading) = (Vec::new(), None::<String>);
    for event in Parser::new_ext(&shown, Options::all()) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => headings.extend(heading.take()),
            Event::Text(text) | Event::Code(text) => heading.iter_mut().for_each(|heading| heading.push_str(&text)),
            Event::Html(html) | Event::InlineHtml(html) => panic!("{html}\n{shown}"),
            Event::Start(Tag::Link { dest_url, .. }) => panic!("{dest_url}\n{shown}"),
            _ => {}
        }
    }
    for finding in report["findings"].as_array().expect("findings").iter().filter(|finding| finding["severity"] != "info") {
        let said = finding["message"].as_str().expect("a message").replace('`', "");
        assert!(headings.iter().any(|heading| heading.ends_with(&said)), "{said}: {headings:?}");
    }
}

#[test]
fn annotations_are_read_back_as_the_runner_reads_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let shown = hostile_report("github", folder.path());
    let report: Value = serde_json::from_str(&hostile_report("json", folder.path())).expect("JSON");
    // `::name key=value,key=value::data`, with `%`, line ends, and in values `:` and `,` escaped.
    let unescaped =
        |text: &str| text.replace("%2C", ",").replace("%3A", ":").replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%");
    let commands: Vec<&str> = shown.lines().filter_map(|line| line.strip_prefix("::")).collect();
    assert_eq!(commands.len(), report["findings"].as_array().expect("findings").len(), "{shown}");
    for command in commands {
        let (head, data) = command.split_once("::").expect("a command");
        let (name, properties) = head.split_once(' ').expect("properties");
        assert!(["error", "warning", "notice"].contains(&name), "{command}");
        let value = |key: &str| {
            let found = properties.split(',').find_map(|pair| pair.split_once('=').filter(|(known, _)| *known == key));
            unescaped(found.unwrap_or_else(|| panic!("no {key}: {command}")).1)
        };
        assert_eq!(value("file"), "c:d.json");
        assert!(value("line").parse::<usize>().is_ok_and(|line| line > 0), "{command}");
        let said = unescaped(data);
        let is_said = |finding: &Value| finding["message"].as_str().is_some_and(|message| said.starts_with(message));
        assert!(report["findings"].as_array().expect("findings").iter().any(is_said), "{said}");
    }
}

#[test]
fn how_much_is_read_is_for_the_caller_to_say() {
    let output = diff(&["--max-bytes", "2000", BASE, REVISION]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && output.stdout.is_empty(), "{said}");
    assert!(said.contains("larger than 2000 bytes") && said.contains("--max-bytes"), "{said}");
    let output = diff(&["--max-bytes", "100", BASE, REVISION]);
    assert_eq!(output.status.code(), Some(2), "not even a small description fits");
    // Larger than is read by itself.
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("large.json");
    let filler = format!("\"{}\",", "x".repeat(100)).repeat(340_000);
    std::fs::write(&place, format!("{{\"openapi\":\"3.1.0\",\"paths\":{{\"/a\":{{\"get\":{{}}}}}},\"x-filler\":[{filler}0]}}"))
        .expect("a file");
    let check = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_driftd"));
        command.arg("check").args(more).arg(&place).output().expect("the binary")
    };
    assert!(String::from_utf8_lossy(&check(&[]).stderr).contains("--max-bytes"));
    let checked = check(&["--max-bytes", "120000000"]);
    assert!(String::from_utf8_lossy(&checked.stdout).contains("1 operations"), "{checked:?}");
}
