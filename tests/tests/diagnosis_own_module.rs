//! The diagnosis of a person whose browsers use cpxd's own PKCS#11 module, or do not yet.
#![cfg(target_os = "linux")]
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "what is not there fails its test"
)]

use std::fs;
use std::path::Path;

use cpxd_tests::agent::Agent;
use cpxd_tests::browsers::Firefox;
use cpxd_tests::diagnosed::Diagnosed;
use cpxd_tests::native_messages::become_theirs;
use cpxd_tests::pcsc_stack::{AGREEING, PcscService, Reader, TEST_ENVIRONMENT};
use cpxd_tests::person::Person;
use cpxd_tests::programs::{own_module, program};

/// A person with a Firefox and a Chromium, and their agent on the readers of this service.
fn person_with_agent(service: &PcscService) -> (Person, Agent) {
    let person = person_with_chromium();
    Firefox::make_profile(&person);
    let agent = agent_of(&person, service);
    (person, agent)
}

fn person_with_chromium() -> Person {
    let person = Person::new();
    fs::create_dir_all(person.home().join(".pki/nssdb")).unwrap();
    person
}

fn agent_of(person: &Person, service: &PcscService) -> Agent {
    let mut environment = service.client_environment();
    environment.push(("HOME", person.home().into()));
    let file = |text: &str| service.file(text).to_str().unwrap().to_owned();
    let arguments = [
        "--reader-source",
        "pcsc",
        "--config",
        &file(TEST_ENVIRONMENT),
        "--scripted-holder",
        &file(AGREEING),
    ];
    let agent = Agent::run_in(&environment, &arguments);
    let _ = agent.card();
    become_theirs(&agent, person);
    agent
}

/// By the command of this person, which asks their agent where it runs and looks for itself where it does not.
fn diagnosed(person: &Person, service: &PcscService) -> Diagnosed {
    let configuration = service.file(TEST_ENVIRONMENT);
    let mut diagnose = person.starts(program("cpxd"));
    diagnose.args(["diagnose", "--json", "--config"]);
    diagnose.arg(configuration);
    diagnose.envs(service.client_environment());
    Diagnosed::printed(&diagnose.output().unwrap())
}

#[track_caller]
fn assert_ready(found: &Diagnosed) {
    assert_eq!(
        found.of("cryptolib"),
        ("notApplicable", "cryptolib-not-needed")
    );
    let psc = &found.0["proSanteConnect"];
    assert_eq!(psc["state"], "ready", "{psc}");
}

/// Not ready for this reason.
#[track_caller]
fn assert_wanting(found: &Diagnosed, reason: &str) {
    let psc = &found.0["proSanteConnect"];
    assert_eq!(psc["state"], "notReady", "{psc}");
    assert!(psc["reason"].as_str().unwrap().contains(reason), "{psc}");
}

#[test]
fn pro_sante_connect_is_ready_with_cpxds_own_module_and_names_it_where_it_is_missing() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &["--card", "cps4"]);
    let (person, _agent) = person_with_agent(&service);
    let found = diagnosed(&person, &service);
    assert_eq!(found.of("cryptolib"), ("notApplicable", "cryptolib-absent"));
    assert_wanting(&found, "cpxd install --pkcs11");

    let told = person.cpxd(&["install", "--pkcs11"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert_ready(&diagnosed(&person, &service));

    let removed = person.cpxd(&["uninstall"]);
    assert_eq!(removed.code, Some(0), "{removed:?}");
    assert_wanting(&diagnosed(&person, &service), "cpxd install --pkcs11");
}

#[test]
fn a_card_that_lies_on_a_reader_is_not_called_ready_though_the_module_shows_it() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &["--card", "cps3-contactless"]);
    let (person, _agent) = person_with_agent(&service);
    let told = person.cpxd(&["install", "--pkcs11"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    let found = diagnosed(&person, &service);
    assert_eq!(found.of("code"), ("notApplicable", "code-absent"));
    assert_wanting(&found, "put it into a reader");
}

#[test]
fn a_module_that_asks_another_agent_is_no_way_until_its_file_names_the_one_that_is_diagnosed() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &[]);
    let (person, agent) = person_with_agent(&service);
    let told = person.cpxd(&["install", "--pkcs11"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    let folder = person.home().join(".config/cpxd");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("pkcs11-module.toml");
    let names = |state_dir: &Path| {
        fs::write(&file, format!("state-dir = '{}'", state_dir.display())).unwrap();
        diagnosed(&person, &service)
    };

    let found = names(&person.home().join("demo"));
    let elsewhere = ("warning", "module-asks-another-agent");
    assert_eq!(found.of("own-module"), elsewhere);
    let check = found.check("own-module");
    assert!(
        check["cause"]
            .as_str()
            .unwrap()
            .contains(file.to_str().unwrap())
    );
    assert_wanting(&found, check["title"].as_str().unwrap());
    assert_ready(&names(agent.state_dir()));

    let slots = || {
        let mut tool = person.starts("pkcs11-tool");
        tool.arg("--module").arg(own_module()).arg("--list-slots");
        String::from_utf8(tool.output().unwrap().stdout).unwrap()
    };
    assert!(slots().contains("CPS3v3-"), "{}", slots());
    fs::write(&file, "state_dir = '/demo'").unwrap();
    let found = diagnosed(&person, &service);
    assert_eq!(found.of("own-module"), ("warning", "module-asks-nobody"));
    let cause = found.check("own-module")["cause"].as_str().unwrap();
    assert!(cause.contains("line 1"), "{cause}");
    assert!(!slots().contains("CPS3v3-"), "{}", slots());
    fs::remove_file(&file).unwrap();

    // Where no agent runs, the command compares by itself.
    let other = person.home().join("other");
    let mut diagnose = person.starts(program("cpxd"));
    diagnose
        .args(["diagnose", "--json", "--state-dir"])
        .arg(other);
    let found = Diagnosed::printed(&diagnose.output().unwrap());
    let not_this = ("warning", "module-asks-not-this-agent");
    assert_eq!(found.of("own-module"), not_this);
}

#[test]
fn the_module_is_no_way_without_the_agent_and_without_its_file() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &[]);
    let (person, mut agent) = person_with_agent(&service);
    let told = person.cpxd(&["install", "--pkcs11"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    agent.stop();
    let found = diagnosed(&person, &service);
    assert_eq!(found.first("failed"), Some(("agent-runs", "agent-absent")));
    let title = found.check("agent-runs")["title"].as_str().unwrap();
    assert_wanting(&found, title);

    for database in person.nss_databases() {
        let list = database.join("pkcs11.txt");
        let text = fs::read_to_string(&list).unwrap();
        let moved = text.replace("/libcpxd_pkcs11.so", "/gone/libcpxd_pkcs11.so");
        assert_ne!(text, moved);
        fs::write(&list, moved).unwrap();
    }
    let found = diagnosed(&person, &service);
    assert_eq!(found.of("own-module"), ("warning", "module-file-missing"));
    assert_eq!(found.of("cryptolib"), ("notApplicable", "cryptolib-absent"));
    assert_wanting(&found, "cpxd install --pkcs11");
}

#[test]
fn browsers_with_somebody_elses_module_of_the_name_are_told_of_no_command_that_would_refuse() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &[]);
    let (person, _agent) = person_with_agent(&service);
    let told = person.cpxd(&["install", "--pkcs11"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    for database in person.nss_databases() {
        let list = database.join("pkcs11.txt");
        let text = fs::read_to_string(&list).unwrap();
        let foreign = text.replace("/libcpxd_pkcs11.so", "/libother.so");
        assert_ne!(text, foreign);
        fs::write(&list, foreign).unwrap();
    }
    let found = diagnosed(&person, &service);
    assert_eq!(found.of("own-module"), ("notApplicable", "module-foreign"));
    assert_wanting(&found, "another module already has the name");
}

#[test]
fn a_profile_that_came_after_the_module_was_registered_is_told_until_the_command_ran_again() {
    let service = PcscService::start();
    let _card = service.plug(Reader::First, &[]);
    let person = person_with_chromium();
    let _agent = agent_of(&person, &service);
    let install = || {
        let told = person.cpxd(&["install", "--pkcs11"]);
        assert_eq!(told.code, Some(0), "{told:?}");
    };
    install();
    let found = diagnosed(&person, &service);
    assert_eq!(found.of("own-module"), ("ok", "module-registered"));
    assert_ready(&found);

    Firefox::make_profile(&person);
    let found = diagnosed(&person, &service);
    let in_part = ("warning", "module-registered-in-part");
    assert_eq!(found.of("own-module"), in_part);
    let check = found.check("own-module");
    assert!(
        check["cause"].as_str().unwrap().contains(": Firefox."),
        "{check}"
    );
    assert_ready(&found);
    let reason = found.0["proSanteConnect"]["reason"].as_str().unwrap();
    assert!(
        reason.contains(check["title"].as_str().unwrap()),
        "{reason}"
    );

    install();
    let found = diagnosed(&person, &service);
    assert_eq!(found.of("own-module"), ("ok", "module-registered"));
    assert_ready(&found);
}
