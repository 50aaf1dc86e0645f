//! What holds for every hit that any dialect lets through, whatever was sent. The fuzz targets
//! assert the same.

use afsa_model::{Decimal, HitKind, OrderFields, Product, ProductAction};
use afsa_wire::{DecodedHit, Rejection, limits};

/// Panics if the hit breaks a promise of [`DecodedHit`].
pub fn assert_sound(hit: &DecodedHit) {
    for id in [&hit.event_id, &hit.visitor_id, &hit.user_id, &hit.user_role] {
        assert_id(id.as_deref());
    }
    assert_ne!(hit.user_id.as_deref(), Some("0"));
    for address in [&hit.location, &hit.referrer] {
        assert_text(address.as_deref(), limits::ADDRESS);
    }
    let texts = [
        &hit.user_agent,
        &hit.language,
        &hit.screen,
        &hit.viewport,
        &hit.cms,
        &hit.title,
    ];
    for text in texts.into_iter().chain(&hit.content_groups) {
        assert_text(text.as_deref(), limits::TEXT);
    }
    if let Some(time) = hit.time {
        assert!((0..253_402_300_800_000).contains(&time.0), "{time:?}");
    }
    if let Some(custom) = &hit.custom {
        assert!(!custom.dimensions.is_empty() || !custom.metrics.is_empty());
        assert_numbers(custom.dimensions.iter().map(|(number, _)| *number));
        assert_numbers(custom.metrics.iter().map(|(number, _)| *number));
        for (_, text) in &custom.dimensions {
            assert_text(Some(text), limits::TEXT);
        }
    }
    assert_kind(&hit.kind);
}

/// Panics if a rejection says nothing, or more than its due.
pub fn assert_told(rejection: &Rejection) {
    const WORDS: [&str; 9] = [
        "malformed",
        "missing",
        "wrong_type",
        "unknown_value",
        "out_of_range",
        "too_long",
        "too_many",
        "too_deep",
        "ignored",
    ];
    assert!(WORDS.contains(&rejection.error), "{rejection:?}");
    assert!(
        !rejection.detail.is_empty() && rejection.detail.len() < 2_000,
        "{rejection:?}"
    );
    assert!(
        !rejection.to_string().chars().any(char::is_control),
        "{rejection:?}"
    );
}

fn assert_kind(kind: &HitKind) {
    match kind {
        HitKind::PageView => {}
        HitKind::Event(event) => {
            let texts = [
                &event.category,
                &event.action,
                &event.label,
                &event.event_type,
            ];
            assert!(event.url.is_some() || texts.iter().any(|text| text.is_some()));
            texts
                .into_iter()
                .for_each(|text| assert_text(text.as_deref(), limits::TEXT));
            assert_text(event.url.as_deref(), limits::ADDRESS);
        }
        HitKind::Engagement(engagement) => {
            let longest = i64::from(limits::VISIBLE_SECONDS) * 1_000;
            assert!(
                engagement
                    .visible
                    .is_none_or(|visible| (0..=longest).contains(&visible))
            );
            assert!(engagement.scroll_depth.is_none_or(|depth| depth <= 100));
        }
        HitKind::Product(hit) => {
            let is_promotion = matches!(
                hit.action,
                ProductAction::PromotionView | ProductAction::PromotionClick
            );
            let is_step = matches!(
                hit.action,
                ProductAction::Checkout | ProductAction::CheckoutOption
            );
            assert!(is_step || is_promotion || !hit.products.is_empty());
            assert!(!is_promotion || !hit.promotions.is_empty());
            assert_products(&hit.products);
            assert!(hit.promotions.len() <= limits::ROWS);
            for promotion in &hit.promotions {
                assert!(promotion.id.is_some() || promotion.name.is_some());
                assert_id(promotion.id.as_deref());
                for text in [&promotion.name, &promotion.creative, &promotion.position] {
                    assert_text(text.as_deref(), limits::TEXT);
                }
            }
        }
        HitKind::Purchase(purchase) => {
            assert_order(&purchase.order);
            assert!(!matches!(
                purchase.order.id.as_deref(),
                Some("0" | "-1" | "AUTO")
            ));
            assert_products(&purchase.products);
        }
        HitKind::Refund(refund) => {
            assert_order(&refund.order);
            assert_ne!(
                refund.order.id.as_deref(),
                Some(DecodedHit::GENERATED_ORDER_ID)
            );
            assert_products(&refund.products);
        }
        HitKind::OrderStatus(status) => {
            assert_order(&status.order);
            assert_ne!(
                status.order.id.as_deref(),
                Some(DecodedHit::GENERATED_ORDER_ID)
            );
            assert!(status.order.state.is_some());
        }
        HitKind::Visitor(visitor) => {
            assert!((1..=limits::VISITOR_FIELDS).contains(&visitor.fields.len()));
            for (key, value) in &visitor.fields {
                assert_text(Some(key), limits::ID);
                assert_text(Some(value), limits::TEXT);
            }
        }
        HitKind::Timing(told) | HitKind::Exception(told) => {
            for text in [&told.category, &told.action, &told.label] {
                assert_text(text.as_deref(), limits::TEXT);
            }
        }
    }
}

fn assert_order(order: &OrderFields) {
    assert!(order.id.is_some());
    assert_id(order.id.as_deref());
    assert_currency(order.currency.as_deref());
    assert_text(order.affiliation.as_deref(), limits::TEXT);
    assert_text(order.coupon.as_deref(), limits::TEXT);
    for amount in [
        order.revenue,
        order.revenue_net,
        order.revenue_tax,
        order.shipping,
        order.shipping_net,
        order.shipping_tax,
        order.tax,
        order.coupon_value,
    ] {
        assert_amount(amount);
    }
}

fn assert_products(products: &[Product]) {
    assert!(products.len() <= limits::ROWS);
    for product in products {
        assert!(product.id.is_some() || product.name.is_some());
        assert_id(product.id.as_deref());
        assert_currency(product.currency.as_deref());
        assert_amount(product.price);
        assert_amount(product.quantity);
        let texts = [
            &product.name,
            &product.brand,
            &product.category,
            &product.variant,
            &product.coupon,
            &product.list,
        ];
        texts
            .into_iter()
            .for_each(|text| assert_text(text.as_deref(), limits::TEXT));
    }
}

fn assert_amount(amount: Option<Decimal>) {
    assert!(amount.is_none_or(|amount| amount >= Decimal::ZERO));
}

fn assert_currency(code: Option<&str>) {
    let is_code = |code: &str| code.len() == 3 && code.bytes().all(|it| it.is_ascii_uppercase());
    assert!(code.is_none_or(is_code), "{code:?}");
}

fn assert_id(id: Option<&str>) {
    assert_text(id, limits::ID);
    assert!(id.is_none_or(|id| id.trim() == id), "{id:?}");
}

fn assert_text(text: Option<&str>, limit: usize) {
    let Some(text) = text else { return };
    assert!(!text.trim().is_empty(), "{text:?}");
    assert!(text.len() <= limit, "{} bytes", text.len());
    assert!(!text.chars().any(char::is_control), "{text:?}");
}

/// Ascending, each once, from 1 to 20.
fn assert_numbers(numbers: impl Iterator<Item = u8>) {
    let numbers: Vec<u8> = numbers.collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    assert!(
        numbers.iter().all(|number| (1..=20).contains(number)),
        "{numbers:?}"
    );
}
