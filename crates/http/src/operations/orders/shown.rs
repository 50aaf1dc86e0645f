//! Orders as JSON.

use afsa_model::{DAY, OrderState, Product, Timestamp};
use afsa_query::Fraction;
use afsa_store::{Customer, Dimension, JourneyVisit, Journeys, Order, Value as Key};
use serde_json::{Map, Value, json};

use crate::answer::{Cell, key_to_json};
use crate::selected::{Telling, money_in, number, quantity};

/// What lists tell of the visit that an order belongs to.
pub(super) const LISTED: [Dimension; 4] = [
    Dimension::Channel,
    Dimension::Source,
    Dimension::CampaignMedium,
    Dimension::Campaign,
];

/// What an order by itself tells of visits; those of [`LISTED`] come first.
pub(super) const TOLD: [Dimension; 20] = [
    Dimension::Channel,
    Dimension::Source,
    Dimension::CampaignMedium,
    Dimension::Campaign,
    Dimension::CampaignSource,
    Dimension::CampaignTerm,
    Dimension::CampaignContent,
    Dimension::CampaignId,
    Dimension::Referrer,
    Dimension::Keyword,
    Dimension::EntryPage,
    Dimension::Country,
    Dimension::Region,
    Dimension::City,
    Dimension::Language,
    Dimension::Device,
    Dimension::Browser,
    Dimension::Os,
    Dimension::VisitNumber,
    Dimension::UserRole,
];

/// What is told of each visit on the way.
pub(super) const ON_THE_WAY: [Dimension; 5] = [
    Dimension::Channel,
    Dimension::Source,
    Dimension::CampaignMedium,
    Dimension::Campaign,
    Dimension::EntryPage,
];

/// What is told of the campaign that brought an order.
pub(super) const OF_CAMPAIGNS: [Dimension; 6] = [
    Dimension::CampaignSource,
    Dimension::CampaignMedium,
    Dimension::Campaign,
    Dimension::CampaignTerm,
    Dimension::CampaignContent,
    Dimension::CampaignId,
];

/// How many of the visits on the way are told, the latest.
const MOST_ON_THE_WAY: usize = 1_000;

/// The visits on the way to one order, with their values of some dimensions.
pub(super) struct Way<'a> {
    pub visits: &'a [JourneyVisit],
    pub journeys: &'a Journeys,
    pub dimensions: &'a [Dimension],
}

impl Way<'_> {
    /// Of visits that began in one instant the last, in which what followed lies: only one that a
    /// campaign brought begins in the same instant as another.
    fn begun_at(&self, start: Timestamp) -> Option<&JourneyVisit> {
        self.visits.iter().rfind(|visit| visit.start == start)
    }

    fn value(&self, visit: &JourneyVisit, dimension: Dimension) -> Value {
        let place = self.dimensions.iter().position(|known| *known == dimension);
        let values = self.journeys.values.get(visit.values as usize);
        let key = values.zip(place).and_then(|(values, at)| values.get(at));
        key_to_json(key.unwrap_or(&Key::Null))
    }

    fn values(&self, visit: &JourneyVisit, dimensions: &[Dimension]) -> Map<String, Value> {
        let told = dimensions.iter();
        told.map(|dimension| (dimension.to_string(), self.value(visit, *dimension)))
            .collect()
    }
}

pub(super) fn state_name(state: OrderState) -> &'static str {
    match state {
        OrderState::Pending => "pending",
        OrderState::Completed => "completed",
        OrderState::Cancelled => "cancelled",
    }
}

/// What lists tell of an order, in the order of a table.
pub(super) const COLUMNS: [(&str, Cell); 26] = [
    ("id", Cell::Text),
    ("time", Cell::Text),
    ("state", Cell::Text),
    ("customer", Cell::Text),
    ("user_id", Cell::Text),
    ("buyer_type", Cell::Text),
    ("currency", Cell::Text),
    ("revenue", Cell::Money),
    ("net_revenue", Cell::Money),
    ("tax", Cell::Money),
    ("shipping", Cell::Money),
    ("discount", Cell::Money),
    ("refunded", Cell::Money),
    ("refunds", Cell::Whole),
    ("original_revenue", Cell::Money),
    ("units", Cell::Number),
    ("products", Cell::Whole),
    ("coupon", Cell::Text),
    ("affiliation", Cell::Text),
    ("channel", Cell::Text),
    ("source", Cell::Text),
    ("campaign_medium", Cell::Text),
    ("campaign", Cell::Text),
    ("days_to_purchase", Cell::Number),
    ("visits_to_purchase", Cell::Whole),
    ("traffic", Cell::Text),
];

/// What lists tell of an order.
pub(super) fn listed(
    order: &Order,
    way: &Way<'_>,
    telling: &Telling,
    own_currency: &str,
) -> Map<String, Value> {
    let fields = &order.fields;
    let sent_in = fields.currency.as_deref().unwrap_or(own_currency);
    let is_foreign = !sent_in.eq_ignore_ascii_case(own_currency);
    let refunded = order.is_converted().then(|| order.refunded());
    let net_revenue = order.revenue.zip(order.tax).zip(order.shipping_net);
    let net_revenue = net_revenue.map(|((revenue, tax), shipping)| {
        let costs = tax.saturating_add(shipping);
        revenue.saturating_sub(costs.saturating_add(order.refunded()))
    });
    let days = |since: i64| number(Fraction::new(since.into(), DAY.into()));
    let mut skus: Vec<_> = order.rows.iter().filter_map(Product::sku).collect();
    skus.sort_unstable();
    skus.dedup();
    let shown = json!({
        "id": &*order.id,
        "time": telling.moment(order.time),
        "state": state_name(order.state),
        "customer": &*order.customer.label(),
        "user_id": match &order.customer {
            Customer::User(user) => Value::from(&**user),
            _ => Value::Null,
        },
        "buyer_type": match order.is_cancelled() {
            true => Value::Null,
            false => if order.is_first { "new".into() } else { "repeat".into() },
        },
        "currency": sent_in.to_ascii_uppercase(),
        "revenue": telling.money(order.revenue),
        "net_revenue": telling.money(net_revenue),
        "tax": telling.money(order.tax),
        "shipping": telling.money(order.shipping),
        "discount": telling.money(order.discount),
        "refunded": telling.money(refunded),
        "refunds": order.refunds.len(),
        "original_revenue": match is_foreign {
            true => money_in(sent_in, order.total_as_sent()),
            false => Value::Null,
        },
        "units": units(&order.rows),
        "products": skus.len(),
        "coupon": fields.coupon.as_deref(),
        "affiliation": fields.affiliation.as_deref(),
    });
    let Value::Object(mut shown) = shown else {
        return Map::new();
    };
    let visit = order.visit.and_then(|start| way.begun_at(start));
    for dimension in LISTED {
        let value = visit.map_or(Value::Null, |visit| way.value(visit, dimension));
        shown.insert(dimension.to_string(), value);
    }
    let since = order.since_first_visit.map_or(Value::Null, days);
    shown.insert("days_to_purchase".into(), since);
    shown.insert("visits_to_purchase".into(), order.visits_so_far.into());
    let traffic = if order.exclusion.is_some() {
        "excluded"
    } else {
        "people"
    };
    shown.insert("traffic".into(), traffic.into());
    shown
}

/// Everything that is known of an order.
pub(super) fn whole(
    order: &Order,
    way: &Way<'_>,
    telling: &Telling,
    own_currency: &str,
) -> Map<String, Value> {
    let mut shown = listed(order, way, telling, own_currency);
    let sent_in = order.fields.currency.as_deref().unwrap_or(own_currency);
    let history = order.history.iter();
    let history = history
        .map(|(time, state)| json!({"time": telling.moment(*time), "state": state_name(*state)}));
    shown.insert("items".into(), items(order, telling, sent_in));
    shown.insert("refund_history".into(), refunds(order, telling));
    shown.insert("state_history".into(), history.collect());
    shown.insert("customer_orders".into(), order.customer_orders.into());
    let value = telling.money(order.customer_value);
    shown.insert("customer_value".into(), value);
    let since = order.customer_since.map(|since| telling.moment(since));
    shown.insert("customer_since".into(), since.into());
    let visit = order.visit.and_then(|start| way.begun_at(start));
    let visit = visit.map(|visit| {
        let mut told = Map::from_iter([("start".to_owned(), telling.moment(visit.start))]);
        told.extend(way.values(visit, way.dimensions));
        Value::from(told)
    });
    shown.insert("visit".into(), visit.into());
    shown.insert("campaign_visit".into(), campaign(order, way, telling));
    let latest = way.visits.len().saturating_sub(MOST_ON_THE_WAY);
    let journey = way.visits.iter().skip(latest).map(|visit| {
        let mut told = Map::from_iter([("start".to_owned(), telling.moment(visit.start))]);
        told.extend(way.values(visit, &ON_THE_WAY));
        Value::from(told)
    });
    shown.insert("journey".into(), journey.collect());
    shown
}

/// The latest visit on the way that a campaign brought.
fn campaign(order: &Order, way: &Way<'_>, telling: &Telling) -> Value {
    let Some(since) = order.since_campaign else {
        return Value::Null;
    };
    let Some(visit) = way.begun_at(order.time.plus(-since)) else {
        return Value::Null;
    };
    let days = Fraction::new(since.into(), DAY.into());
    let mut told = Map::from_iter([
        ("start".to_owned(), telling.moment(visit.start)),
        ("days_since_campaign".to_owned(), number(days)),
    ]);
    told.extend(way.values(visit, &OF_CAMPAIGNS));
    told.into()
}

fn items(order: &Order, telling: &Telling, sent_in: &str) -> Value {
    let came_back = came_back(order);
    let rows = order.rows.iter().zip(&order.row_amounts).zip(came_back);
    rows.map(|((row, amount), came_back)| {
        let category = row.category.as_deref().unwrap_or_default();
        let levels: Vec<&str> = category.split('/').filter(|it| !it.is_empty()).collect();
        json!({
            "sku": row.sku().map(|sku| &**sku),
            "name": row.name.as_deref(),
            "brand": row.brand.as_deref(),
            "category": row.category.as_deref(),
            "category_levels": levels,
            "variant": row.variant.as_deref(),
            "coupon": row.coupon.as_deref(),
            "list": row.list.as_deref(),
            "position": row.position,
            "price": money_in(sent_in, whole_of(row.price)),
            "quantity": quantity(whole_of(row.quantity)),
            "amount": telling.money(*amount),
            "refunded_quantity": quantity(i128::from(came_back) * MILLIONTH),
        })
    })
    .collect()
}

fn refunds(order: &Order, telling: &Telling) -> Value {
    let refunds = order.refunds.iter().map(|refund| {
        let rows = refund.rows.iter().zip(&refund.row_amounts);
        let rows = rows.map(|(row, amount)| {
            json!({
                "sku": row.sku().map(|sku| &**sku),
                "name": row.name.as_deref(),
                "variant": row.variant.as_deref(),
                "quantity": quantity(whole_of(row.quantity)),
                "amount": telling.money(*amount),
            })
        });
        json!({
            "time": telling.moment(refund.time),
            "amount": telling.money(refund.amount),
            "items": rows.collect::<Vec<Value>>(),
        })
    });
    refunds.collect()
}

/// 10⁻¹² in a millionth.
const MILLIONTH: i128 = 1_000_000;

fn whole_of(value: Option<afsa_model::Decimal>) -> i128 {
    i128::from(value.unwrap_or_default().micros()) * MILLIONTH
}

fn units(rows: &[Product]) -> Value {
    let quantities = rows.iter().map(|row| whole_of(row.quantity));
    quantity(quantities.fold(0, i128::saturating_add))
}

/// How much of each row came back, in millionths of a piece. Rows that are alike but for price and
/// quantity fill up one after the other, as they did when they came back.
fn came_back(order: &Order) -> Vec<i64> {
    let plain = |row: &Product| Product {
        price: None,
        quantity: None,
        ..row.clone()
    };
    let micros = |row: &Product| row.quantity.unwrap_or_default().micros().max(0);
    let sold: Vec<Product> = order.rows.iter().map(plain).collect();
    let mut came_back = vec![0; sold.len()];
    for returned in order.refunds.iter().flat_map(|refund| &refund.rows) {
        let (mut quantity, returned) = (micros(returned), plain(returned));
        for ((row, sold), filled) in order.rows.iter().zip(&sold).zip(&mut came_back) {
            let taken = if *sold == returned {
                quantity.min(micros(row) - *filled)
            } else {
                0
            };
            *filled += taken;
            quantity -= taken;
        }
    }
    came_back
}
