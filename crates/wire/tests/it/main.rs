//! One binary for what crosses the crate's border.

mod json;
mod log_line;
mod properties;
mod real_data;
mod soundness;
