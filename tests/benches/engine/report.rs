//! What was found, for people and for programs.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

/// One line of the table.
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) value: String,
    /// What it is to be read with.
    pub(crate) beside: String,
    /// All there is to know of it.
    pub(crate) data: Value,
}

pub(crate) struct Report {
    figures: Vec<Figure>,
}

impl Report {
    pub(crate) const fn new() -> Self {
        Self { figures: Vec::new() }
    }

    /// Tells how it goes.
    #[expect(clippy::print_stderr, reason = "a benchmark takes minutes: this is its progress")]
    pub(crate) fn say(&self, text: &str) {
        eprintln!("{text}");
    }

    pub(crate) fn add(&mut self, figure: Figure) {
        self.say(&format!("  {}: {} ({})", figure.name, figure.value, figure.beside));
        self.figures.push(figure);
    }

    /// Prints the table, and writes all of it to a file.
    #[expect(clippy::print_stdout, reason = "the table is the result")]
    pub(crate) fn publish(&self, out: Option<&Path>) -> Result<()> {
        println!("metrics on, read once a second");
        for Figure { name, value, beside, .. } in &self.figures {
            println!("{name:28} {value:>24}  {beside}");
        }
        let Some(path) = out else { return Ok(()) };
        let cases: Vec<Value> = self
            .figures
            .iter()
            .map(|figure| {
                json!({ "name": figure.name, "value": figure.value, "beside": figure.beside, "data": figure.data })
            })
            .collect();
        let text =
            serde_json::to_string_pretty(&json!({ "bench": "engine", "metrics": true, "cases": cases }))?;
        std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))
    }
}
