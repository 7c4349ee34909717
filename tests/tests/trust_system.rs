//! The system's own store, for real: `update-ca-certificates` of this machine, with openssl and curl
//! as judges, who are told of no authority.
//!
//! It changes the machine while it runs, so it runs only where the machine is there for it: as root
//! under `CI=true`. Elsewhere it says that it did not run; the steps are tested on a store of a test's
//! own in `crates/platform/src/trust_stores/tests.rs`.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "a machine that cannot be put right again fails its test"
)]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use cpxd_tests::agent::Agent;
use cpxd_tests::person::Person;
use cpxd_tests::stolen_authority::{openssl, said, text};

const FOLDER: &str = "/usr/local/share/ca-certificates";

/// Takes out of the machine's store what the test put there, however the test ends.
struct PutRight;

impl Drop for PutRight {
    fn drop(&mut self) {
        let left = ours();
        for file in &left {
            let _ = fs::remove_file(file);
        }
        if !left.is_empty() || std::thread::panicking() {
            let _ = Command::new("update-ca-certificates")
                .arg("--fresh")
                .output();
        }
    }
}

fn ours() -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(FOLDER).into_iter().flatten().flatten();
    let is_ours = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("cpxd-")
    };
    entries
        .map(|entry| entry.path())
        .filter(|path| is_ours(path))
        .collect()
}

fn may_change_this_machine() -> bool {
    let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    is_ci && rustix::process::geteuid().is_root()
}

/// What openssl and curl say who are told of no authority.
fn judged(agent: &Agent) -> (bool, Option<i32>) {
    let address = agent.url().replace("https://", "");
    let handshake = said(&openssl(&[
        "s_client",
        "-connect",
        &address,
        "-verify_ip",
        "127.0.0.1",
    ]));
    let url = format!("{}/v1", agent.url());
    let curl = Command::new("curl")
        .args(["--silent", "--max-time", "60", &url])
        .output();
    let is_verified = handshake.contains("Verify return code: 0 (ok)");
    (is_verified, curl.unwrap().status.code())
}

const TRUSTED: (bool, Option<i32>) = (true, Some(0));
/// 60 is curl's exit code for a certificate that it cannot verify.
const NOT_TRUSTED: (bool, Option<i32>) = (false, Some(60));

#[test]
fn the_programs_of_the_system_trust_the_agent_from_install_to_uninstall() {
    if !may_change_this_machine() {
        // Not by a macro, which the test harness would keep to itself.
        let _ = writeln!(
            std::io::stderr(),
            "DID NOT RUN: trust_system, which changes the machine's trust store; it runs as root with CI=true"
        );
        return;
    }
    let before = fs::read("/etc/ssl/certs/ca-certificates.crt").unwrap();
    assert!(
        ours().is_empty(),
        "this machine has an authority of cpxd's: {:?}",
        ours()
    );
    let _put_right = PutRight;
    let agent = Agent::demo(&[]);
    let person = Person::new();
    assert_eq!(judged(&agent), NOT_TRUSTED);
    for expected in ["\"added\"", "\"kept\""] {
        let install = ["install", "--trust", "--store", "system", "--json"];
        let answer = person.cpxd_of(&agent, &install);
        assert!(answer.contains(expected), "{answer}");
        assert_eq!(judged(&agent), TRUSTED);
    }
    let files = ours();
    assert_eq!(files.len(), 1);
    let verified = openssl(&["verify", text(&files[0])]);
    assert!(verified.status.success(), "{}", said(&verified));
    for expected in ["\"removed\"", "\"absent\""] {
        let answer = person.cpxd_of(&agent, &["uninstall", "--json"]);
        assert!(answer.contains(expected), "{answer}");
        assert_eq!(judged(&agent), NOT_TRUSTED);
    }
    assert!(ours().is_empty());
    assert_eq!(
        fs::read("/etc/ssl/certs/ca-certificates.crt").unwrap(),
        before
    );
    let links = fs::read_dir("/etc/ssl/certs").unwrap().flatten();
    let dangling = links.filter(|link| !link.path().exists());
    assert_eq!(dangling.count(), 0, "no link leads to what was removed");
}
