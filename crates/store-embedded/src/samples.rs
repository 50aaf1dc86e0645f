//! Random arrivals for tests: every kind of hit, every field now and then, odd values too.

use std::sync::Arc;

use afsa_model::*;
use afsa_store::{Arrival, EventKey, Identity};
use rand::RngExt;
use rand::rngs::StdRng;

pub(crate) fn arrival(random: &mut StdRng) -> Arrival {
    let identity = match random.random_range(0..5) {
        0 => Identity::Nobody,
        1 => Identity::Visitor(VisitorKey(random.random())),
        2 => Identity::User(VisitorKey(random.random())),
        3 => Identity::Cookieless {
            today: VisitorKey(random.random()),
            yesterday: VisitorKey(random.random()),
        },
        _ => Identity::Fingerprint(random.random()),
    };
    let event = random.random_bool(0.5).then(|| EventKey(random.random()));
    Arrival {
        identity,
        event,
        hit: hit(random),
    }
}

fn hit(random: &mut StdRng) -> Hit {
    let exclusions = [
        None,
        Some(Exclusion::Robot),
        Some(Exclusion::Monitor),
        Some(Exclusion::ReferrerSpam),
        Some(Exclusion::OwnPeople),
        Some(Exclusion::Behaviour),
    ];
    Hit {
        time: Timestamp(number(random)),
        sequence: random.random(),
        visitor: VisitorKey(if random.random_bool(0.5) {
            0
        } else {
            random.random()
        }),
        by_user: random.random(),
        import: if random.random_bool(0.5) {
            0
        } else {
            random.random()
        },
        exclusion: exclusions[random.random_range(0..exclusions.len())],
        user: some_text(random),
        role: some_text(random),
        client: Arc::new(Client {
            country: some_text(random),
            browser: some_text(random),
            cms: some_text(random),
            ..Client::default()
        }),
        origin: random.random_bool(0.5).then(|| {
            Arc::new(Origin {
                channel: some_text(random),
                click_id: some_text(random),
                cost: decimal(random),
                ..Origin::default()
            })
        }),
        page: random.random_bool(0.5).then(|| {
            Arc::new(PageContext {
                has_location: random.random(),
                hostname: some_text(random),
                page: some_text(random),
                title: some_text(random),
                content_groups: std::array::from_fn(|_| some_text(random)),
            })
        }),
        custom: random.random_bool(0.3).then(|| {
            Box::new(Custom {
                dimensions: vec![(20, "value".into()), (1, "".into())],
                metrics: vec![(7, Decimal::from_micros(number(random)))],
            })
        }),
        kind: kind(random),
    }
}

fn kind(random: &mut StdRng) -> HitKind {
    match random.random_range(0..10) {
        0 => HitKind::PageView,
        1 => HitKind::Event(Box::new(Event {
            category: some_text(random),
            value: decimal(random),
            non_interaction: random.random(),
            ..Event::default()
        })),
        2 => HitKind::Engagement(Engagement {
            visible: random.random_bool(0.5).then(|| number(random)),
            scroll_depth: random.random_bool(0.5).then(|| random.random()),
        }),
        3 => HitKind::Product(Box::new(ProductHit {
            action: ProductAction::PromotionClick,
            list: some_text(random),
            step: random.random_bool(0.5).then(|| random.random()),
            option: some_text(random),
            products: products(random),
            promotions: vec![Promotion {
                id: some_text(random),
                ..Promotion::default()
            }],
        })),
        4 => HitKind::Purchase(Box::new(Purchase {
            order: order(random),
            products: products(random),
        })),
        5 => HitKind::Refund(Box::new(Refund {
            order: order(random),
            products: Vec::new(),
        })),
        6 => HitKind::OrderStatus(Box::new(OrderStatus {
            order: order(random),
        })),
        7 => HitKind::Visitor(Box::new(VisitorFields {
            fields: vec![("name".into(), "".into()), ("é".into(), "\u{0}".into())],
        })),
        8 => HitKind::Timing(Box::new(TimingOrException {
            value: decimal(random),
            ..TimingOrException::default()
        })),
        _ => HitKind::Exception(Box::new(TimingOrException {
            label: some_text(random),
            fatal: true,
            ..TimingOrException::default()
        })),
    }
}

fn order(random: &mut StdRng) -> OrderFields {
    OrderFields {
        id: text("o1"),
        currency: some_text(random),
        revenue: decimal(random),
        coupon_value: decimal(random),
        state: [None, Some(OrderState::Pending), Some(OrderState::Cancelled)]
            [random.random_range(0..3)],
        ..OrderFields::default()
    }
}

fn products(random: &mut StdRng) -> Vec<Product> {
    let product = |random: &mut StdRng| Product {
        name: some_text(random),
        price: decimal(random),
        position: random.random_bool(0.5).then(|| random.random()),
        ..Product::default()
    };
    (0..random.random_range(0..3))
        .map(|_| product(random))
        .collect()
}

fn some_text(random: &mut StdRng) -> Text {
    let long = "x".repeat(300);
    text(
        [
            "",
            "a",
            "/page?x=1",
            "日本語 \u{1F600}",
            "\r\n\0=1+1",
            &long,
        ][random.random_range(0..6)],
    )
}

fn decimal(random: &mut StdRng) -> Option<Decimal> {
    random
        .random_bool(0.5)
        .then(|| Decimal::from_micros(number(random)))
}

fn number(random: &mut StdRng) -> i64 {
    [0, 1, -1, i64::MAX, i64::MIN, random.random()][random.random_range(0..6)]
}
