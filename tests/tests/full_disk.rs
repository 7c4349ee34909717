//! An agent whose disk is full: a use of the card that cannot be journalled is refused before anybody is asked.
#![cfg(target_os = "linux")]
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "an agent whose limit cannot be set fails its test"
)]

use std::fs;
use std::path::PathBuf;

use cpxd_tests::agent::{Agent, Answer};
use cpxd_tests::ended::Ended;
use rustix::process::{Pid, Resource, Rlimit, prlimit};

#[test]
fn without_space_for_the_journal_nobody_is_asked_and_with_space_the_card_works_again() {
    let agent = Agent::demo_that_outlives_limits();
    let card = agent.card();
    assert_eq!(agent.authenticate(&card).status, 200);
    let (journal, prompts) = (fs::read(journal_file(&agent)).unwrap(), prompts(&agent));

    let unlimited = limit_files(&agent, Some(u64::try_from(journal.len()).unwrap()));
    for refused in [agent.authenticate(&card), agent.sign(&card, &["a", "b"])] {
        assert_unavailable(&refused);
    }
    assert_eq!(fs::read(journal_file(&agent)).unwrap(), journal);
    assert_eq!(self::prompts(&agent), prompts, "somebody was asked");

    limit_files(&agent, unlimited);
    assert_eq!(agent.authenticate(&card).status, 200);
    assert_eq!(agent.tries_left(), 3);
    let verified = Ended::from(agent.cli(&["journal", "verify"]));
    assert_eq!(verified.code, Some(0), "{verified:?}");
}

fn assert_unavailable(answer: &Answer) {
    let told = (answer.status, answer.code(), &answer.body["reason"]);
    let expected = (500, "internal", &"journal-unavailable".into());
    assert_eq!(told, expected, "{}", answer.text);
}

/// How often the holder was asked so far.
fn prompts(agent: &Agent) -> usize {
    let events = agent.events_so_far();
    let opened = events.iter().filter(|name| *name == "prompt-opened");
    opened.count()
}

/// Lets no file of the agent grow beyond so many bytes from now on; the limit before.
fn limit_files(agent: &Agent, bytes: Option<u64>) -> Option<u64> {
    let pid = Pid::from_raw(i32::try_from(agent.pid()).unwrap());
    let limit = |current| Rlimit {
        current,
        maximum: None,
    };
    prlimit(pid, Resource::Fsize, limit(bytes)).unwrap().current
}

fn journal_file(agent: &Agent) -> PathBuf {
    agent
        .state_dir()
        .join("journal/journal-00000000000000000001.jsonl")
}
