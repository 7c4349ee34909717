//! What the agent has in its memory stays there, even when it dies.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::process::ExitStatusExt as _;

use cpxd_tests::agent::Agent;

#[test]
fn an_agent_that_dies_leaves_no_core_dump() {
    let mut agent = Agent::demo(&[]);
    let limits = fs::read_to_string(format!("/proc/{}/limits", agent.pid())).unwrap();
    let Some(limit) = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max core file size"))
    else {
        panic!("no such limit: {limits}");
    };
    let soft_and_hard: Vec<_> = limit.split_whitespace().take(2).collect();
    assert_eq!(soft_and_hard, ["0", "0"]);
    assert!(!agent.stop_by("-ABRT").core_dumped());
}
