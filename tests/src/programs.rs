//! The programs of this workspace, built once for all tests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Set by `cargo xtask test`, which has just built everything.
const ARE_BUILT: &str = "CPXD_PROGRAMS_ARE_BUILT";

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
    if std::env::var_os(ARE_BUILT).is_some() {
        return folder_of_this_build();
    }
    let folder = folder_of_this_build();
    // The window apart: built together, the features of its toolkit's crates would be the agent's too.
    for packages in [
        &["cpxd", "card-emulator", "tray", "native-host"][..],
        &["prompt-window"],
        &["xtask"],
    ] {
        build_targets("--bins", packages, folder.ends_with("release"));
    }
    folder
}

fn build_targets(kind: &str, packages: &[&str], for_release: bool) {
    let mut cargo = Command::new(env!("CARGO"));
    for (name, _) in std::env::vars_os() {
        if says_what_runs(&name.to_string_lossy()) {
            cargo.env_remove(name);
        }
    }
    let built = cargo
        .args(["build", "--quiet", kind])
        .args(packages.iter().flat_map(|package| ["-p", package]))
        .args(for_release.then_some("--release"))
        .current_dir(workspace_dir())
        .status()
        .expect("cargo starts");
    assert!(built.success(), "the programs under test do not build");
}

/// Where cargo puts programs; tests and examples stand in a folder of their own below.
fn folder_of_this_build() -> PathBuf {
    let this_test = std::env::current_exe().expect("the test has a path");
    let folder = this_test.parent().and_then(Path::parent);
    folder.expect("a folder of programs").to_owned()
}

/// Whether cargo tells a test by this variable which test it is. To build scripts that look at it
/// the world has changed, and they would build half of the programs again.
fn says_what_runs(name: &str) -> bool {
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
}

/// The PKCS#11 module that misbehaves as told (`tests/module`).
#[must_use]
pub fn test_module() -> PathBuf {
    static MODULE: OnceLock<PathBuf> = OnceLock::new();
    library(&MODULE, "cpxd-test-module", "libcpxd_test_module.so")
}

/// The product's own PKCS#11 module.
#[must_use]
pub fn own_module() -> PathBuf {
    static MODULE: OnceLock<PathBuf> = OnceLock::new();
    library(&MODULE, "pkcs11-module", "libcpxd_pkcs11.so")
}

fn library(known: &OnceLock<PathBuf>, package: &str, name: &str) -> PathBuf {
    let path = known.get_or_init(|| {
        let folder = folder_of_this_build();
        if std::env::var_os(ARE_BUILT).is_none() {
            build_targets("--lib", &[package], folder.ends_with("release"));
        }
        folder.join(name)
    });
    assert!(path.is_file(), "{} was not built", path.display());
    path.clone()
}

/// The SDK as pages load it, built once for all tests.
#[must_use]
pub fn sdk_folder() -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let browser = workspace_dir().join("browser");
        if std::env::var_os(ARE_BUILT).is_none() {
            for arguments in [&["ci"][..], &["run", "--silent", "build"]] {
                let done = Command::new("npm")
                    .args(arguments)
                    .current_dir(&browser)
                    .status()
                    .expect("npm is installed (cargo xtask test installs it)");
                assert!(done.success(), "npm {arguments:?}");
            }
        }
        browser.join("sdk/dist")
    });
    assert!(folder.is_dir(), "{} was not built", folder.display());
    folder.clone()
}

/// Root of the workspace.
#[must_use]
pub fn workspace_dir() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
