//! Codes typed at the keypad of the reader, with the window beside it: a virtual reader in the agent's
//! process, since no real one with a keypad was there, and pcscd with vpcd has none.
#![cfg(target_os = "linux")]

use std::thread;

use cpxd_tests::agent::Answer;
use cpxd_tests::calls::{authenticate_body, sign_body};
use cpxd_tests::keypad_desk::KeypadDesk;
use cpxd_tests::operations::{DOCUMENT, assert_signature, assert_token};
use cpxd_tests::screen::title::{AGAIN, DONE, FAILED, KEYPAD, LAST_TRY, QUESTION};
use cpxd_tests::waiting::until;
use cpxd_tests::window_desk::answer_of;
use serde_json::json;

#[track_caller]
fn assert_refused(answer: &Answer, code: &str) {
    assert_eq!(answer.code(), code, "{}", answer.text);
}

/// Reads how it ended, and closes the window.
fn close(desk: &KeypadDesk, title: &str) {
    desk.screen.window(title);
    desk.screen.press(&["Return"]);
    desk.screen.nothing();
}

#[test]
fn a_code_typed_on_the_reader_makes_a_token_and_what_is_typed_in_the_window_none() {
    for kind in ["cps3", "cps4"] {
        let desk = KeypadDesk::with(kind);
        thread::scope(|scope| {
            let asking = desk.call(scope, "/authenticate", authenticate_body());
            desk.screen.window(KEYPAD);
            desk.screen.enter("1234");
            desk.screen.window(KEYPAD);
            assert!(!asking.is_finished());
            desk.at_keypad("1234");
            let answer = answer_of(asking);
            close(&desk, DONE);
            assert_token(&answer);
        });
        assert_eq!(desk.agent.tries_left(), 3, "{kind}");
    }
}

#[test]
fn a_wrong_code_keeps_the_window_and_a_last_try_is_agreed_to_there() {
    let desk = KeypadDesk::with("cps3");
    let screen = &desk.screen;
    thread::scope(|scope| {
        let asking = desk.call(scope, "/sign", sign_body(&[DOCUMENT]));
        screen.window(KEYPAD);
        let window = screen.pid();
        desk.at_keypad("0000");
        screen.window(AGAIN);
        // Without the button the reader does not ask: this code waits for it.
        desk.at_keypad("0000");
        screen.type_text("1234");
        screen.window(AGAIN);
        assert!(!asking.is_finished());
        screen.agree();
        screen.window(LAST_TRY);
        // Before the yes nothing is typed: this one waits for it.
        desk.at_keypad("1234");
        screen.window(LAST_TRY);
        assert!(!asking.is_finished());
        screen.press(&["Tab", "Return"]);
        assert_signature(&answer_of(asking));
        assert_eq!(screen.pid(), window);
    });
    assert_eq!(desk.agent.tries_left(), 3);
}

#[test]
fn the_cancel_key_and_a_time_out_are_told_and_spend_no_try() {
    let desk = KeypadDesk::with("cps3");
    for (act, code) in [("cancel", "cancelled"), ("time-out", "timeout")] {
        thread::scope(|scope| {
            let asking = desk.call(scope, "/authenticate", authenticate_body());
            desk.screen.window(KEYPAD);
            desk.at_keypad(act);
            assert_refused(&answer_of(asking), code);
        });
        close(&desk, FAILED);
    }
    assert_eq!(desk.agent.tries_left(), 3);
}

#[test]
fn a_no_in_the_window_is_the_callers_answer_and_the_reader_has_to_be_told_too() {
    let desk = KeypadDesk::with("cps3");
    let ask =
        || thread::scope(|scope| answer_of(desk.call(scope, "/authenticate", authenticate_body())));
    thread::scope(|scope| {
        let asking = desk.call(scope, "/authenticate", authenticate_body());
        desk.screen.window(KEYPAD);
        desk.screen.press(&["Escape"]);
        let refused = answer_of(asking);
        assert_refused(&refused, "cancelled");
        assert_eq!(refused.body["reason"], "keypad-still-open");
    });
    close(&desk, FAILED);
    let busy = ask();
    assert_refused(&busy, "reader-busy");
    assert_eq!(busy.body["reason"], "keypad-still-open");
    // What is typed then is no proof for anybody, and leaves no code behind.
    desk.at_keypad("1234");
    desk.at_keypad("1234");
    let again = until("the reader to listen again", || {
        Some(ask()).filter(|answer| answer.code() != "reader-busy")
    });
    assert_token(&again);
}

#[test]
fn a_code_is_changed_and_a_session_opened_at_the_keypad() {
    let desk = KeypadDesk::with("cps3");
    thread::scope(|scope| {
        let asking = desk.call(scope, "/pin/change", json!({}));
        desk.screen.window(KEYPAD);
        let window = desk.screen.pid();
        desk.at_keypad("1234 4321 4312");
        desk.screen.window(QUESTION);
        desk.screen.agree();
        desk.screen.window(KEYPAD);
        desk.at_keypad("1234 4321 4321");
        let answer = answer_of(asking);
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(desk.screen.pid(), window);
    });
    close(&desk, DONE);
    let card = desk.agent.card();
    let body = json!({ "card": card["id"] });
    let opened = thread::scope(|scope| {
        let opening = scope.spawn(|| desk.agent.call("/v1/sessions", &body));
        desk.screen.window(KEYPAD);
        desk.at_keypad("4321");
        answer_of(opening)
    });
    assert_eq!(opened.status, 200, "{}", opened.text);
    close(&desk, DONE);
    let mut body = authenticate_body();
    body["session"] = opened.body["id"].clone();
    let path = cpxd_tests::calls::path_of(&card, "/authenticate");
    assert_token(&desk.agent.call(&path, &body));
    assert!(!desk.screen.shows_a_window());
}

#[test]
fn a_reader_that_breaks_down_at_its_keypad_has_the_code_typed_in_the_window() {
    for (kind, line) in [("cps3", "refuse"), ("cps4", "break-down")] {
        let desk = KeypadDesk::with(kind);
        thread::scope(|scope| {
            let asking = desk.call(scope, "/authenticate", authenticate_body());
            desk.screen.window(KEYPAD);
            desk.at_keypad(line);
            desk.screen.window(QUESTION);
            desk.screen.enter("1234");
            assert_token(&answer_of(asking));
        });
    }
}
