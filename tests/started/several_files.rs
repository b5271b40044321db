//! A description of several files: one closed set, each file asked for by itself.

use crate::support;

use support::daemon::Home;
use support::partner::{Answer, Partner};
use support::smtp::Smtp;
use support::wait_for;

const ROOT: &str = r#"openapi: 3.1.0
info: {title: T, version: "1"}
paths:
  /doors:
    post:
      requestBody: {content: {application/json: {schema: {$ref: "schemas/door.yaml"}}}}
      responses:
        "200": {description: ok, content: {application/json: {schema: {$ref: "schemas/door.yaml"}}}}
"#;

fn door(longest: u32) -> Answer {
    Answer::Document(
        format!(
            "type: object\nproperties:\n  name: {{type: string, maxLength: {longest}}}\n  lock: {{$ref: '../lock.json#/Lock'}}\n"
        )
        .into_bytes(),
    )
}

fn two_more_polls(partner: &Partner) {
    let polls = || partner.requests().iter().filter(|request| request.path == "/openapi.yaml").count();
    let before = polls();
    wait_for("two more polls", || (polls() >= before + 2).then_some(()));
}

fn published() -> Partner {
    let partner = Partner::start(Answer::Status(404, ""));
    partner.publish_at("/openapi.yaml", Answer::Document(ROOT.as_bytes().to_vec()));
    partner.publish_at("/schemas/door.yaml", door(64));
    partner.publish_at("/lock.json", Answer::Document(br#"{"Lock": {"type": "string"}}"#.to_vec()));
    partner
}

#[test]
fn a_change_in_a_file_beside_the_root_is_seen_though_the_root_says_304() {
    let smtp = Smtp::start();
    let partner = published();
    let home = Home::new(smtp.port, &partner.url());
    let daemon = home.start();
    daemon.wait_for_state("verified");
    two_more_polls(&partner);
    let conditional = |path: &str| partner.requests().iter().any(|request| request.path == path && request.answered == 304);
    assert!(["/openapi.yaml", "/schemas/door.yaml", "/lock.json"].into_iter().all(conditional), "{:?}", partner.requests());
    assert_eq!(smtp.received().len(), 0);

    partner.publish_at("/schemas/door.yaml", door(32));
    let status = daemon.wait_for_state("changed");
    assert_eq!(status["open"][0]["findings"][0]["message"], "The maximum length of `door.name` fell from 64 to 32");
    wait_for("two letters", || (smtp.received().len() == 2).then_some(()));
    assert!(smtp.received()[0].text().contains("schemas/door.yaml#/properties/name"), "{}", smtp.received()[0].text());

    partner.publish_at("/schemas/door.yaml", door(64));
    daemon.wait_for_state("verified");
    wait_for("both hear that it is over", || (smtp.received().len() == 4).then_some(()));
}

#[test]
fn a_file_that_goes_missing_is_held_and_one_that_fails_is_down() {
    let smtp = Smtp::start();
    let partner = published();
    let home = Home::new(smtp.port, &partner.url());
    let daemon = home.start();
    daemon.wait_for_state("verified");
    // Half a description is no description: nothing of it is believed.
    partner.publish_at("/lock.json", Answer::Status(500, ""));
    let status = daemon.wait_for_state("down");
    assert!(status["checking"][0]["detail"].as_str().is_some_and(|detail| detail.contains("lock.json")), "{status}");
    // A file that is gone is not "everything in it was removed": held, then undecidable, never judged, never the baseline.
    let whole = daemon.status()["checking"][0]["snapshot"].clone();
    partner.publish_at("/lock.json", Answer::Status(404, ""));
    let status = daemon.wait_for_state("held");
    assert!(status["checking"][0]["detail"].as_str().is_some_and(|detail| detail.contains("lock.json did not come")), "{status}");
    daemon.wait_for_state("undecidable");
    let status = daemon.status();
    assert_eq!((&status["checking"][0]["snapshot"], &status["checking"][0]["baseline"]), (&whole, &whole));
    assert_eq!((status["open"].as_array().map(Vec::len), smtp.received().len()), (Some(0), 0));
    // What breaks in the file while it is away is told when it is back.
    partner.publish_at("/lock.json", Answer::Document(br#"{"Lock": {"type": "integer"}}"#.to_vec()));
    daemon.wait_for_state("changed");
    wait_for("two letters", || (smtp.received().len() == 2).then_some(()));
}

#[test]
fn a_file_that_was_never_there_is_merely_odd() {
    let smtp = Smtp::start();
    let partner = published();
    partner.publish_at("/lock.json", Answer::Status(404, ""));
    let home = Home::new(smtp.port, &partner.url());
    let daemon = home.start();
    daemon.wait_for_state("held");
    let unread = "the file lock.json that it refers to did not come (the provider answered 404 Not Found: the description has moved or gone); what it holds is not watched";
    let status = daemon.wait_for_state("verified");
    assert_eq!(status["checking"][0]["detail"], format!("baseline taken; {unread}"));
    two_more_polls(&partner);
    assert_eq!(daemon.status()["checking"][0]["detail"], format!("unchanged; {unread}"));
    partner.publish_at("/schemas/door.yaml", door(32));
    let status = daemon.wait_for_state("changed");
    assert_eq!(status["open"][0]["findings"][0]["message"], "The maximum length of `door.name` fell from 64 to 32");
}

#[test]
fn a_file_that_is_no_text_for_one_fetch_hides_no_break() {
    let smtp = Smtp::start();
    let partner = published();
    let home = Home::new(smtp.port, &partner.url());
    let daemon = home.start();
    daemon.wait_for_state("verified");
    // The file is damaged on the very day on which it breaks something.
    partner.publish_at(
        "/schemas/door.yaml",
        Answer::Unconditional(b"type: object\nproperties: {name: {type: string, title: \xff\xfe}}\n".to_vec()),
    );
    daemon.wait_for_state("undecidable");
    assert_eq!(smtp.received().len(), 0);
    partner.publish_at("/schemas/door.yaml", door(32));
    let status = daemon.wait_for_state("changed");
    assert_eq!(status["open"][0]["findings"][0]["message"], "The maximum length of `door.name` fell from 64 to 32");
    wait_for("two letters", || (smtp.received().len() == 2).then_some(()));
}

#[test]
fn a_reference_to_a_private_host_or_to_another_port_is_not_followed() {
    let inner = Partner::start(Answer::Document(br#"{"Lock": {"type": "string"}}"#.to_vec()));
    let smtp = Smtp::start();
    let partner = published();
    let reference = |host: &str| format!("http://{host}:{}/secret.json#/Lock", inner.port);
    let root =
        ROOT.replacen("schemas/door.yaml", &reference("localhost"), 1).replace("schemas/door.yaml", &reference("127.0.0.1"));
    partner.publish_at("/openapi.yaml", Answer::Document(root.into_bytes()));
    let mut home = Home::new(smtp.port, &partner.url());
    home.fetch = "allow_private_hosts = [\"127.0.0.1\", \"localhost\"]".to_owned();
    home.configure();
    let daemon = home.start();
    daemon.wait_for_state("verified");
    assert_eq!(inner.requests().len(), 0);
}

#[test]
fn a_pushed_description_reads_no_file_outside_its_folder() {
    let smtp = Smtp::start();
    let folder = tempfile::tempdir().expect("a folder");
    let inside = folder.path().join("pushed");
    std::fs::create_dir_all(&inside).expect("a folder");
    std::fs::write(folder.path().join("secret.yaml"), "Lock: {type: string, maxLength: 7}\n").expect("a file");
    let root = |longest: u32| {
        let door = format!("type: string, maxLength: {longest}");
        ROOT.replacen("$ref: \"schemas/door.yaml\"", &door, 1).replace("schemas/door.yaml", "../secret.yaml#/Lock")
    };
    std::fs::write(inside.join("openapi.yaml"), root(64)).expect("a file");
    let home = Home::new(smtp.port, &format!("file:{}", inside.join("openapi.yaml").display()));
    let daemon = home.start();
    daemon.wait_for_state("verified");
    // Had the secret been read, its change would be told.
    std::fs::write(folder.path().join("secret.yaml"), "Lock: {type: integer}\n").expect("a file");
    std::fs::write(inside.join("openapi.yaml"), root(32)).expect("a file");
    let status = daemon.wait_for_state("changed");
    let detail = status["checking"][0]["detail"].as_str().unwrap_or_default();
    assert!(detail.starts_with("1 breaking; the file ../secret.yaml that it refers to did not come ("), "{detail}");
}
