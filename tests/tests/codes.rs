//! The holder's codes through the agent: change, block, unblock, the end. The counters on the card
//! are those of the codes that the scripted holder typed, and no other.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what cannot be asked fails its test"
)]

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cpxd_tests::agent::{Agent, Answer};
use cpxd_tests::judge::{bytes, openssl_verifies};
use serde_json::{Value, json};

/// Every test is played on a card of both generations.
const GENERATIONS: [&str; 2] = ["cps3", "cps4"];

/// A demo with one card and a holder who gives these answers in turn.
fn demo(kind: &str, answers: &[&str]) -> Agent {
    let mut script = tempfile::NamedTempFile::new().unwrap();
    write!(script, "answers = [ {} ]", answers.join(", ")).unwrap();
    let script = script.path().to_string_lossy();
    Agent::demo(&["--card", kind, "--scripted-holder", &script])
}

fn path(card: &Value, call: &str) -> String {
    format!("/v1/cards/{}{call}", card["id"].as_str().unwrap())
}

fn change(agent: &Agent) -> Answer {
    agent.call(&path(&agent.card(), "/pin/change"), &json!({}))
}

fn unblock(agent: &Agent) -> Answer {
    agent.call(&path(&agent.card(), "/pin/unblock"), &json!({}))
}

fn authenticate(agent: &Agent) -> Answer {
    let body = json!({
        "nonce": STANDARD.encode([0x5A; 32]),
        "origin": "https://service.example",
    });
    agent.call(&path(&agent.card(), "/authenticate"), &body)
}

fn assert_signs(agent: &Agent) {
    let message = b"Ordonnance du 21/11/2026";
    let digest = ring::digest::digest(&ring::digest::SHA256, message);
    let body = json!({
        "hash": "SHA-256",
        "digests": [ { "value": STANDARD.encode(digest), "description": "Ordonnance" } ],
    });
    let signed = agent.call(&path(&agent.card(), "/sign"), &body);
    assert_eq!(signed.status, 200, "{}", signed.text);
    let certificate = bytes(&signed.body["certificate"]);
    let signature = bytes(&signed.body["signatures"][0]);
    assert!(openssl_verifies(
        &certificate,
        "-sha256",
        &signature,
        message
    ));
}

/// State and tries of the holder's code, then of the unblock code, read from the card now.
fn codes(agent: &Agent) -> [(String, u64); 2] {
    let card = agent.card();
    ["pin", "unblockCode"].map(|code| {
        let code = &card[code];
        (
            code["state"].as_str().unwrap().to_owned(),
            code["triesLeft"].as_u64().unwrap(),
        )
    })
}

#[track_caller]
fn assert_codes(agent: &Agent, pin: (&str, u64), unblock_code: (&str, u64)) {
    let expected = [pin, unblock_code].map(|(state, tries)| (state.to_owned(), tries));
    assert_eq!(codes(agent), expected);
}

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(
        (answer.status, answer.code()),
        (status, code),
        "{}",
        answer.text
    );
}

const FRESH: ((&str, u64), (&str, u64)) = (("ready", 3), ("ready", 10));

#[test]
fn a_changed_code_is_the_one_that_works() {
    for kind in GENERATIONS {
        let agent = demo(
            kind,
            &[
                r#"{ pin = "1234", new_pin = "4321" }"#,
                r#"{ pin = "4321" }"#,
                r#"{ pin = "1234" }"#,
            ],
        );
        let changed = change(&agent);
        assert_eq!(changed.status, 200, "{kind}: {}", changed.text);
        assert_eq!(changed.body["pin"]["state"], "ready");
        assert_eq!(changed.body["pin"]["triesLeft"], 3);
        assert_eq!(changed.body["unblockCode"]["triesLeft"], 10);
        assert_eq!(authenticate(&agent).status, 200);
        assert_refused(&authenticate(&agent), 403, "pin-wrong");
        assert_codes(&agent, ("ready", 2), ("ready", 10));
    }
}

#[test]
fn a_wrong_old_code_costs_one_try_and_changes_nothing() {
    for kind in GENERATIONS {
        let agent = demo(
            kind,
            &[
                r#"{ pin = "0000", new_pin = "4321" }"#,
                r#"{ pin = "1234" }"#,
            ],
        );
        let refused = change(&agent);
        assert_refused(&refused, 403, "pin-wrong");
        assert_eq!(refused.body["triesLeft"], 2, "{kind}");
        assert_codes(&agent, ("ready", 2), ("ready", 10));
        assert_eq!(authenticate(&agent).status, 200, "{kind}");
        assert_codes(&agent, FRESH.0, FRESH.1);
    }
}

#[test]
fn a_card_blocked_by_three_wrong_codes_signs_again_after_its_unblock_code() {
    for kind in GENERATIONS {
        let wrong = r#"{ pin = "0000", new_pin = "4321", consent = true }"#;
        let agent = demo(
            kind,
            &[
                wrong,
                wrong,
                wrong,
                r#"{ unblock_code = "87654321", new_pin = "4321" }"#,
                r#"{ unblock_code = "12345678", new_pin = "4321" }"#,
                r#"{ pin = "4321" }"#,
            ],
        );
        assert_eq!(change(&agent).body["triesLeft"], 2);
        assert_eq!(change(&agent).body["triesLeft"], 1);
        assert_refused(&change(&agent), 409, "pin-blocked");
        assert_codes(&agent, ("blocked", 0), ("ready", 10));
        assert_refused(&change(&agent), 409, "pin-blocked");
        assert_refused(&authenticate(&agent), 409, "pin-blocked");
        let refused = unblock(&agent);
        assert_refused(&refused, 403, "unblock-wrong");
        assert_eq!(refused.body["triesLeft"], 9, "{kind}");
        assert_codes(&agent, ("blocked", 0), ("ready", 9));
        let unblocked = unblock(&agent);
        assert_eq!(unblocked.status, 200, "{kind}: {}", unblocked.text);
        assert_eq!(unblocked.body["pin"]["state"], "ready");
        assert_codes(&agent, FRESH.0, FRESH.1);
        assert_signs(&agent);
    }
}

#[test]
fn the_last_try_of_either_code_waits_for_an_explicit_yes() {
    for kind in GENERATIONS {
        let silent = r#"{ pin = "0000", new_pin = "4321" }"#;
        let agent = demo(kind, &[silent, silent, silent]);
        assert_refused(&change(&agent), 403, "pin-wrong");
        assert_refused(&change(&agent), 403, "pin-wrong");
        assert_refused(&change(&agent), 403, "last-try-not-confirmed");
        assert_codes(&agent, ("ready", 1), ("ready", 10));
    }
}

#[test]
fn an_unblock_code_without_tries_ends_the_card_and_the_holder_is_told_whom_to_call() {
    for kind in GENERATIONS {
        let wrong_pin = r#"{ pin = "0000", consent = true }"#;
        let wrong_unblock_code = r#"{ unblock_code = "87654321", new_pin = "4321" }"#;
        let mut answers = vec![wrong_pin; 3];
        answers.extend([wrong_unblock_code; 10]);
        answers.push(r#"{ unblock_code = "87654321", new_pin = "4321", consent = true }"#);
        let agent = demo(kind, &answers);
        for _ in 0..3 {
            assert!(authenticate(&agent).code().starts_with("pin-"));
        }
        for tries_left in (1..=9).rev() {
            let refused = unblock(&agent);
            assert_refused(&refused, 403, "unblock-wrong");
            assert_eq!(refused.body["triesLeft"], tries_left, "{kind}");
        }
        assert_refused(&unblock(&agent), 403, "last-try-not-confirmed");
        assert_codes(&agent, ("blocked", 0), ("ready", 1));
        for refused in [
            unblock(&agent),
            unblock(&agent),
            change(&agent),
            authenticate(&agent),
        ] {
            assert_refused(&refused, 409, "card-definitively-blocked");
            let detail = refused.body["detail"]
                .as_str()
                .unwrap()
                .replace('\u{a0}', " ");
            assert!(detail.contains("0 809 40 00 82"), "{detail}");
        }
        assert_codes(&agent, ("definitivelyBlocked", 0), ("blocked", 0));
        let told = agent.cli(&["pin", "unblock"]);
        assert_eq!(told.status.code(), Some(6));
        let told = String::from_utf8_lossy(&told.stderr).into_owned();
        assert!(told.contains("blocked for good"), "{told}");
    }
}

#[test]
fn a_code_that_cannot_be_one_costs_no_try() {
    let hundred = "1".repeat(100);
    let wrong = ["", "123", "123456789", &hundred, "12a4", "１２３４", "١٢٣٤"];
    for kind in GENERATIONS {
        let mut answers = Vec::new();
        for code in wrong {
            answers.push(format!("{{ pin = {code:?}, new_pin = \"4321\" }}"));
            answers.push(format!("{{ pin = \"1234\", new_pin = {code:?} }}"));
        }
        // The posted code has four digits, and this card takes no longer one.
        answers.push(r#"{ pin = "12345", new_pin = "4321" }"#.to_owned());
        answers.push(r#"{ pin = "1234", new_pin = "43210" }"#.to_owned());
        let answers: Vec<_> = answers.iter().map(String::as_str).collect();
        let agent = demo(kind, &answers);
        for (index, answer) in answers.iter().enumerate() {
            let refused = change(&agent);
            assert_refused(&refused, 403, "pin-length");
            let reason = refused.body["reason"].as_str();
            let expected = (index % 2 == 1).then_some("new-pin-refused");
            assert_eq!(reason, expected, "{kind}: {answer}");
        }
        assert_codes(&agent, FRESH.0, FRESH.1);
    }
}

#[test]
fn an_unblock_code_or_a_new_code_that_cannot_be_one_costs_no_try() {
    for kind in GENERATIONS {
        let agent = demo(
            kind,
            &[
                r#"{ pin = "0000", consent = true }"#,
                r#"{ pin = "0000", consent = true }"#,
                r#"{ pin = "0000", consent = true }"#,
                r#"{ unblock_code = "1234567", new_pin = "4321" }"#,
                r#"{ unblock_code = "123456789", new_pin = "4321" }"#,
                r#"{ unblock_code = "1234567a", new_pin = "4321" }"#,
                r#"{ unblock_code = "12345678", new_pin = "432" }"#,
                r#"{ unblock_code = "12345678", new_pin = "43210" }"#,
            ],
        );
        for _ in 0..3 {
            let _ = authenticate(&agent);
        }
        for reason in [
            "unblock-code-length",
            "unblock-code-length",
            "unblock-code-length",
            "new-pin-refused",
            "new-pin-refused",
        ] {
            let refused = unblock(&agent);
            assert_refused(&refused, 403, "pin-length");
            assert_eq!(refused.body["reason"], reason, "{kind}");
        }
        assert_codes(&agent, ("blocked", 0), ("ready", 10));
    }
}

#[test]
fn a_new_code_that_is_the_old_one_is_refused_before_the_card_sees_it() {
    for kind in GENERATIONS {
        // The old code is wrong as well, and that costs nothing: nothing was sent.
        let agent = demo(
            kind,
            &[
                r#"{ pin = "1234", new_pin = "1234" }"#,
                r#"{ pin = "0000", new_pin = "0000" }"#,
            ],
        );
        for _ in 0..2 {
            let refused = change(&agent);
            assert_refused(&refused, 400, "bad-request");
            assert_eq!(refused.body["reason"], "new-pin-unchanged");
            let detail = refused.body["detail"].as_str().unwrap();
            assert!(detail.contains("choisissez-en un autre"), "{detail}");
        }
        assert_codes(&agent, FRESH.0, FRESH.1);
    }
}

#[test]
fn a_card_that_is_not_blocked_is_not_unblocked_and_the_holder_is_not_asked() {
    for kind in GENERATIONS {
        let agent = demo(kind, &[r#"{ pin = "1234" }"#]);
        let refused = unblock(&agent);
        assert_refused(&refused, 400, "bad-request");
        assert_eq!(refused.body["reason"], "pin-not-blocked");
        assert_codes(&agent, FRESH.0, FRESH.1);
        // The script's only answer is still there.
        assert_eq!(authenticate(&agent).status, 200, "{kind}");
    }
}

#[test]
fn a_card_without_a_code_has_none_to_change() {
    let agent = demo("cps3-contactless", &[]);
    for refused in [change(&agent), unblock(&agent)] {
        assert_refused(&refused, 409, "key-absent");
    }
    assert_eq!(agent.card()["pin"]["state"], "absent");
}

#[test]
fn a_holder_who_says_no_changes_nothing() {
    let agent = demo(
        "cps3",
        &[
            r#"{ pin = "1234", new_pin = "4321", consent = false }"#,
            r#"{ pin = "1234" }"#,
            r#"{ new_pin = "4321" }"#,
        ],
    );
    for _ in 0..3 {
        assert_refused(&change(&agent), 403, "cancelled");
    }
    assert_codes(&agent, FRESH.0, FRESH.1);
}

#[test]
fn no_code_travels_in_a_body_or_to_a_card_that_was_never_seen() {
    let agent = demo("cps3", &[]);
    let card = agent.card();
    for call in ["/pin/change", "/pin/unblock"] {
        for (body, field) in [
            (json!({ "pin": "1234" }), "pin"),
            (json!({ "newPin": "73918264" }), "newPin"),
            (json!({ "timeoutSeconds": "73918264" }), "timeoutSeconds"),
            (json!({ "timeoutSeconds": 0 }), "timeoutSeconds"),
            (json!("73918264"), "body"),
        ] {
            let refused = agent.call(&path(&card, call), &body);
            assert_refused(&refused, 400, "bad-request");
            assert_eq!(refused.body["field"], field, "{call}");
        }
        let unknown = json!({ "id": "0123456789abcdef" });
        assert_refused(
            &agent.call(&path(&unknown, call), &json!({})),
            404,
            "not-found",
        );
    }
    assert_codes(&agent, FRESH.0, FRESH.1);
    assert!(!agent.log().contains("73918264"), "{}", agent.log());
}

#[test]
fn the_command_line_changes_and_unblocks_and_its_exit_codes_tell_what_happened() {
    let agent = demo(
        "cps4",
        &[
            r#"{ pin = "1234", new_pin = "4321" }"#,
            r#"{ pin = "1234", new_pin = "4321" }"#,
            r#"{ consent = false }"#,
            r#"{ pin = "0000", new_pin = "4321", consent = true }"#,
            r#"{ pin = "0000", new_pin = "4321", consent = true }"#,
            r#"{ unblock_code = "87654321", new_pin = "4321" }"#,
            r#"{ unblock_code = "12345678", new_pin = "9876" }"#,
        ],
    );
    let _ = agent.card();
    for (command, code, words) in [
        ("change", 0, "The code was changed."),
        ("unblock", 1, "This card is not blocked"),
        ("change", 5, "2 tries are left"),
        ("change", 7, "Request cancelled"),
        ("change", 5, "One single try is left"),
        ("change", 6, "Card blocked"),
        ("unblock", 5, "9 tries are left"),
        ("unblock", 0, "The card is unblocked"),
    ] {
        let told = agent.cli(&["pin", command]);
        let text = [told.stdout, told.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert_eq!(told.status.code(), Some(code), "{command}: {text}");
        assert!(text.contains(words), "{command}: {text}");
    }
    assert_codes(&agent, FRESH.0, FRESH.1);
    let log = agent.log();
    assert!(
        !log.contains("87654321") && !log.contains("12345678"),
        "{log}"
    );
}
