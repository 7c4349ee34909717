//! `cpxd install --native-messaging`: browsers are told of the native host, and told no more by
//! `cpxd uninstall`.
#![cfg(target_os = "linux")]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a program that does not start fails its test"
)]

use std::fs;
use std::path::Path;

use cpxd_tests::ended::Ended;
use cpxd_tests::native_host::{NATIVE_HOST, install_beside_the_native_host};
use cpxd_tests::person::Person;
use cpxd_tests::room::shell_in_a_room;
use serde_json::{Value, json};

const CHROMIUM: &str = ".config/chromium/NativeMessagingHosts/cpxd.native_host.json";
const FIREFOX: &str = ".mozilla/native-messaging-hosts/cpxd.native_host.json";
/// Below the folders of a machine.
const MANIFEST: &str = "native-messaging-hosts/cpxd.native_host.json";
const EXTENSION_OF_CHROMIUM: &str = "aoghbgjkojfehjkkpompkbamadonpmmn";
const EXTENSION_OF_FIREFOX: &str = "extension@cpxd";

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

/// What a package put under `/etc` and `/usr/lib`, as this room alone sees it.
const PACKAGED: &str = "mount -t overlay -o \"lowerdir=$2/etc:/etc\" packaged /etc
    mount -t overlay -o \"lowerdir=$2/lib:/usr/lib\" packaged /usr/lib
    cpxd=$1; shift 2
    exec \"$cpxd\" \"$@\"";

/// `cpxd` of a person on whose machine a package put these manifests, that of Chromium with this program.
fn packaged(person: &Person, cpxd: &Path, program: &Path, arguments: &[&str]) -> Ended {
    let manifest = |file: &str, program: &Path, key: &str, extension: &str| {
        let manifest = json!({ "path": program, key: [extension] });
        let file = person.home().join(file).join(MANIFEST);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, manifest.to_string()).unwrap();
    };
    let origin = format!("chrome-extension://{EXTENSION_OF_CHROMIUM}/");
    manifest("etc/chromium", program, "allowed_origins", &origin);
    let host = cpxd.with_file_name(NATIVE_HOST);
    manifest(
        "lib/mozilla",
        &host,
        "allowed_extensions",
        EXTENSION_OF_FIREFOX,
    );
    let places = [cpxd, person.home()].map(|path| path.to_str().unwrap());
    let mut room = shell_in_a_room(PACKAGED, &[&places, arguments].concat());
    let output = room
        .env("HOME", person.home())
        .env("LC_ALL", "en_US.UTF-8")
        .env_remove("XDG_CONFIG_HOME")
        .output();
    output.expect("cpxd starts").into()
}

#[test]
fn browsers_that_a_package_told_are_known_to_be_told_and_are_told_no_second_time() {
    let person = Person::new();
    let cpxd = install_beside_the_native_host(person.home());
    let host = cpxd.with_file_name(NATIVE_HOST);
    for folder in [".config/chromium", ".mozilla"] {
        fs::create_dir_all(person.home().join(folder)).unwrap();
    }
    let shown = packaged(&person, &cpxd, &host, &["install"]);
    let by_package = |ended: &Ended, file: &str| {
        let mut lines = ended.output.lines();
        lines.any(|line| line.contains(file) && line.contains("a package tells it"))
    };
    for file in ["/etc/chromium/", "/usr/lib/mozilla/"] {
        assert!(by_package(&shown, file), "{shown:?}");
    }
    let told = packaged(&person, &cpxd, &host, &["install", "--native-messaging"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(by_package(&told, "/usr/lib/mozilla/"), "{told:?}");
    assert!(!person.home().join(CHROMIUM).exists(), "{told:?}");
    assert!(!person.home().join(FIREFOX).exists(), "{told:?}");
    let state = person.home().join("state");
    let diagnose = ["diagnose", "--json", "--state-dir", state.to_str().unwrap()];
    let found = packaged(&person, &cpxd, &host, &diagnose);
    assert_eq!(native_messaging_in(&found), "native-host-told", "{found:?}");

    let gone = person.home().join("gone");
    let found = packaged(&person, &cpxd, &gone, &diagnose);
    assert_eq!(native_messaging_in(&found), "native-host-not-told");
    let own = person.home().join(CHROMIUM);
    packaged(&person, &cpxd, &gone, &["install", "--native-messaging"]);
    assert!(own.exists(), "a package that names no program tells nobody");
}

fn native_messaging_in(found: &Ended) -> String {
    let found: Value = serde_json::from_str(&found.output).unwrap();
    let checks = found["checks"].as_array().unwrap();
    let check = checks.iter().find(|it| it["id"] == "native-messaging");
    check.unwrap()["code"].as_str().unwrap().to_owned()
}
