//! Descriptions of forms that a tag tells apart, and of keywords that the members of an `allOf` repeat: what a random
//! message shows to be refused is told, and what no message shows to differ is not called breaking.
//!
//! The oracle knows nothing of discriminators: it writes each form down with its tags as constants.

use driftd::containment::{Containment, Interpretation, Peers, Prover, Question};
use driftd::openapi::{Dialect, resolve};
use driftd::rules::Catalogue;
use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::messages::{exchanging, findings, pairs, seed, told};
use super::near_miss::validator;
use super::{generate, literal, sample};

/// Pairs in a plain run.
const PAIRS: usize = 400;

/// Messages that are tried against each pair.
const MESSAGES: usize = 60;

const NAMES: &[&str] = &["a", "b", "c"];

/// One form, and the tags that lead to it; none where the name of its component does.
#[derive(Debug, Clone)]
struct TaggedForm {
    name: String,
    tags: Vec<String>,
    properties: Map<String, Value>,
    required: Vec<String>,
    is_closed: bool,
}

impl TaggedForm {
    fn random(rng: &mut Rng, at: usize) -> Self {
        let mut form = Self {
            name: format!("Form{at}"),
            tags: if rng.bool() { vec![format!("tag{at}")] } else { Vec::new() },
            properties: Map::new(),
            required: Vec::new(),
            is_closed: rng.u8(..5) == 0,
        };
        for name in NAMES {
            if rng.bool() {
                form.properties.insert((*name).to_owned(), generate::schema(rng, 0, 0));
                if rng.u8(..3) == 0 {
                    form.required.push((*name).to_owned());
                }
            }
        }
        form
    }

    fn known_as(&self) -> Vec<String> {
        if self.tags.is_empty() { vec![self.name.clone()] } else { self.tags.clone() }
    }

    /// A receiver understands the name of a form beside the tags of its mapping (OpenAPI 3.1 section 4.8.25).
    fn understood_as(&self) -> Vec<String> {
        self.tags.iter().chain([&self.name]).cloned().collect()
    }

    /// The schema of the form, with `kind` as the schema of its tag.
    fn schema(&self, kind: &Value) -> Value {
        let mut properties = self.properties.clone();
        properties.insert("kind".to_owned(), kind.clone());
        let required: Vec<&str> = self.required.iter().map(String::as_str).chain(["kind"]).collect();
        json!({"type": "object", "required": required, "properties": properties, "additionalProperties": !self.is_closed})
    }
}

/// What a sender or a receiver knows of forms.
#[derive(Debug, Clone)]
struct Family {
    keyword: &'static str,
    forms: Vec<TaggedForm>,
}

impl Family {
    fn random(rng: &mut Rng) -> Self {
        let forms = (0..rng.usize(2..5)).map(|at| TaggedForm::random(rng, at)).collect();
        Self { keyword: if rng.u8(..3) == 0 { "anyOf" } else { "oneOf" }, forms }
    }

    fn description(&self, rng: &mut Rng) -> Value {
        let mut mapping = Map::new();
        let mut schemas = Map::new();
        let mut list = Vec::new();
        for form in &self.forms {
            for tag in &form.tags {
                let target = match rng.u8(..3) {
                    0 => form.name.clone(),
                    1 => format!("{}.yaml", form.name),
                    _ => format!("#/components/schemas/{}", form.name),
                };
                mapping.insert(tag.clone(), json!(target));
            }
            list.push(json!({"$ref": format!("#/components/schemas/{}", form.name)}));
            let mut schema = form.schema(&json!({"type": "string"}));
            if !form.is_closed {
                schema.as_object_mut().expect("an object").remove("additionalProperties");
            }
            schemas.insert(form.name.clone(), schema);
        }
        schemas.insert(
            "Message".to_owned(),
            json!({self.keyword: list, "discriminator": {"propertyName": "kind", "mapping": mapping}}),
        );
        exchanging("3.1.0", &json!({"$ref": "#/components/schemas/Message"}), &Value::Object(schemas))
    }

    /// Each form under its tags, by the letter of JSON Schema.
    fn plain(&self, tags: fn(&TaggedForm) -> Vec<String>) -> Value {
        let forms: Vec<Value> = self.forms.iter().map(|form| form.schema(&json!({"enum": tags(form)}))).collect();
        json!({ "anyOf": forms })
    }

    /// A message of declared members.
    fn message(&self, rng: &mut Rng) -> Value {
        let form = &self.forms[rng.usize(..self.forms.len())];
        let tags = form.known_as();
        let mut message = Map::from_iter([("kind".to_owned(), json!(tags[rng.usize(..tags.len())]))]);
        for (name, schema) in &form.properties {
            if form.required.contains(name) || rng.bool() {
                message.insert(name.clone(), sample::value(rng, schema, schema, 2));
            }
        }
        Value::Object(message)
    }

    /// The same with one thing edited.
    fn edited(&self, rng: &mut Rng) -> Self {
        let mut family = self.clone();
        let at = rng.usize(..family.forms.len());
        match rng.u8(..8) {
            0 if family.forms.len() > 2 => {
                family.forms.remove(at);
            }
            1 => family.forms.push(TaggedForm::random(rng, 9)),
            2 => family.forms[at].name = format!("Renamed{at}"),
            3 => family.forms.reverse(),
            4 => family.forms[at].tags = vec!["other".to_owned()],
            5 => family.forms[at].is_closed ^= true,
            6 => {
                let name = NAMES[rng.usize(..NAMES.len())].to_owned();
                let form = &mut family.forms[at];
                match form.required.iter().position(|known| *known == name) {
                    Some(place) => {
                        form.required.remove(place);
                    }
                    None if form.properties.contains_key(&name) => form.required.push(name),
                    None => {
                        form.properties.insert(name, generate::schema(rng, 0, 0));
                    }
                }
            }
            _ => {
                let form = &mut family.forms[at];
                let names: Vec<String> = form.properties.keys().cloned().collect();
                if let Some(name) = names.get(rng.usize(..names.len().max(1))) {
                    let edited = generate::near(rng, &form.properties[name]);
                    form.properties.insert(name.clone(), edited);
                }
            }
        }
        family
    }
}

/// A message of the one that the other refuses.
fn refused(rng: &mut Rng, sender: &Family, receiver: &Family) -> Option<Value> {
    let is_sent = validator(&sender.plain(TaggedForm::known_as))?;
    let is_taken = validator(&receiver.plain(TaggedForm::understood_as))?;
    (0..MESSAGES).map(|_| sender.message(rng)).find(|message| is_sent.is_valid(message) && !is_taken.is_valid(message))
}

#[test]
fn forms_are_judged_by_their_tags() {
    let catalogue = Catalogue::load().expect("the catalogue");
    let mut rng = Rng::with_seed(seed(20_261_130));
    let (mut problems, mut refusals, mut silent) = (Vec::new(), 0, 0);
    for _ in 0..pairs(PAIRS) {
        let before = Family::random(&mut rng);
        let after = before.edited(&mut rng);
        let documents = (before.description(&mut rng), after.description(&mut rng));
        let told = told(&findings(&documents.0, &documents.1, &catalogue));
        silent += usize::from(told.is_empty());
        for (sender, receiver, is_request) in [(&before, &after, true), (&after, &before, false)] {
            let Some(message) = refused(&mut rng, sender, receiver) else { continue };
            refusals += 1;
            let is_told =
                told.iter().any(|line| line.contains("request") == is_request && (!is_request || line.starts_with("breaking")));
            if !is_told {
                problems.push(format!("{message} is refused, and {told:?} is told of {} and {}", documents.0, documents.1));
            }
        }
    }
    eprintln!("{refusals} refused messages, {silent} pairs that ask nothing of anybody");
    assert!(refusals > pairs(PAIRS) / 4 && silent > pairs(PAIRS) / 20, "the pairs show nothing: {refusals}, {silent}");
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems[..problems.len().min(4)].join("\n"));
}

#[test]
fn keywords_that_members_of_an_all_of_repeat_all_count() {
    let catalogue = Catalogue::load().expect("the catalogue");
    let mut rng = Rng::with_seed(seed(20_261_201));
    let (mut problems, mut refusals) = (Vec::new(), 0);
    for _ in 0..pairs(PAIRS) {
        let before = generate::repeated(&mut rng);
        let after = generate::near(&mut rng, &before);
        let (Some(old), Some(new)) = (validator(&before), validator(&after)) else { continue };
        let values: Vec<Value> = (0..MESSAGES).map(|_| sample::value(&mut rng, &before, &before, 4)).collect();
        let Some(value) = values.iter().find(|value| old.is_valid(value) && !new.is_valid(value)) else { continue };
        refusals += 1;
        let described = |schema| exchanging("3.1.0", schema, &json!({}));
        let told = told(&findings(&described(&before), &described(&after), &catalogue));
        if !told.iter().any(|line| line.contains("request")) {
            problems.push(format!("{value} is refused, and {told:?} is told of {before} and {after}"));
        }
    }
    eprintln!("{refusals} refused values");
    assert!(refusals > pairs(PAIRS) / 10, "the pairs show nothing: {refusals}");
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems[..problems.len().min(4)].join("\n"));
}

/// Whether every message of the first description is one of the second.
fn taken(before: &Value, after: &Value) -> Containment {
    let (before, after) = (before.clone().into(), after.clone().into());
    let read = |root| Interpretation { literal: false, ..literal(root, Dialect::OpenApi32) };
    let message = |root| resolve(root, "#/components/schemas/Message").expect("a schema");
    let documents = Peers { sender: read(&before), receiver: read(&after) };
    Prover::new(documents, true, Box::new(|_| false)).contains(message(&before), message(&after), &Question::Whole)
}

#[test]
fn a_form_is_taken_under_its_tags_only() {
    let form = |required: &[&str], kind: Value, name: &str| {
        let required: Vec<&str> = required.iter().copied().chain(["kind"]).collect();
        json!({"type": "object", "required": required, "properties": {"kind": kind, name: {"type": "string"}}})
    };
    let text = || json!({"type": "string"});
    let family = |discriminator: Value, forms: &[(&str, Value)]| {
        let list: Vec<Value> = forms.iter().map(|(name, _)| json!({"$ref": format!("#/components/schemas/{name}")})).collect();
        let mut schemas: Map<String, Value> = forms.iter().map(|(name, form)| ((*name).to_owned(), form.clone())).collect();
        schemas.insert("Message".into(), json!({"oneOf": list, "discriminator": discriminator}));
        json!({"components": {"schemas": schemas}})
    };
    let by = |mapping: Value| json!({"propertyName": "kind", "mapping": mapping});
    let (card, till) = (form(&[], text(), "pan"), form(&[], text(), "till"));
    let (strict, own) = (form(&["pan"], text(), "pan"), |tag: &str| json!({"type": "string", "enum": [tag]}));
    let both = json!({"type": "string", "enum": ["Card", "Till"]});
    let with_default = |mapping: Value| json!({"propertyName": "kind", "mapping": mapping, "defaultMapping": "Till"});
    let unmapped = || json!({"propertyName": "kind"});
    // The tag of a message that is refused; none where none is.
    let cases: Vec<(&str, Value, Value, Option<&str>)> = vec![
        (
            "a form went with its tag",
            family(by(json!({"c": "Card", "t": "Till"})), &[("Card", card.clone()), ("Till", till.clone())]),
            family(by(json!({"c": "Card"})), &[("Card", card.clone()), ("Other", till.clone())]),
            Some("t"),
        ),
        (
            "a form is called as its component",
            family(unmapped(), &[("Card", card.clone()), ("Till", till.clone())]),
            family(unmapped(), &[("Card", strict.clone()), ("Till", till.clone())]),
            Some("Card"),
        ),
        (
            "a mapping names a file",
            family(by(json!({"c": "forms/Card.yaml"})), &[("Card", card.clone()), ("Till", till.clone())]),
            family(by(json!({"c": "#/components/schemas/Card"})), &[("Card", strict.clone()), ("Till", till.clone())]),
            Some("c"),
        ),
        (
            "a mapped form goes to the default",
            family(with_default(json!({"c": "Card"})), &[("Card", card.clone()), ("Till", till.clone())]),
            family(with_default(json!({})), &[("Other", card.clone()), ("Till", till.clone())]),
            None,
        ),
        (
            "the default takes no tag of another form",
            family(with_default(json!({"c": "Card"})), &[("Card", card.clone()), ("Till", till.clone())]),
            family(with_default(json!({"c": "Card"})), &[("Card", strict.clone()), ("Till", till.clone())]),
            Some("c"),
        ),
        (
            "a form that says itself which it is",
            family(unmapped(), &[("Card", form(&[], own("plastic"), "pan")), ("Till", till.clone())]),
            family(unmapped(), &[("Card", form(&["pan"], own("plastic"), "pan")), ("Till", till.clone())]),
            Some("plastic"),
        ),
        (
            "forms that share a list of tags",
            family(unmapped(), &[("Card", form(&[], both.clone(), "pan")), ("Till", form(&[], both.clone(), "till"))]),
            family(unmapped(), &[("Card", form(&["pan"], both.clone(), "pan")), ("Till", form(&[], both, "till"))]),
            Some("Card"),
        ),
        (
            "another name under the same tag",
            family(by(json!({"c": "Card"})), &[("Card", card.clone()), ("Till", till.clone())]),
            family(by(json!({"c": "Plastic"})), &[("Plastic", card), ("Till", till)]),
            None,
        ),
    ];
    for (what, before, after, expected) in cases {
        match (taken(&before, &after), expected) {
            (Containment::Contained, None) => {}
            (Containment::Refuted(witness), Some(tag)) => assert_eq!(witness.value["kind"], json!(tag), "{what}"),
            (answer, _) => panic!("{what}: {answer:?}"),
        }
    }
}

/// A discriminator asks for its tag, and only objects have one.
#[test]
fn what_is_no_object_is_no_form() {
    let form = |name: &str| json!({"required": [name]});
    let list = ["Card", "Till"].map(|name| json!({"$ref": format!("#/components/schemas/{name}")}));
    let tagged = json!({"anyOf": list, "discriminator": {"propertyName": "kind"}});
    let before = json!({"components": {"schemas": {"Message": {"type": "string"}}}});
    let after = json!({"components": {"schemas": {"Card": form("pan"), "Till": form("till"), "Message": tagged}}});
    assert!(matches!(taken(&before, &after), Containment::Refuted(_)), "a text has no tag");
    let untagged = json!({"components": {"schemas": {"Card": form("pan"), "Till": form("till"), "Message": {"anyOf": list}}}});
    assert_eq!(taken(&before, &untagged), Containment::Contained, "a text fits whatever is said of objects");
}
