//! Named values outside the body in every style and place: what of their texts is no longer read is told, and what is
//! written as before and asks for the same breaks nothing.

use std::collections::BTreeMap;

use driftd::model::{Direction, Severity};
use driftd::rules::{Catalogue, Finding};
use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::messages::{findings, matters, pairs, seed, told};
use super::near_miss::validator;
use super::wire::{NAME, Place, Shape, Style, Writing};
use super::{generate, sample};

/// Pairs in a plain run.
const PAIRS: usize = 1_500;

/// Values that are tried of each side.
const VALUES: usize = 30;

/// Values that say enough of how all are written.
const ENOUGH: usize = 8;

/// A parameter or a header.
#[derive(Debug, Clone)]
struct Named {
    writing: Writing,
    is_required: bool,
    schema: Value,
}

/// A document of each dialect that can say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spoken {
    Swagger2,
    OpenApi(&'static str),
}

fn single(rng: &mut Rng) -> Value {
    if rng.u8(..5) == 0 {
        return json!({"type": "string", "enum": (if rng.bool() { vec!["a", "b"] } else { vec!["a", "bc", "x-1"] })});
    }
    loop {
        let schema = generate::schema(rng, 0, 0);
        if Shape::of(&schema) == Some(Shape::One) {
            return schema;
        }
    }
}

fn shaped(rng: &mut Rng, shape: Shape) -> Value {
    match shape {
        Shape::One => single(rng),
        Shape::List => {
            let mut schema = json!({"type": "array", "items": single(rng)});
            for name in ["minItems", "maxItems"] {
                if rng.u8(..4) == 0 {
                    schema[name] = json!(rng.u8(1..4));
                }
            }
            schema
        }
        Shape::Object => {
            let mut members = Map::new();
            for name in ["r", "g", "b"] {
                if members.is_empty() || rng.bool() {
                    members.insert(name.to_owned(), single(rng));
                }
            }
            let required: Vec<String> = members.keys().filter(|_| rng.u8(..3) == 0).cloned().collect();
            let mut schema = json!({"type": "object", "properties": members, "required": required});
            if rng.u8(..3) == 0 {
                schema["additionalProperties"] = json!(false);
            }
            schema
        }
    }
}

/// Styles that mean something there.
fn styles(place: Place, shape: Shape) -> Vec<(Style, bool)> {
    let both = |style| [(style, false), (style, true)];
    let mut styles: Vec<(Style, bool)> = match place {
        Place::Path => [Style::Simple, Style::Label, Style::Matrix].into_iter().flat_map(both).collect(),
        Place::Header | Place::ResponseHeader => both(Style::Simple).to_vec(),
        Place::Cookie => both(Style::Form).to_vec(),
        Place::Query => {
            let mut styles = both(Style::Form).to_vec();
            match shape {
                Shape::One => {}
                Shape::List => styles.extend([(Style::Spaces, false), (Style::Pipes, false)]),
                Shape::Object => styles.extend([(Style::Spaces, false), (Style::Pipes, false), (Style::Deep, true)]),
            }
            styles
        }
    };
    styles.push((Style::Json, false));
    styles
}

impl Named {
    fn random(rng: &mut Rng) -> Self {
        let place =
            [Place::Path, Place::Query, Place::Query, Place::Header, Place::Cookie, Place::ResponseHeader][rng.usize(..6)];
        let shape = [Shape::One, Shape::List, Shape::Object][rng.usize(..3)];
        let mut named = Self {
            writing: Writing { place, style: Style::Json, is_exploded: false },
            is_required: place == Place::Path || rng.bool(),
            schema: shaped(rng, shape),
        };
        named.restyle(rng);
        named
    }

    fn shape(&self) -> Shape {
        Shape::of(&self.schema).expect("a shape")
    }

    fn restyle(&mut self, rng: &mut Rng) {
        let all = styles(self.writing.place, self.shape());
        (self.writing.style, self.writing.is_exploded) = all[rng.usize(..all.len())];
    }

    fn edited(&self, rng: &mut Rng) -> Self {
        let mut named = self.clone();
        match rng.u8(..9) {
            0..=2 => named.restyle(rng),
            3 if self.writing.place != Place::Path => named.is_required ^= true,
            4 if matches!(self.writing.place, Place::Query | Place::Header | Place::Cookie) => {
                named.writing.place = [Place::Query, Place::Header, Place::Cookie][rng.usize(..3)];
                named.restyle(rng);
            }
            5 => {
                named.schema = match self.shape() {
                    Shape::One => json!({"type": "array", "items": self.schema}),
                    Shape::List => self.schema["items"].clone(),
                    Shape::Object => shaped(rng, Shape::One),
                };
                if !styles(named.writing.place, named.shape()).contains(&(named.writing.style, named.writing.is_exploded)) {
                    named.restyle(rng);
                }
            }
            6 => {}
            _ => {
                let schema = generate::near(rng, &self.schema);
                if Shape::of(&schema) == Some(self.shape()) && validator(&schema).is_some() {
                    named.schema = schema;
                }
            }
        }
        named
    }

    /// Which dialects can say it.
    fn spoken(&self) -> Vec<Spoken> {
        let mut all = vec![Spoken::OpenApi("3.1.0"), Spoken::OpenApi("3.2.0")];
        let text = self.schema.to_string();
        if ["exclusive", "const", "null", "prefixItems", "contains"].iter().all(|word| !text.contains(word)) {
            all.push(Spoken::OpenApi("3.0.3"));
            let Writing { place, style, .. } = self.writing;
            let is_collected = self.shape() != Shape::Object && !matches!(style, Style::Json | Style::Label | Style::Matrix);
            // Swagger 2.0 has no word for headers of responses that are always there.
            let is_there = match place {
                Place::ResponseHeader => !self.is_required,
                place => place != Place::Cookie,
            };
            if is_collected && is_there {
                all.push(Spoken::Swagger2);
            }
        }
        all
    }

    fn description(&self, rng: &mut Rng) -> Value {
        let all = self.spoken();
        let spoken = all[rng.usize(..all.len())];
        let Writing { place, style, is_exploded } = self.writing;
        let mut named = Map::new();
        if self.is_required {
            named.insert("required".into(), json!(true));
        }
        match spoken {
            Spoken::Swagger2 => {
                named.extend(self.schema.as_object().expect("an object").clone());
                if self.shape() == Shape::List {
                    let format = match (style, is_exploded) {
                        (Style::Form, true) => "multi",
                        (Style::Spaces, _) => "ssv",
                        (Style::Pipes, _) => "pipes",
                        _ => "csv",
                    };
                    // By default entries are joined by commas.
                    if format != "csv" || rng.bool() {
                        named.insert("collectionFormat".into(), json!(format));
                    }
                }
            }
            Spoken::OpenApi(_) if style == Style::Json => {
                named.insert("content".into(), json!({"application/json": {"schema": self.schema}}));
            }
            Spoken::OpenApi(_) => {
                named.insert("schema".into(), self.schema.clone());
                let word = match style {
                    Style::Simple => "simple",
                    Style::Label => "label",
                    Style::Matrix => "matrix",
                    Style::Spaces => "spaceDelimited",
                    Style::Pipes => "pipeDelimited",
                    Style::Deep => "deepObject",
                    Style::Form | Style::Json => "form",
                };
                let usual = if matches!(place, Place::Query | Place::Cookie) { "form" } else { "simple" };
                if word != usual || rng.bool() {
                    named.insert("style".into(), json!(word));
                }
                if is_exploded != (word == "form") || rng.bool() {
                    named.insert("explode".into(), json!(is_exploded));
                }
            }
        }
        let mut operation = json!({"responses": {"200": {"description": "ok"}}});
        if place == Place::ResponseHeader {
            operation["responses"]["200"]["headers"] = json!({NAME: named});
        } else {
            let word = match place {
                Place::Path => "path",
                Place::Query => "query",
                Place::Header | Place::ResponseHeader => "header",
                Place::Cookie => "cookie",
            };
            named.extend([("name".to_owned(), json!(NAME)), ("in".to_owned(), json!(word))]);
            operation["parameters"] = json!([named]);
        }
        let path = if place == Place::Path { "/items/{a}" } else { "/items" };
        let (keyword, version) = match spoken {
            Spoken::Swagger2 => ("swagger", "2.0"),
            Spoken::OpenApi(version) => ("openapi", version),
        };
        json!({keyword: version, "info": {"title": "T", "version": "1"}, "paths": {path: {"get": operation}}})
    }

    /// Values that may be sent, with their texts: those that whoever wrote them reads as he wrote them.
    fn sent(&self, rng: &mut Rng) -> BTreeMap<String, Value> {
        let values = (0..VALUES).map(|_| sample::value(rng, &self.schema, &self.schema, 3));
        let texts = values.filter(|value| jsonschema::is_valid(&self.schema, value)).filter_map(|value| {
            let text = self.writing.write(&value)?;
            (self.writing.read(&text, &self.schema)? == value).then_some((text, value))
        });
        // Whoever sends an object sends the members that it declares.
        let declared = |value: &Value| {
            value.as_object().is_none_or(|map| map.keys().all(|name| self.schema["properties"].get(name).is_some()))
        };
        texts.filter(|(_, value)| declared(value)).collect()
    }

    fn reads(&self, from: Place, text: &str) -> bool {
        self.writing.place == from && self.writing.read(text, &self.schema).is_some()
    }
}

#[test]
fn texts_that_are_no_longer_read_are_told() {
    let catalogue = Catalogue::load().expect("the catalogue");
    let mut rng = Rng::with_seed(seed(20_261_206));
    let pairs = pairs(PAIRS);
    let (mut problems, mut refusals, mut alike, mut silent) = (Vec::new(), 0, 0, 0);
    for _ in 0..pairs {
        let before = Named::random(&mut rng);
        let after = before.edited(&mut rng);
        let described = (before.description(&mut rng), after.description(&mut rng));
        let found = findings(&described.0, &described.1, &catalogue);
        silent += usize::from(told(&found).is_empty());
        let (direction, sender, receiver) = match before.writing.place {
            Place::ResponseHeader => (Direction::FromProvider, &after, &before),
            _ => (Direction::ToProvider, &before, &after),
        };
        let here: Vec<&Finding> = found.iter().filter(|finding| finding.change.direction == direction).collect();
        let texts = sender.sent(&mut rng);
        let refused = texts.keys().find(|text| !receiver.reads(sender.writing.place, text));
        let may_lack = receiver.is_required && !sender.is_required;
        if refused.is_some() || may_lack {
            refusals += 1;
            if !here.iter().any(|finding| matters(finding)) {
                let rules: Vec<_> = here.iter().map(|finding| (finding.rule, &finding.proof)).collect();
                problems.push(format!(
                    "{refused:?} is not read {direction:?}, and {rules:?} is told of\n  {}\n  {}",
                    described.0, described.1
                ));
            }
        }
        let is_same = before.schema == after.schema && before.is_required == after.is_required;
        if is_same && before.writing.place == after.writing.place && texts.len() >= ENOUGH {
            let is_alike = texts.iter().all(|(text, value)| receiver.writing.write(value).as_ref() == Some(text));
            alike += usize::from(is_alike);
            let breaks = found.iter().find(|finding| finding.severity == Severity::Breaking);
            if let Some(breaks) = breaks.filter(|_| is_alike) {
                problems
                    .push(format!("{} is told, and every text is the same:\n  {}\n  {}", breaks.rule, described.0, described.1));
            }
        }
    }
    eprintln!("{pairs} pairs: {refusals} with a text that is not read, {alike} written alike, {silent} ask nothing of anybody");
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems[..problems.len().min(12)].join("\n"));
    assert!(refusals > pairs / 5 && alike > pairs / 20 && silent > pairs / 20, "the pairs show nothing");
}
