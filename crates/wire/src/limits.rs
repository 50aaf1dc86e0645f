//! How much one hit may hold. Lengths are in bytes of UTF-8 after escapes were undone.

/// Location, referrer and the address of an event.
pub const ADDRESS: usize = 8_192;
/// Ids of events, visitors, users and orders.
pub const ID: usize = 256;
/// Every other text.
pub const TEXT: usize = 2_048;
/// Products in one hit, and promotions. Real invoices of wholesalers run to 700 lines.
pub const ROWS: usize = 1_000;
/// Fields of a `visitor` object.
pub const VISITOR_FIELDS: usize = 100;
/// Levels of arrays and objects in a hit, also in fields that nobody reads.
pub const DEPTH: usize = 32;
/// Seconds of visibility in one `engagement`: no visit is longer.
pub const VISIBLE_SECONDS: i32 = 24 * 60 * 60;
