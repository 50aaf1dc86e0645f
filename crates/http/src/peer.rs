//! Who is at the other end of a request.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::header::USER_AGENT;
use axum::http::{Extensions, HeaderMap};

use crate::Peer;

/// Buckets that addresses share.
const BUCKETS: u64 = 8_192;

impl Peer {
    /// A number below 8,192 for whoever sends from this address (of IPv6, from its first 64 bits):
    /// so many buckets and no more, however many addresses a sender has. Who shares one with a
    /// stranger is told to wait when he errs, and nothing else.
    pub fn bucket(&self) -> u64 {
        bucket(&self.network())
    }

    /// The address that requests are counted by: of IPv6 the first 64 bits, of which one sender
    /// has all.
    pub fn network(&self) -> Option<IpAddr> {
        self.address.map(|address| match address {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
            address => address,
        })
    }
}

/// A number below 8,192 for what is to be counted, of which a sender may make up many.
pub fn bucket(counted: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    counted.hash(&mut hasher);
    hasher.finish() % BUCKETS
}

/// Behind proxies that are trusted, it is whom the nearest of them names.
pub(crate) fn peer(
    is_trusted_proxy: &dyn Fn(IpAddr) -> bool,
    extensions: &Extensions,
    headers: &HeaderMap,
) -> Peer {
    let connected = extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|info| info.0.ip());
    let mut address = connected.map(|address| address.to_canonical());
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for step in forwarded.iter().rev() {
        if !address.is_some_and(is_trusted_proxy) {
            break;
        }
        match step.trim().parse::<IpAddr>() {
            Ok(named) => address = Some(named.to_canonical()),
            Err(_) => break,
        }
    }
    let user_agent = headers
        .get(USER_AGENT)
        .and_then(|value| value.to_str().ok());
    Peer {
        address,
        user_agent: user_agent.map(str::to_owned),
    }
}
