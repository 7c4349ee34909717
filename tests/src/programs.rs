//! The programs of this workspace, built once for all tests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Path of a program of this workspace, such as `cpxd` or `virtual-card`.
///
/// The first call builds them, so that a test never meets yesterday's program.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let path = FOLDER.get_or_init(build).join(name);
    assert!(path.is_file(), "{} was not built", path.display());
    path
}

fn build() -> PathBuf {
    let built = Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "--bins",
            "-p",
            "cpxd",
            "-p",
            "card-emulator",
        ])
        .current_dir(workspace_dir())
        .status()
        .expect("cargo starts");
    assert!(built.success(), "the programs under test do not build");
    let this_test = std::env::current_exe().expect("the test has a path");
    let folder = this_test.ancestors().find(|path| path.ends_with("debug"));
    folder
        .expect("the tests are built in a debug folder")
        .to_owned()
}

/// Root of the workspace.
#[must_use]
pub fn workspace_dir() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
