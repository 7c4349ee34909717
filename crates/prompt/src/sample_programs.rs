//! Programs that tests write and start.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

/// Writes a script that is to be started at once. Another process writes it: a descriptor of ours would go along with
/// whatever another test starts meanwhile, and the system starts no file that somebody may write (`ETXTBSY`).
pub(crate) fn write_program(path: &Path, script: &str) {
    let draft = path.with_extension("draft");
    fs::write(&draft, script).unwrap();
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o700)).unwrap();
    let copied = Command::new("cp").arg("-p").args([&draft, path]).status();
    assert!(copied.unwrap().success());
}
