//! Products and promotions.

use afsa_model::{Product, Promotion, Text};

use super::faults::{Faults, Path};
use super::fields;
use super::value::{Items, Record, Value, read_array, read_record};
use crate::limits;

/// The rows of one array.
pub(super) struct Rows<T> {
    /// Those that have an id or a name; no figure could name the others, so they are dropped.
    pub usable: Vec<T>,
    /// How many were sent.
    pub sent: usize,
}

pub(super) fn products(faults: &mut Faults, value: Value<'_>) -> Rows<Product> {
    rows(
        faults,
        "products",
        value,
        |faults, row, sent: fields::Product<'_>| {
            let path = |name| Path::InRow("products", row, name);
            let mut text = |name, value| faults.text(path(name), value, limits::TEXT);
            let product = Product {
                name: text("name", sent.name),
                brand: text("brand", sent.brand),
                category: text("category", sent.category),
                variant: text("variant", sent.variant),
                coupon: text("coupon", sent.coupon),
                list: text("list", sent.list),
                id: faults.id(path("id"), sent.id),
                currency: currency(faults, path("currency"), sent.currency),
                price: faults.amount(path("price"), sent.price),
                quantity: faults.amount(path("quantity"), sent.quantity),
                position: faults.whole(path("position"), sent.position),
            };
            (product.id.is_some() || product.name.is_some()).then_some(product)
        },
    )
}

pub(super) fn promotions(faults: &mut Faults, value: Value<'_>) -> Rows<Promotion> {
    rows(
        faults,
        "promotions",
        value,
        |faults, row, sent: fields::Promotion<'_>| {
            let path = |name| Path::InRow("promotions", row, name);
            let promotion = Promotion {
                id: faults.id(path("id"), sent.id),
                name: faults.text(path("name"), sent.name, limits::TEXT),
                creative: faults.text(path("creative"), sent.creative, limits::TEXT),
                position: faults.text(path("position"), sent.position, limits::TEXT),
            };
            (promotion.id.is_some() || promotion.name.is_some()).then_some(promotion)
        },
    )
}

/// An ISO 4217 code, in upper case. Codes that nobody has a rate for are codes too.
pub(super) fn currency(faults: &mut Faults, path: Path, value: Value<'_>) -> Text {
    let code = faults.id(path, value)?;
    if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        faults.push(
            path,
            "malformed",
            "The three letters of ISO 4217 are needed, such as EUR.",
        );
        return None;
    }
    Some(code.to_ascii_uppercase().into())
}

fn rows<'a, R: Record<'a>, T>(
    faults: &mut Faults,
    name: &'static str,
    value: Value<'a>,
    mut read: impl FnMut(&mut Faults, usize, R) -> Option<T>,
) -> Rows<T> {
    let nothing = Rows {
        usable: Vec::new(),
        sent: 0,
    };
    let json = match value {
        Value::Null | Value::Bool(false) => return nothing,
        Value::Array(json) => json,
        _ if value.is_empty_container() => return nothing,
        _ => {
            faults.push(
                Path::Field(name),
                "wrong_type",
                "An array of objects is needed.",
            );
            return nothing;
        }
    };
    let Ok(Items { values, has_more }) = read_array(json, limits::ROWS) else {
        faults.push(
            Path::Field(name),
            "malformed",
            "An array of objects is needed.",
        );
        return nothing;
    };
    if has_more {
        let detail = format!("At most {} rows are allowed.", limits::ROWS);
        faults.push(Path::Field(name), "too_many", detail);
        return nothing;
    }
    let sent = values.len();
    let mut usable = Vec::with_capacity(sent);
    for (row, value) in values.into_iter().enumerate() {
        let record = match value {
            Value::Object(json) => read_record::<R>(json).ok(),
            _ if value == Value::Null || value.is_empty_container() => continue,
            _ => None,
        };
        match record {
            Some(record) => usable.extend(read(faults, row, record)),
            None => faults.push(Path::Row(name, row), "wrong_type", "An object is needed."),
        }
    }
    Rows { usable, sent }
}
