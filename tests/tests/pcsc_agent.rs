//! `cpxd run` on a real PC/SC reader: what it shows, makes and refuses with one card.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "an agent that cannot be asked fails its test"
)]

use std::fs;
use std::path::Path;
use std::process::Output;

use cpxd_tests::calls::{ORIGIN, nonce, path_of};
use cpxd_tests::judge::{bytes, certificates_in_pem, openssl_accepts_chain};
use cpxd_tests::operations::{DOCUMENT, assert_signature, assert_token, authenticate, sign};
use cpxd_tests::pcsc_stack::{
    AGREEING, BLOCKED, ONE_LEFT, PcscService, Reader, TEST_ENVIRONMENT, THREE_LEFT, TWO_LEFT,
};
use serde_json::{Value, json};

#[test]
fn the_command_line_and_the_api_show_the_same_card() {
    let service = PcscService::start();
    let _card = service.plug(
        Reader::First,
        &["--family-name", "MARTIN", "--given-name", "LOU"],
    );
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let card = agent.card();
    assert_eq!(card["generation"], "CPS3");
    assert_eq!(card["type"], "CPS");
    assert_eq!(card["environment"], "test");
    assert_eq!(card["number"], "9999123456");
    assert_eq!(card["holder"]["familyName"], "MARTIN");
    assert_eq!(card["holder"]["givenName"], "LOU");
    assert_eq!(card["pin"]["triesLeft"], 3);

    let listed: Value = serde_json::from_str(&success(&agent.cli(&["cards", "--json"]))).unwrap();
    assert_eq!(listed, agent.read_socket("/v1/cards").body);
    let status = success(&agent.cli(&["status"]));
    for word in ["VirtualPCD 00 00", "LOU MARTIN", "9999123456"] {
        assert!(status.contains(word), "{status}");
    }
    assert_eq!(agent.reader(Reader::First)["state"], "card");
    assert_eq!(agent.reader(Reader::Second)["state"], "empty");

    let pem = success(&agent.cli(&["certificates", "--pem"]));
    let certificates = certificates_in_pem(&pem);
    assert_eq!(certificates.len(), 2);
    for (role, purpose) in [("authentication", "sslclient"), ("signature", "smimesign")] {
        let path = path_of(&card, &format!("/certificates/{role}"));
        let certificate = bytes(&agent.read_socket(&path).body["certificate"]);
        assert!(certificates.contains(&certificate), "{role}");
        assert!(openssl_accepts_chain(&certificate, purpose), "{role}");
        let pem = success(&agent.cli(&["certificates", "--role", role, "--pem"]));
        assert_eq!(certificates_in_pem(&pem), [certificate]);
    }
}

#[test]
fn the_command_line_and_the_api_make_the_same_token_and_openssl_verifies_it() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &[]);
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let card = agent.card();
    let printed = success(&agent.cli(&["authenticate", "--origin", ORIGIN, "--nonce", &nonce()]));
    let token: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(token["format"], "web-eid:1.0");
    assert_eq!(token["algorithm"], "RS256");
    let answer = authenticate(&agent, &card);
    assert_token(&answer);
    // RSA with PKCS#1 padding signs the same bytes the same way.
    assert_eq!(answer.body, token);
}

#[test]
fn the_command_line_and_the_api_make_the_same_signature_and_openssl_verifies_it() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &[]);
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let card = agent.card();
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("ordonnance.txt");
    fs::write(&document, DOCUMENT).unwrap();
    success(&agent.cli(&["sign", document.to_str().unwrap()]));
    let signature = fs::read(folder.path().join("ordonnance.txt.sig")).unwrap();
    assert_eq!(assert_signature(&sign(&agent, &card)), signature);
}

#[test]
fn a_wrong_code_costs_exactly_one_try_and_says_that_two_are_left() {
    let folder = tempfile::tempdir().unwrap();
    let state_file = folder.path().join("card.json");
    let service = PcscService::start();
    let _card = service.plug(
        Reader::First,
        &["--state-file", state_file.to_str().unwrap()],
    );
    let agent = service.agent(TEST_ENVIRONMENT, "pin = \"0000\"", &[]);
    let card = agent.card();
    let refused = authenticate(&agent, &card);
    assert_eq!(refused.code(), "pin-wrong", "{}", refused.text);
    assert_eq!(refused.body["triesLeft"], 2);

    assert_eq!(agent.card()["pin"]["triesLeft"], 2);
    success(&agent.cli(&["status"]));
    success(&agent.cli(&["pin", "status"]));
    drop(agent);
    assert_eq!(tries_left_on(&state_file), 2);
    assert_eq!(service.pin_state(Reader::First), TWO_LEFT);
}

#[test]
fn three_wrong_codes_block_the_card_and_no_further_code_is_asked_for() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &[]);
    let holder = "pin = \"0000\"\nconsent = true";
    let agent = service.agent(TEST_ENVIRONMENT, holder, &[]);
    let card = agent.card();
    let mut exit_codes = Vec::new();
    for _ in 0..4 {
        let output = agent.cli(&["authenticate", "--origin", ORIGIN, "--nonce", &nonce()]);
        exit_codes.push(output.status.code());
    }
    assert_eq!(exit_codes, [Some(5), Some(5), Some(6), Some(6)]);
    let refused = authenticate(&agent, &card);
    assert_eq!(refused.code(), "pin-blocked", "{}", refused.text);
    let pin = agent.card()["pin"].clone();
    assert_eq!(
        pin,
        json!({ "state": "blocked", "triesLeft": 0, "triesMaximum": 3 })
    );
    assert_eq!(service.pin_state(Reader::First), BLOCKED);
}

#[test]
fn the_last_try_is_not_risked_without_the_holders_word() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &[]);
    let verify = ["--verify-pin", "--auth-id", "01", "--pin", "0000"];
    for _ in 0..2 {
        service.opensc("pkcs15-tool", &verify).failure();
    }
    let agent = service.agent(TEST_ENVIRONMENT, "pin = \"1234\"", &[]);
    let card = agent.card();
    assert_eq!(card["pin"]["triesLeft"], 1);
    let refused = authenticate(&agent, &card);
    assert_eq!(refused.code(), "last-try-not-confirmed", "{}", refused.text);
    assert_eq!(service.pin_state(Reader::First), ONE_LEFT);
}

#[test]
fn an_agent_of_the_production_environment_spends_nothing_on_a_test_card() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &[]);
    let agent = service.agent("", AGREEING, &[]);
    let card = agent.card();
    for refused in [authenticate(&agent, &card), sign(&agent, &card)] {
        assert_eq!(refused.code(), "environment-mismatch", "{}", refused.text);
    }
    assert_eq!(service.pin_state(Reader::First), THREE_LEFT);
}

/// What the command printed, provided that its exit code was 0.
fn success(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The counter in the memory of the virtual card.
fn tries_left_on(state_file: &Path) -> u64 {
    let state: Value = serde_json::from_slice(&fs::read(state_file).unwrap()).unwrap();
    state["pinTriesLeft"].as_u64().unwrap()
}
