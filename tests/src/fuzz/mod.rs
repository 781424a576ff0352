//! Fuzzing. Whatever is random here comes from a seed, and a seed brings it back.
//!
//! - [`differential`]: the canonicaliser against Node, which decides what is right; briefly in the tests, for as long as
//!   one likes by `cargo xtask fuzz`. [`documents`] makes the documents, [`oracle`] is Node.
//! - [`targets`]: what libFuzzer runs, by hand; see `tests/fuzz`.

pub mod differential;
pub mod documents;
pub mod oracle;
pub mod targets;
