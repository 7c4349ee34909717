//! `cpxd run` shares its card with other programs: what it leaves behind, and what they do to it.
#![cfg(target_os = "linux")]
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a program that cannot be started fails its test"
)]

use std::fs;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use cpxd_tests::operations::{assert_signature, assert_token, authenticate, sign};
use cpxd_tests::pcsc_stack::{
    AGREEING, PcscService, Reader, TEST_ENVIRONMENT, THREE_LEFT, TWO_LEFT, VERIFIED,
};
use cpxd_tests::waiting::until;
use serde_json::json;

#[test]
fn the_presented_code_is_forgotten_after_each_operation() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &[]);
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let card = agent.card();
    assert_token(&authenticate(&agent, &card));
    assert_eq!(service.pin_state(Reader::First), THREE_LEFT);
    assert_signature(&sign(&agent, &card));
    assert_eq!(service.pin_state(Reader::First), THREE_LEFT);
}

#[test]
fn a_code_presented_by_another_program_stays_presented() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &[]);
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let card = agent.card();
    present_code(&service, "1234");
    assert_eq!(service.pin_state(Reader::First), VERIFIED);
    assert_token(&authenticate(&agent, &card));
    assert_eq!(service.pin_state(Reader::First), VERIFIED);
}

#[test]
fn the_presented_code_stays_where_the_configuration_says_leave() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &[]);
    let leave = format!("{TEST_ENVIRONMENT}\nafter-use = \"leave\"");
    let agent = service.agent(&leave, AGREEING, &[]);
    assert_token(&authenticate(&agent, &agent.card()));
    assert_eq!(service.pin_state(Reader::First), VERIFIED);
}

#[test]
fn a_reset_by_another_program_disturbs_no_operation_and_costs_no_try() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &[]);
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let card = agent.card();
    for kind in ["cold", "warm"] {
        let reset = format!("--reset={kind}");
        service.opensc("opensc-tool", &[&reset]).success();
        assert_token(&authenticate(&agent, &card));
        assert_eq!(service.pin_state(Reader::First), THREE_LEFT);
    }
}

#[test]
fn an_application_selected_by_another_program_disturbs_no_operation() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &[]);
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let card = agent.card();
    for application in [CPS2TER, ROOT] {
        let select = ["--card-driver", "default", "--send-apdu", application];
        let selected = service.opensc("opensc-tool", &select).success();
        assert!(selected.contains("SW1=0x90"), "{selected}");
        assert_token(&authenticate(&agent, &card));
    }
    assert_eq!(service.pin_state(Reader::First), THREE_LEFT);
}

#[test]
fn a_cps4_that_another_program_moved_takes_each_code_once() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let service = PcscService::start();
    let card = ["--card", "cps4", "--trace", trace.to_str().unwrap()];
    let _card = service.plug(Reader::First, &card);
    let answers = vec![r#"{ pin = "1234", consent = true }"#; 2 * MOVES_OF_A_CPS4.len()];
    let holder = format!("answers = [ {} ]", answers.join(", "));
    let agent = service.agent(TEST_ENVIRONMENT, &holder, &[]);
    let card = agent.card();
    let said = || fs::read_to_string(&trace).unwrap();
    for (nth, (moved, refusal)) in MOVES_OF_A_CPS4.into_iter().enumerate() {
        let send = ["--card-driver", "default", "--send-apdu", moved];
        let before = said().len();
        let selected = service.opensc("opensc-tool", &send).success();
        assert!(selected.contains("SW1=0x90"), "{moved}: {selected}");
        assert_token(&authenticate(&agent, &card));
        let selected = service.opensc("opensc-tool", &send).success();
        assert!(selected.contains("SW1=0x90"), "{moved}: {selected}");
        assert_signature(&sign(&agent, &card));
        let refusals = said()[before..].matches(refusal).count();
        assert!(refusals >= 2, "{moved}: {}", &said()[before..]);
        assert_eq!(said().matches(VERIFY_1234_OF_A_CPS4).count(), 2 * nth + 2);
    }
    assert_eq!(agent.tries_left(), 3);
}

#[test]
fn a_cps3_that_another_program_left_in_another_view_takes_each_code_once() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &["--trace", trace.to_str().unwrap()]);
    let answer = r#"{ pin = "1234", consent = true }"#;
    let holder = format!("answers = [ {answer}, {answer} ]");
    let agent = service.agent(TEST_ENVIRONMENT, &holder, &[]);
    let card = agent.card();
    for (nth, application) in [CPS2TER, ROOT].into_iter().enumerate() {
        let send = ["--card-driver", "default", "--send-apdu", application];
        service.opensc("opensc-tool", &send).success();
        assert_signature(&sign(&agent, &card));
        let said = fs::read_to_string(&trace).unwrap();
        assert_eq!(said.matches(VERIFY_1234).count(), nth + 1);
    }
}

#[test]
fn a_try_spent_by_another_program_is_seen_before_the_next_question() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &[]);
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let card = agent.card();
    let verify = ["--verify-pin", "--auth-id", "01", "--pin", "0000"];
    service.opensc("pkcs15-tool", &verify).failure();
    assert_eq!(service.pin_state(Reader::First), TWO_LEFT);
    assert_eq!(agent.card()["pin"]["triesLeft"], 2);
    assert_token(&authenticate(&agent, &card));
    assert_eq!(agent.card()["pin"]["triesLeft"], 3);
}

#[test]
fn a_reset_while_the_holder_thinks_disturbs_no_operation() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &[]);
    let slow_holder = "pin = \"1234\"\ndelay_ms = 500";
    let agent = service.agent(TEST_ENVIRONMENT, slow_holder, &[]);
    let card = agent.card();
    let events = agent.events();
    let answer = std::thread::scope(|scope| {
        let answer = scope.spawn(|| authenticate(&agent, &card));
        let _ = events.wait_for("prompt-opened");
        service.opensc("opensc-tool", &["--reset"]).success();
        answer.join().unwrap()
    });
    assert_token(&answer);
    assert_eq!(service.pin_state(Reader::First), THREE_LEFT);
}

#[test]
fn an_operation_waits_for_the_transaction_of_another_program() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &["--trace", trace.to_str().unwrap()]);
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let card = agent.card();
    let events = agent.events();
    let commands = || fs::read_to_string(&trace).unwrap();
    let count = |command: &str| commands().matches(command).count();

    let other = OtherProgram::start(&service, LOCKING, "pkcs11-tool", SIGN_WHAT_COMES);
    until("its login", || (count(VERIFY_1234) == 1).then_some(()));
    let answer = std::thread::scope(|scope| {
        let answer = scope.spawn(|| authenticate(&agent, &card));
        let _ = events.wait_for("prompt-closed");
        assert_eq!(agent.card(), card, "what is known is still told");
        assert_eq!(count(VERIFY_1234), 1);
        other.ends_after(&[0x30; 35]);
        answer.join().unwrap()
    });
    assert_token(&answer);
    let [theirs, ours] = [0, 1].map(|nth| nth_place(&commands(), VERIFY_1234, nth));
    let their_signature = nth_place(&commands(), INTERNAL_AUTHENTICATE, 0);
    assert!(theirs < their_signature && their_signature < ours);
}

#[test]
fn a_card_held_exclusively_is_busy_and_usable_once_it_is_let_go() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &[]);
    let mut other = OtherProgram::start(&service, EXCLUSIVE, "opensc-explorer", &["--mf", ""]);
    other.wait_until_it_says("OpenSC []>");
    let agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    until("the busy reader", || {
        (agent.reader(Reader::First)["state"] == "busy").then_some(())
    });
    assert_eq!(agent.read_socket("/v1/cards").body["cards"], json!([]));
    other.ends_after(b"quit\n");
    assert_token(&authenticate(&agent, &agent.card()));
    assert_eq!(agent.reader(Reader::First)["state"], "card");
}

/// A program of OpenSC that waits for its input, and meanwhile keeps the card.
struct OtherProgram(Child);

impl OtherProgram {
    fn start(
        service: &PcscService,
        configuration: &str,
        program: &str,
        arguments: &[&str],
    ) -> Self {
        let started = Command::new(program)
            .args(arguments)
            .env("OPENSC_CONF", service.file(configuration))
            .envs(service.client_environment())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        Self(started.unwrap())
    }

    #[expect(
        clippy::unbuffered_bytes,
        reason = "a buffer would be lost with what it took too much"
    )]
    fn wait_until_it_says(&mut self, words: &str) {
        let mut said = Vec::new();
        for byte in self.0.stdout.as_mut().unwrap().bytes() {
            said.push(byte.unwrap());
            if said.ends_with(words.as_bytes()) {
                return;
            }
        }
        panic!("it ended: {}", String::from_utf8_lossy(&said));
    }

    fn ends_after(mut self, input: &[u8]) {
        let mut stdin = self.0.stdin.take().unwrap();
        stdin.write_all(input).unwrap();
        drop(stdin);
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for OtherProgram {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn nth_place(text: &str, part: &str, nth: usize) -> usize {
    let (place, _) = text.match_indices(part).nth(nth).unwrap();
    place
}

fn present_code(service: &PcscService, pin: &str) {
    let verify = ["--verify-pin", "--auth-id", "01", "--pin", pin];
    service.opensc("pkcs15-tool", &verify).success();
}

/// OpenSC told to share its card with nobody.
const EXCLUSIVE: &str = "app default { reader_driver pcsc { connect_exclusive = true; } }";
/// OpenSC told to keep its transaction from login to logout.
const LOCKING: &str = "app opensc-pkcs11 { pkcs11 { lock_login = true; } }";
const SIGN_WHAT_COMES: &[&str] = &[
    "--login",
    "--pin",
    "1234",
    "--sign",
    "--mechanism",
    "RSA-PKCS",
    "--id",
    "e828bd080f8025000001ff001002",
];
const VERIFY_1234: &str = ">> 00 20 00 01 04 31 32 33 34";
const VERIFY_1234_OF_A_CPS4: &str = ">> 01 20 00 01 04 31 32 33 34";
/// The applet taken to channel 0, the issuer domain put in its place, its channel closed; and how a card refuses
/// what comes on that channel then.
const MOVES_OF_A_CPS4: [(&str, &str); 3] = [
    ("00:A4:04:0C:08:80:25:00:00:01:FF:01:00", "<< 69 85"),
    ("01:A4:04:0C:07:A0:00:00:01:51:00:00", "<< 6E 00"),
    ("00:70:80:01", "<< 68 81"),
];
const INTERNAL_AUTHENTICATE: &str = ">> 00 88";
/// SELECT of the application that speaks the commands of the card's ancestor.
const CPS2TER: &str = "00:A4:04:00:08:80:25:00:00:01:FF:00:02";
const ROOT: &str = "00:A4:04:00:08:80:25:00:00:01:FF:01:00";
