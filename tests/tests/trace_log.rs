//! The most talkative log of a real reader, searched for the codes that were typed.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "an agent that cannot be asked fails its test"
)]

use std::fs;

use cpxd_tests::calls::{ORIGIN, nonce};
use cpxd_tests::operations::{assert_signature, assert_token, authenticate, sign};
use cpxd_tests::pcsc_stack::{PcscService, Reader, TEST_ENVIRONMENT};
use cpxd_tests::written_codes::{two_random_codes, ways_to_write};

#[test]
fn no_log_at_any_level_holds_a_code_that_was_typed() {
    search_the_log_of_a_run("text");
}

#[test]
fn no_log_in_json_holds_a_code_that_was_typed() {
    search_the_log_of_a_run("json");
}

fn search_the_log_of_a_run(format: &str) {
    let [right, wrong] = two_random_codes();
    let folder = tempfile::tempdir().unwrap();
    let dialogue = folder.path().join("dialogue");
    let service = PcscService::start();
    let _card = service.plug(
        Reader::First,
        &["--pin", &right, "--trace", dialogue.to_str().unwrap()],
    );
    let holder = format!(
        "answers = [ {{ pin = \"{right}\" }}, {{ pin = \"{right}\" }}, {{ pin = \"{wrong}\" }}, {{ pin = \"{wrong}\" }} ]"
    );
    let logging = ["--log-level", "trace", "--log-format", format];
    let mut agent = service.agent(TEST_ENVIRONMENT, &holder, &logging);
    let card = agent.card();
    assert_token(&authenticate(&agent, &card));
    assert_signature(&sign(&agent, &card));
    let refused = authenticate(&agent, &card);
    assert_eq!(refused.code(), "pin-wrong", "{}", refused.text);
    let command = agent.cli(&["authenticate", "--origin", ORIGIN, "--nonce", &nonce()]);
    assert_eq!(command.status.code(), Some(5), "{command:?}");
    assert!(agent.stop().success());

    let log = agent.log();
    let said = String::from_utf8([command.stdout, command.stderr].concat()).unwrap();
    for code in [&right, &wrong] {
        for written in ways_to_write(code) {
            for text in [&log, &said, &refused.text] {
                assert!(!text.contains(&written), "{written} in: {text}");
            }
        }
    }
    assert_eq!(log.matches("00 20 00 01 08 [redacted 8 bytes]").count(), 4);

    // The same search finds the codes where they are: in the dialogue that the card kept.
    let dialogue = fs::read_to_string(dialogue).unwrap();
    for code in [&right, &wrong] {
        let found = |written: &String| dialogue.contains(written);
        assert!(ways_to_write(code).iter().any(found), "{dialogue}");
    }
}
