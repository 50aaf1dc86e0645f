//! The pages, driven in process.

mod access;
mod app;
mod entrance;
mod forgery;
mod plugins;
