//! What the pipeline can't work out by itself: the time, keys that are destroyed, randomness.

use afsa_model::{AccountId, Timestamp};
use afsa_store::EventKey;

/// Tells the time.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// Holds secrets. None of them is ever written to a log or an answer.
pub trait Keys: Send + Sync {
    /// The key of a UTC day (days since 1970-01-01) for cookieless identities; `None` once it is
    /// destroyed, and for days to come.
    fn day_key(&self, day: i64) -> Option<[u8; 32]>;

    /// The installation's secret, for hashes that must outlive days.
    fn lasting_key(&self) -> [u8; 32];

    /// Fresh random bytes.
    fn random(&self) -> [u8; 32];
}

/// The key by which a store tells whether an `event_id` came before.
pub(crate) fn event_key(secret: &[u8; 32], account: AccountId, event_id: &str) -> EventKey {
    EventKey(leading_u64(secret, account, b"event", event_id.as_bytes()))
}

pub(crate) fn leading_u64(
    secret: &[u8; 32],
    account: AccountId,
    purpose: &[u8],
    bytes: &[u8],
) -> u64 {
    let mut hasher = blake3::Hasher::new_keyed(secret);
    hasher.update(purpose);
    hasher.update(&account.0.to_be_bytes());
    hasher.update(bytes);
    let mut leading = [0; 8];
    leading.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_be_bytes(leading)
}
