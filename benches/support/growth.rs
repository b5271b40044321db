//! How the cost of a diff grows with a document: time at twice the size, as a ratio to time at the size itself.
//!
//! Two is linear. Each kind is a shape that could cost the square of its size.

use std::time::Duration;

use driftd::diff::Budget;
use driftd::openapi::{Limits, read};
use driftd::rules::{Catalogue, JsonReport, compare};
use serde_json::Value;

use super::clock::best;
use super::shapes::SHAPES;

/// Prints the table, of the rows whose names hold one of the words.
pub fn print(words: &[&str]) {
    println!("\n{:<44} {:>8} {:>12} {:>12} {:>8}", "what grows", "n", "at n", "at 2n", "ratio");
    let is_wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
    for (name, size, pair) in SHAPES.iter().filter(|(name, ..)| is_wanted(name)) {
        let (once, twice) = (time(&pair(*size)), time(&pair(2 * size)));
        let ratio = twice.as_secs_f64() / once.as_secs_f64();
        println!("{name:<44} {size:>8} {:>12} {:>12} {ratio:>8.2}", format!("{once:.1?}"), format!("{twice:.1?}"));
    }
}

/// The best of three, reading both documents included.
fn time(pair: &[Value; 2]) -> Duration {
    let catalogue = Catalogue::load().unwrap_or_else(|error| panic!("{error}"));
    let [before, after] = pair.each_ref().map(ToString::to_string);
    best(3, || {
        let [before, after] = [&before, &after]
            .map(|text| read(text.as_bytes(), &Limits::of_bytes(text.len())).unwrap_or_else(|error| panic!("{error}")));
        let (verdict, oddities) = compare(&before, &after, &catalogue, Budget::default());
        std::hint::black_box(JsonReport::new(&verdict, oddities));
    })
}
