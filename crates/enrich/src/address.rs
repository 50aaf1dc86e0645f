//! Addresses of pages taken apart, whatever was sent in their place.

use std::borrow::Cow;

/// The parts of a URL as they were sent, but for the host, which is in lower case.
///
/// Anything can be split: what has no authority has no host, and what is left is path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address<'a> {
    /// Without `://`; empty where none was sent.
    pub scheme: &'a str,
    /// Without user, port and the dot at its end; empty where there is none.
    pub host: Cow<'a, str>,
    /// Unless it is the scheme's own.
    pub port: Option<u16>,
    /// From the first slash on, without query and anchor; `/` where a host stands alone.
    pub path: &'a str,
    /// Without `?`.
    pub query: &'a str,
    /// Without `#`.
    pub anchor: &'a str,
}

impl<'a> Address<'a> {
    /// Takes an address apart. Never fails.
    pub fn split(input: &'a str) -> Address<'a> {
        let input = input.trim();
        let (before_anchor, anchor) = input.split_once('#').unwrap_or((input, ""));
        let (before_query, query) = before_anchor.split_once('?').unwrap_or((before_anchor, ""));
        let Some((scheme, rest)) = split_scheme(before_query) else {
            return Address {
                path: before_query,
                query,
                anchor,
                ..Address::default()
            };
        };
        let (authority, path) = match rest.find(['/', '\\']) {
            Some(slash) => rest.split_at(slash),
            None => (rest, "/"),
        };
        let (host, port) = split_authority(authority);
        let port = port.filter(|port| default_port(scheme) != Some(*port));
        Address {
            scheme,
            host: lower_case(host),
            port,
            path,
            query,
            anchor,
        }
    }

    /// The host, with its port where that isn't the scheme's own.
    pub fn host_and_port(&self) -> Cow<'_, str> {
        match self.port {
            Some(port) if !self.host.is_empty() => format!("{}:{port}", self.host).into(),
            _ => Cow::Borrowed(&self.host),
        }
    }
}

/// The scheme and what follows `://`; an address may also begin with `//` alone.
fn split_scheme(input: &str) -> Option<(&str, &str)> {
    if let Some(rest) = input.strip_prefix("//") {
        return Some(("", rest));
    }
    let (scheme, rest) = input.split_once("://")?;
    let mut bytes = scheme.bytes();
    let starts_well = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic());
    let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    (starts_well && bytes.all(is_scheme)).then_some((scheme, rest))
}

fn split_authority(authority: &str) -> (&str, Option<u16>) {
    let host_and_port = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    // A colon within the brackets of an IPv6 address parts nothing.
    let after_brackets = host_and_port.rfind(']').map_or(0, |bracket| bracket + 1);
    match host_and_port
        .get(after_brackets..)
        .and_then(|tail| tail.find(':'))
    {
        Some(colon) => {
            let (host, port) = host_and_port.split_at(after_brackets + colon);
            (
                host.trim_end_matches('.'),
                port.get(1..).and_then(|port| port.parse().ok()),
            )
        }
        None => (host_and_port.trim_end_matches('.'), None),
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    if scheme.eq_ignore_ascii_case("https") {
        Some(443)
    } else if scheme.is_empty() || scheme.eq_ignore_ascii_case("http") {
        Some(80)
    } else {
        None
    }
}

/// Lower case without allocating where nothing changes.
pub(crate) fn lower_case(text: &str) -> Cow<'_, str> {
    if text
        .bytes()
        .all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase())
    {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.to_lowercase())
    }
}

/// Whether two hosts belong to one owner: they are equal or share their registrable domain.
pub(crate) fn same_site(one: &str, other: &str) -> bool {
    if one == other {
        return !one.is_empty();
    }
    match (registrable_domain(one), registrable_domain(other)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

/// The part of a host that can be registered (`example.co.uk`); numeric addresses have none.
pub(crate) fn registrable_domain(host: &str) -> Option<&str> {
    if host.starts_with('[') || host.bytes().last().is_none_or(|byte| byte.is_ascii_digit()) {
        return None;
    }
    psl::domain_str(host)
}

/// A host and then the hosts above it: `a.b.c`, `b.c`, `c`.
pub(crate) fn with_parents(host: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(host).filter(|host| !host.is_empty()), |host| {
        host.split_once('.').map(|(_, parent)| parent)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_anything_apart() {
        let check = |input: &str, expect: [&str; 5]| {
            let address = Address::split(input);
            let host = address.host_and_port();
            let parts = [
                address.scheme,
                &*host,
                address.path,
                address.query,
                address.anchor,
            ];
            assert_eq!(parts, expect, "{input:?}");
        };
        check(
            "https://Example.COM/A/b?c=d#e",
            ["https", "example.com", "/A/b", "c=d", "e"],
        );
        check("http://example.com", ["http", "example.com", "/", "", ""]);
        check(
            "http://example.com:80/",
            ["http", "example.com", "/", "", ""],
        );
        check(
            "https://example.com:80/",
            ["https", "example.com:80", "/", "", ""],
        );
        check(
            "https://example.com:8443/",
            ["https", "example.com:8443", "/", "", ""],
        );
        check(
            "https://u:p@s@example.com./x",
            ["https", "example.com", "/x", "", ""],
        );
        check(
            "https://[2001:DB8::1]:8080/x",
            ["https", "[2001:db8::1]:8080", "/x", "", ""],
        );
        check(
            "https://[2001:db8::1]/x",
            ["https", "[2001:db8::1]", "/x", "", ""],
        );
        check(
            "https://BÜCHER.example/",
            ["https", "bücher.example", "/", "", ""],
        );
        check("//example.com/x", ["", "example.com", "/x", "", ""]);
        check("/x?y#z", ["", "", "/x", "y", "z"]);
        check(
            "https://example.com?a=b",
            ["https", "example.com", "/", "a=b", ""],
        );
        check(
            "https://example.com#?a=b",
            ["https", "example.com", "/", "", "?a=b"],
        );
        check(
            "https://example.com\\x",
            ["https", "example.com", "\\x", "", ""],
        );
        check(
            "android-app://com.example.app/x",
            ["android-app", "com.example.app", "/x", "", ""],
        );
        check("about:blank", ["", "", "about:blank", "", ""]);
        check(
            "javascript:alert('//')",
            ["", "", "javascript:alert('//')", "", ""],
        );
        check("-", ["", "", "-", "", ""]);
        check("", ["", "", "", "", ""]);
        check("://", ["", "", "://", "", ""]);
        check("http://", ["http", "", "/", "", ""]);
        check("http://:99999999/", ["http", "", "/", "", ""]);
        check("http://]:[:/", ["http", "]", "/", "", ""]);
        check(
            "  https://example.com/ ",
            ["https", "example.com", "/", "", ""],
        );
    }

    #[test]
    fn sites_end_at_the_public_suffix() {
        let check = |one: &str, other: &str, expect: bool| {
            assert_eq!(same_site(one, other), expect, "{one} {other}");
        };
        check("shop.example.co.uk", "www.example.co.uk", true);
        check("one.co.uk", "other.co.uk", false);
        check("one.github.io", "other.github.io", false);
        check("192.0.2.1", "192.0.2.1", true);
        check("192.0.2.1", "198.51.2.1", false);
        check("[::1]", "[::1]", true);
        check("localhost", "localhost", true);
        check("localhost", "otherhost", false);
        check("", "", false);
        check("com", "com", true);
    }
}
