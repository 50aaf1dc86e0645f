//! Agents that no person steers.

use afsa_model::Exclusion;
use aho_corasick::AhoCorasick;
use regex::RegexSet;

use crate::EnrichError;
use crate::table::rows;

/// Robots and monitors by their agent texts.
pub struct Robots {
    /// Plain texts in one automaton; `plain` says what each means.
    texts: AhoCorasick,
    plain: Vec<Plain>,
    /// The few that need more.
    regexes: RegexSet,
    by_regex: Vec<Exclusion>,
}

struct Plain {
    means: Exclusion,
    /// Only at the beginning of the agent.
    starts: bool,
}

/// Kinds of programs rather than names: what the list of names hasn't heard of yet. A word "bot"
/// counts at its end only, and not that of the phone maker Cubot.
const SHAPES: &str = r"(?i)(?:^|[^u])bots?(?:[/;:,)\-_ ]|$)|crawl(?:er|ing)|spider\b|scrap(?:er|y|ing)\b|\bheadless|https?://[^ ;)]*(?:bot|crawl|spider)";

/// Programs that say where to complain about them, read feeds or check links, and those that say
/// they are Mozilla and no more.
const MANNERS: &str = r"(?i)\+https?://|[a-z0-9._-]@[a-z0-9-]+\.[a-z]|^[^ (]+ \(https?://|feed ?(?:parser|fetcher|reader|burner)|\b(?:readers|subscribers)\b|\b(?:validator|link-?check|protocol discovery)|^mozilla/[45]\.0(?: \(compatible;?\))?$";

/// Libraries and tools that fetch; a browser's agent never begins with their names.
const LIBRARIES: &str = r"(?i)^(?:java|javafx|ruby|perl|php|python|node|node\.js|deno|bun|dart|swift|libcurl|pycurl|guzzlehttp|symfony|faraday|undici|reqwest|ureq|hyper|restsharp|http[_-]?client|http_request2?|winhttp|zend|pear|postmanruntime|insomnia|bruno-runtime|lavf|vlc|ffmpeg|apachebench|siege|k6|wrk|locust|gatling|jmeter|apache-jmeter|cypress|powershell|mozilla/5\.0 \(windows nt; windows nt [0-9.]+; [a-z-]+\) windowspowershell|lua-resty-http|typhoeus|rest-client|unirest|async-http-client|jakarta|jersey|feign|spring|vert\.x|ktor|alamofire|cfnetwork|wininet|microsoft url control|indy|lynx-get|aria2|fetch|w3m-get|nmap|masscan|zgrab|sqlmap|nikto)(?:[/ \-_.;]|$)";

/// Monitors by shape: what checks that a site is up or how fast it is.
const MONITORS: &str = r"(?i)\bup-?time|pingdom|\bmonitor(?:ing|is)?[/ \-]|health-?check|\bping(?:ed|er)?/|lighthouse|pagespeed|speedcurve|gtmetrix|webpagetest|kube-probe|elb-healthchecker|prometheus/|blackbox|site24x7|statuscake|nagios|icinga|zabbix|check_http|haproxy";

impl Robots {
    /// The list that comes with the crate, and the shapes above.
    pub fn shipped() -> Result<Robots, EnrichError> {
        let mut texts = Vec::new();
        let mut plain = Vec::new();
        let mut regexes = vec![MONITORS, SHAPES, MANNERS, LIBRARIES];
        let mut by_regex = vec![Exclusion::Robot; regexes.len()];
        by_regex[0] = Exclusion::Monitor;
        for mut row in rows(include_str!("../../tables/robots.tsv")) {
            let kind = row.cell();
            let means = if kind == "monitor" {
                Exclusion::Monitor
            } else {
                Exclusion::Robot
            };
            let (how, pattern) = (row.cell(), row.cell());
            if NOT_ROBOTS.contains(&pattern) {
                continue;
            }
            if how == "regex" {
                regexes.push(pattern);
                by_regex.push(means);
            } else {
                texts.push(pattern);
                plain.push(Plain {
                    means,
                    starts: how == "starts",
                });
            }
        }
        let error = |reason: String| EnrichError::Table {
            table: "robots",
            reason,
        };
        Ok(Robots {
            texts: AhoCorasick::new(&texts).map_err(|reason| error(reason.to_string()))?,
            plain,
            regexes: RegexSet::new(&regexes).map_err(|reason| error(reason.to_string()))?,
            by_regex,
        })
    }

    /// [`Exclusion::Monitor`] where anything says so, else [`Exclusion::Robot`] where anything
    /// does; an agent that is empty is a robot's.
    pub fn find(&self, agent: &str) -> Option<Exclusion> {
        if agent.trim().is_empty() || agent == "-" {
            return Some(Exclusion::Robot);
        }
        let by_text = self.texts.find_overlapping_iter(agent).filter_map(|found| {
            let plain = self.plain.get(found.pattern().as_usize())?;
            (!plain.starts || found.start() == 0).then_some(plain.means)
        });
        let by_regex = self
            .regexes
            .matches(agent)
            .into_iter()
            .filter_map(|index| self.by_regex.get(index).copied());
        // Monitor is the greater of the two.
        by_text.chain(by_regex).max()
    }
}

/// Entries of the list that people carry too: this one marks the browser inside of Meta's apps,
/// and to leave it in would lose everyone who comes from there.
const NOT_ROBOTS: [&str; 1] = ["MetaIAB Facebook"];
