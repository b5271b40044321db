//! Lists whose entries are told apart by their places, in all spellings: what a random list shows to be refused is told,
//! and every witness is one for the whole message.
//!
//! The oracle knows one spelling only: `prefixItems` and `items` of JSON Schema 2020-12.

use driftd::rules::Catalogue;
use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::messages::{Trials, exchanging, findings, pairs, seed, told};
use super::near_miss::validator;
use super::{generate, sample};

/// Pairs in a plain run.
const PAIRS: usize = 700;

/// Messages that are tried against each pair.
const MESSAGES: usize = 80;

/// How a list says what its entries are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    /// `prefixItems` and `items`.
    Prefix,
    /// `prefixItems` and `unevaluatedItems`.
    Unevaluated,
    /// `prefixItems` in an `allOf`, and `unevaluatedItems` beside it.
    Beside,
    /// `items` and `additionalItems`, as drafts before 2020-12 have it.
    Draft4,
}

/// Where the list stands in its message.
#[derive(Debug, Clone, Copy)]
enum Place {
    Whole,
    Member,
    RequiredMember,
    Entry,
    Component,
}

/// A list whose first entries have schemas of their own.
#[derive(Debug, Clone)]
struct Tuple {
    first: Vec<Value>,
    rest: Option<Value>,
    least: Option<u8>,
    most: Option<u8>,
    is_unique: bool,
}

impl Tuple {
    fn random(rng: &mut Rng) -> Self {
        let first = (0..rng.usize(1..4)).map(|_| entry(rng)).collect();
        let mut tuple = Self { first, rest: rest(rng), least: None, most: None, is_unique: rng.u8(..8) == 0 };
        if rng.u8(..3) == 0 {
            tuple.least = Some(rng.u8(..4));
        }
        if rng.u8(..3) == 0 {
            tuple.most = Some(rng.u8(1..5));
        }
        tuple
    }

    fn schema(&self, spelling: Spelling) -> Value {
        let (first, behind) = match spelling {
            Spelling::Prefix => ("prefixItems", "items"),
            Spelling::Unevaluated | Spelling::Beside => ("prefixItems", "unevaluatedItems"),
            Spelling::Draft4 => ("items", "additionalItems"),
        };
        let mut schema = Map::from_iter([("type".to_owned(), json!("array"))]);
        // An empty list of entries is none (JSON Schema 2020-12 core section 10.3.1.1).
        if !self.first.is_empty() {
            if spelling == Spelling::Beside {
                schema.insert("allOf".into(), json!([{ first: self.first }]));
            } else {
                schema.insert(first.into(), json!(self.first));
            }
        }
        if let Some(rest) = &self.rest {
            // A list without entries of their own has `items` in every draft.
            let is_first = self.first.is_empty() && spelling == Spelling::Draft4;
            schema.insert(if is_first { "items" } else { behind }.into(), rest.clone());
        }
        for (keyword, count) in [("minItems", self.least), ("maxItems", self.most)] {
            if let Some(count) = count {
                schema.insert(keyword.into(), json!(count));
            }
        }
        if self.is_unique {
            schema.insert("uniqueItems".into(), json!(true));
        }
        Value::Object(schema)
    }

    /// The same with one or two things edited.
    fn edited(&self, rng: &mut Rng) -> Self {
        let mut tuple = self.clone();
        for _ in 0..rng.usize(1..3) {
            tuple.edit(rng);
        }
        tuple
    }

    fn edit(&mut self, rng: &mut Rng) {
        let at = rng.usize(..=self.first.len());
        match rng.u8(..9) {
            0 => self.first.insert(at, entry(rng)),
            1 if at < self.first.len() => {
                self.first.remove(at);
            }
            2 => self.first.reverse(),
            3 | 4 if at < self.first.len() => self.first[at] = generate::near(rng, &self.first[at]),
            5 => self.rest = rest(rng),
            6 => self.rest = self.rest.as_ref().map(|rest| generate::near(rng, rest)),
            7 => self.least = Some(moved(rng, self.least)),
            _ => self.most = Some(moved(rng, self.most)),
        }
    }
}

fn moved(rng: &mut Rng, count: Option<u8>) -> u8 {
    let count = count.unwrap_or(2);
    if rng.bool() { count + 1 } else { count.saturating_sub(1) }
}

fn entry(rng: &mut Rng) -> Value {
    let depth = usize::from(rng.u8(..4) == 0);
    generate::schema(rng, depth, 0)
}

fn rest(rng: &mut Rng) -> Option<Value> {
    match rng.u8(..4) {
        0 => None,
        1 => Some(json!(false)),
        _ => Some(entry(rng)),
    }
}

/// A schema of messages that hold a list.
fn around(place: Place, list: Value) -> (Value, Value) {
    let members = || json!({"a": list, "b": {"type": "string"}});
    match place {
        Place::Whole => (list, json!({})),
        Place::Member => (json!({"type": "object", "properties": members()}), json!({})),
        Place::RequiredMember => (json!({"type": "object", "properties": members(), "required": ["a", "b"]}), json!({})),
        Place::Entry => (json!({"type": "array", "items": list, "minItems": 1}), json!({})),
        Place::Component => (json!({"$ref": "#/components/schemas/List"}), json!({ "List": list })),
    }
}

fn description(tuple: &Tuple, spelling: Spelling, place: Place) -> Value {
    let (schema, components) = around(place, tuple.schema(spelling));
    exchanging("3.1.0", &schema, &components)
}

/// By the letter of JSON Schema 2020-12.
fn plain(tuple: &Tuple, place: Place) -> Value {
    let place = if matches!(place, Place::Component) { Place::Whole } else { place };
    around(place, tuple.schema(Spelling::Prefix)).0
}

const SPELLINGS: &[Spelling] = &[Spelling::Prefix, Spelling::Unevaluated, Spelling::Beside, Spelling::Draft4];
const PLACES: &[Place] = &[Place::Whole, Place::Member, Place::RequiredMember, Place::Entry, Place::Component];

#[test]
fn lists_are_judged_by_the_places_of_their_entries() {
    let catalogue = Catalogue::load().expect("the catalogue");
    let mut rng = Rng::with_seed(seed(20_261_202));
    let (pairs, mut trials) = (pairs(PAIRS), Trials::default());
    for _ in 0..pairs {
        let before = Tuple::random(&mut rng);
        let after = before.edited(&mut rng);
        let place = *rng.choice(PLACES).expect("a place");
        let mut written = |tuple: &Tuple| description(tuple, *rng.choice(SPELLINGS).expect("a spelling"), place);
        let described = (written(&before), written(&after));
        let plain = (plain(&before, place), plain(&after, place));
        let messages = sample::messages(&mut rng, (&plain.0, &plain.1), MESSAGES);
        trials.compare((&described.0, &described.1), (&plain.0, &plain.1), &messages, &catalogue);
    }
    trials.judge(pairs);
}

/// Schemas of any kind as whole bodies: what is true of lists is true of everything else.
#[test]
fn bodies_are_judged_by_what_they_refuse() {
    let catalogue = Catalogue::load().expect("the catalogue");
    let mut rng = Rng::with_seed(seed(20_261_205));
    let (pairs, mut trials) = (pairs(PAIRS), Trials::default());
    for _ in 0..pairs {
        let before = generate::document(&mut rng, 2, 0);
        let after = generate::near(&mut rng, &before);
        let described = |schema| exchanging("3.1.0", schema, &json!({}));
        let messages = sample::messages(&mut rng, (&before, &after), MESSAGES);
        trials.compare((&described(&before), &described(&after)), (&before, &after), &messages, &catalogue);
    }
    trials.judge(pairs);
}

#[test]
fn a_list_is_the_same_in_every_spelling() {
    let catalogue = Catalogue::load().expect("the catalogue");
    let mut rng = Rng::with_seed(seed(20_261_203));
    let (pairs, mut compared) = (pairs(PAIRS) / 4, 0);
    for _ in 0..pairs {
        let tuple = Tuple::random(&mut rng);
        let place = *rng.choice(PLACES).expect("a place");
        let plain = plain(&tuple, place);
        let Some(fits) = validator(&plain) else { continue };
        // Of what fits no value nothing is proven.
        if !sample::messages(&mut rng, (&plain, &plain), MESSAGES).iter().any(|message| fits.is_valid(message)) {
            continue;
        }
        compared += 1;
        let mut written = || description(&tuple, *rng.choice(SPELLINGS).expect("a spelling"), place);
        let (before, after) = (written(), written());
        let told = told(&findings(&before, &after, &catalogue));
        assert!(!told.iter().any(|line| line.starts_with("breaking")), "{told:?}: {before} and {after}");
    }
    assert!(compared > pairs / 2, "only {compared} of {pairs} fit a value");
}
