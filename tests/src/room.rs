//! A view of the file system that one command has for itself (a mount namespace), so that folders of the
//! machine can be covered with others without the machine noticing.

use std::process::Command;

/// A shell with these positional arguments, `$1` and on, in a room of its own, where it may mount.
#[must_use]
pub fn shell_in_a_room(script: &str, arguments: &[&str]) -> Command {
    let mut unshare = Command::new("unshare");
    enter(&mut unshare);
    unshare
        .args(["sh", "-e", "-c", script, "sh"])
        .args(arguments);
    unshare
}

/// Has this `unshare` make a room for the command that follows, where it may mount.
pub(crate) fn enter(unshare: &mut Command) {
    unshare.arg("--mount");
    if !rustix::process::getuid().is_root() {
        unshare.arg("--map-root-user");
    }
}
