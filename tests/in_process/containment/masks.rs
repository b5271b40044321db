//! Whether a message can hold what is refused, at the places where it may stand.

use driftd::containment::{Allowance, Peers, Prover, Question, Reach, ValuePlace};
use driftd::openapi::Dialect;
use serde_json::{Value, json};

use super::literal;

/// What the questions of a prover may cost here.
const ENOUGH: usize = 1_000_000;

/// Whether a message of the sender holds a text of more than three letters at a place.
fn reach(sender: &Value, place: ValuePlace<'_>, steps: usize) -> &'static str {
    let (sender, receiver) = (sender.clone().into(), json!({"maxLength": 3}).into());
    // A place names a schema of the sender by where it stands there.
    let place = match place {
        ValuePlace::Alternative(_) => {
            let first = driftd::openapi::resolve(&sender, "/anyOf/0").expect("an alternative");
            ValuePlace::Alternative(first)
        }
        other => other,
    };
    let documents = Peers { sender: literal(&sender, Dialect::OpenApi31), receiver: literal(&receiver, Dialect::OpenApi31) };
    let mut prover = Prover::new(documents, false, Box::new(|_| false)).within(Allowance::of_steps(steps));
    let (own, mask) = (prover.mask(&receiver, &Question::Whole), prover.open_mask());
    prover.close_mask(mask, vec![(place, own)]);
    match prover.reach(&sender, mask) {
        Reach::Never => "never",
        Reach::Found(_) => "found",
        Reach::Unknown => "unknown",
    }
}

#[test]
fn a_message_holds_it_or_none_does() {
    let any = driftd::openapi::Value::Bool(true);
    let pair = json!({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "maxItems": 2});
    let members = |more: Value| {
        let mut schema =
            json!({"type": "object", "properties": {"k": {"type": "integer"}}, "additionalProperties": {"type": "string"}});
        schema.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        schema
    };
    let further = || ValuePlace::Further(vec!["k"]);
    for (what, sender, place, expected) in [
        ("the value itself", json!({"type": "string"}), ValuePlace::Itself, "found"),
        ("the value itself, listed", json!({"enum": ["a", "bcd"]}), ValuePlace::Itself, "never"),
        ("a member", json!({"properties": {"a": {"type": "string"}}}), ValuePlace::Member("a"), "found"),
        ("a member that is listed", json!({"properties": {"a": {"enum": ["a"]}}}), ValuePlace::Member("a"), "never"),
        ("the second item", pair.clone(), ValuePlace::Item(1), "found"),
        ("the first item is a number", pair.clone(), ValuePlace::Item(0), "never"),
        ("the third item is not there", pair.clone(), ValuePlace::Item(2), "never"),
        ("items behind the first", pair.clone(), ValuePlace::Items(1), "found"),
        ("items behind the second", pair, ValuePlace::Items(2), "never"),
        ("a further member", members(json!({})), further(), "found"),
        ("further members have no names", members(json!({"propertyNames": {"const": "k"}})), further(), "never"),
        ("an alternative", json!({"anyOf": [{"type": "string"}, {"type": "integer"}]}), ValuePlace::Alternative(&any), "found"),
        (
            "an alternative that is short",
            json!({"anyOf": [{"enum": ["a"]}, {"type": "string"}]}),
            ValuePlace::Alternative(&any),
            "never",
        ),
        ("by the other alternative", json!({"anyOf": [{"type": "integer"}, {"type": "string"}]}), ValuePlace::Itself, "found"),
    ] {
        assert_eq!(reach(&sender, place, ENOUGH), expected, "{what}");
    }
    assert_eq!(reach(&json!({"type": "string"}), ValuePlace::Itself, 0), "unknown", "nothing is said without work");
}
