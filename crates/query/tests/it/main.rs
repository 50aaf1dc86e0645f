//! Reports on real hits, by way of the reference executor.

mod everywhere;
mod money;
mod orders;
mod people;
mod products;
mod shop;

use std::sync::Arc;

use afsa_model::{
    AccountId, AccountSettings, Client, Event, HOUR, Hit, HitKind, MINUTE, OrderFields, Origin,
    PageContext, Product, Purchase, Timestamp, VisitorKey, text,
};
use afsa_query::{
    Answer, Column, ColumnType, Context, Figure, REPORTS, Request, Row, answer, plan,
};
use afsa_store::reference::Reference;
use afsa_store::{Arrival, Identity, Snapshot, Value};

/// 2026-10-26T12:00:00Z: the day after clocks were put back in Paris.
const NOW: Timestamp = Timestamp(1_793_016_000_000);

struct Shop {
    arrivals: Vec<Arrival>,
}

impl Shop {
    fn hit(&mut self, visitor: u128, ago: i64, country: &str, page: &str, kind: HitKind) {
        let hit = Hit {
            time: NOW.plus(-ago),
            sequence: self.arrivals.len() as u64,
            visitor: VisitorKey(visitor),
            by_user: false,
            import: 0,
            exclusion: None,
            user: None,
            role: None,
            client: Arc::new(Client {
                country: text(country),
                ..Client::default()
            }),
            origin: None,
            page: Some(Arc::new(PageContext {
                has_location: true,
                page: text(page),
                ..PageContext::default()
            })),
            custom: None,
            kind,
        };
        let identity = Identity::Visitor(VisitorKey(visitor));
        self.arrivals.push(Arrival {
            identity,
            event: None,
            hit,
        });
    }

    fn event(&mut self, visitor: u128, ago: i64, category: &str, action: &str, label: &str) {
        let event = Event {
            category: text(category),
            action: text(action),
            label: text(label),
            ..Event::default()
        };
        self.hit(visitor, ago, "FR", "/a", HitKind::Event(Box::new(event)));
    }

    fn purchase(&mut self, visitor: u128, ago: i64, id: &str, revenue: &str, products: &[&str]) {
        let order = OrderFields {
            id: text(id),
            revenue: revenue.parse().ok(),
            ..OrderFields::default()
        };
        let product = |id: &&str| Product {
            id: text(id),
            price: "10".parse().ok(),
            quantity: "2".parse().ok(),
            ..Product::default()
        };
        let products = products.iter().map(product).collect();
        let purchase = Purchase { order, products };
        self.hit(
            visitor,
            ago,
            "FR",
            "/thanks",
            HitKind::Purchase(Box::new(purchase)),
        );
    }

    /// Two visitors from France, one from Belgium; a week ago one of them.
    fn with_hits() -> Shop {
        let mut shop = Shop {
            arrivals: Vec::new(),
        };
        let page = |shop: &mut Shop, visitor, ago, country: &str, page: &str| {
            shop.hit(visitor, ago, country, page, HitKind::PageView);
        };
        page(&mut shop, 1, 3 * HOUR, "FR", "/a");
        page(&mut shop, 1, 3 * HOUR - MINUTE, "FR", "/b");
        page(&mut shop, 2, 2 * HOUR, "BE", "/a");
        page(&mut shop, 3, HOUR, "FR", "/a");
        shop.event(3, HOUR - MINUTE, "click", "outbound", "there");
        shop.event(3, HOUR - 2 * MINUTE, "Download", "none", "file");
        shop.purchase(3, HOUR - 3 * MINUTE, "o1", "16.13", &["ball", "frisbee"]);
        page(&mut shop, 1, 7 * 24 * HOUR, "FR", "/a");
        // Either side of the change of clock: 2:30 in summer, 2:30 in winter.
        page(&mut shop, 4, 35 * HOUR + 30 * MINUTE, "FR", "/night");
        page(&mut shop, 4, 34 * HOUR + 30 * MINUTE, "FR", "/night");
        shop
    }
}

fn asked(request: &Request) -> Answer {
    asked_of(&Shop::with_hits(), request)
}

fn asked_of(shop: &Shop, request: &Request) -> Answer {
    let settings = AccountSettings {
        timezone: "Europe/Paris".into(),
        ..Default::default()
    };
    let reference = Reference::new(AccountId(3), &shop.arrivals, &settings);
    answered(&reference, &settings, NOW, request)
}

fn answered(
    reference: &Reference,
    settings: &AccountSettings,
    now: Timestamp,
    request: &Request,
) -> Answer {
    let context = Context {
        settings,
        now,
        activity: reference.activity().unwrap(),
        goals: &[],
    };
    answer(&plan(request, &context).unwrap(), reference).unwrap()
}

fn report(name: &str) -> Request {
    Request {
        report: Some(name.to_owned()),
        period: Some("today".to_owned()),
        ..Request::default()
    }
}

/// Each row as its keys and the figures of these metrics.
fn shown(answer: &Answer, metrics: &[&str]) -> Vec<String> {
    let is_dimension = |column: &&Column| matches!(column.column_type, ColumnType::Dimension(_));
    let width = answer.columns.iter().filter(is_dimension).count();
    let positions: Vec<usize> = metrics
        .iter()
        .map(|name| {
            answer
                .columns
                .iter()
                .position(|column| column.name == *name)
                .unwrap()
                - width
        })
        .collect();
    let figure = |figure: Figure| figure.map_or("null".to_owned(), |f| f.to_f64().to_string());
    let key = |value: &Value| match value {
        Value::Text(text) => text.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Null => "null".to_owned(),
    };
    let row = |row: &Row| {
        let keys = row.keys.iter().map(key);
        let figures = positions
            .iter()
            .map(|position| figure(row.values[*position]));
        keys.chain(figures).collect::<Vec<String>>().join(" ")
    };
    answer.rows.iter().map(row).collect()
}

/// Figures that are made of several measures.
#[test]
fn campaigns_tell_what_they_cost_and_brought() {
    let mut shop = Shop {
        arrivals: Vec::new(),
    };
    let campaigns = [
        (1, "click", "cpc", "0.125"),
        (2, "click", "cpc", "0.125"),
        (3, "share", "cpspercent", "12.5"),
        (4, "whole", "total", "40"),
        (5, "whole", "total", "40"),
        (6, "free", "", ""),
    ];
    for (visitor, campaign, method, cost) in campaigns {
        shop.hit(visitor, HOUR, "FR", "/", HitKind::PageView);
        let origin = Origin {
            campaign: text(campaign),
            cost_method: text(method),
            cost: cost.parse().ok(),
            ..Origin::default()
        };
        let arrival = shop.arrivals.last_mut().unwrap();
        arrival.hit.origin = Some(Arc::new(origin));
    }
    shop.purchase(1, HOUR - MINUTE, "o1", "10", &[]);
    shop.purchase(3, HOUR - MINUTE, "o3", "80", &[]);
    shop.purchase(3, HOUR - MINUTE, "o4", "20", &[]);
    shop.purchase(6, HOUR - MINUTE, "o6", "5", &[]);
    let mut campaigns = report("campaigns");
    let figures = ["campaign_cost", "orders", "revenue", "roas"];
    campaigns.order_by = Some(vec!["roas".to_owned()]);
    assert_eq!(
        shown(&asked_of(&shop, &campaigns), &figures),
        [
            "click null null 0.25 1 10 40",
            "share null null 12.5 2 100 8",
            "whole null null 40 0 0 0",
            "free null null 0 1 5 null",
        ]
    );
    let mut whole = report("campaigns");
    whole.dimensions = Some(Vec::new());
    let figures = ["campaign_cost", "cost_per_order", "roas"];
    whole.metrics = Some(figures.map(str::to_owned).to_vec());
    let (cost, revenue) = (52.75, 115.0);
    assert_eq!(
        shown(&asked_of(&shop, &whole), &figures),
        [format!("{cost} {} {}", cost / 4.0, revenue / cost)]
    );
}

#[test]
fn reports_say_what_was() {
    let check = |name: &str, metrics: &[&str], expect: &[&str]| {
        assert_eq!(shown(&asked(&report(name)), metrics), expect, "{name}");
    };
    check(
        "summary",
        &["visitors", "visits", "pageviews", "bounce_rate"],
        &[&format!("3 3 4 {}", 1.0 / 3.0)],
    );
    check(
        "countries",
        &["visitors", "percentage"],
        &[
            &format!("FR 2 {}", 2.0 / 3.0),
            &format!("BE 1 {}", 1.0 / 3.0),
        ],
    );
    check(
        "pages",
        &["pageviews", "visitors", "entries"],
        &["/a 3 3 3", "/b 1 1 0"],
    );
    check(
        "visits",
        &["visits"],
        &[
            "2026-10-26T10:00:00+01:00 1",
            "2026-10-26T11:00:00+01:00 1",
            "2026-10-26T12:00:00+01:00 1",
        ],
    );
    check("clicks", &["events", "visits"], &["outbound there 1 1"]);
    check("downloads", &["events"], &["null 1"]);
    check("videos", &["events"], &[]);
    check("visitors", &["visitors"], &["new 2", "returning 1"]);
    check("loyalty", &["visits"], &["1 2", "2 1"]);
    check("recency", &["visits"], &["6 1", "null 2"]);
    check(
        "ecommerce",
        &[
            "revenue",
            "orders",
            "units",
            "units_per_order",
            "products_sold",
        ],
        &["16.13 1 4 4 2"],
    );
    check("orders", &["revenue", "units"], &["o1 completed 16.13 4"]);
    check(
        "products",
        &["product_revenue", "products_sold"],
        &["ball ball 20 1", "frisbee frisbee 20 1"],
    );
}

#[test]
fn the_hour_that_comes_twice_is_two() {
    let request = Request {
        period: Some("yesterday".to_owned()),
        interval: Some("hour".to_owned()),
        metrics: Some(vec!["pageviews".to_owned()]),
        ..Request::default()
    };
    assert_eq!(
        shown(&asked(&request), &["pageviews"]),
        ["2026-10-25T02:00:00+02:00 1", "2026-10-25T02:00:00+01:00 1"]
    );
    let by_clock = Request {
        interval: None,
        dimensions: Some(vec!["hour_of_day".to_owned()]),
        ..request
    };
    assert_eq!(shown(&asked(&by_clock), &["pageviews"]), ["2 2"]);
}

#[test]
fn every_report_can_be_answered_with_everything_included() {
    for report in REPORTS {
        for (period, compare) in [("realtime", "year_over_year"), ("30d", "previous_period")] {
            let request = Request {
                report: Some(report.name.to_owned()),
                period: Some(period.to_owned()),
                compare: Some(compare.to_owned()),
                include: Some(vec!["totals".to_owned(), "empty".to_owned()]),
                ..Request::default()
            };
            let answer = asked(&request);
            let width = report.dimensions.len();
            assert_eq!(
                answer.columns.len(),
                width + report.metrics.len(),
                "{}",
                report.name
            );
            for row in answer.rows.iter().chain(&answer.totals) {
                assert_eq!(row.values.len(), report.metrics.len());
                assert_eq!(row.previous.as_ref().unwrap().len(), report.metrics.len());
                assert_eq!(row.change.as_ref().unwrap().len(), report.metrics.len());
            }
        }
    }
}

#[test]
fn money_that_is_left_out_is_told() {
    let mut shop = Shop::with_hits();
    for (id, currency) in [("o2", "usd"), ("o3", "USD"), ("o4", "eur"), ("o5", "")] {
        shop.purchase(3, HOUR - 4 * MINUTE, id, "5", &["ball"]);
        if let Some(Arrival { hit, .. }) = shop.arrivals.last_mut()
            && let HitKind::Purchase(purchase) = &mut hit.kind
        {
            purchase.order.currency = text(currency);
        }
    }
    let told = |metrics: &str, period: &str| {
        let request = Request {
            period: Some(period.to_owned()),
            metrics: Some(vec![metrics.to_owned()]),
            ..Request::default()
        };
        asked_of(&shop, &request).warnings
    };
    let warnings = told("revenue", "today");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].contains("no rate from USD to EUR"),
        "{warnings:?}"
    );
    assert!(warnings[0].contains("2 orders"), "{warnings:?}");
    assert_eq!(told("average_order_value", "today"), warnings);
    assert!(told("orders", "today").is_empty(), "no money was asked for");
    assert!(told("revenue", "yesterday").is_empty(), "there were none");
}
