use super::*;

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(1)
}

fn api(change: impl FnOnce(&mut ApiView)) -> ApiView {
    let view = serde_json::json!({
        "integration": "i", "api": "a", "surface": "live", "name": "A", "source": "", "state": "verified", "detail": "",
        "last_check": null, "last_success": null, "last_verified_unchanged": null, "last_changed": null, "next_check": now(),
        "overdue": false, "failures": 0, "snapshot": null, "baseline": null, "unmatched_uses": [], "findings": {}, "messages": [],
    });
    let mut api = serde_json::from_value(view).expect("a view");
    change(&mut api);
    api
}

fn said(apis: &[ApiView]) -> (StatusState, String) {
    verdict(&[], apis, &[], &[], &[], Waiting { oldest: None, now: now() })
}

#[test]
fn what_is_late_or_does_not_end_is_overdue_and_shows_in_the_verdict() {
    let late = |minutes, is_under_way| is_overdue(now() - TimeDelta::minutes(minutes), is_under_way, now());
    assert_eq!([late(4, false), late(6, false), late(-3, true), late(1, true)], [false, true, false, true]);
    let api = |overdue| api(|api| api.overdue = overdue);
    assert_eq!(said(&[api(false), api(false)]).0, StatusState::Ok);
    let (state, words) = said(&[api(false), api(true)]);
    assert!(state == StatusState::Action && words.contains("1 check overdue"), "{state}: {words}");
    assert_eq!(said(&[api(true), api(true)]).0, StatusState::Trouble, "nothing is checked any more");
}

#[test]
fn whatever_needs_somebody_is_a_state_and_a_word_of_the_verdict() {
    let fine = || api(|_| {});
    let misspelt = api(|api| api.unmatched_uses = vec!["Shop declares the use of GET /b".to_owned()]);
    let blind = || api(|api| api.state = ApiState::Blind);
    let gap = |is_orphan| GapView { integration: String::new(), party: String::new(), what: String::new(), is_orphan };
    let waiting = |minutes| Waiting { oldest: Some(now() - TimeDelta::minutes(minutes)), now: now() };
    let none = || Waiting { oldest: None, now: now() };
    for (apis, gaps, letters, state, words) in [
        (vec![fine(), misspelt], vec![], none(), StatusState::Action, "1 declared use matches no operation"),
        (vec![fine()], vec![gap(true), gap(false)], none(), StatusState::Action, "nobody can be reached at 1 end"),
        (vec![fine()], vec![gap(false)], none(), StatusState::Ok, "1 of 1 description fine"),
        (vec![blind(), blind()], vec![], none(), StatusState::Trouble, "driftd sees nothing"),
        (vec![fine(), blind()], vec![], none(), StatusState::Action, "1 description cannot be judged"),
        (vec![fine()], vec![], waiting(6), StatusState::Ok, "a letter has been waiting for 6 min"),
    ] {
        let (found, said) = verdict(&[], &apis, &[], &gaps, &[], letters);
        assert!(found == state && said.contains(words), "{state}, {words}: {found}, {said}");
    }
    let (_, said) = verdict(&[], &[fine()], &[], &[], &[], waiting(4));
    assert!(!said.contains("waiting"), "{said}");
}
