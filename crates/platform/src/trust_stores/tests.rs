use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::process::Command;

use tempfile::TempDir;

use super::nss::NssDatabase;
use super::*;

/// A machine of a test's own: the root, and below it a home folder and a folder of programs.
struct Machine {
    root: TempDir,
}

impl Machine {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["home", "programs"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        Self { root }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn folder(&self, path: &str) -> PathBuf {
        let folder = self.at(path);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn stores(&self) -> Vec<TrustStore> {
        let home = self.at("home");
        let user = UserFolders {
            config: home.join(".config"),
            data: home.join(".local/share"),
            home,
        };
        TrustStore::all(Some(&user), &[self.at("programs")], self.root.path())
    }

    fn places(&self, kind: StoreKind) -> Vec<PathBuf> {
        let stores = self.stores();
        let of_kind = stores.iter().filter(|store| store.kind() == kind);
        of_kind.map(|store| store.place().to_owned()).collect()
    }

    /// A certificate of an authority of this name, by openssl.
    fn anchor(&self, common_name: &str) -> TrustAnchor {
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-nodes", "-keyout"])
            .arg(self.at("key"))
            .args(["-pkeyopt", "ec_paramgen_curve:P-256", "-days", "30"])
            .args(["-subj", &format!("/CN={common_name}")])
            .output()
            .expect("openssl is installed (cargo xtask test installs it)");
        assert!(made.status.success(), "{made:?}");
        TrustAnchor::from_pem(&String::from_utf8(made.stdout).unwrap()).unwrap()
    }

    /// A program that stands for the system's: it copies the folder's authorities into one file,
    /// and fails while there is a file `broken`.
    fn debian_store(&self) -> TrustStore {
        self.folder("usr/local/share/ca-certificates");
        let program = self.folder("usr/sbin").join("update-ca-certificates");
        let root = self.root.path().display();
        let script = format!(
            "#!/bin/sh\n[ ! -e {root}/broken ] || {{ echo out of order >&2; exit 1; }}\n\
             cat {root}/usr/local/share/ca-certificates/*.crt > {root}/bundle 2>/dev/null; exit 0\n"
        );
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        self.stores().pop().unwrap()
    }

    fn bundle(&self) -> String {
        fs::read_to_string(self.at("bundle")).unwrap_or_default()
    }
}

/// NSS's own program, as a test calls it.
fn certutil(database: &Path, arguments: &[&str], input: Option<&TrustAnchor>) -> String {
    let mut certutil = Command::new("certutil");
    certutil.args(arguments);
    certutil
        .arg("-d")
        .arg(format!("sql:{}", database.display()));
    if let Some(anchor) = input {
        let file = database.join("input.pem");
        fs::write(&file, anchor.pem()).unwrap();
        certutil.args(["-a", "-i"]).arg(file);
    }
    let output = certutil
        .output()
        .expect("certutil is installed (cargo xtask test installs it)");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn nss(folder: PathBuf) -> TrustStore {
    TrustStore {
        kind: StoreKind::Firefox,
        means: Means::Nss(NssDatabase::new(folder)),
    }
}

#[test]
fn a_database_of_nss_is_made_where_there_is_none_and_takes_an_authority_once() {
    let machine = Machine::new();
    let store = nss(machine.at("home/database"));
    let anchor = machine.anchor("ours");
    assert!(!store.trusts(&anchor).unwrap());
    assert!(!store.remove(&anchor).unwrap());
    assert!(!store.place().exists(), "looking makes nothing");
    assert!(store.add(&anchor).unwrap());
    assert!(store.trusts(&anchor).unwrap());
    assert!(!store.add(&anchor).unwrap());
    let listed = certutil(store.place(), &["-L"], None);
    assert_eq!(listed.matches("C,,").count(), 1, "{listed}");
    let mode = fs::metadata(store.place()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    assert!(store.remove(&anchor).unwrap());
    assert!(!store.remove(&anchor).unwrap());
    assert!(!store.trusts(&anchor).unwrap());
}

#[test]
fn what_others_put_into_a_database_stays_even_under_our_name() {
    let machine = Machine::new();
    let folder = machine.folder("home/database");
    let (ours, others, namesake) = (
        machine.anchor("ours"),
        machine.anchor("others"),
        machine.anchor("namesake"),
    );
    certutil(&folder, &["-N", "--empty-password"], None);
    certutil(&folder, &["-A", "-n", "others", "-t", "C,,"], Some(&others));
    let name = ours.nickname();
    certutil(&folder, &["-A", "-n", &name, "-t", "C,,"], Some(&namesake));
    let store = nss(folder);
    assert!(!store.trusts(&ours).unwrap(), "a name proves nothing");
    assert!(!store.remove(&ours).unwrap());
    assert!(store.trusts(&others).unwrap() && store.trusts(&namesake).unwrap());
}

#[test]
fn an_authority_is_removed_under_whatever_name_a_person_gave_it() {
    let machine = Machine::new();
    let folder = machine.folder("home/database");
    let anchor = machine.anchor("ours");
    certutil(&folder, &["-N", "--empty-password"], None);
    let by_hand = ["-A", "-n", "by hand, \u{e9}t\u{e9}", "-t", "CT,C,C"];
    certutil(&folder, &by_hand, Some(&anchor));
    let store = nss(folder);
    assert!(!store.add(&anchor).unwrap(), "it is trusted already");
    assert!(store.remove(&anchor).unwrap());
    assert!(!certutil(store.place(), &["-L"], None).contains("by hand"));
}

#[test]
fn an_authority_that_is_there_without_trust_comes_to_be_trusted() {
    let machine = Machine::new();
    let folder = machine.folder("home/database");
    let anchor = machine.anchor("ours");
    certutil(&folder, &["-N", "--empty-password"], None);
    let name = anchor.nickname();
    certutil(&folder, &["-A", "-n", &name, "-t", ",,"], Some(&anchor));
    let store = nss(folder);
    assert!(!store.trusts(&anchor).unwrap());
    assert!(store.add(&anchor).unwrap());
    assert!(store.trusts(&anchor).unwrap());
}

#[test]
fn a_database_with_a_password_is_told_and_left_as_it_was() {
    let machine = Machine::new();
    let folder = machine.folder("home/database");
    let password = machine.at("password");
    fs::write(&password, "secret\n").unwrap();
    certutil(&folder, &["-N", "-f", password.to_str().unwrap()], None);
    let before = certutil(&folder, &["-L"], None);
    let store = nss(folder);
    let refused = store.add(&machine.anchor("ours"));
    assert!(
        matches!(refused, Err(TrustStoreError::Locked { .. })),
        "{refused:?}"
    );
    assert_eq!(certutil(store.place(), &["-L"], None), before);
}

#[test]
fn a_broken_database_is_told_with_what_certutil_said() {
    let machine = Machine::new();
    let folder = machine.folder("home/database");
    fs::write(folder.join("cert9.db"), "no database").unwrap();
    let error = nss(folder).add(&machine.anchor("ours")).unwrap_err();
    assert!(error.to_string().contains("SEC_ERROR"), "{error}");
}

#[test]
fn a_database_of_another_user_is_refused() {
    let machine = Machine::new();
    let folder = machine.folder("home/database");
    if crate::current_user() != 0 {
        // Only root can give a folder away; anybody else has one of root's.
        let refused = nss(PathBuf::from("/usr")).add(&machine.anchor("ours"));
        assert!(matches!(
            refused,
            Err(TrustStoreError::NotOurs { owner: 0, .. })
        ));
        return;
    }
    chown(&folder, Some(4242), None).unwrap();
    let refused = nss(folder).add(&machine.anchor("ours"));
    assert!(matches!(
        refused,
        Err(TrustStoreError::NotOurs { owner: 4242, .. })
    ));
}

#[cfg(target_os = "linux")]
#[test]
fn chromium_has_the_databases_that_are_there_or_the_one_that_it_would_make() {
    let machine = Machine::new();
    let chromium = || machine.places(StoreKind::Chromium);
    assert!(chromium().is_empty(), "no browser, no store");
    fs::write(machine.at("programs/chromium"), "").unwrap();
    let fresh = machine.at("home/.local/share/pki/nssdb");
    assert_eq!(chromium(), vec![fresh.clone()]);
    let old = machine.folder("home/.pki/nssdb");
    assert_eq!(chromium(), vec![old.clone()], "it is the one that is read");
    fs::create_dir_all(&fresh).unwrap();
    assert_eq!(chromium(), [old.clone(), fresh.clone()]);
    let snap = machine.folder("home/snap/chromium/current/.pki/nssdb");
    assert_eq!(chromium(), [old.clone(), fresh.clone(), snap.clone()]);
    fs::remove_dir_all(&old).unwrap();
    fs::remove_dir_all(&fresh).unwrap();
    assert_eq!(
        chromium(),
        [snap.clone(), fresh],
        "a snap's is not the system's"
    );
    fs::remove_file(machine.at("programs/chromium")).unwrap();
    assert_eq!(chromium(), [snap]);
    machine.folder("home/.config/google-chrome");
    assert_eq!(chromium().len(), 2);
}

#[cfg(target_os = "linux")]
#[test]
fn firefox_has_the_profiles_that_it_lists_and_that_are_there() {
    let machine = Machine::new();
    let firefox = || machine.places(StoreKind::Firefox);
    assert!(firefox().is_empty());
    let absolute = machine.folder("elsewhere/my profile; #1");
    let list = format!(
        "[Install4F96D1932A9F858E]\nDefault=gone.default\n\n\
         [Profile1]\nName=a\nIsRelative=1\nPath=one.default-esr\nDefault=1\n\n\
         [Profile0]\nName=b\nIsRelative=0\nPath={}\n\n\
         [Profile2]\nName=c\nIsRelative=1\nPath=gone.default\n\n\
         [General]\nStartWithLastProfile=1\nVersion=2\n",
        absolute.display()
    );
    let mut expected = Vec::new();
    for folder in [
        "home/.mozilla/firefox",
        "home/.config/mozilla/firefox",
        "home/snap/firefox/common/.mozilla/firefox",
        "home/.var/app/org.mozilla.firefox/.mozilla/firefox",
    ] {
        let profile = machine.folder(&format!("{folder}/one.default-esr"));
        fs::write(machine.at(&format!("{folder}/profiles.ini")), &list).unwrap();
        expected.push(profile);
    }
    expected.insert(0, absolute);
    assert_eq!(firefox(), expected);
}

#[cfg(target_os = "linux")]
#[test]
fn the_systems_store_takes_an_authority_by_its_own_program_once() {
    let machine = Machine::new();
    let store = machine.debian_store();
    assert_eq!(store.kind(), StoreKind::System);
    let (ours, others) = (machine.anchor("ours"), machine.anchor("others"));
    let by_hand = store.place().join("by-hand.crt");
    fs::write(&by_hand, others.pem()).unwrap();
    assert!(!store.trusts(&ours).unwrap());
    assert!(store.add(&ours).unwrap());
    assert!(!store.add(&ours).unwrap());
    assert!(store.trusts(&ours).unwrap());
    assert!(machine.bundle().contains(ours.pem()));
    let mode = |entry: fs::DirEntry| entry.metadata().unwrap().permissions().mode() & 0o777;
    for entry in fs::read_dir(store.place()).unwrap() {
        let entry = entry.unwrap();
        if entry.path() != by_hand {
            assert_eq!(mode(entry), 0o644);
        }
    }
    assert!(store.remove(&ours).unwrap());
    assert!(!store.remove(&ours).unwrap());
    assert_eq!(
        machine.bundle(),
        others.pem(),
        "what others put there stays"
    );
    assert!(store.remove(&others).unwrap(), "whatever the file's name");
}

#[cfg(target_os = "linux")]
#[test]
fn a_program_of_the_system_that_fails_leaves_the_store_as_it_was() {
    let machine = Machine::new();
    let store = machine.debian_store();
    let anchor = machine.anchor("ours");
    let broken = machine.at("broken");
    fs::write(&broken, "").unwrap();
    let error = store.add(&anchor).unwrap_err();
    assert_eq!(
        error.to_string(),
        "update-ca-certificates failed: out of order"
    );
    assert!(!store.trusts(&anchor).unwrap());
    fs::remove_file(&broken).unwrap();
    store.add(&anchor).unwrap();
    fs::write(&broken, "").unwrap();
    assert!(store.remove(&anchor).is_err());
    assert!(store.trusts(&anchor).unwrap(), "the next try must find it");
    fs::remove_file(&broken).unwrap();
    assert!(store.remove(&anchor).unwrap());
}

#[cfg(target_os = "linux")]
#[test]
fn the_lines_for_an_administrator_do_what_the_store_would_have_done() {
    let machine = Machine::new();
    let store = machine.debian_store();
    let anchor = machine.anchor("ours");
    let Means::Machine(by_hand) = &store.means else {
        panic!("it is a store of the system");
    };
    let run = |lines: &str| {
        let path = format!("{}:/usr/bin:/bin", machine.at("usr/sbin").display());
        let shell = Command::new("sh")
            .args(["-euc", lines])
            .env("PATH", path)
            .output();
        let output = shell.unwrap();
        assert!(output.status.success(), "{lines}\n{output:?}");
    };
    run(&by_hand.command_to_add(&anchor));
    assert!(store.trusts(&anchor).unwrap());
    assert_eq!(machine.bundle(), anchor.pem());
    assert!(!store.add(&anchor).unwrap(), "it is there already");
    run(&by_hand.command_to_remove(&by_hand.files_of(&anchor).unwrap()));
    assert!(!store.trusts(&anchor).unwrap());
    assert_eq!(machine.bundle(), "");
}

#[cfg(target_os = "linux")]
#[test]
fn each_family_of_systems_has_its_folder_and_its_program() {
    for (folder, program) in [
        (
            "usr/local/share/ca-certificates",
            "usr/sbin/update-ca-certificates",
        ),
        ("etc/pki/ca-trust/source/anchors", "usr/bin/update-ca-trust"),
        (
            "etc/ca-certificates/trust-source/anchors",
            "usr/bin/update-ca-trust",
        ),
        ("etc/pki/trust/anchors", "usr/sbin/update-ca-certificates"),
    ] {
        let machine = Machine::new();
        machine.folder(folder);
        assert_eq!(machine.places(StoreKind::System), [] as [PathBuf; 0]);
        machine.folder("usr/sbin");
        machine.folder("usr/bin");
        fs::write(machine.at(program), "").unwrap();
        assert_eq!(machine.places(StoreKind::System), [machine.at(folder)]);
    }
}
