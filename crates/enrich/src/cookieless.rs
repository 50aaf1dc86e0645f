//! Visitors without a cookie: keyed hashes of what their hits have in common.

use std::net::IpAddr;

use afsa_model::{AccountId, VisitorKey};

/// A key of 32 random bytes. Whoever holds it decides when it is destroyed.
pub type Key = [u8; 32];

/// The visitor of a UTC day (counted from 1970-01-01): a hash of account, day, network and agent.
///
/// The address is cut to its network (/24, IPv6 /48) first. Empty agents are none. `None` with
/// neither address nor agent: nothing tells whose hit it was.
pub fn visitor_key(
    key: &Key,
    account: AccountId,
    day: i64,
    address: Option<IpAddr>,
    agent: Option<&str>,
) -> Option<VisitorKey> {
    let hash = hash(key, b"day", account, Some(day), address, agent)?;
    Some(VisitorKey(hash))
}

/// The same without the day, for imports: whoever cuts them tells days apart.
pub fn fingerprint(
    key: &Key,
    account: AccountId,
    address: Option<IpAddr>,
    agent: Option<&str>,
) -> Option<u128> {
    hash(key, b"any", account, None, address, agent)
}

fn hash(
    key: &Key,
    purpose: &[u8; 3],
    account: AccountId,
    day: Option<i64>,
    address: Option<IpAddr>,
    agent: Option<&str>,
) -> Option<u128> {
    let agent = agent.filter(|agent| !agent.is_empty());
    if address.is_none() && agent.is_none() {
        return None;
    }
    // Every part but the last has a length that its beginning tells, so no two inputs meet.
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(purpose);
    hasher.update(&account.0.to_be_bytes());
    hasher.update(&day.unwrap_or(0).to_be_bytes());
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(address)) => hasher.update(b"4").update(&address.octets()[..3]),
        Some(IpAddr::V6(address)) => hasher.update(b"6").update(&address.octets()[..6]),
        None => hasher.update(b"0"),
    };
    hasher.update(agent.unwrap_or("").as_bytes());
    let mut hash = [0; 16];
    hash.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    // Zero stands for nobody.
    Some(u128::from_be_bytes(hash).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGENT: Option<&str> = Some("Mozilla/5.0");

    fn key_of(address: &str, agent: Option<&str>) -> Option<VisitorKey> {
        visitor_key(&[7; 32], AccountId(3), 20_000, address.parse().ok(), agent)
    }

    #[test]
    fn a_network_with_an_agent_is_one_visitor() {
        assert_eq!(key_of("192.0.2.1", AGENT), key_of("192.0.2.254", AGENT));
        assert_eq!(
            key_of("192.0.2.1", AGENT),
            key_of("::ffff:192.0.2.9", AGENT)
        );
        assert_eq!(
            key_of("2001:db8:1:2::3", AGENT),
            key_of("2001:db8:1:ffff::9", AGENT)
        );
        assert_ne!(key_of("192.0.2.1", AGENT), key_of("192.0.3.1", AGENT));
        assert_ne!(
            key_of("2001:db8:1::1", AGENT),
            key_of("2001:db8:2::1", AGENT)
        );
        assert_ne!(
            key_of("192.0.2.1", AGENT),
            key_of("192.0.2.1", Some("Other"))
        );
        assert_ne!(key_of("192.0.2.1", AGENT), key_of("192.0.2.1", None));
        assert_ne!(key_of("192.0.2.1", AGENT), key_of("", AGENT));
        assert_eq!(key_of("", None), None);
        assert_eq!(key_of("", Some("")), None);
    }

    #[test]
    fn key_account_and_day_tell_apart() {
        let address = "192.0.2.1".parse().ok();
        let visitor = |byte, account, day| {
            visitor_key(&[byte; 32], AccountId(account), day, address, AGENT).unwrap()
        };
        let all = [
            visitor(7, 3, 5),
            visitor(8, 3, 5),
            visitor(7, 4, 5),
            visitor(7, 3, 6),
        ];
        for (index, one) in all.iter().enumerate() {
            assert!(all[index + 1..].iter().all(|other| other != one));
        }
        let finger = fingerprint(&[7; 32], AccountId(3), address, AGENT).unwrap();
        assert_eq!(
            fingerprint(&[7; 32], AccountId(3), address, AGENT),
            Some(finger)
        );
        assert_ne!(visitor(7, 3, 0).0, finger);
    }
}
