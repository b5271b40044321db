//! Incidents that the description itself shows, and one that only its calendar shows.

use crate::support::NOTHING;
use driftd::model::{DateKind, OperationLabel};

use crate::bridge::harness::{Bridge, QUIET, Terms, both, day};
use crate::support::partner::Answer;

/// An order: what is sent and what comes back, as members of an object schema.
fn orders(sent: &str, answered: &str) -> String {
    let schema =
        |members: &str| format!("content: {{application/json: {{schema: {{type: object, properties: {{{members}}}}}}}}}");
    format!(
        "openapi: 3.1.0\ninfo: {{title: Pay, version: '1'}}\npaths:\n  /orders:\n    patch:\n      requestBody: {{{}}}\n      responses: {{'200': {{description: fine, {}}}}}\n",
        schema(sent),
        schema(answered)
    )
}

/// What both sides read when one description takes the place of another.
async fn told(terms: &Terms, before: &str, after: &str) -> (Vec<String>, String) {
    let mut bridge = Bridge::new(terms, "2026-03-02", before).await;
    bridge.publish(after);
    bridge.at("2026-03-02T11:00");
    let told = bridge.told().await;
    let letters = bridge.smtp.received();
    let text = letters.iter().rfind(|letter| letter.recipient == "dev@shop.example").map(crate::support::smtp::Received::text);
    (told, text.unwrap_or_default())
}

#[tokio::test]
async fn s9_a_setting_that_is_accepted_and_ignored_is_told() {
    let before = orders("seats: {type: integer}, visibility: {type: string}", "id: {type: string}");
    let after = orders("seats: {type: integer}", "id: {type: string}");
    let (kinds, text) = told(&QUIET, &before, &after).await;
    assert_eq!(kinds, both("opened"));
    assert!(text.contains("visibility") && text.contains("PATCH /orders"), "{text}");
}

#[tokio::test]
async fn s11_a_value_more_in_an_answer_is_told_to_who_reads_it() {
    let plans = |values: &str| orders("id: {type: string}", &format!("plan: {{type: string, enum: [{values}]}}"));
    let (kinds, text) = told(&QUIET, &plans("starter, standard"), &plans("starter, standard, ultimate")).await;
    assert_eq!(kinds, both("opened"));
    assert!(text.contains("ultimate"), "{text}");
    let elsewhere = Terms { operations: &["GET /invoices"], ..QUIET };
    let (kinds, _) = told(&elsewhere, &plans("starter, standard"), &plans("starter, standard, ultimate")).await;
    assert_eq!(kinds, NOTHING, "who does not call it hears nothing");
}

#[tokio::test]
async fn s12_a_new_member_is_told_where_somebody_rejects_what_he_does_not_know() {
    let before = orders("id: {type: string}", "id: {type: string}");
    let after = orders("id: {type: string}", "id: {type: string}, store: {type: string}");
    assert_eq!(told(&QUIET, &before, &after).await.0, NOTHING, "it breaks no reader that keeps to the standard");
    let strict = Terms {
        consumer: "[[overrides]]\nrule = \"response-optional-property-added\"\nseverity = \"breaking\"\nowner = \"Eve Engineer\"\nreason = \"our reader rejects unknown members\"\nuntil = \"2027-01-01\"",
        ..QUIET
    };
    let (kinds, text) = told(&strict, &before, &after).await;
    assert_eq!(kinds, both("opened"));
    assert!(text.contains("store"), "{text}");
}

#[tokio::test]
async fn s18_a_rename_is_told_as_one_to_who_reads_it() {
    let before = orders("id: {type: string}", "totalPrice: {type: number, description: What the customer pays.}");
    let after = orders("id: {type: string}", "total_price: {type: number, description: What the customer pays.}");
    let (kinds, text) = told(&QUIET, &before, &after).await;
    assert_eq!(kinds, both("opened"));
    assert!(text.contains("totalPrice") && text.contains("total_price") && text.contains("renamed"), "{text}");
}

#[tokio::test]
async fn s8_announced_windows_stand_in_the_calendar_and_a_pause_takes_them_out() {
    let terms = Terms { notice: Some("{ breaking = \"14 days\" }"), ..QUIET };
    let mut bridge = Bridge::new(&terms, "2022-02-01", &orders("id: {type: string}", "id: {type: string}")).await;
    for (subject, date) in
        [("First brownout, 12 hours", "2022-03-01"), ("Second brownout, 24 hours", "2022-03-08"), ("Removal", "2022-03-15")]
    {
        bridge
            .announce(subject, |statement| {
                statement.mark = DateKind::Change;
                statement.date = Some(day(date));
                statement.operations = vec![OperationLabel::called_by_consumer("PATCH", "/orders")];
            })
            .await;
    }
    assert_eq!(bridge.told().await, both("dates"), "one letter to each side");
    assert_eq!(bridge.dates().await.len(), 3);
    bridge.at("2022-03-04");
    for subject in ["Second brownout, 24 hours", "Removal"] {
        bridge
            .announce(subject, |statement| {
                statement.mark = DateKind::Change;
                statement.paused = true;
                statement.operations = vec![OperationLabel::called_by_consumer("PATCH", "/orders")];
            })
            .await;
    }
    bridge.work().await;
    let dates = bridge.dates().await;
    assert!(dates.len() == 1 && dates[0].contains("First brownout"), "{dates:?}");
}

#[tokio::test]
async fn s4_webhooks_follow_another_version_than_calls_and_are_watched_as_an_api_of_their_own() {
    let hooks = |members: &str| {
        format!(
            "openapi: 3.1.0\ninfo: {{title: Hooks, version: '1'}}\nwebhooks:\n  renewed:\n    post:\n      requestBody: {{content: {{application/json: {{schema: {{type: object, required: [period_end], properties: {{{members}}}}}}}}}}}\n      responses: {{'200': {{description: fine}}}}\n"
        )
    };
    let terms = Terms {
        api: "consumers = [{ party = \"shop\" }]\n[[apis]]\nid = \"pay-hooks\"\nname = \"Pay webhooks\"\nprovider = \"pay\"\nlive = \"UPCOMING\"\nevery = \"1h\"",
        ..QUIET
    };
    let mut bridge = Bridge::new(&terms, "2025-03-02", &hooks("period_end: {type: integer}")).await;
    bridge.next.publish(Answer::Document(hooks("items: {type: array}").replace("required: [period_end], ", "").into_bytes()));
    bridge.at("2025-03-31");
    assert_eq!(bridge.told().await, both("opened"));
    let letters = bridge.smtp.received();
    let letter = letters.iter().rfind(|letter| letter.recipient == "dev@shop.example").expect("a letter");
    assert!(letter.header("Subject").contains("webhook POST renewed"), "{}", letter.header("Subject"));
    assert!(letter.text().contains("period_end"), "{}", letter.text());
}
