//! What a caller of the agent sees, and that the agent goes on.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use card_emulator::DemoCard;
use card_emulator::pki::KeySet;
use cpxd_tests::agent::{Agent, Answer};
use cpxd_tests::calls::path_of;
use cpxd_tests::operations::{assert_signature, assert_token, authenticate, sign};
use cpxd_tests::programs::test_module;
use cpxd_tests::scripted::text_file;
use cpxd_tests::soft_reader::SoftReader;
use cpxd_tests::token_user::TokenUser;
use cpxd_tests::waiting::until;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::faults::{FUNCTIONS, Fault};

/// An agent on the reader behind a module.
pub(crate) struct Desk {
    pub(crate) agent: Agent,
    _files: [NamedTempFile; 2],
}

impl Desk {
    /// With the test module, and a holder who gives these answers in turn.
    pub(crate) fn new(reader: &SoftReader, holder: &str) -> Self {
        Self::with_module(reader, &test_module(), holder, &[])
    }

    pub(crate) fn with_module(
        reader: &SoftReader,
        module: &Path,
        holder: &str,
        more: &[&str],
    ) -> Self {
        let files = [text_file("environment = \"test\""), text_file(holder)];
        let [configuration, script] = files.each_ref().map(|file| path_text(file.path()));
        let source = format!("pkcs11:{}", module.display());
        let arguments = [
            "--reader-source",
            &source,
            "--config",
            &configuration,
            "--scripted-holder",
            &script,
        ];
        let environment = reader.environment();
        let environment: Vec<_> = environment
            .into_iter()
            .map(|(name, value): (_, PathBuf)| (name, OsString::from(value)))
            .collect();
        Self {
            agent: Agent::run_in(&environment, &[&arguments, more].concat()),
            _files: files,
        }
    }

    fn authenticate(&self) -> Answer {
        authenticate(&self.agent, &self.agent.card())
    }

    fn post(&self, call: &str) -> Answer {
        let path = path_of(&self.agent.card(), call);
        self.agent.call_socket(&path, &json!({}))
    }

    /// The card, once it can be used again.
    fn authenticates_again(&self) {
        let answer = until("a token", || {
            let answer = self.authenticate();
            (answer.status == 200).then_some(answer)
        });
        assert_token(&answer);
    }
}

fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// A holder who types these codes in turn.
pub(crate) fn types(codes: &[&str]) -> String {
    let answers = codes.iter().map(|code| format!("{{ pin = \"{code}\" }}"));
    format!("answers = [ {} ]", answers.collect::<Vec<_>>().join(", "))
}

#[track_caller]
fn assert_refused(answer: &Answer, code: &str) {
    assert_eq!(answer.code(), code, "{}", answer.text);
}

fn counts(reader: &SoftReader) -> [Value; 3] {
    let memory = reader.memory(&reader.token());
    ["presented", "user_tries_left", "so_tries_left"].map(|field| memory[field].clone())
}

#[test]
fn a_login_that_says_yes_in_vain_is_a_fault_of_the_module_and_costs_nothing() {
    let reader = SoftReader::with_cps();
    let desk = Desk::new(&reader, "pin = \"1234\"");
    let _card = desk.agent.card();
    reader.habit("login-ok-though-refused");
    assert_refused(&desk.authenticate(), "module-failed");
    assert_refused(&sign(&desk.agent, &desk.agent.card()), "module-failed");
    assert_eq!(counts(&reader), [0, 3, 3]);
    reader.no_habits();
    assert_token(&desk.authenticate());
    assert_signature(&sign(&desk.agent, &desk.agent.card()));
    assert_eq!(counts(&reader), [2, 3, 3]);
}

#[test]
fn a_wrong_code_that_counts_in_silence_is_told_to_the_caller() {
    let reader = SoftReader::with_cps();
    let desk = Desk::new(&reader, &types(&["9999", "9999", "1234"]));
    let _card = desk.agent.card();
    reader.habit("counts-silently");
    let refused = desk.authenticate();
    assert_refused(&refused, "pin-wrong");
    assert_eq!(refused.body["triesLeft"], Value::Null);
    assert_eq!(counts(&reader), [1, 2, 3]);
    let refused = desk.authenticate();
    assert_refused(&refused, "pin-wrong");
    assert_eq!(refused.body["triesLeft"], 1);
    assert_eq!(counts(&reader), [2, 1, 3]);
}

#[test]
fn a_new_code_that_was_not_set_is_told_and_the_old_one_authenticates() {
    let reader = SoftReader::with_cps();
    let script = r#"answers = [
        { pin = "1234", new_pin = "4321" },
        { pin = "1234" },
        { unblock_code = "12345678", new_pin = "4321" },
        { pin = "1234" },
    ]"#;
    let desk = Desk::new(&reader, script);
    let _card = desk.agent.card();
    reader.habit("set-pin-ok-though-refused");
    reader.habit("init-pin-ok-though-refused");
    let refused = desk.post("/pin/change");
    assert_refused(&refused, "module-failed");
    assert_eq!(counts(&reader), [1, 2, 3]);
    assert_token(&desk.authenticate());
    assert_eq!(counts(&reader), [2, 3, 3]);
    reader.change_memory(&reader.token(), "user_tries_left", json!(0));
    let refused = desk.post("/pin/unblock");
    assert_refused(&refused, "module-failed");
    assert_eq!(counts(&reader), [3, 0, 3]);
    reader.change_memory(&reader.token(), "user_tries_left", json!(3));
    assert_token(&desk.authenticate());
    assert_eq!(counts(&reader), [4, 3, 3]);
}

#[test]
fn a_wrong_code_that_the_key_alone_presents_is_told_to_the_caller() {
    let reader = SoftReader::with_cps();
    let desk = Desk::new(&reader, &types(&["9999", "1234"]));
    let _card = desk.agent.card();
    reader.habit("login-ok-though-refused");
    reader.habit("replays-pin");
    assert_refused(&desk.authenticate(), "pin-wrong");
    assert_eq!(counts(&reader), [1, 2, 3]);
    assert_token(&desk.authenticate());
    assert_eq!(counts(&reader), [2, 3, 3]);
}

#[test]
fn places_of_work_that_are_not_shown_are_a_fault_of_the_module_and_no_empty_list() {
    let reader = SoftReader::with_cps();
    let desk = Desk::new(&reader, "pin = \"1234\"");
    let _card = desk.agent.card();
    reader.habit("login-ok-though-refused");
    assert_refused(&desk.post("/activities"), "module-failed");
    reader.no_habits();
    let told = desk.post("/activities");
    let activities = told.body["activities"].as_array();
    assert!(
        activities.is_some_and(|all| !all.is_empty()),
        "{}",
        told.text
    );
}

#[test]
fn a_blocked_unblock_code_of_a_cps3_is_shown_and_blocks_the_card_for_good_with_the_code() {
    let reader = SoftReader::with_cps();
    let desk = Desk::new(&reader, "pin = \"1234\"");
    let _card = desk.agent.card();
    let shown = |pin: &str| {
        until(pin, || {
            // A use looks at the codes again.
            let _ = desk.authenticate();
            let card = desk.agent.card();
            let states = ["pin", "unblockCode"].map(|code| card[code]["state"].clone());
            (states == [pin, "blocked"]).then_some(())
        });
    };
    reader.change_memory(&reader.token(), "so_tries_left", json!(0));
    shown("ready");
    reader.change_memory(&reader.token(), "user_tries_left", json!(0));
    shown("definitivelyBlocked");
}

#[test]
fn a_code_that_another_program_changed_costs_no_try_before_it_is_typed() {
    let reader = SoftReader::with_cps();
    reader.habit("replays-pin");
    let desk = Desk::new(&reader, &types(&["1234", "4321"]));
    assert_token(&desk.authenticate());
    let mut other = TokenUser::start(&reader);
    other.tell("open rw");
    other.tell("set-pin 1234 4321");
    reader.change_memory(&reader.token(), "verified", json!(false));
    assert_token(&desk.authenticate());
    assert_eq!(counts(&reader), [3, 3, 3]);
}

#[test]
fn the_second_card_is_shown_as_itself_whatever_the_module_remembers_of_the_first() {
    let reader = SoftReader::with_cps();
    let second = reader.add(DemoCard::Cps3, KeySet::Second);
    reader.habit("stale-token-info");
    let desk = Desk::new(&reader, "pin = \"1234\"");
    let first = desk.agent.card();
    let of_first = assert_token(&desk.authenticate());
    reader.insert(&second);
    let card = until("the second card", || {
        let card = desk.agent.card();
        (card["id"] != first["id"]).then_some(card)
    });
    assert_ne!(card["holder"], Value::Null, "{card}");
    let of_second = assert_token(&authenticate(&desk.agent, &card));
    assert_ne!(of_first, of_second);
    assert_eq!(reader.memory(&second)["presented"], 1);
}

/// In each call of each function; a try that a caller asks for comes to the card once at most.
#[test]
fn whatever_goes_wrong_in_a_call_the_agent_lives_and_the_card_is_there_again() {
    let reader = SoftReader::with_cps();
    let desk = Desk::new(&reader, "pin = \"1234\"");
    let pid = desk.agent.pid();
    desk.authenticates_again();
    let mut asked = 1;
    for function in FUNCTIONS.iter().chain(&["C_WaitForSlotEvent"]) {
        for fault in [
            Fault::Crash,
            Fault::SessionHandleInvalid,
            Fault::GeneralError,
        ] {
            let card = desk.agent.card();
            reader.fault(function, 0, fault.name());
            let answer = authenticate(&desk.agent, &card);
            reader.no_faults();
            asked += 1;
            let place = format!("{function} {fault:?}: {}", answer.text);
            let codes = ["", "module-failed", "card-removed", "not-found"];
            assert!(codes.contains(&answer.code()), "{place}");
            assert_eq!(answer.code().is_empty(), answer.status == 200, "{place}");
            let answer = until("a token", || {
                asked += 1;
                let answer = desk.authenticate();
                (answer.status == 200).then_some(answer)
            });
            assert_token(&answer);
            let [presented, user, so] = counts(&reader);
            assert!(presented.as_u64().unwrap() <= asked, "{place}");
            assert_eq!([user, so], [3, 3], "{place}");
        }
    }
    let endpoint = desk.agent.endpoint();
    assert_eq!(endpoint["pid"], pid);
    assert!(!desk.agent.log().contains("a fault of ours"));
}
