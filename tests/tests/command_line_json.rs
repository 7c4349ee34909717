//! What programs read of a command that fails: a problem, and the same exit code as people's.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a command that cannot be run fails its test"
)]

use std::process::Command;

use cpxd_tests::agent::Agent;
use cpxd_tests::calls::{ORIGIN, nonce};
use cpxd_tests::ended::Ended;
use cpxd_tests::programs::program;
use cpxd_tests::scripted::{demo_with_holder, text_file};
use serde_json::Value;

/// The exit code and the problem on standard output, both of which a script may branch on.
fn failure(ended: &Ended) -> (i32, Value) {
    let problem: Value = serde_json::from_str(&ended.output).unwrap_or_default();
    let kind = format!(
        "urn:cpxd:error:{}",
        problem["code"].as_str().unwrap_or_default()
    );
    assert_eq!(problem["type"], kind, "{ended:?}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(ended.complaint.contains(detail), "{ended:?}");
    (ended.code.unwrap(), problem)
}

/// Runs the command with and without `--json`, which must not change how it ends.
fn failure_of(agent: &Agent, arguments: &[&str]) -> (i32, Value) {
    let for_people: Ended = agent.cli(arguments).into();
    assert_eq!(for_people.output, "", "{for_people:?}");
    let for_programs: Ended = agent.cli(&[arguments, &["--json"]].concat()).into();
    assert_eq!(for_people.code, for_programs.code, "{arguments:?}");
    failure(&for_programs)
}

#[test]
fn without_a_reader_json_does_not_hide_the_failure() {
    let config = text_file("reader-source = []");
    let agent = Agent::run(&["--config", config.path().to_str().unwrap()]);
    for command in ["readers", "cards", "certificates"] {
        let (exit, problem) = failure_of(&agent, &[command]);
        assert_eq!((exit, &problem["code"]), (3, &"no-reader".into()));
    }
}

#[test]
fn without_the_service_of_the_readers_the_lists_fail_and_status_tells() {
    let nowhere = [("PCSCLITE_CSOCK_NAME", "/nonexistent/pcscd.comm".into())];
    let agent = Agent::run_in(&nowhere, &[]);
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while agent.read_socket("/v1/status").body["state"] != "pcscUnavailable" {
        assert!(std::time::Instant::now() < patience, "{}", agent.log());
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    for command in ["readers", "cards", "certificates"] {
        let (exit, problem) = failure_of(&agent, &[command]);
        assert_eq!((exit, &problem["code"]), (1, &"pcsc-unavailable".into()));
    }
    let status: Ended = agent.cli(&["status"]).into();
    assert_eq!(status.code, Some(0), "{status:?}");
    assert!(status.output.contains("PC/SC"), "{status:?}");
}

#[test]
fn a_refusal_of_the_agent_keeps_its_code_its_status_and_its_facts() {
    let agent = demo_with_holder("answers = [ { pin = \"0000\" }, { pin = \"0000\" } ]");
    let _ = agent.card();
    let nonce = nonce();
    let arguments = ["authenticate", "--origin", ORIGIN, "--nonce", &nonce];
    let _ = agent.cli(&arguments);
    let ended: Ended = agent.cli(&[&arguments[..], &["--json"]].concat()).into();
    let (exit, problem) = failure(&ended);
    assert_eq!((exit, &problem["code"]), (5, &"pin-wrong".into()));
    assert_eq!(
        (&problem["status"], &problem["triesLeft"]),
        (&403.into(), &1.into())
    );

    let wrong_form = ["authenticate", "--origin", "x", "--nonce", &nonce];
    let (exit, problem) = failure_of(&agent, &wrong_form);
    assert_eq!((exit, &problem["field"]), (2, &"origin".into()));
}

#[test]
fn what_the_command_finds_itself_has_codes_of_its_own() {
    let agent = Agent::demo(&["--card", "cps3", "--card", "cps3"]);
    let events = agent.events_after(0);
    for _ in 0..2 {
        let _ = events.wait_for("card-inserted");
    }
    let nonce = nonce();
    let token = ["authenticate", "--origin", ORIGIN, "--nonce", &nonce];
    for (arguments, exit, code) in [
        (token.to_vec(), 2, "card-not-chosen"),
        ([&token[..], &["--card", "x"]].concat(), 4, "not-found"),
        (vec!["sign", "/nonexistent/file"], 1, "file-unreadable"),
    ] {
        let (ended, problem) = failure_of(&agent, &arguments);
        assert_eq!((ended, &problem["code"]), (exit, &code.into()), "{problem}");
        assert_eq!(problem["status"], Value::Null, "no agent answered so");
    }
}

#[test]
fn a_command_without_an_agent_says_so_and_leaves_no_folder_behind() {
    let root = tempfile::tempdir().unwrap();
    let mistyped = root.path().join("mistyped");
    let place = ["--state-dir", mistyped.to_str().unwrap()];
    for command in [&["status"][..], &["cards"], &["pin", "status"]] {
        let ended = Ended::cpxd(&[command, &place, &["--json"]].concat());
        let (exit, problem) = failure(&ended);
        assert_eq!((exit, &problem["code"]), (8, &"agent-not-running".into()));
    }
    let home = root.path().join("home");
    let output = Command::new(program("cpxd"))
        .arg("status")
        .env("HOME", &home)
        .env_remove("XDG_STATE_HOME")
        .env_remove("XDG_RUNTIME_DIR")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(8));
    assert!(!mistyped.exists() && !home.exists());
}

#[test]
fn failures_speak_french_to_the_french() {
    let agent = Agent::demo(&[]);
    let _ = agent.card();
    for (arguments, sentence) in [
        (
            vec!["cards", "--state-dir", "/nonexistent"],
            "ne fonctionne pas",
        ),
        (vec!["sign", "/nonexistent"], "n’existe pas"),
        (vec!["sign", "/dev/null"], "n’est pas un fichier ordinaire"),
    ] {
        let output = Command::new(program("cpxd"))
            .args(&arguments)
            .env("LC_ALL", "fr_FR.UTF-8")
            .output()
            .unwrap();
        let ended = Ended::from(output);
        assert!(ended.complaint.contains(sentence), "{ended:?}");
    }
}

#[test]
fn the_help_lists_the_exit_codes() {
    let help = Ended::cpxd(&["--help"]).output;
    for meaning in ["2 wrong usage", "5 code wrong", "8 agent not running"] {
        assert!(help.contains(meaning), "{help}");
    }
}
