//! Sessions: one code for one caller and one card, and what is still asked in them.
#![expect(
    clippy::indexing_slicing,
    reason = "an answer without what is looked for fails its test"
)]

use cpxd_tests::agent::{Agent, Answer, CLIENT};
use cpxd_tests::calls::{authenticate_body, path_of, sign_body};
use cpxd_tests::door::{in_session, open_session, pair, with_token};
use cpxd_tests::operations::{DOCUMENT, assert_signature, assert_token};
use cpxd_tests::scripted::demo_with_holder;
use cpxd_tests::waiting::until;
use serde_json::{Value, json};

const ORIGINS: [&str; 1] = ["https://service.example"];

/// An agent with one paired program, whose holder agrees to the pairing and then gives these answers.
fn paired(answers: &[&str]) -> (Agent, String) {
    let answers = [&["{ consent = true }"], answers].concat().join(", ");
    let agent = demo_with_holder(&format!("answers = [ {answers} ]"));
    let (token, _) = pair(&agent, &["identify", "authenticate", "sign"], &ORIGINS);
    (agent, token)
}

const CODE: &str = r#"{ pin = "1234" }"#;
const WRONG_CODE: &str = r#"{ pin = "0000" }"#;
const YES: &str = "{ consent = true }";
const NO: &str = "{ consent = false }";

fn opened(agent: &Agent, token: &str, card: &Value) -> Value {
    let answer = open_session(agent, token, card);
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body
}

fn authenticate_in(agent: &Agent, token: &str, card: &Value, session: &Value) -> Answer {
    let body = in_session(authenticate_body(), session);
    with_token(agent, token, &path_of(card, "/authenticate"), &body)
}

fn sign_in(agent: &Agent, token: &str, card: &Value, session: &Value) -> Answer {
    let body = in_session(sign_body(&[DOCUMENT]), session);
    with_token(agent, token, &path_of(card, "/sign"), &body)
}

fn end(agent: &Agent, token: &str, session: &Value) -> Answer {
    let path = format!(
        "/v1/sessions/{}",
        session["id"].as_str().unwrap_or_default()
    );
    let token = format!("Authorization: Bearer {token}");
    agent.curl(&path, &["-X", "DELETE", "-H", &token, "-H", CLIENT])
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

#[track_caller]
fn assert_closed(answer: &Answer, reason: &str) {
    assert_refused(answer, 409, "session-closed");
    assert_eq!(answer.body["reason"], reason, "{}", answer.text);
}

#[test]
fn the_code_is_typed_once_for_any_number_of_authentications() {
    let (agent, token) = paired(&[CODE]);
    let card = agent.card();
    let session = opened(&agent, &token, &card);
    for _ in 0..3 {
        assert_token(&authenticate_in(&agent, &token, &card, &session));
    }
    assert_eq!(session["card"], card["id"]);
}

#[test]
fn each_signature_in_a_session_needs_the_code_again() {
    let (agent, token) = paired(&[CODE, CODE, YES]);
    let card = agent.card();
    let session = opened(&agent, &token, &card);
    assert_signature(&sign_in(&agent, &token, &card, &session));
    let without_code = sign_in(&agent, &token, &card, &session);
    assert_refused(&without_code, 403, "cancelled");
    // The session goes on, with its code.
    assert_token(&authenticate_in(&agent, &token, &card, &session));
}

#[test]
fn a_wrong_code_opens_no_session_and_costs_one_try() {
    let (agent, token) = paired(&[WRONG_CODE, CODE]);
    let card = agent.card();
    let refused = open_session(&agent, &token, &card);
    assert_refused(&refused, 403, "pin-wrong");
    assert_eq!(refused.body["triesLeft"], 2);
    let all = agent.read_socket("/v1/sessions").body;
    assert_eq!(all["sessions"], json!([]));
    opened(&agent, &token, &card);
}

#[test]
fn a_wrong_code_for_a_signature_drops_the_code_of_the_session_which_is_then_typed_again() {
    let (agent, token) = paired(&[CODE, WRONG_CODE, CODE]);
    let card = agent.card();
    let session = opened(&agent, &token, &card);
    assert_refused(&sign_in(&agent, &token, &card, &session), 403, "pin-wrong");
    // The card knows of no code any more: the holder is asked, once.
    assert_token(&authenticate_in(&agent, &token, &card, &session));
    assert_token(&authenticate_in(&agent, &token, &card, &session));
    assert_eq!(agent.card()["id"], card["id"]);
}

#[test]
fn another_caller_is_asked_for_the_code_and_its_use_leaves_the_session_alone() {
    let (agent, token) = paired(&[CODE, NO, CODE]);
    let card = agent.card();
    let session = opened(&agent, &token, &card);
    let without = agent.call_socket(&path_of(&card, "/authenticate"), &authenticate_body());
    assert_refused(&without, 403, "cancelled");
    let with = agent.call_socket(&path_of(&card, "/authenticate"), &authenticate_body());
    assert_token(&with);
    assert_token(&authenticate_in(&agent, &token, &card, &session));
}

#[test]
fn a_session_serves_its_own_caller_alone() {
    let (agent, token) = paired(&[CODE, YES]);
    let card = agent.card();
    let session = opened(&agent, &token, &card);
    let (other, _) = pair(&agent, &["identify", "authenticate"], &ORIGINS);
    assert_refused(
        &authenticate_in(&agent, &other, &card, &session),
        404,
        "not-found",
    );
    assert_refused(&end(&agent, &other, &session), 404, "not-found");
    let demo = agent.token();
    assert_refused(
        &authenticate_in(&agent, &demo, &card, &session),
        404,
        "not-found",
    );
    assert_token(&authenticate_in(&agent, &token, &card, &session));
}

#[test]
fn a_session_serves_its_own_card_alone() {
    let agent = Agent::demo(&["--card", "cps3", "--card", "cps4"]);
    let cards = until("both cards", || {
        let cards = agent.read_socket("/v1/cards").body["cards"].clone();
        (cards.as_array()?.len() == 2).then_some(cards)
    });
    let token = agent.token();
    let session = opened(&agent, &token, &cards[0]);
    let refused = authenticate_in(&agent, &token, &cards[1], &session);
    assert_refused(&refused, 404, "not-found");
    assert_token(&authenticate_in(&agent, &token, &cards[0], &session));
}

#[test]
fn a_program_that_nobody_paired_opens_no_session() {
    let agent = demo_with_holder(CODE.trim_matches(['{', '}', ' ']));
    let card = agent.card();
    let opened = agent.call_socket("/v1/sessions", &json!({ "card": card["id"] }));
    assert_refused(&opened, 403, "right-missing");
}

#[test]
fn a_session_that_its_caller_ends_is_over_for_everything() {
    let (agent, token) = paired(&[CODE, CODE]);
    let card = agent.card();
    let events = agent.events();
    let session = opened(&agent, &token, &card);
    assert_eq!(end(&agent, &token, &session).status, 204);
    let told = events.wait_for("session-closed");
    assert_eq!(told.data["session"], session["id"]);
    assert_eq!(told.data["card"], card["id"]);
    assert_eq!(told.data["reason"], "ended");
    assert_closed(
        &authenticate_in(&agent, &token, &card, &session),
        "session-ended",
    );
    assert_closed(&sign_in(&agent, &token, &card, &session), "session-ended");
    assert_closed(&end(&agent, &token, &session), "session-ended");
    // And the code is off the card: whoever comes next types it.
    let body = authenticate_body();
    assert_token(&with_token(
        &agent,
        &token,
        &path_of(&card, "/authenticate"),
        &body,
    ));
}

#[test]
fn a_session_ends_with_the_grant_of_its_caller() {
    let agent = demo_with_holder(&format!("answers = [ {YES}, {CODE} ]"));
    let (token, grant) = pair(&agent, &["identify", "authenticate"], &ORIGINS);
    let card = agent.card();
    let events = agent.events();
    opened(&agent, &token, &card);
    assert!(agent.cli(&["grants", "revoke", &grant]).status.success());
    assert_eq!(
        events.wait_for("session-closed").data["reason"],
        "grant-revoked"
    );
    assert_eq!(
        agent.read_socket("/v1/sessions").body["sessions"],
        json!([])
    );
}

#[test]
fn the_users_own_programs_see_and_end_every_session() {
    let (agent, token) = paired(&[CODE]);
    let card = agent.card();
    let session = opened(&agent, &token, &card);
    let all = agent.read_socket("/v1/sessions").body;
    assert_eq!(all["sessions"][0]["id"], session["id"]);
    let path = format!(
        "/v1/sessions/{}",
        session["id"].as_str().unwrap_or_default()
    );
    let ended = agent.curl_socket(&path, &["-X", "DELETE", "-H", CLIENT]);
    assert_eq!(ended.status, 204, "{}", ended.text);
    assert_closed(
        &authenticate_in(&agent, &token, &card, &session),
        "session-ended",
    );
}

#[test]
fn no_caller_has_more_than_eight_sessions() {
    let agent = Agent::demo(&[]);
    let (card, token) = (agent.card(), agent.token());
    for _ in 0..8 {
        opened(&agent, &token, &card);
    }
    assert_refused(&open_session(&agent, &token, &card), 503, "busy");
}

#[test]
fn a_session_that_nobody_has_and_a_card_that_is_not_there_are_not_found() {
    let agent = Agent::demo(&[]);
    let (card, token) = (agent.card(), agent.token());
    let nobody = json!({ "id": "0123456789abcdef" });
    assert_refused(
        &authenticate_in(&agent, &token, &card, &nobody),
        404,
        "not-found",
    );
    let no_card = json!({ "id": "0123456789abcdef" });
    assert_refused(&open_session(&agent, &token, &no_card), 404, "not-found");
}

#[test]
fn a_right_to_see_cards_alone_opens_no_session() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    let (token, _) = pair(&agent, &["identify"], &[]);
    assert_refused(&open_session(&agent, &token, &card), 403, "right-missing");
    let seen = format!("Authorization: Bearer {token}");
    let list = agent.curl("/v1/sessions", &["-H", &seen]);
    assert_refused(&list, 403, "right-missing");
}

#[test]
fn the_journal_tells_each_session_and_each_use_in_it() {
    let (agent, token) = paired(&[CODE]);
    let card = agent.card();
    let session = opened(&agent, &token, &card);
    assert_token(&authenticate_in(&agent, &token, &card, &session));
    assert_eq!(end(&agent, &token, &session).status, 204);
    let entries = agent.cli(&["journal", "--json"]);
    let entries: Value = serde_json::from_slice(&entries.stdout).unwrap_or_default();
    let entries = entries["entries"].as_array().cloned().unwrap_or_default();
    let mut kinds: Vec<_> = entries
        .iter()
        .filter_map(|entry| entry["kind"].as_str())
        .take(6)
        .collect();
    kinds.reverse();
    assert_eq!(
        kinds,
        [
            "intent",
            "session-opened",
            "outcome",
            "intent",
            "outcome",
            "session-closed"
        ],
        "{entries:?}"
    );
    assert!(agent.cli(&["journal", "verify"]).status.success());
}

#[test]
fn the_end_of_a_session_is_told_to_its_caller_and_the_users_own_programs_alone() {
    let (agent, token) = paired(&[CODE, YES]);
    let card = agent.card();
    let session = opened(&agent, &token, &card);
    let (other, _) = pair(&agent, &["identify"], &[]);
    let events = agent.events();
    assert_eq!(end(&agent, &token, &session).status, 204);
    let told = events.wait_for("session-closed");
    let stream_of = |token: &str| {
        let token = format!("Authorization: Bearer {token}");
        let after = format!("Last-Event-ID: {}", told.id - 1);
        let seen = ["-H", &token, "-H", &after, "--max-time", "10"];
        agent.exchange("/v1/events", &seen).body
    };
    assert!(stream_of(&token).contains("session-closed"));
    assert!(!stream_of(&other).contains("session-closed"));
}

#[test]
fn the_users_own_programs_are_told_whose_session_it_is() {
    let (agent, token) = paired(&[CODE, CODE]);
    let card = agent.card();
    let session = opened(&agent, &token, &card);
    assert_eq!(session["name"], "Logiciel du cabinet");
    opened(&agent, &agent.token(), &card);
    let all = agent.read_socket("/v1/sessions").body;
    assert_eq!(all["sessions"][0]["name"], "Logiciel du cabinet");
    assert_eq!(all["sessions"][1].get("name"), None, "{all}");
}

#[test]
fn nobody_but_the_users_own_programs_sees_or_ends_the_session_of_another() {
    let (agent, token) = paired(&[CODE, YES]);
    let card = agent.card();
    let session = opened(&agent, &token, &card);
    let (other, _) = pair(&agent, &["identify", "authenticate"], &ORIGINS);
    for stranger in [other, agent.token()] {
        let header = format!("Authorization: Bearer {stranger}");
        let seen = agent.curl("/v1/sessions", &["-H", &header]);
        assert_eq!(seen.body["sessions"], json!([]), "{}", seen.text);
        assert_refused(&end(&agent, &stranger, &session), 404, "not-found");
    }
    assert_token(&authenticate_in(&agent, &token, &card, &session));
}

#[test]
fn the_beginning_of_a_session_is_told_to_its_caller_and_the_users_own_programs_alone() {
    let (agent, token) = paired(&[CODE, YES]);
    let card = agent.card();
    let events = agent.events();
    let session = opened(&agent, &token, &card);
    let told = events.wait_for("session-opened");
    assert_eq!(told.data["session"], session["id"]);
    assert_eq!(told.data["card"], card["id"]);
    let (other, _) = pair(&agent, &["identify"], &[]);
    let changed = events.wait_for("grants-changed");
    let stream_of = |token: &str| {
        let token = format!("Authorization: Bearer {token}");
        let after = format!("Last-Event-ID: {}", told.id - 1);
        let seen = ["-H", &token, "-H", &after, "--max-time", "10"];
        agent.exchange("/v1/events", &seen).body
    };
    assert!(changed.id > told.id);
    assert!(stream_of(&token).contains("session-opened"));
    for stream in [stream_of(&other), stream_of(&agent.token())] {
        assert!(!stream.contains("session-opened"), "{stream}");
    }
    // Who was let in is nobody's business but the user's own programs'.
    assert!(!stream_of(&token).contains("grants-changed"));
}

#[test]
fn the_command_line_lists_sessions_and_ends_them() {
    let (agent, token) = paired(&[CODE]);
    let text = |arguments: &[&str]| {
        let output = agent.cli(arguments);
        let words = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(words).unwrap())
    };
    let (code, none) = text(&["sessions"]);
    assert_eq!((code, none.trim()), (Some(0), "No session is open."));
    let session = opened(&agent, &token, &agent.card());
    let id = session["id"].as_str().unwrap();
    let (_, list) = text(&["sessions"]);
    assert!(
        list.starts_with("Program “Logiciel du cabinet”\n"),
        "{list}"
    );
    assert!(list.contains(&format!("cpxd sessions end {id}")), "{list}");
    let (_, json) = text(&["sessions", "--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["sessions"][0]["id"], id);
    let (code, wrong) = text(&["sessions", "end", "../grants"]);
    assert_eq!(code, Some(1), "{wrong}");
    let (code, over) = text(&["sessions", "end", id]);
    assert_eq!(code, Some(0), "{over}");
    assert_eq!(
        agent.read_socket("/v1/sessions").body["sessions"],
        json!([])
    );
    let (code, again) = text(&["sessions", "end", id]);
    assert_eq!(code, Some(1), "{again}");
}
