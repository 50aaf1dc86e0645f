//! Writing arrivals.

use std::sync::Arc;

use afsa_model::{
    Client, Custom, Decimal, Hit, HitKind, OrderFields, Origin, PageContext, Product, Text,
};
use afsa_store::{Arrival, Identity};

use super::bytes::{put_bytes, put_i64, put_u64};

/// How contexts that repeat from hit to hit are written.
pub(crate) trait PutContexts {
    fn client(&mut self, out: &mut Vec<u8>, client: &Arc<Client>);
    fn origin(&mut self, out: &mut Vec<u8>, origin: &Arc<Origin>);
    fn page(&mut self, out: &mut Vec<u8>, page: &Arc<PageContext>);
}

/// Each context stands in its hit, as a block.
struct InPlace;

impl PutContexts for InPlace {
    fn client(&mut self, out: &mut Vec<u8>, client: &Arc<Client>) {
        put_block(out, |out| put_client(out, client));
    }

    fn origin(&mut self, out: &mut Vec<u8>, origin: &Arc<Origin>) {
        put_block(out, |out| put_origin(out, origin));
    }

    fn page(&mut self, out: &mut Vec<u8>, page: &Arc<PageContext>) {
        put_block(out, |out| put_page(out, page));
    }
}

/// Appends the arrival, its hit's sequence, visitor and import included.
pub(crate) fn put_arrival(out: &mut Vec<u8>, arrival: &Arrival) {
    put_arrival_with(out, arrival, &mut InPlace);
}

/// Appends the arrival with its contexts as `contexts` has them.
pub(crate) fn put_arrival_with(
    out: &mut Vec<u8>,
    arrival: &Arrival,
    contexts: &mut impl PutContexts,
) {
    put_identity(out, arrival.identity);
    match arrival.event {
        None => out.push(0),
        Some(event) => {
            out.push(1);
            out.extend_from_slice(&event.0.to_be_bytes());
        }
    }
    put_hit(out, &arrival.hit, contexts);
}

fn put_identity(out: &mut Vec<u8>, identity: Identity) {
    let (tag, keys) = match identity {
        Identity::Nobody => (0, [None, None]),
        Identity::Visitor(key) => (1, [Some(key.0), None]),
        Identity::User(key) => (2, [Some(key.0), None]),
        Identity::Cookieless { today, yesterday } => (3, [Some(today.0), Some(yesterday.0)]),
        Identity::Fingerprint(bits) => (4, [Some(bits), None]),
    };
    out.push(tag);
    for key in keys.into_iter().flatten() {
        out.extend_from_slice(&key.to_be_bytes());
    }
}

fn put_hit(out: &mut Vec<u8>, hit: &Hit, contexts: &mut impl PutContexts) {
    let flags = u8::from(hit.by_user)
        | u8::from(hit.visitor.0 != 0) << 1
        | u8::from(hit.import != 0) << 2
        | u8::from(hit.exclusion.is_some()) << 3
        | u8::from(hit.origin.is_some()) << 4
        | u8::from(hit.page.is_some()) << 5
        | u8::from(hit.custom.is_some()) << 6;
    out.push(flags);
    put_i64(out, hit.time.0);
    put_u64(out, hit.sequence);
    if hit.visitor.0 != 0 {
        out.extend_from_slice(&hit.visitor.0.to_be_bytes());
    }
    if hit.import != 0 {
        put_u64(out, u64::from(hit.import));
    }
    if let Some(exclusion) = hit.exclusion {
        out.push(exclusion as u8);
    }
    put_text(out, &hit.user);
    put_text(out, &hit.role);
    contexts.client(out, &hit.client);
    if let Some(origin) = &hit.origin {
        contexts.origin(out, origin);
    }
    if let Some(page) = &hit.page {
        contexts.page(out, page);
    }
    if let Some(custom) = &hit.custom {
        put_custom(out, custom);
    }
    put_kind(out, &hit.kind);
}

/// What `write` appends, behind its length in four bytes.
pub(super) fn put_block(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    let length = (out.len() - start - 4) as u32;
    if let Some(place) = out.get_mut(start..start + 4) {
        place.copy_from_slice(&length.to_be_bytes());
    }
}

fn put_text(out: &mut Vec<u8>, text: &Text) {
    put_bytes(out, text.as_ref().map_or(&[], |text| text.as_bytes()));
}

fn put_arc(out: &mut Vec<u8>, text: &Arc<str>) {
    put_bytes(out, text.as_bytes());
}

fn put_texts<'a>(out: &mut Vec<u8>, texts: impl IntoIterator<Item = &'a Text>) {
    for text in texts {
        put_text(out, text);
    }
}

fn put_decimal(out: &mut Vec<u8>, decimal: Option<Decimal>) {
    match decimal {
        None => out.push(0),
        Some(decimal) => {
            out.push(1);
            put_i64(out, decimal.micros());
        }
    }
}

fn put_decimals(out: &mut Vec<u8>, decimals: &[Option<Decimal>]) {
    for decimal in decimals {
        put_decimal(out, *decimal);
    }
}

fn put_number(out: &mut Vec<u8>, number: Option<u32>) {
    put_u64(out, number.map_or(0, |number| u64::from(number) + 1));
}

pub(super) fn put_client(out: &mut Vec<u8>, client: &Client) {
    let Client {
        country,
        region,
        city,
        continent,
        language,
        device,
        device_brand,
        device_model,
        browser,
        browser_version,
        os,
        os_version,
        screen,
        viewport,
        cms,
    } = client;
    put_texts(
        out,
        [
            country,
            region,
            city,
            continent,
            language,
            device,
            device_brand,
            device_model,
            browser,
            browser_version,
            os,
            os_version,
            screen,
            viewport,
            cms,
        ],
    );
}

pub(super) fn put_origin(out: &mut Vec<u8>, origin: &Origin) {
    let Origin {
        channel,
        source,
        referrer,
        referrer_host,
        search_engine,
        keyword,
        social_network,
        ai_assistant,
        campaign,
        campaign_source,
        campaign_medium,
        campaign_term,
        campaign_content,
        campaign_id,
        click_id_name,
        click_id,
        cost_method,
        cost,
    } = origin;
    put_texts(
        out,
        [
            channel,
            source,
            referrer,
            referrer_host,
            search_engine,
            keyword,
            social_network,
            ai_assistant,
            campaign,
            campaign_source,
            campaign_medium,
            campaign_term,
            campaign_content,
            campaign_id,
            click_id_name,
            click_id,
            cost_method,
        ],
    );
    put_decimal(out, *cost);
}

pub(super) fn put_page(out: &mut Vec<u8>, page: &PageContext) {
    out.push(u8::from(page.has_location));
    put_texts(out, [&page.hostname, &page.page, &page.title]);
    put_texts(out, &page.content_groups);
}

fn put_custom(out: &mut Vec<u8>, custom: &Custom) {
    put_u64(out, custom.dimensions.len() as u64);
    for (number, value) in &custom.dimensions {
        out.push(*number);
        put_arc(out, value);
    }
    put_u64(out, custom.metrics.len() as u64);
    for (number, value) in &custom.metrics {
        out.push(*number);
        put_i64(out, value.micros());
    }
}

fn put_kind(out: &mut Vec<u8>, kind: &HitKind) {
    match kind {
        HitKind::PageView => out.push(1),
        HitKind::Event(event) => {
            out.push(2);
            put_texts(
                out,
                [
                    &event.category,
                    &event.action,
                    &event.label,
                    &event.event_type,
                    &event.url,
                ],
            );
            put_decimal(out, event.value);
            out.push(u8::from(event.non_interaction));
        }
        HitKind::Engagement(engagement) => {
            out.push(3);
            let told = u8::from(engagement.visible.is_some())
                | u8::from(engagement.scroll_depth.is_some()) << 1;
            out.push(told);
            if let Some(visible) = engagement.visible {
                put_i64(out, visible);
            }
            out.extend(engagement.scroll_depth);
        }
        HitKind::Product(product) => {
            out.push(4);
            out.push(product.action as u8);
            put_texts(out, [&product.list, &product.option]);
            put_number(out, product.step);
            put_products(out, &product.products);
            put_u64(out, product.promotions.len() as u64);
            for promotion in &product.promotions {
                put_texts(
                    out,
                    [
                        &promotion.id,
                        &promotion.name,
                        &promotion.creative,
                        &promotion.position,
                    ],
                );
            }
        }
        HitKind::Purchase(purchase) => {
            out.push(5);
            put_order(out, &purchase.order);
            put_products(out, &purchase.products);
        }
        HitKind::Refund(refund) => {
            out.push(6);
            put_order(out, &refund.order);
            put_products(out, &refund.products);
        }
        HitKind::OrderStatus(status) => {
            out.push(7);
            put_order(out, &status.order);
        }
        HitKind::Visitor(visitor) => {
            out.push(8);
            put_u64(out, visitor.fields.len() as u64);
            for (key, value) in &visitor.fields {
                put_arc(out, key);
                put_arc(out, value);
            }
        }
        HitKind::Timing(other) | HitKind::Exception(other) => {
            out.push(if matches!(kind, HitKind::Timing(_)) {
                9
            } else {
                10
            });
            put_texts(out, [&other.category, &other.action, &other.label]);
            put_decimal(out, other.value);
            out.push(u8::from(other.fatal));
        }
    }
}

fn put_products(out: &mut Vec<u8>, products: &[Product]) {
    put_u64(out, products.len() as u64);
    for product in products {
        let Product {
            id,
            name,
            brand,
            category,
            variant,
            coupon,
            list,
            currency,
            price,
            quantity,
            position,
        } = product;
        put_texts(
            out,
            [id, name, brand, category, variant, coupon, list, currency],
        );
        put_decimals(out, &[*price, *quantity]);
        put_number(out, *position);
    }
}

fn put_order(out: &mut Vec<u8>, order: &OrderFields) {
    let OrderFields {
        id,
        affiliation,
        currency,
        coupon,
        revenue,
        revenue_net,
        revenue_tax,
        shipping,
        shipping_net,
        shipping_tax,
        tax,
        coupon_value,
        state,
    } = order;
    put_texts(out, [id, affiliation, currency, coupon]);
    put_decimals(
        out,
        &[
            *revenue,
            *revenue_net,
            *revenue_tax,
            *shipping,
            *shipping_net,
            *shipping_tax,
            *tax,
            *coupon_value,
        ],
    );
    out.push(state.map_or(0, |state| state as u8));
}
