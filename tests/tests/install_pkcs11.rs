//! `cpxd install --pkcs11`: programs are told of cpxd's own PKCS#11 module, and told no more by `cpxd uninstall`,
//! with `--pkcs11` of the module alone. NSS's modutil and p11-kit judge what was written.
#![cfg(target_os = "linux")]
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a program that does not start fails its test"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use cpxd_tests::browsers::Firefox;
use cpxd_tests::ended::Ended;
use cpxd_tests::native_host::copy_program;
use cpxd_tests::person::Person;
use cpxd_tests::programs::{own_module, program};
use rustix::process::getuid;

const MODULE: &str = "libcpxd_pkcs11.so";

/// A person with a Firefox and a Chromium, and the programs in a folder with a name that needs care.
fn installed() -> (Person, PathBuf) {
    let person = Person::new();
    Firefox::make_profile(&person);
    let programs = person.home().join("mes programmes é");
    fs::create_dir_all(&programs).unwrap();
    fs::create_dir_all(person.home().join(".pki/nssdb")).unwrap();
    let cpxd = programs.join("cpxd");
    copy_program(&program("cpxd"), &cpxd);
    copy_program(&own_module(), &programs.join(MODULE));
    (person, cpxd)
}

fn ended(command: &mut Command) -> Ended {
    command.output().expect("it starts").into()
}

fn done(person: &Person, cpxd: &Path, arguments: &[&str]) -> String {
    let ended = ended(person.starts(cpxd).args(arguments));
    assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
    ended.output
}

/// The folders of NSS databases below the home that know a module of this library, by NSS's own program.
fn databases_that_know(person: &Person, library: &Path) -> Vec<PathBuf> {
    let mut databases = person.nss_databases();
    let known = format!("library name: {}", library.display());
    databases.retain(|folder| {
        let database = format!("sql:{}", folder.display());
        let listed = ended(
            person
                .starts("modutil")
                .args(["-dbdir", &database, "-list"]),
        );
        assert_eq!(listed.code, Some(0), "{listed:?}");
        listed.output.contains(&known)
    });
    databases
}

/// What p11-kit loads for this person. It reads nothing of the home of root, so that their home is somebody else's there.
fn modules_of_p11_kit(person: &Person) -> String {
    let mut list = if getuid().is_root() {
        let opened = ended(
            Command::new("chown")
                .arg("-R")
                .arg("nobody")
                .arg(person.home()),
        );
        assert_eq!(opened.code, Some(0), "{opened:?}");
        let mut list = person.starts("setpriv");
        list.args(["--reuid", "nobody", "--clear-groups", "p11-kit"]);
        list
    } else {
        person.starts("p11-kit")
    };
    let listed = ended(list.arg("list-modules"));
    if getuid().is_root() {
        let closed = ended(
            Command::new("chown")
                .arg("-R")
                .arg("root")
                .arg(person.home()),
        );
        assert_eq!(closed.code, Some(0), "{closed:?}");
    }
    assert_eq!(listed.code, Some(0), "{listed:?}");
    listed.output
}

#[test]
fn browsers_and_p11_kit_are_told_once_and_told_no_more_after_uninstall() {
    let (person, cpxd) = installed();
    let module = cpxd.with_file_name(MODULE);
    let shown = done(&person, &cpxd, &["install"]);
    assert!(shown.contains("cpxd install --pkcs11"), "{shown}");
    assert!(shown.contains("not told"), "{shown}");
    assert_eq!(
        databases_that_know(&person, &module),
        <[PathBuf; 0]>::default()
    );

    let told = done(&person, &cpxd, &["install", "--pkcs11"]);
    assert!(told.contains(module.to_str().unwrap()), "{told}");
    let known = databases_that_know(&person, &module);
    assert_eq!(known.len(), 2, "Chromium and Firefox: {known:?}, {told}");
    let modules = modules_of_p11_kit(&person);
    assert!(modules.contains(module.to_str().unwrap()), "{modules}");

    let again = done(&person, &cpxd, &["install", "--pkcs11"]);
    assert_eq!(again.matches("was told already").count(), 3, "{again}");

    let removed = done(&person, &cpxd, &["uninstall"]);
    assert_eq!(removed.matches("removed").count(), 3, "{removed}");
    assert_eq!(
        databases_that_know(&person, &module),
        <[PathBuf; 0]>::default()
    );
    assert!(!modules_of_p11_kit(&person).contains("cpxd"));
}

#[test]
fn the_module_alone_is_taken_away_where_that_is_all_that_is_asked() {
    let (person, cpxd) = installed();
    let module = cpxd.with_file_name(MODULE);
    copy_program(
        &program("cpxd-native-host"),
        &cpxd.with_file_name("cpxd-native-host"),
    );
    done(&person, &cpxd, &["install", "--native-messaging"]);
    done(&person, &cpxd, &["install", "--pkcs11"]);
    let removed = done(&person, &cpxd, &["uninstall", "--pkcs11"]);
    assert_eq!(removed.matches("removed").count(), 3, "{removed}");
    assert_eq!(
        databases_that_know(&person, &module),
        <[PathBuf; 0]>::default()
    );
    assert!(!modules_of_p11_kit(&person).contains("cpxd"));
    let again = done(&person, &cpxd, &["uninstall", "--pkcs11"]);
    assert!(again.contains("nothing to take away"), "{again}");
    let answer = done(&person, &cpxd, &["uninstall", "--pkcs11", "--json"]);
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer, serde_json::json!({ "pkcs11": [] }));
    // The rest is still there to be taken away.
    let rest = done(&person, &cpxd, &["uninstall"]);
    assert!(rest.contains("know of the agent no more"), "{rest}");

    for other in ["--state", "--store=chromium"] {
        let refused = ended(person.starts(&cpxd).args(["uninstall", "--pkcs11", other]));
        assert_eq!(refused.code, Some(2), "{refused:?}");
    }
}

#[test]
fn the_module_of_another_installation_is_replaced_when_asked_and_never_taken_away() {
    let (person, cpxd) = installed();
    let module = cpxd.with_file_name(MODULE);
    let other = person.home().join("other");
    fs::create_dir(&other).unwrap();
    let others_cpxd = other.join("cpxd");
    copy_program(&cpxd, &others_cpxd);
    copy_program(&module, &other.join(MODULE));
    done(&person, &others_cpxd, &["install", "--pkcs11"]);
    done(&person, &cpxd, &["uninstall"]);
    let others = databases_that_know(&person, &other.join(MODULE));
    assert_eq!(others.len(), 2, "{others:?}");
    done(&person, &cpxd, &["install", "--pkcs11"]);
    assert_eq!(databases_that_know(&person, &module).len(), 2);
    assert_eq!(
        databases_that_know(&person, &other.join(MODULE)),
        <[PathBuf; 0]>::default()
    );
    assert!(!modules_of_p11_kit(&person).contains(other.to_str().unwrap()));
}

/// A `modutil` before the real one in the path, which does this where a module is to be added.
fn path_with_modutil_that(person: &Person, adds: &str) -> String {
    let folder = person.home().join("modutil that fails");
    fs::create_dir_all(&folder).unwrap();
    let modutil = folder.join("modutil");
    let real = which("modutil");
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *\" -add \"*) {adds} ;; esac\nexec {} \"$@\"\n",
        real.display()
    );
    fs::write(&modutil, script).unwrap();
    fs::set_permissions(&modutil, fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    format!("{}:{path}", folder.display())
}

fn which(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    let mut folders = std::env::split_paths(&path).map(|folder| folder.join(name));
    folders.find(|program| program.is_file()).expect(name)
}

/// What each NSS database says of its modules, byte for byte.
fn listed_modules(person: &Person) -> Vec<Vec<u8>> {
    let databases = person.nss_databases().into_iter();
    databases
        .map(|folder| fs::read(folder.join("pkcs11.txt")).unwrap())
        .collect()
}

#[test]
fn a_program_of_nss_that_fails_half_way_leaves_the_former_module_where_it_was() {
    let (person, cpxd) = installed();
    let module = cpxd.with_file_name(MODULE);
    let other = person.home().join("other");
    fs::create_dir(&other).unwrap();
    copy_program(&cpxd, &other.join("cpxd"));
    copy_program(&module, &other.join(MODULE));
    done(&person, &other.join("cpxd"), &["install", "--pkcs11"]);
    let before = listed_modules(&person);
    for adds in ["echo broken >&2; exit 1", "exit 0"] {
        let path = path_with_modutil_that(&person, adds);
        let mut install = person.starts(&cpxd);
        let failed = ended(install.args(["install", "--pkcs11"]).env("PATH", path));
        assert_eq!(failed.code, Some(1), "{adds}: {failed:?}");
        assert_eq!(failed.output.matches("FAILED").count(), 2, "{failed:?}");
        assert_eq!(listed_modules(&person), before, "{adds}");
        let others = databases_that_know(&person, &other.join(MODULE));
        assert_eq!(others.len(), 2, "{adds}: {others:?}");
    }
    done(&person, &cpxd, &["install", "--pkcs11"]);
    assert_eq!(databases_that_know(&person, &module).len(), 2);
}

#[test]
fn what_somebody_else_registered_under_the_name_is_left_alone_and_told() {
    let (person, cpxd) = installed();
    let module = cpxd.with_file_name(MODULE);
    let theirs = person.home().join("theirs.so");
    copy_program(&module, &theirs);
    let file = person.home().join(".config/pkcs11/modules/cpxd.module");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let of_chromium = person.home().join(".pki/nssdb");
    let database = format!("sql:{}", of_chromium.display());
    let mut make = person.starts("certutil");
    let made = ended(make.args(["-N", "--empty-password", "-d", &database]));
    assert_eq!(made.code, Some(0), "{made:?}");
    let mut add = person.starts("modutil");
    add.args(["-force", "-dbdir", &database, "-add", "cpxd", "-libfile"]);
    let added = ended(add.arg(&theirs));
    assert_eq!(added.code, Some(0), "{added:?}");
    let naming_ours = format!("module: {}\n", module.display());
    for text in ["module: theirs.so\ncritical: no\n", "", &naming_ours] {
        fs::write(&file, text).unwrap();
        let short = ended(person.starts(&cpxd).args(["install", "--pkcs11"]));
        assert_eq!(short.code, Some(1), "{text:?}: {short:?}");
        // One that names this module knows it already, whoever wrote it.
        let left_alone = if text == naming_ours { 1 } else { 2 };
        let told = short.output.matches("left alone").count();
        assert_eq!(told, left_alone, "{text:?}: {short:?}");
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
        assert_eq!(
            databases_that_know(&person, &theirs),
            std::slice::from_ref(&of_chromium)
        );
        assert_eq!(databases_that_know(&person, &module).len(), 1, "Firefox");
    }
    let short = ended(person.starts(&cpxd).arg("uninstall"));
    assert_eq!(short.code, Some(1), "{short:?}");
    assert_eq!(short.output.matches("left alone").count(), 1, "{short:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), naming_ours);
    assert_eq!(databases_that_know(&person, &theirs), [of_chromium]);
}

#[test]
fn a_module_that_is_not_there_is_told_of_to_nobody() {
    let (person, cpxd) = installed();
    let module = cpxd.with_file_name(MODULE);
    fs::remove_file(&module).unwrap();
    let refused = ended(person.starts(&cpxd).args(["install", "--pkcs11", "--json"]));
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        format!("{refused:?}").contains("pkcs11-module-missing"),
        "{refused:?}"
    );
    assert_eq!(
        databases_that_know(&person, &module),
        <[PathBuf; 0]>::default()
    );
}

#[test]
fn a_browser_in_a_sandbox_is_recognised_and_explained() {
    let (person, cpxd) = installed();
    let inside = person.home().join("snap/chromium/current/.pki/nssdb");
    fs::create_dir_all(&inside).unwrap();
    let told = done(&person, &cpxd, &["install", "--pkcs11"]);
    assert!(told.contains("sandbox"), "{told}");
    assert!(
        fs::read_dir(&inside).unwrap().next().is_none(),
        "nothing is put there"
    );
}

#[test]
fn a_database_that_does_not_let_the_module_go_fails_the_removal() {
    let (person, cpxd) = installed();
    done(&person, &cpxd, &["install", "--pkcs11"]);
    let without_nss = [("PATH", "/nowhere")];
    let kept = ended(person.starts(&cpxd).arg("uninstall").envs(without_nss));
    assert_eq!(kept.code, Some(1), "{kept:?}");
    assert!(kept.output.contains("libnss3-tools"), "{kept:?}");
    let module = cpxd.with_file_name(MODULE);
    assert_eq!(databases_that_know(&person, &module).len(), 2);
}
