//! Short ways to write what shops tell, and orders resolved of it.

use std::sync::Arc;

use afsa_model::{
    AccountSettings, Decimal, Hit, HitKind, OrderFields, OrderState, OrderStatus, Product,
    Purchase, Refund, Text, Timestamp, VisitorKey, text,
};
use afsa_visits::orders::{Order, OrderHit, People, VisitSpan, resolve};

use crate::hits::hit;

pub fn purchase(time: i64, id: &str, fields: OrderFields) -> Hit {
    bought(time, id, fields, &[])
}

/// (id, price, quantity) of each product.
pub fn bought(time: i64, id: &str, fields: OrderFields, products: &[(&str, &str, i32)]) -> Hit {
    let order = OrderFields {
        id: text(id),
        ..fields
    };
    let products = products.iter().map(|(id, price, quantity)| Product {
        price: price.parse().ok(),
        ..piece(id, *quantity)
    });
    hit(
        time,
        HitKind::Purchase(Box::new(Purchase {
            order,
            products: products.collect(),
        })),
    )
}

pub fn piece(id: &str, quantity: i32) -> Product {
    Product {
        id: text(id),
        quantity: Some(Decimal::from(quantity)),
        ..Product::default()
    }
}

pub fn status(time: i64, id: &str, state: OrderState) -> Hit {
    let order = OrderFields {
        id: text(id),
        state: Some(state),
        ..OrderFields::default()
    };
    hit(time, HitKind::OrderStatus(Box::new(OrderStatus { order })))
}

/// Of an amount, if one is told, and of these products.
pub fn refund(time: i64, id: &str, amount: &str, products: &[Product]) -> Hit {
    let order = OrderFields {
        id: text(id),
        revenue: amount.parse().ok(),
        ..OrderFields::default()
    };
    hit(
        time,
        HitKind::Refund(Box::new(Refund {
            order,
            products: products.to_vec(),
        })),
    )
}

pub fn total(amount: &str) -> OrderFields {
    OrderFields {
        revenue: Some(amount.parse().unwrap()),
        ..OrderFields::default()
    }
}

/// The orders that follow, in an account of euros, whatever the order of arrival; the only visitor
/// has visits of these (start, end).
pub fn resolved(hits: Vec<Hit>, visits: &[(i64, i64)]) -> Vec<Order> {
    resolved_by(hits, visits, &AccountSettings::default())
}

pub fn resolved_by(
    mut hits: Vec<Hit>,
    visits: &[(i64, i64)],
    settings: &AccountSettings,
) -> Vec<Order> {
    for (sequence, hit) in hits.iter_mut().enumerate() {
        hit.sequence = sequence as u64;
    }
    let spans = visits.iter().map(|(start, end)| VisitSpan {
        start: Timestamp(*start),
        end: Timestamp(*end),
        exclusion: None,
        has_campaign: start % 2 == 1,
    });
    let people = OnePerson {
        spans: spans.collect(),
        hits: &hits,
    };
    let forwards = hits.iter().map(|hit| OrderHit { hit, visit: None });
    let orders = resolve(forwards.clone(), &people, settings);
    let backwards = resolve(forwards.rev(), &people, settings);
    assert_eq!(orders, backwards, "the order of arrival matters");
    orders
}

struct OnePerson<'a> {
    spans: Vec<VisitSpan>,
    hits: &'a [Hit],
}

impl People for OnePerson<'_> {
    fn visits(&self, visitor: VisitorKey) -> Vec<VisitSpan> {
        let is_known = visitor == VisitorKey(1);
        self.spans.iter().filter(|_| is_known).copied().collect()
    }

    fn user_by(&self, visitor: VisitorKey, time: Timestamp, sequence: u64) -> Text {
        let told = self.hits.iter().filter(|hit| {
            hit.visitor == visitor
                && hit.user.is_some()
                && (hit.time, hit.sequence) <= (time, sequence)
        });
        let latest = told.max_by_key(|hit| (hit.time, hit.sequence));
        latest.and_then(|hit| hit.user.clone())
    }
}

/// The hit with the user that it told.
pub fn by_user(mut hit: Hit, user: &str) -> Hit {
    hit.user = Some(Arc::from(user));
    hit
}
