//! The life of the code on real PC/SC readers, on cards of both generations: blocked, unblocked,
//! blocked for good.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "an agent or a card that cannot be asked fails its test"
)]

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use cpxd_tests::agent::{Agent, Answer, CLIENT, JSON};
use cpxd_tests::calls::{authenticate_body, path_of};
use cpxd_tests::operations::{assert_signature, assert_token, authenticate, sign};
use cpxd_tests::pcsc_stack::{
    BLOCKED, PcscService, Reader, TEST_ENVIRONMENT, THREE_LEFT, VirtualCardProgram,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Every test is played on a card of both generations.
const GENERATIONS: [&str; 2] = ["cps3", "cps4"];
const WRONG: &str = r#"{ pin = "0000", new_pin = "4321", consent = true }"#;
const WRONG_UNBLOCK_CODE: &str =
    r#"{ unblock_code = "87654321", new_pin = "4321", consent = true }"#;

/// A workstation with one card, whose memory can be looked at without asking it, and an agent
/// whose holder gives these answers in turn.
struct Workstation {
    agent: Agent,
    _card: VirtualCardProgram,
    service: PcscService,
    folder: TempDir,
}

impl Workstation {
    fn with(kind: &str, answers: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let service = PcscService::start();
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let memory = [
            "--state-file",
            &path("card.json"),
            "--trace",
            &path("trace"),
        ];
        let card = service.plug(Reader::First, &[&["--card", kind], &memory[..]].concat());
        let holder = format!("answers = [ {} ]", answers.join(", "));
        let agent = service.agent(TEST_ENVIRONMENT, &holder, &[]);
        Self {
            agent,
            _card: card,
            service,
            folder,
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Tries left of the holder's code, tries and uses left of the unblock code: in the memory of
    /// the card, without a word to it.
    fn counters_of_the_card(&self) -> [u64; 3] {
        let state: Value =
            serde_json::from_slice(&fs::read(self.file("card.json")).unwrap()).unwrap();
        ["pinTriesLeft", "unblockTriesLeft", "unblockUsesLeft"]
            .map(|counter| state[counter].as_u64().unwrap())
    }

    /// Commands of this instruction that came to the card with a code in them.
    fn commands_with_a_code(&self, instruction: &str) -> usize {
        let trace = fs::read_to_string(self.file("trace")).unwrap();
        let commands = trace.lines().filter_map(|line| line.strip_prefix(">> "));
        let mut count = 0;
        for command in commands {
            let bytes: Vec<_> = command.split(' ').collect();
            if bytes[1] == instruction && bytes.len() > 5 {
                count += 1;
            }
        }
        count
    }

    fn call(&self, call: &str) -> Answer {
        let path = path_of(&self.agent.card(), call);
        self.agent.call_socket(&path, &json!({}))
    }

    fn card(&self) -> Value {
        self.agent.card()
    }
}

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, code: &str) {
    let said = (answer.status, answer.code());
    assert_eq!(said, (status, code), "{}", answer.text);
}

#[test]
fn a_card_blocked_by_three_wrong_codes_signs_again_after_its_unblock_code() {
    for kind in GENERATIONS {
        let right = r#"{ unblock_code = "12345678", new_pin = "4321" }"#;
        let new = r#"{ pin = "4321" }"#;
        let desk = Workstation::with(kind, &[WRONG, WRONG, WRONG, right, new, new]);
        let card = desk.card();
        for tries_left in [2, 1] {
            let refused = authenticate(&desk.agent, &card);
            assert_refused(&refused, 403, "pin-wrong");
            assert_eq!(refused.body["triesLeft"], tries_left, "{kind}");
        }
        assert_refused(&authenticate(&desk.agent, &card), 409, "pin-blocked");
        assert_refused(&sign(&desk.agent, &card), 409, "pin-blocked");
        assert_eq!(desk.card()["pin"]["state"], "blocked", "{kind}");
        assert_eq!(desk.counters_of_the_card(), [0, 10, 100], "{kind}");
        assert_eq!(desk.commands_with_a_code("20"), 3, "{kind}");

        let unblocked = desk.call("/pin/unblock");
        assert_eq!(unblocked.status, 200, "{kind}: {}", unblocked.text);
        assert_eq!(unblocked.body["pin"]["state"], "ready", "{kind}");
        assert_eq!(unblocked.body["pin"]["triesLeft"], 3, "{kind}");
        assert_eq!(desk.counters_of_the_card(), [3, 10, 99], "{kind}");
        assert_signature(&sign(&desk.agent, &card));
        assert_token(&authenticate(&desk.agent, &card));
        if kind == "cps3" {
            assert_eq!(desk.service.pin_state(Reader::First), THREE_LEFT);
        }
    }
}

#[test]
fn a_card_without_tries_of_its_unblock_code_is_blocked_for_good_and_its_holder_knows_what_to_do() {
    for kind in GENERATIONS {
        let answers = [vec![WRONG; 3], vec![WRONG_UNBLOCK_CODE; 10]].concat();
        let desk = Workstation::with(kind, &answers);
        let card = desk.card();
        for _ in 0..3 {
            assert!(authenticate(&desk.agent, &card).code().starts_with("pin-"));
        }
        for tries_left in (1..=9).rev() {
            let refused = desk.call("/pin/unblock");
            assert_refused(&refused, 403, "unblock-wrong");
            assert_eq!(refused.body["triesLeft"], tries_left, "{kind}");
        }
        let end = desk.call("/pin/unblock");
        for refused in [
            end,
            desk.call("/pin/unblock"),
            desk.call("/pin/change"),
            authenticate(&desk.agent, &card),
            sign(&desk.agent, &card),
        ] {
            assert_refused(&refused, 409, "card-definitively-blocked");
            let detail = refused.body["detail"].as_str().unwrap();
            let detail = with_plain_spaces(detail);
            for words in [
                "Trop de codes faux ont été saisis",
                "Cette carte ne servira plus",
                "Demandez une nouvelle carte : appelez le 0 809 40 00 82",
            ] {
                assert!(detail.contains(words), "{kind}: {detail}");
            }
        }
        assert_eq!(desk.counters_of_the_card(), [0, 0, 100], "{kind}");
        assert_eq!(desk.commands_with_a_code("20"), 3 + 10, "{kind}");
        assert_eq!(desk.card()["pin"]["state"], "definitivelyBlocked", "{kind}");
        assert_eq!(desk.card()["unblockCode"]["state"], "blocked", "{kind}");
        assert_the_end_is_told_in_english(&desk);
        if kind == "cps3" {
            assert_eq!(desk.service.pin_state(Reader::First), BLOCKED);
        }
    }
}

fn assert_the_end_is_told_in_english(desk: &Workstation) {
    let english = ["-H", CLIENT, "-H", JSON, "-H", "Accept-Language: en"];
    let body = authenticate_body().to_string();
    let path = path_of(&desk.card(), "/authenticate");
    let refused = desk
        .agent
        .curl_socket(&path, &[&english[..], &["-d", &body]].concat());
    let told = desk.agent.cli(&["pin", "unblock"]);
    assert_eq!(told.status.code(), Some(6));
    for text in [with_plain_spaces(&refused.text), said(&told)] {
        for words in [
            "Too many wrong codes were typed",
            "can never be used again",
            "Ask for a new card: call 0 809 40 00 82",
        ] {
            assert!(text.contains(words), "{text}");
        }
    }
    let status = desk.agent.cli(&["pin", "status"]);
    assert!(said(&status).contains("blocked for good"), "{status:?}");
}

fn said(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    with_plain_spaces(&String::from_utf8(text).unwrap())
}

fn with_plain_spaces(text: &str) -> String {
    text.replace('\u{a0}', " ")
}
