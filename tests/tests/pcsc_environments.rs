//! Test and production, which are never mixed; and what is odd about a card and harms nobody.
#![cfg(target_os = "linux")]
#![expect(
    clippy::indexing_slicing,
    reason = "an agent that cannot be asked fails its test"
)]

use card_emulator::ClaimedEnvironment;
use cpxd_tests::agent::Agent;
use cpxd_tests::calls::{authenticate_body, path_of, sign_body};
use cpxd_tests::odd_card::OddCard;
use cpxd_tests::operations::{assert_token, authenticate, sign};
use cpxd_tests::pcsc_stack::{AGREEING, PcscService, Reader, TEST_ENVIRONMENT};
use cpxd_tests::waiting::until;
use serde_json::json;

const PRODUCTION_ENVIRONMENT: &str = "environment = \"production\"";

#[test]
fn a_demo_refuses_a_production_card_whatever_its_readers() {
    let service = PcscService::start();
    let card = OddCard::plug(
        &service.vpcd_address(Reader::First),
        ClaimedEnvironment::Production,
    );
    let agent = Agent::demo_in(
        &service.client_environment(),
        &["--reader-source", "pcsc", "--reader-source", "virtual"],
    );
    assert_mismatch(&agent);
    let others = agent.card();
    assert_eq!(others["environment"], "test", "the virtual card is there");
    assert_token(&authenticate(&agent, &others));
    assert_eq!(card.codes_sent(), 0);
}

#[test]
fn the_scripted_holder_answers_nothing_for_a_production_card() {
    let service = PcscService::start();
    let odd = OddCard::plug(
        &service.vpcd_address(Reader::First),
        ClaimedEnvironment::Production,
    );
    let agent = service.agent(PRODUCTION_ENVIRONMENT, AGREEING, &[]);
    let card = agent.card();
    assert_eq!(card["environment"], "production");
    for (call, body) in [
        ("/authenticate", authenticate_body()),
        ("/sign", sign_body(&["Ordonnance"])),
        ("/pin/change", json!({})),
    ] {
        let answer = agent.call_socket(&path_of(&card, call), &body);
        let refused = (answer.status, answer.code());
        assert_eq!(refused, (403, "cancelled"), "{call}: {}", answer.text);
    }
    assert_eq!(odd.codes_sent(), 0);
    assert_eq!(agent.tries_left(), 3);
}

#[test]
fn a_card_of_the_other_environment_is_listed_and_not_used() {
    let service = PcscService::start();
    let odd = OddCard::plug(
        &service.vpcd_address(Reader::First),
        ClaimedEnvironment::Production,
    );
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let card = agent.card();
    assert_eq!(card["environment"], "production");
    for answer in [authenticate(&agent, &card), sign(&agent, &card)] {
        let refused = (answer.status, answer.code());
        assert_eq!(refused, (409, "environment-mismatch"), "{}", answer.text);
    }
    assert_eq!(odd.codes_sent(), 0);
}

#[test]
fn a_card_of_both_environments_belongs_to_none() {
    for configuration in [TEST_ENVIRONMENT, PRODUCTION_ENVIRONMENT] {
        let service = PcscService::start();
        let odd = OddCard::plug(
            &service.vpcd_address(Reader::First),
            ClaimedEnvironment::Mixed,
        );
        let agent = service.agent(configuration, AGREEING, &[]);
        assert_mismatch(&agent);
        assert_eq!(agent.read_socket("/v1/cards").body, json!({ "cards": [] }));
        let status = agent.cli(&["status"]);
        let said = String::from_utf8_lossy(&status.stdout).into_owned();
        assert!(said.contains("Test card and real card mixed"), "{said}");
        assert_eq!(odd.codes_sent(), 0, "{configuration}");
    }
}

#[test]
fn a_wrong_check_digit_is_told_and_keeps_nobody_from_working() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &["--national-id", "899700000014"]);
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let card = agent.card();
    assert_eq!(card["holder"]["nationalId"], "899700000014");
    assert_eq!(card["warnings"], json!(["national-id-check-digit"]));
    assert!(agent.log().contains("national-id-check-digit"));
    assert!(!agent.log().contains("899700000014"), "it names the holder");
    let status = agent.cli(&["status"]);
    let said = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(said.contains("the last digit"), "{said}");
    assert_token(&authenticate(&agent, &card));
}

/// Waits until the first reader holds a card that is refused for its environment.
#[track_caller]
fn assert_mismatch(agent: &Agent) {
    let reader = until("a card in the first reader", || {
        let reader = agent.reader(Reader::First);
        (reader["state"] == "card" && reader["problem"].is_string()).then_some(reader)
    });
    assert_eq!(reader["problem"], "environment-mismatch", "{reader}");
}
