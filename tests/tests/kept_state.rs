//! What older versions kept is used by this one, and what a newer one kept is left alone.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "a state folder that cannot be made fails its test"
)]

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use cpxd_tests::agent::Agent;
use cpxd_tests::clock::beginning_at;
use cpxd_tests::ended::Ended;
use cpxd_tests::programs::workspace_dir;
use serde_json::Value;

/// A day after the sample was made.
const DAY_AFTER: &str = "2026-11-29 12:00:00";

/// The folder that version 0.1.0 left, its token of a paired program, and an agent of today on it.
fn agent_of_today_on(version: &str) -> (Agent, String) {
    let mut agent = Agent::demo_in(&beginning_at(DAY_AFTER), &[]);
    agent.stop();
    let sample = workspace_dir().join("tests/kept-state").join(version);
    fs::remove_dir_all(agent.state_dir()).unwrap();
    copy_private(&sample.join("state"), agent.state_dir());
    agent.start_again();
    let token = fs::read_to_string(sample.join("program-token")).unwrap();
    (agent, token.trim().to_owned())
}

fn copy_private(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    fs::set_permissions(to, Permissions::from_mode(0o700)).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_private(&entry.path(), &target);
        } else {
            fs::write(&target, fs::read(entry.path()).unwrap()).unwrap();
            fs::set_permissions(&target, Permissions::from_mode(0o600)).unwrap();
        }
    }
}

/// Reads with a token over TLS; curl has the agent's clock, or the sample's certificate would expire one day.
fn read_with(agent: &Agent, token: &str, path: &str) -> u16 {
    let output = Command::new("curl")
        .envs(beginning_at(DAY_AFTER))
        .args([
            "--silent",
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code}",
        ])
        .arg("--cacert")
        .arg(agent.state_dir().join("ca.pem"))
        .args(["-H", &format!("Authorization: Bearer {token}")])
        .arg(format!("{}{path}", agent.url()))
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().parse().unwrap()
}

fn names(list: &Value, member: &str) -> Vec<String> {
    let list = list.as_array().unwrap().iter();
    let names = list.filter_map(|item| item[member].as_str());
    names.map(str::to_owned).collect()
}

#[test]
fn what_version_0_1_0_kept_is_kept_by_this_one() {
    let (agent, token) = agent_of_today_on("0.1.0");
    let grants = agent.read_socket("/v1/grants").body["grants"].clone();
    assert_eq!(names(&grants, "name"), ["Logiciel du cabinet"], "{grants}");
    assert_eq!(names(&grants, "origin"), ["https://portail.example"]);
    assert_eq!(read_with(&agent, &token, "/v1/cards"), 200);
    assert_eq!(read_with(&agent, "another", "/v1/cards"), 401);

    let sample = workspace_dir().join("tests/kept-state/0.1.0/state");
    for kept in ["ca.pem", "card-id-salt", "tls/ca.pem", "tls/leaf.pem"] {
        if sample.join(kept).exists() {
            let now = fs::read(agent.state_dir().join(kept)).unwrap();
            assert_eq!(now, fs::read(sample.join(kept)).unwrap(), "{kept}");
        }
    }
    let card = fs::read_to_string(sample.with_file_name("card-id")).unwrap();
    assert_eq!(agent.card()["id"], card.trim());

    let verified = Ended::from(agent.cli(&["journal", "verify"]));
    assert_eq!(verified.code, Some(0), "{verified:?}");
    let journal = Ended::from(agent.cli(&["--json", "journal", "--last", "500"]));
    let journal: Value = serde_json::from_str(&journal.output).unwrap();
    let kinds = names(&journal["entries"], "kind");
    let oldest = &journal["entries"].as_array().unwrap().last().unwrap()["seq"];
    assert_eq!(oldest, 1, "{journal}");
    assert!(kinds.iter().any(|kind| kind == "intent"), "{kinds:?}");
    assert!(!kinds.iter().any(|kind| kind == "damaged"), "{kinds:?}");
}

/// A stopped agent's folder with this file in it.
fn folder_with(name: &str, content: &str) -> (Agent, PathBuf) {
    let mut agent = Agent::demo(&[]);
    agent.stop();
    let file = agent.state_dir().join(name);
    fs::write(&file, content).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    (agent, file)
}

/// A run on the folder of this agent that must end by itself.
fn refused(agent: &Agent, arguments: &[&str]) -> Ended {
    let folder = ["--state-dir", agent.state_dir().to_str().unwrap()];
    Ended::cpxd(&[&folder[..], arguments].concat())
}

fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(contents(&path));
        } else if !path.ends_with("lock") {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    files
}

#[test]
fn a_folder_of_a_newer_version_is_refused_by_its_file_and_nothing_in_it_changes() {
    let mark = r#"{"format":2,"writtenBy":"7.0.0"}"#;
    let (agent, file) = folder_with("format.json", mark);
    let before = contents(agent.state_dir());
    for arguments in [
        &["demo", "--headless", "--port", "0"][..],
        &["run", "--port", "0"],
        &["journal"],
        &["journal", "verify"],
        &["install", "--trust", "--store", "firefox"],
        &["uninstall", "--state"],
    ] {
        let ended = refused(&agent, arguments);
        assert_eq!(ended.code, Some(1), "{arguments:?}: {ended:?}");
        for expected in [file.to_str().unwrap(), "7.0.0", "--state-dir"] {
            assert!(
                ended.complaint.contains(expected),
                "{arguments:?}: {ended:?}"
            );
        }
        assert!(contents(agent.state_dir()) == before, "{arguments:?}");
    }
}

#[test]
fn grants_of_a_newer_version_are_refused_and_not_put_aside() {
    let newer = r#"{"version":2,"everybody":[]}"#;
    let (agent, file) = folder_with("grants-test.json", newer);
    let ended = refused(&agent, &["demo", "--headless", "--port", "0"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for expected in [file.to_str().unwrap(), "format 2"] {
        assert!(ended.complaint.contains(expected), "{ended:?}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), newer);
    assert!(!agent.state_dir().join("endpoint.json").exists());
}

#[test]
fn a_folder_says_which_format_it_has() {
    let agent = Agent::demo(&[]);
    let mark = fs::read_to_string(agent.state_dir().join("format.json")).unwrap();
    let mark: Value = serde_json::from_str(&mark).unwrap();
    assert_eq!(mark["format"], 1);
    assert_eq!(mark["writtenBy"], env!("CARGO_PKG_VERSION"));
}
