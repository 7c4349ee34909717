//! What goes wrong in the middle of an operation of `cpxd run`, on the real PC/SC stack.
#![cfg(target_os = "linux")]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "an agent that cannot be asked fails its test"
)]

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use cpxd_tests::agent::Agent;
use cpxd_tests::operations::{assert_token, authenticate};
use cpxd_tests::pcsc_stack::{
    AGREEING, PcscService, Reader, TEST_ENVIRONMENT, THREE_LEFT, VirtualCardProgram,
};
use cpxd_tests::waiting::until;
use serde_json::{Value, json};

#[test]
fn a_card_pulled_in_mid_command_is_told_as_removed_and_not_as_mute() {
    for kind in ["cps3", "cps4"] {
        let service = PcscService::start();
        let known = commands_until_known(&service, kind);
        for command in [1, 3, 5] {
            let fault = format!("removal-after@{}", known + command);
            let _card = service.plug(Reader::First, &["--card", kind, "--fault", &fault]);
            let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
            let card = agent.card();
            let answer = authenticate(&agent, &card);
            assert_eq!(
                answer.code(),
                "card-removed",
                "{kind} {fault}: {}",
                answer.text
            );
            let _card = service.plug(Reader::First, &["--card", kind]);
            assert_token(&authenticate(&agent, &agent.card()));
        }
    }
}

#[test]
fn a_card_that_never_answers_costs_its_reader_until_the_next_card_and_does_not_keep_the_agent() {
    let service = PcscService::start();
    let known = commands_until_known(&service, "cps3");
    let fault = format!("silence@{}", known + 3);
    let silent = service.plug(Reader::First, &["--fault", &fault]);
    let _other = service.plug(Reader::Second, &["--card", "cps4", "--key-set", "2"]);
    let mut agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let [card, other] = [Reader::First, Reader::Second].map(|reader| inserted(&agent, reader));
    let _one_look_each = agent.read_socket("/v1/cards");
    let events = agent.events();
    std::thread::scope(|scope| {
        let answer = scope.spawn(|| authenticate(&agent, &card));
        let _ = events.wait_for("prompt-closed");
        assert_token(&authenticate(&agent, &other));
        let answer = answer.join().expect("an answer");
        assert_eq!(answer.code(), "card-mute", "{}", answer.text);
    });
    assert_eq!(agent.reader(Reader::First)["state"], "unreachable");
    silent.pull();
    // A card that is back before pcscd has missed the other one would not be announced.
    until("the empty reader", || {
        (agent.reader(Reader::First)["state"] == "empty").then_some(())
    });
    let _card = service.plug(Reader::First, &[]);
    assert_eq!(events.wait_for("card-inserted").data["card"], card["id"]);
    assert_token(&authenticate(&agent, &card));
    assert!(agent.stop().success());
}

#[test]
fn a_card_that_slept_and_was_reset_is_used_again_and_no_try_is_lost() {
    let service = PcscService::start();
    let program = service.plug(Reader::First, &[]);
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let card = agent.card();
    signal(&program, "-STOP");
    let answer = std::thread::scope(|scope| {
        let answer = scope.spawn(|| authenticate(&agent, &card));
        sleep(Duration::from_millis(500));
        signal(&program, "-CONT");
        answer.join().expect("an answer")
    });
    assert_token(&answer);
    signal(&program, "-STOP");
    signal(&program, "-CONT");
    service.opensc("opensc-tool", &["--reset=cold"]).success();
    assert_token(&authenticate(&agent, &card));
    assert_eq!(service.pin_state(Reader::First), THREE_LEFT);
}

#[test]
fn a_card_that_was_out_for_less_than_the_service_notices_is_used_again() {
    for clients in [0, 3] {
        let service = PcscService::start();
        let state = service.file("").with_extension("card");
        let arguments = ["--state-file", &state.to_string_lossy()];
        let address = service.vpcd_address(Reader::First);
        let mut program = service.plug(Reader::First, &arguments);
        let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
        let card = agent.card();
        for pull in 0..PULLS {
            let is_back = AtomicBool::new(false);
            program = std::thread::scope(|scope| {
                for _ in 0..clients {
                    scope.spawn(|| {
                        while !is_back.load(Ordering::Relaxed) {
                            let _ = authenticate(&agent, &card);
                        }
                    });
                }
                sleep(Duration::from_millis(u64::from(pull * 37 % 200)));
                program.pull();
                sleep(Duration::from_millis(u64::from(100 + pull * 37 % 100)));
                is_back.store(true, Ordering::Relaxed);
                VirtualCardProgram::plug(&address, &arguments)
            });
            until("the card is used again", || {
                (authenticate(&agent, &card).status == 200).then_some(())
            });
        }
        assert_eq!(agent.tries_left(), 3);
    }
}

#[test]
fn of_four_cards_in_two_readers_none_gets_a_code_that_was_typed_for_another() {
    let service = PcscService::start();
    let known = commands_until_known(&service, "cps3");
    for command in [2, 4] {
        let fault = format!("removal-after@{}", known + command);
        let _first = service.plug(Reader::First, &["--fault", &fault]);
        let second = service.plug(Reader::Second, &["--key-set", "2", "--card-number", SECOND]);
        let slow_holder = "pin = \"1234\"\ndelay_ms = 5000";
        let agent = service.agent(TEST_ENVIRONMENT, slow_holder, &[]);
        let seen = [Reader::First, Reader::Second].map(|reader| inserted(&agent, reader));
        let _one_look = agent.read_socket("/v1/cards");
        let traces = [service.file(""), service.file("")];
        let [third_trace, fourth_trace] = traces.each_ref().map(|path| path.to_string_lossy());
        let third = [
            "--key-set",
            "3",
            "--card-number",
            THIRD,
            "--trace",
            &third_trace,
        ];
        let fourth = [
            "--key-set",
            "4",
            "--card-number",
            FOURTH,
            "--trace",
            &fourth_trace,
        ];

        // The first leaves between two commands of its own use.
        let answer = authenticate(&agent, &seen[0]);
        assert_eq!(answer.code(), "card-removed", "{fault}: {}", answer.text);
        let _third = service.plug(Reader::First, &third);
        // The second leaves while its holder types.
        let events = agent.events();
        let (answer, _fourth) = std::thread::scope(|scope| {
            let answer = scope.spawn(|| authenticate(&agent, &seen[1]));
            let _ = events.wait_for("prompt-opened");
            second.pull();
            until("the empty reader", || {
                (agent.reader(Reader::Second)["state"] == "empty").then_some(())
            });
            let fourth = service.plug(Reader::Second, &fourth);
            (answer.join().expect("an answer"), fourth)
        });
        assert_eq!(answer.code(), "card-removed", "{}", answer.text);
        let shown = until("two other cards", || two_cards(&agent));
        for trace in &traces {
            let text = fs::read_to_string(trace).expect("the trace");
            assert!(text.contains(">> 00 A4"), "the card was not read");
            let codes = text.lines().filter(|line| line.starts_with(">> 00 20"));
            for verify in codes {
                assert_eq!(verify, ">> 00 20 00 01 00", "only empty VERIFY");
            }
        }
        for card in shown {
            assert!(!seen.iter().any(|seen| seen["id"] == card["id"]));
            assert_token(&authenticate(&agent, &card));
        }
    }
}

/// How many commands an agent sends to a card that it sees for the first time, and then looks at once.
fn commands_until_known(service: &PcscService, kind: &str) -> usize {
    let trace = service.file("");
    let path = trace.to_string_lossy();
    let _card = service.plug(Reader::First, &["--card", kind, "--trace", &path]);
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let _ = agent.card();
    let text = fs::read_to_string(&trace).expect("the trace");
    text.lines().filter(|line| line.starts_with(">>")).count()
}

/// The card in a reader, without a command to it.
fn inserted(agent: &Agent, reader: Reader) -> Value {
    let events = agent.events_after(1);
    loop {
        let inserted = events.wait_for("card-inserted").data;
        // A card put in right behind another is first told of without its name.
        if inserted["card"].is_string() && inserted["reader"] == agent.reader(reader)["id"] {
            return json!({ "id": inserted["card"] });
        }
    }
}

fn two_cards(agent: &Agent) -> Option<[Value; 2]> {
    let listed = agent.read_socket("/v1/cards").body;
    let cards = listed["cards"].as_array()?.clone();
    cards.try_into().ok()
}

fn signal(program: &VirtualCardProgram, signal: &str) {
    let pid = program.pid().to_string();
    let sent = Command::new("kill").args([signal, &pid]).status();
    assert!(sent.expect("kill starts").success());
}

const PULLS: u32 = 12;
const SECOND: &str = "9999654321";
const THIRD: &str = "9999333333";
const FOURTH: &str = "9999444444";
