//! `cpxd pin change` and `unblock` at the terminal of the person who runs them, while the agent has
//! none, or another one.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "a terminal that cannot be opened fails its test"
)]

use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus, Stdio};

use cpxd_tests::agent::Agent;
use cpxd_tests::programs::program;
use cpxd_tests::scripted::{demo_with_holder, text_file};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Termios, tcgetattr};

const PRESENT_CODE: &str = "Your present code, 4 digits (Esc to refuse): ";
const UNBLOCK_CODE: &str = "Your unblock code, 8 digits (Esc to refuse): ";
const NEW_CODE: &str = "Your new code, 4 digits (Esc to refuse): ";
const ONCE_MORE: &str = "Your new code once more (Esc to refuse): ";

/// An agent on virtual cards to which nobody but the terminals of its callers leads.
fn agent() -> Agent {
    let configuration = text_file("environment = \"test\"");
    let path = configuration.path().to_string_lossy();
    let agent = Agent::run(&["--reader-source", "virtual", "--config", &path]);
    let _ = agent.card();
    agent
}

/// A person at a terminal of their own, in which a command of cpxd runs.
struct Person {
    screen_and_keys: OwnedFd,
    /// Keeps the terminal open, and looks at its settings.
    terminal: OwnedFd,
    command: Child,
}

impl Person {
    fn runs(agent: &Agent, arguments: &[&str]) -> Self {
        let screen_and_keys = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&screen_and_keys).unwrap();
        unlockpt(&screen_and_keys).unwrap();
        let name = ptsname(&screen_and_keys, Vec::new()).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let terminal = rustix::fs::open(name, flags, Mode::empty()).unwrap();
        let stdio = || Stdio::from(terminal.try_clone().unwrap());
        let command = Command::new("setsid")
            .args(["--ctty", "--wait"])
            .arg(program("cpxd"))
            .arg("--state-dir")
            .arg(agent.state_dir())
            .args(arguments)
            .env("LC_ALL", "en_US.UTF-8")
            .stdin(stdio())
            .stdout(stdio())
            .stderr(stdio())
            .spawn()
            .unwrap();
        Self {
            screen_and_keys,
            terminal,
            command,
        }
    }

    /// Reads the screen until `end` appears.
    fn sees(&self, end: &str) -> String {
        let mut seen = Vec::new();
        let mut byte = [0];
        while !seen.ends_with(end.as_bytes()) {
            let read = rustix::io::read(&self.screen_and_keys, &mut byte).unwrap();
            assert_eq!(read, 1);
            seen.extend_from_slice(&byte);
        }
        String::from_utf8(seen).unwrap()
    }

    fn types(&self, keys: &str) {
        let written = rustix::io::write(&self.screen_and_keys, keys.as_bytes());
        assert_eq!(written.unwrap(), keys.len());
    }

    fn answers(&self, dialogue: &[(&str, &str)]) {
        for (prompt, keys) in dialogue {
            let seen = self.sees(prompt);
            assert!(!seen.contains("4321"), "{seen}");
            assert!(!self.settings().local_modes.contains(LocalModes::ECHO));
            self.types(keys);
        }
    }

    fn settings(&self) -> Termios {
        tcgetattr(&self.terminal).unwrap()
    }

    fn ends(&mut self) -> ExitStatus {
        let status = self.command.wait().unwrap();
        let modes = self.settings().local_modes;
        assert!(modes.contains(LocalModes::ECHO | LocalModes::ICANON));
        status
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        let _ = self.command.kill();
        let _ = self.command.wait();
    }
}

#[test]
fn a_code_is_changed_where_the_command_runs() {
    let agent = agent();
    let mut person = Person::runs(&agent, &["pin", "change"]);
    person.answers(&[
        (PRESENT_CODE, "0000\r"),
        (NEW_CODE, "4321\r"),
        (ONCE_MORE, "4321\r"),
        // The first one was wrong, and a person is asked again.
        (PRESENT_CODE, "1234\r"),
        (NEW_CODE, "4321\r"),
        (ONCE_MORE, "4321\r"),
    ]);
    let _ = person.sees("The code was changed.");
    assert!(person.ends().success());
    assert_eq!(agent.tries_left(), 3);
    let log = agent.log_without_times();
    assert!(!log.contains("4321") && !log.contains("1234"), "{log}");
}

#[test]
fn a_card_is_unblocked_where_the_command_runs() {
    let agent = agent();
    let mut person = Person::runs(&agent, &["pin", "change"]);
    for _ in 0..2 {
        person.answers(&[
            (PRESENT_CODE, "0000\r"),
            (NEW_CODE, "4321\r"),
            (ONCE_MORE, "4321\r"),
        ]);
    }
    person.answers(&[
        ("any other answer stops: ", "yes\r"),
        (PRESENT_CODE, "0000\r"),
        (NEW_CODE, "4321\r"),
        (ONCE_MORE, "4321\r"),
    ]);
    let _ = person.sees("Card blocked");
    assert_eq!(person.ends().code(), Some(6));
    let mut person = Person::runs(&agent, &["pin", "unblock"]);
    person.answers(&[
        (UNBLOCK_CODE, "12345678\r"),
        (NEW_CODE, "4321\r"),
        (ONCE_MORE, "4321\r"),
    ]);
    let _ = person.sees("The card is unblocked");
    assert!(person.ends().success());
    assert_eq!(agent.card()["unblockCode"]["usesLeft"], 99);
}

#[test]
fn escape_refuses_and_the_settings_of_the_terminal_return() {
    let agent = agent();
    let mut person = Person::runs(&agent, &["pin", "change"]);
    person.answers(&[(PRESENT_CODE, "12\u{1b}")]);
    let _ = person.sees("Request cancelled");
    assert_eq!(person.ends().code(), Some(7));
    assert_eq!(agent.tries_left(), 3);
}

#[test]
fn an_agent_that_dies_in_the_middle_leaves_a_terminal_that_echoes() {
    let mut agent = agent();
    let mut person = Person::runs(&agent, &["pin", "change"]);
    person.answers(&[(PRESENT_CODE, "12")]);
    let _ = agent.stop_by("-KILL");
    assert_eq!(person.ends().code(), Some(1));
}

#[test]
fn a_terminal_that_is_closed_takes_its_question_along() {
    let agent = agent();
    let events = agent.events();
    let person = Person::runs(&agent, &["pin", "change"]);
    let _ = person.sees(PRESENT_CODE);
    assert_eq!(events.next().event, "prompt-opened");
    drop(person);
    assert_eq!(events.next().event, "prompt-closed");
    assert_eq!(agent.tries_left(), 3);
}

#[test]
fn a_script_answers_for_its_holder_wherever_the_command_runs() {
    let agent = demo_with_holder("pin = \"1234\"\nnew_pin = \"4321\"");
    let _ = agent.card();
    let mut person = Person::runs(&agent, &["pin", "change"]);
    let seen = person.sees("The code was changed.");
    assert!(!seen.contains("Your present code"), "{seen}");
    assert!(person.ends().success());
}
