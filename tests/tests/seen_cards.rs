//! Cards seen before, on disk and on real PC/SC readers.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "an agent that cannot be asked fails its test"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use cpxd_tests::agent::Agent;
use cpxd_tests::operations::{assert_token, authenticate};
use cpxd_tests::pcsc_stack::{AGREEING, PcscService, Reader, TEST_ENVIRONMENT};
use cpxd_tests::waiting::until;

#[test]
fn a_cps3_is_known_in_four_commands_at_its_next_insertion_and_to_the_next_agent() {
    check_next_insertion("cps3");
}

#[test]
fn a_cps4_is_known_in_four_commands_at_its_next_insertion_and_to_the_next_agent() {
    check_next_insertion("cps4");
}

fn check_next_insertion(kind: &str) {
    let service = PcscService::start();
    let folder = tempfile::tempdir().unwrap();
    let plug = |file: &str| {
        let trace = folder.path().join(file);
        let arguments = ["--card", kind, "--trace", trace.to_str().unwrap()];
        (service.plug(Reader::First, &arguments), trace)
    };
    let (card, trace) = plug("first");
    let mut agent = service.agent(TEST_ENVIRONMENT, AGREEING, &[]);
    let known = agent.card();
    assert!(commands(&trace).len() > 20);

    card.pull();
    let _ = agent.events_after(0).wait_for("card-removed");
    let (card, trace) = plug("second");
    assert_eq!(agent.card(), known);
    assert!(commands_until_shown(&trace) <= 4);

    agent.stop();
    card.pull();
    until_empty(&service);
    let (_card, trace) = plug("third");
    agent.start_again();
    assert_eq!(agent.card(), known);
    assert!(commands_until_shown(&trace) <= 4);
    assert_token(&authenticate(&agent, &known));
}

fn until_empty(service: &PcscService) {
    until("the reader to be empty", || {
        let listed = service.opensc("opensc-tool", &["--list-readers"]).text;
        (!listed.contains("  Yes  ")).then_some(())
    });
}

#[test]
fn what_is_kept_is_the_users_alone_and_its_name_tells_nothing() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder_of(&agent)), 0o700);
    let kept = kept_by(&agent);
    assert_eq!(kept.len(), 1);
    assert_eq!(mode(&kept[0]), 0o600);
    let name = kept[0].file_name().unwrap().to_str().unwrap();
    let number = card["number"].as_str().unwrap();
    assert!(!name.contains(&number[2..]), "{name}");
    assert!(!name.to_uppercase().contains("DUPONT"), "{name}");
}

#[test]
fn an_agent_that_must_remember_no_cards_removes_what_was_kept() {
    let folder = tempfile::tempdir().unwrap();
    let configuration = folder.path().join("cpxd.toml");
    fs::write(&configuration, "remember-cards = true").unwrap();
    let mut agent = Agent::demo(&["--config", configuration.to_str().unwrap()]);
    let _ = agent.card();
    assert_eq!(kept_by(&agent).len(), 1);

    agent.stop();
    fs::write(&configuration, "remember-cards = false").unwrap();
    agent.start_again();
    let _ = agent.card();
    assert!(!folder_of(&agent).exists());
}

#[test]
fn a_kept_file_that_was_spoilt_or_made_a_link_is_replaced() {
    let mut agent = Agent::demo(&[]);
    let known = agent.card();
    let kept = kept_by(&agent).remove(0);
    let good = fs::read(&kept).unwrap();
    let elsewhere = agent.state_dir().join("elsewhere");
    fs::write(&elsewhere, &good).unwrap();
    let spoil: [&dyn Fn(); 3] = [
        &|| fs::write(&kept, &good[..good.len() / 2]).unwrap(),
        &|| fs::write(&kept, vec![b'x'; 1 << 20]).unwrap(),
        &|| {
            fs::remove_file(&kept).unwrap();
            std::os::unix::fs::symlink(&elsewhere, &kept).unwrap();
        },
    ];
    for spoil in spoil {
        agent.stop();
        spoil();
        agent.start_again();
        assert_eq!(agent.card(), known);
        assert!(agent.log().contains("of a card is not"), "{}", agent.log());
        assert!(fs::symlink_metadata(&kept).unwrap().is_file());
        assert_eq!(
            fs::metadata(&kept).unwrap().len(),
            u64::try_from(good.len()).unwrap()
        );
    }
}

fn commands(trace: &Path) -> Vec<String> {
    let text = fs::read_to_string(trace).unwrap();
    let commands = text.lines().filter_map(|line| line.strip_prefix(">> "));
    commands.map(str::to_owned).collect()
}

/// Commands before the application with its files is looked into, after the card was shown.
fn commands_until_shown(trace: &Path) -> usize {
    let is_look = |command: &String| {
        let by_name = command[3..].starts_with("A4 04");
        command[3..].starts_with("A4") && !by_name && command.contains("00 01")
    };
    let commands = commands(trace).into_iter();
    commands.take_while(|command| !is_look(command)).count()
}

fn folder_of(agent: &Agent) -> PathBuf {
    agent.state_dir().join("seen-cards")
}

fn kept_by(agent: &Agent) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder_of(agent)).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}
