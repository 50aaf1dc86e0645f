//! Random arrivals with small vocabularies, so that things coincide.

use std::sync::Arc;

use afsa_model::{
    Client, Custom, DAY, Decimal, Engagement, Event, Exclusion, Hit, HitKind, MINUTE, OrderFields,
    OrderState, OrderStatus, Origin, PageContext, Product, ProductAction, ProductHit, Promotion,
    Purchase, Refund, Text, Timestamp, TimingOrException, VisitorFields, VisitorKey,
};

use super::draft::{MONDAY, user_key, visitor};
use super::rng::Rng;
use crate::{Arrival, EventKey, Identity};

/// What one world's hits look like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Profile {
    pub visit_timeout: i64,
    pub people: u64,
    /// Only visitors who tell a `visitor_id`.
    pub plain_identities: bool,
    /// Per cent of visits that are excluded.
    pub excluded: u64,
    /// Mostly a shop: carts, checkouts, orders and what comes of them.
    pub is_shop: bool,
}

/// All hits of one account, by time of nothing in particular. Those with a fingerprint can only
/// come by an import.
pub(super) fn arrivals(rng: &mut Rng, profile: Profile) -> Vec<Arrival> {
    let mut arrivals = Vec::new();
    for number in 1..=profile.people {
        let person = person(rng, profile, number);
        for _ in 0..rng.between(1, 5) {
            session(rng, profile, &person, &mut arrivals);
        }
    }
    for arrival in &mut arrivals {
        arrival.event = rng.percent(60).then(|| EventKey(rng.next()));
    }
    arrivals
}

/// How a person tells who he is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Telling {
    Visitor,
    User,
    Cookieless,
    Fingerprint,
    Nobody,
}

struct Person {
    number: u64,
    telling: Telling,
    /// Never tells only the user.
    is_plain: bool,
    user: Text,
    client: Arc<Client>,
}

fn person(rng: &mut Rng, profile: Profile, number: u64) -> Person {
    let telling = match rng.below(10) {
        _ if profile.plain_identities => Telling::Visitor,
        0..=4 => Telling::Visitor,
        5 | 6 => Telling::User,
        7 => Telling::Cookieless,
        8 => Telling::Fingerprint,
        _ => Telling::Nobody,
    };
    let user = (telling == Telling::User || rng.percent(50)).then(|| (*rng.pick(USERS)).into());
    Person {
        number,
        telling,
        is_plain: profile.plain_identities,
        user,
        client: Arc::new(client(rng)),
    }
}

const USERS: &[&str] = &["17", "Ünal", "a"];

impl Person {
    fn identity(&self, rng: &mut Rng, time: Timestamp) -> Identity {
        let of_day = |day: i64| VisitorKey(u128::from(self.number) << 64 | day as u128);
        let day = time.0.div_euclid(DAY);
        match (self.telling, &self.user) {
            // The cookie was lost: for this hit a server tells only the user.
            (Telling::Visitor, Some(user)) if !self.is_plain && rng.percent(10) => {
                Identity::User(user_key(user))
            }
            (Telling::User, Some(user)) => Identity::User(user_key(user)),
            (Telling::Cookieless, _) => Identity::Cookieless {
                today: of_day(day),
                yesterday: of_day(day - 1),
            },
            (Telling::Fingerprint, _) => Identity::Fingerprint(self.number.into()),
            (Telling::Nobody, _) => Identity::Nobody,
            _ => Identity::Visitor(visitor(self.number)),
        }
    }
}

/// Hits with gaps at and around the timeout, now and then for more than a day.
fn session(rng: &mut Rng, profile: Profile, person: &Person, arrivals: &mut Vec<Arrival>) {
    let timeout = profile.visit_timeout;
    let lasts_a_day = timeout >= 180 * MINUTE && rng.percent(20);
    let hits = if lasts_a_day {
        DAY / timeout + 3
    } else {
        rng.between(1, 8)
    };
    // Hours before midnight and whole hours are likelier than others.
    let hour = *rng.pick(&[0, 1, 9, 12, 22, 23]);
    let mut time = MONDAY.plus(rng.between(0, 3) * DAY + hour * 60 * MINUTE);
    if rng.percent(50) {
        time = time.plus(rng.between(-10 * MINUTE, 10 * MINUTE));
    }
    let exclusion = rng.percent(profile.excluded).then(|| {
        *rng.pick(&[
            Exclusion::Robot,
            Exclusion::OwnPeople,
            Exclusion::ReferrerSpam,
        ])
    });
    for _ in 0..hits {
        let kind = if profile.is_shop {
            shop_kind(rng)
        } else {
            kind(rng)
        };
        let identity = person.identity(rng, time);
        let tells_user = matches!(identity, Identity::User(_)) || rng.percent(50);
        let hit = Hit {
            time,
            sequence: 0,
            visitor: VisitorKey::NOBODY,
            by_user: false,
            import: 0,
            exclusion: exclusion.filter(|_| rng.percent(90)),
            user: person.user.clone().filter(|_| tells_user),
            role: maybe(rng, 20, &["admin", "buyer"]),
            client: if rng.percent(85) {
                person.client.clone()
            } else {
                Arc::new(client(rng))
            },
            origin: rng.percent(40).then(|| Arc::new(origin(rng))),
            page: rng.percent(80).then(|| Arc::new(page(rng))),
            // Without a value there is nothing to store: it is `None`, like empty text.
            custom: rng
                .percent(30)
                .then(|| Box::new(custom(rng)))
                .filter(|custom| **custom != Custom::default()),
            kind,
        };
        arrivals.push(Arrival {
            identity,
            event: None,
            hit,
        });
        time = time.plus(if lasts_a_day {
            timeout
        } else {
            gap(rng, timeout)
        });
    }
}

fn gap(rng: &mut Rng, timeout: i64) -> i64 {
    match rng.below(12) {
        0 => 0,
        1 => timeout,
        2 => timeout + 1,
        3 => timeout - 1,
        4 => timeout / 2,
        _ => rng.between(1, 4 * MINUTE),
    }
}

fn kind(rng: &mut Rng) -> HitKind {
    match rng.below(100) {
        0..34 => HitKind::PageView,
        34..50 => HitKind::Event(Box::new(event(rng))),
        50..57 => HitKind::Engagement(Engagement {
            visible: rng.percent(70).then(|| rng.between(0, 90_000)),
            scroll_depth: rng.percent(70).then(|| rng.between(0, 100) as u8),
        }),
        57..77 => HitKind::Product(Box::new(product_hit(rng))),
        77..86 => HitKind::Purchase(Box::new(Purchase {
            order: order(rng),
            products: some(rng, 3, product),
        })),
        86..89 => refund(rng),
        89..93 => HitKind::OrderStatus(Box::new(OrderStatus { order: order(rng) })),
        93..95 => HitKind::Visitor(Box::new(VisitorFields {
            fields: vec![("name".into(), "Ada".into())],
        })),
        95..98 => HitKind::Timing(Box::new(TimingOrException {
            category: Some("load".into()),
            value: Some(Decimal::from(12)),
            ..TimingOrException::default()
        })),
        _ => HitKind::Exception(Box::new(TimingOrException {
            fatal: true,
            ..TimingOrException::default()
        })),
    }
}

fn shop_kind(rng: &mut Rng) -> HitKind {
    match rng.below(100) {
        0..45 => HitKind::Product(Box::new(product_hit(rng))),
        45..70 => HitKind::Purchase(Box::new(Purchase {
            order: order(rng),
            products: some(rng, 3, product),
        })),
        70..82 => refund(rng),
        82..90 => HitKind::OrderStatus(Box::new(OrderStatus { order: order(rng) })),
        _ => kind(rng),
    }
}

/// Of all that is left, of an amount, of some products, or of both.
fn refund(rng: &mut Rng) -> HitKind {
    let mut order = order(rng);
    order.revenue = order.revenue.filter(|_| rng.percent(50));
    HitKind::Refund(Box::new(Refund {
        order,
        products: if rng.percent(50) {
            some(rng, 2, product)
        } else {
            Vec::new()
        },
    }))
}

fn maybe(rng: &mut Rng, percent: u64, words: &[&str]) -> Text {
    rng.percent(percent).then(|| (*rng.pick(words)).into())
}

fn some<T>(rng: &mut Rng, most: usize, one: fn(&mut Rng) -> T) -> Vec<T> {
    (0..rng.below(most + 1)).map(|_| one(rng)).collect()
}

fn client(rng: &mut Rng) -> Client {
    Client {
        country: maybe(rng, 80, &["FR", "DE"]),
        region: maybe(rng, 40, &["FR-75", "Île"]),
        city: maybe(rng, 40, &["Paris", "Köln"]),
        continent: maybe(rng, 70, &["EU"]),
        language: maybe(rng, 60, &["fr", "en-GB"]),
        device: maybe(rng, 80, &["desktop", "tablet"]),
        device_brand: maybe(rng, 30, &["Acme"]),
        device_model: maybe(rng, 30, &["One", "Two"]),
        browser: maybe(rng, 80, &["Firefox", "firefox"]),
        browser_version: maybe(rng, 50, &["1", "2"]),
        os: maybe(rng, 60, &["Linux"]),
        os_version: maybe(rng, 30, &["6"]),
        screen: maybe(rng, 30, &["1920x1080"]),
        viewport: maybe(rng, 30, &["800x600"]),
        cms: maybe(rng, 20, &["press"]),
    }
}

fn origin(rng: &mut Rng) -> Origin {
    let tagged = if rng.percent(30) { 50 } else { 0 };
    let cost_method = maybe(rng, 50, &["cpc", "cps", "cpspercent", "total", "cpm"]);
    Origin {
        channel: maybe(rng, 90, &["Direct", "Organic Search", "Paid Search"]),
        source: maybe(rng, 60, &["google", "news", "日本"]),
        referrer: maybe(rng, 40, &["https://example.com/x"]),
        referrer_host: maybe(rng, 40, &["example.com"]),
        search_engine: maybe(rng, 30, &["google"]),
        keyword: maybe(rng, 20, &["ball", "Ball"]),
        social_network: maybe(rng, 20, &["net"]),
        ai_assistant: maybe(rng, 20, &["bot"]),
        campaign: maybe(rng, tagged, &["spring", "Spring"]),
        campaign_source: maybe(rng, tagged, &["news"]),
        campaign_medium: maybe(rng, tagged, &["cpc", "email"]),
        campaign_term: maybe(rng, tagged, &["t"]),
        campaign_content: maybe(rng, tagged, &["c1", "c2"]),
        campaign_id: maybe(rng, tagged, &["1", "2"]),
        cost: (cost_method.is_some() && rng.percent(95)).then(|| cost(rng)),
        cost_method,
        ..Origin::default()
    }
}

/// Few amounts, so that lump sums coincide; some leave fractions that must be rounded.
fn cost(rng: &mut Rng) -> Decimal {
    let micros = [0, 250_000, 12_345_678, 33_333_333, 5_000_000_000_000];
    Decimal::from_micros(*rng.pick(&micros))
}

fn page(rng: &mut Rng) -> PageContext {
    let has_location = rng.percent(85);
    let groups = ["g", "G", "ß"];
    PageContext {
        has_location,
        hostname: maybe(
            rng,
            if has_location { 90 } else { 0 },
            &["example.com", "shop.example.com"],
        ),
        page: maybe(
            rng,
            if has_location { 95 } else { 0 },
            &["/", "/a", "/a/b", "/É"],
        ),
        title: maybe(rng, 60, &["Home", "home", "A"]),
        content_groups: std::array::from_fn(|_| maybe(rng, 25, &groups)),
    }
}

fn custom(rng: &mut Rng) -> Custom {
    let mut custom = Custom::default();
    for number in [1, 2, 20] {
        let value = maybe(rng, 50, &["x", "X", "y"]);
        custom.dimensions.extend(value.map(|value| (number, value)));
    }
    custom
}

fn event(rng: &mut Rng) -> Event {
    Event {
        category: maybe(rng, 80, &["video", "form"]),
        action: maybe(rng, 80, &["play", "Play", "send"]),
        label: maybe(rng, 40, &["l1", "l2"]),
        event_type: maybe(rng, 30, &["click"]),
        url: maybe(rng, 20, &["https://example.com/f.pdf"]),
        value: None,
        non_interaction: rng.percent(30),
    }
}

fn product_hit(rng: &mut Rng) -> ProductHit {
    use ProductAction::*;
    let action = *rng.pick(&[
        Impression,
        Click,
        Detail,
        Add,
        Remove,
        Checkout,
        CheckoutOption,
        PromotionView,
        PromotionClick,
    ]);
    ProductHit {
        action,
        list: maybe(rng, 30, &["home list", "search"]),
        step: rng.percent(25).then(|| rng.between(1, 3) as u32),
        option: maybe(rng, 15, &["card", "cash"]),
        products: some(rng, 2, product),
        promotions: match action {
            PromotionView | PromotionClick => some(rng, 2, promotion),
            _ if rng.percent(10) => some(rng, 1, promotion),
            _ => Vec::new(),
        },
    }
}

fn product(rng: &mut Rng) -> Product {
    Product {
        id: maybe(rng, 60, &["p1", "p2"]),
        name: maybe(rng, 60, &["Ball", "Frisbee", "p1"]),
        brand: maybe(rng, 40, &["Acme", "acme"]),
        category: maybe(rng, 50, &["Toys", "Toys/Balls", "/Toys//Balls/", "Home"]),
        variant: maybe(rng, 30, &["red", "blue"]),
        coupon: maybe(rng, 25, &["TEN", "SUMMER"]),
        list: maybe(rng, 20, &["search", "cross"]),
        currency: None,
        price: rng
            .percent(80)
            .then(|| Decimal::from_micros(rng.between(0, 99_999_999))),
        quantity: rng
            .percent(60)
            .then(|| Decimal::from(rng.between(0, 4) as i32)),
        position: rng.percent(30).then(|| rng.between(1, 3) as u32),
    }
}

fn promotion(rng: &mut Rng) -> Promotion {
    Promotion {
        id: maybe(rng, 60, &["q1", "q2"]),
        name: maybe(rng, 60, &["Sale", "q1"]),
        creative: maybe(rng, 40, &["banner"]),
        position: maybe(rng, 40, &["top", "1"]),
    }
}

fn money(rng: &mut Rng, percent: u64) -> Option<Decimal> {
    let is_told = rng.percent(percent);
    is_told.then(|| Decimal::from_micros(rng.between(0, 9_999_999)))
}

fn order(rng: &mut Rng) -> OrderFields {
    use OrderState::*;
    let ids = ["o1", "o2", "o3", "o4", "o5", "o6", "o7", "o8", "o9", "ö"];
    OrderFields {
        id: Some((*rng.pick(&ids)).into()),
        affiliation: maybe(rng, 30, &["shop", "outlet"]),
        currency: maybe(rng, 40, &["EUR", "EUR", "USD", "JPY", "usd"]),
        coupon: maybe(rng, 30, &["TEN", "VIP"]),
        revenue: rng
            .percent(70)
            .then(|| Decimal::from_micros(rng.between(0, 999_999_999))),
        state: rng
            .percent(40)
            .then(|| *rng.pick(&[Pending, Completed, Completed, Cancelled])),
        revenue_net: money(rng, 10),
        revenue_tax: money(rng, 30),
        shipping: money(rng, 40),
        shipping_net: money(rng, 20),
        shipping_tax: money(rng, 30),
        tax: money(rng, 30),
        coupon_value: money(rng, 30),
    }
}
