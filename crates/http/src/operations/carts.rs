//! Carts, one by one, as they changed.

use afsa_accounts::Scope;
use afsa_model::{Decimal, Timestamp, VisitorKey};
use afsa_query::{CartFacts, CartMoment, CartState, HeldItem, Selection, carts};
use afsa_store::{CartChangeKind, CartItem, CartPage, Dimension};
use axum::http::Method;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt;
use serde_json::{Map, Value, json};

use super::listed::Listed;
use super::selecting;
use crate::answer::{Cell, Column, Format, Listing, key_to_json};
use crate::fields::Fields;
use crate::operation::{Answer, BodyRule, Handler, Operation, Parameter};
use crate::problem::{Problem, Word};
use crate::question::Subject;
use crate::schemas::{self, count, instant, money, nullable, number, pair, text, whole, with};
use crate::selected::{self, Telling, money_in, quantity};

/// How many carts a page may have.
const MOST_LISTED: i64 = 1_000;
const DEFAULT_PERIOD: &str = "30d";
/// How many are looked at in one go for a state that the store doesn't choose by.
const LOOKED_AT: usize = 10_000;

/// What is told of a cart's visit.
const OF_VISITS: [Dimension; 8] = [
    Dimension::UserId,
    Dimension::Channel,
    Dimension::Source,
    Dimension::CampaignMedium,
    Dimension::Campaign,
    Dimension::EntryPage,
    Dimension::Country,
    Dimension::Device,
];

/// What a table tells of a cart; the others are lists.
const COLUMNS: [(&str, Cell); 8] = [
    ("visitor", Cell::Text),
    ("start", Cell::Text),
    ("state", Cell::Text),
    ("first_change", Cell::Text),
    ("last_change", Cell::Text),
    ("products", Cell::Whole),
    ("pieces", Cell::Number),
    ("value", Cell::Money),
];

pub(super) const LIST: Listed = Listed {
    name: "carts",
    path: "/v1/carts",
    scope: Scope::OrdersRead,
    find: list,
};

pub(super) fn operations() -> Vec<Operation> {
    let mut listing = selecting::parameters(DEFAULT_PERIOD);
    listing.extend([
        Parameter::in_query(
            "state",
            "Only carts that ended so.",
            json!({"type": "string", "enum": CartState::NAMES}),
            "abandoned",
        ),
        selecting::limit(MOST_LISTED),
        selecting::cursor(),
        selecting::format(),
    ]);
    vec![Operation {
        id: "listCarts",
        method: Method::GET,
        path: LIST.path,
        tag: "Orders and products",
        summary: "List carts",
        description: "The carts of the visits that began in the period, the latest first: what each \
            held after every change, how it ended, and what it was worth then. A piece is worth the \
            price that was told for it last, in the account's currency. `carts` and \
            `abandoned_carts` of a question count these.",
        parameters: listing,
        body: BodyRule::None,
        answer: described(),
        words: vec![Word::Unprocessable],
        handler: Handler::Question(LIST.scope, |call| LIST.answer(call).boxed()),
    }]
}

fn list(subject: &Subject, mut fields: Fields<'_>, format: Format) -> Result<Listing, Problem> {
    let state = fields.text("state");
    let names = CartState::NAMES;
    if let Some(state) = state.as_deref().filter(|state| !names.contains(state)) {
        selected::unknown_word(&mut fields, "state", state, names);
    }
    let limit = selected::limit(&mut fields, MOST_LISTED);
    let before = selected::cursor(&mut fields, read_cursor);
    let selection = subject.select(fields, DEFAULT_PERIOD, false)?;
    let (page, has_more) = page(subject, &selection, state.as_deref(), before, limit)?;

    let telling = Telling::of(&selection);
    let rows = page.iter().map(|cart| {
        let mut row = shown(cart, &telling);
        if matches!(format, Format::Json | Format::NdJson) {
            let own = &selection.currency;
            let changes = cart.changes.iter().map(|it| change(it, &telling, own));
            let content = cart.content.iter().map(|it| held(it, &telling));
            row.insert("content".into(), content.collect());
            row.insert("changes".into(), changes.collect());
        }
        row
    });
    let next = page.last().filter(|_| has_more);
    let next = next.map(|last| cursor(last.start, last.visitor));
    let mut meta = selected::meta(subject, &selection)?;
    meta.insert("limit".into(), limit.into());
    meta.insert("next_cursor".into(), next.clone().into());
    let mut echo = selected::echo(&selection);
    if let Some(state) = &state {
        echo.insert("state".into(), state.as_str().into());
    }
    let mut columns = Column::all(&COLUMNS);
    columns.extend(OF_VISITS.map(Column::of));
    Ok(Listing {
        name: "carts",
        columns,
        rows: rows.collect(),
        beside: Map::from_iter([
            ("meta".to_owned(), meta.into()),
            ("query".to_owned(), echo.into()),
        ]),
    })
}

/// The carts of a page, and whether there are more.
fn page(
    subject: &Subject,
    selection: &Selection,
    state: Option<&str>,
    mut before: Option<(Timestamp, VisitorKey)>,
    limit: usize,
) -> Result<(Vec<CartFacts>, bool), Problem> {
    let abandoned = state.map(|state| state == CartState::Abandoned.name());
    // Ordered and emptied carts are told apart by following them.
    let looked_at = match abandoned {
        Some(false) => LOOKED_AT,
        _ => limit + 1,
    };
    let settings = &subject.account.settings;
    let mut page: Vec<CartFacts> = Vec::new();
    loop {
        let asked = CartPage {
            abandoned,
            before,
            limit: looked_at,
        };
        let found = carts(selection, &OF_VISITS, &asked, settings, &*subject.snapshot)?;
        let is_last = found.len() < looked_at;
        before = found.last().map(|cart| (cart.start, cart.visitor));
        let is_meant = |cart: &CartFacts| state.is_none_or(|state| state == cart.state.name());
        page.extend(found.into_iter().filter(is_meant));
        if is_last || page.len() > limit {
            break;
        }
    }
    // Carts of one visitor and instant, which the cursor can't tell apart, stay on one page.
    let place = |cart: &CartFacts| (cart.start, cart.visitor);
    let last = limit.checked_sub(1).and_then(|last| page.get(last));
    let kept = match last.map(place) {
        Some(last) => page.partition_point(|cart| place(cart) >= last),
        None => page.len(),
    };
    let has_more = kept < page.len();
    page.truncate(kept);
    Ok((page, has_more))
}

/// Where a page ended: the start and the visitor of its last cart.
fn cursor(start: Timestamp, visitor: VisitorKey) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}.{:032x}", start.0, visitor.0))
}

fn read_cursor(text: &str) -> Option<(Timestamp, VisitorKey)> {
    let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let (start, visitor) = plain.split_once('.')?;
    let visitor = u128::from_str_radix(visitor, 16).ok()?;
    Some((Timestamp(start.parse().ok()?), VisitorKey(visitor)))
}

fn shown(cart: &CartFacts, telling: &Telling) -> Map<String, Value> {
    let moment = |change: Option<&CartMoment>| match change {
        Some(change) => telling.moment(change.time),
        None => Value::Null,
    };
    let pieces = cart.content.iter().fold(0_i128, |sum, held| {
        sum.saturating_add(held.quantity.times(Decimal::ONE))
    });
    let told: [Value; COLUMNS.len()] = [
        format!("{:032x}", cart.visitor.0).into(),
        telling.moment(cart.start),
        cart.state.name().into(),
        moment(cart.changes.first()),
        moment(cart.changes.last()),
        cart.content.len().into(),
        quantity(pieces),
        telling.money(cart.value),
    ];
    let columns = COLUMNS.into_iter().map(|(name, _)| name.to_owned());
    let columns = columns.zip(told);
    let of_visits = OF_VISITS.iter().zip(&cart.values);
    let of_visits = of_visits.map(|(dimension, key)| (dimension.to_string(), key_to_json(key)));
    columns.chain(of_visits).collect()
}

fn held(held: &HeldItem, telling: &Telling) -> Value {
    json!({
        "sku": held.sku.as_deref(),
        "name": held.product.as_deref(),
        "variant": held.variant.as_deref(),
        "quantity": quantity(held.quantity.times(Decimal::ONE)),
        "value": telling.money(held.value),
    })
}

fn change(moment: &CartMoment, telling: &Telling, own: &str) -> Value {
    let (action, item, order) = match &moment.change {
        CartChangeKind::Added(item) => ("add", Some(item), None),
        CartChangeKind::Removed(item) => ("remove", Some(item), None),
        CartChangeKind::Ordered(order) => ("order", None, Some(&**order)),
    };
    let of_item = |value: fn(&CartItem) -> Option<&str>| item.and_then(value);
    let price = item.and_then(|item| {
        let price = item.price?.times(Decimal::ONE);
        Some(money_in(item.currency.as_deref().unwrap_or(own), price))
    });
    json!({
        "time": telling.moment(moment.time),
        "action": action,
        "sku": of_item(|item| item.sku.as_deref()),
        "name": of_item(|item| item.product.as_deref()),
        "variant": of_item(|item| item.variant.as_deref()),
        "quantity": item.map(|item| quantity(item.quantity.times(Decimal::ONE))),
        "price": price,
        "currency": item.map(|item| item.currency.as_deref().unwrap_or(own).to_ascii_uppercase()),
        "order_id": order,
        "pieces": quantity(moment.pieces),
        "value": telling.money(moment.value),
    })
}

pub(super) fn schemas() -> Vec<(String, Value)> {
    let maybe = || nullable(text());
    let told = |description: &str, schema: Value| with(schema, "description", description);
    let list = |items: Value| json!({"type": "array", "items": items});
    let held = whole(json!({
        "sku": maybe(),
        "name": maybe(),
        "variant": maybe(),
        "quantity": number(),
        "value": nullable(money()),
    }));
    let change = whole(json!({
        "time": instant(),
        "action": schemas::words(&["add", "remove", "order"]),
        "sku": maybe(),
        "name": maybe(),
        "variant": maybe(),
        "quantity": nullable(number()),
        "price": told("Of a piece, as sent, in `currency`.", nullable(money())),
        "currency": maybe(),
        "order_id": told("Of the order that emptied the cart.", maybe()),
        "pieces": told("In the cart after the change.", number()),
        "value": told("Of the cart after the change, in the account's currency.",
            nullable(money())),
    }));
    let mut cart = json!({
        "visitor": told("Who filled it; the same for the same visitor.", text()),
        "start": told("Of the visit.", instant()),
        "state": told("`abandoned`: it held something at the end, and nothing was ordered within \
            the account's order window; `emptied`: all was taken out again.",
            schemas::words(&CartState::NAMES)),
        "first_change": nullable(instant()),
        "last_change": nullable(instant()),
        "products": told("Distinct products and variants of the content.", count()),
        "pieces": told("Of the content.", number()),
        "value": told("Of the content, in the account's currency; null where a price or a rate is \
            not known.", nullable(money())),
    });
    for dimension in OF_VISITS {
        cart[dimension.to_string()] = maybe();
    }
    cart["content"] = told(
        "At the end; of an ordered cart when it was ordered.",
        list(held),
    );
    cart["changes"] = list(change);
    vec![
        pair("Cart", whole(cart)),
        pair(
            "CartList",
            whole(json!({
                "data": list(schemas::reference("Cart")),
                "meta": schemas::selection_meta(json!({
                    "limit": count(),
                    "next_cursor": maybe(),
                })),
                "query": schemas::open(),
            })),
        ),
    ]
}

fn described() -> Answer {
    let mut answer = Answer::json("The carts.", schemas::reference("CartList"));
    answer.media.extend(schemas::table_media());
    answer
}
