//! What happened and which rules there are, as pages that people search and programs read.

use serde_json::Value;

use crate::bridge::harness::{Bridge, QUIET};
use crate::bridge::pages::Served;
use crate::bridge::silence::version;
use crate::bridge::status_page::{json, read};

fn kinds(history: &Value) -> Vec<&str> {
    history["events"].as_array().expect("events").iter().filter_map(|event| event["kind"].as_str()).collect()
}

#[tokio::test]
async fn the_history_is_chosen_by_api_kind_and_day_and_has_pages() {
    let mut bridge = Bridge::new(&QUIET, "2026-03-01", &version(64, 64)).await;
    for (day, longest) in [("2026-03-02", 32), ("2026-03-04", 16)] {
        bridge.at(day);
        bridge.publish(&version(longest, 64));
        assert_eq!(bridge.letters().await.len(), 2);
    }
    let served = Served::of(&bridge);
    // For programs: the oldest first, and how much there is.
    let all = json(&served, "/history").await;
    let of_all = kinds(&all);
    assert_eq!((of_all[0], of_all.iter().filter(|kind| **kind == "notice").count()), ("baseline", 2));
    assert_eq!((&all["total"], &all["pages"]), (&of_all.len().into(), &1.into()));
    for (query, expected) in [
        ("kind=notice", vec!["notice", "notice"]),
        ("kind=notice&since=2026-03-03", vec!["notice"]),
        ("kind=notice&until=2026-03-02", vec!["notice"]),
        ("kind=notice&since=2026-03-03&until=2026-03-03", vec![]),
        ("kind=baseline&api=shop/pay", vec!["baseline"]),
        ("kind=baseline&api=shop", vec!["baseline"]),
        ("api=shop/other", vec![]),
        ("kind=notice&limit=1&page=2", vec!["notice"]),
    ] {
        let found = json(&served, &format!("/history?{query}")).await;
        assert_eq!(kinds(&found), expected, "{query}: {found}");
    }
    let second = json(&served, "/history?kind=notice&limit=1&page=2").await;
    assert_eq!((&second["pages"], second["events"][0]["at"].as_str()), (&2.into(), Some("2026-03-02T09:00:00Z")));
    // For people: the newest first, and the way to the older ones keeps what was chosen.
    let page = read(&served, "/history?kind=notice&limit=1").await;
    assert!(page.contains("0 s ago, 2026-03-04 09:00 UTC") && !page.contains("2 d ago, 2026-03-02"), "{page}");
    assert!(page.contains("/history?limit=1&amp;kind=notice&amp;page=2\">Older"), "{page}");
    assert!(page.contains("<option selected>notice</option>") && page.contains("2 since 2026-02-02"), "{page}");
    let wrong = served.get("/history?kind=gone").await;
    assert!(wrong.starts_with("HTTP/1.1 400") && wrong.contains("escalated"), "{wrong}");
}

#[tokio::test]
async fn rules_are_found_by_their_words_and_show_who_made_an_exception() {
    let mut bridge = Bridge::new(&QUIET, "2026-03-01", &version(64, 64)).await;
    let file = bridge.folder.path().join("integrations/shop.toml");
    let mut text = std::fs::read_to_string(&file).expect("a file");
    text.push_str(
        "[[overrides]]\nrule = \"endpoint-add*\"\nseverity = \"ignore\"\nowner = \"Ann <b>Owner\"\nreason = \"we follow the news\"\nuntil = \"2026-12-31\"\n\
         [[overrides]]\noperations = [\"POST /a\"]\nseverity = \"info\"\nowner = \"Bea\"\nreason = \"we call it no more\"\nuntil = \"2026-03-05\"\n",
    );
    std::fs::write(&file, text).expect("a file");
    let before = read(&Served::of(&bridge), "/rules").await;
    assert!(!before.contains("we follow the news"), "{before}");
    bridge.restart().await;
    let served = Served::of(&bridge);
    let page = read(&served, "/rules").await;
    let (_, rest) = page.split_once("Exceptions that name no rule below").expect("those of every rule");
    let (others, rest) = rest.split_once("Operations, webhooks and callbacks").expect("the first group");
    assert!(
        others.contains("every rule, only POST /a, until 2026-03-05: Bea: we call it no more") && !others.contains("Ann"),
        "{others}"
    );
    let (_, rest) = rest.split_once("/rules/endpoint-added\">").expect("the rule");
    let (rule, rest) = rest.split_once("</li>").expect("its end");
    let said = "in shop, until 2026-12-31: Ann &lt;b&gt;Owner: we follow the news";
    assert!(rule.contains(said) && !rest.contains("Ann"), "{rule}");
    // The page of one rule is for outside too.
    let one = read(&served, "/rules/endpoint-added").await;
    assert!(one.contains("endpoint-added") && !one.contains("Ann"), "{one}");
    // Found by words that stand anywhere in it, in any case; an id of oasdiff finds what answers to it.
    let found = read(&served, "/rules?q=NEW+operation+offers").await;
    assert!(
        found.contains("1 of ") && found.contains("/rules/endpoint-added\"") && found.contains("value=\"NEW operation offers\""),
        "{found}"
    );
    let nothing = read(&served, "/rules?q=%3Cscript%3E").await;
    assert!(
        nothing.contains("0 of ") && nothing.contains("No rule has these words") && !nothing.contains("<script"),
        "{nothing}"
    );
    // An exception ends by itself.
    bridge.at("2026-03-06");
    let page = read(&served, "/rules").await;
    assert!(page.contains("info, ended") && !page.contains("ignore, ended"), "{page}");
}
