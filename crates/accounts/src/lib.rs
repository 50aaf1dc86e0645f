//! Accounts, what belongs to them, and the keys that open them, in one SQLite file.
//!
//! [`Accounts`] is the file. It holds [`Account`]s with their settings, [`Goal`]s, [`Segment`]s and
//! [`ApiKey`]s, [`CheckoutStep`]s and own rates of exchange, and the secrets that cookieless
//! identities are made with. [`Accounts::authenticate`] turns the text of a key or token into a
//! [`Principal`]: the one account and the [`Scopes`] that it opens. Who may sign in, what each may
//! do in which account, shares for people without any and the audit log are in [`people`].
//!
//! What changes anything is done by an [`Acting`], which [`Accounts::acting`] makes of an [`Actor`]
//! and the time: whether he may is checked, and that he did is written down, in the change itself.
//!
//! Filters of goals and segments are texts here; what they mean is the business of whoever asks.
//!
//! Settings that are read are whole: what isn't kept with them, the offsets of zones and the rates
//! that all accounts share, is handed in by [`Accounts::use_zones`] and [`Accounts::use_rates`].
//!
//! Time and random bytes come in as arguments. Any number of threads may share one [`Accounts`],
//! and several processes one file.
//!
//! ```
//! use afsa_accounts::{AccountChange, Accounts, Actor, NewKey, Scope, Scopes};
//! use afsa_model::Timestamp;
//!
//! let now = Timestamp(1_760_000_000_000);
//! let accounts = Accounts::in_memory()?;
//! let draft = AccountChange {
//!     name: Some("A shop".into()),
//!     url: Some("https://shop.example.com/".into()),
//!     ..AccountChange::default()
//! };
//! let acting = accounts.acting(Actor::CommandLine, now);
//! let account = acting.create_account(&draft)?;
//! let key = NewKey { name: "reader".into(), scopes: Scopes::from([Scope::StatsRead]), expires_at: None };
//! let created = acting.create_key(account.id, &key, [7; 32])?;
//! assert!(created.text.starts_with("1-"));
//! let principal = accounts.authenticate(&created.text, now)?;
//! assert_eq!(principal.account, account.id);
//! # Ok::<(), afsa_accounts::Error>(())
//! ```

mod account;
mod acting;
mod change;
mod checkout_step;
mod completion;
mod database;
mod error;
mod goal;
mod key;
mod listed;
pub mod oauth;
mod opaque;
mod own_rates;
pub mod people;
mod principal;
mod scope;
mod secret;
mod segment;
mod usage;

pub use account::{Account, EcommerceLevel, Plan};
pub use acting::{Acting, Actor};
pub use change::AccountChange;
pub use checkout_step::{CheckoutStep, CheckoutStepChange};
pub use database::Accounts;
pub use error::{Error, FieldFault, Refusal};
pub use goal::{Goal, GoalChange};
pub use key::{ApiKey, CreatedKey, NewKey};
pub use listed::{Listed, Part};
pub use own_rates::{MOST_OWN_RATES, OwnRateChoice, OwnRateDraft};
pub use principal::{Credential, Principal};
pub use scope::{Scope, Scopes, UnknownScope};
pub use segment::{Segment, SegmentChange};
