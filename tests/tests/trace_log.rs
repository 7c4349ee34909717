//! The most talkative log of a real reader, searched for the codes that were typed.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "an agent that cannot be asked fails its test"
)]

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use cpxd_tests::calls::{ORIGIN, nonce};
use cpxd_tests::operations::{assert_signature, assert_token, authenticate, sign};
use cpxd_tests::pcsc_stack::{PcscService, Reader, TEST_ENVIRONMENT};
use ring::rand::{SecureRandom as _, SystemRandom};

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

/// Two different codes of the longest length, which nobody knows before the run.
fn two_random_codes() -> [String; 2] {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).unwrap();
    let digits: String = bytes
        .iter()
        .map(|byte| char::from(b'0' + byte % 10))
        .collect();
    let (right, wrong) = digits.split_at(8);
    if right == wrong {
        return two_random_codes();
    }
    [right.to_owned(), wrong.to_owned()]
}

/// Every way in which a log might show the bytes of a code.
fn ways_to_write(code: &str) -> Vec<String> {
    let bytes = code.as_bytes();
    let listed = |format: fn(&u8) -> String, separator: &str| {
        bytes.iter().map(format).collect::<Vec<_>>().join(separator)
    };
    let digit = |byte: &u8| char::from(*byte).to_string();
    let hexadecimal = |byte: &u8| format!("{byte:02X}");
    let prefixed = |byte: &u8| format!("0x{byte:02x}");
    let decimal = |byte: &u8| byte.to_string();
    let mut ways = vec![STANDARD_NO_PAD.encode(bytes)];
    for separator in ["", " ", ":", ",", ", "] {
        ways.push(listed(digit, separator));
        ways.push(listed(hexadecimal, separator));
        ways.push(listed(prefixed, separator));
        ways.push(listed(decimal, separator));
    }
    ways
}
