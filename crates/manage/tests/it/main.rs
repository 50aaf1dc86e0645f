//! The pages, driven in process.

mod access;
mod app;
mod attacks;
mod consent;
mod entrance;
mod figures;
mod forgery;
mod plugins;
mod things;
