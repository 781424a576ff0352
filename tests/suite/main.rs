//! What is tested across crates, as one binary: linking is the slow part of a test build.

mod canonical_vs_node;
mod immuta;
mod node;
mod tidy;
