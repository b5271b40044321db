//! An object of several kinds that becomes a form for each, and the way back: what was a kind before is nothing new.

use serde_json::{Value, json};

use super::{exchanging, judged};

/// A form for objects of these kinds, which must have `needed` and may have `more`.
fn form(kinds: &[&str], needed: &[&str], more: &[&str]) -> Value {
    let text = json!({"type": "string"});
    let mut properties = json!({"kind": {"type": "string", "enum": kinds}, "name": text});
    for name in needed.iter().chain(more) {
        properties[*name] = text.clone();
    }
    let required: Vec<&str> = ["kind", "name"].iter().chain(needed).copied().collect();
    json!({"type": "object", "required": required, "properties": properties})
}

/// A description that takes and returns this schema.
fn bare(schema: &Value) -> Value {
    exchanging(schema, &json!({}))
}

/// The same with a list of forms, told apart by what each says, or by a discriminator that maps their kinds too.
fn forms(list: &[Value], is_mapped: bool) -> Value {
    if !is_mapped {
        return bare(&json!({"oneOf": list}));
    }
    let (mut components, mut mapping, mut references) = (json!({}), json!({}), Vec::new());
    for (number, form) in list.iter().enumerate() {
        let (name, reference) = (format!("Form{number}"), format!("#/components/schemas/Form{number}"));
        for kind in form["properties"]["kind"]["enum"].as_array().into_iter().flatten() {
            mapping[kind.as_str().expect("a text")] = json!(reference);
        }
        components[name] = form.clone();
        references.push(json!({"$ref": reference}));
    }
    let discriminator = json!({"propertyName": "kind", "mapping": mapping});
    exchanging(&json!({"oneOf": references, "discriminator": discriminator}), &components)
}

fn nothing() -> Vec<String> {
    Vec::new()
}

#[test]
fn kinds_that_only_get_forms_of_their_own_are_no_change() {
    let whole = form(&["drop", "inner", "blur"], &[], &[]);
    for is_mapped in [false, true] {
        let each = forms(&["drop", "inner", "blur"].map(|kind| form(&[kind], &[], &[])), is_mapped);
        let some = forms(&[form(&["drop", "inner"], &[], &[]), form(&["blur"], &[], &[])], is_mapped);
        for (before, after) in [(&bare(&whole), &each), (&bare(&whole), &some), (&some, &each)] {
            assert_eq!(judged(before, after), nothing(), "mapped: {is_mapped}");
            assert_eq!(judged(after, before), nothing(), "mapped: {is_mapped}, back");
        }
    }
    // What stands in each form, or beside all of them, is one.
    let branch = |kind: &str| json!({"properties": {"kind": {"type": "string", "enum": [kind]}}, "required": ["kind"]});
    let branches = ["drop", "inner", "blur"].map(branch);
    let name = json!({"name": {"type": "string"}});
    let beside = json!({"type": "object", "required": ["kind", "name"], "properties": name, "oneOf": branches});
    assert_eq!(judged(&bare(&whole), &bare(&beside)), nothing());
    assert_eq!(judged(&bare(&beside), &bare(&whole)), nothing());
}

#[test]
fn what_a_form_asks_for_is_told_of_its_kinds() {
    let whole = bare(&form(&["drop", "blur"], &[], &["radius", "color"]));
    for is_mapped in [false, true] {
        let list = forms(&[form(&["drop"], &["radius"], &["color"]), form(&["blur"], &[], &["radius"])], is_mapped);
        // One form does without the color, which nobody was held to.
        let tightened = ["breaking request-property-became-required", "info response-property-became-required"];
        assert_eq!(judged(&whole, &list), tightened, "mapped: {is_mapped}");
        let loosened = ["breaking response-property-became-optional", "info request-property-became-optional"];
        assert_eq!(judged(&list, &whole), loosened, "mapped: {is_mapped}");
    }
    // What every kind had, and one has no longer, is told.
    let needed = bare(&form(&["drop", "blur"], &["color"], &[]));
    let lost = forms(&[form(&["drop"], &["color"], &[]), form(&["blur"], &[], &[])], false);
    assert_eq!(judged(&needed, &lost), ["breaking response-required-property-removed", "warning request-property-removed"]);
    // A form that refuses what it does not know refuses what could be sent with its kind.
    let mut closed = [form(&["drop"], &[], &["color"]), form(&["blur"], &[], &[])];
    for form in &mut closed {
        form["additionalProperties"] = json!(false);
    }
    let open = bare(&form(&["drop", "blur"], &[], &["color"]));
    let refused = judged(&open, &forms(&closed, false));
    assert!(refused.contains(&"breaking request-property-removed-from-closed-object".to_owned()), "{refused:?}");
}

#[test]
fn kinds_that_come_and_go_are_told_beside_those_that_moved() {
    let whole = bare(&form(&["drop", "inner", "blur"], &[], &[]));
    let list = [form(&["drop"], &[], &[]), form(&["inner", "glass"], &[], &[]), form(&["noise"], &[], &[])];
    let changed = [
        "breaking request-enum-value-removed",
        "warning response-discriminated-variant-added",
        "warning response-enum-value-added",
        "info response-enum-value-removed",
        "info request-one-of-added",
        "info request-enum-value-added",
    ];
    let sorted = |mut told: Vec<String>| {
        told.sort();
        told
    };
    let expected = sorted(changed.map(str::to_owned).to_vec());
    assert_eq!(sorted(judged(&whole, &forms(&list, false))), expected);
    // A tag that was not asked for is asked for now, once.
    let mut optional = form(&["drop", "blur"], &[], &[]);
    optional["required"] = json!(["name"]);
    let each = forms(&["drop", "blur"].map(|kind| form(&[kind], &[], &[])), false);
    let asked = ["breaking request-property-became-required", "info response-property-became-required"];
    assert_eq!(judged(&bare(&optional), &each), asked);
    let freed = ["breaking response-property-became-optional", "info request-property-became-optional"];
    assert_eq!(judged(&each, &bare(&optional)), freed);
    // Null beside the forms is told too.
    let with_null = json!({"oneOf": [form(&["drop"], &[], &[]), form(&["blur"], &[], &[]), {"type": "null"}]});
    let two = bare(&form(&["drop", "blur"], &[], &[]));
    assert_eq!(judged(&two, &bare(&with_null)), ["breaking response-became-nullable", "info request-became-nullable"]);
    assert_eq!(judged(&bare(&with_null), &two), ["breaking request-became-not-nullable", "info response-became-not-nullable"]);
}

#[test]
fn forms_of_one_kind_come_beside_the_one_that_was_there() {
    let plain = form(&["layer", "back"], &[], &[]);
    let mut progressive = form(&["layer", "back"], &["start"], &[]);
    progressive["properties"]["blur"] = json!({"enum": ["progressive"]});
    let other = form(&["noise"], &[], &[]);
    let discriminator = json!({"propertyName": "kind"});
    let document = |list: Value| exchanging(&json!({"oneOf": list, "discriminator": discriminator}), &json!({}));
    let told = judged(&document(json!([plain, other])), &document(json!([plain, other, progressive])));
    assert!(!told.iter().any(|finding| finding.ends_with("one-of-removed")), "the first is still there: {told:?}");
    assert!(told.iter().any(|finding| finding.ends_with("request-one-of-added")), "one more is taken: {told:?}");
    assert!(!told.iter().any(|finding| finding.contains("variant-added")), "its kind was known: {told:?}");
}

#[test]
fn a_plain_form_that_becomes_one_of_several_may_be_null_too() {
    let plain = json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}});
    let list = json!({"oneOf": [plain, {"type": "array"}, {"type": "null"}]});
    let told = judged(&bare(&plain), &bare(&list));
    assert!(told.contains(&"breaking response-became-nullable".to_owned()), "{told:?}");
    let back = judged(&bare(&list), &bare(&plain));
    assert!(back.contains(&"breaking request-became-not-nullable".to_owned()), "{back:?}");
}

#[test]
fn what_no_tag_leads_to_is_no_message() {
    let with = |required: Value| {
        let form = |name: &str, required: &Value| json!({"type": "object", "required": required, "properties": {"kind": {"type": "string"}, name: {"type": "string"}}});
        let components = json!({"Cat": form("claws", &required), "Dog": form("bark", &json!(["kind"]))});
        let list = json!([{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}]);
        exchanging(&json!({"oneOf": list, "discriminator": {"propertyName": "kind"}}), &components)
    };
    let asked = ["info request-property-became-required", "info response-property-became-required"];
    assert_eq!(judged(&with(json!([])), &with(json!(["kind"]))), asked, "the tag was there anyway");
    let other = judged(&with(json!(["kind"])), &with(json!(["kind", "claws"])));
    assert_eq!(other, ["breaking request-property-became-required", "info response-property-became-required"]);
}

#[test]
fn one_more_tagged_form_takes_nothing_away() {
    let sign = |needed: &[&str]| json!({"type": "object", "required": needed, "properties": {"method": {"type": "string"}, "traits": {"type": "object"}, "password": {"type": "string"}}});
    let components = json!({"Password": sign(&["method", "password"]), "Key": sign(&["method", "traits"])});
    let list = json!([{"$ref": "#/components/schemas/Password"}, {"$ref": "#/components/schemas/Key"}]);
    let tagged = exchanging(&json!({"oneOf": list, "discriminator": {"propertyName": "method"}}), &components);
    let told = judged(&bare(&sign(&["method"])), &tagged);
    assert!(told.contains(&"info request-one-of-added".to_owned()), "{told:?}");
    // Without a tag what was sent may fit both, and a `oneOf` takes one only.
    let untagged = judged(&bare(&sign(&["method"])), &exchanging(&json!({"oneOf": list}), &components));
    assert!(untagged.contains(&"warning request-one-of-added".to_owned()), "{untagged:?}");
}

#[test]
fn a_choice_that_closes_as_a_whole_closes_each_of_its_forms() {
    let form = |name: &str, closed: bool| {
        let mut form = json!({"type": "object", "required": [name], "properties": {name: {"type": "string"}}});
        if closed {
            form["additionalProperties"] = json!(false);
        }
        form
    };
    let whole = |is_closed: bool| {
        let mut whole = json!({"oneOf": [form("a", false), form("b", false)]});
        if is_closed {
            whole["unevaluatedProperties"] = json!(false);
        }
        bare(&whole)
    };
    let each = bare(&json!({"oneOf": [form("a", true), form("b", true)]}));
    assert_eq!(judged(&whole(true), &each), nothing());
    assert_eq!(judged(&each, &whole(true)), nothing());
    let closes = judged(&whole(false), &each);
    assert!(closes.iter().any(|finding| !finding.starts_with("info")), "undeclared members are refused now: {closes:?}");
    let one = bare(&json!({"oneOf": [form("a", true), form("b", false)]}));
    let opens = judged(&whole(true), &one);
    assert!(opens.iter().any(|finding| finding.contains("additional-properties")), "one of the two is open: {opens:?}");
}
