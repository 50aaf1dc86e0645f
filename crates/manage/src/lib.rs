//! Pages for people: first run, sign-in, accounts, members, keys, and what they need.
//!
//! [`router`] makes an axum `Router` of [`Pages`]; `http` lets it stand beside the API. Pages are
//! written on the server by `maud`, which escapes by construction, and work without script. One
//! table of routes ([`page_routes`]) says who may open which page, and one function (`dispatch`)
//! holds everybody to it: it finds the session, refuses forged forms, looks up the person's role,
//! and only then runs the page, on a thread that may wait. A page is a function from a `Call` to an
//! answer; what it changes, it changes as that person through [`afsa_accounts::Acting`], which
//! checks the role again and writes the audit log.
//!
//! Texts stand in `messages/en.toml` and `messages/fr.toml`.
//!
//! ```
//! use std::sync::Arc;
//! use afsa_manage::{Pages, SignUp, router};
//! # fn example(accounts: Arc<afsa_accounts::Accounts>, mailer: Arc<afsa_mail::Mailer>,
//! #     clock: Arc<dyn afsa_http::Clock>, randomness: Arc<dyn afsa_http::Randomness>) -> axum::Router {
//! router(Pages {
//!     accounts,
//!     mailer,
//!     clock,
//!     randomness,
//!     address: "https://stats.example.com".into(),
//!     sign_up: SignUp::Invitation,
//! })
//! # }
//! ```

mod answer;
mod assets;
mod authorize;
mod call;
mod cookie;
mod dispatch;
mod failure;
mod fields;
mod forgery;
mod form;
mod layout;
mod letters;
mod once;
mod pages;
mod plugins;
mod routes;
mod site;
mod table;
mod words;

pub use routes::{PageRoute, page_routes};
pub use site::{Pages, SignUp, router};
