//! No process of a module is left behind, however it or its agent ends.

use std::process::Command;
use std::thread;

use cpxd_tests::operations::{assert_token, authenticate};
use cpxd_tests::soft_reader::SoftReader;
use cpxd_tests::waiting::until;

use crate::agent::Desk;
use crate::hosts::OwnName;

/// An agent whose module has a path that no other test has.
struct Own {
    desk: Desk,
    reader: SoftReader,
    name: OwnName,
}

impl Own {
    fn new() -> Self {
        let reader = SoftReader::with_cps();
        let name = OwnName::new();
        let desk = Desk::with_module(&reader, &name.module(), "pin = \"1234\"", &[]);
        let _card = desk.agent.card();
        assert!(!name.hosts().is_empty(), "no host is seen");
        Self { desk, reader, name }
    }

    /// Lets a caller wait for a call that hangs, ends the agent by `end`, and waits until no host is left.
    fn end_while_a_call_hangs(&mut self, end: impl FnOnce(&mut Desk)) {
        let card = self.desk.agent.card();
        self.reader.fault("C_Login", 0, "hang");
        let socket = self.desk.agent.endpoint()["socket"]
            .as_str()
            .unwrap()
            .to_owned();
        let body = cpxd_tests::calls::authenticate_body().to_string();
        let path = cpxd_tests::calls::path_of(&card, "/authenticate");
        let mut caller = Command::new("curl")
            .args(["--silent", "--unix-socket", &socket])
            .args([
                "-H",
                cpxd_tests::agent::CLIENT,
                "-H",
                cpxd_tests::agent::JSON,
            ])
            .args(["-d", &body, &format!("http://localhost{path}")])
            .spawn()
            .unwrap();
        until("the hang", || {
            let trace = self.reader.trace();
            trace
                .contains(&"C_Login user hang".to_owned())
                .then_some(())
        });
        end(&mut self.desk);
        until("the end of all hosts", || {
            self.name.hosts().is_empty().then_some(())
        });
        caller.wait().unwrap();
    }
}

#[test]
fn none_is_left_after_the_agent_was_killed_while_a_call_hangs() {
    Own::new().end_while_a_call_hangs(|desk| {
        desk.agent.stop_by("-KILL");
    });
}

#[test]
fn none_is_left_after_the_agent_was_told_to_stop_while_a_call_hangs() {
    Own::new().end_while_a_call_hangs(|desk| {
        assert!(desk.agent.stop().success());
    });
}

#[test]
fn none_is_left_after_the_agent_stopped_in_peace() {
    let mut own = Own::new();
    assert_token(&authenticate(&own.desk.agent, &own.desk.agent.card()));
    assert!(own.desk.agent.stop().success());
    until("the end of all hosts", || {
        own.name.hosts().is_empty().then_some(())
    });
}

#[test]
fn none_is_left_after_modules_crashed_and_hung() {
    let own = Own::new();
    let agent = &own.desk.agent;
    for does in ["crash", "hang", "CKR_GENERAL_ERROR", "crash"] {
        own.reader.fault("C_Login", 0, does);
        let refused = authenticate(agent, &agent.card());
        assert_ne!(refused.status, 200, "{does}");
        own.reader.no_faults();
    }
    until("a token", || {
        (authenticate(agent, &agent.card()).status == 200).then_some(())
    });
    // One for the card, and one that watches.
    until("two hosts", || (own.name.hosts().len() <= 2).then_some(()));
}

#[test]
fn an_agent_whose_hosts_were_killed_starts_others() {
    let own = Own::new();
    for _ in 0..3 {
        let killed = own.name.hosts();
        // One that ended meanwhile by itself is as dead.
        Command::new("kill")
            .arg("-KILL")
            .args(&killed)
            .status()
            .unwrap();
        let answer = until("a token", || {
            let answer = authenticate(&own.desk.agent, &own.desk.agent.card());
            (answer.status == 200).then_some(answer)
        });
        assert_token(&answer);
        until("other hosts", || {
            let now = own.name.hosts();
            (!now.is_empty() && !now.iter().any(|id| killed.contains(id))).then_some(())
        });
    }
    own.reader.remove();
    thread::scope(|_| {
        until("an empty reader", || {
            let cards = own.desk.agent.read_socket("/v1/cards");
            cards.body["cards"]
                .as_array()
                .is_some_and(Vec::is_empty)
                .then_some(())
        });
    });
}
