//! Pairs of schemas that differ in a keyword or two: *contained* is never refuted by a value, every witness is one.

use std::collections::BTreeMap;

use driftd::containment::{Answer, NOT_CONFIRMED, Point, Prover};
use driftd::openapi::Dialect;
use fastrand::Rng;
use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

use super::{ask, generate, literal, sample};

/// Pairs in a plain run; `DRIFTD_PAIRS` asks for more.
const PAIRS: usize = 6_000;

/// Values that are tried against each pair that is said to be contained.
const VALUES: usize = 120;

fn validator(schema: &Value) -> Option<Validator> {
    jsonschema::options().with_draft(Draft::Draft202012).build(schema).ok()
}

#[derive(Default)]
struct Tally {
    pairs: usize,
    contained: usize,
    refuted: usize,
    undecided: BTreeMap<&'static str, usize>,
    tried: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn question(&mut self, rng: &mut Rng, sub: &Value, sup: &Value) {
        self.answered(rng, sub, sup, ask(sub, sup, Dialect::OpenApi31));
    }

    fn answered(&mut self, rng: &mut Rng, sub: &Value, sup: &Value, answer: Answer) {
        let (Some(is_sub), Some(is_sup)) = (validator(sub), validator(sup)) else { return };
        self.pairs += 1;
        match answer {
            Answer::Contained => {
                self.contained += 1;
                for at in 0..VALUES {
                    let root = if at % 2 == 0 { sub } else { sup };
                    let value = sample::value(rng, root, root, 5);
                    if is_sub.is_valid(&value) {
                        self.tried += 1;
                        if !is_sup.is_valid(&value) {
                            self.wrong.push(format!("contained, yet {value} is in {sub} and not in {sup}"));
                            return;
                        }
                    }
                }
            }
            Answer::Refuted(witness) => {
                self.refuted += 1;
                if !is_sub.is_valid(&witness.value) || is_sup.is_valid(&witness.value) {
                    self.wrong.push(format!("{} is no witness for {sub} and {sup}", witness.value));
                }
            }
            Answer::Undecided(why) => {
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

    fn judge(&self, name: &str, seed: u64) {
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

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn run(name: &str, depth: usize, defs: std::ops::Range<usize>, pairs: usize) {
    let seed = number("DRIFTD_SEED", 20_261_125);
    let mut rng = Rng::with_seed(seed);
    let mut tally = Tally::default();
    while tally.pairs < pairs {
        let count = if defs.is_empty() { 0 } else { rng.usize(defs.clone()) };
        let before = generate::document(&mut rng, depth, count);
        let after = generate::near(&mut rng, &before);
        tally.question(&mut rng, &before, &after);
        tally.question(&mut rng, &after, &before);
    }
    tally.judge(name, seed);
}

fn pairs() -> usize {
    usize::try_from(number("DRIFTD_PAIRS", PAIRS as u64)).unwrap_or(PAIRS)
}

/// One prover is asked of every component of a document, twice: what it found once and leaned on must not mislead it.
#[test]
fn many_questions_of_one_prover() {
    let seed = number("DRIFTD_SEED", 20_261_125);
    let mut rng = Rng::with_seed(seed);
    let mut tally = Tally::default();
    while tally.pairs < pairs() {
        let count = rng.usize(2..5);
        let before = generate::linked(&mut rng, count);
        let after = generate::near(&mut rng, &before);
        for (sub, sup) in [(&before, &after), (&after, &before)] {
            let sides = [literal(sub, Dialect::OpenApi31), literal(sup, Dialect::OpenApi31)];
            let mut prover = Prover::new(sides, false, Box::new(|_| false));
            for at in (0..count).chain((0..count).rev()) {
                let place = format!("/$defs/{at}");
                let (Some(one), Some(other)) = (sub.pointer(&place), sup.pointer(&place)) else { continue };
                let answer = prover.contains(one, other, &Point::Whole);
                let alone = |document: &Value| json!({"$ref": format!("#{place}"), "$defs": document["$defs"]});
                tally.answered(&mut rng, &alone(sub), &alone(sup), answer);
            }
        }
    }
    tally.judge("many questions", seed);
}

#[test]
fn near_misses() {
    run("near misses", 2, 0..0, pairs());
}

#[test]
fn near_misses_of_recursive_documents() {
    run("recursive near misses", 2, 2..5, pairs() / 3);
}
