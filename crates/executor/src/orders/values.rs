//! The values that orders, their rows and their refunds have.

use std::sync::Arc;

use afsa_model::{DAY, OrderState, Product};
use afsa_store::{Dimension, Kind, Value};

use super::columns::{Coupons, Placed};
use crate::image::{Codes, Thing, Vocabulary, category_level};
use crate::names::{LatestNames, ToldName};

/// The codes of a dimension for each thing of this kind, in the order of its table. A refund has
/// what its order has.
pub(super) fn codes(
    placed: &[Placed],
    thing: Thing,
    dimension: Dimension,
    vocabulary: &Vocabulary,
) -> Codes {
    let words = vocabulary.of(dimension);
    let mut words = words.write();
    let mut code = |value: Value| match value {
        Value::Text(text) => words.code_of_text(&text),
        Value::Number(number) => words.code_of_number(number),
        Value::Null => 0,
    };
    let mut codes: Vec<u32> = Vec::new();
    for placed in placed {
        let (order, own) = (&placed.order, |row| of_row(placed, row, dimension));
        match thing {
            Thing::Order => codes.push(code(of_order(placed, dimension))),
            Thing::OrderRow => codes.extend(order.rows.iter().map(|row| code(own(row)))),
            Thing::Refund if order.refunds.is_empty() => {}
            Thing::Refund => {
                let value = code(of_order(placed, dimension));
                codes.resize(codes.len() + order.refunds.len(), value);
            }
            Thing::RefundRow => {
                let rows = order.refunds.iter().flat_map(|refund| &refund.rows);
                codes.extend(rows.map(|row| code(own(row))));
            }
            _ => {}
        }
    }
    Codes::collect(codes.iter().copied().max().unwrap_or(0), codes.into_iter())
}

pub(super) fn coupons(placed: &[Placed], vocabulary: &Vocabulary) -> Coupons {
    let words = vocabulary.of(Dimension::Coupon);
    let mut words = words.write();
    let mut coupons = Coupons {
        starts: vec![0],
        codes: Vec::new(),
    };
    for placed in placed {
        let rows = placed.order.rows.iter().map(|row| &row.coupon);
        let told = std::iter::once(&placed.order.fields.coupon)
            .chain(rows)
            .flatten();
        let mut codes: Vec<u32> = told.map(|coupon| words.code_of_text(coupon)).collect();
        codes.sort_unstable();
        codes.dedup();
        if codes.is_empty() {
            codes.push(0);
        }
        coupons.codes.extend(codes);
        coupons.starts.push(coupons.codes.len() as u32);
    }
    coupons
}

/// The last name of each product in the rows of the orders, people's and excluded ones'.
pub(super) fn told_names(placed: &[Placed], vocabulary: &Vocabulary) -> Vec<ToldName> {
    let (skus, products) = (
        vocabulary.of(Dimension::ProductSku),
        vocabulary.of(Dimension::Product),
    );
    let (mut skus, mut products) = (skus.write(), products.write());
    let mut told = LatestNames::default();
    for Placed { order, .. } in placed {
        for (at, row) in (0..).zip(&order.rows) {
            // Products without a name are numbered too, so that they can be called something.
            let sku = row.sku().map_or(0, |sku| skus.code_of_text(sku));
            if let (true, Some(name)) = (sku != 0, &row.name) {
                told.note(ToldName {
                    sku,
                    is_excluded: order.exclusion.is_some(),
                    when: (order.time.0, order.sequence, at),
                    name: products.code_of_text(name),
                });
            }
        }
    }
    told.into_names()
}

/// Values of the order as such and of the hit that told its purchase.
fn of_order(placed: &Placed, dimension: Dimension) -> Value {
    let order = &placed.order;
    let page = order.page.as_ref();
    let number = |number: Option<i64>| number.map_or(Value::Null, Value::Number);
    let text = match dimension {
        Dimension::OrderId => Some(order.id.clone()),
        Dimension::Affiliation => order.fields.affiliation.clone(),
        Dimension::Currency => order.fields.currency.clone(),
        Dimension::OrderState => Some(match order.state {
            OrderState::Pending => "pending".into(),
            OrderState::Completed => "completed".into(),
            OrderState::Cancelled => "cancelled".into(),
        }),
        Dimension::Customer => Some(order.customer.label()),
        Dimension::BuyerType if order.is_first => Some("new".into()),
        Dimension::BuyerType => Some("repeat".into()),
        Dimension::PurchaseDays => return number(order.since_first_visit.map(|since| since / DAY)),
        Dimension::PurchaseVisits => return number(order.visits_so_far.map(i64::from)),
        Dimension::Page => page.and_then(|page| page.page.clone()),
        Dimension::PageTitle => page.and_then(|page| page.title.clone()),
        Dimension::ContentGroup(number) => page.and_then(|page| {
            page.content_groups
                .get(usize::from(number).checked_sub(1)?)?
                .clone()
        }),
        Dimension::Custom(number) => {
            let told = placed.custom.iter().find(|(told, _)| *told == number);
            told.map(|(_, value)| value.clone())
        }
        _ => None,
    };
    text.map_or(Value::Null, Value::Text)
}

/// Values of the row itself, else of its order. Its coupon is its own, else the order's.
fn of_row(placed: &Placed, row: &Product, dimension: Dimension) -> Value {
    let text = match dimension {
        Dimension::Coupon => row
            .coupon
            .clone()
            .or_else(|| placed.order.fields.coupon.clone()),
        Dimension::ProductSku => row.sku().cloned(),
        Dimension::Brand => row.brand.clone(),
        Dimension::Category => row.category.clone(),
        Dimension::CategoryLevel(level) => {
            let category = row.category.as_ref();
            category.and_then(|category| category_level(category, level).map(Arc::from))
        }
        Dimension::Variant => row.variant.clone(),
        Dimension::ProductList => row.list.clone(),
        Dimension::ListPosition => {
            return row
                .position
                .map_or(Value::Null, |position| Value::Number(position.into()));
        }
        _ if dimension.kind() == Kind::ProductRow => None,
        _ => return of_order(placed, dimension),
    };
    text.map_or(Value::Null, Value::Text)
}
