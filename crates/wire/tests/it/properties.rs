//! Laws that hold for any input.

use afsa_model::HitKind;
use afsa_wire::json::{decode_collect, decode_line, decode_ndjson};
use afsa_wire::log_line::{self, Site};
use proptest::prelude::*;

use crate::soundness::{assert_sound, assert_told};

/// Texts of JSON, mostly of keys and values that hits have.
fn json() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|it| it.to_string()),
        any::<i64>().prop_map(|it| it.to_string()),
        (-1e15_f64..1e15).prop_map(|it| it.to_string()),
        any::<String>().prop_map(|it| serde_json::to_string(&it).unwrap_or_default()),
        prop::sample::select(vec![
            "\"pageview\"",
            "\"event\"",
            "\"product\"",
            "\"purchase\"",
            "\"refund\"",
            "\"visitor\"",
            "\"add\"",
            "\"promo_view\"",
            "\"engagement\"",
            "\"order_status\"",
            "\"completed\"",
            "\"2017-08-01T19:46:43.298Z\"",
            "\"192.0.2.1\"",
            "\"\\ud800\"",
            "-1",
            "\"auto\"",
            "50",
        ])
        .prop_map(str::to_owned),
    ];
    let key = prop::sample::select(vec![
        "type",
        "action",
        "order",
        "products",
        "promotions",
        "visitor",
        "id",
        "name",
        "state",
        "price",
        "quantity",
        "revenue",
        "currency",
        "timestamp",
        "ip",
        "title",
        "location",
        "dimension1",
        "metric20",
        "content_group5",
        "visible_seconds",
        "scroll_depth",
        "user_id",
        "yourid",
        "position",
        "step",
        "hits",
        "unknown",
    ]);
    scalar.prop_recursive(4, 40, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|it| format!("[{}]", it.join(","))),
            prop::collection::vec((key.clone(), inner), 0..8).prop_map(|pairs| {
                let pairs: Vec<String> = pairs
                    .into_iter()
                    .map(|(key, value)| format!("\"{key}\":{value}"))
                    .collect();
                format!("{{{}}}", pairs.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn hits_are_sound_and_batches_equal_singles(lines in prop::collection::vec(json(), 0..5)) {
        let single: Vec<_> = lines.iter().map(|line| decode_line(line.as_bytes())).collect();
        for outcome in &single {
            match outcome {
                Ok(hit) => assert_sound(hit),
                Err(rejection) => assert_told(rejection),
            }
        }
        let array = decode_collect(format!("[{}]", lines.join(",")).as_bytes(), lines.len());
        let ndjson = decode_ndjson(lines.join("\n").as_bytes(), lines.len());
        prop_assert_eq!(&array, &ndjson);
        let decoded = array.unwrap();
        for (index, outcome) in single.into_iter().enumerate() {
            let hit = decoded.hits.iter().find(|it| it.0 == index).map(|it| it.1.clone());
            let rejection = decoded.rejected.iter().find(|it| it.0 == index).map(|it| it.1.clone());
            prop_assert_eq!(hit.ok_or(rejection), outcome.map_err(Some));
        }
    }

    #[test]
    fn any_text_comes_through(title in "\\PC{1,40}") {
        let line = serde_json::json!({"type": "pageview", "title": title}).to_string();
        let hit = decode_line(line.as_bytes()).unwrap();
        let expect = Some(title.as_str()).filter(|title| !title.trim().is_empty());
        prop_assert_eq!(hit.title.as_deref(), expect);
    }

    #[test]
    fn money_is_exact(micros in 0..=9_000_000_000_000_000_000_i64) {
        let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
        for value in [text.clone(), format!("\"{}\"", text.replace('.', ","))] {
            let line = format!(r#"{{"type":"purchase","order":{{"id":"a","revenue":{value}}}}}"#);
            let HitKind::Purchase(purchase) = decode_line(line.as_bytes()).unwrap().kind else {
                return Err(TestCaseError::fail("no purchase"));
            };
            prop_assert_eq!(purchase.order.revenue.map(|it| it.micros()), Some(micros));
        }
    }

    #[test]
    fn any_bytes_are_a_line_of_json_or_told(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        match decode_line(&bytes) {
            Ok(hit) => assert_sound(&hit),
            Err(rejection) => assert_told(&rejection),
        }
    }

    #[test]
    fn any_request_is_a_line_of_a_log(
        request in prop::collection::vec(any::<u8>().prop_filter("quotes end", |it| *it != b'"'), 0..80),
        agent in prop::collection::vec(any::<u8>(), 0..80),
        status in 100..1000_u16,
    ) {
        let request: Vec<u8> =
            request.into_iter().filter(|byte| !matches!(byte, b'\\' | b'\n' | b'[')).collect();
        let line = [
            b"::1 - - [25/Oct/2026:02:00:00 +0100] \"",
            request.as_slice(),
            format!("\" {status} - \"-\" \"").as_bytes(),
            agent.as_slice(),
        ]
        .concat();
        let parsed = log_line::parse(&line).unwrap();
        prop_assert_eq!(parsed.status, status);
        if let Ok(hit) = parsed.into_hit(Site { host: "example.com", is_https: false }) {
            assert_sound(&hit);
        }
    }
}
