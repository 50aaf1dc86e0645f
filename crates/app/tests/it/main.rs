//! The real binary, from outside: processes, files and HTTP.

// Tests print what they saw, and measure nothing but their own patience.
#![allow(clippy::print_stderr, clippy::disallowed_methods)]

mod access_logs;
mod command_line;
mod doors;
mod ga_sample;
mod guides;
mod kill;
mod oauth;
mod online_retail;
mod operating;
mod people;
mod plugins;
mod program;
mod rates;
mod shared_data;
