//! Connections as they come from a network: silent, slow, malformed, too many.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::program::{Program, Server};

/// A connection that gives up if the server doesn't do its part.
fn connect(server: &Server) -> TcpStream {
    let address = server.address.trim_start_matches("http://");
    let stream = TcpStream::connect(address).unwrap();
    let patience = Some(Duration::from_secs(30));
    stream.set_read_timeout(patience).unwrap();
    stream.set_write_timeout(patience).unwrap();
    stream
}

/// Everything that the server says until it closes.
fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// The first answer's status and body, of a known length.
fn answer(stream: &mut TcpStream) -> (u16, String) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "closed within a head");
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, String::from_utf8(body).unwrap())
}

#[test]
fn who_is_silent_is_shown_out() {
    let program = Program::new();
    let (_, key) = program.account(&[]);
    let server = program.serve_with(&["--patience-seconds", "1"]);
    let begun = [
        "",
        "P",
        "GET /health/live HTTP/1.1\r\nHost: x",
        "POST /v1/collect HTTP/1.1\r\n",
    ];
    let mut silent: Vec<TcpStream> = begun
        .iter()
        .map(|begun| {
            let mut stream = connect(&server);
            stream.write_all(begun.as_bytes()).unwrap();
            stream
        })
        .collect();
    // One that asked and then falls silent.
    let mut idle = connect(&server);
    idle.write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    assert_eq!(answer(&mut idle).0, 200);
    silent.push(idle);
    for (begun, stream) in begun.iter().chain(&["idle"]).zip(&mut silent) {
        assert_eq!(rest(stream), "", "{begun:?}");
    }
    // A body that doesn't come has its answer, since its sender is known.
    let mut slow = connect(&server);
    let head = format!(
        "POST /v1/collect HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nContent-Length: 9\r\n\r\n{{"
    );
    slow.write_all(head.as_bytes()).unwrap();
    let (status, body) = answer(&mut slow);
    assert_eq!(status, 400, "{body}");
    assert!(body.contains("did not arrive in time"), "{body}");
}

#[test]
fn who_takes_nothing_of_his_answer_is_shown_out() {
    let program = Program::new();
    let server = program.serve_with(&["--patience-seconds", "1", "--connections", "1"]);
    // More than the system keeps for a socket, and nobody reads it.
    let mut deaf = connect(&server);
    let ask = b"GET /docs/assets/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n".repeat(20);
    deaf.write_all(&ask).unwrap();
    // Its place is the only one: it is free again once the server has given up.
    let mut turned_away = 0;
    loop {
        let mut stream = connect(&server);
        stream
            .write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .unwrap();
        let said = rest(&mut stream);
        if said.starts_with("HTTP/1.1 200") {
            break;
        }
        assert!(said.starts_with("HTTP/1.1 503"), "{said}");
        turned_away += 1;
        std::thread::park_timeout(Duration::from_millis(50));
    }
    assert!(turned_away > 0, "the answer went somewhere");
}

#[test]
fn so_many_connections_and_the_next_is_told_to_wait() {
    let program = Program::new();
    let (_, key) = program.account(&[]);
    let server = program.serve_with(&["--connections", "3"]);
    let mut within: Vec<TcpStream> = (0..3).map(|_| connect(&server)).collect();
    for stream in &mut within {
        stream
            .write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap();
        assert_eq!(answer(stream).0, 200);
    }
    let mut beyond = connect(&server);
    beyond
        .write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    let said = rest(&mut beyond).to_ascii_lowercase();
    assert!(said.starts_with("http/1.1 503"), "{said}");
    assert!(said.contains("retry-after: 1\r\n"), "{said}");
    assert!(said.contains("application/problem+json"), "{said}");
    assert!(said.contains("\"overloaded\""), "{said}");
    within.pop();
    // The place of one that has gone is free as soon as the server has seen it go.
    loop {
        match server.try_request(&key, "GET", "/v1/accounts", None) {
            Ok((200, _)) => break,
            Ok((status, body)) => assert_eq!(status, 503, "{body}"),
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_body_that_is_too_large_is_refused_before_it_is_sent() {
    let program = Program::new();
    let (_, key) = program.account(&[]);
    let server = program.serve_with(&["--import-megabytes", "1"]);
    let check = |path: &str, length: usize, sends: usize| {
        let mut stream = connect(&server);
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        // Clients that send first and listen then must hear the answer too.
        for _ in 0..sends {
            stream.write_all(&[b' '; 1 << 16]).unwrap();
        }
        let said = rest(&mut stream);
        assert!(said.starts_with("HTTP/1.1 413"), "{path}: {said}");
        assert!(said.contains("\"payload_too_large\""), "{path}: {said}");
    };
    for sends in [0, 1, 40] {
        check("/v1/collect", 1 << 30, sends);
        check("/v1/stats/query", (8 << 20) + 1, sends);
        check("/v1/imports", (1 << 20) + 1, sends);
    }
}

#[test]
fn what_is_no_http_is_refused_and_others_go_on() {
    let program = Program::new();
    program.account(&[]);
    let server = program.serve();
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(1 << 20));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(200));
    let check = |sent: &str, expect: &str| {
        let mut stream = connect(&server);
        // It may have heard enough before everything is said.
        let _ = stream.write_all(sent.as_bytes());
        let said = rest(&mut stream);
        let shown: String = sent.chars().take(40).collect();
        assert!(said.starts_with(expect), "{shown:?}: {said}");
    };
    check("hello\r\n\r\n", "HTTP/1.1 400");
    check(
        "\x16\x03\x01\x02\x00\x01\x00\x01\x7c\x03\x03",
        "HTTP/1.1 400",
    );
    check(
        "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 400",
    );
    // For whom a request is has to be said once (RFC 9112, 3.2).
    let live =
        |hosts: &str| format!("GET /health/live HTTP/1.1\r\nConnection: close\r\n{hosts}\r\n");
    for wrong in [
        "",
        "Host: a\r\nHost: a\r\n",
        "Host: a b\r\n",
        "Host: a/b\r\n",
    ] {
        check(&live(wrong), "HTTP/1.1 400");
    }
    for right in ["Host: a\r\n", "Host: [::1]:8080\r\n", "Host:\r\n"] {
        check(&live(right), "HTTP/1.1 200");
    }
    check("GET /health/live HTTP/1.0\r\n\r\n", "HTTP/1.0 200");
    check(&many, "HTTP/1.1 431");
    check(&long, "HTTP/1.1 4");
    let (status, _) = server.request("", "GET", "/health/live", None);
    assert_eq!(status, 200);
}

#[test]
fn a_stop_waits_for_requests_and_for_nobody_else() {
    let program = Program::new();
    let (_, key) = program.account(&[]);
    let server = program.serve();
    let silent = connect(&server);
    let mut idle = connect(&server);
    idle.write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    assert_eq!(answer(&mut idle).0, 200);
    let hit = json!({"hits": [{"type": "pageview", "visitor_id": "v", "location": "https://shop.example.com/"}]});
    let hit = hit.to_string();
    let mut busy = connect(&server);
    let head = format!(
        "POST /v1/collect HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        hit.len()
    );
    busy.write_all(head.as_bytes()).unwrap();
    busy.write_all(&hit.as_bytes()[..10]).unwrap();
    // The answer shows that everything before has come to the server.
    assert_eq!(server.request(&key, "GET", "/v1/accounts", None).0, 200);
    server.ask_to_stop();
    assert_eq!(rest(&mut idle), "", "an idle connection is closed at once");
    busy.write_all(&hit.as_bytes()[10..]).unwrap();
    let (status, body) = answer(&mut busy);
    assert_eq!(status, 200, "{body}");
    let receipt: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(receipt["accepted"], 1);
    assert!(server.wait().success());
    drop(silent);
}
