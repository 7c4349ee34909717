//! The window as a screen reader sees it: names, roles and the order of the focus, through AT-SPI.
#![cfg(target_os = "linux")]

use std::process::Command;
use std::thread;

use cpxd_tests::calls::authenticate_body;
use cpxd_tests::keypad_desk::KeypadDesk;
use cpxd_tests::operations::{DOCUMENT, assert_signature, assert_token};
use cpxd_tests::screen::Screen;
use cpxd_tests::screen::title::{KEYPAD, QUESTION};
use cpxd_tests::session_bus::{PYTHON, SessionBus};
use cpxd_tests::waiting::until;
use cpxd_tests::window_desk::{WindowDesk, answer_of};

/// Every control of the window: role, name, and whether it has the focus.
fn tree(bus: &SessionBus, screen: &Screen) -> Vec<[String; 3]> {
    let mut python = Command::new(PYTHON);
    python
        .args(["-c", READ_THE_TREE])
        .env("DBUS_SESSION_BUS_ADDRESS", &bus.address);
    let text = screen.output_of(&mut python);
    let rows = text.lines().filter_map(|line| {
        let cells: Vec<_> = line.split('\t').map(str::to_owned).collect();
        cells.try_into().ok()
    });
    rows.collect()
}

const SWITCH_ON: &str = "
gdbus call --session --dest org.a11y.Bus --object-path /org/a11y/bus \
    --method org.freedesktop.DBus.Properties.Set org.a11y.Status IsEnabled '<true>' >/dev/null
gdbus call --session --dest org.a11y.Bus --object-path /org/a11y/bus \
    --method org.freedesktop.DBus.Properties.Set org.a11y.Status ScreenReaderEnabled '<true>' >/dev/null";

const READ_THE_TREE: &str = r#"
import pyatspi
def walk(node):
    if node is None:
        return
    states = node.getState()
    focus = "focused" if states.contains(pyatspi.STATE_FOCUSED) else ""
    print(node.getRoleName(), node.name, focus, sep="\t")
    for child in node:
        walk(child)
for program in pyatspi.Registry.getDesktop(0):
    if program is not None and program.name and "cpxd" in program.name:
        walk(program)
"#;

fn focused(tree: &[[String; 3]]) -> Option<String> {
    let found = tree.iter().find(|[_, _, focus]| focus == "focused");
    found.map(|[_, name, _]| name.clone())
}

#[test]
fn every_control_has_a_name_and_a_role_and_tab_goes_through_them_in_order() {
    let screen = Screen::start();
    let bus = SessionBus::start(&screen, SWITCH_ON);
    let address = [("DBUS_SESSION_BUS_ADDRESS", bus.address.clone().into())];
    let desk = WindowDesk::on(screen, "cps3", "1234", &address);
    let screen = &desk.screen;
    thread::scope(|scope| {
        let asking = desk.sign(scope, &[DOCUMENT]);
        screen.window(QUESTION);
        let controls = until("the window on the accessibility bus", || {
            let controls = tree(&bus, screen);
            (controls.len() > 8).then_some(controls)
        });
        for [role, name, _] in &controls {
            let is_control = ["push button", "text", "entry", "password text", "list item"]
                .contains(&role.as_str());
            assert!(
                !is_control || !name.is_empty(),
                "{role} without a name: {controls:?}"
            );
        }
        let has = |wanted_role: &str, wanted_name: &str| {
            controls
                .iter()
                .any(|[role, name, _]| role == wanted_role && name.contains(wanted_name))
        };
        for (role, name) in [
            ("push button", "Cancel"),
            ("push button", "Sign"),
            ("push button", "Show the digests"),
            ("label", "Sign one document"),
            ("label", "CAMILLE DUPONT"),
        ] {
            assert!(has(role, name), "no {role} {name}: {controls:?}");
        }
        assert!(
            controls
                .iter()
                .any(|[_, name, _]| name == "Your code, 4 digits"),
            "{controls:?}"
        );
        assert!(
            !has("progress bar", TIME_LEFT),
            "there is time enough: {controls:?}"
        );
        // What was typed is told by its number alone.
        screen.type_text("12");
        let mut order = Vec::new();
        for _ in 0..4 {
            let last = order.last().cloned();
            let next = until("the next focus", || {
                focused(&tree(&bus, screen)).filter(|name| Some(name) != last.as_ref())
            });
            order.push(next);
            screen.press(&["Tab"]);
        }
        assert_eq!(
            order,
            ["Your code, 4 digits", "Cancel", "Sign", "Show the digests"]
        );
        assert!(tree(&bus, screen).iter().all(|row| !row[1].contains("12 ")));
        screen.enter("34");
        assert_signature(&answer_of(asking));
    });
}

/// Ends the words for how long somebody waits for the answer.
const TIME_LEFT: &str = " seconds left";

#[test]
fn little_time_to_answer_is_told_beside_the_buttons() {
    let screen = Screen::start();
    let bus = SessionBus::start(&screen, SWITCH_ON);
    let address = [("DBUS_SESSION_BUS_ADDRESS", bus.address.clone().into())];
    let desk = WindowDesk::on(screen, "cps3", "1234", &address);
    thread::scope(|scope| {
        let mut body = authenticate_body();
        body["timeoutSeconds"] = 30.into();
        let asking = desk.call(scope, "/authenticate", body);
        desk.screen.window(QUESTION);
        let told = until("the time left", || {
            let controls = tree(&bus, &desk.screen);
            let mut bars = controls
                .into_iter()
                .filter(|[role, ..]| role == "progress bar");
            bars.find_map(|[_, name, _]| name.ends_with(TIME_LEFT).then_some(name))
        });
        let seconds = told.trim_end_matches(TIME_LEFT).parse::<u32>();
        assert!(seconds.is_ok_and(|seconds| seconds <= 30), "{told}");
        desk.screen.enter("1234");
        assert_token(&answer_of(asking));
    });
}

#[test]
fn what_is_typed_on_the_reader_has_the_focus_and_the_time_left_is_a_progress() {
    let screen = Screen::start();
    let bus = SessionBus::start(&screen, SWITCH_ON);
    let address = [("DBUS_SESSION_BUS_ADDRESS", bus.address.clone().into())];
    let desk = KeypadDesk::on(screen, "cps3", &address);
    thread::scope(|scope| {
        let asking = desk.call(scope, "/authenticate", authenticate_body());
        desk.screen.window(KEYPAD);
        let controls = until("the keypad on the accessibility bus", || {
            let controls = tree(&bus, &desk.screen);
            let told = focused(&controls);
            told.is_some_and(|name| name.starts_with("Type your code on the keypad"))
                .then_some(controls)
        });
        let has = |wanted_role: &str, wanted_name: &str| {
            controls
                .iter()
                .any(|[role, name, _]| role == wanted_role && name.contains(wanted_name))
        };
        for (role, name) in [
            ("progress bar", "Time left"),
            ("push button", "Refuse"),
            ("label", "press the cancel key of the reader"),
        ] {
            assert!(has(role, name), "no {role} {name}: {controls:?}");
        }
        desk.at_keypad("1234");
        assert_token(&answer_of(asking));
    });
}
