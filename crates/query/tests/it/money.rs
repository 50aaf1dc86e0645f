//! Currencies, what is left out for want of a rate, and what net revenue is made of.

use std::collections::BTreeMap;
use std::sync::Arc;

use afsa_model::{
    AccountSettings, Decimal, ExchangeRates, HitKind, Origin, QUOTE_SCALE, ZoneOffsets, text,
};
use afsa_query::Request;
use afsa_store::Value;
use afsa_store::conformance::draft::{Draft, MONDAY, decimal};

use super::shop::{DAY_MINUTES, ask, ask_stored, list, stored, week};
use super::shown;

/// The drafts' Monday, as days are counted.
const MONDAY_DAY: i32 = 20_542;

fn sold(minute: i64, id: &str, revenue: &str, currency: &str) -> Draft {
    let currency = text(currency);
    Draft::purchase(minute, 1, id, Vec::new())
        .revenue(revenue)
        .order(|order| order.currency = currency)
}

/// An account in this currency; one euro is two dollars from the drafts' Wednesday on.
fn account(currency: &str) -> AccountSettings {
    let mut rates = ExchangeRates::quoted_in("EUR");
    rates.note("USD", MONDAY_DAY + 2, 2 * QUOTE_SCALE);
    AccountSettings {
        currency: currency.into(),
        rates: Arc::new(rates),
        ..AccountSettings::default()
    }
}

#[test]
fn money_is_exact_until_it_is_shown() {
    let check = |currency: &str, digits: u32, revenues: &[&str], sum: i128, mean: i128| {
        let order =
            |(at, revenue): (usize, &&str)| sold(at as i64, &format!("o{at}"), revenue, currency);
        let drafts: Vec<Draft> = revenues.iter().enumerate().map(order).collect();
        let request = week("", "revenue,average_order_value,net_revenue");
        let answer = ask(&drafts, &account(currency), &request);
        let shown = |metric: usize| answer.rows[0].values[metric].unwrap().rounded(digits);
        assert_eq!(
            [shown(0), shown(1), shown(2)],
            [Some(sum), Some(mean), Some(sum)],
            "{revenues:?} {currency}"
        );
        assert_eq!(answer.warnings, [""; 0]);
    };
    // Each rounded by itself would be 0, and the mean of what is shown 0 or 1.
    check("JPY", 0, &["0.4", "0.4", "0.4"], 1, 0);
    check("JPY", 0, &["100", "100.5"], 201, 100);
    check("KWD", 3, &["0.0004", "0.0004", "0.0004"], 1, 0);
    check("KWD", 3, &["1.0005", "2"], 3_001, 1_500);
    check("KWD", 3, &["-1.0005"], -1_001, -1_001);
}

#[test]
fn money_without_a_rate_is_told_by_currency() {
    let drafts = [
        Draft::page_view(0, 1, "/"),
        sold(5, "o1", "10", "usd"),
        sold(DAY_MINUTES, "o2", "10", "USD"),
        sold(2 * DAY_MINUTES, "o3", "10", "USD"),
        sold(2 * DAY_MINUTES, "o4", "10", "GBP"),
        sold(2 * DAY_MINUTES, "o5", "10", "eur"),
        sold(2 * DAY_MINUTES, "o6", "10", ""),
        Draft::refund(3 * DAY_MINUTES, 1, "o2"),
        Draft::refund(3 * DAY_MINUTES, 1, "o3"),
        Draft::refund(3 * DAY_MINUTES, 1, "o4"),
    ];
    let check = |from: &str, metrics: &str, expect: &[&str]| {
        let request = Request {
            from: Some(from.to_owned()),
            ..week("", metrics)
        };
        let answer = ask(&drafts, &account("EUR"), &request);
        let expect: Vec<String> = expect
            .iter()
            .map(|told| {
                let (currency, what) = told.split_once(' ').unwrap();
                let before = match currency {
                    "USD" => " before 2026-04-01",
                    _ => "",
                };
                format!(
                    "no rate from {currency} to EUR is known{before}: the money of {what} is left \
                     out, though counted; rates are taken by \
                     /v1/accounts/{{account_id}}/exchange-rates and by `afsa rates`"
                )
            })
            .collect();
        assert_eq!(answer.warnings, expect, "{metrics} from {from}");
    };
    let of_orders = ["GBP 1 order", "USD 2 orders"];
    for metrics in [
        "revenue",
        "tax",
        "shipping",
        "discount",
        "product_revenue",
        "average_order_value",
        "revenue_per_visit",
        "revenue_per_visitor",
        "lifetime_value",
        "roas",
    ] {
        check("2026-03-30", metrics, &of_orders);
    }
    // Of the refunds, that of an order from before the rates, though the refund is later.
    let of_refunds = ["GBP 1 refund", "USD 1 refund"];
    check("2026-03-30", "refund_amount", &of_refunds);
    check("2026-03-30", "product_refund_amount", &of_refunds);
    let of_both = ["GBP 1 order and 1 refund", "USD 2 orders and 1 refund"];
    check("2026-03-30", "net_revenue", &of_both);
    check("2026-03-30", "refund_rate", &of_both);
    check("2026-03-31", "revenue", &["GBP 1 order", "USD 1 order"]);
    check("2026-04-01", "revenue", &["GBP 1 order"]);
    check(
        "2026-04-01",
        "net_revenue",
        &["GBP 1 order and 1 refund", "USD 1 refund"],
    );
    check("2026-04-03", "net_revenue", &[]);
    check(
        "2026-03-30",
        "orders,refunds,visits,campaign_cost,buyers",
        &[],
    );

    let figures = ask(
        &drafts,
        &account("EUR"),
        &week("", "orders,revenue,refund_amount"),
    );
    let names = ["orders", "revenue", "refund_amount"];
    assert_eq!(shown(&figures, &names), ["6 25 5"]);
    let compared = Request {
        from: Some("2026-04-01".to_owned()),
        compare_from: Some("2026-03-30".to_owned()),
        compare_to: Some("2026-03-30".to_owned()),
        ..week("order_id", "revenue")
    };
    let warnings = ask(&drafts, &account("EUR"), &compared).warnings;
    assert_eq!(
        warnings.len(),
        2,
        "both periods are looked at: {warnings:?}"
    );
}

#[test]
fn days_of_rates_are_those_of_the_account() {
    let kiritimati = ZoneOffsets([(MONDAY, 14 * 3_600)].into());
    let minute = 2 * DAY_MINUTES - 14 * 60;
    let drafts = [
        sold(minute - 1, "o1", "10", "USD"),
        sold(minute, "o2", "10", "USD"),
    ];
    let settings = AccountSettings {
        zone: kiritimati,
        ..account("EUR")
    };
    let answer = ask(&drafts, &settings, &week("", "revenue"));
    assert_eq!(shown(&answer, &["revenue"]), ["5"]);
    assert!(
        answer.warnings[0].contains("of 1 order is"),
        "{:?}",
        answer.warnings
    );
}

#[test]
fn only_campaigns_that_are_paid_a_share_lack_money_of_orders() {
    let check = |method: &str, cost: &str, expect: usize| {
        let origin = Origin {
            campaign: text("spring"),
            cost_method: text(method),
            cost: decimal(cost),
            ..Origin::default()
        };
        let drafts = [
            Draft::page_view(0, 1, "/").hit(|hit| hit.origin = Some(Arc::new(origin))),
            sold(5, "o1", "10", "GBP"),
        ];
        for metric in ["campaign_cost", "cost_per_order", "cost_per_new_buyer"] {
            let answer = ask(&drafts, &account("EUR"), &week("", metric));
            assert_eq!(answer.warnings.len(), expect, "{metric} {method} {cost}");
        }
    };
    check("cpc", "0.5", 0);
    check("total", "40", 0);
    check("cps", "2", 0);
    check("cpspercent", "10", 1);
    let drafts = [Draft::page_view(0, 1, "/"), sold(5, "o1", "10", "GBP")];
    let answer = ask(&drafts, &account("EUR"), &week("", "campaign_cost"));
    assert_eq!(answer.warnings, [""; 0], "no campaign brought the order");
}

#[test]
fn many_currencies_are_told_in_a_few_lines() {
    let letters = ["A", "B", "C", "D", "E"];
    let mut drafts = Vec::new();
    for (index, (first, second)) in letters
        .iter()
        .flat_map(|first| letters.iter().map(move |second| (first, second)))
        .enumerate()
    {
        drafts.push(sold(
            5,
            &format!("o{index}"),
            "1",
            &format!("X{first}{second}"),
        ));
    }
    drafts.push(sold(5, "twice", "1", "XEE"));
    let warnings = ask(&drafts, &account("EUR"), &week("", "revenue")).warnings;
    assert_eq!(warnings.len(), 11, "{warnings:?}");
    assert!(warnings[0].contains("from XEE to EUR"), "{warnings:?}");
    assert!(warnings[0].contains("2 orders"), "{warnings:?}");
    assert!(warnings[10].contains("15 more currencies"), "{warnings:?}");
    assert!(warnings[10].contains("15 orders"), "{warnings:?}");
}

/// Random numbers, the same every time.
pub(super) struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, count: i64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as i64 % count
    }

    pub fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as i64) as usize]
    }

    fn millis(&mut self, below: i64) -> i64 {
        self.below(below) * 1_000
    }
}

/// What of net revenue an order or refund is, in millionths, with what it is told by.
struct Entry {
    day: usize,
    keys: [String; 4],
    net: i64,
}

const KEYS: [&str; 4] = ["country", "affiliation", "order_id", "time"];
const DAYS: [&str; 7] = [
    "2026-03-30",
    "2026-03-31",
    "2026-04-01",
    "2026-04-02",
    "2026-04-03",
    "2026-04-04",
    "2026-04-05",
];

/// A week of orders with taxes and shipping, of some of which something came back, and what each
/// means for net revenue.
fn books(dice: &mut Dice) -> (Vec<Draft>, Vec<Entry>) {
    let (mut drafts, mut entries) = (Vec::new(), Vec::new());
    for number in 1..60_u64 {
        let country = dice.one_of(&["FR", "BE", "DE"]);
        let affiliation = dice.one_of(&["shop", "market"]);
        let id = format!("o{number}");
        let day = dice.below(7);
        let minute = day * DAY_MINUTES + dice.below(DAY_MINUTES - 10);
        let revenue = 50_000_000 + dice.millis(90_000);
        let (tax, shipping, shipping_tax) = (
            dice.millis(9_000),
            2_000_000 + dice.millis(5_000),
            dice.millis(2_000),
        );
        let tells_tax = dice.below(2) == 0;
        drafts.push(Draft::page_view(minute, number, "/").country(country));
        let purchase = Draft::purchase(minute + 1, number, &id, Vec::new()).order(|order| {
            let micros = |micros| Some(Decimal::from_micros(micros));
            order.affiliation = text(affiliation);
            order.revenue = micros(revenue);
            order.shipping = micros(shipping);
            order.shipping_tax = micros(shipping_tax);
            if tells_tax {
                order.tax = micros(tax + shipping_tax);
            } else {
                order.revenue_tax = micros(tax);
            }
        });
        drafts.push(purchase);
        let mut note = |day: i64, net: i64| {
            let time = DAYS.get(day as usize).copied().unwrap_or_default();
            entries.push(Entry {
                day: day as usize,
                keys: [country, affiliation, &id, time].map(str::to_owned),
                net,
            });
        };
        note(
            day,
            revenue - (tax + shipping_tax) - (shipping - shipping_tax),
        );
        let mut left = revenue;
        for _ in 0..dice.below(4) {
            let back = dice.millis(60_000).min(left);
            let day = day + 1 + dice.below(3);
            if back == 0 {
                continue;
            }
            left -= back;
            let refund = Draft::refund(day * DAY_MINUTES, number, &id).hit(|hit| {
                if let HitKind::Refund(refund) = &mut hit.kind {
                    refund.order.revenue = Some(Decimal::from_micros(back));
                }
            });
            drafts.push(refund);
            note(day, -back);
        }
    }
    (drafts, entries)
}

#[test]
fn net_revenue_is_what_the_books_say_over_any_period_and_breakdown() {
    let (drafts, entries) = books(&mut Dice(11));
    let settings = AccountSettings::default();
    let reference = stored(&drafts, &settings);
    for (first, last) in (0..7).flat_map(|first| (first..7).map(move |last| (first, last))) {
        let of_period = || {
            entries
                .iter()
                .filter(|entry| (first..=last).contains(&entry.day))
        };
        let whole: i64 = of_period().map(|entry| entry.net).sum();
        for (position, dimension) in KEYS.iter().enumerate() {
            let mut expect: BTreeMap<String, i64> = BTreeMap::new();
            for entry in of_period() {
                *expect.entry(entry.keys[position].clone()).or_default() += entry.net;
            }
            expect.retain(|_, net| *net != 0);
            let request = Request {
                from: Some(DAYS[first].to_owned()),
                to: Some(DAYS[last].to_owned()),
                include: list("totals"),
                interval: (*dimension == "time").then(|| "day".to_owned()),
                ..week(dimension, "net_revenue")
            };
            let answer = ask_stored(&reference, &settings, &request);
            let millionths = |figure: afsa_query::Figure| {
                let millionths = figure.unwrap().rounded(6).unwrap();
                i64::try_from(millionths).unwrap()
            };
            let found: BTreeMap<String, i64> = answer
                .rows
                .iter()
                .map(|row| match &row.keys[0] {
                    Value::Text(key) => (key.to_string(), millionths(row.values[0])),
                    other => panic!("{other:?} by {dimension}"),
                })
                .collect();
            assert_eq!(found, expect, "{dimension}, days {first} to {last}");
            let totals = answer.totals.unwrap();
            assert_eq!(
                millionths(totals.values[0]),
                whole,
                "days {first} to {last}"
            );
        }
    }
}
