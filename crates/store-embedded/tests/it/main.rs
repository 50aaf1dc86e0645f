//! The embedded store from outside: conformance, reopening, damage, imports, bounds.

mod backend;
mod conformance;
