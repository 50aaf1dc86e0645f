//! What the parameters of an address say of a campaign.

use std::borrow::Cow;

use afsa_model::{Decimal, Text, text};

use super::parameters::{Parameter, parameters, query_of_anchor};
use crate::address::Address;

/// Parameters whose value is the id of a paid click, and whose network gave it.
const PAID_CLICK_IDS: [(&str, &str); 9] = [
    ("gclid", "google"),
    ("gbraid", "google"),
    ("wbraid", "google"),
    ("dclid", "google"),
    ("msclkid", "bing"),
    ("ttclid", "tiktok"),
    ("twclid", "twitter"),
    ("li_fat_id", "linkedin"),
    ("yclid", "yandex"),
];

/// Ids that networks add to unpaid clicks too: their presence is noted, no more.
const NOTED_CLICK_IDS: [&str; 14] = [
    "fbclid",
    "igshid",
    "igsh",
    "epik",
    "sccid",
    "rdt_cid",
    "srsltid",
    "mc_eid",
    "_hsenc",
    "vero_id",
    "wickedid",
    "irclickid",
    "ysclid",
    "gad_source",
];

/// Names under which campaigns tag the source that a network's click ids come from.
const NETWORK_SOURCES: [(&str, &[&str]); 6] = [
    (
        "google",
        &[
            "google",
            "google.com",
            "googleads",
            "google-ads",
            "google_ads",
            "adwords",
        ],
    ),
    (
        "bing",
        &[
            "bing",
            "bing.com",
            "bingads",
            "bing-ads",
            "bing_ads",
            "microsoft",
            "msn",
        ],
    ),
    (
        "tiktok",
        &[
            "tiktok",
            "tiktok.com",
            "tiktokads",
            "tiktok-ads",
            "tiktok_ads",
        ],
    ),
    ("twitter", &["twitter", "twitter.com", "x", "x.com", "t.co"]),
    (
        "linkedin",
        &[
            "linkedin",
            "linkedin.com",
            "lnkd.in",
            "linkedinads",
            "linkedin-ads",
        ],
    ),
    (
        "yandex",
        &[
            "yandex",
            "yandex.ru",
            "yandex.com",
            "yandex-direct",
            "yandex_direct",
        ],
    ),
];

/// A thing about a hit that its sender should know; the hit counts all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Note {
    /// `utm_calc=cpm`: impressions of advertisements are not known here, so no cost follows.
    CostPerThousand,
    /// `utm_calc` or `utm_cost` is there, but not both in a form that a cost follows from.
    CostUnusable,
}

/// A paid click.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PaidClick<'a> {
    /// Of the parameter, in lower case.
    pub name: &'static str,
    pub id: Cow<'a, str>,
    /// In lower case, as it stands in `source`.
    pub network: &'static str,
}

impl PaidClick<'_> {
    /// Whether a tagged source, in lower case, names the click's own network.
    pub fn is_of(&self, source: &str) -> bool {
        NETWORK_SOURCES
            .iter()
            .find(|(network, _)| *network == self.network)
            .is_some_and(|(_, names)| names.contains(&source))
    }
}

/// The campaign's parameters of one address. Empty values count as not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Campaign<'a> {
    pub source: Option<Cow<'a, str>>,
    pub medium: Option<Cow<'a, str>>,
    pub name: Option<Cow<'a, str>>,
    pub term: Option<Cow<'a, str>>,
    pub content: Option<Cow<'a, str>>,
    pub id: Option<Cow<'a, str>>,
    pub paid_click: Option<PaidClick<'a>>,
    /// The name of a parameter that is only noted.
    pub noted_click: Option<&'static str>,
    calculation: Option<Cow<'a, str>>,
    cost: Option<Cow<'a, str>>,
}

impl<'a> Campaign<'a> {
    /// Reads the query string first, then the anchor; what was told first counts.
    pub fn of(location: &Address<'a>) -> Campaign<'a> {
        let mut campaign = Campaign::default();
        for query in [location.query, query_of_anchor(location.anchor)] {
            for parameter in parameters(query) {
                campaign.take(parameter);
            }
        }
        campaign
    }

    /// Whether nothing of a campaign was told.
    pub fn is_empty(&self) -> bool {
        *self == Campaign::default()
    }

    /// Whether a campaign or a paid click is told, by whatever part; a noted id is neither.
    pub fn is_tagged(&self) -> bool {
        let tags = [
            &self.source,
            &self.medium,
            &self.name,
            &self.term,
            &self.content,
            &self.id,
        ];
        self.paid_click.is_some() || tags.iter().any(|tag| tag.is_some())
    }

    /// Method and amount of the campaign's cost, where both are usable.
    pub fn cost(&self) -> (Option<(Text, Decimal)>, Option<Note>) {
        if self.calculation.is_none() && self.cost.is_none() {
            return (None, None);
        }
        let method = self
            .calculation
            .as_deref()
            .unwrap_or("")
            .to_ascii_lowercase();
        match method.as_str() {
            "cpc" | "cps" | "cpspercent" | "total" => {}
            "cpm" => return (None, Some(Note::CostPerThousand)),
            _ => return (None, Some(Note::CostUnusable)),
        }
        match self.cost.as_deref().unwrap_or("").parse::<Decimal>() {
            Ok(cost) if cost >= Decimal::ZERO => (Some((text(&method), cost)), None),
            _ => (None, Some(Note::CostUnusable)),
        }
    }

    fn take(&mut self, parameter: Parameter<'a>) {
        // Most parameters are the site's own: decide by the name as sent before decoding anything.
        let decoded;
        let name = if parameter.raw_name.contains(['%', '+']) {
            decoded = parameter.name();
            &*decoded
        } else {
            parameter.raw_name
        };
        if let Some(utm) = strip_prefix_ignoring_case(name, "utm_") {
            if let Some(field) = self.field(utm)
                && field.is_none()
            {
                *field = Some(parameter.value()).filter(|value| !value.is_empty());
            }
            return;
        }
        if let Some((name, network)) = paid_click_id(name) {
            let id = parameter.value();
            if self.paid_click.is_none() && !id.is_empty() {
                self.paid_click = Some(PaidClick { name, id, network });
            }
        } else if let Some(name) = noted_click_id(name)
            && self.noted_click.is_none()
            && !parameter.raw_value.is_empty()
        {
            self.noted_click = Some(name);
        }
    }

    fn field(&mut self, utm: &str) -> Option<&mut Option<Cow<'a, str>>> {
        let fields = [
            ("source", &mut self.source),
            ("medium", &mut self.medium),
            ("campaign", &mut self.name),
            ("term", &mut self.term),
            ("content", &mut self.content),
            ("id", &mut self.id),
            ("calc", &mut self.calculation),
            ("cost", &mut self.cost),
        ];
        fields
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(utm))
            .map(|(_, field)| field)
    }
}

/// Whether a parameter of this name says something of a campaign and nothing of the page.
pub(crate) fn is_campaign_parameter(name: &str) -> bool {
    strip_prefix_ignoring_case(name, "utm_").is_some()
        || paid_click_id(name).is_some()
        || noted_click_id(name).is_some()
}

fn paid_click_id(name: &str) -> Option<(&'static str, &'static str)> {
    PAID_CLICK_IDS
        .into_iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
}

fn noted_click_id(name: &str) -> Option<&'static str> {
    NOTED_CLICK_IDS
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(name))
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn campaign(location: &str) -> Campaign<'_> {
        Campaign::of(&Address::split(location))
    }

    #[test]
    fn reads_query_before_anchor() {
        let read = campaign(
            "https://example.com/?utm_source=a+b&UTM_Medium=%E2%82%AC&utm_campaign=&utm_campaign=c\
             &utm_source=second#utm_source=third&utm_term=t",
        );
        assert_eq!(read.source.as_deref(), Some("a b"));
        assert_eq!(read.medium.as_deref(), Some("€"));
        assert_eq!(read.name.as_deref(), Some("c"));
        assert_eq!(read.term.as_deref(), Some("t"));
        assert!(campaign("https://example.com/?utm_source=&utm_medium=%20&x=1&gclid=").is_empty());
        assert!(campaign("https://example.com/utm_source=x").is_empty());
        assert_eq!(campaign("/#/app?utm_id=7").id.as_deref(), Some("7"));
    }

    #[test]
    fn paid_clicks_have_an_id_noted_ones_a_name() {
        let paid = campaign("/?fbclid=F&msclkid=M&gclid=G");
        let click = paid.paid_click.as_ref().unwrap();
        assert_eq!(
            (click.name, &*click.id, click.network),
            ("msclkid", "M", "bing")
        );
        assert_eq!(paid.noted_click, Some("fbclid"));
        assert!(click.is_of("bing") && !click.is_of("google"));
    }

    #[test]
    fn costs_need_method_and_amount() {
        let check = |query: &str, expect: Result<(&str, &str), Option<Note>>| {
            let location = format!("/?{query}");
            let (cost, note) = campaign(&location).cost();
            let cost = cost.map(|(method, cost)| (method.unwrap(), cost.to_string()));
            let found = match &cost {
                Some((method, cost)) => Ok((&**method, &**cost)),
                None => Err(note),
            };
            assert_eq!(found, expect, "{query}");
        };
        check("utm_calc=cpc&utm_cost=0.25", Ok(("cpc", "0.25")));
        check(
            "utm_calc=CPSpercent&utm_cost=12,5",
            Ok(("cpspercent", "12.5")),
        );
        check("utm_calc=cps&utm_cost=0", Ok(("cps", "0")));
        check("utm_calc=total&utm_cost=%201000%20", Ok(("total", "1000")));
        check("utm_calc=cpm&utm_cost=3", Err(Some(Note::CostPerThousand)));
        check("utm_calc=cpc", Err(Some(Note::CostUnusable)));
        check("utm_cost=3", Err(Some(Note::CostUnusable)));
        check("utm_calc=cpc&utm_cost=-3", Err(Some(Note::CostUnusable)));
        check("utm_calc=cpc&utm_cost=many", Err(Some(Note::CostUnusable)));
        check("utm_calc=other&utm_cost=3", Err(Some(Note::CostUnusable)));
        check("utm_source=x", Err(None));
    }
}
