//! What whoever writes a calling program reads of a request that is wrong: what was expected.
#![expect(
    clippy::unwrap_used,
    reason = "a request that cannot be made fails its test"
)]

use cpxd_tests::agent::{Agent, Answer, JSON};
use cpxd_tests::calls::{authenticate_body, path_of, sign_body};
use serde_json::{Value, json};

fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    *body.pointer_mut(pointer).unwrap() = value;
    body
}

/// The answer's detail, of a problem that has this reason and names the field in words and data.
fn detail(answer: &Answer, field: &str, reason: &str) -> String {
    let problem = &answer.body;
    let told = (
        answer.status,
        answer.code(),
        &problem["field"],
        &problem["reason"],
    );
    let expected = (400, "bad-request", &json!(field), &json!(reason));
    assert_eq!(told, expected, "{problem}");
    let detail = problem["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with(field), "{detail}");
    detail
}

#[test]
fn a_wrong_field_says_what_was_expected() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    for (pointer, value, field, reason, words) in [
        (
            "/nonce",
            json!("00112233445566778899aabbccddeeff"),
            "nonce",
            "nonce-form",
            "44",
        ),
        (
            "/origin",
            json!("https://service.example/"),
            "origin",
            "origin-form",
            "barre finale",
        ),
        (
            "/origin",
            json!("http://service.example"),
            "origin",
            "origin-form",
            "https://",
        ),
        ("/origin", json!(7), "origin", "field-type", "type"),
        ("/nonce", Value::Null, "nonce", "field-type", "type"),
    ] {
        let body = with(authenticate_body(), pointer, value);
        let answer = agent.call(&path_of(&card, "/authenticate"), &body);
        let detail = detail(&answer, field, reason);
        assert!(detail.contains(words), "{detail}");
    }
    for (pointer, value, field, reason, words) in [
        ("/hash", json!("MD5"), "hash", "hash-unknown", "SHA-256"),
        ("/digests", json!([]), "digests", "digest-count", "100"),
        (
            "/digests/0/value",
            json!("AAAA"),
            "digests[0].value",
            "digest-form",
            "32",
        ),
        (
            "/digests/0/description",
            json!(" "),
            "digests[0].description",
            "description-length",
            "200",
        ),
    ] {
        let body = with(sign_body(&["Ordonnance"]), pointer, value);
        let answer = agent.call(&path_of(&card, "/sign"), &body);
        let detail = detail(&answer, field, reason);
        assert!(detail.contains(words), "{detail}");
    }
    for (body, field, reason) in [
        (json!({}), "nonce", "field-missing"),
        (json!({ "pin": "1234" }), "pin", "field-unknown"),
        (json!([]), "body", "no-json-object"),
    ] {
        let answer = agent.call(&path_of(&card, "/authenticate"), &body);
        let _ = detail(&answer, field, reason);
    }
    let body = json!({ "timeoutSeconds": 601 });
    let answer = agent.call(&path_of(&card, "/pin/change"), &body);
    assert!(detail(&answer, "timeoutSeconds", "timeout-range").contains("600"));
}

#[test]
fn a_method_that_a_path_does_not_take_is_told_apart_from_a_wrong_path() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    let token = agent.authorization();
    let client = "X-Cpxd-Client: tests/1";
    for (method, path, allowed) in [
        ("POST", "/v1/cards".to_owned(), "GET,HEAD"),
        ("GET", path_of(&card, "/sign"), "POST"),
        ("DELETE", path_of(&card, ""), "GET,HEAD"),
    ] {
        let answer = agent.exchange(&path, &["-X", method, "-H", &token, "-H", client]);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (405, "not-found"),
            "{path}"
        );
        assert_eq!(answer.header("allow"), Some(allowed), "{path}");
        assert_eq!(answer.json()["status"], 405);
        assert_eq!(answer.json()["reason"], "method-not-allowed");
    }
    let nowhere = agent.exchange("/v1/nowhere", &["-H", &token]);
    assert_eq!((nowhere.status, nowhere.header("allow")), (404, None));
}

#[test]
fn a_name_of_the_caller_is_any_utf_8_with_a_version() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    let token = agent.authorization();
    let body = authenticate_body().to_string();
    let call = |client: &[&str]| {
        let arguments = [&["-H", &token, "-H", JSON, "-d", &body], client].concat();
        agent.curl(&path_of(&card, "/authenticate"), &arguments)
    };
    assert_eq!(
        call(&["-H", "X-Cpxd-Client: Logiciel Médical/1"]).status,
        200
    );
    let without = call(&[]);
    assert_eq!(without.code(), "client-header-missing");
    assert_eq!(without.body["reason"], Value::Null);
    for client in [
        "X-Cpxd-Client: monlogiciel",
        "X-Cpxd-Client: /1",
        "X-Cpxd-Client: x/",
    ] {
        let answer = call(&["-H", client]);
        assert_eq!(
            (answer.status, answer.code()),
            (400, "client-header-missing")
        );
        assert_eq!(answer.body["reason"], "client-header-form", "{client}");
        assert!(answer.text.contains("nom/version"), "{}", answer.text);
    }
}

#[test]
fn a_card_of_the_other_kind_says_which_kind_it_is_and_what_to_set() {
    let agent = Agent::run(&["--reader-source", "virtual"]);
    let card = agent.card();
    let answer = agent.call_socket(&path_of(&card, "/authenticate"), &authenticate_body());
    assert_eq!(
        (answer.status, answer.code()),
        (409, "environment-mismatch")
    );
    assert_eq!(answer.body["reason"], "test-card");
    assert!(
        answer.text.contains("environment = \\\"test\\\""),
        "{}",
        answer.text
    );
}
