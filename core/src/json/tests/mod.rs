//! Tests of the whole module.

mod table;
