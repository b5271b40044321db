//! Pairs of schemas that differ in a keyword or two: *contained* is never refuted by a value, every witness is one.

use std::collections::BTreeMap;

use driftd::containment::{Containment, NOT_CONFIRMED, Peers, Prover, Question};
use driftd::openapi::{Dialect, resolve};
use fastrand::Rng;
use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

use super::{ask_as, generate, literal, messages, sample};

/// Pairs in a plain run.
const PAIRS: usize = 6_000;

/// Values that are tried against each pair that is said to be contained.
const VALUES: usize = 120;

pub fn validator(schema: &Value) -> Option<Validator> {
    jsonschema::options().with_draft(Draft::Draft202012).build(schema).ok()
}

#[derive(Default)]
pub struct Tally {
    pairs: usize,
    contained: usize,
    refuted: usize,
    undecided: BTreeMap<&'static str, usize>,
    tried: usize,
    wrong: Vec<String>,
}

impl Tally {
    /// `sent` is what is sent of `sub`: all its values, or those with declared members only.
    pub fn answered(&mut self, rng: &mut Rng, (sub, sent): (&Value, &Value), sup: &Value, answer: Containment) {
        let (Some(is_sub), Some(is_sent), Some(is_sup)) = (validator(sub), validator(sent), validator(sup)) else { return };
        self.pairs += 1;
        match answer {
            Containment::Contained => {
                self.contained += 1;
                for at in 0..VALUES {
                    let root = if at % 2 == 0 { sub } else { sup };
                    let value = sample::value(rng, root, root, 5);
                    if is_sent.is_valid(&value) {
                        self.tried += 1;
                        if !is_sup.is_valid(&value) {
                            self.wrong.push(format!("contained, yet {value} is in {sent} and not in {sup}"));
                            return;
                        }
                    }
                }
            }
            Containment::Refuted(witness) => {
                self.refuted += 1;
                if !is_sub.is_valid(&witness.value) || is_sup.is_valid(&witness.value) {
                    self.wrong.push(format!("{} is no witness for {sub} and {sup}", witness.value));
                }
            }
            Containment::Undecided(why) => {
                // What it says is not defined (JSON Schema 2020-12 core section 9.4.1).
                if why.contains("refers to itself") {
                    self.pairs -= 1;
                    return;
                }
                if why == NOT_CONFIRMED {
                    self.wrong.push(format!("not confirmed: {sub} and {sup}"));
                }
                *self.undecided.entry(why).or_default() += 1;
            }
        }
    }

    fn tell(&self, name: &str, seed: u64) {
        let undecided: usize = self.undecided.values().sum();
        eprintln!(
            "{name}: seed {seed}, {} questions: {} contained ({} values tried), {} refuted, {undecided} undecided ({:.2} %)",
            self.pairs,
            self.contained,
            self.tried,
            self.refuted,
            undecided as f64 * 100.0 / self.pairs as f64,
        );
        for (why, count) in &self.undecided {
            eprintln!("  {count:5} {why}");
        }
    }

    pub fn judge(&self, name: &str, seed: u64) {
        self.tell(name, seed);
        assert!(self.wrong.is_empty(), "{} wrong:\n{}", self.wrong.len(), self.wrong[..self.wrong.len().min(8)].join("\n"));
        let undecided: usize = self.undecided.values().sum();
        assert!(undecided * 100 <= self.pairs * 3, "{undecided} of {} undecided", self.pairs);
        assert!(
            self.contained > self.pairs / 20 && self.refuted > self.pairs / 20,
            "the pairs are too one-sided to tell anything"
        );
    }
}

fn run(name: &str, defs: std::ops::Range<usize>, pairs: usize, is_closed: bool) {
    let seed = messages::seed(20_261_125);
    let mut rng = Rng::with_seed(seed);
    let mut tally = Tally::default();
    while tally.pairs < pairs {
        let count = if defs.is_empty() { 0 } else { rng.usize(defs.clone()) };
        let before = generate::document(&mut rng, 2, count);
        let after = generate::near(&mut rng, &before);
        for (sub, sup) in [(&before, &after), (&after, &before)] {
            let answer = ask_as((sub, sup), Dialect::OpenApi31, is_closed);
            let sent = if is_closed { closed(sub) } else { sub.clone() };
            tally.answered(&mut rng, (sub, &sent), sup, answer);
        }
    }
    tally.judge(name, seed);
}

/// One prover is asked of every component of a document, twice: what it found once and leaned on must not mislead it.
#[test]
fn many_questions_of_one_prover() {
    let seed = messages::seed(20_261_125);
    let mut rng = Rng::with_seed(seed);
    let mut tally = Tally::default();
    while tally.pairs < messages::pairs(PAIRS) {
        let count = rng.usize(2..5);
        let before = generate::linked(&mut rng, count);
        let after = generate::near(&mut rng, &before);
        for (sub, sup) in [(&before, &after), (&after, &before)] {
            let (one, other) = (driftd::openapi::Value::from(sub.clone()), driftd::openapi::Value::from(sup.clone()));
            let documents = Peers { sender: literal(&one, Dialect::OpenApi31), receiver: literal(&other, Dialect::OpenApi31) };
            let mut prover = Prover::new(documents, false, Box::new(|_| false));
            for at in (0..count).chain((0..count).rev()) {
                let place = format!("/$defs/{at}");
                let (Some(sender), Some(receiver)) = (resolve(&one, &place), resolve(&other, &place)) else { continue };
                let answer = prover.contains(sender, receiver, &Question::Whole);
                let alone = |document: &Value| json!({"$ref": format!("#{place}"), "$defs": document["$defs"]});
                let (sub, sup) = (alone(sub), alone(sup));
                tally.answered(&mut rng, (&sub, &sub), &sup, answer);
            }
        }
    }
    tally.judge("many questions", seed);
}

/// The schema of what a sender sends that adds no member it does not declare.
pub fn closed(schema: &Value) -> Value {
    const OPEN: &[&str] = &["additionalProperties", "unevaluatedProperties"];
    let mut closed = with_closed_members(schema);
    if let Value::Object(map) = &mut closed
        && declares(schema)
        && !OPEN.iter().any(|name| map.contains_key(*name))
    {
        map.insert("unevaluatedProperties".into(), Value::Bool(false));
    }
    closed
}

/// The same with what is sent as members and items closed; the object itself is closed by the schema it is part of.
fn with_closed_members(schema: &Value) -> Value {
    let mut open = schema.clone();
    for (name, value) in open.as_object_mut().into_iter().flatten() {
        match (name.as_str(), value) {
            ("properties" | "patternProperties", Value::Object(members)) => {
                for member in members.values_mut() {
                    *member = closed(member);
                }
            }
            ("prefixItems", Value::Array(items)) => {
                for item in items {
                    *item = closed(item);
                }
            }
            ("items" | "additionalProperties" | "unevaluatedItems" | "unevaluatedProperties", value) => *value = closed(value),
            ("allOf" | "anyOf" | "oneOf", Value::Array(branches)) => {
                for branch in branches {
                    *branch = with_closed_members(branch);
                }
            }
            ("then" | "else", value) => *value = with_closed_members(value),
            ("dependentSchemas", Value::Object(needs)) => {
                for schema in needs.values_mut() {
                    *schema = with_closed_members(schema);
                }
            }
            _ => {}
        }
    }
    open
}

/// Whether members are named here or in a part of the same object.
fn declares(schema: &Value) -> bool {
    let branches = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|name| schema[name].as_array()).flatten();
    let parts = ["if", "then", "else"].into_iter().filter_map(|name| schema.get(name));
    let needs = schema["dependentSchemas"].as_object().into_iter().flat_map(|needs| needs.values());
    let mut named = ["properties", "patternProperties"].into_iter().filter_map(|name| schema[name].as_object());
    named.any(|members| !members.is_empty()) || branches.chain(parts).chain(needs).any(declares)
}

/// What is said of a sender that sends only what it declares.
#[test]
fn near_misses_of_a_closed_sender() {
    run("near misses of a closed sender", 0..0, messages::pairs(PAIRS), true);
}

#[test]
fn near_misses() {
    run("near misses", 0..0, messages::pairs(PAIRS), false);
}

#[test]
fn near_misses_of_recursive_documents() {
    run("recursive near misses", 2..5, messages::pairs(PAIRS) / 3, false);
}
