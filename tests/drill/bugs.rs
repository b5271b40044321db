//! The deliberate defects, as the test and the bench read them.

use serde::Deserialize;

/// Defects of the prover, each planted alone in a copy of the source.
#[derive(Deserialize)]
pub struct Prover {
    /// In order.
    pub bug: Vec<Bug>,
}

/// One defect: in a file of the prover, what stands there and what is planted instead.
#[derive(Deserialize)]
pub struct Bug {
    /// What goes wrong.
    pub name: String,
    /// Below `src/containment`.
    pub file: String,
    /// Stands there once.
    pub find: String,
    /// Stands there then.
    pub plant: String,
}

/// Defects of the daemon, built into one copy of the source, each behind a switch.
#[derive(Deserialize)]
pub struct Daemon {
    /// In order.
    pub defect: Vec<Defect>,
}

/// One defect of the daemon, and the test that sees it.
#[derive(Deserialize)]
pub struct Defect {
    /// What goes wrong; no two have the same.
    pub name: String,
    /// Below `src`.
    pub file: String,
    /// Stands there once: an expression, or whole statements, of which the last ends in `;` or `}`.
    pub find: String,
    /// Stands there then, of the same type.
    pub plant: String,
    /// The tests that see it, by their whole names; those beside the source after `lib::`.
    pub seen_by: Vec<String>,
}

impl Defect {
    /// The source with the defect behind the switch of its name; none where what it looks for does not stand there once.
    pub fn switched(&self, source: &str) -> Option<String> {
        let (find, plant) = (self.find.trim(), self.plant.trim());
        let both = format!("if crate::drill::is_planted({:?}) {{ {plant} }} else {{ {find} }}", self.name);
        let is_statement = find.ends_with([';', '}']);
        let switch = if is_statement { both } else { format!("({both})") };
        (source.matches(find).count() == 1).then(|| source.replacen(find, &switch, 1))
    }
}

/// The files of the daemon's defects, by what they concern.
pub const DAEMON: &[(&str, &str)] = &[
    ("compare", include_str!("compare.toml")),
    ("fetch", include_str!("fetch.toml")),
    ("keep", include_str!("keep.toml")),
    ("operate", include_str!("operate.toml")),
    ("proof", include_str!("proof.toml")),
    ("tell", include_str!("tell.toml")),
    ("wire", include_str!("wire.toml")),
];

/// The defects of the prover.
pub fn prover() -> Prover {
    toml::from_str(include_str!("prover.toml")).expect("prover.toml")
}

/// The defects of the daemon.
pub fn daemon() -> Vec<Defect> {
    let read = |(name, text): &(&str, &str)| {
        toml::from_str::<Daemon>(text).unwrap_or_else(|problem| panic!("tests/drill/{name}.toml: {problem}")).defect
    };
    DAEMON.iter().flat_map(read).collect()
}

/// The modules of the tests that start the program; all others run within one process.
pub const STARTED: &[&str] =
    &["daemon", "deploy", "endpoint", "faults", "follow_ups", "relay", "reports", "several_files", "tls", "unreadable"];

/// The binary in which a test is, and its name there.
pub fn placed(test: &str) -> (&'static str, &str) {
    match test.split_once("::") {
        Some(("lib", path)) => ("lib", path),
        Some((first, _)) if STARTED.contains(&first) => ("started", test),
        _ => ("in_process", test),
    }
}
