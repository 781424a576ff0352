//! What is tested across crates, as one binary: linking is the slow part of a test build.

mod node;
mod tidy;
