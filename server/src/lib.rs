#![doc = include_str!("../README.md")]

pub mod app;
mod causes;
pub mod cli;
pub mod clock;
pub mod config;
pub mod delivery;
pub mod dialects;
pub mod domain;
mod files;
mod housekeeping;
pub mod http;
pub mod metrics;
pub mod rng;
pub mod storage;
mod telemetry;
#[cfg(test)]
mod tests;
pub mod traces;
mod wiring;

pub use wiring::{RunError, Server, StartError};
