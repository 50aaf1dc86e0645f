use std::fmt::Write as _;

use afsa_model::{
    Decimal, Engagement, HitKind, OrderState, Product, ProductAction, Promotion, Timestamp,
};
use afsa_wire::json::{decode_collect, decode_line, decode_ndjson};
use afsa_wire::{DecodedHit, limits};

use crate::soundness::{assert_sound, assert_told};

fn taken(line: &str) -> DecodedHit {
    let hit = decode_line(line.as_bytes()).unwrap_or_else(|refused| panic!("{line}: {refused}"));
    assert_sound(&hit);
    hit
}

/// Expects the first fault to be this one.
fn refused(line: &str, field: &str, error: &str) -> String {
    let rejection = match decode_line(line.as_bytes()) {
        Ok(hit) => panic!("{line} was taken: {hit:?}"),
        Err(rejection) => rejection,
    };
    assert_told(&rejection);
    assert_eq!(
        (rejection.field.as_str(), rejection.error),
        (field, error),
        "{line}: {rejection}"
    );
    rejection.detail
}

fn decimal(text: &str) -> Option<Decimal> {
    Some(text.parse().unwrap())
}

#[test]
fn takes_what_is_of_the_visitor_and_the_page() {
    let hit = taken(
        r#"{"type":"PageView","event_id":"e1","timestamp":"2017-08-01T19:46:43.298Z",
            "visitor_id":" v1 ","user_id":17850,"user_role":"admin","ip":"::ffff:192.0.2.9",
            "user_agent":"Firefox \"x\"","language":"en-GB","screen":"1920x1080",
            "viewport":"1900x900","cms":"wordpress","location":"https://example.com/?a=b#c",
            "allow_anchor":true,"referrer":"https://example.org/","title":"A\nB","content_group2":"two",
            "dimension20":"last","dimension1":1,"dimension21":"none","dimension01":"none",
            "metric3":"12 .65 ","wpid":{"deep":[1]},"cart_quantity":null}"#,
    );
    let text = |text: &str| Some(text.into());
    let mut expect = DecodedHit::of_kind(HitKind::PageView);
    expect.event_id = text("e1");
    expect.time = Some(Timestamp(1_501_616_803_298));
    expect.visitor_id = text("v1");
    expect.user_id = text("17850");
    expect.user_role = text("admin");
    expect.address = Some("192.0.2.9".parse().unwrap());
    expect.user_agent = text("Firefox \"x\"");
    expect.language = text("en-GB");
    expect.screen = text("1920x1080");
    expect.viewport = text("1900x900");
    expect.cms = text("wordpress");
    expect.location = text("https://example.com/?a=b#c");
    expect.allow_anchor = true;
    expect.referrer = text("https://example.org/");
    expect.title = text("A B");
    expect.content_groups[1] = text("two");
    let custom = hit.custom.clone().unwrap();
    assert_eq!(custom.dimensions, [(1, "1".into()), (20, "last".into())]);
    assert_eq!(custom.metrics, [(3, decimal("12.65").unwrap())]);
    expect.custom = Some(custom);
    assert_eq!(hit, expect);
}

#[test]
fn nothing_is_sent_in_many_ways() {
    for nothing in ["null", "\"\"", "\"  \"", "\"\\n\\u0000\"", "false"] {
        let hit = taken(&format!(
            r#"{{"type":"pageview","visitor_id":{nothing},"user_id":{nothing},"timestamp":{nothing},
                "ip":{nothing},"title":{nothing},"location":{nothing},"metric1":{nothing},
                "dimension1":{nothing},"content_group1":{nothing},"allow_anchor":{nothing}}}"#
        ));
        assert_eq!(hit, DecodedHit::of_kind(HitKind::PageView), "{nothing}");
    }
    assert_eq!(
        taken(r#"{"type":"pageview","type":"pageview","title":"a","title":null}"#).title,
        None
    );
}

#[test]
fn guests_are_nobody() {
    fn check(fields: &str, expect: Option<&str>) {
        let order = r#""type":"purchase","products":[{"id":1}]"#;
        let hit = taken(&format!("{{{order},{fields}}}"));
        assert_eq!(hit.user_id.as_deref(), expect, "{fields}");
    }
    check(r#""order":{"id":"a"}"#, None);
    check(r#""order":{"id":"a","customer":7}"#, Some("7"));
    check(r#""order":{"id":"a","customer":"0"}"#, None);
    check(
        r#""order":{"id":"a","customer":0},"user_id":0,"visitor":{"yourid":"0"}"#,
        None,
    );
    check(
        r#""order":{"id":"a","customer":7},"visitor":{"YourId":"8"}"#,
        Some("8"),
    );
    check(
        r#""order":{"id":"a","customer":7},"visitor":{"yourid":"8"},"user_id":"9"}"#
            .trim_end_matches('}'),
        Some("9"),
    );
    check(r#""order":{"id":"a"},"visitor":[]"#, None);
}

#[test]
fn takes_events_and_engagement() {
    let HitKind::Event(event) = taken(
        r#"{"type":"event","category":"video","action":"play","label":"Intro","event_type":"button",
            "url":"https://example.com/v.mp4","value":-1.5,"non_interaction":"1"}"#,
    )
    .kind
    else {
        panic!("no event");
    };
    assert_eq!(event.category.as_deref(), Some("video"));
    assert_eq!(event.value, decimal("-1.5"));
    assert!(event.non_interaction);
    refused(r#"{"type":"event","value":1}"#, "category", "missing");
    refused(
        r#"{"type":"event","action":"a","non_interaction":"perhaps"}"#,
        "non_interaction",
        "unknown_value",
    );

    fn check(fields: &str, visible: Option<i64>, scroll_depth: Option<u8>) {
        let hit = taken(&format!(r#"{{"type":"engagement",{fields}}}"#));
        let expect = HitKind::Engagement(Engagement {
            visible,
            scroll_depth,
        });
        assert_eq!(hit.kind, expect, "{fields}");
    }
    check(r#""visible_seconds":12.3456"#, Some(12_345), None);
    check(
        r#""visible_seconds":"0,5","scroll_depth":100"#,
        Some(500),
        Some(100),
    );
    check(r#""scroll_depth":"99.9""#, None, Some(99));
    check(
        r#""visible_seconds":86400,"scroll_depth":0"#,
        Some(86_400_000),
        Some(0),
    );
    for (fields, field, error) in [
        (r#""visible_seconds":-1"#, "visible_seconds", "out_of_range"),
        (
            r#""visible_seconds":86400.001"#,
            "visible_seconds",
            "out_of_range",
        ),
        (r#""scroll_depth":100.1"#, "scroll_depth", "out_of_range"),
        (r#""scroll_depth":-0.1"#, "scroll_depth", "out_of_range"),
        (r#""scroll_depth":"deep""#, "scroll_depth", "malformed"),
        (r#""scroll_depth":[1]"#, "scroll_depth", "wrong_type"),
        (r#""title":"t""#, "visible_seconds", "missing"),
    ] {
        refused(
            &format!(r#"{{"type":"engagement",{fields}}}"#),
            field,
            error,
        );
    }
}

#[test]
fn takes_product_actions() {
    let HitKind::Product(hit) = taken(
        r#"{"type":"product","action":"ADD","list":"Search","step":"2","option":"card",
            "products":[
                {"id":42,"name":"Ball &amp; bat","brand":"Acme","category":"/a/b/,/c/","variant":"red",
                 "price":7.996666666666666,"quantity":"12 .65 ","coupon":false,"position":3.0,
                 "list":"Related","currency":"eur","variant_custom_id":[9]},
                {"id":null,"name":"","quantity":4},
                null,
                {"name":"No id","price":"95.560000","quantity":0}
            ]}"#,
    )
    .kind
    else {
        panic!("no product hit");
    };
    assert_eq!(
        (hit.action, hit.step, hit.option.as_deref()),
        (ProductAction::Add, Some(2), Some("card"))
    );
    let first = Product {
        id: Some("42".into()),
        name: Some("Ball &amp; bat".into()),
        brand: Some("Acme".into()),
        category: Some("/a/b/,/c/".into()),
        variant: Some("red".into()),
        coupon: None,
        list: Some("Related".into()),
        currency: Some("EUR".into()),
        price: decimal("7.996667"),
        quantity: decimal("12.65"),
        position: Some(3),
    };
    let second = Product {
        name: Some("No id".into()),
        price: decimal("95.56"),
        quantity: decimal("0"),
        ..Product::default()
    };
    assert_eq!(hit.products, [first, second]);

    let HitKind::Product(hit) = taken(
        r#"{"type":"product","action":"promo_view","promotions":[{"id":1,"position":2},{}]}"#,
    )
    .kind
    else {
        panic!("no product hit");
    };
    let promotion = Promotion {
        id: Some("1".into()),
        position: Some("2".into()),
        ..Promotion::default()
    };
    assert_eq!(hit.promotions, [promotion]);
    taken(r#"{"type":"product","action":"checkout","step":1}"#);
}

#[test]
fn refuses_product_actions_that_say_nothing() {
    for (fields, field, error) in [
        (r#""products":[{"id":1}]"#, "action", "missing"),
        (
            r#""action":"buy","products":[{"id":1}]"#,
            "action",
            "unknown_value",
        ),
        (r#""action":"add""#, "products", "missing"),
        (
            r#""action":"add","products":[{"price":1},{}]"#,
            "products",
            "missing",
        ),
        (
            r#""action":"add","products":{"id":1}"#,
            "products",
            "wrong_type",
        ),
        (
            r#""action":"add","products":["a"]"#,
            "products[0]",
            "wrong_type",
        ),
        (
            r#""action":"promo_click","products":[{"id":1}]"#,
            "promotions",
            "missing",
        ),
        (
            r#""action":"add","products":[{"id":1},{"id":2,"price":-0.01}]"#,
            "products[1].price",
            "out_of_range",
        ),
        (
            r#""action":"add","products":[{"id":2,"quantity":-1}]"#,
            "products[0].quantity",
            "out_of_range",
        ),
        (
            r#""action":"add","products":[{"id":2,"price":"free"}]"#,
            "products[0].price",
            "malformed",
        ),
        (
            r#""action":"add","products":[{"id":2,"price":1e30}]"#,
            "products[0].price",
            "out_of_range",
        ),
        (
            r#""action":"add","products":[{"id":2,"position":1.5}]"#,
            "products[0].position",
            "out_of_range",
        ),
        (
            r#""action":"add","products":[{"id":2,"position":4294967296}]"#,
            "products[0].position",
            "out_of_range",
        ),
        (
            r#""action":"add","products":[{"id":2,"currency":"euro"}]"#,
            "products[0].currency",
            "malformed",
        ),
        (
            r#""action":"add","step":-1,"products":[{"id":2}]"#,
            "step",
            "out_of_range",
        ),
    ] {
        refused(&format!(r#"{{"type":"product",{fields}}}"#), field, error);
    }
}

#[test]
fn takes_purchases() {
    let hit = taken(
        r#"{"type":"purchase","order":{"id":1001,"affiliation":"Shop","revenue":"5803.829972",
            "revenue_net":1,"revenue_tax":2,"shipping":3,"shipping_net":4,"shipping_tax":5,"tax":"6,5",
            "currency":"usd","coupon":"X","coupon_value":7,"state":"Pending","country_code":"FR"},
            "products":[{"id":"a"},{"quantity":3}]}"#,
    );
    let HitKind::Purchase(purchase) = hit.kind else {
        panic!("no purchase")
    };
    let order = purchase.order;
    assert_eq!(order.id.as_deref(), Some("1001"));
    assert_eq!(order.currency.as_deref(), Some("USD"));
    assert_eq!(
        (order.revenue, order.tax),
        (decimal("5803.829972"), decimal("6.5"))
    );
    assert_eq!(order.state, Some(OrderState::Pending));
    assert_eq!(purchase.products.len(), 1);

    for (id, expect) in [
        ("-1", "auto"),
        ("0", "auto"),
        ("\"-1\"", "auto"),
        ("\"Auto\"", "auto"),
        ("\"00\"", "00"),
    ] {
        let line = format!(r#"{{"type":"purchase","order":{{"id":{id},"revenue":1}}}}"#);
        let HitKind::Purchase(purchase) = taken(&line).kind else {
            panic!("no purchase")
        };
        assert_eq!(purchase.order.id.as_deref(), Some(expect), "{id}");
        assert_eq!(purchase.order.state, None);
    }
}

#[test]
fn refuses_orders_that_are_none() {
    for (line, field, error) in [
        (r#"{"type":"purchase"}"#, "order.id", "ignored"),
        (r#"{"type":"purchase","order":[]}"#, "order.id", "ignored"),
        (
            r#"{"type":"purchase","order":{"id":"","revenue":5}}"#,
            "order.id",
            "ignored",
        ),
        (
            r#"{"type":"purchase","order":{"id":"a"}}"#,
            "order",
            "ignored",
        ),
        (
            r#"{"type":"purchase","order":{"id":"a"},"products":[{"price":1}]}"#,
            "order",
            "ignored",
        ),
        (
            r#"{"type":"purchase","order":{"id":"a","revenue":-1}}"#,
            "order.revenue",
            "out_of_range",
        ),
        (
            r#"{"type":"purchase","order":{"id":"a","revenue":1,"state":"paid"}}"#,
            "order.state",
            "unknown_value",
        ),
        (r#"{"type":"purchase","order":"a"}"#, "order", "wrong_type"),
        (
            r#"{"type":"refund","order":{"revenue":5}}"#,
            "order.id",
            "ignored",
        ),
        (
            r#"{"type":"refund","order":{"id":"auto"}}"#,
            "order.id",
            "ignored",
        ),
        (
            r#"{"type":"refund","order":{"id":"a"},"products":[{"id":null,"quantity":5}]}"#,
            "products",
            "missing",
        ),
        (
            r#"{"type":"refund","order":{"id":"a"},"products":[{}]}"#,
            "products",
            "missing",
        ),
        (
            r#"{"type":"refund","order":{"id":"a"},"products":[null]}"#,
            "products",
            "missing",
        ),
        (
            r#"{"type":"order_status","order":{"state":"pending"}}"#,
            "order.id",
            "missing",
        ),
        (
            r#"{"type":"order_status","order":{"id":"a"}}"#,
            "order.state",
            "missing",
        ),
    ] {
        refused(line, field, error);
    }
}

#[test]
fn names_no_order_as_missing_that_could_not_be_read() {
    fn check(order: &str, field: &str, error: &str) {
        let line = format!(r#"{{"type":"purchase","order":{order}}}"#);
        let detail = refused(&line, field, error);
        assert!(!detail.contains("ignored"), "{order}: {detail}");
    }
    check(
        r#"{"id":"a","revenue":-1}"#,
        "order.revenue",
        "out_of_range",
    );
    check(
        r#"{"id":"a","revenue":"1,234.56"}"#,
        "order.revenue",
        "malformed",
    );
    check(r#"{"id":{"a":1},"revenue":1}"#, "order.id", "wrong_type");
    check(r#""a""#, "order", "wrong_type");
}

#[test]
fn takes_refunds_and_states() {
    fn check(products: &str, expect: usize) {
        let line = format!(r#"{{"type":"refund","order":{{"id":"a"}}{products}}}"#);
        let HitKind::Refund(refund) = taken(&line).kind else {
            panic!("no refund")
        };
        assert_eq!(refund.products.len(), expect, "{line}");
    }
    check("", 0);
    check(r#","products":[]"#, 0);
    check(r#","products":null"#, 0);
    check(r#","products":[{"id":"p","quantity":2},{"quantity":1}]"#, 1);

    for state in [r#""state":"CANCELLED""#, r#""status":"cancelled""#] {
        let line = format!(r#"{{"type":"order_status","order":{{"id":"a",{state}}}}}"#);
        let HitKind::OrderStatus(status) = taken(&line).kind else {
            panic!("no status")
        };
        assert_eq!(status.order.state, Some(OrderState::Cancelled));
    }
}

#[test]
fn takes_visitors_timings_and_exceptions() {
    let hit = taken(
        r#"{"type":"visitor","visitor":{"job":"update","yourid":7,"role":"customer","email":"",
            "firstname":"Zoé","logged":true,"list":[1]}}"#,
    );
    assert_eq!(
        (hit.user_id.as_deref(), hit.user_role.as_deref()),
        (Some("7"), Some("customer"))
    );
    let HitKind::Visitor(visitor) = hit.kind else {
        panic!("no visitor")
    };
    let pairs = [
        ("job", "update"),
        ("yourid", "7"),
        ("role", "customer"),
        ("firstname", "Zoé"),
    ];
    assert_eq!(
        visitor.fields,
        pairs.map(|(key, value)| (key.into(), value.into()))
    );
    refused(r#"{"type":"visitor"}"#, "visitor", "missing");
    refused(r#"{"type":"visitor","visitor":{}}"#, "visitor", "missing");
    refused(
        r#"{"type":"visitor","visitor":"x"}"#,
        "visitor",
        "wrong_type",
    );

    let HitKind::Timing(timing) =
        taken(r#"{"type":"timing","category":"js","action":"load","value":30}"#).kind
    else {
        panic!("no timing");
    };
    assert_eq!(timing.value, decimal("30"));
    let HitKind::Exception(exception) =
        taken(r#"{"type":"exception","label":"oops","fatal":1}"#).kind
    else {
        panic!("no exception");
    };
    assert!(exception.fatal);
}

#[test]
fn names_field_and_reason() {
    let detail = refused(r#"{"title":"x"}"#, "type", "missing");
    assert!(
        detail.contains("pageview") && detail.contains("order_status"),
        "{detail}"
    );
    refused(r#"{"type":"view"}"#, "type", "unknown_value");
    refused(r#"{"type":["pageview"]}"#, "type", "wrong_type");
    for (field, value, error) in [
        ("timestamp", "1501616803", "wrong_type"),
        ("timestamp", "\"1501616803\"", "malformed"),
        ("timestamp", "\"2017-08-01T19:46:43\"", "malformed"),
        ("timestamp", "\"1960-01-01T00:00:00Z\"", "out_of_range"),
        ("ip", "\"192.0.2.1:80\"", "malformed"),
        ("ip", "\"192.0.2.256\"", "malformed"),
        ("title", "{\"a\":1}", "wrong_type"),
        ("title", "true", "wrong_type"),
        ("metric1", "\"1.2.3\"", "malformed"),
        ("dimension2", "[]", "wrong_type"),
    ] {
        refused(
            &format!(r#"{{"type":"pageview","{field}":{value}}}"#),
            field,
            error,
        );
    }
    let detail = refused(
        r#"{"type":"product","action":"add","products":[{"id":1,"price":"x"}],"ip":"y","timestamp":3}"#,
        "products[0].price",
        "malformed",
    );
    assert!(
        detail.ends_with("Also at fault: timestamp (wrong_type), ip (malformed)."),
        "{detail}"
    );
}

#[test]
fn bounds_texts_by_their_decoded_length() {
    fn check(field: &str, limit: usize) {
        let line = |text: &str| format!(r#"{{"type":"pageview","{field}":"{text}"}}"#);
        taken(&line(&"a".repeat(limit)));
        taken(&line(&"\\u0061".repeat(limit)));
        refused(&line(&"a".repeat(limit + 1)), field, "too_long");
        refused(
            &line(&format!("{}é", "a".repeat(limit - 1))),
            field,
            "too_long",
        );
    }
    check("location", limits::ADDRESS);
    check("referrer", limits::ADDRESS);
    check("title", limits::TEXT);
    check("user_agent", limits::TEXT);
    check("dimension3", limits::TEXT);
    check("visitor_id", limits::ID);
    check("event_id", limits::ID);
}

#[test]
fn bounds_rows_fields_and_depth() {
    let rows = |count: usize| {
        let rows = vec![r#"{"id":1}"#; count].join(",");
        format!(r#"{{"type":"product","action":"impression","products":[{rows}]}}"#)
    };
    taken(&rows(limits::ROWS));
    refused(&rows(limits::ROWS + 1), "products", "too_many");

    let fields = |count: usize| {
        let fields: Vec<String> = (0..count).map(|at| format!(r#""f{at}":"x""#)).collect();
        format!(r#"{{"type":"visitor","visitor":{{{}}}}}"#, fields.join(","))
    };
    taken(&fields(limits::VISITOR_FIELDS));
    refused(&fields(limits::VISITOR_FIELDS + 1), "visitor", "too_many");

    let nested = |depth: usize| {
        format!(
            r#"{{"type":"pageview","own":{}{}}}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        )
    };
    taken(&nested(limits::DEPTH - 1));
    refused(&nested(limits::DEPTH), "", "too_deep");
    refused(&nested(1_000_000), "", "too_deep");
    refused(&"[".repeat(1_000_000), "", "too_deep");
}

#[test]
fn refuses_what_is_no_hit() {
    for line in [
        "",
        " ",
        "{",
        "{\"type\":\"pageview\"",
        "{\"type\":\"pageview\"}x",
        "{'type':1}",
        "{\"type\":\"pageview\"}\u{c}",
        "nul",
    ] {
        refused(line, "", "malformed");
    }
    for line in [
        "[]",
        "1",
        "\"pageview\"",
        "null",
        "[{\"type\":\"pageview\"}]",
    ] {
        refused(line, "", "wrong_type");
    }
    let invalid = decode_line(b"{\"type\":\"pageview\",\"title\":\"caf\xe9\"}").unwrap_err();
    assert_eq!(
        (invalid.error, invalid.detail.as_str()),
        ("malformed", "JSON is UTF-8; the byte at 31 is not.")
    );
    taken("\u{feff}{\"type\":\"pageview\"}");
}

#[test]
fn keeps_good_hits_of_a_batch() {
    let batch = r#"[{"type":"pageview"},{"type":"no"},7,{"type":"event","action":"a"}]"#;
    for body in [
        batch.to_owned(),
        format!("{{\"v\":[1],\"hits\" : {batch} }}\n"),
    ] {
        let decoded = decode_collect(body.as_bytes(), 4).unwrap();
        let taken: Vec<usize> = decoded.hits.iter().map(|(index, _)| *index).collect();
        let refused: Vec<_> = decoded
            .rejected
            .iter()
            .map(|(index, it)| (*index, it.error))
            .collect();
        assert_eq!(taken, [0, 3], "{body}");
        assert_eq!(refused, [(1, "unknown_value"), (2, "wrong_type")], "{body}");
    }
    assert_eq!(
        decode_collect(br#"{"type":"pageview"}"#, 1)
            .unwrap()
            .hits
            .len(),
        1
    );
    assert_eq!(decode_collect(b"[]", 0).unwrap(), Default::default());
    assert_eq!(
        decode_collect(br#"{"hits":[]}"#, 0).unwrap(),
        Default::default()
    );

    let lines = b"{\"type\":\"pageview\"}\r\n\n{\n{\"type\":\"pageview\"}";
    let decoded = decode_ndjson(lines, 3).unwrap();
    assert_eq!(
        decoded.hits.iter().map(|it| it.0).collect::<Vec<_>>(),
        [0, 2]
    );
    assert_eq!(
        decoded.rejected.iter().map(|it| it.0).collect::<Vec<_>>(),
        [1]
    );
    assert_eq!(decode_ndjson(b"\n \n", 0).unwrap(), Default::default());
}

#[test]
fn refuses_a_batch_as_a_whole() {
    fn check(body: &str, limit: usize, field: &str, error: &str) {
        let rejection = decode_collect(body.as_bytes(), limit).unwrap_err();
        assert_told(&rejection);
        assert_eq!(
            (rejection.field.as_str(), rejection.error),
            (field, error),
            "{body}"
        );
    }
    check("", 9, "", "malformed");
    check("hello", 9, "", "malformed");
    check("[{\"type\":\"pageview\"}", 9, "", "malformed");
    check("[{\"type\":\"pageview\"},]", 9, "", "malformed");
    check("{\"hits\":[}", 9, "", "malformed");
    check("7", 9, "", "wrong_type");
    check("\"hits\"", 9, "", "wrong_type");
    check("{\"hits\":{}}", 9, "hits", "wrong_type");
    check("{\"hits\":null}", 9, "hits", "wrong_type");
    check("[{},{}]", 1, "hits", "too_many");
    check("{}", 0, "hits", "too_many");
    check(&"[".repeat(100_000), 9, "", "too_deep");
    assert_eq!(decode_ndjson(b"{}\n{}", 1).unwrap_err().error, "too_many");
    assert_eq!(
        decode_collect(b"[\"\xff\"]", 1).unwrap_err().error,
        "malformed"
    );

    let mut many = String::from("[");
    for _ in 0..100_000 {
        write!(many, "0,").unwrap();
    }
    check(&(many + "0]"), 1_000, "hits", "too_many");
}
