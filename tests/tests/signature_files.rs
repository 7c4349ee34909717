//! The file that `cpxd sign` writes: never in another's place, and found writable before anybody is asked.
#![expect(
    clippy::unwrap_used,
    reason = "a command that cannot be run fails its test"
)]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use cpxd_tests::agent::Agent;
use cpxd_tests::ended::Ended;
use cpxd_tests::scripted::demo_with_holder;
use tempfile::TempDir;

/// A holder who answers once: whoever is asked in vain leaves none for the signature that follows.
const ONE_ANSWER: &str = "answers = [ { pin = \"1234\" } ]";

fn sign(agent: &Agent, arguments: &[&str]) -> Ended {
    agent.cli(&[&["sign"], arguments].concat()).into()
}

fn document() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("ordonnance.txt");
    fs::write(&document, "Ordonnance").unwrap();
    let name = document.to_str().unwrap().to_owned();
    (folder, name)
}

fn name(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn names_in(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_that_is_there_is_replaced_only_when_that_was_asked_for() {
    let agent = demo_with_holder(ONE_ANSWER);
    let _ = agent.card();
    let (folder, document) = document();
    let beside = format!("{document}.sig");
    let other = folder.path().join("other");
    fs::write(&beside, "precious").unwrap();
    fs::write(&other, "precious").unwrap();
    for arguments in [
        vec![document.as_str()],
        vec![&document, "--out", name(&other)],
        vec![&document, "--out", name(&other), "--json"],
    ] {
        let ended = sign(&agent, &arguments);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.complaint.contains("--force"), "{ended:?}");
    }
    assert_eq!(fs::read_to_string(&beside).unwrap(), "precious");
    assert_eq!(fs::read_to_string(&other).unwrap(), "precious");

    let ended = sign(&agent, &[&document, "--force"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(fs::read(&beside).unwrap().len(), 256);
    let mode = fs::metadata(&beside).unwrap().permissions().mode() & 0o600;
    assert_eq!(mode, 0o600);
    let names = ["ordonnance.txt", "ordonnance.txt.sig", "other"];
    assert_eq!(names_in(&folder), names);
}

#[test]
fn the_document_itself_is_never_replaced() {
    let agent = demo_with_holder(ONE_ANSWER);
    let _ = agent.card();
    let (folder, document) = document();
    let roundabout = format!("{}/./ordonnance.txt", name(folder.path()));
    for arguments in [
        vec![document.as_str(), "--out", &document],
        vec![&document, "--out", &roundabout, "--force"],
    ] {
        let ended = sign(&agent, &arguments);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.complaint.contains("--out"), "{ended:?}");
    }
    assert_eq!(fs::read_to_string(&document).unwrap(), "Ordonnance");
}

#[test]
fn where_nothing_can_be_written_nobody_is_asked() {
    let agent = demo_with_holder(ONE_ANSWER);
    let _ = agent.card();
    let (folder, document) = document();
    let beside = format!("{document}.sig");
    fs::create_dir(&beside).unwrap();
    let link = folder.path().join("link");
    symlink("elsewhere", &link).unwrap();
    for arguments in [
        vec![document.as_str()],
        vec![&document, "--force"],
        vec![&document, "--out", "/nonexistent/signature"],
        vec![&document, "--out", name(&link), "--force"],
        vec![&document, "--out", "/dev/null", "--force"],
        vec!["/dev/null"],
    ] {
        let ended = sign(&agent, &arguments);
        assert_eq!(ended.code, Some(1), "{arguments:?}: {ended:?}");
    }
    assert!(!Path::new("/dev/null.sig").exists());
    let good = folder.path().join("good");
    let ended = sign(&agent, &[&document, "--out", name(&good)]);
    assert_eq!(ended.code, Some(0), "the only answer is left: {ended:?}");
    let names = ["good", "link", "ordonnance.txt", "ordonnance.txt.sig"];
    assert_eq!(names_in(&folder), names);
}

#[test]
fn with_json_a_file_is_written_only_where_one_is_named() {
    let agent = Agent::demo(&[]);
    let _ = agent.card();
    let (folder, document) = document();
    let out = folder.path().join("signature");
    assert_eq!(sign(&agent, &[&document, "--json"]).code, Some(0));
    assert_eq!(names_in(&folder), ["ordonnance.txt"]);
    let ended = sign(&agent, &[&document, "--json", "--out", name(&out)]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.output.contains("\"signatures\""), "{ended:?}");
    assert_eq!(fs::read(&out).unwrap().len(), 256);
}
