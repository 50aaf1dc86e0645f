//! Which orders have no money in the account's currency, and who has to be told.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use afsa_model::{
    AccountSettings, DAY, ExchangeRates, TimeRange, Timestamp, ZoneOffsets, day_text,
};
use afsa_store::{
    Activity, Condition, ConditionScope, Dimension, Filter, Group, Measure, Question, Snapshot,
    StoreError, Test, Unit, Value,
};

use crate::plan::Plan;

/// How many currencies are told one by one.
const MOST_CURRENCIES: usize = 10;

/// By what the store turns orders' money into the account's currency.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Exchange {
    currency: Arc<str>,
    rates: Arc<ExchangeRates>,
    /// The account's, whatever zone a request names: its days decide about rates.
    zone: ZoneOffsets,
    /// Nothing was ordered before.
    first_hit: Option<Timestamp>,
}

/// What has no money, by its currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct LeftOut {
    orders: i128,
    refunds: i128,
}

/// What of a question depends on the money of orders.
struct Dependence {
    orders: bool,
    refunds: bool,
    /// Nothing of orders but what campaigns cost by them.
    only_costs: bool,
}

/// Says so where the money that a plan asks for lacks that of orders in a currency without a rate.
pub(crate) fn warnings(plan: &Plan, snapshot: &dyn Snapshot) -> Result<Vec<String>, StoreError> {
    let mut left_out: BTreeMap<String, LeftOut> = BTreeMap::new();
    let asked = [
        Some(&plan.questions.rows),
        plan.questions.previous_rows.as_ref(),
    ];
    for question in asked.into_iter().flatten() {
        let depends = Dependence::of(&question.measures);
        if depends.orders || depends.refunds {
            plan.exchange
                .note(question, &depends, snapshot, &mut left_out)?;
        }
    }
    Ok(told(left_out, &plan.exchange))
}

impl Dependence {
    fn of(measures: &[Measure]) -> Dependence {
        use Measure::*;
        let is_of_refunds =
            |measure: Measure| matches!(measure, RefundAmount | ProductRefundAmount);
        let is_of_orders = |measure: Measure| {
            measure.unit() == Unit::Money
                && !is_of_refunds(measure)
                && !matches!(measure, VisitCost | OrderCost)
        };
        let has = |is_such: &dyn Fn(Measure) -> bool| measures.iter().any(|it| is_such(*it));
        let only_costs = has(&|measure| measure == OrderCost) && !has(&is_of_orders);
        Dependence {
            orders: only_costs || has(&is_of_orders),
            refunds: has(&is_of_refunds),
            only_costs,
        }
    }
}

impl Exchange {
    pub fn of(settings: &AccountSettings, activity: Activity) -> Exchange {
        Exchange {
            first_hit: activity.first_hit,
            currency: settings.currency.clone(),
            rates: settings.rates.clone(),
            zone: settings.zone.clone(),
        }
    }

    /// Adds what the question leaves out.
    fn note(
        &self,
        question: &Question,
        depends: &Dependence,
        snapshot: &dyn Snapshot,
        left_out: &mut BTreeMap<String, LeftOut>,
    ) -> Result<(), StoreError> {
        use Dimension::{Campaign, CampaignSource, Currency, Time};
        let starts = self.starts(question);
        let mut dimensions = vec![Currency, Time(0)];
        let mut measures = vec![Measure::Orders, Measure::Refunds];
        if depends.only_costs {
            dimensions.extend([CampaignSource, Campaign]);
            measures.extend([Measure::VisitCost, Measure::OrderCost]);
        }
        let asked = Question {
            measures,
            dimensions,
            time_axes: vec![starts.clone()],
            ..question.clone()
        };
        let mut known_since_late = BTreeSet::new();
        for Group { key, numbers } in snapshot.aggregate(&asked)?.rows {
            let (
                [Value::Text(currency), Value::Number(bucket), campaign @ ..],
                [orders, refunds, costs @ ..],
            ) = (&key[..], &numbers[..])
            else {
                continue;
            };
            let Some(start) = usize::try_from(*bucket).ok().and_then(|at| starts.get(at)) else {
                continue;
            };
            let known = self.known_from(currency);
            let left_out = left_out.entry(currency.to_ascii_uppercase()).or_default();
            if depends.orders && known.is_none_or(|it| *start < it) && may_cost(campaign, costs) {
                left_out.orders = left_out.orders.saturating_add(*orders);
            }
            if depends.refunds && *refunds > 0 {
                match known {
                    None => left_out.refunds = left_out.refunds.saturating_add(*refunds),
                    Some(known) if self.first_hit.is_some_and(|first| first < known) => {
                        known_since_late.insert(currency.clone());
                    }
                    Some(_) => {}
                }
            }
        }
        if known_since_late.is_empty() {
            return Ok(());
        }
        self.note_refunds(question, known_since_late, snapshot, left_out)
    }

    /// Adds the refunds of the question's range whose orders were made before their currency had
    /// a rate, which the refunds' own days don't tell.
    fn note_refunds(
        &self,
        question: &Question,
        currencies: BTreeSet<Arc<str>>,
        snapshot: &dyn Snapshot,
        left_out: &mut BTreeMap<String, LeftOut>,
    ) -> Result<(), StoreError> {
        let known = currencies.iter().filter_map(|code| self.known_from(code));
        let until = known.max().unwrap_or(Timestamp::MIN);
        let is_such = Filter::Condition(Condition {
            dimension: Dimension::Currency,
            test: Test::Is(currencies.into_iter().collect()),
            negated: false,
            scope: ConditionScope::Hit,
            case_sensitive: true,
        });
        let before = TimeRange {
            from: Timestamp::MIN,
            to: until,
        };
        let asked = Question {
            range: before.into(),
            filter: Some(Filter::And(
                question.filter.iter().cloned().chain([is_such]).collect(),
            )),
            ..question.clone()
        };
        snapshot.orders(&asked, &mut |order| {
            if let Some(currency) = &order.fields.currency
                && !order.is_cancelled()
                && !order.is_converted()
            {
                let refunds = order.refunds.iter();
                let of_range = refunds.filter(|refund| question.range.contains(refund.time));
                let left_out = left_out.entry(currency.to_ascii_uppercase()).or_default();
                left_out.refunds = left_out.refunds.saturating_add(of_range.count() as i128);
            }
            ControlFlow::Continue(())
        })
    }

    /// Where the question's range begins, and where in it the rates of some currency do.
    fn starts(&self, question: &Question) -> Arc<[Timestamp]> {
        let begin = self
            .rates
            .currencies()
            .filter_map(|currency| self.known_from(currency))
            .filter(|instant| *instant > question.range.from && *instant < question.range.to);
        let mut starts: BTreeSet<Timestamp> = begin.collect();
        starts.insert(question.range.from);
        starts.into_iter().collect()
    }

    /// The instant from which on the currency has a rate.
    fn known_from(&self, currency: &str) -> Option<Timestamp> {
        match self.rates.known_since(currency, &self.currency)? {
            i32::MIN => Some(Timestamp::MIN),
            day => Some(self.start_of_day(day)),
        }
    }

    fn start_of_day(&self, day: i32) -> Timestamp {
        let utc = Timestamp(i64::from(day) * DAY);
        let shifted = |offset: i32| utc.plus(-1_000 * i64::from(offset));
        // The offset of midnight UTC leads near enough to that of the zone's own midnight.
        let nearby = shifted(self.zone.at(utc));
        shifted(self.zone.at(nearby))
    }
}

/// Whether orders without money may lack in what a campaign costs: not where no campaign brought
/// them, nor where the campaign is paid by the click, as a whole or by the order, whatever was paid
/// for it. A campaign that tells no cost looks like one whose cost is a share of nothing.
fn may_cost(campaign: &[Value], costs: &[i128]) -> bool {
    campaign.is_empty()
        || campaign.iter().any(|value| *value != Value::Null) && costs.iter().all(|cost| *cost == 0)
}

/// One sentence for each currency, those of the most orders where there are many.
fn told(left_out: BTreeMap<String, LeftOut>, exchange: &Exchange) -> Vec<String> {
    let mut left_out: Vec<(String, LeftOut)> = left_out
        .into_iter()
        .filter(|(_, left_out)| *left_out != LeftOut::default())
        .collect();
    if left_out.len() > MOST_CURRENCIES {
        left_out.sort_by_key(|(_, it)| std::cmp::Reverse((it.orders, it.refunds)));
    }
    let rest = left_out.split_off(left_out.len().min(MOST_CURRENCIES));
    let mut told: Vec<String> = left_out
        .iter()
        .map(|(currency, left_out)| {
            let known = exchange.rates.known_since(currency, &exchange.currency);
            sentence(currency, &exchange.currency, known, *left_out)
        })
        .collect();
    if !rest.is_empty() {
        let whole = rest
            .iter()
            .fold(LeftOut::default(), |sum, (_, it)| LeftOut {
                orders: sum.orders.saturating_add(it.orders),
                refunds: sum.refunds.saturating_add(it.refunds),
            });
        let currencies = format!("{} more currencies", rest.len());
        told.push(sentence(&currencies, &exchange.currency, None, whole));
    }
    told
}

/// `known` is the first day that has a rate.
fn sentence(currency: &str, own: &str, known: Option<i32>, left_out: LeftOut) -> String {
    let LeftOut { orders, refunds } = left_out;
    let what = match (orders, refunds) {
        (_, 0) => counted(orders, "order"),
        (0, _) => counted(refunds, "refund"),
        _ => format!(
            "{} and {}",
            counted(orders, "order"),
            counted(refunds, "refund")
        ),
    };
    let before = known.map_or_else(String::new, |day| format!(" before {}", day_text(day)));
    format!(
        "no rate from {currency} to {own} is known{before}: the money of {what} is left out, \
         though counted; rates are taken by /v1/accounts/{{account_id}}/exchange-rates and by \
         `afsa rates`"
    )
}

fn counted(count: i128, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
