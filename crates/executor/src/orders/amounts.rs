//! What orders, their rows and their refunds add to measures.

use afsa_model::{Decimal, Product};
use afsa_store::{Measure, Order};

/// Amounts of whatever size, one for each thing of a table.
pub(crate) enum Exact {
    /// All of them fit, as nearly always: up to nine million of a currency.
    Narrow(Vec<i64>),
    Wide(Vec<i128>),
}

impl Exact {
    pub(crate) fn of(amounts: Vec<i128>) -> Exact {
        let narrow = amounts.iter().map(|amount| i64::try_from(*amount));
        match narrow.collect() {
            Ok(narrow) => Exact::Narrow(narrow),
            Err(_) => Exact::Wide(amounts),
        }
    }

    #[inline]
    pub(crate) fn get(&self, row: usize) -> i128 {
        match self {
            Exact::Narrow(amounts) => amounts[row].into(),
            Exact::Wide(amounts) => amounts[row],
        }
    }
}

/// The amounts of a measure that adds up, in the order of the table of what it counts; none for
/// other measures.
pub(super) fn amounts<'a>(measure: Measure, orders: impl Iterator<Item = &'a Order>) -> Exact {
    let mut amounts = Vec::new();
    for order in orders {
        add(measure, order, &mut amounts);
    }
    Exact::of(amounts)
}

fn add(measure: Measure, order: &Order, amounts: &mut Vec<i128>) {
    use Measure::*;
    let money = |amount: &Option<i128>| amount.unwrap_or(0);
    let amount = match measure {
        Revenue => money(&order.revenue),
        Tax => money(&order.tax),
        Shipping => money(&order.shipping),
        ShippingNet => money(&order.shipping_net),
        Discount => money(&order.discount),
        NewBuyers => order.is_first.into(),
        DaysToPurchase => order.since_first_visit.unwrap_or(0).into(),
        DaysToPurchaseKnown => order.since_first_visit.is_some().into(),
        VisitsToPurchase => order.visits_so_far.unwrap_or(0).into(),
        VisitsToPurchaseKnown => order.visits_so_far.is_some().into(),
        DaysSinceCampaign => order.since_campaign.unwrap_or(0).into(),
        DaysSinceCampaignKnown => order.since_campaign.is_some().into(),
        Units => return amounts.extend(order.rows.iter().map(quantity)),
        ProductRevenue => return amounts.extend(order.row_amounts.iter().map(money)),
        RefundAmount => {
            let refunds = order.refunds.iter();
            return amounts.extend(refunds.map(|refund| money(&refund.amount)));
        }
        RefundedUnits => {
            let rows = order.refunds.iter().flat_map(|refund| &refund.rows);
            return amounts.extend(rows.map(quantity));
        }
        ProductRefundAmount => {
            let rows = order.refunds.iter().flat_map(|refund| &refund.row_amounts);
            return amounts.extend(rows.map(money));
        }
        _ => return,
    };
    amounts.push(amount);
}

fn quantity(row: &Product) -> i128 {
    row.quantity.unwrap_or_default().times(Decimal::ONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_any_size_are_kept() {
        for amounts in [vec![], vec![0, -7, 1 << 62], vec![1, 1 << 80, i128::MIN]] {
            let kept = Exact::of(amounts.clone());
            for (row, amount) in amounts.iter().enumerate() {
                assert_eq!(kept.get(row), *amount);
            }
        }
    }
}
