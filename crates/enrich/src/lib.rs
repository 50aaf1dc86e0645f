//! From what a hit said of its client and origin to what the figures know: browser, machine,
//! place, source, channel, page; and whether it is a person's at all.
//!
//! An [`Enricher`] holds [`Tables`] and turns an [`Input`] into [`Enriched`] by the
//! [`AccountRules`] of the hit's account. [`cookieless`] makes identities where no cookie did.
//! The crate reads no file, no clock and no random source: tables of agents, robots, sources and
//! spammers are part of it (`tools/enrich_tables.py` writes them), databases of places are handed
//! to [`Places`] as bytes. Nothing that leaves it holds an address.
//!
//! ```
//! use afsa_enrich::{AccountRules, Enricher, Input, Tables};
//!
//! let enricher = Enricher::new(Tables::shipped()?);
//! let (rules, _) = AccountRules::new(&afsa_model::AccountSettings::default());
//! let enriched = enricher.enrich(&rules, &Input {
//!     agent: Some("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
//!     location: Some("https://shop.example.com/balls?utm_source=news&utm_medium=email"),
//!     referrer: Some("https://www.example.com/"),
//!     ..Input::default()
//! });
//! let origin = enriched.origin.expect("a location was told");
//! assert_eq!(origin.channel.as_deref(), Some("Email"));
//! assert_eq!(enriched.client.browser.as_deref(), Some("Firefox"));
//! assert_eq!(enriched.page.expect("the same").page.as_deref(), Some("/balls"));
//! # Ok::<(), afsa_enrich::EnrichError>(())
//! ```

mod address;
mod agent;
mod cache;
pub mod cookieless;
mod enricher;
mod error;
mod exclusion;
mod language;
mod origin;
mod place;
mod table;

pub use agent::{AgentInfo, Agents, Robots};
pub use enricher::{Enriched, Enricher, Input, Tables};
pub use error::EnrichError;
pub use exclusion::{AccountRules, cut_address};
pub use language::language;
pub use origin::{Note, SourceKind, Sources};
pub use place::{Place, Places, continent};
