//! Which requests are page views.

use std::fmt;

use afsa_model::{HitKind, Text, text};

use super::{LogLine, Request};
use crate::{DecodedHit, limits};

/// What a log doesn't say of its site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site<'a> {
    /// The host of lines that name none.
    pub host: &'a str,
    pub is_https: bool,
}

/// Why a request is no page view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Skip {
    /// The request is empty or speaks another protocol.
    NotHttp,
    /// A method other than GET.
    Method,
    /// A status of 400 and above.
    Error,
    /// A status of 300 to 399 but 304, which says that the page is in the browser's cache.
    Redirect,
    /// A status below 200, or one that says that there is nothing to show (204, 205) or only a part
    /// (206).
    NoPage,
    /// A part of pages (image, style, script), or a file that is no page.
    Asset,
    /// A feed, which programs ask for time and again.
    Feed,
    /// The target is no path on this host, as where the server is tried as a proxy.
    ForeignTarget,
    /// The address is longer than a hit may hold.
    TooLong,
}

impl Skip {
    /// Every reason, to count by.
    pub const ALL: [Skip; 9] = [
        Skip::NotHttp,
        Skip::Method,
        Skip::Error,
        Skip::Redirect,
        Skip::NoPage,
        Skip::Asset,
        Skip::Feed,
        Skip::ForeignTarget,
        Skip::TooLong,
    ];
}

impl fmt::Display for Skip {
    /// A fixed word.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Skip::NotHttp => "not_http",
            Skip::Method => "method",
            Skip::Error => "error",
            Skip::Redirect => "redirect",
            Skip::NoPage => "no_page",
            Skip::Asset => "asset",
            Skip::Feed => "feed",
            Skip::ForeignTarget => "foreign_target",
            Skip::TooLong => "too_long",
        })
    }
}

impl LogLine {
    /// The page view that the line tells, or why it tells none.
    ///
    /// Who asks for robots.txt is a robot, whatever the answer was: this gives a page view marked so.
    /// A referrer that is longer than a hit may hold is left out, a user agent cut.
    pub fn into_hit(self, site: Site<'_>) -> Result<DecodedHit, Skip> {
        let Request::Http { method, target } = &self.request else {
            return Err(Skip::NotHttp);
        };
        if method != "GET" {
            return Err(Skip::Method);
        }
        let host = self.host.as_deref().unwrap_or(site.host);
        let target = path_and_query(target, host).ok_or(Skip::ForeignTarget)?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let is_robot = path == "/robots.txt";
        let skip = skip_by_status(self.status).or_else(|| skip_by_path(path, query));
        if let (false, Some(skip)) = (is_robot, skip) {
            return Err(skip);
        }
        let scheme = if site.is_https { "https" } else { "http" };
        let location = format!("{scheme}://{host}{target}");
        if location.len() > limits::ADDRESS {
            return Err(Skip::TooLong);
        }
        Ok(DecodedHit {
            time: Some(self.time),
            address: self.address,
            location: text(&location),
            referrer: bounded(self.referrer),
            user_agent: cut(self.user_agent),
            is_robot,
            ..DecodedHit::of_kind(HitKind::PageView)
        })
    }
}

/// The target's part from the path on; `None` where it is another host's.
fn path_and_query<'a>(target: &'a str, host: &'a str) -> Option<&'a str> {
    if target.starts_with('/') {
        return Some(target);
    }
    let after_scheme = ["http://", "https://"].into_iter().find_map(|scheme| {
        let (start, rest) = target.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    })?;
    let (authority, _) = after_scheme.split_once('/')?;
    let name = |authority: &'a str| authority.split(':').next().unwrap_or_default();
    if !name(authority).eq_ignore_ascii_case(name(host)) {
        return None;
    }
    after_scheme.get(authority.len()..)
}

fn skip_by_status(status: u16) -> Option<Skip> {
    match status {
        304 => None,
        400.. => Some(Skip::Error),
        300..400 => Some(Skip::Redirect),
        204..=206 | ..200 => Some(Skip::NoPage),
        200..300 => None,
    }
}

fn skip_by_path(path: &str, query: &str) -> Option<Skip> {
    let last = path
        .rsplit('/')
        .find(|segment| !segment.is_empty())
        .unwrap_or_default();
    let last = last.to_ascii_lowercase();
    let extension = match last.rsplit_once('.') {
        Some((_, extension)) if !path.ends_with('/') => extension,
        _ => "",
    };
    if FEED_WORDS.contains(&last.as_str())
        || FEED_WORDS.contains(&extension)
        || FEED_FILES.contains(&last.as_str())
        || query.split('&').any(asks_for_feed)
    {
        return Some(Skip::Feed);
    }
    ASSET_EXTENSIONS
        .binary_search(&extension)
        .is_ok()
        .then_some(Skip::Asset)
}

/// `feed=rss2` (WordPress), `flav=atom` (Blosxom), `format=feed&type=rss` (Joomla) and their like.
fn asks_for_feed(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else {
        return false;
    };
    ["feed", "flav", "format", "type", "alt"].contains(&name.to_ascii_lowercase().as_str())
        && FEED_PARAMETERS.contains(&value.to_ascii_lowercase().as_str())
}

const FEED_WORDS: [&str; 6] = ["atom", "feed", "rdf", "rss", "rss1", "rss2"];
const FEED_FILES: [&str; 5] = ["atom.xml", "feed.json", "feed.xml", "feeds.xml", "rss.xml"];
const FEED_PARAMETERS: [&str; 9] = [
    "atom", "atom1", "feed", "rdf", "rss", "rss1", "rss10", "rss2", "rss20",
];

/// Ascending, as it is searched by bisection.
const ASSET_EXTENSIONS: &[&str] = &[
    "7z",
    "aac",
    "apk",
    "appcache",
    "avi",
    "avif",
    "bak",
    "bin",
    "bmp",
    "br",
    "bz2",
    "c",
    "cab",
    "class",
    "conf",
    "cpp",
    "css",
    "csv",
    "cur",
    "deb",
    "diff",
    "dll",
    "dmg",
    "doc",
    "docx",
    "dtd",
    "eot",
    "eps",
    "epub",
    "exe",
    "flac",
    "flv",
    "gem",
    "gif",
    "gz",
    "heic",
    "ico",
    "ics",
    "img",
    "ini",
    "iso",
    "jar",
    "java",
    "jpeg",
    "jpg",
    "js",
    "json",
    "jsonld",
    "jxl",
    "less",
    "log",
    "lua",
    "m3u8",
    "m4a",
    "m4v",
    "map",
    "md",
    "mid",
    "midi",
    "mjs",
    "mkv",
    "mov",
    "mp3",
    "mp4",
    "mpeg",
    "mpg",
    "msi",
    "odp",
    "ods",
    "odt",
    "oga",
    "ogg",
    "ogv",
    "otf",
    "patch",
    "pdf",
    "pem",
    "png",
    "ppt",
    "pptx",
    "ps",
    "pyc",
    "rar",
    "rpm",
    "rtf",
    "scss",
    "sh",
    "sql",
    "svg",
    "svgz",
    "swf",
    "tar",
    "tex",
    "tgz",
    "tif",
    "tiff",
    "toml",
    "ts",
    "ttf",
    "txt",
    "vcf",
    "war",
    "wasm",
    "wav",
    "webm",
    "webmanifest",
    "webp",
    "wma",
    "wmv",
    "woff",
    "woff2",
    "xls",
    "xlsx",
    "xml",
    "xsd",
    "xsl",
    "xslt",
    "xz",
    "yaml",
    "yml",
    "zip",
    "zst",
];

fn bounded(address: Option<String>) -> Text {
    let address = address.filter(|address| address.len() <= limits::ADDRESS)?;
    text(&address)
}

fn cut(agent: Option<String>) -> Text {
    let agent = agent?;
    let mut end = agent.len().min(limits::TEXT);
    while !agent.is_char_boundary(end) {
        end -= 1;
    }
    text(agent.get(..end)?.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asset_extensions_ascend() {
        assert!(ASSET_EXTENSIONS.is_sorted());
    }
}
