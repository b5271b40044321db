//! The page of a notice: what each reader sees there, and what nobody sees of another.

use crate::bridge::pages::{Served, page_of, to};
use crate::bridge::status_page::read;
use crate::bridge::two::broken;

#[tokio::test]
async fn a_link_shows_its_own_end_whole_and_nothing_of_another_consumer() {
    let (mut bridge, letters) = broken().await;
    let served = Served::of(&bridge);
    let (shop, till) = (to(&letters, "dev@shop.example"), to(&letters, "dev@till.example"));
    let page = read(&served, &page_of(shop)).await;
    // Both sides of the fragment, who owns each end, its own letter.
    for shown in ["POST /a", "maxLength: 64", "maxLength: 32", "Olga Owner", "opened letter to", "is told"] {
        assert!(page.contains(shown), "{shown} is missing in\n{page}");
    }
    for hidden in ["Till", "POST /b", "Tia", "opened letter to Olga"] {
        assert!(!page.contains(hidden), "{hidden} stands in\n{page}");
    }
    // What the till says is for the provider, not for the shop.
    let said = served.answer(till, "owner=Tia+Till&answer=ours&fix_by=2026-03-20&note=after+the+fair").await;
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    let (shop, provider) = (served.get(&page_of(shop)).await, served.get(&page_of(to(&letters, "owner@pay.example"))).await);
    assert!(!shop.contains("Tia Till") && !shop.contains("after the fair"), "{shop}");
    assert!(provider.contains("Tia Till (Till) takes it on, done by 2026-03-20"), "{provider}");
    // In the provider's next letter as well.
    bridge.at("2026-03-02T13:00");
    bridge.publish(&crate::bridge::silence::version(16, 32));
    let next = bridge.letters().await;
    let text = to(&next, "owner@pay.example").text();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("Answered Tia Till (Till) takes it on, done by 2026-03-20: after the fair"), "{text}");
    assert!(!to(&next, "dev@shop.example").text().contains("Tia"), "the shop reads nothing of the till");
}

#[tokio::test]
async fn the_operator_sees_both_ends_and_can_choose_what_to_see() {
    let (bridge, letters) = broken().await;
    let served = Served::of(&bridge);
    let id = letters[0].header("X-Driftd-Notice");
    let page = read(&served, &format!("/notices/{id}")).await;
    for shown in ["Shop", "Till", "POST /a", "POST /b", "2 of 2", "250"] {
        assert!(page.contains(shown), "{shown} is missing in\n{page}");
    }
    let one = read(&served, &format!("/notices/{id}?operation=POST%20/b&severity=breaking")).await;
    assert!(one.contains("1 of 2") && one.contains("<code>POST /b</code>") && !one.contains("<code>POST /a</code>"), "{one}");
    let nothing = served.get("/notices/N-0000").await;
    assert!(nothing.starts_with("HTTP/1.1 404") && nothing.contains("There is no such notice"), "{nothing}");
}

#[tokio::test]
async fn what_was_typed_is_kept_and_a_link_can_choose_an_answer() {
    let (bridge, letters) = broken().await;
    let served = Served::of(&bridge);
    let letter = to(&letters, "dev@shop.example");
    let wrong = served.answer(letter, "owner=Eve&answer=extend&fix_by=&note=peak+%3Cb%3Eseason").await;
    assert!(wrong.starts_with("HTTP/1.1 422") && wrong.contains("role=\"alert\""), "{wrong}");
    for kept in ["value=\"Eve\"", "value=\"extend\" checked", "peak &lt;b&gt;season"] {
        assert!(wrong.contains(kept), "{kept} is missing in\n{wrong}");
    }
    let chosen = served.get(&format!("{}?answer=not-us", page_of(letter))).await;
    assert!(chosen.contains("value=\"not-us\" checked"), "{chosen}");
    // Looking answers nothing.
    assert!(!chosen.contains("Answered so far"), "{chosen}");
}
