//! What campaigns cost.

use afsa_model::{Decimal, Origin};

/// What a campaign is paid for. A visit's cost is told by its own origin, never by an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CostMethod {
    /// `cpc`: each visit.
    Click,
    /// `cps`: each order.
    Order,
    /// `cpspercent`: each order, by a per cent of its revenue.
    OrderPercent,
    /// `total`: the campaign, once.
    Total,
}

impl CostMethod {
    /// The method of this name, as origins spell it.
    pub fn by_name(name: &str) -> Option<CostMethod> {
        match name {
            "cpc" => Some(CostMethod::Click),
            "cps" => Some(CostMethod::Order),
            "cpspercent" => Some(CostMethod::OrderPercent),
            "total" => Some(CostMethod::Total),
            _ => None,
        }
    }

    /// Method and price of an origin's campaign, where both are known.
    pub fn of(origin: &Origin) -> Option<(CostMethod, Decimal)> {
        let method = CostMethod::by_name(origin.cost_method.as_deref()?)?;
        Some((method, origin.cost?))
    }

    /// What an order of this revenue (10⁻¹² of a currency) costs at this price, in the same unit.
    ///
    /// A per cent of the revenue is rounded half away from zero, and stops at the ends of what
    /// fits. Methods that aren't paid for orders cost nothing here.
    pub fn cost_of_order(self, price: Decimal, revenue: i128) -> i128 {
        match self {
            CostMethod::Order => price.times(Decimal::ONE),
            CostMethod::OrderPercent => percent_of(price, revenue),
            CostMethod::Click | CostMethod::Total => 0,
        }
    }
}

fn percent_of(percent: Decimal, revenue: i128) -> i128 {
    // The price is in millionths of a per cent.
    const WHOLE: i128 = 100 * Decimal::SCALE as i128;
    let percent = i128::from(percent.micros());
    // What is left over by the division is small enough for an exact product.
    let rest = revenue % WHOLE * percent;
    let away = i128::from((rest % WHOLE).abs() * 2 >= WHOLE) * rest.signum();
    (revenue / WHOLE)
        .saturating_mul(percent)
        .saturating_add(rest / WHOLE + away)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_exact_and_rounded_once() {
        let check = |percent: &str, revenue: i128, expect: i128| {
            let percent: Decimal = percent.parse().unwrap();
            let found = CostMethod::OrderPercent.cost_of_order(percent, revenue);
            assert_eq!(found, expect, "{percent} % of {revenue}");
        };
        check("12.5", 80_000_000_000_000, 10_000_000_000_000);
        check("100", i128::MAX, i128::MAX);
        check("0", i128::MAX, 0);
        check("0.000001", 49_999_999, 0);
        check("0.000001", 50_000_000, 1);
        check("0.000001", -49_999_999, 0);
        check("0.000001", -50_000_000, -1);
        check("1", 149, 1);
        check("1", 150, 2);
        check("1", -150, -2);
        check("-1", 150, -2);
        check("33.333333", 300_000_000, 99_999_999);
        check("9000000000000", i128::MAX, i128::MAX);
        check("9000000000000", i128::MIN, i128::MIN);
        check("-9000000000000", i128::MAX, i128::MIN);
    }

    #[test]
    fn only_what_is_paid_for_orders_is_paid_by_them() {
        let price: Decimal = "2.5".parse().unwrap();
        let check = |name: &str, expect: Option<i128>| {
            let method = CostMethod::by_name(name);
            let found = method.map(|method| method.cost_of_order(price, 4_000));
            assert_eq!(found, expect, "{name}");
        };
        check("cps", Some(2_500_000_000_000));
        check("cpspercent", Some(100));
        check("cpc", Some(0));
        check("total", Some(0));
        check("cpm", None);
        check("CPC", None);
    }
}
