//! Search engines, social networks, AI assistants and Google Analytics' categories of sources.

use std::collections::HashMap;
use std::sync::Arc;

use psl::Psl;
use regex::Regex;

use super::parameters::{decode, parameters};
use crate::EnrichError;
use crate::address::{Address, lower_case, registrable_domain, with_parents};
use crate::table::rows;

/// What a source is; each is of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SourceKind {
    Assistant,
    Search,
    Social,
    Shopping,
    Video,
}

/// What is known of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Source {
    pub kind: Option<SourceKind>,
    /// As the engine, network or assistant writes itself.
    pub name: Option<Arc<str>>,
}

/// The tables by which sources are known.
pub struct Sources {
    kinds: HashMap<&'static str, SourceKind>,
    assistants: Names,
    engines: Names,
    networks: Names,
    /// What the hosts of `engines` stand for: where each row's keyword is.
    engine_rows: Vec<EngineRow>,
    spammers: std::collections::HashSet<&'static str>,
}

/// Hosts (with `{}` for a public suffix or a country), some with the beginning of a path.
#[derive(Default)]
struct Names {
    by_host: HashMap<&'static str, Vec<HostEntry>>,
    by_name: HashMap<String, Arc<str>>,
}

struct HostEntry {
    /// Without the first slash; empty: any.
    path: &'static str,
    name: Arc<str>,
    row: usize,
}

struct EngineRow {
    parameters: Vec<&'static str>,
    paths: Vec<Regex>,
}

impl Sources {
    /// The tables that come with the crate.
    pub fn shipped() -> Result<Sources, EnrichError> {
        let mut engines = Names::default();
        let mut engine_rows = Vec::new();
        for (number, mut row) in rows(include_str!("../../tables/search_engines.tsv")).enumerate() {
            engines.push(row.cell(), row.cell(), number);
            let parameters = row.cell().split_whitespace().collect();
            let paths = row
                .cell()
                .split_whitespace()
                .map(Regex::new)
                .collect::<Result<_, _>>();
            let paths = paths.map_err(|error| table_error("search_engines", error))?;
            engine_rows.push(EngineRow { parameters, paths });
        }
        let kinds = rows(include_str!("../../tables/source_kinds.tsv"))
            .map(|mut row| Ok((row.cell(), kind_of_word(row.cell())?)))
            .collect::<Result<_, EnrichError>>()?;
        Ok(Sources {
            kinds,
            assistants: Names::of(include_str!("../../tables/ai_assistants.tsv")),
            networks: Names::of(include_str!("../../tables/social_networks.tsv")),
            engines,
            engine_rows,
            spammers: rows(include_str!("../../tables/referrer_spam.tsv"))
                .map(|mut row| row.cell())
                .collect(),
        })
    }

    /// Whether the host, or one above it, is listed for sending referrers of visits never made.
    pub fn is_spammer(&self, host: &str) -> bool {
        with_parents(host).any(|host| self.spammers.contains(host))
    }

    /// What is known of a referring page.
    pub(crate) fn by_referrer(&self, referrer: &Address<'_>) -> Source {
        self.by_host(&referrer.host, referrer.path)
    }

    /// What is known of a source that a tag names, given in lower case: `google`, `t.co`.
    pub(crate) fn by_tag(&self, source: &str) -> Source {
        if let Some(name) = self.assistants.by_name.get(source) {
            return Source {
                kind: Some(SourceKind::Assistant),
                name: Some(name.clone()),
            };
        }
        let engine = self.engines.by_name.get(source);
        let network = self.networks.by_name.get(source);
        if engine.is_some() || network.is_some() {
            return self.resolve(self.kinds.get(source).copied(), engine, network);
        }
        self.by_host(source, "/")
    }

    /// The words that were searched for, where the engine's address tells them.
    pub(crate) fn keyword(&self, referrer: &Address<'_>) -> Option<String> {
        // Today's engines tell no more than their host.
        if referrer.query.is_empty() && referrer.path == "/" {
            return None;
        }
        let entry = self.engines.engine(&referrer.host, referrer.path)?;
        let row = self.engine_rows.get(entry.row)?;
        let by_parameter = row.parameters.iter().find_map(|wanted| {
            parameters(referrer.query)
                .find(|parameter| parameter.raw_name == *wanted && !parameter.raw_value.is_empty())
                .map(|parameter| parameter.raw_value)
        });
        let whole;
        let raw = match by_parameter {
            Some(value) => value,
            None if row.paths.is_empty() => return None,
            None => {
                whole = match referrer.query {
                    "" => referrer.path.to_owned(),
                    query => format!("{}?{query}", referrer.path),
                };
                let captures = row.paths.iter().find_map(|path| path.captures(&whole))?;
                captures.get(1)?.as_str()
            }
        };
        let keyword = decode(raw);
        // An engine that writes another character set than UTF-8 can't be read: better no word
        // than a broken one.
        if keyword.contains(char::REPLACEMENT_CHARACTER) {
            return None;
        }
        let keyword = keyword.split_whitespace().collect::<Vec<_>>().join(" ");
        (!keyword.is_empty()).then_some(keyword)
    }

    fn by_host(&self, host: &str, path: &str) -> Source {
        if host.is_empty() {
            return Source::default();
        }
        if let Some(entry) = self.assistants.owner(host, path) {
            return Source {
                kind: Some(SourceKind::Assistant),
                name: Some(entry.name.clone()),
            };
        }
        let engine = self.engines.engine(host, path).map(|entry| &entry.name);
        let network = self.networks.owner(host, path).map(|entry| &entry.name);
        self.resolve(self.category(host), engine, network)
    }

    /// One kind of all that is known: the category, by the source itself or by its name, goes
    /// before the lists of engines and networks.
    fn resolve(
        &self,
        category: Option<SourceKind>,
        engine: Option<&Arc<str>>,
        network: Option<&Arc<str>>,
    ) -> Source {
        let by_name = |name: Option<&Arc<str>>| {
            name.and_then(|name| self.kinds.get(&*lower_case(name)).copied())
        };
        let kind = category
            .or_else(|| by_name(engine))
            .or(engine.map(|_| SourceKind::Search))
            .or_else(|| by_name(network))
            .or(network.map(|_| SourceKind::Social));
        let name = match kind {
            Some(SourceKind::Search) => engine.or(network),
            _ => network.or(engine),
        };
        Source {
            kind,
            name: name.cloned(),
        }
    }

    fn category(&self, host: &str) -> Option<SourceKind> {
        let bare = host.strip_prefix("www.").unwrap_or(host);
        if let Some(kind) = self.kinds.get(host).or_else(|| self.kinds.get(bare)) {
            return Some(*kind);
        }
        // All of a shop, network or video platform is one; a portal's mail is no search engine.
        let kind = *self.kinds.get(registrable_domain(host)?)?;
        (kind != SourceKind::Search).then_some(kind)
    }
}

impl Names {
    fn of(table: &'static str) -> Names {
        let mut names = Names::default();
        for (number, mut row) in rows(table).enumerate() {
            names.push(row.cell(), row.cell(), number);
        }
        names
    }

    fn push(&mut self, name: &'static str, hosts: &'static str, row: usize) {
        let shared = self
            .by_name
            .entry(name.to_lowercase())
            .or_insert_with(|| name.into());
        let shared = shared.clone();
        for address in hosts.split_whitespace() {
            let (host, path) = address.split_once('/').unwrap_or((address, ""));
            let entry = HostEntry {
                path,
                name: shared.clone(),
                row,
            };
            let entries = self.by_host.entry(host).or_default();
            entries.push(entry);
            // Entries with a path go before the one that takes any.
            entries.sort_by_key(|entry| std::cmp::Reverse(entry.path.len()));
        }
    }

    fn exact(&self, host: &str, path: &str) -> Option<&HostEntry> {
        let path = path.strip_prefix('/').unwrap_or(path);
        self.by_host
            .get(host)?
            .iter()
            .find(|entry| path.starts_with(entry.path))
    }

    /// Of networks and assistants all hosts below a listed one are meant too.
    fn owner(&self, host: &str, path: &str) -> Option<&HostEntry> {
        with_parents(host).find_map(|host| self.exact(host, path))
    }

    /// Of engines only the hosts listed are meant: their portals have many that don't search.
    fn engine(&self, host: &str, path: &str) -> Option<&HostEntry> {
        let bare = ["www.", "m.", "search."]
            .iter()
            .find_map(|prefix| host.strip_prefix(prefix));
        [Some(host), bare].into_iter().flatten().find_map(|host| {
            self.exact(host, path)
                .or_else(|| self.exact(&with_any_suffix(host)?, path))
                .or_else(|| with_any_country(host).find_map(|host| self.exact(&host, path)))
        })
    }
}

/// `google.co.uk` as `google.{}`, if it ends in a suffix of the root's own list: anyone may have
/// `google.github.io`.
fn with_any_suffix(host: &str) -> Option<String> {
    let suffix = psl::List.suffix(host.as_bytes())?;
    if suffix.typ() != Some(psl::Type::Icann) {
        return None;
    }
    let name = host.get(..host.len().checked_sub(suffix.as_bytes().len())?)?;
    (name.len() > 1).then(|| format!("{name}{{}}"))
}

/// `de.search.yahoo.com` as `{}.search.yahoo.com`: any label of two letters but the last.
fn with_any_country(host: &str) -> impl Iterator<Item = String> + '_ {
    let mut start = 0;
    host.split('.').filter_map(move |label| {
        let from = start;
        start += label.len() + 1;
        let is_country = label.len() == 2 && label.bytes().all(|byte| byte.is_ascii_lowercase());
        let rest = host
            .get(from + label.len()..)
            .filter(|rest| !rest.is_empty())?;
        is_country.then(|| format!("{}{{}}{rest}", host.get(..from).unwrap_or("")))
    })
}

fn kind_of_word(word: &str) -> Result<SourceKind, EnrichError> {
    match word {
        "search" => Ok(SourceKind::Search),
        "social" => Ok(SourceKind::Social),
        "shopping" => Ok(SourceKind::Shopping),
        "video" => Ok(SourceKind::Video),
        _ => Err(table_error(
            "source_kinds",
            format!("no kind is called {word:?}"),
        )),
    }
}

fn table_error(table: &'static str, reason: impl std::fmt::Display) -> EnrichError {
    EnrichError::Table {
        table,
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_known_by_host_and_name() {
        let sources = Sources::shipped().unwrap();
        let check = |input: &str, expect: &str| {
            let source = if input.contains("://") {
                sources.by_referrer(&Address::split(input))
            } else {
                sources.by_tag(input)
            };
            let kind = source
                .kind
                .map(|kind| format!("{kind:?}"))
                .unwrap_or_default();
            let found = format!("{kind}:{}", source.name.as_deref().unwrap_or(""));
            assert_eq!(found, expect, "{input}");
        };
        check("https://www.google.co.uk/", "Search:Google");
        check("https://google.com/", "Search:Google");
        check("https://google.github.io/", ":");
        check("https://mail.google.com/", ":");
        check("https://docs.google.com/x", ":");
        check("https://images.google.fr/", "Search:Google Images");
        check("https://gemini.google.com/app", "Assistant:Gemini");
        check("https://news.google.com/", "Search:Google News");
        check("https://www.bing.com/search?q=x", "Search:Bing");
        check("https://cn.bing.com/", "Search:Bing");
        check(
            "https://www.bing.com/images/search?q=x",
            "Search:Bing Images",
        );
        check("https://fr.search.yahoo.com/search?p=x", "Search:Yahoo!");
        check("https://duckduckgo.com/", "Search:DuckDuckGo");
        check("https://yandex.ru/", "Search:Yandex");
        check(
            "android-app://com.google.android.googlequicksearchbox/",
            "Search:Google",
        );
        check("https://l.facebook.com/", "Social:Facebook");
        check("https://de-de.facebook.com/", "Social:Facebook");
        check("https://t.co/abc", "Social:Twitter");
        check("https://x.com/i/grok", "Assistant:Grok");
        check("https://x.com/someone", "Social:Twitter");
        check("https://m.youtube.com/watch", "Video:YouTube");
        check("https://youtu.be/abc", "Video:YouTube");
        check("https://chatgpt.com/", "Assistant:ChatGPT");
        check("https://www.perplexity.ai/search", "Assistant:Perplexity");
        check("https://copilot.microsoft.com/", "Assistant:Copilot");
        check("https://www.ebay.de/", "Shopping:");
        check("https://shop.etsy.com/", "Shopping:");
        check("https://mail.yahoo.com/", ":");
        check("https://news.ycombinator.com/item", "Social:Hacker News");
        check("https://example.com/", ":");
        check("https://notfacebook.com/", ":");
        check("https://192.0.2.1/", ":");
        check("https://de/", ":");
        check("google", "Search:Google");
        check("fb", "Social:");
        check("youtube", "Video:YouTube");
        check("youtube.com", "Video:YouTube");
        check("chatgpt.com", "Assistant:ChatGPT");
        check("chatgpt", "Assistant:ChatGPT");
        check("newsletter", ":");
        check("", ":");
        check("..", ":");
    }

    #[test]
    fn keywords_are_where_the_engine_puts_them() {
        let sources = Sources::shipped().unwrap();
        let check = |referrer: &str, expect: Option<&str>| {
            let found = sources.keyword(&Address::split(referrer));
            assert_eq!(found.as_deref(), expect, "{referrer}");
        };
        check(
            "https://www.google.de/search?hl=de&q=Rote+Schuhe%20kaufen",
            Some("Rote Schuhe kaufen"),
        );
        check("https://www.google.com/", None);
        check("https://www.google.com/search?q=", None);
        check("https://search.yahoo.com/search?p=b%C3%A4r", Some("bär"));
        check("https://search.yahoo.com/search?p=b%E4r", None);
        check("https://www.123people.com/s/jane+doe", Some("jane doe"));
        check("https://example.com/?q=x", None);
        check("https://t.co/?q=x", None);
    }

    #[test]
    fn spammers_are_hosts_with_all_below() {
        let sources = Sources::shipped().unwrap();
        assert!(sources.is_spammer("semalt.com"));
        assert!(sources.is_spammer("any.semalt.com"));
        assert!(!sources.is_spammer("notsemalt.com"));
        assert!(!sources.is_spammer("com"));
        assert!(!sources.is_spammer(""));
    }
}
