//! The routes, driven in process over a store in memory.

mod access;
mod accounts;
mod app;
mod batch;
mod collecting;
mod contract;
mod document;
mod pages;
mod problems;
mod stats;
