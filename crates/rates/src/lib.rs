//! Where rates of exchange come from: those that the build carries, the European Central Bank's
//! own files, and a plain text form for what an installation keeps or an account brings.
//!
//! All of it ends in [`ExchangeRates`]: by currency and day, what one unit of a reference currency
//! cost. [`shipped`] has the bank's daily reference rates since 1999 and the fixed rates of the
//! currencies that became the euro; [`parse_ecb_history`] reads a newer file of the bank, and
//! [`merge`] lays it over. [`to_text`] and [`from_text`] carry rates to a file and back. Quotes are
//! exact, in units of 10⁻⁹; days are counted from 1970-01-01.
//!
//! No file is opened here and no address called: bytes come in, rates go out.
//!
//! ```
//! let shipped = afsa_rates::shipped()?;
//! let own = afsa_rates::from_text("EUR", "date,currency,quote\n2022-03-02,RUB,110.5\n")?;
//! let rates = afsa_rates::merge(&shipped, &own)?;
//! // 2.20 € on 1999-01-04 (day 10,595) were 2.59358 $.
//! assert_eq!(rates.converted(220_000, "EUR", "USD", 10_595), Some(259_358));
//! # Ok::<(), afsa_rates::RatesError>(())
//! ```

mod collected;
mod error;
mod field;
mod history;
mod merge;
mod shipped;
mod text;

pub use afsa_model::ExchangeRates;
pub use error::{RatesError, RowFault};
pub use history::{History, MOST_WARNINGS, Warning, parse_ecb_history};
pub use merge::merge;
pub use shipped::shipped;
pub use text::{from_text, to_text};

/// A text longer than this many bytes, packed or not, is not read. The bank's whole history has
/// two million, in the form of [`to_text`] five.
pub const LONGEST_TEXT: usize = 32 << 20;

/// More rates than this are not taken from one text: over four times what the bank has published.
pub const MOST_QUOTES: usize = 1_000_000;

/// The currency in which the bank quotes all others.
pub const EURO: &str = "EUR";
