//! The money of orders: what was sent, what is missing, and the account's currency.

use afsa_model::{AccountSettings, Decimal, OrderFields, Product, Timestamp};

/// From an order's currency to the account's, at the rate of the order's day in the account's zone.
pub(super) struct Exchange<'a> {
    currency: &'a str,
    day: i32,
    settings: &'a AccountSettings,
}

impl<'a> Exchange<'a> {
    pub(super) fn of(
        order: &'a OrderFields,
        time: Timestamp,
        settings: &'a AccountSettings,
    ) -> Exchange<'a> {
        Exchange {
            currency: order.currency.as_deref().unwrap_or(&settings.currency),
            day: settings.zone.day(time),
            settings,
        }
    }

    /// In 10⁻¹² of the account's currency; `None` where no rate is known.
    pub(super) fn converted(&self, amount: i128) -> Option<i128> {
        let (rates, own) = (&self.settings.rates, &self.settings.currency);
        rates.converted(amount, self.currency, own, self.day)
    }

    /// Price × quantity of each row.
    pub(super) fn of_rows(&self, rows: &[Product]) -> Vec<Option<i128>> {
        rows.iter().map(|row| self.converted(amount(row))).collect()
    }
}

/// A missing price is 0, a missing quantity 1.
pub fn with_defaults(product: &Product) -> Product {
    Product {
        price: product.price.or(Some(Decimal::ZERO)),
        quantity: product.quantity.or(Some(Decimal::ONE)),
        ..product.clone()
    }
}

/// Price × quantity.
pub(super) fn amount(row: &Product) -> i128 {
    row.price
        .unwrap_or_default()
        .times(row.quantity.unwrap_or_default())
}

/// In 10⁻¹²; nothing sent is 0.
pub(super) fn whole(value: Option<Decimal>) -> i128 {
    value.unwrap_or_default().times(Decimal::ONE)
}

/// As sent, else the sum of the rows.
pub(super) fn total(order: &OrderFields, rows: &[Product]) -> i128 {
    match order.revenue {
        Some(_) => whole(order.revenue),
        // Prices and quantities are anybody's: sums of them stop at the ends of what fits.
        None => rows.iter().map(amount).fold(0, i128::saturating_add),
    }
}

/// As sent, else the taxes of goods and shipping.
pub(super) fn tax(order: &OrderFields) -> i128 {
    match order.tax {
        Some(_) => whole(order.tax),
        None => whole(order.revenue_tax) + whole(order.shipping_tax),
    }
}

/// With its tax, and without.
pub(super) fn shipping(order: &OrderFields) -> (i128, i128) {
    let tax = whole(order.shipping_tax);
    let gross = match order.shipping {
        Some(_) => whole(order.shipping),
        None => whole(order.shipping_net) + tax,
    };
    // The tax is taken off only of what was sent with it.
    let net = match (order.shipping_net, order.shipping) {
        (Some(_), _) => whole(order.shipping_net),
        (None, Some(_)) => gross - tax,
        (None, None) => 0,
    };
    (gross, net)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_total_is_too_large() {
        let check = |price: i64, quantity: i64, rows: usize, expect: i128| {
            let row = Product {
                price: Some(Decimal::from_micros(price)),
                quantity: Some(Decimal::from_micros(quantity)),
                ..Product::default()
            };
            let found = total(&OrderFields::default(), &vec![row; rows]);
            assert_eq!(found, expect, "{rows} × {quantity} × {price}");
        };
        check(3, 5, 4, 60);
        check(i64::MAX, i64::MAX, 3, i128::MAX);
        check(i64::MIN, i64::MAX, 3, i128::MIN);
    }

    #[test]
    fn what_is_missing_follows_from_what_was_sent() {
        let decimal = |text: &str| Some(text.parse::<Decimal>().unwrap());
        let check = |fields: OrderFields, expect: [i128; 3]| {
            let (gross, net) = shipping(&fields);
            let one = Decimal::ONE.times(Decimal::ONE);
            assert_eq!(
                [tax(&fields), gross, net],
                expect.map(|it| it * one),
                "{fields:?}"
            );
        };
        check(OrderFields::default(), [0, 0, 0]);
        check(
            OrderFields {
                revenue_tax: decimal("5"),
                shipping_tax: decimal("1"),
                shipping: decimal("6"),
                ..OrderFields::default()
            },
            [6, 6, 5],
        );
        check(
            OrderFields {
                tax: decimal("9"),
                revenue_tax: decimal("5"),
                shipping_tax: decimal("1"),
                shipping_net: decimal("4"),
                ..OrderFields::default()
            },
            [9, 5, 4],
        );
        check(
            OrderFields {
                shipping: decimal("6"),
                shipping_net: decimal("4"),
                ..OrderFields::default()
            },
            [0, 6, 4],
        );
        check(
            OrderFields {
                shipping_tax: decimal("1"),
                ..OrderFields::default()
            },
            [1, 1, 0],
        );
    }
}
