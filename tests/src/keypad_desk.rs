//! A workstation with a screen and a virtual reader that has a keypad, at which a test types.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::thread::{Scope, ScopedJoinHandle};

use serde_json::Value;
use tempfile::TempDir;

use crate::agent::{Agent, Answer};
use crate::calls::path_of;
use crate::screen::Screen;

/// The workstation.
#[derive(Debug)]
pub struct KeypadDesk {
    /// The agent, with a virtual card.
    pub agent: Agent,
    /// What the holder looks at.
    pub screen: Screen,
    keypad: PathBuf,
    _folder: TempDir,
}

impl KeypadDesk {
    /// A workstation with a card of this kind.
    #[must_use]
    pub fn with(kind: &str) -> Self {
        Self::on(Screen::start(), kind, &[])
    }

    /// The same on a screen that is there already, with more environment for the agent.
    #[must_use]
    pub fn on(
        screen: Screen,
        kind: &str,
        environment: &[(&'static str, std::ffi::OsString)],
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let keypad = folder.path().join("keypad");
        let made = Command::new("mkfifo").arg(&keypad).status();
        assert!(made.expect("mkfifo").success());
        let named = keypad.to_string_lossy();
        let environment = [screen.environment(), environment.to_vec()].concat();
        let arguments = ["--card", kind, "--keypad", &named];
        let agent = Agent::demo_with_a_person_and(&environment, &arguments);
        Self {
            agent,
            screen,
            keypad,
            _folder: folder,
        }
    }

    /// What the hands at the keypad do, at once where it waits.
    pub fn at_keypad(&self, line: &str) {
        let pipe = OpenOptions::new().write(true).open(&self.keypad);
        let mut pipe = pipe.expect("the keypad");
        writeln!(pipe, "{line}").expect("the keypad listens");
    }

    /// A call about the card by a program of the user, whose answer comes when the holder gave
    /// theirs.
    pub fn call<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        call: &'static str,
        body: Value,
    ) -> ScopedJoinHandle<'scope, Answer> {
        let path = path_of(&self.agent.card(), call);
        scope.spawn(move || self.agent.call_socket(&path, &body))
    }
}
