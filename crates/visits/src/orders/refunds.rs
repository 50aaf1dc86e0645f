//! What was given back.

use afsa_model::{Decimal, Hit, HitKind, Product};

use super::OrderRefund;
use super::money::{self, Exchange};

/// What each refund gave back, in the order of their times: never more than is left of the total,
/// nor more pieces than are left of a row. One that adds nothing is left out.
pub(super) fn of(
    hits: &mut [&Hit],
    total: i128,
    rows: &[Product],
    exchange: &Exchange<'_>,
) -> Vec<OrderRefund> {
    hits.sort_by_key(|hit| (hit.time, hit.sequence));
    let mut left = Left::of(total, rows);
    let mut refunds = Vec::new();
    for hit in hits {
        let HitKind::Refund(refund) = &hit.kind else {
            continue;
        };
        let is_of_all = refund.products.is_empty() && refund.order.revenue.is_none();
        let mut left_after = left.clone();
        let came_back = if is_of_all {
            left_after.take_all(rows)
        } else {
            left_after.take(&refund.products, rows)
        };
        let by_rows = came_back
            .iter()
            .map(money::amount)
            .fold(0, i128::saturating_add);
        let amount = match refund.order.revenue {
            Some(_) => money::whole(refund.order.revenue),
            None if is_of_all => left.money,
            None => by_rows,
        };
        let amount = amount.clamp(0, left.money);
        if amount == 0 {
            continue;
        }
        let before = exchange.converted(total.saturating_sub(left.money));
        left_after.money -= amount;
        left = left_after;
        let after = exchange.converted(total.saturating_sub(left.money));
        refunds.push(OrderRefund {
            time: hit.time,
            sequence: hit.sequence,
            // The difference of two converted sums, so that rounding can't make the refunds
            // exceed the order.
            amount: after.zip(before).map(|(after, before)| after - before),
            row_amounts: exchange.of_rows(&came_back),
            rows: came_back,
        });
    }
    refunds
}

/// What of an order wasn't given back yet.
#[derive(Clone)]
struct Left {
    money: i128,
    /// Of each row, in millionths of a piece.
    quantities: Vec<i64>,
}

impl Left {
    fn of(total: i128, rows: &[Product]) -> Left {
        let quantity = |row: &Product| row.quantity.unwrap_or_default().micros().max(0);
        Left {
            money: total.max(0),
            quantities: rows.iter().map(quantity).collect(),
        }
    }

    /// All that is left of every row.
    fn take_all(&mut self, rows: &[Product]) -> Vec<Product> {
        let mut came_back = Vec::new();
        for (row, left) in rows.iter().zip(&mut self.quantities) {
            let taken = std::mem::take(left);
            if taken > 0 {
                came_back.push(Product {
                    quantity: Some(Decimal::from_micros(taken)),
                    ..row.clone()
                });
            }
        }
        came_back
    }

    /// What is left of the products that a refund names, at the price that it tells, else as sold.
    fn take(&mut self, named: &[Product], rows: &[Product]) -> Vec<Product> {
        let mut came_back = Vec::new();
        for named in named {
            let mut wanted = named.quantity.unwrap_or(Decimal::ONE).micros();
            for (row, left) in rows.iter().zip(&mut self.quantities) {
                let taken = wanted.min(*left);
                if taken <= 0 || !is_same_product(named, row) {
                    continue;
                }
                *left -= taken;
                wanted -= taken;
                came_back.push(Product {
                    price: named.price.or(row.price),
                    quantity: Some(Decimal::from_micros(taken)),
                    ..row.clone()
                });
            }
        }
        came_back
    }
}

/// By id where both have one, else by name; by variant only where the refund tells one.
fn is_same_product(named: &Product, sold: &Product) -> bool {
    let same = match (&named.id, &sold.id) {
        (Some(named), Some(sold)) => named == sold,
        _ => named.name.is_some() && named.name == sold.name,
    };
    same && named
        .variant
        .as_ref()
        .is_none_or(|variant| sold.variant.as_ref() == Some(variant))
}
