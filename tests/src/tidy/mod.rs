//! The house's rules, as functions over texts and paths.
//!
//! A rule takes what it judges as an argument and returns every [`Violation`] it sees: file, line, what is wrong and
//! what to do about it. It reads no disk, so that its own tests can hand it a bad snippet and see it refused: a rule
//! that cannot fail is no rule. [`Tree`] is the one thing here that looks at the working tree, and `suite/tidy.rs`
//! is where the rules meet it.
//!
//! The rules read syntax, not meaning. A name that reaches another module through a glob import, a macro that builds
//! a path, or a re-export in an allowed module is not seen; they keep honest people from drifting, no more.

pub mod arrows;
pub mod layout;
pub mod names;
pub mod references;
pub mod sizes;
mod tree;
pub mod words;

use std::fmt;

pub use tree::Tree;

/// A file of the project: its path from the root with `/` between folders, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Path from the root of the repository, such as `core/src/lib.rs`.
    pub path: String,
    /// The whole text.
    pub text: String,
}

impl Source {
    /// Makes a source from a path and a text.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    /// Whether the path ends with one of these extensions, given without the dot.
    #[must_use]
    pub fn has_extension(&self, extensions: &[&str]) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, extension)| extensions.contains(&extension))
    }
}

/// One breach of one rule, with the place and the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Path from the root of the repository.
    pub file: String,
    /// Line, counted from 1; 0 when the file as a whole is meant.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub remedy: &'static str,
}

impl Violation {
    fn new(source: &Source, line: usize, problem: impl Into<String>, remedy: &'static str) -> Self {
        Self { file: source.path.clone(), line, problem: problem.into(), remedy }
    }

    fn unreadable(source: &Source, error: &syn::Error) -> Self {
        let line = error.span().start().line;
        Self::new(source, line, format!("does not parse: {error}"), "make it valid Rust")
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} (remedy: {})", self.file, self.line, self.problem, self.remedy)
    }
}

/// The violations as one text, a line each, for a failing test to show.
#[must_use]
pub fn report(violations: &[Violation]) -> String {
    violations.iter().map(|violation| format!("\n  {violation}")).collect()
}
