use afsa_wire::limits;
use afsa_wire::log_line::{LogLine, Request, Site, Skip, parse};

use crate::soundness::{assert_sound, assert_told};

const SITE: Site<'_> = Site {
    host: "example.com",
    is_https: true,
};

fn parsed(line: &str) -> LogLine {
    parse(line.as_bytes()).unwrap_or_else(|refused| panic!("{line}: {refused}"))
}

#[test]
fn reads_all_three_forms() {
    let common =
        r#"192.0.2.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a.html HTTP/1.0" 200 2326"#;
    let expect = LogLine {
        host: None,
        address: Some("192.0.2.1".parse().unwrap()),
        time: afsa_model::Timestamp(971_211_336_000),
        request: Request::Http {
            method: "GET".to_owned(),
            target: "/a.html".to_owned(),
        },
        status: 200,
        bytes: Some(2326),
        referrer: None,
        user_agent: None,
    };
    assert_eq!(parsed(common), expect);
    assert_eq!(parsed(&format!("{common}\r\n")), expect);

    let combined = format!(r#"{common} "https://example.org/" "Mozilla/5.0 \"x\"" "more""#);
    let expect = LogLine {
        referrer: Some("https://example.org/".to_owned()),
        user_agent: Some("Mozilla/5.0 \"x\"".to_owned()),
        ..expect
    };
    assert_eq!(parsed(&combined), expect);

    let expect = LogLine {
        host: Some("shop.example.com".to_owned()),
        ..expect
    };
    assert_eq!(parsed(&format!("Shop.example.com:443 {combined}")), expect);
    assert_eq!(parsed(&format!("shop.example.com {combined}")), expect);
}

#[test]
fn tells_hosts_from_clients() {
    fn check(before: &str, host: Option<&str>, address: Option<&str>) {
        let line = parsed(&format!(
            r#"{before} [25/Oct/2026:02:00:00 +0100] "GET / HTTP/2.0" 200 -"#
        ));
        assert_eq!(line.host.as_deref(), host, "{before}");
        assert_eq!(
            line.address,
            address.map(|it| it.parse().unwrap()),
            "{before}"
        );
        assert_eq!(line.bytes, None);
    }
    check("192.0.2.1 - -", None, Some("192.0.2.1"));
    check("2001:db8::7 - -", None, Some("2001:db8::7"));
    check("::ffff:192.0.2.1 - -", None, Some("192.0.2.1"));
    check("client.example.org - -", None, None);
    check("192.0.2.1 - john [the] doe", None, Some("192.0.2.1"));
    check("2001:db8::7 - john doe", None, Some("2001:db8::7"));
    check("client.example.org - john doe", None, None);
    check(
        "example.net:8080 client.example.org - -",
        Some("example.net"),
        None,
    );
    check(
        "example.net 2001:db8::7 - -",
        Some("example.net"),
        Some("2001:db8::7"),
    );
    check("- 192.0.2.1 - -", None, Some("192.0.2.1"));
}

#[test]
fn reads_requests_of_any_kind() {
    fn check(request: &str, expect: Option<(&str, &str)>) {
        let line = format!(r#"::1 - - [25/Oct/2026:02:00:00 +0100] "{request}" 400 0 "-" "-""#);
        let expect = match expect {
            None => Request::Other,
            Some((method, target)) => Request::Http {
                method: method.to_owned(),
                target: target.to_owned(),
            },
        };
        assert_eq!(parsed(&line).request, expect, "{request}");
    }
    check("GET / HTTP/1.1", Some(("GET", "/")));
    check("GET /a b HTTP/1.1", Some(("GET", "/a b")));
    check("GET /old", Some(("GET", "/old")));
    check("M-SEARCH * HTTP/1.1", Some(("M-SEARCH", "*")));
    check(
        r#"GET /\"q\"?\xc3\xa9\xff HTTP/1.1"#,
        Some(("GET", "/\"q\"?é\u{fffd}")),
    );
    check("", None);
    check("-", None);
    check("GET", None);
    check(r"\x16\x03\x01\x02\x00\x01", None);
    check("HELP me", None);
    check("G3T / HTTP/1.1", None);
}

#[test]
fn refuses_what_is_no_line_of_a_log() {
    fn check(line: &str, field: &str, error: &str) {
        let rejection = parse(line.as_bytes()).unwrap_err();
        assert_told(&rejection);
        assert_eq!(
            (rejection.field.as_str(), rejection.error),
            (field, error),
            "{line}"
        );
    }
    let date = "[25/Oct/2026:02:00:00 +0100]";
    check("", "time", "malformed");
    check("#Fields: date time", "time", "malformed");
    check(
        r#"::1 - - [25/Oct/2026:02:00:00] "GET / HTTP/1.1" 200 0"#,
        "time",
        "malformed",
    );
    check(
        r#"::1 - - [25/Okt/2026:02:00:00 +0100] "GET / HTTP/1.1" 200 0"#,
        "time",
        "malformed",
    );
    check(
        r#"::1 - - [31/Feb/2026:02:00:00 +0100] "GET / HTTP/1.1" 200 0"#,
        "time",
        "out_of_range",
    );
    check(
        &format!(r#"{date} "GET / HTTP/1.1" 200 0"#),
        "client",
        "malformed",
    );
    check(
        &format!("::1 - - {date} GET / 200 0"),
        "request",
        "malformed",
    );
    check(
        &format!(r#"::1 - - {date} "GET / HTTP/1.1"#),
        "request",
        "malformed",
    );
    check(
        &format!(r#"::1 - - {date} "GET / HTTP/1.1""#),
        "status",
        "malformed",
    );
    check(
        &format!(r#"::1 - - {date} "GET / HTTP/1.1" 99 0"#),
        "status",
        "malformed",
    );
    check(
        &format!(r#"::1 - - {date} "GET / HTTP/1.1" -200 0"#),
        "status",
        "malformed",
    );
    check(
        &format!(r#"::1 - - {date} "GET / HTTP/1.1" 200 "-""#),
        "bytes",
        "malformed",
    );
    check(&"[".repeat(100_000), "time", "malformed");
}

#[test]
fn tells_page_views_from_the_rest() {
    fn check(request: &str, status: u16, expect: Result<&str, Skip>) {
        let line = format!(
            r#"192.0.2.1 - - [25/Oct/2026:02:00:00 +0100] "{request}" {status} 9 "-" "Agent""#
        );
        let outcome = parsed(&line).into_hit(SITE);
        let location = outcome.as_ref().map(|hit| {
            assert_sound(hit);
            assert!(!hit.is_robot);
            hit.location.as_deref().unwrap_or_default()
        });
        assert_eq!(location.map_err(|skip| *skip), expect, "{request}");
    }
    check("GET / HTTP/1.1", 200, Ok("https://example.com/"));
    check(
        "GET /a/?b=c&d HTTP/1.1",
        304,
        Ok("https://example.com/a/?b=c&d"),
    );
    check(
        "GET /index.PHP?file=a.css HTTP/1.1",
        201,
        Ok("https://example.com/index.PHP?file=a.css"),
    );
    check("GET /v1.2/ HTTP/1.1", 200, Ok("https://example.com/v1.2/"));
    check(
        "GET /photo.jpg/ HTTP/1.1",
        200,
        Ok("https://example.com/photo.jpg/"),
    );
    check(
        "GET /list?type=atomic HTTP/1.1",
        200,
        Ok("https://example.com/list?type=atomic"),
    );
    check(
        "GET http://EXAMPLE.com:80/x HTTP/1.1",
        200,
        Ok("https://example.com/x"),
    );
    check(
        "GET http://example.org/x HTTP/1.1",
        200,
        Err(Skip::ForeignTarget),
    );
    check("GET example.com HTTP/1.1", 200, Err(Skip::ForeignTarget));
    check("POST /login HTTP/1.1", 200, Err(Skip::Method));
    check("HEAD / HTTP/1.1", 200, Err(Skip::Method));
    check("get / HTTP/1.1", 200, Err(Skip::Method));
    check(r"\x16\x03", 200, Err(Skip::NotHttp));
    check("GET /gone HTTP/1.1", 404, Err(Skip::Error));
    check("GET /gone.png HTTP/1.1", 500, Err(Skip::Error));
    check("GET /moved HTTP/1.1", 301, Err(Skip::Redirect));
    check("GET /part HTTP/1.1", 206, Err(Skip::NoPage));
    check("GET /none HTTP/1.1", 204, Err(Skip::NoPage));
    check("GET /logo.PNG?v=2 HTTP/1.1", 200, Err(Skip::Asset));
    check("GET /files/manual.pdf HTTP/1.1", 200, Err(Skip::Asset));
    check("GET /sitemap.xml HTTP/1.1", 200, Err(Skip::Asset));
    for feed in [
        "/feed/",
        "/blog/RSS",
        "/index.rdf",
        "/atom.xml",
        "/?flav=rss20",
        "/?a=1&feed=rss2",
    ] {
        check(&format!("GET {feed} HTTP/1.1"), 200, Err(Skip::Feed));
    }
    let long = format!("GET /{} HTTP/1.1", "a".repeat(limits::ADDRESS));
    check(&long, 200, Err(Skip::TooLong));
}

#[test]
fn marks_who_asks_for_robots_txt() {
    for status in [200, 404] {
        let line = format!(
            r#"192.0.2.1 - - [25/Oct/2026:02:00:00 +0100] "GET /robots.txt HTTP/1.1" {status} 9"#
        );
        assert!(parsed(&line).into_hit(SITE).unwrap().is_robot);
    }
}

#[test]
fn carries_over_what_the_line_says() {
    let line = parsed(
        r#"shop.example.com:80 192.0.2.1 - - [25/Oct/2026:02:00:00 +0100] "GET /p HTTP/1.1" 200 1 "http://example.org/?q=a b" "Agent""#,
    );
    let time = line.time;
    let hit = line
        .into_hit(Site {
            host: "other.example",
            is_https: false,
        })
        .unwrap();
    assert_eq!(hit.time, Some(time));
    assert_eq!(hit.address, Some("192.0.2.1".parse().unwrap()));
    assert_eq!(hit.location.as_deref(), Some("http://shop.example.com/p"));
    assert_eq!(hit.referrer.as_deref(), Some("http://example.org/?q=a b"));
    assert_eq!(hit.user_agent.as_deref(), Some("Agent"));

    let mut line = parsed(r#"::1 - - [25/Oct/2026:02:00:00 +0100] "GET /p HTTP/1.1" 200 1"#);
    line.referrer = Some("r".repeat(limits::ADDRESS + 1));
    line.user_agent = Some("é".repeat(limits::TEXT));
    let hit = line.into_hit(SITE).unwrap();
    assert_eq!(hit.referrer, None);
    assert_eq!(hit.user_agent.map(|agent| agent.len()), Some(limits::TEXT));
}
