//! The nouns of web analytics as plain data: accounts, hits, visits, orders, money and time.
//!
//! A [`Hit`] is one thing that a browser or a server sent, already enriched: the address is gone,
//! the agent, place and origin stand in its place. A [`Visit`] is what the `visits` crate cuts from
//! the hits of one visitor. Nothing here does I/O, reads a clock or knows a wire format.
//!
//! Texts are `Option<Arc<str>>` ([`Text`]); empty text does not exist, it is `None`.
//!
//! ```
//! use afsa_model::{AccountId, Decimal};
//! assert_eq!(AccountId(3).to_string(), "00000003");
//! let price: Decimal = "16.13".parse().unwrap();
//! assert_eq!(price.micros(), 16_130_000);
//! ```

mod account;
mod day;
mod decimal;
mod hit;
mod quote;
mod rates;
mod time;
mod visit;
mod zone;

pub use account::{AccountId, AccountSettings, AddressPolicy, ParseAccountIdError};
pub use day::{day_text, parse_day};
pub use decimal::{Decimal, ParseDecimalError};
pub use hit::{
    Client, Custom, Engagement, Event, Exclusion, Hit, HitKind, OrderFields, OrderState,
    OrderStatus, Origin, PageContext, Product, ProductAction, ProductHit, Promotion, Purchase,
    Refund, TimingOrException, VisitorFields,
};
pub use quote::{ParseQuoteError, parse_quote, quote_text};
pub use rates::{ExchangeRates, OwnRate, QUOTE_SCALE};
pub use time::{DAY, HOUR, MINUTE, SECOND, TimeRange, Timestamp};
pub use visit::{Cut, PageViewMeasures, Visit, VisitorKey};
pub use zone::ZoneOffsets;

/// A text value, shared; `None` where nothing (or only empty text) was sent.
pub type Text = Option<std::sync::Arc<str>>;

/// Makes a [`Text`], turning the empty string into `None`.
pub fn text(value: &str) -> Text {
    if value.is_empty() {
        None
    } else {
        Some(value.into())
    }
}
