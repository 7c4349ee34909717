//! Cards, readers and the PC/SC service itself come and go while `cpxd run` watches.
#![cfg(target_os = "linux")]
#![expect(
    clippy::indexing_slicing,
    reason = "an agent that cannot be asked fails its test"
)]

use std::fs;

use cpxd_tests::agent::Agent;
use cpxd_tests::calls::{ORIGIN, nonce, path_of};
use cpxd_tests::foreign_card::ForeignCard;
use cpxd_tests::judge::bytes;
use cpxd_tests::operations::{assert_signature, assert_token, authenticate, sign};
use cpxd_tests::pcsc_stack::{AGREEING, PcscService, Reader, TEST_ENVIRONMENT};
use cpxd_tests::waiting::until;
use serde_json::{Value, json};

#[test]
fn a_card_that_is_pulled_is_gone_at_once_and_has_its_name_again_when_it_comes_back() {
    let service = PcscService::start();
    let card_program = service.plug(Reader::First, FIRST_HOLDER);
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let card = agent.card();
    let events = agent.events();

    card_program.pull();
    let removed = events.wait_for("card-removed");
    assert_eq!(removed.data["card"], card["id"]);
    assert_eq!(removed.data["reader"], card["reader"]);
    assert_no_card(&agent);
    assert_eq!(agent.reader(Reader::First)["state"], "empty");
    for path in ["", "/certificates/authentication"] {
        let answer = agent.read_socket(&path_of(&card, path));
        assert_eq!(answer.code(), "card-removed", "{}", answer.text);
    }
    for answer in [authenticate(&agent, &card), sign(&agent, &card)] {
        assert_eq!(answer.code(), "card-removed", "{}", answer.text);
    }
    let command = agent.cli(&["authenticate", "--origin", ORIGIN, "--nonce", &nonce()]);
    assert_eq!(command.status.code(), Some(4), "{command:?}");
    let by_name = ["--card", card["id"].as_str().unwrap()];
    let arguments = ["authenticate", "--origin", ORIGIN, "--nonce", &nonce()];
    let command = agent.cli(&[&arguments[..], &by_name].concat());
    assert_eq!(command.status.code(), Some(4), "it was there: {command:?}");

    let _card_program = service.plug(Reader::First, FIRST_HOLDER);
    let inserted = events.wait_for("card-inserted");
    assert_eq!(inserted.data["card"], card["id"]);
    assert_eq!(agent.card(), card);
    assert_token(&authenticate(&agent, &card));
}

#[test]
fn another_card_in_the_same_reader_shows_nothing_of_the_one_before() {
    let service = PcscService::start();
    let card_program = service.plug(Reader::First, FIRST_HOLDER);
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let first = agent.card();
    let first_certificate = assert_token(&authenticate(&agent, &first));
    let events = agent.events();

    card_program.pull();
    // A card that is back before the service looks was never away.
    assert_eq!(events.wait_for("card-removed").data["card"], first["id"]);
    let _card_program = service.plug(Reader::First, SECOND_HOLDER);
    let inserted = events.wait_for("card-inserted");
    let second = agent.card();
    assert_eq!(inserted.data["card"], second["id"]);
    assert_eq!(second["reader"], first["reader"]);
    for field in ["id", "number", "holder", "certificates"] {
        assert_ne!(second[field], first[field], "{field}");
    }
    assert_eq!(second["number"], SECOND_NUMBER);
    let listed = String::from_utf8(agent.cli(&["cards"]).stdout).unwrap();
    assert!(listed.contains(SECOND_NUMBER), "{listed}");
    assert!(!listed.contains(FIRST_NUMBER), "{listed}");
    assert_ne!(
        assert_token(&authenticate(&agent, &second)),
        first_certificate
    );
    assert_signature(&sign(&agent, &second));
    let answer = authenticate(&agent, &first);
    assert_eq!(answer.code(), "card-removed", "{}", answer.text);
}

#[test]
fn a_code_typed_for_one_card_is_never_sent_to_the_card_put_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let service = PcscService::start();
    let card_program = service.plug(Reader::First, FIRST_HOLDER);
    let slow_holder = "pin = \"1234\"\ndelay_ms = 8000";
    let agent = service.agent(TEST_ENVIRONMENT, slow_holder, &[]);
    let first = agent.card();
    let events = agent.events();
    let (answer, _card_program) = std::thread::scope(|scope| {
        let answer = scope.spawn(|| authenticate(&agent, &first));
        let _ = events.wait_for("prompt-opened");
        card_program.pull();
        let _ = events.wait_for("card-removed");
        let arguments = [SECOND_HOLDER, &["--trace", trace.to_str().unwrap()]].concat();
        let card_program = service.plug(Reader::First, &arguments);
        (answer.join().unwrap(), card_program)
    });
    assert_eq!(answer.code(), "card-removed", "{}", answer.text);
    assert_eq!(agent.card()["number"], SECOND_NUMBER);
    let trace = fs::read_to_string(trace).unwrap();
    assert!(trace.contains(">> 00 A4"), "the second card was not read");
    let codes = trace.lines().filter(|line| line.starts_with(">> 00 20"));
    for verify in codes {
        assert_eq!(verify, ">> 00 20 00 01 00", "only empty VERIFY");
    }
}

#[test]
fn two_cards_in_two_readers_are_each_used_by_their_own_name() {
    let service = PcscService::start();
    let _cards = [
        service.plug(Reader::First, FIRST_HOLDER),
        service.plug(Reader::Second, SECOND_HOLDER),
    ];
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let [first, second] = until("two cards", || two_cards(&agent));
    assert_ne!(first["reader"], second["reader"]);
    let certificates = [&first, &second].map(|card| assert_token(&authenticate(&agent, card)));
    assert_ne!(certificates[0], certificates[1]);

    let authenticate = ["authenticate", "--origin", ORIGIN, "--nonce", &nonce()];
    let undecided = agent.cli(&authenticate);
    assert_eq!(undecided.status.code(), Some(2), "{undecided:?}");
    for (card, certificate) in [&first, &second].into_iter().zip(&certificates) {
        let chosen = ["--card", card["id"].as_str().unwrap()];
        let output = agent.cli(&[&authenticate[..], &chosen].concat());
        let token: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(&bytes(&token["unverifiedCertificate"]), certificate);
    }
}

#[test]
fn a_service_that_stops_and_starts_again_gives_readers_and_card_back() {
    let mut service = PcscService::start();
    let card_program = service.plug(Reader::First, FIRST_HOLDER);
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let card = agent.card();
    let events = agent.events();

    service.stop();
    drop(card_program);
    assert_eq!(events.wait_for("card-removed").data["card"], card["id"]);
    until("the loss of the service", || {
        is_missing(&agent).then_some(())
    });
    assert_no_card(&agent);
    assert_eq!(agent.reader(Reader::First), Value::Null);
    let answer = authenticate(&agent, &card);
    assert_eq!(answer.code(), "card-removed", "{}", answer.text);

    service.launch();
    let _card_program = service.plug(Reader::First, FIRST_HOLDER);
    assert_eq!(events.wait_for("card-inserted").data["card"], card["id"]);
    assert!(!is_missing(&agent));
    assert_eq!(agent.card(), card);
    assert_token(&authenticate(&agent, &card));
    assert_eq!(agent.reader(Reader::Second)["state"], "empty");
}

#[test]
fn an_agent_that_starts_before_the_service_says_so_and_needs_no_restart() {
    let mut service = PcscService::not_running();
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    until("the missing service", || is_missing(&agent).then_some(()));
    let status = agent.cli(&["status"]);
    let status = String::from_utf8(status.stdout).unwrap();
    assert!(status.contains("PC/SC"), "{status}");
    let nonce = nonce();
    let authenticate_now = ["authenticate", "--origin", ORIGIN, "--nonce", &nonce];
    for arguments in [&authenticate_now[..], &["cards"], &["readers"]] {
        let command = agent.cli(arguments);
        let complaint = String::from_utf8(command.stderr).unwrap();
        assert_eq!(command.status.code(), Some(1), "{complaint}");
        assert!(complaint.contains("PC/SC"), "{complaint}");
    }

    service.launch();
    let _card_program = service.plug(Reader::First, FIRST_HOLDER);
    let card = agent.card();
    assert!(!is_missing(&agent));
    assert_token(&authenticate(&agent, &card));
}

#[test]
fn a_card_that_is_none_of_ours_is_named_and_left_alone() {
    let service = PcscService::start();
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let events = agent.events();
    for (reader, atr, problem) in [
        (Reader::First, FOREIGN_ATR, "card-unknown"),
        (Reader::Second, CPS2TER_ATR, "card-unsupported"),
    ] {
        let foreign = ForeignCard::plug(&service.vpcd_address(reader), atr);
        let inserted = events.wait_for("card-inserted");
        assert_eq!(inserted.data["card"], Value::Null);
        let listed = agent.reader(reader);
        assert_eq!(inserted.data["reader"], listed["id"]);
        assert_eq!(listed["problem"], problem);
        assert_eq!(listed["atr"], atr);
        let readers = String::from_utf8(agent.cli(&["readers"]).stdout).unwrap();
        assert!(readers.contains(atr), "{readers}");
        assert_eq!(foreign.commands(), 0);
        assert_no_card(&agent);
    }
}

fn assert_no_card(agent: &Agent) {
    let listed = agent.read_socket("/v1/cards");
    assert_eq!(listed.body["cards"], json!([]));
}

fn is_missing(agent: &Agent) -> bool {
    agent.read_socket("/v1/status").body["state"] == "pcscUnavailable"
}

fn two_cards(agent: &Agent) -> Option<[Value; 2]> {
    let listed = agent.read_socket("/v1/cards").body;
    let cards = listed["cards"].as_array()?.clone();
    cards.try_into().ok()
}

const FIRST_HOLDER: &[&str] = &["--card-number", FIRST_NUMBER];
const FIRST_NUMBER: &str = "9999123456";
const SECOND_HOLDER: &[&str] = &["--key-set", "2", "--card-number", SECOND_NUMBER];
const SECOND_NUMBER: &str = "9999654321";
const FOREIGN_ATR: &str = "3B 68 00 00 00 73 C8 40 12 00 90 00";
const CPS2TER_ATR: &str = "3B AC 00 40 2A 00 12 25 00 64 80 82 02 12 00 90 00";
