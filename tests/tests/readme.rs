//! The README's lines, as they stand there.
#![expect(
    clippy::unwrap_used,
    reason = "a README without these lines fails its test"
)]

use std::fs;
use std::process::Command;

use cpxd_tests::agent::Agent;
use cpxd_tests::programs::workspace_dir;

#[test]
fn the_lines_of_the_readme_bring_a_token_and_a_signature_that_openssl_verifies() {
    let agent = Agent::demo(&[]);
    let _ = agent.card();
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("bash")
        .args(["-e", "-u", "-c", &shell_lines("A token and a signature")])
        .env("DIR", agent.state_dir())
        .current_dir(folder.path())
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stdout}\n{stderr}");
    assert_eq!(stdout.matches("Verified OK").count(), 2, "{stdout}");
}

/// The shell block of the chapter whose title begins so.
fn shell_lines(chapter: &str) -> String {
    let readme = fs::read_to_string(workspace_dir().join("README.md")).unwrap();
    let (_, chapter) = readme.split_once(&format!("## {chapter}")).unwrap();
    let (_, block) = chapter.split_once("```sh\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    block.to_owned()
}
