//! The deliberate defects of `drill.toml`, as the test and the bench read them.

use serde::Deserialize;

/// All of them.
#[derive(Deserialize)]
pub struct Drill {
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

/// The list.
pub fn drill() -> Drill {
    toml::from_str(include_str!("../drill.toml")).expect("drill.toml")
}
