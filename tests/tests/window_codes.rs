//! Codes and consent in the window: real keys, a real PC/SC service, and the card's own counters.
#![cfg(target_os = "linux")]

use std::thread;

use cpxd_tests::agent::Answer;
use cpxd_tests::operations::{DOCUMENT, assert_signature, assert_token};
use cpxd_tests::screen::title::{AGAIN, DONE, FAILED, LAST_TRY, QUESTION};
use cpxd_tests::window_desk::{WindowDesk, answer_of};

#[track_caller]
fn assert_refused(answer: &Answer, code: &str) {
    assert_eq!(answer.code(), code, "{}", answer.text);
}

#[test]
fn a_code_typed_in_the_window_makes_a_token() {
    for kind in ["cps3", "cps4"] {
        let desk = WindowDesk::with(kind, "1234");
        let screen = &desk.screen;
        thread::scope(|scope| {
            let asking = desk.authenticate(scope);
            screen.window(QUESTION);
            screen.enter("1234");
            let answer = answer_of(asking);
            // It is shown for two seconds and a half.
            screen.window(DONE);
            assert_token(&answer);
        });
        screen.nothing();
        assert_eq!(desk.counters_of_the_card(), [3, 10, 100], "{kind}");
    }
}

#[test]
fn a_wrong_code_keeps_the_window_and_each_one_costs_exactly_one_try() {
    let desk = WindowDesk::with("cps3", "1234");
    let screen = &desk.screen;
    thread::scope(|scope| {
        let asking = desk.authenticate(scope);
        screen.window(QUESTION);
        let window = screen.pid();
        screen.enter("0000");
        screen.window(AGAIN);
        assert_eq!(desk.counters_of_the_card()[0], 2);
        assert_eq!(screen.pid(), window);
        screen.enter("1111");
        screen.window(LAST_TRY);
        assert_eq!(desk.counters_of_the_card()[0], 1);
        // What Enter does there is nothing: the act is a deliberate one.
        screen.press(&["Tab", "Return"]);
        screen.window(AGAIN);
        assert_eq!(desk.counters_of_the_card()[0], 1);
        assert_eq!(screen.pid(), window);
        screen.enter("1234");
        assert_token(&answer_of(asking));
    });
    assert_eq!(desk.counters_of_the_card(), [3, 10, 100]);
}

#[test]
fn enter_or_escape_at_the_last_try_risks_nothing() {
    let desk = WindowDesk::with("cps3", "1234");
    let screen = &desk.screen;
    for key in ["Return", "Escape"] {
        thread::scope(|scope| {
            let asking = desk.authenticate(scope);
            if key == "Return" {
                screen.window(QUESTION);
                screen.enter("0000");
                screen.window(AGAIN);
                screen.enter("0000");
            }
            screen.window(LAST_TRY);
            screen.type_text("1234");
            screen.press(&[key]);
            assert_refused(&answer_of(asking), "last-try-not-confirmed");
        });
        screen.nothing();
        assert_eq!(desk.counters_of_the_card()[0], 1, "{key}");
    }
}

#[test]
fn three_wrong_codes_block_the_card_and_its_unblock_code_brings_it_back() {
    let desk = WindowDesk::with("cps3", "1234");
    let screen = &desk.screen;
    thread::scope(|scope| {
        let asking = desk.authenticate(scope);
        screen.window(QUESTION);
        screen.enter("0000");
        screen.window(AGAIN);
        screen.enter("0000");
        screen.window(LAST_TRY);
        screen.press(&["Tab", "Return"]);
        screen.window(AGAIN);
        screen.enter("0000");
        assert_refused(&answer_of(asking), "pin-blocked");
    });
    screen.window(FAILED);
    assert_eq!(desk.counters_of_the_card(), [0, 10, 100]);
    screen.press(&["Return"]);
    screen.nothing();
    thread::scope(|scope| {
        let asking = desk.codes(scope, "/pin/unblock");
        screen.window(QUESTION);
        screen.enter("87654321");
        screen.enter("4321");
        screen.enter("4321");
        screen.window(AGAIN);
        assert_eq!(desk.counters_of_the_card(), [0, 9, 100]);
        screen.enter("12345678");
        screen.enter("4321");
        screen.enter("4321");
        let answer = answer_of(asking);
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.body["pin"]["state"], "ready");
    });
    screen.window(DONE);
    assert_eq!(desk.counters_of_the_card(), [3, 10, 99]);
    screen.nothing();
    thread::scope(|scope| {
        let asking = desk.authenticate(scope);
        screen.window(QUESTION);
        screen.enter("4321");
        assert_token(&answer_of(asking));
    });
}

#[test]
fn a_code_is_changed_once_the_new_one_was_typed_twice_alike() {
    let desk = WindowDesk::with("cps3", "1234");
    let screen = &desk.screen;
    thread::scope(|scope| {
        let asking = desk.codes(scope, "/pin/change");
        screen.window(QUESTION);
        screen.enter("1234");
        // The same as before, then two that differ: all stays in the window.
        screen.enter("1234");
        screen.enter("4321");
        screen.enter("4312");
        assert!(!asking.is_finished());
        screen.enter("4321");
        screen.enter("4321");
        let answer = answer_of(asking);
        assert_eq!(answer.status, 200, "{}", answer.text);
    });
    screen.window(DONE);
    screen.nothing();
    thread::scope(|scope| {
        let asking = desk.authenticate(scope);
        screen.window(QUESTION);
        screen.enter("4321");
        assert_token(&answer_of(asking));
    });
    assert_eq!(desk.counters_of_the_card(), [3, 10, 100]);
}

#[test]
fn three_documents_are_one_question_and_three_signatures() {
    let desk = WindowDesk::with("cps3", "1234");
    thread::scope(|scope| {
        let asking = desk.sign(scope, &[DOCUMENT, "Arrêt de travail", "Certificat"]);
        desk.screen.window(QUESTION);
        // The list, the link to the digests and the code follow each other by Tab.
        desk.screen.press(&["shift+Tab", "space", "Tab"]);
        desk.screen.enter("1234");
        let answer = answer_of(asking);
        assert_signature(&answer);
        assert_eq!(answer.body["signatures"].as_array().map(Vec::len), Some(3));
    });
}

#[test]
fn escape_refuses_each_question_and_no_try_is_spent() {
    let desk = WindowDesk::with("cps3", "1234");
    let screen = &desk.screen;
    for call in 0..3 {
        thread::scope(|scope| {
            let asking = match call {
                0 => desk.authenticate(scope),
                1 => desk.sign(scope, &[DOCUMENT]),
                _ => desk.codes(scope, "/pin/change"),
            };
            screen.window(QUESTION);
            screen.type_text("1234");
            screen.press(&["Escape"]);
            assert_refused(&answer_of(asking), "cancelled");
        });
        screen.nothing();
    }
    assert_eq!(desk.counters_of_the_card(), [3, 10, 100]);
}

#[test]
fn letters_nine_digits_and_a_paste_never_reach_the_card() {
    let desk = WindowDesk::with("cps3", "1234");
    let screen = &desk.screen;
    thread::scope(|scope| {
        let asking = desk.authenticate(scope);
        let window = screen.window(QUESTION);
        screen.enter("abcd");
        screen.enter("123456789");
        assert_eq!(screen.windows(), [(window.clone(), QUESTION.to_owned())]);
        screen.press(&["BackSpace"; 9]);
        // Control and Shift with V and Insert paste, where anything does.
        screen.press(&["ctrl+v", "shift+Insert", "ctrl+shift+v", "Return"]);
        screen.enter("12");
        assert_eq!(screen.windows(), [(window, QUESTION.to_owned())]);
        assert_eq!(desk.counters_of_the_card(), [3, 10, 100]);
        screen.enter("34");
        assert_token(&answer_of(asking));
    });
    assert_eq!(desk.counters_of_the_card(), [3, 10, 100]);
}
