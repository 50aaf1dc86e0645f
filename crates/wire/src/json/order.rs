//! Purchases, refunds and states of orders.

use afsa_model::{HitKind, OrderFields, OrderState, OrderStatus, Purchase, Refund, Text};

use super::faults::{Faults, Path};
use super::value::{Value, read_record};
use super::{fields, rows};
use crate::{DecodedHit, limits};

const STATES: [(&str, OrderState); 3] = [
    ("pending", OrderState::Pending),
    ("completed", OrderState::Completed),
    ("cancelled", OrderState::Cancelled),
];

const ID: Path = Path::Inner("order", "id");

/// A purchase, and the customer that it names.
///
/// Without an id, or with nothing but an id, it is what plug-ins send for a failed payment: ignored.
pub(super) fn purchase(
    faults: &mut Faults,
    order: Value<'_>,
    products: Value<'_>,
) -> (Option<HitKind>, Text) {
    let known_faults = faults.count();
    let (mut order, customer) = order_fields(faults, order);
    let products = rows::products(faults, products).usable;
    // What was sent and couldn't be read has its own fault; it isn't missing beside.
    let is_sound = faults.count() == known_faults;
    let Some(id) = order.id.take() else {
        if is_sound {
            let detail = "A purchase without an id is no order. `auto` asks for an id.";
            faults.push(ID, "ignored", detail);
        }
        return (None, None);
    };
    if products.is_empty() && order == OrderFields::default() {
        if is_sound {
            let detail =
                "A purchase needs data beside its id: a revenue, or products with id or name.";
            faults.push(Path::Field("order"), "ignored", detail);
        }
        return (None, None);
    }
    order.id = Some(if asks_for_id(&id) {
        DecodedHit::GENERATED_ORDER_ID.into()
    } else {
        id
    });
    (
        Some(HitKind::Purchase(Box::new(Purchase { order, products }))),
        customer,
    )
}

/// A refund. Without products it is of all that is left; where products are named and none has an
/// id or a name, it is refused, never taken for the whole.
pub(super) fn refund(
    faults: &mut Faults,
    order: Value<'_>,
    products: Value<'_>,
) -> Option<HitKind> {
    let (order, _) = order_fields(faults, order);
    let products = rows::products(faults, products);
    if order.id.as_deref().is_none_or(asks_for_id) {
        faults.push(ID, "ignored", "A refund needs the id of its order.");
        return None;
    }
    if products.sent > 0 && products.usable.is_empty() {
        let detail = "No row has an id or a name. Leave products out to refund the whole order.";
        faults.push(Path::Field("products"), "missing", detail);
        return None;
    }
    Some(HitKind::Refund(Box::new(Refund {
        order,
        products: products.usable,
    })))
}

/// A new state of an order.
pub(super) fn status(faults: &mut Faults, order: Value<'_>) -> Option<HitKind> {
    let (order, _) = order_fields(faults, order);
    if order.id.as_deref().is_none_or(asks_for_id) {
        faults.push(ID, "missing", "An order_status needs the id of its order.");
        return None;
    }
    if order.state.is_none() {
        let detail = "Allowed are pending, completed, cancelled.";
        faults.push(Path::Inner("order", "state"), "missing", detail);
        return None;
    }
    Some(HitKind::OrderStatus(Box::new(OrderStatus { order })))
}

fn asks_for_id(id: &str) -> bool {
    matches!(id, "-1" | "0") || id.eq_ignore_ascii_case("auto")
}

/// The order's fields, and its customer.
fn order_fields(faults: &mut Faults, value: Value<'_>) -> (OrderFields, Text) {
    let nothing = (OrderFields::default(), None);
    let json = match value {
        Value::Null | Value::Bool(false) => return nothing,
        Value::Object(json) => json,
        _ if value.is_empty_container() => return nothing,
        _ => {
            faults.push(Path::Field("order"), "wrong_type", "An object is needed.");
            return nothing;
        }
    };
    let Ok(sent) = read_record::<fields::Order<'_>>(json) else {
        faults.push(Path::Field("order"), "malformed", "An object is needed.");
        return nothing;
    };
    let path = |name| Path::Inner("order", name);
    let mut amount = |name, value| faults.amount(path(name), value);
    let order = OrderFields {
        revenue: amount("revenue", sent.revenue),
        revenue_net: amount("revenue_net", sent.revenue_net),
        revenue_tax: amount("revenue_tax", sent.revenue_tax),
        shipping: amount("shipping", sent.shipping),
        shipping_net: amount("shipping_net", sent.shipping_net),
        shipping_tax: amount("shipping_tax", sent.shipping_tax),
        tax: amount("tax", sent.tax),
        coupon_value: amount("coupon_value", sent.coupon_value),
        id: faults.id(ID, sent.id),
        affiliation: faults.text(path("affiliation"), sent.affiliation, limits::TEXT),
        coupon: faults.text(path("coupon"), sent.coupon, limits::TEXT),
        currency: rows::currency(faults, path("currency"), sent.currency),
        // The tracker's `orderStatus` calls it `status`.
        state: faults
            .word(path("state"), sent.state, &STATES)
            .or_else(|| faults.word(path("status"), sent.status, &STATES)),
    };
    let customer = faults.person(path("customer"), sent.customer);
    (order, customer)
}
