//! Requests of a wrong form: each gets its code, and none reaches the holder or the card.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a request that cannot be made fails its test"
)]

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cpxd_tests::agent::{Agent, Answer, CLIENT, JSON};
use cpxd_tests::calls::{authenticate_body, nonce, path_of, sign_body};
use serde_json::{Value, json};

/// A good body in which one field is another, or is missing.
fn with(mut body: Value, field: &str, value: Option<Value>) -> String {
    let fields = body.as_object_mut().unwrap();
    match value {
        Some(value) => fields.insert(field.to_owned(), value),
        None => fields.remove(field),
    };
    body.to_string()
}

fn authenticate_with(field: &str, value: impl Into<Value>) -> String {
    with(authenticate_body(), field, Some(value.into()))
}

fn sign_with(field: &str, value: impl Into<Value>) -> String {
    with(sign_body(&["Ordonnance"]), field, Some(value.into()))
}

/// A good list of digests whose second one has another field.
fn second_digest_with(field: &str, value: impl Into<Value>) -> String {
    let mut body = sign_body(&["first", "second"]);
    body["digests"][1][field] = value.into();
    body.to_string()
}

/// Wrong bodies of `authenticate` with the field that is named.
fn wrong_authentications() -> Vec<(String, &'static str)> {
    let mut wrong = vec![
        (with(authenticate_body(), "nonce", None), "nonce"),
        (with(authenticate_body(), "origin", None), "origin"),
        (authenticate_with("pin", "1234"), "pin"),
        (authenticate_with("code", "1234"), "code"),
        (authenticate_with("session", 7), "session"),
        (authenticate_with("nonce", 7), "nonce"),
        (authenticate_with("nonce", Value::Null), "nonce"),
        (authenticate_with("origin", json!([])), "origin"),
        (authenticate_with("timeoutSeconds", "60"), "timeoutSeconds"),
        (r#"{"nonce":"a","nonce":"b"}"#.to_owned(), "nonce"),
    ];
    let good = nonce();
    for nonce in [
        String::new(),
        good[1..].to_owned(),
        "A".repeat(43),
        "A".repeat(129),
        format!("{}-", "A".repeat(43)),
        format!("{}_", "A".repeat(43)),
        format!("{} ", "A".repeat(43)),
        format!("{good}\n"),
        "é".repeat(30),
        format!("{}===", "A".repeat(41)),
        // 44 characters that stand for 31 bytes.
        format!("{}==", "A".repeat(42)),
    ] {
        wrong.push((authenticate_with("nonce", nonce), "nonce"));
    }
    for origin in [
        "",
        "null",
        "service.example",
        "http://service.example",
        "http://localhost",
        "file:///etc/passwd",
        "https://service.example/",
        "https://service.example/login",
        "https://service.example?x",
        "https://service.example:443",
        "https://Service.Example",
        "https://user@service.example",
        "https://*.service.example",
        "https://service.example https://evil.example",
        "https://",
    ] {
        wrong.push((authenticate_with("origin", origin), "origin"));
    }
    let long = format!("https://{}.example", "a".repeat(300));
    wrong.push((authenticate_with("origin", long), "origin"));
    wrong.extend(wrong_timeouts().map(|seconds| {
        let body = authenticate_with("timeoutSeconds", seconds);
        (body, "timeoutSeconds")
    }));
    wrong
}

fn wrong_timeouts() -> [Value; 6] {
    [
        json!(0),
        json!(601),
        json!(-1),
        json!(1.5),
        json!(4_294_967_297_u64),
        json!(true),
    ]
}

/// Wrong bodies of `sign` with the field that is named.
fn wrong_signatures() -> Vec<(String, &'static str)> {
    let without = |field: &str| with(sign_body(&["Ordonnance"]), field, None);
    let mut wrong = vec![
        (without("hash"), "hash"),
        (without("digests"), "digests"),
        (sign_with("session", json!(7)), "session"),
        (sign_with("origin", "https://service.example"), "origin"),
        (sign_with("digests", json!([])), "digests"),
        (sign_with("digests", json!({})), "digests"),
        (sign_with("digests", json!(["AA=="])), "digests[0]"),
        (sign_body(&["x"; 101]).to_string(), "digests"),
        (second_digest_with("size", 32), "digests[1].size"),
        (second_digest_with("value", 7), "digests[1].value"),
        (
            second_digest_with("description", 7),
            "digests[1].description",
        ),
    ];
    for hash in ["", "SHA-1", "SHA1", "MD5", "sha-256", "SHA256", "SHA-256 "] {
        wrong.push((sign_with("hash", hash), "hash"));
    }
    for len in [0, 1, 20, 31, 33, 48, 64] {
        let value = STANDARD.encode(vec![7; len]);
        wrong.push((second_digest_with("value", value), "digests[1].value"));
    }
    let hexadecimal = "5a".repeat(32);
    for value in [
        hexadecimal,
        format!("{}\n", nonce()),
        nonce().replace('W', "-"),
    ] {
        wrong.push((second_digest_with("value", value), "digests[1].value"));
    }
    for description in [String::new(), "  ".to_owned(), "é".repeat(201)] {
        let body = second_digest_with("description", description);
        wrong.push((body, "digests[1].description"));
    }
    wrong.extend(wrong_timeouts().map(|seconds| {
        let body = sign_with("timeoutSeconds", seconds);
        (body, "timeoutSeconds")
    }));
    wrong
}

/// Bodies that are no JSON object in UTF-8 at all.
fn no_objects() -> Vec<Vec<u8>> {
    let good = authenticate_body().to_string().into_bytes();
    let with_invalid_utf_8 = [&good[..good.len() - 2], b"\xFF\xFE\"}"].concat();
    vec![
        Vec::new(),
        b"{".to_vec(),
        b"[]".to_vec(),
        b"null".to_vec(),
        b"\"text\"".to_vec(),
        b"{'nonce': 1}".to_vec(),
        b"\xEF\xBB\xBF{}".to_vec(),
        [&good[..], b" {}"].concat(),
        with_invalid_utf_8,
        b"\xFF\xFE{\x00}\x00".to_vec(),
        b"[".repeat(30_000),
        br#"{"nonce":"#.repeat(3000),
    ]
}

/// POST of these bytes, over TLS as JSON.
fn post(agent: &Agent, path: &str, body: &[u8], more: &[&str]) -> Answer {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), body).unwrap();
    let data = format!("@{}", file.path().display());
    let token = agent.authorization();
    let arguments = [
        "-H",
        &token,
        "-H",
        CLIENT,
        "-H",
        JSON,
        "--data-binary",
        &data,
    ];
    agent.curl(path, &[&arguments[..], more].concat())
}

#[test]
fn a_request_of_a_wrong_form_gets_its_code_and_changes_nothing() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    let events = agent.events_after(0);
    let last_before = events.wait_for("card-inserted").id;
    for (call, wrong) in [
        ("/authenticate", wrong_authentications()),
        ("/sign", wrong_signatures()),
    ] {
        for (body, field) in wrong {
            let answer = post(&agent, &path_of(&card, call), body.as_bytes(), &[]);
            let refused = (answer.status, answer.code(), &answer.body["field"]);
            assert_eq!(
                refused,
                (400, "bad-request", &json!(field)),
                "{call} {body}: {}",
                answer.text
            );
        }
        for body in no_objects() {
            let answer = post(&agent, &path_of(&card, call), &body, &[]);
            let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
            let refused = (answer.status, answer.code());
            assert_eq!(refused, (400, "bad-request"), "{call} {shown}");
            let field = answer.body["field"].as_str().unwrap();
            assert!(!field.is_empty(), "{call} {shown}");
        }
    }
    assert_eq!(agent.card(), card, "nothing changed");

    // The next thing that happened is the question of a good request.
    assert_eq!(agent.authenticate(&card).status, 200);
    let next = events.next();
    let expected = (last_before + 1, "prompt-opened");
    assert_eq!((next.id, next.event.as_str()), expected);
}

#[test]
fn a_body_over_the_limit_is_refused_with_and_without_its_length() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    let body = authenticate_body().to_string();
    let padded = |len: usize| format!("{body}{}", " ".repeat(len - body.len()));
    let path = path_of(&card, "/authenticate");
    let chunked = "Transfer-Encoding: chunked";
    for arguments in [
        &["--http2"][..],
        &["--http1.1"],
        &["--http1.1", "-H", chunked],
        &["--http2", "-H", "Content-Length:"],
    ] {
        for len in [64 * 1024 + 1, 300_000] {
            let answer = post(&agent, &path, padded(len).as_bytes(), arguments);
            let refused = (answer.status, answer.code());
            assert_eq!(refused, (413, "body-too-large"), "{len} {arguments:?}");
        }
        let at_the_limit = post(&agent, &path, padded(64 * 1024).as_bytes(), arguments);
        assert_eq!(
            at_the_limit.status, 200,
            "{arguments:?}: {}",
            at_the_limit.text
        );
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), padded(64 * 1024 + 1)).unwrap();
    let data = format!("@{}", file.path().display());
    let arguments = ["-H", CLIENT, "-H", JSON, "--data-binary", &data];
    let on_the_socket = agent.curl_socket(&path, &arguments);
    assert_eq!(on_the_socket.code(), "body-too-large");
    assert_eq!(agent.tries_left(), 3);
}

#[test]
fn what_is_not_there_is_not_found() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    let id = card["id"].as_str().unwrap();
    let other_case = id.to_uppercase();
    let unknown = [
        "0000000000000000",
        "nobody",
        "%20",
        "%FF",
        "%00",
        "..%2F..",
        &other_case,
    ];
    for unknown in unknown {
        for path in [
            format!("/v1/cards/{unknown}"),
            format!("/v1/cards/{unknown}/certificates/signature"),
        ] {
            let answer = agent.read(&path);
            assert_eq!((answer.status, answer.code()), (404, "not-found"), "{path}");
        }
        for (call, body) in [
            ("authenticate", authenticate_body()),
            ("sign", sign_body(&["Ordonnance"])),
        ] {
            let path = format!("/v1/cards/{unknown}/{call}");
            let answer = agent.call(&path, &body);
            assert_eq!((answer.status, answer.code()), (404, "not-found"), "{path}");
        }
    }
    for path in [
        "/v1/cards/",
        "/v1/card",
        "/V1/cards",
        "//v1/cards",
        "/v1/cards//certificates/signature",
        &path_of(&card, "/certificates"),
        &path_of(&card, "/certificates/"),
        &path_of(&card, "/certificates/Signature"),
        &path_of(&card, "/certificates/%FF"),
    ] {
        let answer = agent.curl(path, &["--path-as-is", "-H", &agent.authorization()]);
        assert_eq!((answer.status, answer.code()), (404, "not-found"), "{path}");
    }
    assert_eq!(agent.card(), card);
}

#[test]
fn an_event_id_that_no_stream_gave_is_named_as_wrong() {
    let agent = Agent::demo(&[]);
    for id in ["x", "-1", "1.5", "18446744073709551616", "é"] {
        let header = format!("Last-Event-ID: {id}");
        let answer = agent.curl_socket("/v1/events", &["-H", &header]);
        let refused = (answer.status, answer.code(), &answer.body["field"]);
        let expected = (400, "bad-request", &json!("last-event-id"));
        assert_eq!(refused, expected, "{id}");
    }
}

#[test]
fn after_an_event_that_never_was_comes_what_happens_next() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    let events = agent.events_after(u64::MAX);
    assert_eq!(agent.authenticate(&card).status, 200);
    assert_eq!(events.next().event, "prompt-opened");
}

#[test]
fn errors_speak_the_language_of_the_caller() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    let path = path_of(&card, "/authenticate");
    let token = agent.authorization();
    let ask = |language: &str| {
        let language = format!("Accept-Language: {language}");
        let arguments = [
            "-H", &token, "-H", CLIENT, "-H", JSON, "-d", "{}", "-H", &language,
        ];
        agent.exchange(&path, &arguments)
    };
    let french = ask("fr");
    let english = ask("en");
    for (answer, language) in [(&french, "fr"), (&english, "en")] {
        assert_eq!(answer.header("content-language"), Some(language));
        let problem = answer.json();
        let expected = json!({
            "type": "urn:cpxd:error:bad-request",
            "title": problem["title"],
            "status": 400,
            "code": "bad-request",
            "detail": problem["detail"],
            "field": "nonce",
            "reason": "field-missing",
        });
        assert_eq!(problem, expected);
        assert!(problem["detail"].as_str().unwrap().contains("nonce"));
    }
    assert_ne!(french.json()["title"], english.json()["title"]);
    assert_ne!(french.json()["detail"], english.json()["detail"]);
    for (accepted, language) in [
        ("fr-CA, en;q=0.5", "fr"),
        ("en-GB;q=0.9, fr;q=0.2", "en"),
        ("fr;q=0.2, en;q=0.9", "en"),
        ("de, en;q=0.1", "en"),
        ("de", "fr"),
        ("", "fr"),
        ("*", "fr"),
        (";;q=,,", "fr"),
    ] {
        let answer = ask(accepted);
        assert_eq!(
            answer.header("content-language"),
            Some(language),
            "{accepted}"
        );
    }
}
