//! The terminal at which the agent runs and asks.

use std::io::{BufRead as _, BufReader};

use cpxd_tests::calls::{ORIGIN, nonce};
use cpxd_tests::desk::Desk;
use cpxd_tests::ended::Ended;

const READY: &str = "openssl as judge.\r\n";
const CODE: &str = "digits (Esc to refuse): ";

fn demo() -> Desk {
    let desk = Desk::start(&["demo", "--port", "0"]);
    let _ = desk.see(READY);
    desk
}

#[test]
fn what_is_typed_when_nobody_asks_shows_nowhere() {
    for end in ["-TERM", "-QUIT", "Ctrl-C"] {
        let mut desk = demo();
        assert!(!desk.echoes());
        desk.press("73918264\r2580\r");
        let ended: Ended = desk
            .start_cli(&["pin", "unblock"])
            .wait_with_output()
            .unwrap()
            .into();
        assert!(ended.complaint.contains("is not blocked"), "{ended:?}");
        assert!(!ended.complaint.contains("answer it"), "{ended:?}");
        match end {
            "Ctrl-C" => desk.press("\u{3}"),
            signal => desk.signal(signal),
        }
        desk.wait_for_the_end();
        assert!(desk.echoes(), "{end}: the settings return");
        let seen = desk.see_the_rest();
        for code in ["73918264", "2580"] {
            assert!(!seen.contains(code), "{seen}");
        }
    }
}

#[test]
fn a_code_typed_too_early_answers_nothing_and_the_holder_is_told_how_it_ended() {
    let desk = demo();
    desk.press("0000\r");
    let nonce = nonce();
    let mut asking = desk.start_cli(&["authenticate", "--origin", ORIGIN, "--nonce", &nonce]);
    let question = desk.see(CODE);
    let mut notice = String::new();
    let mut at_the_shell = BufReader::new(asking.stderr.take().unwrap());
    at_the_shell.read_line(&mut notice).unwrap();
    assert!(
        notice.contains("answer it where the agent runs"),
        "{notice}"
    );
    assert!(question.contains("3 tries are left"), "{question}");
    desk.press("1234\r");
    let told = desk.see(&format!("who you are for {ORIGIN}.\r\n"));
    assert!(!told.contains("1234"), "{told}");
    let ended: Ended = asking.wait_with_output().unwrap().into();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!desk.echoes(), "the question is over, and the quiet is not");
}

#[test]
fn after_a_code_that_blocks_the_card_the_holder_is_told_so() {
    let desk = demo();
    let nonce = nonce();
    let asking = desk.start_cli(&["authenticate", "--origin", ORIGIN, "--nonce", &nonce]);
    for _ in 0..2 {
        let _ = desk.see(CODE);
        desk.press("0000\r");
    }
    let _ = desk.see("any other answer stops: ");
    desk.press("yes\r");
    let _ = desk.see(CODE);
    desk.press("0000\r");
    let told = desk.see("Card blocked.");
    assert!(!told.contains("0000"), "{told}");
    let ended: Ended = asking.wait_with_output().unwrap().into();
    assert_eq!(ended.code, Some(6), "{ended:?}");
}

#[test]
fn the_log_leaves_the_terminal_to_the_questions() {
    let desk = demo();
    let ended = desk.start_cli(&["authenticate", "--origin", "x", "--nonce", "y"]);
    let ended: Ended = ended.wait_with_output().unwrap().into();
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let seen = desk.see_the_rest();
    assert!(!seen.contains("INFO"), "{seen}");
}

#[test]
fn the_question_says_when_another_program_has_the_name_already_and_which_one_asks() {
    const AGREE: &str = "(yes or no): ";
    const TAKEN: &str = "another program is paired under this name already";
    let desk = demo();
    let folder = tempfile::tempdir().unwrap();
    for (number, name, is_taken) in [
        (1, "Logiciel", false),
        (2, " LOGICIEL", true),
        (3, "Autre", false),
    ] {
        let token = folder.path().join(number.to_string());
        let token = token.to_string_lossy().into_owned();
        let pairing = [
            "pair",
            "--name",
            name,
            "--right",
            "identify",
            "--token-file",
            &token,
        ];
        let pairing = desk.start_cli(&pairing);
        let question = desk.see(AGREE);
        assert_eq!(question.contains(TAKEN), is_taken, "{question}");
        assert!(question.contains("through the program cpxd"), "{question}");
        desk.press("yes\r");
        let ended: Ended = pairing.wait_with_output().unwrap().into();
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
}
