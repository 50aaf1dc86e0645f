//! Asking about the orders of a week.

use afsa_model::{AccountId, AccountSettings, DAY, HitKind, Product, ProductAction};
use afsa_query::{Answer, Request};
use afsa_store::Arrival;
use afsa_store::conformance::draft::{Draft, MONDAY, decimal};
use afsa_store::reference::Reference;

use super::{answered, shown};

pub(super) const DAY_MINUTES: i64 = 24 * 60;

/// Asks about the week that begins on the drafts' Monday.
pub(super) fn ask(drafts: &[Draft], settings: &AccountSettings, request: &Request) -> Answer {
    ask_stored(&stored(drafts, settings), settings, request)
}

pub(super) fn stored(drafts: &[Draft], settings: &AccountSettings) -> Reference {
    let number = |(index, draft): (usize, &Draft)| {
        let Draft(mut arrival) = draft.clone();
        arrival.hit.sequence = index as u64;
        arrival
    };
    let arrivals: Vec<Arrival> = drafts.iter().enumerate().map(number).collect();
    Reference::new(AccountId(3), &arrivals, settings)
}

pub(super) fn ask_stored(
    reference: &Reference,
    settings: &AccountSettings,
    request: &Request,
) -> Answer {
    answered(reference, settings, MONDAY.plus(30 * DAY), request)
}

/// By UTC days, each metric and dimension named with commas.
pub(super) fn week(dimensions: &str, metrics: &str) -> Request {
    Request {
        from: Some("2026-03-30".to_owned()),
        to: Some("2026-04-05".to_owned()),
        dimensions: list(dimensions),
        metrics: list(metrics),
        ..Request::default()
    }
}

pub(super) fn list(names: &str) -> Option<Vec<String>> {
    let names = names.split(',').filter(|name| !name.is_empty());
    Some(names.map(str::to_owned).collect())
}

pub(super) fn check(drafts: &[Draft], dimensions: &str, metrics: &str, expect: &[&str]) {
    let answer = ask(
        drafts,
        &AccountSettings::default(),
        &week(dimensions, metrics),
    );
    let names: Vec<&str> = metrics.split(',').collect();
    assert_eq!(
        shown(&answer, &names),
        expect,
        "{metrics} by {dimensions:?}"
    );
}

/// A named report of the week, with all its metrics.
pub(super) fn check_report(drafts: &[Draft], name: &str, metrics: &[&str], expect: &[&str]) {
    let request = Request {
        report: Some(name.to_owned()),
        dimensions: None,
        metrics: None,
        ..week("", "")
    };
    let answer = ask(drafts, &AccountSettings::default(), &request);
    assert_eq!(shown(&answer, metrics), expect, "{name}");
}

pub(super) fn refund(minute: i64, number: u64, id: &str, amount: &str) -> Draft {
    Draft::refund(minute, number, id).hit(|hit| {
        if let HitKind::Refund(refund) = &mut hit.kind {
            refund.order.revenue = decimal(amount);
        }
    })
}

pub(super) fn with(product: Product, change: impl FnOnce(&mut Product)) -> Product {
    let mut product = product;
    change(&mut product);
    product
}

pub(super) fn viewed(
    minute: i64,
    number: u64,
    action: ProductAction,
    products: Vec<Product>,
) -> Draft {
    let draft = Draft::products(minute, number, action, &[]).at("/ball");
    draft.product_hit(|hit| hit.products = products)
}
