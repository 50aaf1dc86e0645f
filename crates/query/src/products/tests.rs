use afsa_model::{AccountId, OrderState, ProductAction, text};
use afsa_store::Store;
use afsa_store::conformance::draft::{Draft, decimal, product};
use afsa_store::reference::ReferenceStore;

use super::*;

fn facts(drafts: Vec<Draft>, skus: &[&str]) -> HashMap<Arc<str>, ProductFacts> {
    let store = ReferenceStore::new();
    let arrivals = drafts.into_iter().map(|draft| draft.0).collect();
    store.submit(
        AccountId(1),
        arrivals,
        Box::new(|outcome| drop(outcome.unwrap())),
    );
    let snapshot = store.snapshot(AccountId(1)).unwrap();
    let skus: Vec<Arc<str>> = skus.iter().map(|sku| (*sku).into()).collect();
    product_facts(&skus, Traffic::People, &*snapshot).unwrap()
}

fn told(sku: &str, brand: &str, category: &str, variant: &str) -> Product {
    Product {
        id: text(sku),
        name: text(&format!("{sku} of {brand}")),
        brand: text(brand),
        category: text(category),
        variant: text(variant),
        price: decimal("2.5"),
        ..Product::default()
    }
}

fn seen(minute: i64, products: Vec<Product>) -> Draft {
    Draft::products(minute, 1, ProductAction::Impression, &[])
        .product_hit(|hit| hit.products = products)
}

#[test]
fn the_latest_row_that_tells_decides() {
    const YEAR: i64 = 365 * 24 * 60;
    let found = facts(
        vec![
            seen(0, vec![told("a", "Old", "Toys", "red")]),
            seen(3 * YEAR, vec![told("a", "New", "Toys", "blue")]),
            // Only a millisecond before.
            seen(3 * YEAR, vec![told("a", "Middle", "Games", "")]).later(-1),
            seen(3 * YEAR + 9, vec![told("a", "", "", "")]),
            seen(5, vec![told("b", "B", "", "")]),
            // A neighbour in an order says nothing of the others.
            Draft::purchase(
                4 * YEAR,
                1,
                "o",
                vec![told("c", "C", "Last", "x"), told("b", "", "", "")],
            ),
        ],
        &["a", "b", "missing"],
    );
    assert_eq!(found.len(), 2);
    let a = &found["a"];
    assert_eq!(a.brand.as_deref(), Some("New"));
    assert_eq!(a.category.as_deref(), Some("Toys"));
    assert_eq!(a.name.as_deref(), Some("a of "));
    let variants: Vec<&str> = a.variants.iter().map(|variant| &**variant).collect();
    assert_eq!(variants, ["blue", "red"]);
    assert_eq!(a.last_price, None);
    let b = &found["b"];
    assert_eq!(b.brand.as_deref(), Some("B"));
    assert_eq!((&b.category, b.variants.len()), (&None, 0));
    let price = SoldFor {
        price: 2_500_000,
        currency: None,
    };
    assert_eq!(b.last_price, Some(price));
}

#[test]
fn prices_are_those_of_the_last_sale() {
    let bought = |minute, id: &str, price: &str| {
        Draft::purchase(minute, 1, id, vec![product("Ball", price, "1")])
    };
    let found = facts(
        vec![
            bought(1, "first", "4"),
            bought(2, "second", "5").order(|order| order.currency = text("USD")),
            bought(3, "third", "6"),
            Draft::order_status(4, 1, "third", OrderState::Cancelled),
        ],
        &["Ball"],
    );
    let price = found["Ball"].last_price.as_ref().unwrap();
    assert_eq!(
        (price.price, price.currency.as_deref()),
        (5_000_000, Some("USD"))
    );
}

#[test]
fn rows_of_one_moment_that_disagree_end_somewhere() {
    let rows = vec![told("a", "Y", "", ""), told("a", "X", "", "")];
    let found = facts(
        vec![seen(0, rows), seen(-9, vec![told("a", "Z", "", "")])],
        &["a"],
    );
    assert_eq!(found["a"].brand.as_deref(), Some("X"));
    assert_eq!(facts(Vec::new(), &["a"]), HashMap::new());
    assert_eq!(facts(Vec::new(), &[]), HashMap::new());
}

/// However rows crowd together or lie apart, the latest is found.
#[test]
fn the_latest_is_what_a_walk_over_all_rows_finds() {
    let mut state = 7_u64;
    let mut below = |bound: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let skus = ["a", "b", "c"];
    for round in 0..60 {
        let mut drafts = Vec::new();
        let mut latest: HashMap<&str, (i64, String)> = HashMap::new();
        for _ in 0..1 + below(12) {
            let sku = skus[below(3) as usize];
            let brand = ["X", "Y", "Z", ""][below(4) as usize];
            // Within some milliseconds, or years.
            let spread = [3, 1_000, 86_400_000, 300_000_000_000][below(4) as usize];
            let milliseconds = below(spread) as i64;
            drafts.push(seen(0, vec![told(sku, brand, "", "")]).later(milliseconds));
            if brand.is_empty() {
                continue;
            }
            let known = latest
                .entry(sku)
                .or_insert((milliseconds, brand.to_owned()));
            if (-milliseconds, brand) < (-known.0, known.1.as_str()) {
                *known = (milliseconds, brand.to_owned());
            }
        }
        let found = facts(drafts, &skus);
        for sku in skus {
            let brand = found.get(sku).and_then(|facts| facts.brand.as_deref());
            let expect = latest.get(sku).map(|(_, brand)| brand.as_str());
            assert_eq!(brand, expect, "{sku} in round {round}");
        }
    }
}
