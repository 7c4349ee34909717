//! How a window ends: with the program that shows it, the agent, the caller and the card.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "an agent or a card that cannot be asked fails its test"
)]

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use cpxd_tests::agent::{CLIENT, JSON};
use cpxd_tests::calls::{authenticate_body, path_of};
use cpxd_tests::door::{fetch_token, open_pairing, request_grant};
use cpxd_tests::operations::{assert_signature, assert_token};
use cpxd_tests::screen::title::{AGAIN, DONE, QUESTION};
use cpxd_tests::waiting::until;
use cpxd_tests::window_desk::{WindowDesk, answer_of};

fn kill(pid: &str) {
    signal("-KILL", pid);
}

fn signal(signal: &str, pid: &str) {
    let told = Command::new("kill").args([signal, pid]).status();
    assert!(told.unwrap().success(), "{pid} was not told {signal}");
}

#[test]
fn a_second_caller_waits_until_the_first_has_its_answer() {
    let desk = WindowDesk::with("cps3", "1234");
    let screen = &desk.screen;
    thread::scope(|scope| {
        let first = desk.authenticate(scope);
        screen.window(QUESTION);
        let second = desk.sign(scope, &[cpxd_tests::operations::DOCUMENT]);
        let window = screen.pid();
        screen.enter("1234");
        assert_token(&answer_of(first));
        until("the second question's own window", || {
            let titles = screen.windows();
            let is_alone = titles.len() == 1 && titles.iter().all(|(_, title)| title == QUESTION);
            (is_alone && screen.pid() != window).then_some(())
        });
        screen.window(QUESTION);
        screen.enter("1234");
        assert_signature(&answer_of(second));
    });
}

#[test]
fn a_window_that_is_killed_in_mid_entry_spends_no_try() {
    let desk = WindowDesk::with("cps3", "1234");
    let screen = &desk.screen;
    thread::scope(|scope| {
        let asking = desk.authenticate(scope);
        screen.window(QUESTION);
        screen.type_text("123");
        kill(&screen.pid());
        assert_eq!(answer_of(asking).code(), "cancelled");
    });
    assert_eq!(desk.counters_of_the_card(), [3, 10, 100]);
    thread::scope(|scope| {
        let asking = desk.authenticate(scope);
        screen.window(QUESTION);
        screen.enter("1234");
        assert_token(&answer_of(asking));
    });
}

#[test]
fn the_window_goes_with_the_agent_however_that_ends() {
    for signal in ["-KILL", "-TERM"] {
        let mut desk = WindowDesk::with("cps3", "1234");
        let path = path_of(&desk.agent.card(), "/authenticate");
        let caller = caller(&desk, &path);
        desk.screen.window(QUESTION);
        desk.screen.type_text("123");
        desk.agent.stop_by(signal);
        desk.screen.nothing();
        drop(caller);
        assert_eq!(desk.counters_of_the_card(), [3, 10, 100]);
    }
}

#[test]
fn the_window_goes_with_its_caller() {
    let desk = WindowDesk::with("cps3", "1234");
    let path = path_of(&desk.agent.card(), "/authenticate");
    let caller = caller(&desk, &path);
    desk.screen.window(QUESTION);
    drop(caller);
    desk.screen.nothing();
    assert_eq!(desk.counters_of_the_card(), [3, 10, 100]);
}

#[test]
fn the_window_goes_with_its_caller_while_the_card_has_the_code() {
    let desk = WindowDesk::with("cps3", "1234");
    let card = desk.plugged.as_ref().unwrap().pid().to_string();
    let path = path_of(&desk.agent.card(), "/authenticate");
    let events = desk.agent.events();
    let caller = caller(&desk, &path);
    desk.screen.window(QUESTION);
    let window = desk.screen.pid();
    signal("-STOP", &card);
    desk.screen.enter("1234");
    let _ = events.wait_for("prompt-closed");
    // A window that is stopped cannot end by itself.
    signal("-STOP", &window);
    assert!(desk.screen.shows_a_window());
    drop(caller);
    desk.screen.nothing();
    signal("-CONT", &card);
}

#[test]
fn a_wrong_code_is_asked_again_before_a_caller_that_waits_has_its_turn() {
    let desk = WindowDesk::with("cps3", "1234");
    let screen = &desk.screen;
    thread::scope(|scope| {
        let first = desk.authenticate(scope);
        screen.window(QUESTION);
        let second = desk.sign(scope, &[cpxd_tests::operations::DOCUMENT]);
        let window = screen.pid();
        screen.enter("9999");
        screen.window(AGAIN);
        assert_eq!(screen.pid(), window, "the same window asks again");
        screen.enter("1234");
        assert_token(&answer_of(first));
        until("the second question's own window", || {
            let titles = screen.windows();
            let is_alone = titles.len() == 1 && titles.iter().all(|(_, title)| title == QUESTION);
            (is_alone && screen.pid() != window).then_some(())
        });
        screen.window(QUESTION);
        screen.press(&["Escape"]);
        assert_eq!(answer_of(second).code(), "cancelled");
    });
}

#[test]
fn the_window_goes_with_the_card_and_the_caller_is_told() {
    let mut desk = WindowDesk::with("cps3", "1234");
    let path = path_of(&desk.agent.card(), "/authenticate");
    let mut card = desk.plugged.take();
    thread::scope(|scope| {
        let asking = scope.spawn(|| desk.agent.call_socket(&path, &authenticate_body()));
        desk.screen.window(QUESTION);
        desk.screen.type_text("1234");
        card.take().unwrap().pull();
        assert_eq!(asking.join().unwrap().code(), "card-removed");
        desk.screen.nothing();
    });
    assert_eq!(desk.counters_of_the_card(), [3, 10, 100]);
}

#[test]
fn a_site_is_let_in_by_a_deliberate_act_and_refused_by_enter_or_escape() {
    let desk = WindowDesk::with("cps3", "1234");
    let screen = &desk.screen;
    thread::scope(|scope| {
        let asking = scope
            .spawn(|| request_grant(&desk.agent, "https://service.example", &["authenticate"]));
        screen.window(QUESTION);
        screen.agree();
        let answer = asking.join().unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        screen.window(DONE);
        screen.nothing();
        let asking =
            scope.spawn(|| request_grant(&desk.agent, "https://other.example", &["authenticate"]));
        screen.window(QUESTION);
        screen.press(&["Escape"]);
        assert_eq!(asking.join().unwrap().code(), "cancelled");
        let asking =
            scope.spawn(|| request_grant(&desk.agent, "https://third.example", &["authenticate"]));
        screen.window(QUESTION);
        // A code that was meant for another window, by slow fingers.
        thread::sleep(Duration::from_millis(700));
        screen.enter("1234");
        assert_eq!(asking.join().unwrap().code(), "cancelled");
    });
}

#[test]
fn a_name_of_ten_thousand_characters_stays_inside_its_line_and_out_of_the_title() {
    let desk = WindowDesk::with("cps3", "1234");
    let name = format!("\u{202e}dpxc {}", "A".repeat(9_000));
    let opened = open_pairing(&desk.agent, &name, &["identify"], &[]);
    // The API takes no such name; the longest that it takes is shown in full and in our title.
    assert_eq!(opened.status, 400, "{}", opened.text);
    let name = "Zzz".repeat(20);
    let opened = open_pairing(&desk.agent, &name, &["identify"], &[]);
    assert_eq!(opened.status, 200, "{}", opened.text);
    thread::scope(|scope| {
        let asking =
            scope.spawn(|| fetch_token(&desk.agent, &opened.body["id"], &opened.body["secret"]));
        desk.screen.window(QUESTION);
        assert!(
            desk.screen
                .windows()
                .iter()
                .all(|(_, title)| !title.contains("Zzz"))
        );
        desk.screen.press(&["Escape"]);
        assert_eq!(asking.join().unwrap().code(), "cancelled");
    });
}

/// A caller that waits for a token; dropping it ends it.
fn caller(desk: &WindowDesk, path: &str) -> Caller {
    let endpoint = desk.agent.endpoint();
    let curl = Command::new("curl")
        .args([
            "--silent",
            "--unix-socket",
            endpoint["socket"].as_str().unwrap(),
        ])
        .args([
            "-H",
            CLIENT,
            "-H",
            JSON,
            "-d",
            &authenticate_body().to_string(),
        ])
        .arg(format!("http://localhost{path}"))
        .stdout(Stdio::null())
        .spawn();
    Caller(curl.unwrap())
}

struct Caller(std::process::Child);

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}
