//! Tests of the whole module.

mod attacks;
mod edges;
mod errors;
mod properties;
mod table;
mod view;
