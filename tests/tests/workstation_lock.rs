//! The lock of the workstation: no question stays open behind it, and none is put.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "an agent that cannot be asked fails its test"
)]

use std::ffi::OsString;
use std::thread;

use cpxd_tests::agent::{Agent, Answer};
use cpxd_tests::calls::{ORIGIN, authenticate_body, nonce, path_of};
use cpxd_tests::desk::Desk;
use cpxd_tests::door::request_grant;
use cpxd_tests::ended::Ended;
use cpxd_tests::keypad_desk::KeypadDesk;
use cpxd_tests::lock_stand_ins::{
    MessageBus, StandInForLogind, StandInForScreenSaver, claim_locks_without_their_names,
};
use cpxd_tests::operations::assert_token;
use cpxd_tests::screen::{
    Screen,
    title::{KEYPAD, QUESTION},
};
use cpxd_tests::waiting::until;
use serde_json::json;

/// A workstation that can be locked: an agent of the demo with its window, and both buses.
struct Workstation {
    agent: Agent,
    screen: Screen,
    login: StandInForLogind,
    system_bus: MessageBus,
    session_bus: MessageBus,
}

impl Workstation {
    fn new() -> Self {
        let (system_bus, session_bus) = (MessageBus::start(), MessageBus::start());
        let login = StandInForLogind::on(&system_bus);
        let screen = Screen::start();
        let environment = [screen.environment(), buses(&system_bus, &session_bus)].concat();
        let agent = Agent::demo_with_a_person(&environment);
        login.wait_until_asked();
        Self {
            agent,
            screen,
            login,
            system_bus,
            session_bus,
        }
    }

    fn authenticate(&self) -> Answer {
        let path = path_of(&self.agent.card(), "/authenticate");
        self.agent.call_socket(&path, &authenticate_body())
    }

    /// A question is open when the lock comes: it goes, and spends no try.
    fn lock_during_a_question(&self, lock: impl FnOnce()) {
        thread::scope(|scope| {
            let asking = scope.spawn(|| self.authenticate());
            self.screen.window(QUESTION);
            self.screen.type_text("0000");
            lock();
            assert_locked(&asking.join().unwrap());
        });
        self.screen.nothing();
        assert_eq!(self.agent.card()["pin"]["triesLeft"], 3);
    }

    /// Every question is refused without a window, those of pages too.
    fn assert_asks_nobody(&self) {
        assert_locked(&self.authenticate());
        let answer = request_grant(&self.agent, "https://service.example", &["authenticate"]);
        assert_eq!(answer.code(), "cancelled", "{}", answer.body);
        assert!(answer.json()["reason"].is_null(), "{}", answer.body);
        assert!(!self.screen.shows_a_window());
    }

    /// The next question gets its answer as soon as the agent has heard of the end of the lock.
    fn assert_asks_again(&self) {
        thread::scope(|scope| {
            let asking = scope.spawn(|| {
                until("an answer that no lock gave", || {
                    let answer = self.authenticate();
                    (answer.body["reason"] != "workstation-locked").then_some(answer)
                })
            });
            self.screen.window(QUESTION);
            self.screen.enter("1234");
            assert_token(&asking.join().unwrap());
        });
        self.screen.nothing();
    }
}

fn buses(system: &MessageBus, session: &MessageBus) -> Vec<(&'static str, OsString)> {
    vec![
        ("DBUS_SYSTEM_BUS_ADDRESS", system.address.clone().into()),
        ("DBUS_SESSION_BUS_ADDRESS", session.address.clone().into()),
    ]
}

fn assert_locked(answer: &Answer) {
    let told = (answer.status, answer.code(), &answer.body["reason"]);
    let expected = (403, "cancelled", &json!("workstation-locked"));
    assert_eq!(told, expected, "{}", answer.text);
}

#[test]
fn the_window_goes_with_the_lock_that_logind_tells_of_and_none_comes_until_its_end() {
    let desk = Workstation::new();
    desk.lock_during_a_question(|| desk.login.set_locked_hint(true));
    desk.assert_asks_nobody();
    desk.login.set_locked_hint(false);
    desk.assert_asks_again();
    // A page that was refused by a lock alone may ask again.
    thread::scope(|scope| {
        let asking = scope
            .spawn(|| request_grant(&desk.agent, "https://service.example", &["authenticate"]));
        desk.screen.window(QUESTION);
        desk.screen.agree();
        assert_eq!(asking.join().unwrap().status, 200);
    });
}

#[test]
fn a_question_that_waits_for_its_turn_goes_with_the_one_before_it() {
    let desk = Workstation::new();
    thread::scope(|scope| {
        let asking: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| desk.authenticate()))
            .collect();
        desk.screen.window(QUESTION);
        desk.login.set_locked_hint(true);
        for asked in asking {
            assert_locked(&asked.join().unwrap());
        }
    });
    desk.screen.nothing();
}

#[test]
fn the_window_goes_with_each_screen_saver_that_covers_the_screen() {
    for start in [
        StandInForScreenSaver::of_freedesktop,
        StandInForScreenSaver::of_gnome,
    ] {
        let desk = Workstation::new();
        let saver = start(&desk.session_bus);
        saver.wait_until_asked();
        desk.lock_during_a_question(|| saver.set_active(true));
        desk.assert_asks_nobody();
        saver.set_active(false);
        desk.assert_asks_again();
        desk.lock_during_a_question(|| saver.set_active(true));
        // A screen saver that crashed covers nothing.
        drop(saver);
        desk.assert_asks_again();
    }
}

#[test]
fn a_lock_that_is_only_asked_for_closes_the_question_and_no_later_one() {
    let desk = Workstation::new();
    desk.lock_during_a_question(|| desk.login.ask_for_a_lock());
    desk.assert_asks_again();
}

#[test]
fn a_workstation_that_is_locked_when_the_agent_starts_asks_nobody() {
    let (system_bus, session_bus) = (MessageBus::start(), MessageBus::start());
    let login = StandInForLogind::on(&system_bus);
    login.set_locked_hint(true);
    let screen = Screen::start();
    let environment = [screen.environment(), buses(&system_bus, &session_bus)].concat();
    let agent = Agent::demo_with_a_person(&environment);
    login.wait_until_asked();
    let desk = Workstation {
        agent,
        screen,
        login,
        system_bus,
        session_bus,
    };
    desk.assert_asks_nobody();
    desk.login.set_locked_hint(false);
    desk.assert_asks_again();
}

#[test]
fn neither_another_users_lock_nor_a_liar_on_the_bus_closes_a_question() {
    let desk = Workstation::new();
    thread::scope(|scope| {
        let asking = scope.spawn(|| desk.authenticate());
        desk.screen.window(QUESTION);
        desk.login.lock_another_session();
        claim_locks_without_their_names(&desk.session_bus);
        claim_locks_without_their_names(&desk.system_bus);
        desk.screen.enter("1234");
        assert_token(&asking.join().unwrap());
    });
}

#[test]
fn a_bus_that_leaves_locks_nothing() {
    let mut desk = Workstation::new();
    desk.lock_during_a_question(|| desk.login.set_locked_hint(true));
    desk.system_bus = MessageBus::start();
    desk.assert_asks_again();
}

#[test]
fn a_session_outlives_the_lock() {
    let desk = Workstation::new();
    let agent = &desk.agent;
    let card = agent.card();
    let session = thread::scope(|scope| {
        let opening = scope.spawn(|| agent.call("/v1/sessions", &json!({ "card": card["id"] })));
        desk.screen.window(QUESTION);
        desk.screen.enter("1234");
        opening.join().unwrap().body["id"].clone()
    });
    desk.screen.nothing();
    desk.lock_during_a_question(|| desk.login.set_locked_hint(true));
    let mut body = authenticate_body();
    body["session"] = session;
    assert_token(&agent.call(&path_of(&card, "/authenticate"), &body));
}

#[test]
fn the_question_at_a_terminal_goes_with_the_lock() {
    let (system_bus, session_bus) = (MessageBus::start(), MessageBus::start());
    let login = StandInForLogind::on(&system_bus);
    let desk = Desk::start_in(&buses(&system_bus, &session_bus), &["demo", "--port", "0"]);
    let _ = desk.see("openssl as judge.\r\n");
    login.wait_until_asked();
    let command = ["authenticate", "--origin", ORIGIN, "--nonce", &nonce()];
    let asking = desk.start_cli(&command);
    let _ = desk.see("digits (Esc to refuse): ");
    login.set_locked_hint(true);
    let ended: Ended = asking.wait_with_output().unwrap().into();
    assert!(ended.complaint.contains("is locked"), "{ended:?}");
    let _ = desk.see("Nothing was done.\r\n");
    let refused: Ended = desk.start_cli(&command).wait_with_output().unwrap().into();
    assert!(refused.complaint.contains("is locked"), "{refused:?}");
}

#[test]
fn a_lock_ends_the_question_of_a_reader_that_waits_at_its_keypad() {
    let (system_bus, session_bus) = (MessageBus::start(), MessageBus::start());
    let login = StandInForLogind::on(&system_bus);
    let desk = KeypadDesk::on(Screen::start(), "cps3", &buses(&system_bus, &session_bus));
    login.wait_until_asked();
    thread::scope(|scope| {
        let asking = desk.call(scope, "/authenticate", authenticate_body());
        desk.screen.window(KEYPAD);
        login.set_locked_hint(true);
        let answer = asking.join().unwrap();
        assert_eq!(answer.code(), "cancelled", "{}", answer.text);
        assert_eq!(answer.body["reason"], "workstation-locked");
    });
    desk.at_keypad("cancel");
    assert_eq!(desk.agent.tries_left(), 3);
}
