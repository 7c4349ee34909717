//! What a person's configuration brings about without a command, and who says so when it cannot be used.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "an agent that cannot be asked fails its test"
)]

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use cpxd_tests::person::Person;
use cpxd_tests::programs::program;
use cpxd_tests::waiting::until;

fn person_with(configuration: &str) -> Person {
    let person = Person::new();
    let folder = person.home().join(".config/cpxd");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("cpxd.toml"), configuration).unwrap();
    person
}

fn state_dir(person: &Person) -> PathBuf {
    person.home().join(".local/state/cpxd")
}

/// Their agent, as a login starts it.
struct Running(Child);

impl Running {
    fn of(person: &Person) -> Self {
        let mut cpxd = person.starts(program("cpxd"));
        cpxd.args(["run", "--reader-source", "virtual", "--port", "0"]);
        let log = fs::File::create(person.home().join("log")).unwrap();
        let running = Self(cpxd.stderr(log).stdout(Stdio::null()).spawn().unwrap());
        until("the agent is ready", || {
            log_of(person).contains("agent-ready").then_some(())
        });
        running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn log_of(person: &Person) -> String {
    fs::read_to_string(person.home().join("log")).unwrap_or_default()
}

/// In which language a problem is told.
fn language_of_a_problem(person: &Person, header: &[&str]) -> String {
    let endpoint = fs::read_to_string(state_dir(person).join("endpoint.json")).unwrap();
    let endpoint: serde_json::Value = serde_json::from_str(&endpoint).unwrap();
    let asked = Command::new("curl")
        .args(["-sS", "-o", "/dev/null", "-w", "%header{content-language}"])
        .arg("--cacert")
        .arg(state_dir(person).join("ca.pem"))
        .args(header)
        .arg(format!(
            "{}/v1/cards",
            endpoint.get("url").unwrap().as_str().unwrap()
        ))
        .output()
        .unwrap();
    String::from_utf8(asked.stdout).unwrap()
}

#[test]
fn a_language_that_is_named_is_that_of_command_line_and_agent_unless_a_caller_names_another() {
    // The environment of a person of these tests says English.
    let person = person_with("language = \"fr\"\n");
    let silent = person.cpxd(&["status"]);
    assert!(silent.complaint.contains("L’agent cpxd"), "{silent:?}");
    for (named, unasked) in [("fr", "fr"), ("en", "en")] {
        let person = person_with(&format!("language = {named:?}\n"));
        let _agent = Running::of(&person);
        assert_eq!(language_of_a_problem(&person, &[]), unasked);
        for asked in ["fr", "en"] {
            let header = format!("Accept-Language: {asked}");
            assert_eq!(language_of_a_problem(&person, &["-H", &header]), asked);
        }
    }
}

#[test]
fn status_tells_what_in_the_configuration_keeps_the_agent_from_starting() {
    let person = person_with("port = 99999\n");
    for (arguments, code) in [(["run"], 9), (["status"], 8)] {
        let ended = person.cpxd(&arguments);
        assert_eq!(ended.code, Some(code), "{ended:?}");
        for expected in ["cpxd.toml", "port", "99999"] {
            assert!(ended.complaint.contains(expected), "{ended:?}");
        }
    }
    let answer = person.cpxd(&["--json", "status"]).output;
    let problem: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(problem["code"], "agent-not-running");
    assert!(!state_dir(&person).exists());
}

#[test]
fn trust_that_the_configuration_asks_for_is_given_once_and_taken_back_for_good() {
    let person = person_with("trust-ca = true\n");
    fs::create_dir_all(person.home().join(".pki/nssdb")).unwrap();
    let is_trusted = || person.nss_lists().contains("this workstation only");
    {
        let _agent = Running::of(&person);
        until("the stores are asked", || {
            log_of(&person).contains("authority-trusted").then_some(())
        });
        assert!(is_trusted(), "{}", log_of(&person));
    }
    let took_back = person.cpxd(&["uninstall", "--store", "chromium"]);
    assert_eq!(took_back.code, Some(0), "{took_back:?}");
    assert!(!is_trusted());
    let _agent = Running::of(&person);
    // The list of what was tried is read before the agent answers that much later.
    assert_eq!(person.cpxd(&["status"]).code, Some(0));
    assert!(!is_trusted());
}

#[test]
fn without_a_word_of_it_no_store_trusts_anybody() {
    let person = person_with("");
    fs::create_dir_all(person.home().join(".pki/nssdb")).unwrap();
    let _agent = Running::of(&person);
    assert_eq!(person.cpxd(&["status"]).code, Some(0));
    assert!(!log_of(&person).contains("authority-"));
    assert!(!fs::exists(person.home().join(".pki/nssdb/cert9.db")).unwrap());
}
