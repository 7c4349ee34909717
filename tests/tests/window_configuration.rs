//! Where the holder is asked: what the configuration says, and what the machine has.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "an agent that cannot be asked fails its test"
)]

use std::fs;
use std::thread;

use cpxd_tests::agent::Agent;
use cpxd_tests::operations::authenticate;
use cpxd_tests::screen::Screen;
use cpxd_tests::screen::title::QUESTION;
use tempfile::TempDir;

/// An agent with virtual cards and a holder to be asked, at no terminal.
fn agent(folder: &TempDir, prompt: &str, environment: &[(&str, std::ffi::OsString)]) -> Agent {
    let file = folder.path().join("cpxd.toml");
    fs::write(&file, format!("environment = \"test\"\n{prompt}")).unwrap();
    let file = file.to_string_lossy();
    let arguments = ["--reader-source", "virtual", "--config", &file];
    Agent::run_in(environment, &arguments)
}

#[test]
fn without_a_display_and_a_terminal_nobody_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let agent = agent(&folder, "", &[]);
    assert!(agent.log().contains("every question will be refused"));
    assert_eq!(authenticate(&agent, &agent.card()).code(), "cancelled");
}

#[test]
fn a_terminal_that_is_named_is_not_replaced_by_a_window() {
    let folder = tempfile::tempdir().unwrap();
    let screen = Screen::start();
    let agent = agent(&folder, "prompt = \"terminal\"", &screen.environment());
    assert_eq!(authenticate(&agent, &agent.card()).code(), "cancelled");
    assert!(screen.windows().is_empty());
}

#[test]
fn a_display_that_does_not_answer_is_named_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = [("DISPLAY", ":99999".into())];
    let agent = agent(&folder, "prompt = \"window\"", &nowhere);
    assert_eq!(authenticate(&agent, &agent.card()).code(), "cancelled");
    assert!(
        agent.log().contains("is there a display?"),
        "{}",
        agent.log()
    );
}

#[test]
fn the_demo_asks_a_person_in_its_window() {
    let screen = Screen::start();
    let agent = Agent::demo_with_a_person(&screen.environment());
    let card = agent.card();
    assert!(agent.log().contains("12345678"), "{}", agent.log());
    thread::scope(|scope| {
        let asking = scope.spawn(|| authenticate(&agent, &card));
        screen.window(QUESTION);
        screen.enter("1234");
        assert_eq!(asking.join().unwrap().status, 200);
    });
}

#[test]
fn the_window_comes_without_being_named_where_there_is_a_display() {
    let folder = tempfile::tempdir().unwrap();
    let screen = Screen::start();
    let agent = agent(&folder, "", &screen.environment());
    let card = agent.card();
    thread::scope(|scope| {
        let asking = scope.spawn(|| authenticate(&agent, &card));
        screen.window(QUESTION);
        screen.enter("1234");
        assert_eq!(asking.join().unwrap().status, 200);
    });
}
