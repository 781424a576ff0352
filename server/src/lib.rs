//! sigpost's server.

pub mod app;
pub mod clock;
pub mod delivery;
pub mod domain;
pub mod rng;
pub mod storage;
