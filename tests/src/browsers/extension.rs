//! The extension and the native host, put where the browsers of a person find them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::person::Person;
use crate::programs::program;

/// The extension as `cargo xtask package` packs it for Firefox.
#[must_use]
pub fn packed_for_firefox() -> PathBuf {
    packed().join("cpxd-extension.xpi")
}

/// The extension as it is packed for Chromium, unpacked again: without a store, that is how it is loaded.
#[must_use]
pub fn unpacked_for_chromium(person: &Person) -> PathBuf {
    let folder = person.home().join("extension");
    let package = fs::File::open(packed().join("cpxd-extension.zip")).expect("the package");
    let mut package = zip::ZipArchive::new(package).expect("a zip file");
    package.extract(&folder).expect("its files");
    folder
}

/// Where the packages are, made once for all tests of a process.
fn packed() -> &'static Path {
    static PACKED: OnceLock<TempDir> = OnceLock::new();
    let packed = PACKED.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let made = Command::new(program("xtask"))
            .args(["package", "--out"])
            .arg(folder.path())
            .output();
        let made = made.expect("xtask starts");
        assert!(made.status.success(), "{made:?}");
        folder
    });
    packed.path()
}

/// Tells the browsers of a person of the native host, as the agent's program beside it does.
pub fn tell_of_the_host(person: &Person, host: &Path) {
    let told = person
        .starts(host.with_file_name("cpxd"))
        .args(["install", "--native-messaging"])
        .output();
    let told = told.expect("cpxd starts");
    assert!(told.status.success(), "{told:?}");
}
