//! The account's own rules: whose hits stay apart, which hosts and parameters are its own.

use std::net::IpAddr;
use std::sync::Arc;

use afsa_model::AccountSettings;

use crate::EnrichError;

/// What of an account's settings enriching needs, made ready once.
#[derive(Clone, Debug, Default)]
pub struct AccountRules {
    pub(crate) kept_parameters: Arc<[Arc<str>]>,
    /// In lower case; hosts below them are meant too.
    pub(crate) internal_hosts: Arc<[Box<str>]>,
    pub(crate) dropped_bytes: u8,
    own_networks: Vec<Network>,
    own_roles: Vec<Arc<str>>,
}

impl AccountRules {
    /// Makes settings ready. Addresses that can't be read are left out and named in the errors:
    /// the rest of the rules holds.
    pub fn new(settings: &AccountSettings) -> (AccountRules, Vec<EnrichError>) {
        let mut errors = Vec::new();
        let mut own_networks = Vec::new();
        for address in &settings.excluded_addresses {
            match address.parse() {
                Ok(network) => own_networks.push(network),
                Err(error) => errors.push(error),
            }
        }
        let host_of = |host: &Arc<str>| {
            let host = host.trim().to_lowercase();
            let host = host.rsplit("://").next().unwrap_or("");
            let host = host.split('/').next().unwrap_or("");
            host.strip_prefix("*.")
                .unwrap_or(host)
                .trim_matches('.')
                .into()
        };
        let rules = AccountRules {
            kept_parameters: settings.kept_parameters.clone().into(),
            internal_hosts: settings.internal_hosts.iter().map(host_of).collect(),
            dropped_bytes: settings.address_policy.dropped_bytes,
            own_networks,
            own_roles: settings.excluded_roles.clone(),
        };
        (rules, errors)
    }

    /// Whether the hit is of the account's own people, by address or role.
    pub fn is_own(&self, address: Option<IpAddr>, role: Option<&str>) -> bool {
        let by_address = || {
            let address = address.map(|address| address.to_canonical());
            address.is_some_and(|address| {
                self.own_networks
                    .iter()
                    .any(|network| network.contains(address))
            })
        };
        let by_role = || role.is_some_and(|role| self.own_roles.iter().any(|own| **own == *role));
        by_address() || by_role()
    }
}

/// An address as the account's policy leaves it: `dropped_bytes` (0–4) of IPv4 set to zero from
/// the end, of IPv6 twice as many groups. `None` where nothing is left.
pub fn cut_address(address: IpAddr, dropped_bytes: u8) -> Option<IpAddr> {
    let dropped = u32::from(dropped_bytes.min(4));
    if dropped == 4 {
        return None;
    }
    Some(match address.to_canonical() {
        IpAddr::V4(address) => {
            IpAddr::V4((u32::from(address) & (u32::MAX << (8 * dropped))).into())
        }
        IpAddr::V6(address) => {
            IpAddr::V6((u128::from(address) & (u128::MAX << (32 * dropped))).into())
        }
    })
}

/// An address or a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    address: IpAddr,
    prefix: u32,
}

impl std::str::FromStr for Network {
    type Err = EnrichError;

    /// Reads `192.0.2.1`, `192.0.2.0/24` and `2001:db8::/32`.
    fn from_str(input: &str) -> Result<Network, EnrichError> {
        let unreadable = || EnrichError::Network(input.to_owned());
        let (address, prefix) = match input.trim().split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (input.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| unreadable())?;
        let most: u32 = if address.is_ipv4() { 32 } else { 128 };
        let prefix: u32 = match prefix {
            Some(prefix) if prefix.bytes().all(|byte| byte.is_ascii_digit()) => {
                prefix.parse().map_err(|_| unreadable())?
            }
            Some(_) => return Err(unreadable()),
            None => most,
        };
        if prefix > most {
            return Err(unreadable());
        }
        Ok(match address.to_canonical() {
            // An IPv4 network written in the way of IPv6.
            canonical if canonical.is_ipv4() && address.is_ipv6() => Network {
                address: canonical,
                prefix: prefix.saturating_sub(96),
            },
            canonical => Network {
                address: canonical,
                prefix,
            },
        })
    }
}

impl Network {
    fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differing = u32::from(own) ^ u32::from(other);
                differing.leading_zeros() >= self.prefix
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differing = u128::from(own) ^ u128::from(other);
                differing.leading_zeros() >= self.prefix
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses() {
        let check = |network: &str, address: &str, expect: bool| {
            let network: Network = network.parse().unwrap();
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(
                network.contains(address.to_canonical()),
                expect,
                "{network:?} {address}"
            );
        };
        check("192.0.2.7", "192.0.2.7", true);
        check("192.0.2.7", "192.0.2.8", false);
        check("192.0.2.7", "::ffff:192.0.2.7", true);
        check("192.0.2.99/24", "192.0.2.1", true);
        check("192.0.2.0/24", "192.0.3.1", false);
        check("0.0.0.0/0", "203.0.113.9", true);
        check("0.0.0.0/0", "2001:db8::1", false);
        check("2001:db8::/32", "2001:db8:ffff::1", true);
        check("2001:db8::/32", "2001:db9::1", false);
        check("::/0", "2001:db9::1", true);
        check("::ffff:192.0.2.0/120", "192.0.2.200", true);
        check(" 192.0.2.7 ", "192.0.2.7", true);
    }

    #[test]
    fn what_is_no_network_is_named() {
        for input in [
            "",
            "x",
            "192.0.2",
            "192.0.2.1/33",
            "::1/129",
            "192.0.2.1/",
            "192.0.2.1/+1",
        ] {
            let settings = AccountSettings {
                excluded_addresses: vec![input.into()],
                ..Default::default()
            };
            let (rules, errors) = AccountRules::new(&settings);
            assert_eq!(errors.len(), 1, "{input:?}");
            assert!(errors[0].to_string().contains(input), "{input:?}");
            assert!(rules.own_networks.is_empty(), "{input:?}");
        }
    }

    #[test]
    fn addresses_are_cut_as_the_policy_says() {
        let check = |address: &str, dropped: u8, expect: &str| {
            let cut = cut_address(address.parse().unwrap(), dropped);
            let cut = cut.map(|address| address.to_string()).unwrap_or_default();
            assert_eq!(cut, expect, "{address} {dropped}");
        };
        check("192.0.2.77", 0, "192.0.2.77");
        check("192.0.2.77", 1, "192.0.2.0");
        check("192.0.2.77", 2, "192.0.0.0");
        check("192.0.2.77", 3, "192.0.0.0");
        check("192.0.2.77", 4, "");
        check("192.0.2.77", 255, "");
        check("1:2:3:4:5:6:7:8", 1, "1:2:3:4:5:6::");
        check("1:2:3:4:5:6:7:8", 2, "1:2:3:4::");
        check("1:2:3:4:5:6:7:8", 3, "1:2::");
        check("1:2:3:4:5:6:7:8", 4, "");
        check("::ffff:192.0.2.77", 1, "192.0.2.0");
    }
}
