//! Where an app may have a person sent back to: addresses taken apart, and judged.
//!
//! What a browser might read in another way than we do is no address here: no user before the host,
//! no fragment, no backslash, no wildcard, no step upwards in a path. So two parts that look the
//! same are the same.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::oauth::ClientKind;

/// Bytes of an address.
const LENGTH: usize = 2_000;
/// Parameters that answer a request for authorisation; of those that stand in an address before,
/// none is left, so that an app can't take an older answer for ours.
const ANSWERS: [&str; 6] = [
    "code",
    "state",
    "iss",
    "error",
    "error_description",
    "noredir",
];

/// An address that a person may be sent back to, in its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectAddress {
    text: String,
    scheme: String,
    /// Host and port as they stand, in lower case; `None` for schemes of native apps.
    authority: Option<String>,
    /// Where the path begins in the text, and the query behind its question mark.
    path_at: usize,
    query_at: Option<usize>,
}

/// Why a text is no address to send somebody back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectFault {
    #[error(
        "must be at most 2000 bytes of visible ASCII characters, without quotes, brackets, backslashes and wildcards"
    )]
    Characters,
    #[error("must not have a fragment")]
    Fragment,
    #[error(
        "must begin with https://, with http:// and a loopback address, or with a scheme of a native app that has a dot in it"
    )]
    Scheme,
    #[error("must not have a user before its host")]
    User,
    #[error("must have a host that is a name or an address, and a port between 1 and 65535 if any")]
    Host,
    #[error("must not have . or .. as a step of its path")]
    Path,
}

impl RedirectAddress {
    /// Takes an address apart that a client of this kind may be sent back to.
    pub fn parse(text: &str, kind: ClientKind) -> Result<RedirectAddress, RedirectFault> {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !br#""'<>\^`{|}*"#.contains(&byte);
        if text.len() > LENGTH || !text.bytes().all(is_plain) {
            return Err(RedirectFault::Characters);
        }
        if text.contains('#') {
            return Err(RedirectFault::Fragment);
        }
        let (scheme, rest) = text.split_once(':').ok_or(RedirectFault::Scheme)?;
        let scheme = scheme.to_ascii_lowercase();
        let (authority, after) = if scheme == "https" || scheme == "http" {
            let rest = rest.strip_prefix("//").ok_or(RedirectFault::Scheme)?;
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            let (authority, after) = rest.split_at(end);
            (Some(check_authority(authority)?), after)
        } else if is_native_scheme(&scheme) && kind != ClientKind::Plugin {
            (None, rest)
        } else {
            return Err(RedirectFault::Scheme);
        };
        let path_at = text.len() - after.len();
        let query_at = after.find('?').map(|at| path_at + at + 1);
        let address = RedirectAddress {
            text: text.to_owned(),
            scheme,
            authority,
            path_at,
            query_at,
        };
        // Shops exist that have no https; apps of others do not get codes sent in clear.
        if address.scheme == "http" && kind != ClientKind::Plugin && !address.is_loopback() {
            return Err(RedirectFault::Scheme);
        }
        if address.path().split('/').any(is_step_upwards) {
            return Err(RedirectFault::Path);
        }
        Ok(address)
    }

    /// The address as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Scheme, host and port, in lower case and without the port that is the scheme's own; of a
    /// native app the scheme with its colon. Fit for a list of sources in a content policy.
    pub fn origin(&self) -> String {
        let Some(authority) = &self.authority else {
            return format!("{}:", self.scheme);
        };
        let own = if self.scheme == "https" {
            ":443"
        } else {
            ":80"
        };
        let authority = authority.strip_suffix(own).unwrap_or(authority);
        format!("{}://{authority}", self.scheme)
    }

    /// Origin and path: what an account's owner approves of a shop, whose queries differ.
    pub fn place(&self) -> String {
        let path = self.path();
        let path = if path.is_empty() && self.authority.is_some() {
            "/"
        } else {
            path
        };
        format!("{}{path}", self.origin())
    }

    /// Whether this address, which a request names, is the registered one: the same text, but for
    /// the port of a loopback address, which an app on the person's machine can't choose ahead
    /// (RFC 8252, 7.3).
    pub fn is(&self, registered: &RedirectAddress) -> bool {
        if self.text == registered.text {
            return true;
        }
        self.scheme == "http"
            && registered.scheme == "http"
            && self.is_loopback_number()
            && self.host() == registered.host()
            && self.text.get(self.path_at..) == registered.text.get(registered.path_at..)
    }

    /// The address with the answer to a request: its own query is kept as it is, without what
    /// looks like an answer.
    pub fn with_answer(&self, answer: &[(&str, &str)]) -> String {
        let query = self.query_at.and_then(|at| self.text.get(at..));
        let end = self.query_at.map_or(self.text.len(), |at| at - 1);
        let mut address = self.text.get(..end).unwrap_or_default().to_owned();
        let kept = query
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty() && !is_answer(pair))
            .map(str::to_owned);
        let added = answer
            .iter()
            .map(|(name, value)| format!("{name}={}", encoded(value)));
        for (index, pair) in kept.chain(added).enumerate() {
            address.push(if index == 0 { '?' } else { '&' });
            address.push_str(&pair);
        }
        address
    }

    /// Host without port, in lower case.
    pub fn host(&self) -> Option<&str> {
        let authority = self.authority.as_deref()?;
        Some(split_port(authority).0)
    }

    fn path(&self) -> &str {
        let end = self.query_at.map_or(self.text.len(), |at| at - 1);
        self.text.get(self.path_at..end).unwrap_or_default()
    }

    fn is_loopback(&self) -> bool {
        self.is_loopback_number() || self.host() == Some("localhost")
    }

    fn is_loopback_number(&self) -> bool {
        matches!(self.host(), Some("127.0.0.1" | "[::1]"))
    }
}

impl fmt::Display for RedirectAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// Host and port in lower case, if they are nothing else.
fn check_authority(authority: &str) -> Result<String, RedirectFault> {
    if authority.contains('@') {
        return Err(RedirectFault::User);
    }
    let authority = authority.to_ascii_lowercase();
    let (host, port) = split_port(&authority);
    let is_port = |port: &str| {
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|n| n > 0)
    };
    if is_host(host) && port.is_none_or(is_port) {
        Ok(authority)
    } else {
        Err(RedirectFault::Host)
    }
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn is_host(host: &str) -> bool {
    if let Some(literal) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        return literal.parse::<Ipv6Addr>().is_ok();
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    if host.len() > 253 || !host.split('.').all(is_label) {
        return false;
    }
    // Browsers read a host whose last label is a number as an IPv4 address, in many spellings.
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
    !is_number || host.parse::<Ipv4Addr>().is_ok()
}

/// RFC 8252, 7.1: a domain of the app's own, turned round, so that no other app has it by chance.
fn is_native_scheme(scheme: &str) -> bool {
    scheme.contains('.')
        && scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn is_step_upwards(step: &str) -> bool {
    let step = step.to_ascii_lowercase().replace("%2e", ".");
    step == "." || step == ".."
}

/// Whether a pair of a query says what an answer says, however its name is written: also as PHP,
/// which shops run, reads `%20code` and `code[]` for `code`.
fn is_answer(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default();
    let name = decoded(&name.replace('+', " "));
    let name = name.trim_ascii_start();
    let name = name.split(|byte| b"[\0".contains(byte)).next();
    ANSWERS.iter().any(|answer| name == Some(answer.as_bytes()))
}

fn decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let hex = text.get(at + 1..at + 3);
        let escaped = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escaped {
            Some(value) if *byte == b'%' => {
                decoded.push(value);
                at += 3;
            }
            _ => {
                decoded.push(*byte);
                at += 1;
            }
        }
    }
    decoded
}

fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use ClientKind::{Plugin, Public};

    #[test]
    fn what_is_an_address_to_come_back_to() {
        let check = |text: &str, kind, expect: Result<&str, RedirectFault>| {
            let parsed = RedirectAddress::parse(text, kind);
            let place = parsed.as_ref().map(RedirectAddress::place);
            let place = place.as_ref().map(String::as_str).map_err(|fault| **fault);
            assert_eq!(place, expect, "{text}");
        };
        check(
            "https://app.example.com/cb",
            Public,
            Ok("https://app.example.com/cb"),
        );
        check(
            "HTTPS://App.Example.COM:443/Cb?a=1",
            Public,
            Ok("https://app.example.com/Cb"),
        );
        check(
            "https://app.example.com",
            Public,
            Ok("https://app.example.com/"),
        );
        check(
            "https://[2001:db8::1]:8443/",
            Public,
            Ok("https://[2001:db8::1]:8443/"),
        );
        check(
            "http://127.0.0.1:3000/cb",
            Public,
            Ok("http://127.0.0.1:3000/cb"),
        );
        check("http://[::1]/cb", Public, Ok("http://[::1]/cb"));
        check("http://localhost/cb", Public, Ok("http://localhost/cb"));
        check("com.example.app:/cb", Public, Ok("com.example.app:/cb"));
        check(
            "http://shop.example.com/wp-admin/admin.php?page=x",
            Plugin,
            Ok("http://shop.example.com/wp-admin/admin.php"),
        );
        check("com.example.app:/cb", Plugin, Err(RedirectFault::Scheme));
        check(
            "http://shop.example.com/",
            Public,
            Err(RedirectFault::Scheme),
        );
        check(
            "http://127.0.0.1.example.com/",
            Public,
            Err(RedirectFault::Scheme),
        );
        check("http://127.0.0.2/", Public, Err(RedirectFault::Scheme));
        for text in [
            "javascript:alert(1)",
            "data:text/html,x",
            "app:/cb",
            "/cb",
            "",
            "https:/x",
            "https:app",
            "1.2:/x",
            "file:///x",
            "//app.example.com/",
        ] {
            check(text, Public, Err(RedirectFault::Scheme));
            check(text, Plugin, Err(RedirectFault::Scheme));
        }
        for text in [
            "https://shop.tld@evil.example",
            "https://shop.tld:x@evil.example/",
            "https://@evil.example/",
        ] {
            check(text, Public, Err(RedirectFault::User));
        }
        for text in [
            "https://",
            "https:///x",
            "https://a..b/",
            "https://x:0/",
            "https://x:65536/",
            "https://x:/",
            "https://x:+1/",
            "https://[::g]/",
            "https://[::1",
            "https://0x7f.1/",
            "https://1.2.3/",
            "https://2130706433/",
            "https://a%2eb/",
            "https://-,x/",
        ] {
            check(text, Public, Err(RedirectFault::Host));
        }
        for text in ["https://x.example/#f", "https://x.example/#"] {
            check(text, Public, Err(RedirectFault::Fragment));
        }
        for text in [
            "https://x.example/../y",
            "https://x.example/a/%2E%2e/y",
            "https://x.example/./y",
            "https://x.example/%2e",
        ] {
            check(text, Public, Err(RedirectFault::Path));
        }
        for text in [
            "https://x.example\\@evil.example/",
            "https://*.example.com/",
            "https://x.example/a b",
            "https://x.example/\r\nX: y",
            "https://é.example/",
            "https://x.example/\"",
            "https://x.example/';",
        ] {
            check(text, Public, Err(RedirectFault::Characters));
        }
        check(
            &format!("https://x.example/{}", "a".repeat(2_000)),
            Public,
            Err(RedirectFault::Characters),
        );
    }

    #[test]
    fn only_ports_of_loopback_addresses_may_differ() {
        let check = |asked: &str, registered: &str, expect| {
            let parse = |text| RedirectAddress::parse(text, Public).unwrap();
            assert_eq!(
                parse(asked).is(&parse(registered)),
                expect,
                "{asked} for {registered}"
            );
        };
        check("https://x.example/cb", "https://x.example/cb", true);
        check("http://127.0.0.1:49152/cb", "http://127.0.0.1/cb", true);
        check("http://[::1]:1/cb", "http://[::1]:2/cb", true);
        check("http://127.0.0.1:1/cb?x=1", "http://127.0.0.1/cb?x=1", true);
        check("http://127.0.0.1:1/cb", "http://[::1]/cb", false);
        check("http://127.0.0.1:1/other", "http://127.0.0.1/cb", false);
        check("http://127.0.0.1:1/cb?x=1", "http://127.0.0.1/cb", false);
        check("http://localhost:1/cb", "http://localhost/cb", false);
        check("https://127.0.0.1:1/cb", "https://127.0.0.1/cb", false);
        for asked in [
            "https://x.example/cb/",
            "https://x.example/CB",
            "https://x.example:443/cb",
            "https://X.example/cb",
            "https://x.example/cb?",
            "https://x.example/cb?a",
            "https://x.example./cb",
            "https://sub.x.example/cb",
        ] {
            if RedirectAddress::parse(asked, Public).is_ok() {
                check(asked, "https://x.example/cb", false);
            }
        }
    }

    #[test]
    fn an_answer_leaves_the_query_as_it_was() {
        let check = |address: &str, expect: &str| {
            let address = RedirectAddress::parse(address, Plugin).unwrap();
            let answer = [("code", "afsa_co_x"), ("state", "a+/= &é")];
            assert_eq!(address.with_answer(&answer), expect, "{address}");
        };
        let added = "code=afsa_co_x&state=a%2B%2F%3D%20%26%C3%A9";
        check("https://x.example", &format!("https://x.example?{added}"));
        check(
            "https://x.example/?",
            &format!("https://x.example/?{added}"),
        );
        check(
            "https://x.example/a?page=x&afsa_action=a%20b&token=",
            &format!("https://x.example/a?page=x&afsa_action=a%20b&token=&{added}"),
        );
        check(
            "https://x.example/?code=old&a=1&%73tate=old&error=e&noredir=1&iss&codes=1",
            &format!("https://x.example/?a=1&codes=1&{added}"),
        );
        check(
            "https://x.example/?a[code]=1&+code=old&%20%20state=old&code[]=old&iss%5Bx]=o&error%00=e&co+de=2",
            &format!("https://x.example/?a[code]=1&co+de=2&{added}"),
        );
    }
}
