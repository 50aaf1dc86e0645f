//! Everything at once, for every hit.

use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::Arc;

use afsa_model::{Client, Exclusion, Origin, PageContext, Text, text};
use foldhash::quality::RandomState;

use crate::EnrichError;
use crate::address::Address;
use crate::agent::{AgentInfo, Agents};
use crate::cache::Cache;
use crate::exclusion::{AccountRules, cut_address};
use crate::language::language;
use crate::origin::{Found, Note, Origins, Sources, page};
use crate::place::{Place, Places};

/// Agent texts, clients, senders and pages that are remembered: a busy day's variety of each, in a
/// few megabytes.
const REMEMBERED: usize = 8_192;

/// Senders and pages that told more bytes are not remembered.
const LONGEST_REMEMBERED: usize = 1_024;

/// All that enriching looks things up in.
pub struct Tables {
    pub agents: Agents,
    pub sources: Sources,
    pub places: Places,
}

impl Tables {
    /// The tables that come with the crate; no place is known until a database is pushed.
    pub fn shipped() -> Result<Tables, EnrichError> {
        Ok(Tables {
            agents: Agents::shipped()?,
            sources: Sources::shipped()?,
            places: Places::default(),
        })
    }
}

/// What a hit said of its client, page and origin; `None` and empty text are nothing told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Input<'a> {
    /// Whole, as the connection or a named proxy told it.
    pub address: Option<IpAddr>,
    /// Told and empty (as in a line of a log) is a robot's; not told is nothing.
    pub agent: Option<&'a str>,
    /// Of a header or property; see [`language`].
    pub language: Option<&'a str>,
    pub screen: Option<&'a str>,
    pub viewport: Option<&'a str>,
    pub cms: Option<&'a str>,
    pub location: Option<&'a str>,
    pub referrer: Option<&'a str>,
    pub title: Option<&'a Arc<str>>,
    pub content_groups: [Option<&'a Arc<str>>; 5],
    /// Query and anchor stay in the page, but for the campaign's parameters.
    pub allow_anchor: bool,
    pub role: Option<&'a str>,
    /// A cookie or header says that it is one of the account's own people.
    pub is_own: bool,
    /// Something else than its agent says that no person made it.
    pub is_robot: bool,
}

/// What became of it. Nothing here holds the address.
#[derive(Clone, Debug, PartialEq)]
pub struct Enriched {
    /// One and the same for equal clients, as long as they are remembered.
    pub client: Arc<Client>,
    /// `None` where neither location nor referrer was told.
    pub origin: Option<Arc<Origin>>,
    /// `None` where no location, title or content group was told.
    pub page: Option<Arc<PageContext>>,
    /// The account's own people before monitors, robots and referrer spam.
    pub exclusion: Option<Exclusion>,
    pub note: Option<Note>,
}

/// Enriches hits. Shared by all threads.
pub struct Enricher {
    agents: Agents,
    origins: Origins,
    places: Places,
    agents_read: Cache<Arc<AgentRead>>,
    clients: Cache<Arc<Client>>,
    /// The hits of a visit come from one sender, and those of a site speak of few pages: most
    /// hits are done with one look at each of these.
    senders: Cache<Arc<Sender>>,
    spoken: Cache<Arc<Spoken>>,
    hasher: RandomState,
}

/// What hits told of their client, with what became of it.
struct Sender {
    agent: Option<Box<str>>,
    /// Cut.
    address: Option<IpAddr>,
    /// Language, screen, viewport and cms.
    own: [Option<Box<str>>; 4],
    client: Arc<Client>,
    exclusion: Option<Exclusion>,
}

/// Which page hits spoke of and where they came from, with what became of it.
struct Spoken {
    location: Option<Box<str>>,
    referrer: Option<Box<str>>,
    allow_anchor: bool,
    kept_parameters: Arc<[Arc<str>]>,
    internal_hosts: Arc<[Box<str>]>,
    /// Title and content groups are its own.
    page: Option<Arc<PageContext>>,
    found: Option<Found>,
}

struct AgentRead {
    text: Box<str>,
    info: AgentInfo,
    /// Of `info`: agents that differ in nothing known share their clients.
    hash: u64,
}

impl Enricher {
    pub fn new(tables: Tables) -> Enricher {
        Enricher {
            agents: tables.agents,
            origins: Origins::new(tables.sources),
            places: tables.places,
            agents_read: Cache::new(REMEMBERED),
            clients: Cache::new(REMEMBERED),
            senders: Cache::new(REMEMBERED),
            spoken: Cache::new(REMEMBERED),
            hasher: RandomState::default(),
        }
    }

    /// Enriches one hit. Never fails: what can't be read is not known.
    ///
    /// The whole address serves to tell the account's own people; then it is cut as the account's
    /// policy says, and the place is that of what is left.
    pub fn enrich(&self, rules: &AccountRules, input: &Input<'_>) -> Enriched {
        let sender = self.sender(rules, input);
        let spoken = self.spoken(rules, input);
        let found = spoken.found.as_ref();
        let exclusion = if input.is_own || rules.is_own(input.address, input.role) {
            Some(Exclusion::OwnPeople)
        } else {
            let is_spam = found.is_some_and(|found| found.spam);
            sender
                .exclusion
                .or(input.is_robot.then_some(Exclusion::Robot))
                .or(is_spam.then_some(Exclusion::ReferrerSpam))
        };
        Enriched {
            client: sender.client.clone(),
            origin: found.map(|found| found.origin.clone()),
            page: spoken.page.clone(),
            exclusion,
            note: found.and_then(|found| found.note),
        }
    }

    fn sender(&self, rules: &AccountRules, input: &Input<'_>) -> Arc<Sender> {
        let address = input
            .address
            .and_then(|address| cut_address(address, rules.dropped_bytes));
        let own = [input.language, input.screen, input.viewport, input.cms];
        let make = || {
            let agent = input.agent.map(|agent| self.agent(agent));
            let place = address
                .map(|address| self.places.find(address))
                .unwrap_or_default();
            Arc::new(Sender {
                agent: input.agent.map(Box::from),
                address,
                own: own.map(|text| text.map(Box::from)),
                client: self.client(agent.as_deref(), &place, input),
                exclusion: agent.and_then(|agent| agent.info.exclusion),
            })
        };
        let told = own.iter().chain([&input.agent]).flatten();
        if told.map(|text| text.len()).sum::<usize>() > LONGEST_REMEMBERED {
            return make();
        }
        self.senders.get_or_make(
            self.hasher.hash_one((input.agent, address, own)),
            |known| {
                known.agent.as_deref() == input.agent
                    && known.address == address
                    && known.own.each_ref().map(Option::as_deref) == own
            },
            make,
        )
    }

    fn spoken(&self, rules: &AccountRules, input: &Input<'_>) -> Arc<Spoken> {
        let title = told(input.title);
        let groups = input.content_groups.map(told);
        let make = || {
            let location = filled(input.location).map(Address::split);
            let referrer = filled(input.referrer);
            Arc::new(Spoken {
                location: input.location.map(Box::from),
                referrer: input.referrer.map(Box::from),
                allow_anchor: input.allow_anchor,
                kept_parameters: rules.kept_parameters.clone(),
                internal_hosts: rules.internal_hosts.clone(),
                page: page_context(location.as_ref(), rules, input),
                found: self
                    .origins
                    .find(location.as_ref(), referrer, &rules.internal_hosts),
            })
        };
        let texts = [input.location, input.referrer, title];
        let length = |texts: &[Option<&str>]| -> usize {
            texts.iter().flatten().map(|text| text.len()).sum()
        };
        if length(&texts) + length(&groups) > LONGEST_REMEMBERED {
            return make();
        }
        self.spoken.get_or_make(
            self.hasher
                .hash_one((texts, groups, input.allow_anchor, &rules.kept_parameters)),
            |known| {
                let page = known.page.as_deref();
                known.location.as_deref() == input.location
                    && known.referrer.as_deref() == input.referrer
                    && known.allow_anchor == input.allow_anchor
                    && known.kept_parameters == rules.kept_parameters
                    && known.internal_hosts == rules.internal_hosts
                    && page.and_then(|page| page.title.as_deref()) == title
                    && page.map_or([None; 5], |page| {
                        page.content_groups.each_ref().map(Option::as_deref)
                    }) == groups
            },
            make,
        )
    }

    fn agent(&self, agent: &str) -> Arc<AgentRead> {
        self.agents_read.get_or_make(
            self.hasher.hash_one(agent),
            |read| *read.text == *agent,
            || {
                let info = self.agents.read(agent);
                Arc::new(AgentRead {
                    text: agent.into(),
                    hash: self.hasher.hash_one(&info),
                    info,
                })
            },
        )
    }

    fn client(
        &self,
        agent: Option<&AgentRead>,
        place: &Place<'_>,
        input: &Input<'_>,
    ) -> Arc<Client> {
        let nothing = AgentInfo::default();
        let (agent, agent_hash) = agent.map_or((&nothing, 0), |read| (&read.info, read.hash));
        let language = filled(input.language).and_then(language);
        let language = language.as_deref();
        let own = [
            language,
            filled(input.screen),
            filled(input.viewport),
            filled(input.cms),
        ];
        self.clients.get_or_make(
            self.hasher.hash_one((agent_hash, place, own)),
            |client| {
                let client_own = [
                    &client.language,
                    &client.screen,
                    &client.viewport,
                    &client.cms,
                ];
                has_agent(client, agent)
                    && has_place(client, place)
                    && client_own.map(|text| text.as_deref()) == own
            },
            || {
                let [language, screen, viewport, cms] = own.map(|value| value.and_then(text));
                Arc::new(Client {
                    country: text(place.country),
                    region: text(place.region),
                    city: text(place.city),
                    continent: text(place.continent),
                    language,
                    device: agent.device.clone(),
                    device_brand: agent.device_brand.clone(),
                    device_model: agent.device_model.clone(),
                    browser: agent.browser.clone(),
                    browser_version: agent.browser_version.clone(),
                    os: agent.os.clone(),
                    os_version: agent.os_version.clone(),
                    screen,
                    viewport,
                    cms,
                })
            },
        )
    }
}

fn has_agent(client: &Client, agent: &AgentInfo) -> bool {
    client.browser == agent.browser
        && client.browser_version == agent.browser_version
        && client.os == agent.os
        && client.os_version == agent.os_version
        && client.device == agent.device
        && client.device_brand == agent.device_brand
        && client.device_model == agent.device_model
}

fn has_place(client: &Client, place: &Place<'_>) -> bool {
    let is = |text: &Text, value: &str| text.as_deref().unwrap_or("") == value;
    is(&client.country, place.country)
        && is(&client.region, place.region)
        && is(&client.city, place.city)
        && is(&client.continent, place.continent)
}

fn page_context(
    location: Option<&Address<'_>>,
    rules: &AccountRules,
    input: &Input<'_>,
) -> Option<Arc<PageContext>> {
    let shared = |value: Option<&Arc<str>>| value.filter(|value| !value.is_empty()).cloned();
    let title: Text = shared(input.title);
    let content_groups = input.content_groups.map(shared);
    if location.is_none() && title.is_none() && content_groups.iter().all(Option::is_none) {
        return None;
    }
    let page = location
        .and_then(|location| text(&page(location, &rules.kept_parameters, input.allow_anchor)));
    Some(Arc::new(PageContext {
        has_location: location.is_some(),
        hostname: location.and_then(|location| text(&location.host_and_port())),
        page,
        title,
        content_groups,
    }))
}

fn told(value: Option<&Arc<str>>) -> Option<&str> {
    value
        .map(|value| &**value)
        .filter(|value| !value.is_empty())
}

fn filled(value: Option<&str>) -> Option<&str> {
    value.map(str::trim).filter(|value| !value.is_empty())
}
