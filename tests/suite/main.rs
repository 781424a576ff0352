//! What is tested across crates, as one binary: linking is the slow part of a test build.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod canonical_vs_node;
mod cli;
mod faults;
mod fuzz;
mod fuzz_targets;
mod generic;
mod immuta;
mod immuta_request;
mod native;
mod node;
mod observe;
mod openapi;
mod operate;
mod qlik;
mod rights;
mod tidy;
