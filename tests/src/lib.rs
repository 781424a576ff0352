#![doc = include_str!("../README.md")]

pub mod bench;
pub mod config;
pub mod example;
pub mod exposition;
pub mod faults;
pub mod fuzz;
pub mod http;
pub mod load;
pub mod node;
pub mod process;
pub mod receiver;
pub mod server;
pub mod tidy;
pub mod time;
pub mod workspace;
