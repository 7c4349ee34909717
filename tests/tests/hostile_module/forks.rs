//! A module that starts processes of its own, as the daemon of a driver, which have every descriptor of their host.

use std::fs;

use cpxd_tests::agent::Agent;
use cpxd_tests::operations::{assert_token, authenticate};
use cpxd_tests::soft_reader::SoftReader;
use cpxd_tests::waiting::until;

use crate::agent::Desk;
use crate::hosts::OwnName;

struct Own {
    desk: Desk,
    name: OwnName,
    _reader: SoftReader,
}

impl Own {
    fn new() -> Self {
        let reader = SoftReader::with_cps();
        reader.habit("forks");
        let name = OwnName::new();
        let desk = Desk::with_module(&reader, &name.module(), "pin = \"1234\"", &[]);
        let _card = desk.agent.card();
        let own = Self {
            desk,
            name,
            _reader: reader,
        };
        until("a copy of each host", || {
            let of_agent = own.name.hosts_of(own.desk.agent.pid()).len();
            (of_agent > 0 && own.name.hosts().len() >= 2 * of_agent).then_some(())
        });
        own
    }

    fn until_none_is_left(&self) {
        until("the end of all processes of the module", || {
            self.name.hosts().is_empty().then_some(())
        });
    }
}

/// Threads and descriptors of the agent.
fn held(agent: &Agent) -> [usize; 2] {
    ["task", "fd"].map(|what| {
        let entries = fs::read_dir(format!("/proc/{}/{what}", agent.pid()));
        entries.unwrap().count()
    })
}

#[test]
fn none_is_left_after_the_agent_stopped() {
    let mut own = Own::new();
    assert!(own.desk.agent.stop().success());
    own.until_none_is_left();
}

#[test]
fn none_is_left_after_the_agent_was_killed() {
    let mut own = Own::new();
    own.desk.agent.stop_by("-KILL");
    own.until_none_is_left();
}

#[test]
fn none_is_left_after_its_host_and_the_agent_holds_no_more_than_before() {
    let own = Own::new();
    let agent = &own.desk.agent;
    let authenticate = |times: usize| {
        for _ in 0..times {
            assert_token(&authenticate(agent, &agent.card()));
        }
    };
    // What the agent starts once, it starts by then.
    authenticate(5);
    let before = held(agent);
    authenticate(20);
    until("as many threads and descriptors as before", || {
        let now = held(agent);
        let is_as_before = now.iter().zip(before).all(|(now, before)| *now <= before);
        is_as_before.then_some(())
    });
    // One for the card and one that watches, each with its copy.
    until("the hosts of now with their copies", || {
        let of_agent = own.name.hosts_of(agent.pid()).len();
        (of_agent == 2 && own.name.hosts().len() <= 4).then_some(())
    });
}
