//! Questions with known answers, each for a corner that chance seldom meets.

use driftd::containment::Containment;
use driftd::openapi::Dialect;
use serde_json::json;

use super::{ask, ask_as};

#[test]
fn corners() {
    let pool = ["", "a", "0", "A", " ", "ab", "a0", "aa", "A0", "_", "-", "1", "abc", "\u{e9}", "\n"];
    let cases = [
        // One letter, but none of those that are tried first.
        (json!({"type": "string", "maxLength": 1}), json!({"enum": pool}), false),
        (json!({"type": "string", "maxLength": 0}), json!({"enum": [""]}), true),
        (json!({"type": "array", "items": {"type": "boolean"}, "uniqueItems": true, "minItems": 3}), json!(false), true),
        (json!({"type": "array", "items": {"type": "boolean"}, "uniqueItems": true, "minItems": 2}), json!(false), false),
        (
            json!({"type": "array", "prefixItems": [{"const": 1}, {"const": 1}], "minItems": 2, "uniqueItems": true}),
            json!(false),
            true,
        ),
        (
            json!({"type": "array", "contains": {"const": 1}, "maxContains": 1}),
            json!({"contains": {"const": 1}, "maxContains": 2}),
            true,
        ),
        (
            json!({"type": "array", "contains": {"const": 1}, "maxContains": 2}),
            json!({"contains": {"const": 1}, "maxContains": 1}),
            false,
        ),
        (
            json!({"type": "array", "items": {"const": 1}}),
            json!({"contains": {"const": 1}, "minContains": 0, "maxContains": 1}),
            false,
        ),
        (json!({"multipleOf": 0.3, "type": "number", "minimum": 0.1, "maximum": 0.5}), json!({"const": 0.3}), true),
        (json!({"type": "integer", "exclusiveMinimum": 2, "exclusiveMaximum": 3}), json!(false), true),
        // What both steps divide is less than their product.
        (json!({"allOf": [{"type": "integer", "multipleOf": 4}, {"multipleOf": 6}]}), json!({"multipleOf": 24}), false),
        (json!({"allOf": [{"type": "integer", "multipleOf": 4}, {"multipleOf": 6}]}), json!({"multipleOf": 12}), true),
        // What additionalProperties of a taken alternative has looked at is not left over.
        (
            json!({"const": {"a": 1}}),
            json!({"anyOf": [{"additionalProperties": {"type": "integer"}}, {"type": "string"}], "unevaluatedProperties": false}),
            true,
        ),
        (
            json!({"const": {"a": 1}}),
            json!({"anyOf": [{"properties": {"b": true}}, {"type": "string"}], "unevaluatedProperties": false}),
            false,
        ),
        // What an alternative that is not taken would look at is left over; what every value has looked at is not.
        (
            json!({"type": "object", "properties": {"b": {"type": "integer"}}, "additionalProperties": false}),
            json!({"anyOf": [{"properties": {"b": true}, "required": ["c"]}, {"type": "object"}], "unevaluatedProperties": false}),
            false,
        ),
        (
            json!({"type": "object", "properties": {"b": {"type": "integer"}}, "additionalProperties": false}),
            json!({"allOf": [{"properties": {"b": true}}, {"type": "object"}], "unevaluatedProperties": false}),
            true,
        ),
        // A tag tells apart only what must have it, and only by values that differ.
        (
            json!({"type": "object", "properties": {"t": {"const": "a"}}}),
            json!({"oneOf": [
                {"type": "object", "properties": {"t": {"const": "a"}}},
                {"type": "object", "properties": {"t": {"const": "b"}}}
            ]}),
            false,
        ),
        (
            json!({"type": "object", "properties": {"t": {"const": "a"}}, "required": ["t"]}),
            json!({"oneOf": [
                {"type": "object", "properties": {"t": {"enum": ["a", "b"]}}, "required": ["t"]},
                {"type": "object", "properties": {"t": {"enum": ["a", "c"]}}, "required": ["t"]}
            ]}),
            false,
        ),
        (
            json!({"type": "object", "properties": {"t": {"const": "a"}}, "required": ["t"]}),
            json!({"oneOf": [
                {"type": "object", "properties": {"t": {"const": "a"}}, "required": ["t"]},
                {"type": "object", "properties": {"t": {"const": "b"}}, "required": ["t"]}
            ]}),
            true,
        ),
    ];
    for (sub, sup, expected) in cases {
        let answer = ask(&sub, &sup, Dialect::OpenApi31);
        let says = match answer {
            Containment::Contained => Some(true),
            Containment::Refuted(_) => Some(false),
            Containment::Undecided(_) => None,
        };
        assert_eq!(says, Some(expected), "{sub} in {sup}: {answer:?}");
    }
}

/// Where the items differ from place to place, one that finds no value of its own proves nothing of the others.
#[test]
fn what_is_not_decided_is_not_contained() {
    let list = json!({"type": "array", "prefixItems": [{"enum": [1, 2]}, {"const": 1}], "minItems": 2, "uniqueItems": true});
    assert!(!matches!(ask(&list, &json!(false), Dialect::OpenApi31), Containment::Contained));
}

/// A name that a pattern of the taken alternative declares is what that alternative says of it, whatever others say.
#[test]
fn a_closed_sender_sends_what_a_pattern_declares() {
    let sub = json!({"type": "object", "anyOf": [
        {"patternProperties": {"^x": {"type": "string"}}, "required": ["xa"]},
        {"properties": {"xa": {"type": "integer"}, "b": {"type": "integer"}}, "required": ["b"]}
    ]});
    let sup = json!({"properties": {"xa": {"type": "integer"}}});
    let answer = ask_as((&sub, &sup), Dialect::OpenApi31, true);
    assert!(matches!(answer, Containment::Refuted(_)), "{answer:?}");
}

/// A twig is an object, or a list of lists of twigs. Such a list needs a twig, and is found to need itself where a twig is
/// being looked for: that it has no value there says nothing of it elsewhere.
#[test]
fn what_needs_itself_in_one_way_may_have_a_value_in_another() {
    let defs = json!({
        "Twig": {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/Twigs"}, "minItems": 1}, {"type": "object"}]},
        "Twigs": {"type": "array", "items": {"$ref": "#/$defs/Twig"}, "minItems": 1},
        "Loop": {"type": "array", "items": {"$ref": "#/$defs/Loops"}, "minItems": 1},
        "Loops": {"type": "array", "items": {"$ref": "#/$defs/Loop"}, "minItems": 1}
    });
    let member = |of: &str| json!({"$ref": format!("#/$defs/{of}")});
    let both = |one: &str, other: &str| json!({"type": "object", "properties": {"a": member(one), "b": member(other)}, "required": ["a", "b"], "$defs": defs});
    let nobody = json!(false);
    let says = |of: (&str, &str)| ask(&both(of.0, of.1), &nobody, Dialect::OpenApi31);
    for of in [("Twig", "Twigs"), ("Twigs", "Twig"), ("Twigs", "Twigs")] {
        assert!(matches!(says(of), Containment::Refuted(_)), "{of:?}: {:?}", says(of));
    }
    for of in [("Loop", "Loops"), ("Loops", "Loop"), ("Twig", "Loops"), ("Loops", "Twig")] {
        assert_eq!(says(of), Containment::Contained, "{of:?}");
    }
}
