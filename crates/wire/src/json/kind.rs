//! What a hit says, by its type.

use afsa_model::{
    Decimal, Engagement, Event, HitKind, ProductAction, ProductHit, Text, TimingOrException,
    VisitorFields,
};

use super::faults::{Faults, Path};
use super::fields::{Hit, Visitor};
use super::value::{Value, read_record};
use super::{order, rows};
use crate::limits;

/// Who the hit's kind says its person is, for hits that don't say so themselves.
#[derive(Default)]
pub(super) struct People {
    pub user: Text,
    pub role: Text,
}

#[derive(Clone, Copy)]
enum HitType {
    PageView,
    Event,
    Engagement,
    Product,
    Purchase,
    Refund,
    OrderStatus,
    Visitor,
    Timing,
    Exception,
}

const HIT_TYPES: [(&str, HitType); 10] = [
    ("pageview", HitType::PageView),
    ("event", HitType::Event),
    ("engagement", HitType::Engagement),
    ("product", HitType::Product),
    ("purchase", HitType::Purchase),
    ("refund", HitType::Refund),
    ("order_status", HitType::OrderStatus),
    ("visitor", HitType::Visitor),
    ("timing", HitType::Timing),
    ("exception", HitType::Exception),
];

const ACTIONS: [(&str, ProductAction); 9] = [
    ("impression", ProductAction::Impression),
    ("click", ProductAction::Click),
    ("detail", ProductAction::Detail),
    ("add", ProductAction::Add),
    ("remove", ProductAction::Remove),
    ("checkout", ProductAction::Checkout),
    ("checkout_option", ProductAction::CheckoutOption),
    ("promo_view", ProductAction::PromotionView),
    ("promo_click", ProductAction::PromotionClick),
];

/// Reads what is particular to the hit's type. `None` comes with at least one fault.
pub(super) fn read(faults: &mut Faults, hit: &Hit<'_>) -> (Option<HitKind>, People) {
    let (fields, mut people) = visitor(faults, hit.visitor);
    let kind = match required_word(faults, "type", hit.hit_type, &HIT_TYPES) {
        None => None,
        Some(HitType::PageView) => Some(HitKind::PageView),
        Some(HitType::Event) => event(faults, hit),
        Some(HitType::Engagement) => engagement(faults, hit),
        Some(HitType::Product) => product(faults, hit),
        Some(HitType::Purchase) => {
            let (kind, customer) = order::purchase(faults, hit.order, hit.products);
            people.user = people.user.or(customer);
            kind
        }
        Some(HitType::Refund) => order::refund(faults, hit.order, hit.products),
        Some(HitType::OrderStatus) => order::status(faults, hit.order),
        Some(HitType::Visitor) => told(faults, fields),
        Some(HitType::Timing) => Some(HitKind::Timing(Box::new(timing(faults, hit)))),
        Some(HitType::Exception) => Some(HitKind::Exception(Box::new(timing(faults, hit)))),
    };
    (kind, people)
}

fn event(faults: &mut Faults, hit: &Hit<'_>) -> Option<HitKind> {
    let mut text = |name, value| faults.text(Path::Field(name), value, limits::TEXT);
    let event = Event {
        category: text("category", hit.category),
        action: text("action", hit.action),
        label: text("label", hit.label),
        event_type: text("event_type", hit.event_type),
        url: faults.text(Path::Field("url"), hit.url, limits::ADDRESS),
        value: faults.decimal(Path::Field("value"), hit.value),
        non_interaction: faults.flag(Path::Field("non_interaction"), hit.non_interaction),
    };
    let told = [
        &event.category,
        &event.action,
        &event.label,
        &event.event_type,
        &event.url,
    ];
    if told.into_iter().all(Option::is_none) {
        let detail = "An event needs a category, action, label, event_type or url.";
        faults.push(Path::Field("category"), "missing", detail);
        return None;
    }
    Some(HitKind::Event(Box::new(event)))
}

fn engagement(faults: &mut Faults, hit: &Hit<'_>) -> Option<HitKind> {
    const VISIBLE: Path = Path::Field("visible_seconds");
    const DEPTH: Path = Path::Field("scroll_depth");
    let visible = faults.amount(VISIBLE, hit.visible_seconds);
    if visible.is_some_and(|seconds| seconds > Decimal::from(limits::VISIBLE_SECONDS)) {
        let detail = format!("Seconds go from 0 to {}.", limits::VISIBLE_SECONDS);
        faults.push(VISIBLE, "out_of_range", detail);
    }
    let depth = faults.decimal(DEPTH, hit.scroll_depth);
    let scroll_depth = depth.and_then(|depth| {
        if depth < Decimal::ZERO || depth > Decimal::from(100) {
            faults.push(DEPTH, "out_of_range", "Per cent from 0 to 100 are needed.");
            return None;
        }
        u8::try_from(depth.micros() / Decimal::SCALE).ok()
    });
    if hit.visible_seconds == Value::Null && hit.scroll_depth == Value::Null {
        let detail = "An engagement needs visible_seconds or scroll_depth.";
        faults.push(VISIBLE, "missing", detail);
        return None;
    }
    let visible = visible.map(|seconds| seconds.micros() / (Decimal::SCALE / 1_000));
    Some(HitKind::Engagement(Engagement {
        visible,
        scroll_depth,
    }))
}

fn product(faults: &mut Faults, hit: &Hit<'_>) -> Option<HitKind> {
    let action = required_word(faults, "action", hit.action, &ACTIONS);
    let list = faults.text(Path::Field("list"), hit.list, limits::TEXT);
    let step = faults.whole(Path::Field("step"), hit.step);
    let option = faults.text(Path::Field("option"), hit.option, limits::TEXT);
    let products = rows::products(faults, hit.products);
    let promotions = rows::promotions(faults, hit.promotions);
    let action = action?;
    match action {
        ProductAction::PromotionView | ProductAction::PromotionClick => {
            if promotions.usable.is_empty() {
                let detail = "At least one promotion with an id or a name is needed.";
                faults.push(Path::Field("promotions"), "missing", detail);
            }
        }
        // A step of a checkout may be told without saying again what is bought.
        ProductAction::Checkout | ProductAction::CheckoutOption => {}
        _ => {
            if products.usable.is_empty() {
                let detail = "At least one product with an id or a name is needed.";
                faults.push(Path::Field("products"), "missing", detail);
            }
        }
    }
    Some(HitKind::Product(Box::new(ProductHit {
        action,
        list,
        step,
        option,
        products: products.usable,
        promotions: promotions.usable,
    })))
}

fn told(faults: &mut Faults, fields: VisitorFields) -> Option<HitKind> {
    if fields.fields.is_empty() {
        let detail = "A visitor hit needs the object `visitor` with at least one field.";
        faults.push(Path::Field("visitor"), "missing", detail);
        return None;
    }
    Some(HitKind::Visitor(Box::new(fields)))
}

fn timing(faults: &mut Faults, hit: &Hit<'_>) -> TimingOrException {
    let mut text = |name, value| faults.text(Path::Field(name), value, limits::TEXT);
    TimingOrException {
        category: text("category", hit.category),
        action: text("action", hit.action),
        label: text("label", hit.label),
        value: faults.decimal(Path::Field("value"), hit.value),
        fatal: faults.flag(Path::Field("fatal"), hit.fatal),
    }
}

/// The object `visitor`, which may travel with a hit of any type. Values that are no texts or
/// numbers are left out.
fn visitor(faults: &mut Faults, value: Value<'_>) -> (VisitorFields, People) {
    const PATH: Path = Path::Field("visitor");
    let nothing = (VisitorFields::default(), People::default());
    let json = match value {
        Value::Null => return nothing,
        Value::Object(json) => json,
        _ if value.is_empty_container() => return nothing,
        _ => {
            faults.push(PATH, "wrong_type", "An object is needed.");
            return nothing;
        }
    };
    let Ok(visitor) = read_record::<Visitor<'_>>(json) else {
        faults.push(PATH, "malformed", "An object is needed.");
        return nothing;
    };
    if visitor.0.len() > limits::VISITOR_FIELDS {
        let detail = format!("At most {} fields are allowed.", limits::VISITOR_FIELDS);
        faults.push(PATH, "too_many", detail);
        return nothing;
    }
    let people = People {
        user: faults.person(Path::Inner("visitor", "yourid"), visitor.get("yourid")),
        role: faults.id(Path::Inner("visitor", "role"), visitor.get("role")),
    };
    let mut fields = Vec::with_capacity(visitor.0.len());
    for (key, value) in &visitor.0 {
        let is_key = !key.trim().is_empty() && !key.chars().any(char::is_control);
        if !is_key || !matches!(value, Value::Text(_) | Value::Number(_)) {
            continue;
        }
        if key.len() > limits::ID {
            let detail = format!("Names of fields have at most {} bytes.", limits::ID);
            faults.push(PATH, "too_long", detail);
            continue;
        }
        let text = faults.text(PATH, *value, limits::TEXT);
        fields.extend(text.map(|text| ((**key).into(), text)));
    }
    (VisitorFields { fields }, people)
}

fn required_word<T: Copy>(
    faults: &mut Faults,
    name: &'static str,
    value: Value<'_>,
    allowed: &[(&'static str, T)],
) -> Option<T> {
    // What is told but wrong has its own fault.
    if matches!(value, Value::Null | Value::Bool(false) | Value::Text("")) {
        let names: Vec<&str> = allowed.iter().map(|(word, _)| *word).collect();
        faults.push(
            Path::Field(name),
            "missing",
            format!("Allowed are {}.", names.join(", ")),
        );
        return None;
    }
    faults.word(Path::Field(name), value, allowed)
}
