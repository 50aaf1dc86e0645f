//! From bytes to hits or reasons: one module a dialect. Knows no clock, network or store.
//!
//! Every dialect gives [`DecodedHit`]s, checked but not yet enriched, or a [`Rejection`] that names
//! the field at fault and says what would be allowed. [`json`] reads the API's own hits,
//! [`log_line`] the access logs of web servers. What is long, deep or numerous is bounded by
//! [`limits`].
//!
//! ```
//! use afsa_wire::json;
//! let line = br#"{"type":"pageview","location":"https://shop.example.com/","visitor_id":"v1"}"#;
//! let hit = json::decode_line(line).unwrap();
//! assert_eq!(hit.visitor_id.as_deref(), Some("v1"));
//!
//! let refused = json::decode_line(br#"{"type":"engagement","scroll_depth":101}"#).unwrap_err();
//! assert_eq!((refused.field.as_str(), refused.error), ("scroll_depth", "out_of_range"));
//! ```

mod hit;
pub mod json;
pub mod limits;
pub mod log_line;
mod time;

pub use hit::{DecodedHit, Rejection};
