//! Questions by a pinentry of the system: real ones on a screen and at a terminal, and one that
//! writes down what it is told.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "an agent that cannot be asked fails its test"
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use cpxd_tests::agent::{CLIENT, JSON};
use cpxd_tests::calls::{ORIGIN, authenticate_body, nonce, path_of, sign_body};
use cpxd_tests::desk::Desk;
use cpxd_tests::door::request_grant;
use cpxd_tests::ended::Ended;
use cpxd_tests::operations::{DOCUMENT, assert_signature, assert_token};
use cpxd_tests::pcsc_stack::{PcscService, Reader};
use cpxd_tests::pinentry_desk::{PinentryDesk, RecordingPinentry, at_a_terminal};
use cpxd_tests::screen::Screen;
use cpxd_tests::waiting::until;
use cpxd_tests::window_desk::answer_of;
use cpxd_tests::written_codes::{two_random_codes, ways_to_write};

const TITLE: &str = "cpxd has a question for you";
const ON_A_SCREEN: [&str; 2] = ["/usr/bin/pinentry-qt", "/usr/bin/pinentry-gtk-2"];
const AT_A_TERMINAL: [&str; 2] = ["/usr/bin/pinentry-tty", "/usr/bin/pinentry-curses"];
const CANCELLED: &str = "ERR 83886179 Operation cancelled <Pinentry>";

/// Types into the pinentry that is up, whichever field it shows.
fn enter(screen: &Screen, text: &str) {
    screen.window(TITLE);
    screen.enter(text);
}

#[test]
fn a_code_typed_into_a_real_pinentry_makes_a_token_and_a_signature() {
    for pinentry in ON_A_SCREEN {
        let screen = Screen::start();
        let desk = PinentryDesk::on(&screen, Path::new(pinentry));
        thread::scope(|scope| {
            let asking = desk.authenticate(scope);
            enter(&screen, "1234");
            assert_token(&answer_of(asking));
            screen.nothing();
            let signing = desk.call(scope, "/sign", sign_body(&[DOCUMENT]));
            enter(&screen, "1234");
            assert_signature(&answer_of(signing));
            screen.nothing();
        });
    }
}

#[test]
fn two_wrong_codes_are_asked_again_and_the_last_try_needs_its_word() {
    for pinentry in ON_A_SCREEN {
        let screen = Screen::start();
        let desk = PinentryDesk::on(&screen, Path::new(pinentry));
        thread::scope(|scope| {
            let asking = desk.authenticate(scope);
            for (code, left) in [("0000", 2), ("1111", 1)] {
                screen.window(TITLE);
                let before = screen.pid();
                screen.enter(code);
                desk.wait_for_tries_left(left);
                until("another pinentry", || {
                    let alone = screen.windows().len() == 1;
                    (alone && screen.pid() != before).then_some(())
                });
            }
            let asks_for_the_word = screen.window(TITLE);
            screen.enter("YES");
            // The same pinentry asks for the code, in another window.
            until("the next field", || {
                let windows = screen.windows();
                windows
                    .first()
                    .filter(|(window, _)| *window != asks_for_the_word)?;
                Some(())
            });
            enter(&screen, "1234");
            assert_token(&answer_of(asking));
        });
        assert_eq!(desk.tries_left(), 3);
    }
}

#[test]
fn escape_and_the_callers_leaving_close_a_real_pinentry_and_spend_no_try() {
    for pinentry in ON_A_SCREEN {
        let screen = Screen::start();
        let desk = PinentryDesk::on(&screen, Path::new(pinentry));
        thread::scope(|scope| {
            let asking = desk.authenticate(scope);
            screen.window(TITLE);
            screen.type_text("1234");
            screen.press(&["Escape"]);
            assert_eq!(answer_of(asking).code(), "cancelled");
            screen.nothing();
        });
        let mut caller = caller(&desk);
        screen.window(TITLE);
        screen.type_text("1234");
        caller.kill().unwrap();
        caller.wait().unwrap();
        screen.nothing();
        assert_eq!(desk.tries_left(), 3);
    }
}

#[test]
fn a_real_pinentry_lets_a_site_in_by_its_button_and_not_by_enter() {
    for pinentry in ON_A_SCREEN {
        let screen = Screen::start();
        let desk = PinentryDesk::on(&screen, Path::new(pinentry));
        for (site, keys, status) in [
            ("https://other.example", &["Return"][..], 403),
            ("https://service.example", &["Tab", "space"], 200),
        ] {
            thread::scope(|scope| {
                let asking = scope.spawn(|| request_grant(&desk.agent, site, &["authenticate"]));
                screen.window(TITLE);
                thread::sleep(Duration::from_millis(700));
                screen.press(keys);
                assert_eq!(asking.join().unwrap().status, status, "{pinentry} {keys:?}");
            });
            screen.nothing();
        }
    }
}

#[test]
fn a_real_pinentry_goes_with_the_card() {
    let screen = Screen::start();
    let service = PcscService::start();
    let card = service.plug(Reader::First, &["--pin", "1234"]);
    let pinentry = Path::new("/usr/bin/pinentry-qt");
    let desk = PinentryDesk::with_a_reader(&service, &screen.environment(), pinentry);
    thread::scope(|scope| {
        let asking = desk.authenticate(scope);
        screen.window(TITLE);
        screen.type_text("1234");
        card.pull();
        assert_eq!(answer_of(asking).code(), "card-removed");
        screen.nothing();
    });
}

#[test]
fn a_real_pinentry_at_a_terminal_takes_the_code_and_gives_the_terminal_back() {
    for pinentry in AT_A_TERMINAL {
        let (mut desk, _configuration) = at_a_terminal(Path::new(pinentry));
        let _ = desk.see("the agent is ready");
        assert!(!desk.echoes(), "before a question");
        let quiet = desk.settings();
        let asking = desk.start_cli(&token());
        wait_for_the_entry(&desk, &quiet);
        desk.press("1234\r");
        let ended: Ended = asking.wait_with_output().unwrap().into();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        wait_for_the_terminal(&desk, &quiet);
        let mut leaving = desk.start_cli(&token());
        wait_for_the_entry(&desk, &quiet);
        leaving.kill().unwrap();
        leaving.wait().unwrap();
        wait_for_the_terminal(&desk, &quiet);
        desk.signal("-TERM");
        desk.wait_for_the_end();
        assert!(desk.is_as_before(), "{pinentry}: after the agent");
    }
}

#[test]
fn an_agent_that_stops_while_a_pinentry_asks_leaves_the_terminal_as_it_was() {
    for pinentry in AT_A_TERMINAL {
        let (mut desk, _configuration) = at_a_terminal(Path::new(pinentry));
        let _ = desk.see("the agent is ready");
        let quiet = desk.settings();
        let mut asking = desk.start_cli(&token());
        wait_for_the_entry(&desk, &quiet);
        desk.signal("-TERM");
        desk.wait_for_the_end();
        assert!(desk.is_as_before(), "{pinentry}");
        asking.wait().unwrap();
    }
}

#[test]
fn what_was_typed_for_a_pinentry_that_is_gone_is_left_for_nobody() {
    let pinentry = RecordingPinentry::that_answers(&["never"]);
    let (desk, _configuration) = at_a_terminal(&pinentry.program());
    let _ = desk.see("the agent is ready");
    let mut leaving = desk.start_cli(&token());
    until("a question", || {
        pinentry.heard().contains("GETPIN").then_some(())
    });
    desk.press("1234\r");
    until("the keys", || desk.has_unread_line().then_some(()));
    leaving.kill().unwrap();
    leaving.wait().unwrap();
    until("no key", || (!desk.has_unread_line()).then_some(()));
}

/// What asks for a token, at the command line.
fn token() -> [String; 5] {
    let nonce = nonce();
    ["authenticate", "--origin", ORIGIN, "--nonce", &nonce].map(str::to_owned)
}

/// Until a pinentry at a terminal reads keys: each sets the terminal in its own way for that.
fn wait_for_the_entry(desk: &Desk, quiet: &str) {
    let _ = desk.see("Your code (4 digits)");
    until("an entry", || (desk.settings() != quiet).then_some(()));
}

fn wait_for_the_terminal(desk: &Desk, quiet: &str) {
    until("the terminal", || (desk.settings() == quiet).then_some(()));
}

#[test]
fn a_pinentry_is_told_the_whole_question_and_never_to_keep_a_code() {
    let pinentry = RecordingPinentry::that_answers(&[
        "12", "12a4", "1234", // a token
        "1234", "2580", "2581", "2580", "2580", "ok",   // a change
        "late", // a grant
        CANCELLED,
    ]);
    let desk = PinentryDesk::by(&[], &pinentry.program());
    thread::scope(|scope| {
        assert_token(&answer_of(desk.authenticate(scope)));
        let changed = answer_of(desk.codes(scope, "/pin/change"));
        assert_eq!(changed.status, 200, "{}", changed.text);
    });
    let granted = request_grant(&desk.agent, "https://service.example", &["authenticate"]);
    assert_eq!(granted.status, 200, "{}", granted.body);
    thread::scope(|scope| {
        assert_eq!(answer_of(desk.authenticate(scope)).code(), "cancelled");
    });
    let heard = pinentry.heard();
    for said in [
        "SETTITLE cpxd has a question for you",
        "to prove who you are to the site",
        "3 tries are left",
        "The code of this card has 4 digits and nothing else.",
        "Your present code",
        "Once more",
        "The new code was typed in two different ways.",
        "Done: the code was changed.",
        "The site https://service.example wants to use your card",
    ] {
        assert!(heard.contains(said), "{said} in {heard}");
    }
    let kept = [
        "SETKEYINFO",
        "external-password-cache",
        "SETREPEAT",
        "SETQUALITYBAR",
    ];
    for word in kept {
        assert!(!heard.contains(word), "{word} in {heard}");
    }
}

#[test]
fn a_pinentry_unblocks_a_card_after_the_word_for_its_last_try() {
    let pinentry = RecordingPinentry::that_answers(&[
        "0000", "0001", "no", // nothing risked
        "yes", "0002", "ok", // blocked, and told so
        "12345678", "2580", "2580", "ok",
    ]);
    let desk = PinentryDesk::by(&[], &pinentry.program());
    thread::scope(|scope| {
        let refused = answer_of(desk.authenticate(scope));
        assert_eq!(refused.code(), "last-try-not-confirmed");
        assert_eq!(desk.tries_left(), 1);
        assert_eq!(answer_of(desk.authenticate(scope)).code(), "pin-blocked");
        let unblocked = answer_of(desk.codes(scope, "/pin/unblock"));
        assert_eq!(unblocked.status, 200, "{}", unblocked.text);
    });
    assert_eq!(desk.tries_left(), 3);
    let heard = pinentry.heard();
    let refused = heard
        .find("SETERROR Type YES to risk this last try")
        .unwrap();
    assert!(heard[refused..].contains("The card is blocked"), "{heard}");
}

#[test]
fn a_list_that_is_too_long_for_one_text_comes_on_pages_and_each_is_agreed_to() {
    let documents: Vec<_> = (1..=40)
        .map(|number| format!("Ordonnance {number:02} 100 %"))
        .collect();
    let documents: Vec<_> = documents.iter().map(String::as_str).collect();
    let pages = ["late"; 6];
    let answers = [&pages[..], &["1234"]].concat();
    let pinentry = RecordingPinentry::that_answers(&answers);
    let desk = PinentryDesk::by(&[], &pinentry.program());
    thread::scope(|scope| {
        let signed = answer_of(desk.call(scope, "/sign", sign_body(&documents)));
        assert_eq!(signed.status, 200, "{}", signed.text);
    });
    let heard = pinentry.heard();
    for document in documents {
        let escaped = document.replace('%', "%25");
        assert!(heard.contains(&escaped), "{document} in {heard}");
    }
    assert!(heard.lines().all(|line| line.len() < 1000), "{heard}");
    assert_eq!(heard.matches("CONFIRM").count(), pages.len());
}

#[test]
fn no_log_holds_a_code_that_a_pinentry_took() {
    let [first, second] = two_random_codes();
    let pinentry = RecordingPinentry::that_answers(&[&first, &second, CANCELLED]);
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &["--pin", &first]);
    let desk = PinentryDesk::with_a_reader(&service, &[], &pinentry.program());
    thread::scope(|scope| {
        assert_token(&answer_of(desk.authenticate(scope)));
        let refused = answer_of(desk.authenticate(scope));
        assert_eq!(refused.code(), "cancelled", "{}", refused.text);
    });
    let log = desk.agent.log_without_times();
    for code in [&first, &second] {
        for written in ways_to_write(code) {
            assert!(!log.contains(&written), "{written} in: {log}");
        }
    }
    let verified = log.matches("00 20 00 01 08 [redacted 8 bytes]").count();
    assert_eq!(verified, 2, "{log}");
}

#[test]
fn a_pinentry_that_cannot_ask_is_a_refusal_and_says_so_in_the_log() {
    let desk = PinentryDesk::by(&[], Path::new("/bin/false"));
    thread::scope(|scope| {
        let refused = answer_of(desk.authenticate(scope));
        assert_eq!(refused.code(), "cancelled");
    });
    assert!(desk.agent.log().contains("the pinentry does not ask"));
    assert_eq!(desk.tries_left(), 3);
}

#[test]
fn a_pinentry_that_asks_in_place_of_keypads_is_warned_of_at_the_start() {
    let desk = PinentryDesk::by(&[], Path::new("/bin/false"));
    let warning = "it takes the codes even where the reader has a keypad";
    assert!(desk.agent.log().contains(warning));
}

/// A caller that waits for a token, until it is killed.
fn caller(desk: &PinentryDesk) -> std::process::Child {
    let endpoint = desk.agent.endpoint();
    let path = path_of(&desk.agent.card(), "/authenticate");
    let socket = endpoint["socket"].as_str().unwrap();
    let curl = Command::new("curl")
        .args(["--silent", "--unix-socket", socket])
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
    curl.unwrap()
}
