//! Hits: what browsers and servers sent, enriched.

use std::sync::Arc;

use crate::{Decimal, Text, Timestamp, VisitorKey};

/// One thing that a browser or a server sent about an account.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    pub time: Timestamp,
    /// The order of arrival, unique in its account: hits of one instant keep it.
    pub sequence: u64,
    /// Whose hit it is; [`VisitorKey::NOBODY`] where nothing told.
    pub visitor: VisitorKey,
    /// The hit told only its `user_id`, so `visitor` says who was known as this user at the time.
    pub by_user: bool,
    /// The import that brought it; 0 for hits that came live.
    pub import: u32,
    /// Why the hit stays out of the figures, if it does.
    pub exclusion: Option<Exclusion>,
    /// The site's own id of the person (`user_id`); "0" and empty are nobody and not kept.
    pub user: Text,
    pub role: Text,
    pub client: Arc<Client>,
    /// `None` where the hit has neither a location nor a referrer.
    pub origin: Option<Arc<Origin>>,
    /// `None` where the hit has no location, title or content group.
    pub page: Option<Arc<PageContext>>,
    pub custom: Option<Box<Custom>>,
    pub kind: HitKind,
}

/// Why a hit is recorded apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Exclusion {
    /// A crawler by its agent.
    Robot = 1,
    /// An uptime or performance monitor.
    Monitor = 2,
    /// Its referrer is on the spam list.
    ReferrerSpam = 3,
    /// The account's own people.
    OwnPeople = 4,
    /// A visit that no person makes: judged by its behaviour when it is cut.
    Behaviour = 5,
}

/// What is known of the program, machine and place that a hit came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Client {
    /// ISO 3166-1 alpha-2, upper case.
    pub country: Text,
    /// ISO 3166-2 code or name, as the table has it.
    pub region: Text,
    pub city: Text,
    /// Two letters: AF, AN, AS, EU, NA, OC, SA.
    pub continent: Text,
    /// BCP 47, lower case language and upper case region (`en-GB`).
    pub language: Text,
    /// `desktop`, `smartphone`, `tablet`, `tv`, `console`, `wearable`, `other`.
    pub device: Text,
    pub device_brand: Text,
    pub device_model: Text,
    pub browser: Text,
    pub browser_version: Text,
    pub os: Text,
    pub os_version: Text,
    /// `1920x1080`.
    pub screen: Text,
    pub viewport: Text,
    pub cms: Text,
}

/// Where a hit came from, worked out of its own location and referrer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Origin {
    /// One of Google Analytics 4's default channel names, and `AI Assistant`.
    pub channel: Text,
    pub source: Text,
    /// Address of the referring page without query and anchor.
    pub referrer: Text,
    pub referrer_host: Text,
    pub search_engine: Text,
    pub keyword: Text,
    pub social_network: Text,
    pub ai_assistant: Text,
    pub campaign: Text,
    pub campaign_source: Text,
    pub campaign_medium: Text,
    pub campaign_term: Text,
    pub campaign_content: Text,
    pub campaign_id: Text,
    /// The name of the paid-click parameter (`gclid`, `msclkid` …).
    pub click_id_name: Text,
    /// Its value. A hit with another value than its visit's starts a new visit.
    pub click_id: Text,
    /// `cpc`, `cps`, `cpspercent` or `total`.
    pub cost_method: Text,
    pub cost: Option<Decimal>,
}

impl Origin {
    /// Whether the hit carries a campaign parameter or a paid-click id: only then may it start a
    /// new visit.
    pub fn has_campaign(&self) -> bool {
        self.campaign.is_some()
            || self.campaign_source.is_some()
            || self.campaign_medium.is_some()
            || self.campaign_term.is_some()
            || self.campaign_content.is_some()
            || self.campaign_id.is_some()
            || self.click_id.is_some()
    }
}

/// The page that a hit speaks of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PageContext {
    /// Whether a location was sent; a title alone is no address.
    pub has_location: bool,
    pub hostname: Text,
    /// The path as sent with the parameters that the account keeps.
    pub page: Text,
    pub title: Text,
    pub content_groups: [Text; 5],
}

/// Values of the site's own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Custom {
    /// (number 1–20, value), ascending.
    pub dimensions: Vec<(u8, Arc<str>)>,
    /// (number 1–20, value), ascending.
    pub metrics: Vec<(u8, Decimal)>,
}

/// What the hit says, by its type.
#[derive(Clone, Debug, PartialEq)]
pub enum HitKind {
    PageView,
    Event(Box<Event>),
    Engagement(Engagement),
    Product(Box<ProductHit>),
    Purchase(Box<Purchase>),
    Refund(Box<Refund>),
    OrderStatus(Box<OrderStatus>),
    Visitor(Box<VisitorFields>),
    Timing(Box<TimingOrException>),
    Exception(Box<TimingOrException>),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    pub category: Text,
    pub action: Text,
    pub label: Text,
    pub event_type: Text,
    pub url: Text,
    pub value: Option<Decimal>,
    pub non_interaction: bool,
}

/// How much was seen of the visit's latest page view at the hit's location.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Engagement {
    /// Milliseconds more of visibility.
    pub visible: Option<i64>,
    /// 0–100.
    pub scroll_depth: Option<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ProductAction {
    Impression = 1,
    Click = 2,
    Detail = 3,
    Add = 4,
    Remove = 5,
    Checkout = 6,
    CheckoutOption = 7,
    PromotionView = 8,
    PromotionClick = 9,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ProductHit {
    pub action: ProductAction,
    pub list: Text,
    pub step: Option<u32>,
    pub option: Text,
    pub products: Vec<Product>,
    pub promotions: Vec<Promotion>,
}

/// One product in one action or order, as sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Product {
    pub id: Text,
    pub name: Text,
    pub brand: Text,
    /// Levels separated by `/`.
    pub category: Text,
    pub variant: Text,
    pub coupon: Text,
    pub list: Text,
    pub currency: Text,
    pub price: Option<Decimal>,
    pub quantity: Option<Decimal>,
    pub position: Option<u32>,
}

impl Product {
    /// What tells products apart: the id, else the name.
    pub fn sku(&self) -> Option<&Arc<str>> {
        self.id.as_ref().or(self.name.as_ref())
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Promotion {
    pub id: Text,
    pub name: Text,
    pub creative: Text,
    pub position: Text,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum OrderState {
    Pending = 1,
    #[default]
    Completed = 2,
    Cancelled = 3,
}

/// What a shop said of an order in one hit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OrderFields {
    /// Always present on what is stored.
    pub id: Text,
    pub affiliation: Text,
    pub currency: Text,
    pub coupon: Text,
    pub revenue: Option<Decimal>,
    pub revenue_net: Option<Decimal>,
    pub revenue_tax: Option<Decimal>,
    pub shipping: Option<Decimal>,
    pub shipping_net: Option<Decimal>,
    pub shipping_tax: Option<Decimal>,
    pub tax: Option<Decimal>,
    pub coupon_value: Option<Decimal>,
    pub state: Option<OrderState>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Purchase {
    pub order: OrderFields,
    pub products: Vec<Product>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Refund {
    pub order: OrderFields,
    /// Empty: all that is left of the order.
    pub products: Vec<Product>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct OrderStatus {
    pub order: OrderFields,
}

/// What a `visitor` hit told of a person, key and value as sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VisitorFields {
    pub fields: Vec<(Arc<str>, Arc<str>)>,
}

/// A `timing` or `exception`: kept, in no figure yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TimingOrException {
    pub category: Text,
    pub action: Text,
    pub label: Text,
    /// Milliseconds of a timing.
    pub value: Option<Decimal>,
    /// Of an exception.
    pub fatal: bool,
}

impl Hit {
    /// The address told by the hit, if it told one.
    pub fn has_location(&self) -> bool {
        self.page.as_ref().is_some_and(|page| page.has_location)
    }

    /// Whether the hit opens a visit where none is open, and prolongs one that is.
    pub fn opens_visit(&self) -> bool {
        match self.kind {
            HitKind::PageView | HitKind::Event(_) | HitKind::Product(_) => true,
            HitKind::Purchase(_) => self.has_location(),
            _ => false,
        }
    }

    /// Whether the hit prolongs an open visit.
    pub fn prolongs_visit(&self) -> bool {
        self.opens_visit()
            || matches!(
                self.kind,
                HitKind::Timing(_) | HitKind::Exception(_) | HitKind::Engagement(_)
            )
    }

    /// Page views and events that a person caused.
    pub fn is_interactive(&self) -> bool {
        match &self.kind {
            HitKind::PageView => true,
            HitKind::Event(event) => !event.non_interaction,
            _ => false,
        }
    }
}
