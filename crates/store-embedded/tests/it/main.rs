//! The embedded store from outside: conformance, reopening, damage, disks that fail.

mod backend;
mod concurrency;
mod conformance;
mod durability;
mod nobody;
