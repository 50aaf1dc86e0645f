//! What the routes are handed: data, time, randomness and bounds.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use afsa_accounts::Accounts;
use afsa_model::Timestamp;
use afsa_store::Store;

use crate::{Collector, Demo};

/// Everything that the routes stand on.
pub struct Services {
    pub accounts: Arc<Accounts>,
    pub store: Arc<dyn Store>,
    pub collector: Arc<dyn Collector>,
    pub clock: Arc<dyn Clock>,
    pub randomness: Arc<dyn Randomness>,
    /// Whether this address is a proxy of the operator's, whose `X-Forwarded-For` is believed.
    pub is_trusted_proxy: Arc<dyn Fn(IpAddr) -> bool + Send + Sync>,
    pub limits: Limits,
    /// Pages for people. Each request that reaches them carries its [`Peer`](crate::Peer) as an
    /// extension. They must have no fallback.
    pub pages: axum::Router,
    /// The account that everybody may look at, if there shall be one.
    pub demo: Option<Demo>,
    /// The address by which browsers and clients reach this server, without a slash at its end:
    /// the issuer of OAuth.
    pub public_url: String,
}

/// A source of time.
pub trait Clock: Send + Sync {
    /// The time of day.
    fn now(&self) -> Timestamp;

    /// Time that never goes back, from any start: for durations and rates.
    fn elapsed(&self) -> Duration;
}

/// A source of randomness fit for secrets.
pub trait Randomness: Send + Sync {
    /// Fresh random bytes.
    fn bytes(&self) -> [u8; 32];
}

/// Bounds on what senders may ask for.
#[derive(Clone, Debug)]
pub struct Limits {
    /// For each credential, all operations but collecting. `None`: unbounded.
    pub requests: Option<RatePolicy>,
    /// For each credential, collecting. `None`: unbounded.
    pub collecting: Option<RatePolicy>,
    /// For each address (of IPv6 the first 64 bits), whatever the credential, all operations but
    /// collecting. `None`: unbounded.
    pub addresses: Option<RatePolicy>,
    /// For each account, whatever the credential, all operations but collecting. `None`: unbounded.
    pub accounts: Option<RatePolicy>,
    /// For each address (of IPv6 the first 64 bits), requests without a credential that opens
    /// something; whoever holds one that does is not slowed. `None`: unbounded.
    pub failures: Option<RatePolicy>,
    /// Bytes of a body as it comes and after decompression; imports are not bounded by it.
    pub body_bytes: usize,
    /// How long a body may take to arrive; of an import, each part of it.
    pub body_time: Duration,
    /// Bytes of an import as it comes.
    pub import_bytes: u64,
    /// Imports that may come in at a time.
    pub uploads: usize,
    /// Questions answered at a time, each on one thread.
    pub questions: usize,
    /// How long a question may wait for its turn.
    pub question_wait: Duration,
    /// How long an answer may take from then on.
    pub question_time: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            requests: Some(RatePolicy::a_minute(1_200)),
            collecting: None,
            addresses: Some(RatePolicy::a_minute(6_000)),
            accounts: Some(RatePolicy::a_minute(12_000)),
            failures: Some(RatePolicy::a_minute(60)),
            body_bytes: 8 << 20,
            body_time: Duration::from_secs(30),
            import_bytes: 4 << 30,
            uploads: 4,
            questions: 16,
            question_wait: Duration::from_secs(5),
            question_time: Duration::from_secs(60),
        }
    }
}

/// So many requests at once, and as many again in each window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RatePolicy {
    pub quota: u32,
    pub window: Duration,
}

impl RatePolicy {
    /// So many requests a minute.
    pub fn a_minute(quota: u32) -> RatePolicy {
        RatePolicy {
            quota,
            window: Duration::from_secs(60),
        }
    }
}
