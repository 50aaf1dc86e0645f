//! Products with their figures.

mod described;

use std::sync::Arc;

use afsa_accounts::Scope;
use afsa_query::{
    ColumnType, FilterCondition, FilterNode, ProductFacts, Request, Row, Scalar, Selection,
    product_facts,
};
use afsa_store::Value as Key;
use axum::http::Method;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt;
use serde_json::{Map, Value, json};

use super::listed::Listed;
use super::{selecting, stats};
use crate::answer::{Cell, Column, Format, Listing, digits_of, figure_to_json, key_to_json};
use crate::fields::Fields;
use crate::operation::{Answer, BodyRule, Call, Handler, Operation, Parameter};
use crate::problem::{Problem, Word};
use crate::question::{Answered, Subject};
use crate::{reply, schemas, selected};

pub(crate) use described::schemas;

/// How many products a page may have.
const MOST_LISTED: i64 = 1_000;
const DEFAULT_PERIOD: &str = "30d";

/// Variants of a product, and rows of what it is broken down by, that an answer tells: texts are
/// anybody's.
const MOST_TOLD: usize = 1_000;

/// The figures of a product.
const METRICS: [&str; 16] = [
    "impressions",
    "clicks",
    "product_ctr",
    "detail_views",
    "cart_adds",
    "cart_removes",
    "checkouts",
    "cart_to_detail_rate",
    "buy_to_detail_rate",
    "orders",
    "units",
    "products_sold",
    "product_revenue",
    "refunds",
    "refunded_units",
    "product_refund_amount",
];

/// What a product is beside its figures, in the order of a table.
const FACTS: [(&str, Cell); 7] = [
    ("sku", Cell::Text),
    ("name", Cell::Text),
    ("brand", Cell::Text),
    ("category", Cell::Text),
    ("variants", Cell::Text),
    ("last_price", Cell::Money),
    ("last_price_currency", Cell::Text),
];

pub(super) const LIST: Listed = Listed {
    name: "products",
    path: "/v1/products",
    scope: Scope::OrdersRead,
    find: list,
};

pub(super) fn operations() -> Vec<Operation> {
    let mut listing = selecting::parameters(DEFAULT_PERIOD);
    listing.extend([
        Parameter::in_query(
            "order_by",
            "Names of figures with :asc or :desc, separated by commas; they descend by default.",
            json!({"type": "string", "default": "product_revenue:desc"}),
            "units:desc",
        ),
        selecting::limit(MOST_LISTED),
        selecting::cursor(),
        selecting::format(),
    ]);
    let mut reading = vec![Parameter::in_path(
        "sku",
        "What tells the product apart: its id, else its name, encoded for an address.",
        json!({"type": "string"}),
        described::SKU,
    )];
    reading.extend(selecting::parameters(DEFAULT_PERIOD));
    let interval = stats::question_parameters().into_iter();
    reading.extend(interval.filter(|parameter| parameter.name == "interval"));
    vec![
        Operation {
            id: "listProducts",
            method: Method::GET,
            path: LIST.path,
            tag: "Orders and products",
            summary: "List products",
            description: "The products of which something was told in the period, with their \
                figures, those that brought the most first. Name, brand and category are the \
                latest told, whenever that was.",
            parameters: listing,
            body: BodyRule::None,
            answer: described::list_answer(),
            words: vec![Word::Unprocessable],
            handler: Handler::Question(LIST.scope, |call| LIST.answer(call).boxed()),
        },
        Operation {
            id: "getProduct",
            method: Method::GET,
            path: "/v1/products/{sku}",
            tag: "Orders and products",
            summary: "Read a product",
            description: "The product's figures of the period: as a whole, over time, and by its \
                variants, lists and coupons, up to a thousand of each.",
            parameters: reading,
            body: BodyRule::None,
            answer: Answer::json("The product.", schemas::reference("ProductAnswer")),
            words: vec![Word::Unprocessable],
            handler: Handler::Question(Scope::OrdersRead, |call| read(call).boxed()),
        },
    ]
}

fn list(subject: &Subject, mut fields: Fields<'_>, _format: Format) -> Result<Listing, Problem> {
    let order_by = fields.texts("order_by");
    let limit = selected::limit(&mut fields, MOST_LISTED);
    let offset = selected::cursor(&mut fields, offset_of).unwrap_or(0);
    let place = fields.place().clone();
    let selection = subject.select(fields, DEFAULT_PERIOD, false)?;

    let order_by = order_by.unwrap_or_else(|| vec!["product_revenue:desc".into()]);
    let request = Request {
        order_by: Some(order_by.clone()),
        ..asking(&selection, &["product_sku", "product"], None)
    };
    let answered = subject.table_at(&request, &place)?;
    // What is no product: orders of which no rows were told.
    let products = answered
        .answer
        .rows
        .iter()
        .filter_map(|row| match &row.keys[..] {
            [Key::Text(sku), ..] => Some((sku.clone(), row)),
            _ => None,
        });
    let products: Vec<(Arc<str>, &Row)> = products.collect();
    let page: Vec<_> = products.iter().skip(offset).take(limit).collect();
    let end = offset.saturating_add(page.len());
    let next = (end < products.len()).then(|| cursor_at(end));

    let skus: Vec<Arc<str>> = page.iter().map(|(sku, _)| sku.clone()).collect();
    let facts = product_facts(&skus, selection.traffic(), &*subject.snapshot)?;
    let nothing = ProductFacts::default();
    let rows = page.iter().map(|(sku, row)| {
        let facts = facts.get(sku).unwrap_or(&nothing);
        let mut shown = facts_to_json(sku, facts, &selection.currency);
        shown.extend(figures(&answered, row));
        shown
    });
    let rows: Vec<Map<String, Value>> = rows.collect();
    let mut meta = selected::meta(subject, &selection)?;
    meta.insert("total_rows".into(), products.len().into());
    meta.insert("limit".into(), limit.into());
    meta.insert("next_cursor".into(), next.clone().into());
    let mut echo = selected::echo(&selection);
    echo.insert("order_by".into(), order_by.into());
    let mut columns = Column::all(&FACTS);
    columns.extend(METRICS.map(Column::of_metric));
    Ok(Listing {
        name: "products",
        columns,
        rows,
        beside: Map::from_iter([
            ("meta".to_owned(), meta.into()),
            ("query".to_owned(), echo.into()),
        ]),
    })
}

/// How many products the pages before had.
fn offset_of(cursor: &str) -> Option<usize> {
    let plain = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let count: u32 = std::str::from_utf8(&plain)
        .ok()?
        .strip_prefix('p')?
        .parse()
        .ok()?;
    usize::try_from(count).ok()
}

fn cursor_at(offset: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("p{offset}"))
}

async fn read(call: Call) -> Result<Response, Problem> {
    let server = call.server.clone();
    let answering = move || {
        let sku: Arc<str> = call.path.get("sku").map_or("", String::as_str).into();
        let mut fields = call.parameter_fields();
        fields.given("account_id");
        let interval = fields.text("interval");
        let place = fields.place().clone();
        let subject = Subject::of(call.authorized.clone(), call.now)?;
        let selection = subject.select(fields, DEFAULT_PERIOD, false)?;
        let over_time = Request {
            interval: interval.clone(),
            include: Some(vec!["empty".into()]),
            ..asking(&selection, &["time"], Some(&sku))
        };
        // First of all, since an interval may be wrong.
        let over_time = subject.table_at(&over_time, &place)?;
        let one = std::slice::from_ref(&sku);
        let mut facts = product_facts(one, selection.traffic(), &*subject.snapshot)?;
        let Some(facts) = facts.remove(&sku) else {
            return Err(selected::no_such("product", &sku));
        };
        let ask = |dimensions: &[&str]| subject.table(&asking(&selection, dimensions, Some(&sku)));
        let whole = ask(&["product_sku"])?;
        let whole_row = whole.answer.rows.iter().find(|row| is_of(row, &sku));
        let nothing = ask(&[])?;
        let figures_of_all = match (whole_row, nothing.answer.rows.first()) {
            (Some(row), _) => figures(&whole, row),
            (None, Some(row)) => figures(&nothing, row),
            (None, None) => Map::new(),
        };
        let by = |name: &'static str| -> Result<Value, Problem> {
            let answered = ask(&["product_sku", name])?;
            let rows = answered.answer.rows.iter().filter(|row| is_of(row, &sku));
            Ok(rows
                .take(MOST_TOLD)
                .map(|row| {
                    let key = row.keys.get(1).map_or(Value::Null, key_to_json);
                    let mut shown = Map::from_iter([(name.to_owned(), key)]);
                    shown.extend(figures(&answered, row));
                    Value::from(shown)
                })
                .collect())
        };
        let times = over_time.answer.rows.iter().map(|row| {
            let key = row.keys.first().map_or(Value::Null, key_to_json);
            let mut shown = Map::from_iter([("time".to_owned(), key)]);
            shown.extend(figures(&over_time, row));
            Value::from(shown)
        });
        let mut meta = selected::meta(&subject, &selection)?;
        let interval = over_time.plan.interval.map(|interval| interval.name());
        meta.insert("interval".into(), interval.into());
        let mut echo = selected::echo(&selection);
        echo.insert("interval".into(), interval.into());
        Ok(reply::json(&json!({
            "product": facts_to_json(&sku, &facts, &selection.currency),
            "totals": figures_of_all,
            "over_time": times.collect::<Vec<Value>>(),
            "by_variant": by("variant")?,
            "by_list": by("product_list")?,
            "by_coupon": by("coupon")?,
            "meta": meta,
            "query": echo,
        })))
    };
    server.gate.run(&server.limits, answering).await
}

fn is_of(row: &Row, sku: &Arc<str>) -> bool {
    matches!(row.keys.first(), Some(Key::Text(key)) if key == sku)
}

/// The question for the figures of the selection, of one product alone if it is named.
fn asking(selection: &Selection, dimensions: &[&str], sku: Option<&Arc<str>>) -> Request {
    let of_product = sku.map(|sku| {
        FilterNode::Condition(FilterCondition {
            operator: "is".into(),
            field: "product_sku".into(),
            values: vec![Scalar::Text(sku.to_string())],
            scope: Some("hit".into()),
            ..FilterCondition::default()
        })
    });
    let filters = match (of_product, selection.request.filters.clone()) {
        // A list is joined, so that nothing gets deeper than it was sent.
        (Some(own), Some(FilterNode::And(mut parts))) => {
            parts.push(own);
            Some(FilterNode::And(parts))
        }
        (Some(own), Some(sent)) => Some(FilterNode::And(vec![own, sent])),
        (own, sent) => own.or(sent),
    };
    Request {
        filters,
        metrics: Some(METRICS.map(str::to_owned).to_vec()),
        dimensions: Some(dimensions.iter().map(|name| (*name).to_owned()).collect()),
        ..selection.request.clone()
    }
}

fn figures(answered: &Answered, row: &Row) -> Map<String, Value> {
    let digits = digits_of(&answered.plan.currency);
    let columns = answered.answer.columns.iter();
    let metrics = columns.filter_map(|column| match column.column_type {
        ColumnType::Metric(unit) => Some((column.name.clone(), unit)),
        ColumnType::Dimension(_) => None,
    });
    metrics
        .zip(&row.values)
        .map(|((name, unit), figure)| (name, figure_to_json(*figure, unit, digits)))
        .collect()
}

fn facts_to_json(sku: &str, facts: &ProductFacts, own_currency: &str) -> Map<String, Value> {
    let sold = facts.last_price.as_ref();
    let currency = sold.map(|sold| sold.currency.as_deref().unwrap_or(own_currency));
    let currency = currency.map(str::to_ascii_uppercase);
    let price = sold.zip(currency.as_ref());
    let price = price.map(|(sold, currency)| {
        selected::money_in(currency, i128::from(sold.price).saturating_mul(1_000_000))
    });
    let variants: Vec<&str> = facts
        .variants
        .iter()
        .map(|it| &**it)
        .take(MOST_TOLD)
        .collect();
    Map::from_iter([
        ("sku".to_owned(), Value::from(sku)),
        ("name".to_owned(), facts.name.as_deref().into()),
        ("brand".to_owned(), facts.brand.as_deref().into()),
        ("category".to_owned(), facts.category.as_deref().into()),
        ("variants".to_owned(), variants.into()),
        ("last_price".to_owned(), price.into()),
        ("last_price_currency".to_owned(), currency.into()),
    ])
}
