//! What can go wrong: only the reading of tables. Enriching a hit never fails.

/// Why a table or rule of the caller's can't be used.
#[derive(Debug, thiserror::Error)]
pub enum EnrichError {
    /// A row of a table isn't what its column says.
    #[error("table {table}: {reason}")]
    Table { table: &'static str, reason: String },
    /// The bytes are no MaxMind database, or one that holds no countries or cities.
    #[error("the database of places can't be read: {0}")]
    Places(String),
    /// An account's excluded address is neither an address nor a network.
    #[error("\"{0}\" is neither an address nor a network such as 192.0.2.0/24")]
    Network(String),
}
