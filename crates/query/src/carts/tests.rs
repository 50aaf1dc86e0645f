use std::sync::Arc;

use afsa_model::MINUTE;
use afsa_store::CartChange;

use super::*;

fn item(sku: &str, variant: &str, quantity: i32, price: &str) -> CartItem {
    let text = |text: &str| (!text.is_empty()).then(|| Arc::from(text));
    CartItem {
        sku: text(sku),
        product: text(sku).map(|sku: Arc<str>| sku.to_uppercase().into()),
        variant: text(variant),
        quantity: Decimal::from_micros(i64::from(quantity) * 1_000_000),
        price: price.parse().ok(),
        currency: None,
    }
}

fn add(sku: &str, quantity: i32, price: &str) -> CartChangeKind {
    CartChangeKind::Added(item(sku, "", quantity, price))
}

fn remove(sku: &str, quantity: i32) -> CartChangeKind {
    CartChangeKind::Removed(item(sku, "", quantity, ""))
}

fn order() -> CartChangeKind {
    CartChangeKind::Ordered("A-1".into())
}

/// A change at each minute.
fn history(is_abandoned: bool, changes: Vec<CartChangeKind>) -> CartHistory {
    let change = |(minute, kind)| CartChange {
        time: Timestamp(minute * MINUTE),
        kind,
    };
    CartHistory {
        visitor: VisitorKey(7),
        start: Timestamp(0),
        values: Vec::new(),
        is_abandoned,
        changes: (0..).zip(changes).map(change).collect(),
    }
}

/// Cents; `None` for an unknown value.
fn cents(value: Option<i128>) -> Option<i128> {
    value.map(|value| value / 10_000_000_000)
}

#[test]
fn a_cart_is_told_after_each_change_and_as_it_ended() {
    let check = |is_abandoned, changes, state, worth: &[Option<i128>], content: &[(&str, i64)]| {
        let facts = cart_facts(history(is_abandoned, changes), &AccountSettings::default());
        assert_eq!(facts.state, state);
        let told: Vec<_> = facts.changes.iter().map(|it| cents(it.value)).collect();
        assert_eq!(told, worth);
        let held = facts.content.iter();
        let held: Vec<(&str, i64)> = held
            .map(|held| {
                (
                    held.sku.as_deref().unwrap(),
                    held.quantity.micros() / 1_000_000,
                )
            })
            .collect();
        assert_eq!(held, content);
    };
    let some = |cents: i128| Some(cents);
    check(
        true,
        vec![
            add("ball", 5, "3.50"),
            add("disc", 2, "9"),
            remove("ball", 1),
        ],
        CartState::Abandoned,
        &[some(1_750), some(3_550), some(3_200)],
        &[("ball", 4), ("disc", 2)],
    );
    check(
        false,
        vec![add("ball", 1, "3.50"), remove("ball", 4)],
        CartState::Emptied,
        &[some(350), some(0)],
        &[],
    );
    check(
        false,
        vec![add("ball", 2, "3.50"), order()],
        CartState::Ordered,
        &[some(700), some(0)],
        &[("ball", 2)],
    );
    // What came after the order is another cart, which nobody ordered.
    check(
        true,
        vec![add("ball", 2, "3.50"), order(), add("disc", 1, "9")],
        CartState::Abandoned,
        &[some(700), some(0), some(900)],
        &[("disc", 1)],
    );
    // Ordered later, in another visit.
    check(
        false,
        vec![add("ball", 2, "3.50")],
        CartState::Ordered,
        &[some(700)],
        &[("ball", 2)],
    );
    // The latest price holds for all pieces; without any there is no value.
    check(
        true,
        vec![
            add("ball", 1, "3.50"),
            add("ball", 1, "3"),
            add("gift", 1, ""),
        ],
        CartState::Abandoned,
        &[some(350), some(600), None],
        &[("ball", 2), ("gift", 1)],
    );
}

#[test]
fn variants_lie_apart() {
    let red = CartChangeKind::Added(item("ball", "red", 1, "2"));
    let blue = CartChangeKind::Added(item("ball", "blue", 1, "3"));
    let facts = cart_facts(history(true, vec![red, blue]), &AccountSettings::default());
    let variants: Vec<_> = facts
        .content
        .iter()
        .map(|it| it.variant.as_deref())
        .collect();
    assert_eq!(variants, [Some("blue"), Some("red")]);
    assert_eq!(cents(facts.value), Some(500));
}

#[test]
fn other_currencies_without_a_rate_leave_no_value() {
    let mut foreign = item("ball", "", 1, "2");
    foreign.currency = Some("XTS".into());
    let facts = cart_facts(
        history(true, vec![CartChangeKind::Added(foreign)]),
        &AccountSettings::default(),
    );
    assert_eq!(facts.value, None);
    assert_eq!(facts.changes[0].pieces, 1_000_000_000_000);
}
