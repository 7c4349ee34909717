//! Files that are no module, and what is said of them.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use cpxd_tests::programs::test_module;
use cpxd_tests::soft_reader::SoftReader;
use cpxd_tests::waiting::until;
use tempfile::TempDir;

use crate::agent::Desk;

/// The agent runs, says what is wrong, and has the readers once the module is in its place.
#[track_caller]
fn assert_told_and_healed(put: impl FnOnce(&Path), told: &str) {
    let reader = SoftReader::with_cps();
    let folder = TempDir::new().unwrap();
    let module = folder.path().join("module.so");
    put(&module);
    let desk = Desk::with_module(&reader, &module, "pin = \"1234\"", &[]);
    until(told, || desk.agent.log().contains(told).then_some(()));
    assert!(desk.agent.log().contains(&module.display().to_string()));
    let answer = until("the state", || {
        let answer = desk.agent.read_socket("/v1/status");
        (answer.body["state"] == "moduleFailed").then_some(answer)
    });
    assert_eq!(answer.body["readers"], 0, "{}", answer.text);
    let status = desk.agent.cli(&["status"]);
    let said = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(!said.is_empty(), "{status:?}");

    let draft = folder.path().join("draft.so");
    symlink(test_module(), &draft).unwrap();
    fs::rename(draft, &module).unwrap();
    let _card = desk.agent.card();
    let answer = desk.agent.read_socket("/v1/status");
    assert_eq!(answer.body["state"], "ready", "{}", answer.text);
}

#[test]
fn a_module_that_is_missing() {
    assert_told_and_healed(|_| (), "there is no PKCS#11 module at this place");
}

#[test]
fn a_module_of_32_bits() {
    let mut head = b"\x7FELF\x01\x01\x01".to_vec();
    head.resize(16, 0);
    // ET_DYN, EM_386.
    head.extend([3, 0, 3, 0]);
    let told = "the PKCS#11 module is built for another system";
    assert_told_and_healed(|module| fs::write(module, head).unwrap(), told);
}

#[test]
fn a_text() {
    let told = "the file is not a PKCS#11 module";
    assert_told_and_healed(|module| fs::write(module, "no module").unwrap(), told);
}

#[test]
fn an_empty_file() {
    let told = "the file is not a PKCS#11 module";
    assert_told_and_healed(|module| fs::write(module, "").unwrap(), told);
}

const NOT_TRUSTED: &str = "others can write the PKCS#11 module or its folder";

#[test]
fn a_file_that_everybody_may_write() {
    let put = |module: &Path| {
        fs::copy(test_module(), module).unwrap();
        fs::set_permissions(module, Permissions::from_mode(0o777)).unwrap();
    };
    assert_told_and_healed(put, NOT_TRUSTED);
}

/// The name leads there from a folder of the user's own.
#[test]
fn a_folder_that_everybody_may_write() {
    let open = TempDir::new().unwrap();
    let module = open.path().join("module.so");
    fs::copy(test_module(), &module).unwrap();
    fs::set_permissions(open.path(), Permissions::from_mode(0o777)).unwrap();
    assert_told_and_healed(|name| symlink(&module, name).unwrap(), NOT_TRUSTED);
}

#[test]
fn a_module_that_others_can_write_is_asked_for_nothing() {
    let reader = SoftReader::with_cps();
    let folder = TempDir::new().unwrap();
    let module = folder.path().join("module.so");
    fs::copy(test_module(), &module).unwrap();
    fs::set_permissions(&module, Permissions::from_mode(0o777)).unwrap();
    let calls_before = reader.trace();
    let desk = Desk::with_module(&reader, &module, "pin = \"1234\"", &[]);
    until(NOT_TRUSTED, || {
        desk.agent.log().contains(NOT_TRUSTED).then_some(())
    });
    assert_eq!(reader.trace(), calls_before);
}

#[test]
fn a_folder() {
    let reader = SoftReader::with_cps();
    let folder = TempDir::new().unwrap();
    let desk = Desk::with_module(&reader, folder.path(), "pin = \"1234\"", &[]);
    let told = "the file is not a PKCS#11 module";
    until(told, || desk.agent.log().contains(told).then_some(()));
}

#[test]
fn a_library_that_is_no_module() {
    let libc = libc();
    let told = "it has no C_GetFunctionList";
    assert_told_and_healed(|module| symlink(libc, module).unwrap(), told);
}

/// The library that this very test has in its memory.
fn libc() -> PathBuf {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let paths = maps
        .lines()
        .filter_map(|line| line.split_whitespace().nth(5));
    let mut libraries = paths.filter(|path| path.contains("/libc.so") || path.contains("/libc-"));
    libraries.next().expect("a C library").into()
}

/// Reading it is an error for everybody, the superuser included.
#[test]
fn a_file_that_cannot_be_read() {
    let told = "the file is not a PKCS#11 module";
    assert_told_and_healed(|module| symlink("/proc/self/mem", module).unwrap(), told);
}

#[test]
fn a_module_that_cannot_be_initialised() {
    let reader = SoftReader::with_cps();
    reader.fault("C_Initialize", 0, "CKR_GENERAL_ERROR");
    let desk = Desk::new(&reader, "pin = \"1234\"");
    let told = "from C_Initialize";
    until(told, || desk.agent.log().contains(told).then_some(()));
    reader.no_faults();
    let _card = desk.agent.card();
}
