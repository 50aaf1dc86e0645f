//! What the document says of products.

use afsa_query::{METRICS as ALL, Metric, MetricUnit};
use serde_json::{Map, Value, json};

use super::METRICS;
use crate::operation::Answer;
use crate::schemas::{self, count, money, nullable, number, pair, text, texts, whole};

/// Of the product in the examples.
pub(super) const SKU: &str = "SKU-10000";

pub(crate) fn schemas() -> Vec<(String, Value)> {
    let facts = json!({
        "sku": text(),
        "name": nullable(text()),
        "brand": nullable(text()),
        "category": nullable(text()),
        "variants": texts(),
        "last_price": described("What a piece was sold for last, as sent.", nullable(money())),
        "last_price_currency": nullable(text()),
    });
    let figures: Map<String, Value> = METRICS.iter().map(|name| figure(name)).collect();
    let by = |name: &str, schema: Value| {
        let mut properties = Map::from_iter([(name.to_owned(), schema)]);
        properties.extend(figures.clone());
        json!({"type": "array", "items": whole(properties.into())})
    };
    let mut listed = facts.clone();
    if let Some(listed) = listed.as_object_mut() {
        listed.extend(figures.clone());
    }
    vec![
        pair("ListedProduct", whole(listed)),
        pair(
            "ProductList",
            whole(json!({
                "data": {"type": "array", "items": schemas::reference("ListedProduct")},
                "meta": schemas::selection_meta(json!({
                    "total_rows": count(),
                    "limit": count(),
                    "next_cursor": nullable(text()),
                })),
                "query": schemas::open(),
            })),
        ),
        pair(
            "ProductAnswer",
            whole(json!({
                "product": whole(facts),
                "totals": whole(figures.clone().into()),
                "over_time": by("time", text()),
                "by_variant": by("variant", nullable(text())),
                "by_list": by("product_list", nullable(text())),
                "by_coupon": by("coupon", nullable(text())),
                "meta": schemas::selection_meta(json!({"interval": nullable(text())})),
                "query": schemas::open(),
            })),
        ),
    ]
}

fn figure(name: &str) -> (String, Value) {
    let metric: Option<&Metric> = ALL.iter().find(|metric| metric.name == name);
    let schema = match metric.map(|metric| metric.unit) {
        Some(MetricUnit::Money) => money(),
        Some(MetricUnit::Count) => json!({"type": "integer", "format": "int64"}),
        _ => number(),
    };
    let description = metric.map_or("", |metric| metric.description);
    (
        name.to_owned(),
        described(&format!("{description}."), nullable(schema)),
    )
}

fn described(description: &str, schema: Value) -> Value {
    schemas::with(schema, "description", description)
}

pub(super) fn list_answer() -> Answer {
    let mut answer = Answer::json("The products.", schemas::reference("ProductList"));
    answer.media.extend(schemas::table_media());
    answer
}
