//! What goes wrong in the middle of an operation of `cpxd run`, on the real PC/SC stack.
#![cfg(target_os = "linux")]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "an agent that cannot be asked fails its test"
)]

use std::fs;
use std::process::Command;

use cpxd_tests::agent::Agent;
use cpxd_tests::operations::{assert_token, authenticate};
use cpxd_tests::pcsc_stack::{
    AGREEING, PcscService, Reader, TEST_ENVIRONMENT, THREE_LEFT, VirtualCardProgram,
};
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
        std::thread::sleep(std::time::Duration::from_millis(500));
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
        if inserted["reader"] == agent.reader(reader)["id"] {
            return json!({ "id": inserted["card"] });
        }
    }
}

fn signal(program: &VirtualCardProgram, signal: &str) {
    let pid = program.pid().to_string();
    let sent = Command::new("kill").args([signal, &pid]).status();
    assert!(sent.expect("kill starts").success());
}
