#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod filter;
pub mod json;
pub mod notification;
pub mod signature;
