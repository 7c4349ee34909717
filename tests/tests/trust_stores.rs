//! `cpxd install` and `cpxd uninstall`: what they say, what they change, and that they leave the rest alone.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a command that cannot be run fails its test"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use cpxd_tests::agent::Agent;
use cpxd_tests::ended::Ended;
use cpxd_tests::native_host::copy_program;
use cpxd_tests::person::Person;
use cpxd_tests::programs::program;
use cpxd_tests::stolen_authority::{openssl, said, text};
use serde_json::Value;

const IN_CHROMIUM: [&str; 4] = ["install", "--trust", "--store", "chromium"];

/// A person whose Chromium has made its database.
fn person_with_chromium() -> Person {
    let person = Person::new();
    fs::create_dir_all(person.home().join(".pki/nssdb")).unwrap();
    person
}

/// A profile of Firefox, which Firefox has not opened yet.
fn add_firefox_profile(person: &Person) -> PathBuf {
    let folder = person.home().join(".mozilla/firefox");
    let profile = folder.join("abcd1234.default-esr");
    fs::create_dir_all(&profile).unwrap();
    let list = "[Profile0]\nName=default-esr\nIsRelative=1\nPath=abcd1234.default-esr\n";
    fs::write(folder.join("profiles.ini"), list).unwrap();
    profile
}

fn json_of(ended: &Ended) -> Value {
    serde_json::from_str(&ended.output).unwrap_or_else(|_| panic!("{ended:?}"))
}

/// The state of each store of a kind.
fn states(answer: &Value, store: &str) -> Vec<String> {
    let stores = answer["stores"].as_array().unwrap().iter();
    let of_kind = stores.filter(|report| report["store"] == store);
    of_kind
        .map(|report| report["state"].as_str().unwrap().to_owned())
        .collect()
}

fn state_dir(person: &Person) -> PathBuf {
    person.home().join(".local/state/cpxd")
}

/// All files below a home, with their sizes.
fn files_in(folder: &Path) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let metadata = entry.metadata().unwrap();
        if metadata.is_dir() {
            found.extend(files_in(&entry.path()));
        }
        found.push((entry.path(), metadata.len()));
    }
    found.sort();
    found
}

#[test]
fn install_alone_says_what_it_would_do_and_changes_nothing() {
    let person = person_with_chromium();
    add_firefox_profile(&person);
    let before = files_in(person.home());
    let ended = person.cpxd(&["install"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for expected in [
        "ca.pem",
        ".pki/nssdb: not trusted",
        "abcd1234.default-esr: not trusted",
        "Nothing was changed",
        "cpxd install --trust",
        "takes this certification authority away again",
    ] {
        assert!(ended.output.contains(expected), "{expected}: {ended:?}");
    }
    let answer = json_of(&person.cpxd(&["install", "--json"]));
    assert_eq!(
        (&answer["trust"], &answer["authority"]),
        (&false.into(), &Value::Null)
    );
    assert_eq!(states(&answer, "chromium"), ["notTrusted"]);
    assert_eq!(states(&answer, "firefox"), ["notTrusted"]);
    assert_eq!(files_in(person.home()), before);
}

#[test]
fn install_makes_the_authority_where_there_is_none_and_the_agent_keeps_it() {
    let mut agent = Agent::demo(&[]);
    agent.stop();
    let ca = agent.state_dir().join("ca.pem");
    fs::remove_dir_all(agent.state_dir().join("tls")).unwrap();
    fs::remove_file(&ca).unwrap();
    let person = person_with_chromium();
    let answer = person.cpxd_of(&agent, &[&IN_CHROMIUM[..], &["--json"]].concat());
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(states(&answer, "chromium"), ["added"]);
    assert_eq!(answer["authority"]["caFile"], text(&ca));
    let print = [
        "x509",
        "-in",
        text(&ca),
        "-noout",
        "-fingerprint",
        "-sha256",
    ];
    let fingerprint = said(&openssl(&print));
    let fingerprint = fingerprint.trim().rsplit('=').next().unwrap();
    let fingerprint = fingerprint.replace(':', "").to_lowercase();
    assert_eq!(answer["authority"]["sha256"], fingerprint);
    let mode = |path: &str| {
        let metadata = fs::metadata(agent.state_dir().join(path)).unwrap();
        metadata.permissions().mode() & 0o777
    };
    for (path, rights) in [
        ("", 0o700),
        ("tls", 0o700),
        ("tls/ca.pem", 0o600),
        ("tls/leaf.pem", 0o600),
    ] {
        assert_eq!(mode(path), rights, "{path}");
    }
    let before = fs::read(&ca).unwrap();
    agent.start_again();
    assert_eq!(fs::read(&ca).unwrap(), before);
    assert_eq!(agent.exchange("/v1", &[]).status, 200);
}

#[test]
fn install_and_uninstall_may_be_repeated() {
    let agent = Agent::demo(&[]);
    let person = person_with_chromium();
    let profile = add_firefox_profile(&person);
    let install = [
        "install", "--trust", "--store", "chromium", "--store", "firefox", "--json",
    ];
    let run = |arguments: &[&str]| -> Value {
        serde_json::from_str(&person.cpxd_of(&agent, arguments)).unwrap()
    };
    for state in ["added", "kept", "kept"] {
        let answer = run(&install);
        assert_eq!(states(&answer, "chromium"), [state]);
        assert_eq!(states(&answer, "firefox"), [state]);
        assert_eq!(person.nss_lists().matches("C,,").count(), 2);
    }
    assert_eq!(states(&run(&["install", "--json"]), "firefox"), ["trusted"]);
    for state in ["removed", "absent"] {
        let answer = run(&["uninstall", "--json"]);
        assert_eq!(states(&answer, "chromium"), [state]);
        assert_eq!(states(&answer, "firefox"), [state]);
        assert!(!person.nss_lists().contains("cpxd"));
    }
    assert!(
        profile.join("cert9.db").exists(),
        "the browser's own file stays"
    );
}

#[test]
fn a_former_authority_goes_when_its_successor_comes_and_two_installations_do_not_meet() {
    let person = person_with_chromium();
    let other = Agent::demo(&[]);
    person.cpxd_of(&other, &IN_CHROMIUM);
    let trusted = || person.nss_lists().matches("C,,").count();
    let authority = || {
        let answer = json_of(&person.cpxd(&[&IN_CHROMIUM[..], &["--json"]].concat()));
        assert_eq!(states(&answer, "chromium"), ["added"]);
        answer["authority"]["sha256"].as_str().unwrap()[..16].to_owned()
    };
    let first = authority();
    assert_eq!(trusted(), 2);
    fs::remove_dir_all(state_dir(&person).join("tls")).unwrap();
    let second = authority();
    // The list of the former ones is kept while a store was left out.
    let record = fs::read_to_string(state_dir(&person).join("trusted-authorities.pem")).unwrap();
    assert_eq!(record.matches("BEGIN CERTIFICATE").count(), 2, "{record}");
    let lists = person.nss_lists();
    assert!(
        !lists.contains(&first) && lists.contains(&second),
        "{lists}"
    );
    assert_eq!(person.cpxd(&["uninstall"]).code, Some(0));
    assert_eq!(trusted(), 1, "that of the other installation");
    person.cpxd_of(&other, &["uninstall"]);
    assert_eq!(trusted(), 0);
}

#[test]
fn uninstall_finds_the_authority_that_a_person_imported_by_hand_and_nothing_else() {
    let agent = Agent::demo(&[]);
    let person = person_with_chromium();
    person.cpxd_of(&agent, &IN_CHROMIUM);
    person.cpxd_of(&agent, &["uninstall"]);
    let database = format!("sql:{}", person.nss_databases()[0].display());
    let import = |name: &str, agent: &Agent| {
        let ca = agent.state_dir().join("ca.pem");
        let added = Command::new("certutil")
            .args(["-A", "-d", &database, "-n", name, "-t", "C,,", "-i"])
            .arg(ca)
            .status();
        assert!(added.unwrap().success());
    };
    let other = Agent::demo(&[]);
    import("mine", &agent);
    import("cpxd of somebody else", &other);
    assert!(person.nss_lists().contains("mine"));
    person.cpxd_of(&agent, &["uninstall"]);
    let lists = person.nss_lists();
    assert!(
        !lists.contains("mine") && lists.contains("cpxd of somebody else"),
        "{lists}"
    );
}

#[test]
fn a_store_that_cannot_be_changed_is_named_with_cause_and_remedy_in_both_languages() {
    let agent = Agent::demo(&[]);
    let person = person_with_chromium();
    let profile = add_firefox_profile(&person);
    let password = person.home().join("password");
    fs::write(&password, "secret\n").unwrap();
    let made = Command::new("certutil")
        .args([
            "-N",
            "-d",
            &format!("sql:{}", profile.display()),
            "-f",
            text(&password),
        ])
        .status();
    assert!(made.unwrap().success());
    let run = |language: &str, path: &str, more: &[&str]| -> Ended {
        let output = person
            .starts(program("cpxd"))
            .args([
                "install", "--trust", "--store", "chromium", "--store", "firefox",
            ])
            .args(["--state-dir", text(agent.state_dir())])
            .args(more)
            .env("LC_ALL", language)
            .env("PATH", path)
            .output();
        output.unwrap().into()
    };
    let path = std::env::var("PATH").unwrap();
    for (language, words, path, chromium, code) in [
        (
            "en_US.UTF-8",
            "primary password",
            path.as_str(),
            "added",
            "store-locked",
        ),
        (
            "fr_FR.UTF-8",
            "mot de passe principal",
            &path,
            "kept",
            "store-locked",
        ),
        (
            "en_US.UTF-8",
            "libnss3-tools",
            "/nonexistent",
            "failed",
            "certutil-missing",
        ),
        (
            "fr_FR.UTF-8",
            "Installez le paquet libnss3-tools",
            "/nonexistent",
            "failed",
            "certutil-missing",
        ),
    ] {
        let for_programs = run(language, path, &["--json"]);
        let problem = json_of(&for_programs);
        assert_eq!(
            (for_programs.code, &problem["code"]),
            (Some(1), &"trust-incomplete".into())
        );
        assert_eq!(states(&problem, "chromium"), [chromium], "{problem}");
        assert_eq!(states(&problem, "firefox"), ["failed"]);
        let stores = problem["stores"].as_array().unwrap();
        let firefox = stores
            .iter()
            .find(|report| report["store"] == "firefox")
            .unwrap();
        assert_eq!(firefox["problem"]["code"], code);
        assert_eq!(firefox["place"], profile.to_str().unwrap());
        let for_people = run(language, path, &[]);
        assert_eq!(for_people.code, Some(1));
        assert!(for_people.output.contains(words), "{for_people:?}");
    }
    // One store that fails keeps no other from being put right, and is found again.
    assert_eq!(person.nss_lists().matches("C,,").count(), 1);
    assert!(agent.state_dir().join("trusted-authorities.pem").exists());
    person.cpxd_of(&agent, &["uninstall"]);
    assert!(!person.nss_lists().contains("cpxd"));
}

#[test]
fn an_authority_that_could_vouch_for_sites_is_put_nowhere() {
    let person = person_with_chromium();
    assert_eq!(person.cpxd(&IN_CHROMIUM).code, Some(0));
    assert_eq!(person.cpxd(&["uninstall"]).code, Some(0));
    let place = state_dir(&person).join("tls/ca.pem");
    let (key, certificate) = (person.home().join("key"), person.home().join("certificate"));
    let made = openssl(&[
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=anything",
        "-days",
        "1000",
        "-keyout",
        text(&key),
        "-out",
        text(&certificate),
    ]);
    assert!(made.status.success(), "{}", said(&made));
    let both = [&key, &certificate]
        .map(|file| fs::read(file).unwrap())
        .concat();
    fs::write(&place, both).unwrap();
    let refused = person.cpxd(&IN_CHROMIUM);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.complaint.contains("not constrained"), "{refused:?}");
    let in_french = person
        .starts(program("cpxd"))
        .args([&IN_CHROMIUM[..], &["--json"]].concat())
        .env("LC_ALL", "fr_FR.UTF-8")
        .output();
    let problem = json_of(&in_french.unwrap().into());
    assert_eq!(problem["code"], "authority-unusable");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("pas limitée à cet ordinateur"), "{detail}");
    assert!(detail.contains("tls/ca.pem"), "{detail}");
    assert!(!person.nss_lists().contains("C,,"));
}

#[test]
fn uninstall_says_first_what_it_takes_away() {
    let agent = Agent::demo(&[]);
    let person = person_with_chromium();
    for (language, first) in [
        (
            "fr_FR.UTF-8",
            "L’autorité de certification de cette installation ne sera plus reconnue ici",
        ),
        (
            "en_US.UTF-8",
            "The certification authority of this installation will be trusted no more here",
        ),
    ] {
        let mut uninstall = person.starts(program("cpxd"));
        uninstall.args(["uninstall", "--state-dir", text(agent.state_dir())]);
        let said: Ended = uninstall.env("LC_ALL", language).output().unwrap().into();
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(said.output.starts_with(first), "{said:?}");
    }
}

#[test]
fn uninstall_with_state_removes_what_the_agent_keeps_and_nothing_else() {
    let mut agent = Agent::demo(&[]);
    let _ = agent.card();
    let person = person_with_chromium();
    person.cpxd_of(&agent, &IN_CHROMIUM);
    let state_dir = agent.state_dir().to_owned();
    let place = ["--state-dir", text(&state_dir)];
    let with_state =
        |more: &[&str]| person.cpxd(&[&["uninstall", "--state"], &place[..], more].concat());
    let refused = with_state(&["--json"]);
    let problem = json_of(&refused);
    assert_eq!(
        (refused.code, &problem["code"]),
        (Some(1), &"agent-already-running".into())
    );
    assert!(
        person.nss_lists().contains("cpxd"),
        "nothing was done by half"
    );
    agent.stop();
    let kept = agent.state_dir().join("notes.txt");
    fs::write(&kept, "a person's own").unwrap();
    let answer = json_of(&with_state(&["--json"]));
    assert_eq!(what_became_of(&answer), (false, "hasMore"));
    assert!(!person.nss_lists().contains("cpxd"));
    let left: Vec<PathBuf> = files_in(agent.state_dir())
        .into_iter()
        .map(|(path, _)| path)
        .collect();
    assert_eq!(left, vec![kept.clone()]);
    // Without a sign that it is an agent's folder, nothing in it is touched.
    fs::create_dir(agent.state_dir().join("journal")).unwrap();
    let again = with_state(&[]);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.output.contains("was left alone"), "{again:?}");
    let answer = json_of(&with_state(&["--json"]));
    assert_eq!(what_became_of(&answer), (false, "notAnAgents"));
    assert!(agent.state_dir().join("journal").exists() && kept.exists());
    agent.start_again();
    agent.stop();
    fs::remove_file(&kept).unwrap();
    let answer = json_of(&with_state(&["--json"]));
    assert_eq!(what_became_of(&answer), (true, "removed"));
    assert!(!agent.state_dir().exists());
    let nothing = with_state(&["--json"]);
    let answer = json_of(&nothing);
    assert_eq!(
        (nothing.code, answer["stores"].as_array().unwrap().len()),
        (Some(0), 0)
    );
    assert_eq!(what_became_of(&answer), (false, "absent"));
    let nothing = with_state(&[]);
    assert!(nothing.output.contains("is not there"), "{nothing:?}");
}

#[test]
fn uninstall_without_state_says_that_what_the_agent_keeps_is_there_still() {
    let mut agent = Agent::demo(&[]);
    agent.stop();
    let person = person_with_chromium();
    let of_agent = [
        "uninstall",
        "--json",
        "--state-dir",
        text(agent.state_dir()),
    ];
    let answer = json_of(&person.cpxd(&of_agent));
    assert_eq!(what_became_of(&answer), (false, "kept"));
}

/// Whether the state folder was removed, and in a word.
fn what_became_of(answer: &Value) -> (bool, &str) {
    let folder = &answer["stateFolder"];
    let outcome = folder["outcome"].as_str();
    (folder["removed"].as_bool().unwrap(), outcome.unwrap())
}

#[test]
fn a_user_who_may_not_change_the_systems_store_is_told_the_lines_for_an_administrator() {
    // Root may; a program of root's can be run as somebody else.
    let person = Person::new();
    let own = person.home().join("cpxd");
    copy_program(&program("cpxd"), &own);
    let mut command = if rustix::process::geteuid().is_root() {
        let given = Command::new("chown")
            .args(["-R", "65534:65534"])
            .arg(person.home())
            .status();
        assert!(given.unwrap().success());
        let mut as_nobody = person.starts("setpriv");
        as_nobody
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(&own);
        as_nobody
    } else {
        person.starts(&own)
    };
    let output = command
        .args(["install", "--trust", "--store", "system", "--json"])
        .output();
    let ended: Ended = output.unwrap().into();
    let answer = json_of(&ended);
    assert_eq!(
        ended.code,
        Some(1),
        "an administrator's part was all that was asked for: {ended:?}"
    );
    assert_eq!(states(&answer, "system"), ["needsAdministrator"]);
    let lines = answer["stores"][0]["command"].as_str().unwrap();
    let ca = fs::read_to_string(state_dir(&person).join("ca.pem")).unwrap();
    assert!(
        lines.contains(&ca) && lines.contains("update-ca-certificates"),
        "{lines}"
    );
    assert!(
        lines.starts_with("cat > /usr/local/share/ca-certificates/cpxd-"),
        "{lines}"
    );
}

#[test]
fn a_store_that_is_not_there_is_named_and_being_all_that_was_asked_for_is_a_failure() {
    let person = Person::new();
    let alone = person.cpxd(&["install", "--trust", "--store", "firefox"]);
    assert_eq!(alone.code, Some(1), "{alone:?}");
    assert!(
        alone.complaint.contains("No profile of Firefox"),
        "{alone:?}"
    );
    assert!(!alone.complaint.contains("browser"), "{alone:?}");
    assert!(!state_dir(&person).exists(), "nothing is made for nothing");
    fs::create_dir_all(person.home().join(".pki/nssdb")).unwrap();
    let both = [
        "install", "--trust", "--store", "firefox", "--store", "chromium",
    ];
    let both = person.cpxd(&both);
    assert_eq!(both.code, Some(0), "{both:?}");
    assert!(both.output.contains("No profile of Firefox"), "{both:?}");
    assert!(person.nss_lists().contains("this workstation only"));
}
