//! Where a hit came from and which page it speaks of. Definitions: `docs/metrics.md`.

mod campaign;
mod channel;
mod page;
mod parameters;
mod sources;

use std::borrow::Cow;
use std::sync::Arc;

use afsa_model::{Origin, Text, text};

pub use campaign::Note;
pub use sources::{SourceKind, Sources};

use crate::address::{Address, lower_case, same_site, with_parents};
use campaign::{Campaign, PaidClick};
use channel::{Evidence, channel};
pub(crate) use page::page;
use sources::Source;

/// An origin with what the sender should know of it.
pub(crate) struct Found {
    pub origin: Arc<Origin>,
    pub note: Option<Note>,
    pub spam: bool,
}

/// Works out origins.
pub(crate) struct Origins {
    sources: Sources,
    /// What most hits have: nothing told but their own location. Shared by all of them.
    direct: Arc<Origin>,
}

impl Origins {
    pub fn new(sources: Sources) -> Origins {
        let direct = Origin {
            channel: text("Direct"),
            ..Origin::default()
        };
        Origins {
            sources,
            direct: Arc::new(direct),
        }
    }

    /// `None` where neither location nor referrer was sent. `internal_hosts` are in lower case.
    pub fn find(
        &self,
        location: Option<&Address<'_>>,
        referrer: Option<&str>,
        internal_hosts: &[Box<str>],
    ) -> Option<Found> {
        if location.is_none() && referrer.is_none() {
            return None;
        }
        let campaign = location.map(Campaign::of).unwrap_or_default();
        let host = location.map_or("", |location| &*location.host);
        let referrer = referrer
            .map(Address::split)
            .filter(|referrer| is_external(&referrer.host, host, internal_hosts));
        if campaign.is_empty() && referrer.is_none() {
            return Some(Found {
                origin: self.direct.clone(),
                note: None,
                spam: false,
            });
        }
        let spam = referrer
            .as_ref()
            .is_some_and(|found| self.sources.is_spammer(&found.host));
        let (cost, note) = campaign.cost();
        let mut origin = self.origin(&campaign, referrer.as_ref());
        if let Some((method, cost)) = cost {
            origin.cost_method = method;
            origin.cost = Some(cost);
        }
        Some(Found {
            origin: Arc::new(origin),
            note,
            spam,
        })
    }

    fn origin(&self, campaign: &Campaign<'_>, referrer: Option<&Address<'_>>) -> Origin {
        let source = self.source(campaign, referrer);
        let folded_medium = campaign.medium.as_deref().map(lower_case);
        let medium = match (&campaign.paid_click, folded_medium.as_deref()) {
            (Some(click), _) if source.is_of_click(click) => Some("cpc"),
            (_, Some(medium)) => Some(medium),
            (_, None) if source.by_referrer => Some(medium_of(source.known.kind)),
            (_, None) => None,
        };
        let channel = channel(Evidence {
            source: source.folded.as_deref(),
            kind: source.known.kind,
            medium,
            campaign: campaign.name.as_deref().map(lower_case).as_deref(),
            tagged: campaign.is_tagged(),
        });
        // A kind without a name of its own goes by the source.
        let named = |kind: SourceKind| -> Text {
            let is_it = source.known.kind == Some(kind);
            is_it
                .then(|| source.known.name.clone().or_else(|| owned(&source.text)))
                .flatten()
        };
        let click = campaign.paid_click.as_ref();
        Origin {
            channel: text(channel),
            search_engine: named(SourceKind::Search),
            social_network: named(SourceKind::Social),
            ai_assistant: named(SourceKind::Assistant),
            source: owned(&source.text),
            referrer: referrer.and_then(|referrer| text(&referring_page(referrer))),
            referrer_host: referrer.and_then(|referrer| text(&referrer.host_and_port())),
            keyword: referrer
                .and_then(|referrer| self.sources.keyword(referrer))
                .and_then(|keyword| text(&keyword)),
            campaign: owned(&campaign.name),
            campaign_source: owned(&campaign.source),
            campaign_medium: owned(&campaign.medium),
            campaign_term: owned(&campaign.term),
            campaign_content: owned(&campaign.content),
            campaign_id: owned(&campaign.id),
            click_id_name: click
                .map(|click| click.name)
                .or(campaign.noted_click)
                .and_then(text),
            click_id: click.and_then(|click| text(&click.id)),
            cost_method: None,
            cost: None,
        }
    }

    /// The tag's source, else the network of a paid click, else what the referring host is called.
    fn source<'a>(
        &self,
        campaign: &'a Campaign<'_>,
        referrer: Option<&'a Address<'_>>,
    ) -> FoundSource<'a> {
        if let Some(tag) = campaign.source.as_deref() {
            let folded = lower_case(tag);
            let known = self.sources.by_tag(&folded);
            return FoundSource {
                text: Some(Cow::Borrowed(tag)),
                folded: Some(folded),
                known,
                by_referrer: false,
            };
        }
        if let Some(click) = &campaign.paid_click {
            return FoundSource {
                text: Some(Cow::Borrowed(click.network)),
                folded: Some(Cow::Borrowed(click.network)),
                known: self.sources.by_tag(click.network),
                by_referrer: false,
            };
        }
        let Some(referrer) = referrer else {
            return FoundSource::default();
        };
        let known = self.sources.by_referrer(referrer);
        let called = match &known.name {
            Some(name) => Cow::Owned(name.to_lowercase()),
            None => without_www(referrer),
        };
        FoundSource {
            text: Some(called.clone()),
            folded: Some(called),
            known,
            by_referrer: true,
        }
    }
}

#[derive(Default)]
struct FoundSource<'a> {
    /// As shown.
    text: Option<Cow<'a, str>>,
    /// As the rules see it.
    folded: Option<Cow<'a, str>>,
    known: Source,
    by_referrer: bool,
}

impl FoundSource<'_> {
    /// A paid click makes its own network's visit paid; a source that another tag named isn't.
    fn is_of_click(&self, click: &PaidClick<'_>) -> bool {
        self.folded
            .as_deref()
            .is_some_and(|source| source == click.network || click.is_of(source))
    }
}

/// What Google Analytics would call the medium of an untagged visit with a referrer.
fn medium_of(kind: Option<SourceKind>) -> &'static str {
    match kind {
        Some(SourceKind::Search) => "organic",
        _ => "referral",
    }
}

/// A referrer counts if it is an address of another site that the account doesn't call its own.
fn is_external(referrer: &str, page: &str, internal_hosts: &[Box<str>]) -> bool {
    let is_listed = || {
        with_parents(referrer).any(|host| internal_hosts.iter().any(|internal| **internal == *host))
    };
    !referrer.is_empty() && !same_site(referrer, page) && !is_listed()
}

fn referring_page(referrer: &Address<'_>) -> String {
    let host = referrer.host_and_port();
    match referrer.scheme {
        "" => format!("//{host}{}", referrer.path),
        scheme => format!("{}://{host}{}", lower_case(scheme), referrer.path),
    }
}

fn without_www<'a>(referrer: &'a Address<'_>) -> Cow<'a, str> {
    match referrer.host_and_port() {
        Cow::Borrowed(host) => Cow::Borrowed(host.strip_prefix("www.").unwrap_or(host)),
        Cow::Owned(host) => Cow::Owned(host.strip_prefix("www.").unwrap_or(&host).to_owned()),
    }
}

fn owned(value: &Option<Cow<'_, str>>) -> Text {
    value.as_deref().and_then(text)
}

#[cfg(test)]
mod tests;
