//! Tests of the whole module.

mod attacks;
mod errors;
mod properties;
mod table;
mod view;
