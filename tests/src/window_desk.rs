//! A workstation with a screen: an agent that asks in its window, and a card on real PC/SC whose
//! memory can be looked at without asking it.

use std::fs;
use std::path::PathBuf;
use std::thread::{Scope, ScopedJoinHandle};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::agent::{Agent, Answer};
use crate::calls::{authenticate_body, path_of, sign_body};
use crate::pcsc_stack::{PcscService, Reader, TEST_ENVIRONMENT, VirtualCardProgram};
use crate::restrictions::Restrictions;
use crate::screen::Screen;
use crate::waiting::until;

/// The workstation. Its parts go in this order.
#[derive(Debug)]
pub struct WindowDesk {
    /// The agent.
    pub agent: Agent,
    /// Its card; none once it was pulled.
    pub plugged: Option<VirtualCardProgram>,
    /// The readers' service.
    pub service: PcscService,
    /// What the holder looks at.
    pub screen: Screen,
    folder: TempDir,
}

impl WindowDesk {
    /// A workstation with a card of this kind and code.
    #[must_use]
    pub fn with(kind: &str, pin: &str) -> Self {
        let screen = Screen::start();
        Self::on(screen, kind, pin, &[])
    }

    /// The same on a screen that is there already, with more environment for the agent.
    #[must_use]
    pub fn on(
        screen: Screen,
        kind: &str,
        pin: &str,
        environment: &[(&'static str, std::ffi::OsString)],
    ) -> Self {
        Self::of(Agent::run_in, screen, kind, pin, environment)
    }

    /// A workstation whose agent is under restrictions.
    #[must_use]
    pub fn restricted(by: Restrictions, kind: &str, pin: &str) -> Self {
        let run_in = |environment: &[(&str, std::ffi::OsString)], arguments: &[&str]| {
            Agent::run_restricted_in(by, environment, arguments)
        };
        Self::of(run_in, Screen::start(), kind, pin, &[])
    }

    fn of(
        run_in: impl FnOnce(&[(&str, std::ffi::OsString)], &[&str]) -> Agent,
        screen: Screen,
        kind: &str,
        pin: &str,
        environment: &[(&'static str, std::ffi::OsString)],
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let service = PcscService::start();
        let memory = folder.path().join("card.json");
        let memory = memory.to_string_lossy();
        let card = ["--card", kind, "--pin", pin, "--state-file", &memory];
        let plugged = service.plug(Reader::First, &card);
        let configuration = service.file(TEST_ENVIRONMENT);
        let configuration = configuration.to_string_lossy();
        let environment = [
            service.client_environment(),
            screen.environment(),
            environment.to_vec(),
        ];
        let arguments = ["--reader-source", "pcsc", "--config", &configuration];
        let agent = run_in(&environment.concat(), &arguments);
        Self {
            agent,
            plugged: Some(plugged),
            service,
            screen,
            folder,
        }
    }

    /// Takes the card out of the reader.
    pub fn pull(&mut self) {
        if let Some(card) = self.plugged.take() {
            card.pull();
        }
    }

    /// Tries left of the holder's code, tries and uses left of the unblock code: in the memory of
    /// the card, without a word to it.
    #[must_use]
    pub fn counters_of_the_card(&self) -> [u64; 3] {
        let state: Value =
            serde_json::from_slice(&fs::read(self.card_file()).expect("its memory")).expect("JSON");
        ["pinTriesLeft", "unblockTriesLeft", "unblockUsesLeft"]
            .map(|counter| state[counter].as_u64().expect("a number"))
    }

    /// Waits for these tries left of the holder's code in the memory of the card.
    pub fn wait_for_tries_left(&self, tries: u64) {
        until(&format!("{tries} tries left"), || {
            (self.counters_of_the_card()[0] == tries).then_some(())
        });
    }

    fn card_file(&self) -> PathBuf {
        self.folder.path().join("card.json")
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

    /// Asks for a token.
    pub fn authenticate<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
    ) -> ScopedJoinHandle<'scope, Answer> {
        self.call(scope, "/authenticate", authenticate_body())
    }

    /// Asks for signatures of these messages.
    pub fn sign<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        messages: &[&str],
    ) -> ScopedJoinHandle<'scope, Answer> {
        self.call(scope, "/sign", sign_body(messages))
    }

    /// Asks for another code, or for the card to be unblocked.
    pub fn codes<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        call: &'static str,
    ) -> ScopedJoinHandle<'scope, Answer> {
        self.call(scope, call, json!({}))
    }
}

/// The answer of a call that has ended.
#[must_use]
pub fn answer_of(call: ScopedJoinHandle<'_, Answer>) -> Answer {
    call.join().expect("the call ends")
}
