//! The values that visits, hits and things have of dimensions.

use std::sync::Arc;

use afsa_model::{DAY, Hit, HitKind, OrderState, Product, ProductHit, Text, Timestamp};
use afsa_visits::orders::Order;

use super::names::ProductNames;
use super::scene::{Scene, Sort, Thing, visitor_type};
use crate::{Dimension, Kind, Question, Value};

/// The value of a visit; null for what lies in no visit.
pub(super) fn of_visit(scene: &Scene, dimension: Dimension) -> Value {
    use Dimension::*;
    let Some(visit) = scene.visit else {
        return Value::Null;
    };
    let (origin, client) = (&visit.origin, &visit.client);
    let text = match dimension {
        Channel => &origin.channel,
        Source => &origin.source,
        Referrer => &origin.referrer,
        ReferrerHost => &origin.referrer_host,
        SearchEngine => &origin.search_engine,
        Keyword => &origin.keyword,
        SocialNetwork => &origin.social_network,
        AiAssistant => &origin.ai_assistant,
        Campaign => &origin.campaign,
        CampaignSource => &origin.campaign_source,
        CampaignMedium => &origin.campaign_medium,
        CampaignTerm => &origin.campaign_term,
        CampaignContent => &origin.campaign_content,
        CampaignId => &origin.campaign_id,
        EntryPage => &visit.entry_page,
        ExitPage => &visit.exit_page,
        Hostname => &visit.hostname,
        Country => &client.country,
        Region => &client.region,
        City => &client.city,
        Continent => &client.continent,
        Language => &client.language,
        Device => &client.device,
        DeviceBrand => &client.device_brand,
        DeviceModel => &client.device_model,
        Browser => &client.browser,
        BrowserVersion => &client.browser_version,
        Os => &client.os,
        OsVersion => &client.os_version,
        Screen => &client.screen,
        Viewport => &client.viewport,
        Cms => &client.cms,
        UserId => &visit.user,
        UserRole => &visit.role,
        VisitorType => return Value::Text(visitor_type(scene.number).into()),
        VisitNumber => return Value::Number(scene.number),
        DaysSinceLastVisit => {
            return scene.visit_before.map_or(Value::Null, |before| {
                Value::Number(visit.start.since(before) / DAY)
            });
        }
        _ => return Value::Null,
    };
    of_text(text)
}

/// The value of a moment: the bucket of an axis, the hour or the weekday in the question's zone.
pub(super) fn of_moment(question: &Question, moment: Timestamp, dimension: Dimension) -> Value {
    match dimension {
        Dimension::Time(axis) => {
            let buckets_begun = question
                .time_axes
                .get(usize::from(axis))
                .map_or(0, |axis| axis.partition_point(|start| *start <= moment));
            match buckets_begun {
                0 => Value::Null,
                begun => Value::Number(begun as i64 - 1),
            }
        }
        Dimension::HourOfDay => Value::Number(question.zone.hour_of_day(moment)),
        Dimension::DayOfWeek => Value::Number(question.zone.day_of_week(moment)),
        _ => Value::Null,
    }
}

/// What one hit itself tells of pages, the site's own dimensions and events.
pub(super) fn of_hit(hit: &Hit, dimension: Dimension) -> Value {
    let page = hit.page.as_ref();
    match dimension {
        Dimension::Page => page.map_or(Value::Null, |page| of_text(&page.page)),
        Dimension::PageTitle => page.map_or(Value::Null, |page| of_text(&page.title)),
        Dimension::ContentGroup(number) => page
            .and_then(|page| page.content_groups.get(usize::from(number).checked_sub(1)?))
            .map_or(Value::Null, of_text),
        Dimension::Custom(number) => hit
            .custom
            .iter()
            .flat_map(|custom| &custom.dimensions)
            .find(|(told, _)| *told == number)
            .map_or(Value::Null, |(_, value)| Value::Text(value.clone())),
        _ => of_event(hit, dimension),
    }
}

fn of_event(hit: &Hit, dimension: Dimension) -> Value {
    let HitKind::Event(event) = &hit.kind else {
        return Value::Null;
    };
    match dimension {
        Dimension::EventCategory => of_text(&event.category),
        Dimension::EventAction => of_text(&event.action),
        Dimension::EventLabel => of_text(&event.label),
        Dimension::EventType => of_text(&event.event_type),
        Dimension::EventUrl => of_text(&event.url),
        _ => Value::Null,
    }
}

/// The value of a product row, in an action or (without one) in an order.
///
/// A product is shown by its latest name; its sku is its id, else its name. Its list is the
/// row's own, else the action's. Levels of a category are its parts between `/`, empty ones
/// skipped.
pub(super) fn of_row(
    names: &ProductNames,
    product: Option<&Product>,
    action: Option<&ProductHit>,
    dimension: Dimension,
) -> Value {
    let told = |field: fn(&Product) -> &Text| product.and_then(|product| field(product).as_ref());
    let either = |first: Option<&Arc<str>>, second: Option<&Arc<str>>| first.or(second).cloned();
    let value = match dimension {
        Dimension::ProductSku => product.and_then(|row| row.sku().cloned()),
        Dimension::Product => product.and_then(|row| names.shown(row)),
        Dimension::Brand => told(|row| &row.brand).cloned(),
        Dimension::Category => told(|row| &row.category).cloned(),
        Dimension::CategoryLevel(level) => told(|row| &row.category).and_then(|category| {
            let mut levels = category.split('/').filter(|level| !level.is_empty());
            levels
                .nth(usize::from(level).checked_sub(1)?)
                .map(Arc::from)
        }),
        Dimension::Variant => told(|row| &row.variant).cloned(),
        Dimension::ProductList => either(
            told(|row| &row.list),
            action.and_then(|action| action.list.as_ref()),
        ),
        Dimension::CheckoutOption => action.and_then(|action| action.option.clone()),
        Dimension::ListPosition => return of_number(product.and_then(|row| row.position)),
        Dimension::CheckoutStep => return of_number(action.and_then(|action| action.step)),
        _ => None,
    };
    of_text(&value)
}

/// The value of an order as such; its coupons are [`coupons`].
pub(super) fn of_order(order: &Order, dimension: Dimension) -> Value {
    match dimension {
        Dimension::OrderId => Value::Text(order.id.clone()),
        Dimension::Customer => Value::Text(order.customer.label()),
        Dimension::BuyerType => Value::Text(if order.is_first { "new" } else { "repeat" }.into()),
        Dimension::PurchaseDays => order
            .since_first_visit
            .map_or(Value::Null, |since| Value::Number(since / DAY)),
        Dimension::PurchaseVisits => of_number(order.visits_so_far),
        Dimension::Affiliation => of_text(&order.fields.affiliation),
        Dimension::Currency => of_text(&order.fields.currency),
        Dimension::OrderState => Value::Text(
            match order.state {
                OrderState::Pending => "pending",
                OrderState::Completed => "completed",
                OrderState::Cancelled => "cancelled",
            }
            .into(),
        ),
        _ => Value::Null,
    }
}

/// An order's own coupon and those of its rows; null where there is none at all.
pub(super) fn coupons(order: &Order) -> Vec<Value> {
    let rows = order.rows.iter().map(|row| &row.coupon);
    let mut coupons: Vec<Value> = std::iter::once(&order.fields.coupon)
        .chain(rows)
        .flatten()
        .map(|coupon| Value::Text(coupon.clone()))
        .collect();
    if coupons.is_empty() {
        coupons.push(Value::Null);
    }
    coupons
}

/// The value of an order's row: the row's own, else its order's. A row's coupon is its own, else
/// the order's.
pub(super) fn of_order_row(
    names: &ProductNames,
    order: &Order,
    product: &Product,
    dimension: Dimension,
) -> Value {
    match (dimension, dimension.kind()) {
        (Dimension::Coupon, _) => of_text(
            &product
                .coupon
                .clone()
                .or_else(|| order.fields.coupon.clone()),
        ),
        (_, Kind::Order) => of_order(order, dimension),
        _ => of_row(names, Some(product), None, dimension),
    }
}

/// A promotion is its name, else its id.
pub(super) fn of_promotion(promotion: &afsa_model::Promotion, dimension: Dimension) -> Value {
    match dimension {
        Dimension::Promotion => of_text(&promotion.name.clone().or_else(|| promotion.id.clone())),
        Dimension::PromotionCreative => of_text(&promotion.creative),
        Dimension::PromotionPosition => of_text(&promotion.position),
        _ => Value::Null,
    }
}

/// All values that the thing itself has: what conditions of scope hit look at.
///
/// Pages and the site's own dimensions are those of the hit that told it (of orders and their rows:
/// the purchase), whatever the thing is; values of the visit are its visit's. An order has the
/// values of all its rows.
pub(super) fn of_thing(
    question: &Question,
    scene: &Scene,
    index: usize,
    dimension: Dimension,
) -> Vec<Value> {
    let Some(thing) = scene.things.get(index) else {
        return Vec::new();
    };
    match (dimension.kind(), thing) {
        (Kind::Visit, _) => vec![of_visit(scene, dimension)],
        (Kind::Time, _) => vec![of_moment(question, thing.time(), dimension)],
        (Kind::PageView | Kind::AnyHit, _) => vec![of_hit(thing.hit(), dimension)],
        (Kind::Event, Thing::Event { hit }) => vec![of_hit(hit, dimension)],
        (Kind::Goal, _) => goal_names(question, scene, index),
        (
            Kind::ProductRow,
            Thing::ProductRow {
                action, product, ..
            },
        ) => vec![of_row(&scene.names, *product, Some(action), dimension)],
        (Kind::ProductRow, Thing::Order { order, .. } | Thing::Refund { order, .. }) => order
            .rows
            .iter()
            .map(|row| of_row(&scene.names, Some(row), None, dimension))
            .collect(),
        (Kind::Promotion, Thing::Promotion { promotion, .. }) => {
            vec![of_promotion(promotion, dimension)]
        }
        (Kind::Order, Thing::Order { order, .. } | Thing::Refund { order, .. }) => {
            match dimension {
                Dimension::Coupon => coupons(order),
                _ => vec![of_order(order, dimension)],
            }
        }
        (
            Kind::ProductRow | Kind::Order,
            Thing::OrderRow { order, product, .. } | Thing::RefundRow { order, product, .. },
        ) => vec![of_order_row(&scene.names, order, product, dimension)],
        _ => Vec::new(),
    }
}

/// All values that things of the dimension's kind in the visit have: what conditions of scope
/// visit look at. Of time it is the moment the visit began. Rows are those of actions and of
/// orders, cancelled ones too.
pub(super) fn of_scene(question: &Question, scene: &Scene, dimension: Dimension) -> Vec<Value> {
    match dimension.kind() {
        Kind::Visit => vec![of_visit(scene, dimension)],
        Kind::Time => vec![of_moment(question, scene.moment, dimension)],
        Kind::AnyHit => scene
            .hits
            .iter()
            .map(|hit| of_hit(hit, dimension))
            .collect(),
        kind => (0..scene.things.len())
            .filter(|index| is_of_kind(&scene.things[*index], kind))
            .flat_map(|index| of_thing(question, scene, index, dimension))
            .collect(),
    }
}

/// Whether the thing is one of those by which dimensions of this kind are joined.
pub(super) fn is_of_kind(thing: &Thing, kind: Kind) -> bool {
    match kind {
        Kind::PageView => thing.sort() == Sort::PageView,
        Kind::Event => thing.sort() == Sort::Event,
        Kind::ProductRow => matches!(thing.sort(), Sort::ProductRow | Sort::OrderRow),
        Kind::Promotion => thing.sort() == Sort::Promotion,
        Kind::Order => thing.sort() == Sort::Order,
        Kind::Goal => true,
        Kind::Visit | Kind::AnyHit | Kind::Time => false,
    }
}

/// Names of the goals that the thing converted for.
pub(super) fn goal_names(question: &Question, scene: &Scene, index: usize) -> Vec<Value> {
    let goals = scene.goals.get(index).into_iter().flatten();
    goals
        .filter_map(|goal| question.goals.get(*goal))
        .map(|goal| Value::Text(goal.name.clone()))
        .collect()
}

fn of_text(text: &Text) -> Value {
    text.clone().map_or(Value::Null, Value::Text)
}

fn of_number(number: Option<u32>) -> Value {
    number.map_or(Value::Null, |number| Value::Number(number.into()))
}
