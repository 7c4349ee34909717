//! What the window's process is given, and what it leaves: nothing that a code could hide in.
#![cfg(target_os = "linux")]

use std::fs;
use std::process::Command;
use std::thread;

use cpxd_tests::ended::Ended;
use cpxd_tests::programs::program;
use cpxd_tests::screen::Screen;
use cpxd_tests::screen::title::QUESTION;
use cpxd_tests::window_desk::{WindowDesk, answer_of};

#[test]
fn the_window_has_no_argument_no_foreign_variable_and_leaves_no_dump() {
    let foreign = [
        ("SLINT_DEBUG_PERFORMANCE", "console".into()),
        ("FOREIGN_VARIABLE", "1".into()),
    ];
    let desk = WindowDesk::on(Screen::start(), "cps3", "1234", &foreign);
    thread::scope(|scope| {
        let asking = desk.authenticate(scope);
        desk.screen.window(QUESTION);
        let file =
            |name: &str| fs::read_to_string(format!("/proc/{}/{name}", desk.screen.pid())).unwrap();
        let arguments = file("cmdline");
        let arguments: Vec<_> = arguments.split_terminator('\0').collect();
        assert_eq!(arguments.len(), 1, "{arguments:?}");
        assert!(
            arguments
                .iter()
                .all(|program| program.ends_with("/cpxd-prompt-window"))
        );
        let variables = file("environ");
        let names: Vec<_> = variables
            .split_terminator('\0')
            .filter_map(|variable| variable.split_once('='))
            .map(|(name, _)| name)
            .collect();
        assert!(names.contains(&"DISPLAY"), "{names:?}");
        for name in [
            "FOREIGN_VARIABLE",
            "SLINT_DEBUG_PERFORMANCE",
            "PATH",
            "LD_PRELOAD",
        ] {
            assert!(!names.contains(&name), "{names:?}");
        }
        let limits = file("limits");
        let core = limits
            .lines()
            .find(|line| line.starts_with("Max core file size"));
        let core: Vec<_> = core.unwrap().split_whitespace().collect();
        assert_eq!(core.get(4..6), Some(&["0", "0"][..]), "{core:?}");
        desk.screen.press(&["Escape"]);
        assert_eq!(answer_of(asking).code(), "cancelled");
    });
}

#[test]
fn the_window_tells_a_person_who_starts_it() {
    let window = program("cpxd-prompt-window");
    for (word, expected) in [
        ("--help", "started by the agent"),
        ("--version", env!("CARGO_PKG_VERSION")),
    ] {
        let asked = Command::new(&window).arg(word).output().unwrap();
        let told = Ended::from(asked);
        assert_eq!(told.code, Some(0), "{told:?}");
        assert!(told.output.contains(expected), "{told:?}");
        assert_eq!(told.output.lines().count(), 1, "{told:?}");
    }
}
