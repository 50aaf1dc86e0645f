//! The pages, asked as browsers ask.

mod plugins;
