#![doc = include_str!("../README.md")]
#![cfg_attr(target_arch = "wasm32", no_std)]

#[cfg(target_arch = "wasm32")]
extern crate alloc;

#[cfg(all(target_arch = "wasm32", feature = "canonical", not(feature = "explain")))]
mod arena;
#[cfg(target_arch = "wasm32")]
mod border;
#[cfg(all(target_arch = "wasm32", feature = "canonical"))]
pub mod canonical;
#[cfg(all(target_arch = "wasm32", feature = "explain"))]
pub mod explain;
#[cfg(all(target_arch = "wasm32", feature = "explain"))]
mod fields;
#[cfg(all(target_arch = "wasm32", feature = "mac"))]
pub mod mac;
