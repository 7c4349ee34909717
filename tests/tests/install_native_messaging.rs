//! `cpxd install --native-messaging`: browsers are told of the native host, and told no more by
//! `cpxd uninstall`.
#![cfg(target_os = "linux")]
#![expect(
    clippy::expect_used,
    reason = "a program that does not start fails its test"
)]

use std::fs;
use std::path::Path;

use cpxd_tests::ended::Ended;
use cpxd_tests::native_host::{NATIVE_HOST, install_beside_the_native_host};
use cpxd_tests::person::Person;
use serde_json::Value;

const CHROMIUM: &str = ".config/chromium/NativeMessagingHosts/cpxd.native_host.json";
const FIREFOX: &str = ".mozilla/native-messaging-hosts/cpxd.native_host.json";

fn cpxd(person: &Person, program: &Path, arguments: &[&str]) -> Ended {
    let output = person.starts(program).args(arguments).output();
    output.expect("cpxd starts").into()
}

#[test]
fn browsers_are_told_once_and_told_no_more_after_uninstall() {
    let person = Person::new();
    let program = install_beside_the_native_host(person.home());
    let files = [CHROMIUM, FIREFOX].map(|file| person.home().join(file));

    let shown = cpxd(&person, &program, &["install"]);
    assert!(shown.output.contains("not told"), "{shown:?}");
    assert!(!files.iter().any(|file| file.exists()), "it only shows");

    let told = cpxd(&person, &program, &["install", "--native-messaging"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    for (file, key) in files.iter().zip(["allowed_origins", "allowed_extensions"]) {
        let manifest: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let host = program.with_file_name(NATIVE_HOST);
        assert_eq!(manifest["path"], host.to_str().unwrap());
        assert_eq!(manifest[key].as_array().unwrap().len(), 1, "{manifest}");
        assert!(told.output.contains(file.to_str().unwrap()), "{told:?}");
    }
    let again = cpxd(&person, &program, &["install", "--native-messaging"]);
    assert!(again.output.contains("told already"), "{again:?}");

    let removed = cpxd(&person, &program, &["uninstall"]);
    assert_eq!(removed.code, Some(0), "{removed:?}");
    assert!(!files.iter().any(|file| file.exists()), "{removed:?}");
}

#[test]
fn the_manifest_of_another_installation_is_not_taken_away() {
    let person = Person::new();
    let program = install_beside_the_native_host(person.home());
    let file = person.home().join(CHROMIUM);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let of_another = r#"{ "path": "/opt/other/cpxd-native-host" }"#;
    fs::write(&file, of_another).unwrap();
    let removed = cpxd(&person, &program, &["uninstall"]);
    assert_eq!(removed.code, Some(0), "{removed:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), of_another);
}

#[test]
fn the_file_of_somebody_else_at_that_place_is_left_alone_and_named() {
    let person = Person::new();
    let program = install_beside_the_native_host(person.home());
    let host = program.with_file_name(NATIVE_HOST);
    let file = person.home().join(CHROMIUM);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    for foreign in [
        r#"{"name":"other"}"#.to_owned(),
        "no manifest at all".to_owned(),
        r#"{"name":"cpxd.native_host","path":"/opt/other/host"}"#.to_owned(),
        format!(r#"{{"name":"other","path":{host:?}}}"#),
    ] {
        fs::write(&file, &foreign).unwrap();
        let told = cpxd(&person, &program, &["install", "--native-messaging"]);
        assert_eq!(told.code, Some(1), "{told:?}");
        assert!(told.output.contains("left alone"), "{told:?}");
        let removed = cpxd(&person, &program, &["uninstall"]);
        assert_eq!(removed.code, Some(0), "{removed:?}");
        assert_eq!(fs::read_to_string(&file).unwrap(), foreign);
    }
    assert!(
        !person.home().join(FIREFOX).exists(),
        "uninstall removed the rest"
    );
}

#[test]
fn a_manifest_of_a_program_that_was_moved_is_written_anew() {
    let person = Person::new();
    let program = install_beside_the_native_host(person.home());
    let file = person.home().join(CHROMIUM);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let moved = r#"{"name":"cpxd.native_host","path":"/opt/former/cpxd-native-host"}"#;
    fs::write(&file, moved).unwrap();
    let told = cpxd(&person, &program, &["install", "--native-messaging"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    let manifest: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let host = program.with_file_name(NATIVE_HOST);
    assert_eq!(manifest["path"], host.to_str().unwrap());
}

#[test]
fn a_host_that_is_not_there_is_told_of_to_nobody() {
    let person = Person::new();
    let program = install_beside_the_native_host(person.home());
    fs::remove_file(program.with_file_name(NATIVE_HOST)).unwrap();
    let refused = cpxd(&person, &program, &["install", "--native-messaging"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(!person.home().join(CHROMIUM).exists());
}

#[test]
fn a_browser_in_a_sandbox_is_recognised_and_explained() {
    let person = Person::new();
    let program = install_beside_the_native_host(person.home());
    fs::create_dir_all(person.home().join("snap/firefox")).unwrap();
    let told = cpxd(&person, &program, &["install", "--native-messaging"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.output.contains("sandbox"), "{told:?}");
    let inside = person.home().join("snap/firefox/common");
    assert!(!inside.exists(), "nothing is put there");
}

#[test]
fn the_host_tells_a_person_who_starts_it() {
    let host = cpxd_tests::programs::program(NATIVE_HOST);
    for (word, expected) in [
        ("--help", "browsers"),
        ("--version", env!("CARGO_PKG_VERSION")),
    ] {
        let asked = std::process::Command::new(&host).arg(word).output();
        let told: Ended = asked.expect("the host starts").into();
        assert_eq!(told.code, Some(0), "{told:?}");
        assert!(told.output.contains(expected), "{told:?}");
        assert_eq!(told.output.lines().count(), 1, "{told:?}");
    }
}
