//! Access logs of web servers: common, combined and vhost_combined form, as Apache and nginx write
//! them.
//!
//! ```
//! use afsa_wire::log_line::{self, Site, Skip};
//! let line = br#"192.0.2.1 - - [25/Oct/2026:02:00:00 +0100] "GET /a?b=c HTTP/1.1" 200 512 "-" "Firefox""#;
//! let parsed = log_line::parse(line).unwrap();
//! let hit = parsed.into_hit(Site { host: "example.com", is_https: true }).unwrap();
//! assert_eq!(hit.location.as_deref(), Some("https://example.com/a?b=c"));
//!
//! let line = br#"192.0.2.1 - - [25/Oct/2026:02:00:00 +0100] "GET /logo.png HTTP/1.1" 200 512"#;
//! let parsed = log_line::parse(line).unwrap();
//! assert_eq!(parsed.into_hit(Site { host: "example.com", is_https: true }), Err(Skip::Asset));
//! ```

mod parse;
mod quoted;
mod view;

use std::net::IpAddr;

use afsa_model::Timestamp;

use crate::Rejection;

pub use view::{Site, Skip};

/// One request, as its server wrote it down.
#[derive(Clone, Debug, PartialEq)]
pub struct LogLine {
    /// The virtual host, in lower case and without a port, where the log names it.
    pub host: Option<String>,
    /// `None` where the server wrote the client's name in place of its address.
    pub address: Option<IpAddr>,
    pub time: Timestamp,
    pub request: Request,
    /// 100–999.
    pub status: u16,
    /// `None` also where nothing was sent.
    pub bytes: Option<u64>,
    pub referrer: Option<String>,
    pub user_agent: Option<String>,
}

/// The request's first line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    Http {
        /// As sent; methods know cases.
        method: String,
        /// As sent: mostly a path with its query.
        target: String,
    },
    /// Empty, or bytes of some other protocol.
    Other,
}

/// Reads one line, with or without its end.
///
/// Bytes that are no UTF-8 become U+FFFD. A last quoted field that never ends, as a server leaves it
/// that was stopped while it wrote, goes to the end of the line.
pub fn parse(line: &[u8]) -> Result<LogLine, Rejection> {
    parse::line(line.trim_ascii())
}
