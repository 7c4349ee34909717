//! An agent that asks by a pinentry, with a virtual card.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::thread::{Scope, ScopedJoinHandle};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::agent::{Agent, Answer};
use crate::calls::{authenticate_body, path_of};
use crate::desk::Desk;
use crate::pcsc_stack::PcscService;
use crate::screen::Screen;
use crate::waiting::until;

/// The agent, which asks by a program of its own choice.
#[derive(Debug)]
pub struct PinentryDesk {
    /// The agent.
    pub agent: Agent,
    _folder: TempDir,
}

impl PinentryDesk {
    /// On this screen, by this pinentry.
    #[must_use]
    pub fn on(screen: &Screen, pinentry: &Path) -> Self {
        Self::by(&screen.environment(), pinentry)
    }

    /// With this environment, by this pinentry.
    #[must_use]
    pub fn by(environment: &[(&'static str, OsString)], pinentry: &Path) -> Self {
        Self::start(environment, "virtual", pinentry)
    }

    /// With the card in a real reader, by this pinentry.
    #[must_use]
    pub fn with_a_reader(
        service: &PcscService,
        environment: &[(&'static str, OsString)],
        pinentry: &Path,
    ) -> Self {
        let environment = [&service.client_environment(), environment].concat();
        Self::start(&environment, "pcsc", pinentry)
    }

    fn start(
        environment: &[(&'static str, OsString)],
        reader_source: &str,
        pinentry: &Path,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let arguments = arguments(folder.path(), reader_source, pinentry);
        let mut arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        arguments.extend(["--log-level", "trace"]);
        let english = [("LC_ALL", "en_US.UTF-8".into())];
        Self {
            agent: Agent::run_in(&[&english, environment].concat(), &arguments),
            _folder: folder,
        }
    }

    /// A call about the card, whose answer comes when the holder gave theirs.
    pub fn call<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        call: &str,
        body: Value,
    ) -> ScopedJoinHandle<'scope, Answer> {
        let path = path_of(&self.agent.card(), call);
        scope.spawn(move || self.agent.call_socket(&path, &body))
    }

    /// Asks for a token.
    pub fn authenticate<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
    ) -> ScopedJoinHandle<'scope, Answer> {
        self.call(scope, "/authenticate", authenticate_body())
    }

    /// Asks for another code, or for the card to be unblocked.
    pub fn codes<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        call: &str,
    ) -> ScopedJoinHandle<'scope, Answer> {
        self.call(scope, call, json!({}))
    }

    /// Waits for these tries left.
    pub fn wait_for_tries_left(&self, tries: u64) {
        until(&format!("{tries} tries left"), || {
            (self.tries_left() == tries).then_some(())
        });
    }

    /// Tries left of the holder's code.
    #[must_use]
    pub fn tries_left(&self) -> u64 {
        let tries = &self.agent.card()["pin"]["triesLeft"];
        tries.as_u64().expect("a number")
    }
}

/// An agent at a terminal that asks by this pinentry, and what its configuration lies in.
#[must_use]
pub fn at_a_terminal(pinentry: &Path) -> (Desk, TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let arguments = arguments(folder.path(), "virtual", pinentry);
    let mut arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    arguments.splice(0..0, ["run", "--port", "0"]);
    let environment = [("TERM", "vt100".into())];
    (Desk::start_in(&environment, &arguments), folder)
}

fn arguments(folder: &Path, reader_source: &str, pinentry: &Path) -> Vec<String> {
    let configuration = folder.join("cpxd.toml");
    let lines = format!("environment = \"test\"\nprompt = \"pinentry\"\npinentry = {pinentry:?}\n");
    fs::write(&configuration, lines).expect("a configuration");
    let configuration = configuration.to_string_lossy().into_owned();
    ["--reader-source", reader_source, "--config", &configuration]
        .map(str::to_owned)
        .to_vec()
}

/// Stands in for a pinentry: writes down all that it is told, and gives these answers to GETPIN and
/// CONFIRM, one after the other over all its processes: digits, an error, or none ever.
#[derive(Debug)]
pub struct RecordingPinentry {
    folder: TempDir,
}

impl RecordingPinentry {
    /// With these answers.
    #[must_use]
    pub fn that_answers(answers: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("answers"), answers.join("\n")).expect("the answers");
        let place = folder.path().display();
        let script = SCRIPT.replace("FOLDER", &place.to_string());
        let this = Self { folder };
        let program = this.program();
        fs::write(&program, script).expect("a program");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a program");
        this
    }

    /// What is configured.
    #[must_use]
    pub fn program(&self) -> PathBuf {
        self.folder.path().join("pinentry")
    }

    /// What it was told so far.
    #[must_use]
    pub fn heard(&self) -> String {
        fs::read_to_string(self.folder.path().join("heard")).unwrap_or_default()
    }
}

/// A yes comes as late as from somebody who reads.
const SCRIPT: &str = r#"#!/usr/bin/python3 -u
import sys, time
place = "FOLDER/"
print("OK at your service")
for line in sys.stdin:
    with open(place + "heard", "a") as heard:
        heard.write(line)
    word = line.split()[0]
    if word in ("GETPIN", "CONFIRM"):
        answers = open(place + "answers").read().splitlines()
        answer = answers.pop(0)
        open(place + "answers", "w").write("\n".join(answers))
        if answer.startswith("ERR"):
            print(answer)
            continue
        if answer == "never":
            time.sleep(600)
        if word == "GETPIN" and answer:
            print("D " + answer)
        if answer == "late":
            time.sleep(0.7)
    print("OK")
"#;
