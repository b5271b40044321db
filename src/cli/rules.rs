//! `driftd rules [ID]` and `driftd rules --oasdiff`.

use crate::rules::{Catalogue, oasdiff_ids};

/// The ids of oasdiff, each with what answers to it here, separated by tabs.
pub(super) fn oasdiff() -> u8 {
    for id in oasdiff_ids() {
        println!("{}\t{}\t{}", id.id, if id.rules.is_empty() { "-".to_owned() } else { id.rules.join(", ") }, id.note);
    }
    0
}

pub(super) fn run(id: Option<&str>) -> u8 {
    let catalogue = match Catalogue::load() {
        Ok(catalogue) => catalogue,
        Err(problem) => {
            eprintln!("driftd: {problem}");
            return 70;
        }
    };
    let Some(id) = id else {
        for rule in catalogue.rules() {
            println!("{:<8}  {:<54}  {}", rule.severity.name(), rule.id, rule.page.title);
        }
        return 0;
    };
    // People who come from oasdiff ask by the ids they know.
    let known = catalogue.get(id).or_else(|| catalogue.rules().find(|rule| rule.oasdiff.iter().any(|theirs| theirs == id)));
    match known {
        Some(rule) => {
            println!("{} ({}; {}: {})\n", rule.id, rule.severity.name(), rule.consequence.name(), rule.consequence.meaning());
            if let Some(because) = &rule.because {
                println!("Why {}: {because}.\n", rule.severity.name());
            }
            println!("{}", rule.page.body.trim_end());
            if !rule.oasdiff.is_empty() {
                println!("\nKnown to oasdiff's users as {}.", rule.oasdiff.join(", "));
            }
            0
        }
        None => {
            let ids: Vec<&str> = catalogue.rules().map(|rule| rule.id).collect();
            let best = ids.iter().max_by(|a, b| strsim::jaro_winkler(id, a).total_cmp(&strsim::jaro_winkler(id, b)));
            eprintln!(
                "driftd: there is no rule {id:?}; did you mean {:?}? `driftd rules` lists all {}",
                best.unwrap_or(&""),
                ids.len()
            );
            2
        }
    }
}
