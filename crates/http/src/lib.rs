//! The HTTP side: routes, credentials, problems, formats, the OpenAPI document and its pages.
//!
//! [`router`] makes an axum `Router` of [`Services`]: accounts, a store, a [`Collector`], a
//! [`Clock`], [`Randomness`] and [`Limits`]. One table of operations builds both the routes and the
//! OpenAPI document ([`openapi_document`]), so neither knows an operation that the other doesn't.
//! Every request goes one way: credential, rate, leave to act in an account, parameters, body,
//! handler. A handler reaches data only through the leave that it was handed. [`serve`] answers
//! connections with a router, within [`ConnectionLimits`].
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//! # use afsa_http::*;
//! # use afsa_model::Timestamp;
//! struct Stopped;
//! impl Clock for Stopped {
//!     fn now(&self) -> Timestamp { Timestamp(1_793_000_000_000) }
//!     fn elapsed(&self) -> Duration { Duration::ZERO }
//! }
//! # fn example(accounts: Arc<afsa_accounts::Accounts>, store: Arc<dyn afsa_store::Store>,
//! #     collector: Arc<dyn Collector>, randomness: Arc<dyn Randomness>) -> axum::Router {
//! router(Services {
//!     accounts,
//!     store,
//!     collector,
//!     clock: Arc::new(Stopped),
//!     randomness,
//!     is_trusted_proxy: Arc::new(|address: std::net::IpAddr| address.is_loopback()),
//!     limits: Limits::default(),
//!     pages: axum::Router::new(),
//!     demo: None,
//!     public_url: "https://stats.example.com".into(),
//! })
//! # }
//! ```

mod answer;
mod authorized;
mod body;
mod collector;
mod connections;
mod credential;
mod dashboard;
mod demo;
mod dispatch;
mod document;
mod fields;
mod filters;
mod form;
mod gate;
mod guides;
mod metrics;
mod observe;
mod openapi;
mod operation;
mod operations;
mod pages;
mod peer;
mod problem;
mod protocol;
mod question;
mod rate;
mod refusals;
mod reply;
mod schemas;
mod sdk;
mod selected;
mod server;
mod services;
mod uploads;

pub use collector::{
    CollectError, Collector, HitForm, Import, ImportForm, ImportReason, ImportState, Peer, Receipt,
    RejectedHit, Upload,
};
pub use connections::{ConnectionLimits, serve};
pub use demo::Demo;
pub use observe::PageName;
pub use openapi::openapi_document;
pub use peer::bucket;
pub use rate::RateLimiter;
pub use server::router;
pub use services::{Clock, Limits, Randomness, RatePolicy, Services};

/// Reads a filter as the API does; for fuzzing. Answers whether it was well-formed.
#[doc(hidden)]
pub fn parses_as_filter(bytes: &[u8]) -> bool {
    document::parse(bytes, "").is_ok_and(|value| filters::parse(&value, "").is_ok())
}
