//! What happened to peers of this product and must not happen here.

use std::fs;

use cpxd_tests::agent::{Agent, CLIENT, JSON};
use cpxd_tests::calls::{ORIGIN, authenticate_body, nonce, path_of, sign_body};
use cpxd_tests::door::{page, page_post, pair, request_grant};
use serde_json::json;

/// Every call of the API, with its method, about a card.
fn every_call(card: &serde_json::Value) -> Vec<(&'static str, String)> {
    let of_card = |call: &str| path_of(card, call);
    vec![
        ("GET", "/v1/status".into()),
        ("GET", "/v1/readers".into()),
        ("GET", "/v1/cards".into()),
        ("GET", of_card("")),
        ("GET", of_card("/certificates/authentication")),
        ("GET", "/v1/events".into()),
        ("GET", "/v1/grants".into()),
        ("GET", "/openapi.json".into()),
        ("GET", "/docs".into()),
        ("POST", of_card("/activities")),
        ("POST", of_card("/authenticate")),
        ("POST", of_card("/sign")),
        ("POST", of_card("/pin/change")),
        ("POST", of_card("/pin/unblock")),
        ("POST", "/v1/pairings".into()),
        ("POST", "/v1/pairings/0/token".into()),
        ("DELETE", "/v1/grants/0".into()),
    ]
}

#[test]
fn cve_2019_13450_a_page_that_is_visited_drives_nothing_and_reads_nothing() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    let number = card["number"].as_str().unwrap();
    for (method, path) in every_call(&card) {
        for headers in [
            // What a form, an image or a script sends, and what `fetch` may add.
            vec![],
            vec!["-H", "Content-Type: text/plain"],
            vec!["-H", CLIENT, "-H", JSON],
            vec!["-H", CLIENT, "-H", "Sec-Fetch-Site: same-origin"],
        ] {
            let body = authenticate_body().to_string();
            let mut arguments = [vec!["-X", method], headers].concat();
            if method == "POST" {
                arguments.extend(["-d", &body]);
            }
            let answer = page(&agent, "https://evil.example", &path, &arguments);
            let refused = (answer.status, answer.code());
            let expected = (403, "origin-not-granted".to_owned());
            assert_eq!(refused, expected, "{method} {path}");
            assert!(answer.header("access-control-allow-origin").is_none());
            assert!(!answer.body.contains(number), "{}", answer.body);
        }
    }
    assert!(!agent.events_so_far().contains(&"prompt-opened".to_owned()));
    assert_eq!(agent.tries_left(), 3);
}

#[test]
fn cve_2025_3462_no_origin_that_resembles_a_granted_one_is_taken_for_it() {
    let agent = Agent::demo(&[]);
    assert_eq!(request_grant(&agent, ORIGIN, &["identify"]).status, 200);
    assert_eq!(page(&agent, ORIGIN, "/v1/cards", &[]).status, 200);
    for origin in [
        "https://service.example.evil.test",
        "https://service.example-evil.test",
        "https://evil-service.example",
        "https://www.service.example",
        "https://SERVICE.EXAMPLE",
        "HTTPS://service.example",
        "https://service.example.",
        "https://service.example:443",
        "https://service.example:0443",
        "https://service.example:8443",
        "https://service.example@evil.test",
        "https://evil.test#service.example",
        "https://evil.test?service.example",
        "https://evil.test/service.example",
        "https://xn--service-8ya.example",
        "https://ѕervice.example",
        "https://service%2eexample",
        "https://service.example\\@evil.test",
        "https:service.example",
        "//service.example",
        "service.example",
        "http://service.example",
        "wss://service.example",
        "null",
        "*",
    ] {
        let answer = page(&agent, origin, "/v1/cards", &[]);
        let refused = (answer.status, answer.code());
        assert_eq!(refused, (403, "origin-not-granted".to_owned()), "{origin}");
        assert!(answer.header("access-control-allow-origin").is_none());
    }
}

#[test]
fn cve_2025_3463_no_header_of_a_page_stands_in_for_its_origin() {
    let agent = Agent::demo(&[]);
    assert_eq!(request_grant(&agent, ORIGIN, &["identify"]).status, 200);
    for header in [
        "Referer: https://service.example/",
        "X-Forwarded-Host: service.example",
        "X-Forwarded-For: 127.0.0.1",
        "Forwarded: host=service.example",
        "X-Original-URL: /v1",
        "X-HTTP-Method-Override: GET",
        "Cpxd-Page-Origin: https://service.example",
        "Cookie: origin=https://service.example",
    ] {
        let of_a_page = page(&agent, "https://evil.example", "/v1/cards", &["-H", header]);
        assert_eq!(of_a_page.code(), "origin-not-granted", "{header}");
        let of_nobody = agent.exchange("/v1/cards", &["-H", header]);
        assert!([401, 403].contains(&of_nobody.status), "{header}");
    }
}

#[test]
fn cve_2026_26927_the_origin_that_the_holder_is_shown_and_the_card_signs_is_the_browsers() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    let asked = page_post(
        &agent,
        "https://evil.example",
        "/v1/grants/requests",
        &json!({ "rights": ["authenticate"], "origin": "https://bank.example" }),
    );
    assert_eq!((asked.status, asked.code().as_str()), (400, "bad-request"));
    assert_eq!(request_grant(&agent, ORIGIN, &["authenticate"]).status, 200);
    let path = path_of(&card, "/authenticate");
    for field in ["origin", "topOrigin", "documentBaseUrl"] {
        let body = json!({ "nonce": nonce(), field: "https://bank.example" });
        let answer = page_post(&agent, ORIGIN, &path, &body);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "bad-request")
        );
        assert_eq!(answer.json()["field"], field);
    }
    let grants = agent.read_socket("/v1/grants").text;
    assert!(!grants.contains("bank.example") && !grants.contains("evil.example"));
}

#[test]
fn cve_2026_33875_no_link_and_no_program_gets_an_assertion_for_a_site_that_was_not_agreed_to() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    let path = path_of(&card, "/authenticate");
    let query = format!("?nonce={}&origin={ORIGIN}", nonce());
    let token = agent.authorization();
    let by_link = agent.exchange(&format!("{path}{query}"), &["-H", &token]);
    assert_eq!(
        (by_link.status, by_link.code().as_str()),
        (405, "not-found")
    );
    let (token, _) = pair(&agent, &["authenticate"], &[ORIGIN]);
    let token = format!("Authorization: Bearer {token}");
    for site in ["https://evil.example", "https://sub.service.example"] {
        let body = json!({ "nonce": nonce(), "origin": site }).to_string();
        let arguments = ["-H", &token, "-H", CLIENT, "-H", JSON, "-d", &body];
        let answer = agent.curl(&path, &arguments);
        assert_eq!((answer.status, answer.code()), (403, "origin-not-granted"));
    }
    for nonce in ["", "AAAA", "AAAAAAAAAAAAAAAAAAAAAA=="] {
        let body = json!({ "nonce": nonce, "origin": ORIGIN }).to_string();
        let arguments = ["-H", &token, "-H", CLIENT, "-H", JSON, "-d", &body];
        assert_eq!(agent.curl(&path, &arguments).code(), "bad-request");
    }
}

#[test]
fn a_remembered_grant_never_signs_without_its_holder() {
    let no = "{ consent = false }";
    let agent = cpxd_tests::scripted::demo_with_holder(&format!("answers = [ {{}}, {no}, {no} ]"));
    let card = agent.card();
    let rights = ["identify", "authenticate", "sign"];
    assert_eq!(request_grant(&agent, ORIGIN, &rights).status, 200);
    let authenticate = json!({ "nonce": nonce() });
    for (call, body) in [
        ("/authenticate", authenticate),
        ("/sign", sign_body(&["Ordonnance"])),
    ] {
        let answer = page_post(&agent, ORIGIN, &path_of(&card, call), &body);
        assert_eq!((answer.status, answer.code().as_str()), (403, "cancelled"));
    }
}

#[test]
fn no_answer_names_any_reader_and_none_allows_credentials() {
    let agent = Agent::demo(&[]);
    assert_eq!(request_grant(&agent, ORIGIN, &["identify"]).status, 200);
    for (origin, path) in [
        (ORIGIN, "/v1/cards"),
        (ORIGIN, "/v1"),
        (ORIGIN, "/v1/nowhere"),
        ("https://evil.example", "/v1"),
        ("null", "/v1"),
    ] {
        let answer = page(&agent, origin, path, &[]);
        let reader = answer.header("access-control-allow-origin");
        assert!([None, Some(ORIGIN)].contains(&reader), "{path}: {reader:?}");
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        assert_eq!(answer.header("vary"), Some("origin"));
    }
}

#[test]
fn no_program_with_a_sites_name_for_itself_is_shown_as_that_site() {
    let agent = Agent::demo(&[]);
    let opened = cpxd_tests::door::open_pairing(&agent, "a\nb", &["identify"], &[]);
    assert_eq!((opened.status, opened.code()), (400, "bad-request"));
    let (_, id) = pair(&agent, &["identify"], &[]);
    let kept = fs::read_to_string(agent.state_dir().join("grants-test.json")).unwrap();
    assert!(kept.contains(&id));
}
