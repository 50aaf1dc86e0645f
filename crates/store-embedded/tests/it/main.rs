//! The embedded store from outside: conformance, reopening, damage, disks that fail.

mod backend;
mod conformance;
mod durability;
