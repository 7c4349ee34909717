//! The native host on the user's socket: the one program that may say for which page it speaks.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::Path;

use cpxd_tests::agent::{Agent, CLIENT, JSON};
use cpxd_tests::calls::{ORIGIN, authenticate_body, nonce, path_of};
use cpxd_tests::door::{page, request_grant};
use cpxd_tests::exchange::Exchange;
use cpxd_tests::native_host::{
    NATIVE_HOST, copy_program, for_page, host_of, path_of_curl, post_for_page, said_by,
};
use cpxd_tests::scripted::text_file;
use serde_json::json;

const PORTAL: &str = "https://portal.example";
const ALONE: [&str; 2] = [ORIGIN, ORIGIN];
const IN_THE_PORTAL: [&str; 2] = [ORIGIN, PORTAL];

fn refusal(answer: &Exchange) -> (u16, String) {
    (answer.status, answer.code())
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn granted(agent: &Agent, page: [&str; 2], rights: &[&str]) {
    let body = json!({ "rights": rights });
    let answer = post_for_page(agent, page, "/v1/grants/requests", &body);
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[test]
fn a_page_is_let_in_through_the_host_by_its_own_origin_and_the_one_around_it() {
    let agent = Agent::demo_beside_a_native_host(&[]);
    let cards = |page| refusal(&for_page(&agent, page, "/v1/cards", &[])).0;
    assert_eq!(cards(IN_THE_PORTAL), 403);
    granted(&agent, IN_THE_PORTAL, &["identify"]);
    assert_eq!(cards(IN_THE_PORTAL), 200);
    for other in [
        ALONE,
        [PORTAL, ORIGIN],
        [PORTAL, PORTAL],
        [ORIGIN, "https://evil.example"],
        ["https://sub.service.example", PORTAL],
        [ORIGIN, "https://portal.example:8443"],
    ] {
        assert_eq!(cards(other), 403, "{other:?}");
    }
    assert_eq!(page(&agent, ORIGIN, "/v1/cards", &[]).status, 403);
    let grants = agent.read_socket("/v1/grants").body;
    assert_eq!(grants["grants"][0]["topOrigin"], PORTAL, "{grants}");
}

#[test]
fn a_page_that_nothing_is_around_is_the_same_through_the_host_and_over_https() {
    let agent = Agent::demo_beside_a_native_host(&[]);
    assert_eq!(request_grant(&agent, ORIGIN, &["identify"]).status, 200);
    assert_eq!(for_page(&agent, ALONE, "/v1/cards", &[]).status, 200);
    assert_eq!(
        for_page(&agent, IN_THE_PORTAL, "/v1/cards", &[]).status,
        403
    );
}

#[test]
fn nobody_but_the_hosts_own_file_speaks_for_a_page_whatever_its_name() {
    let agent = Agent::demo_beside_a_native_host(&[]);
    granted(&agent, ALONE, &["identify"]);
    let folder = tempfile::tempdir().unwrap();
    let of_the_same_name = folder.path().join(NATIVE_HOST);
    copy_program(&path_of_curl(), &of_the_same_name);
    let beside_it = host_of(&agent).with_file_name("cpxd-native-host-2");
    copy_program(&host_of(&agent), &beside_it);
    let stated = ["-H", "Cpxd-Page-Origin: https://service.example"];
    let stated = [
        &stated[..],
        &["-H", "Cpxd-Top-Origin: https://service.example"],
    ]
    .concat();
    for speaker in [path_of_curl().as_path(), &of_the_same_name, &beside_it] {
        for path in ["/v1", "/v1/cards"] {
            let answer = said_by(speaker, &agent, path, &stated);
            let expected = refused(403, "origin-not-granted");
            assert_eq!(refusal(&answer), expected, "{speaker:?} {path}");
        }
        assert_eq!(said_by(speaker, &agent, "/v1/cards", &[]).status, 200);
    }
    let token = agent.authorization();
    let over_tls = agent.exchange("/v1/cards", &[&stated[..], &["-H", &token]].concat());
    assert_eq!(refusal(&over_tls), refused(403, "origin-not-granted"));

    // A host that was replaced while it ran is not the host any more.
    let host = host_of(&agent);
    let before = host.with_file_name("before");
    fs::rename(&host, &before).unwrap();
    let gone = said_by(&before, &agent, "/v1/cards", &stated);
    assert_eq!(refusal(&gone), refused(403, "origin-not-granted"));
    copy_program(&before, &host);
    let replaced = said_by(&before, &agent, "/v1/cards", &stated);
    assert_eq!(refusal(&replaced), refused(403, "origin-not-granted"));
    assert_eq!(said_by(&host, &agent, "/v1/cards", &stated).status, 200);
}

#[test]
fn what_a_host_says_of_a_page_by_halves_twice_or_in_another_form_is_refused() {
    let agent = Agent::demo_beside_a_native_host(&[]);
    granted(&agent, ALONE, &["identify"]);
    let (page, top) = (
        "Cpxd-Page-Origin: https://service.example",
        "Cpxd-Top-Origin: https://service.example",
    );
    let wrong_pages = [
        "Cpxd-Page-Origin: null",
        "Cpxd-Page-Origin;",
        "Cpxd-Page-Origin: http://service.example",
        "Cpxd-Page-Origin: https://service.example/",
        "Cpxd-Page-Origin: https://Service.example",
        "Cpxd-Page-Origin: https://service.example, https://service.example",
        "Cpxd-Page-Origin: chrome-extension://abcdefghijklmnop",
    ];
    let mut wrong = vec![
        vec![page],
        vec![top],
        vec![page, page, top],
        vec![page, top, top],
        vec![page, top, "Origin: https://service.example"],
        vec![page, "Cpxd-Top-Origin: null"],
        vec![page, "Cpxd-Top-Origin: http://portal.example"],
    ];
    wrong.extend(wrong_pages.map(|page| vec![page, top]));
    for headers in wrong {
        let arguments: Vec<_> = headers.iter().flat_map(|header| ["-H", header]).collect();
        for path in ["/v1", "/v1/cards"] {
            let answer = said_by(&host_of(&agent), &agent, path, &arguments);
            let expected = refused(403, "origin-not-granted");
            assert_eq!(refusal(&answer), expected, "{headers:?} {path}");
        }
    }
}

#[test]
fn the_host_without_a_page_is_a_program_like_any_other() {
    let agent = Agent::demo_beside_a_native_host(&[]);
    let host = host_of(&agent);
    assert_eq!(said_by(&host, &agent, "/v1/grants", &[]).status, 200);
    let path = path_of(&agent.card(), "/authenticate");
    let body = authenticate_body().to_string();
    let post = ["-H", CLIENT, "-H", JSON, "-d", &body];
    assert_eq!(said_by(&host, &agent, &path, &post).status, 200);
}

#[test]
fn a_page_through_the_host_is_held_to_all_rules_of_pages() {
    let agent = Agent::demo_beside_a_native_host(&[]);
    let card = agent.card();
    granted(&agent, IN_THE_PORTAL, &["identify", "authenticate"]);
    let post = |path: &str, body| post_for_page(&agent, IN_THE_PORTAL, path, &body);
    let authenticate = path_of(&card, "/authenticate");
    let token = post(&authenticate, json!({ "nonce": nonce() }));
    assert_eq!(token.status, 200, "{}", token.body);
    for (name, _) in &token.headers {
        assert!(
            !name.starts_with("access-control-"),
            "{name}: no CORS there"
        );
    }
    let named = post(&authenticate, json!({ "nonce": nonce(), "origin": ORIGIN }));
    assert_eq!(refusal(&named), refused(400, "bad-request"));
    assert_eq!(named.json()["reason"], "origin-named");
    let change = post(&path_of(&card, "/pin/change"), json!({}));
    assert_eq!(refusal(&change), refused(403, "right-missing"));
    let list = for_page(&agent, IN_THE_PORTAL, "/v1/grants", &[]);
    assert_eq!(refusal(&list), refused(403, "right-missing"));
    let pairing = post(
        "/v1/pairings",
        json!({ "name": "a", "rights": ["identify"] }),
    );
    assert_eq!(refusal(&pairing), refused(403, "origin-not-granted"));
    let with_token = ["-H", &agent.authorization()];
    let with_token = for_page(&agent, [PORTAL, PORTAL], "/v1/cards", &with_token);
    assert_eq!(refusal(&with_token), refused(403, "origin-not-granted"));
    let no_client = ["-H", JSON, "-d", "{}"];
    let no_client = for_page(&agent, IN_THE_PORTAL, &authenticate, &no_client);
    assert_eq!(refusal(&no_client), refused(400, "client-header-missing"));
    let preflight = ["-X", "OPTIONS", "-H", "Access-Control-Request-Method: POST"];
    let preflight = [&preflight[..], &["-H", CLIENT]].concat();
    let preflight = for_page(&agent, IN_THE_PORTAL, "/v1/cards", &preflight);
    assert_eq!(refusal(&preflight), refused(405, "not-found"));
}

#[test]
fn a_refused_page_is_remembered_through_the_host_as_the_pair_that_it_is() {
    let script = text_file("answers = [ { consent = false }, { consent = true } ]");
    let script = script.path().to_string_lossy().into_owned();
    let agent = Agent::demo_beside_a_native_host(&["--scripted-holder", &script]);
    let ask = |page| {
        let body = json!({ "rights": ["identify"] });
        refusal(&post_for_page(&agent, page, "/v1/grants/requests", &body))
    };
    assert_eq!(ask(IN_THE_PORTAL), refused(403, "cancelled"));
    assert_eq!(ask(IN_THE_PORTAL), refused(429, "rate-limited"));
    assert_eq!(ask(ALONE).0, 200, "another site");
    let journal = agent.cli(&["journal", "--json"]).stdout;
    let journal = String::from_utf8(journal).unwrap();
    assert!(journal.contains(PORTAL), "{journal}");
}

#[test]
fn an_agent_without_a_host_beside_it_believes_nobody() {
    let agent = Agent::demo(&[]);
    let stated = ["-H", "Cpxd-Page-Origin: https://service.example"];
    let stated = [
        &stated[..],
        &["-H", "Cpxd-Top-Origin: https://service.example"],
    ]
    .concat();
    let answer = said_by(Path::new("curl"), &agent, "/v1/cards", &stated);
    assert_eq!(refusal(&answer), refused(403, "origin-not-granted"));
}
