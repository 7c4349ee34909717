//! The diagnosis says why no agent can start: its configuration, its state folder, its port.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "a fault that cannot be made fails its test"
)]

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Output;

use cpxd_tests::agent::Agent;
use cpxd_tests::diagnosed::Diagnosed;
use cpxd_tests::pcsc_stack::{PcscService, TEST_ENVIRONMENT};
use cpxd_tests::person::Person;
use cpxd_tests::programs::program;
use cpxd_tests::room::shell_in_a_room;
use platform::paths::AgentPaths;
use platform::private_files::write_private;

/// Somebody whose configuration says this.
fn configured(text: &str) -> (Person, PathBuf) {
    let person = Person::new();
    let file = person.home().join(".config/cpxd/cpxd.toml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, text).unwrap();
    (person, file)
}

fn cpxd(person: &Person, arguments: &[&str]) -> Output {
    let mut command = person.starts(program("cpxd"));
    command.args(arguments).output().unwrap()
}

#[test]
fn a_configuration_with_a_wrong_line_is_the_root_cause_and_keeps_nobody_from_looking_and_saving() {
    let (person, file) = configured("environment = \"test\"\nprot = 3\n");
    let zip = person.home().join("support.zip");
    let arguments = [
        "diagnose",
        "--json",
        "--zip",
        zip.to_str().unwrap(),
        "--yes",
    ];
    let found = Diagnosed::printed(&cpxd(&person, &arguments));
    let told = Some(("configuration", "configuration-unusable"));
    assert_eq!(found.first("failed"), told, "{:#}", found.0);
    let check = found.check("configuration");
    let cause = check["cause"].as_str().unwrap();
    for part in [file.to_str().unwrap(), "line 2", "prot"] {
        assert!(cause.contains(part), "{cause}");
    }
    assert!(check["remedy"].is_string(), "{check}");
    assert_eq!(found.of("agent-runs"), ("notApplicable", "hangs-on"));
    assert_eq!(found.of("clock"), ("ok", "clock-plausible"));
    assert!(zip.exists());

    let printed = cpxd(&person, &["diagnose"]);
    let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
    let first = printed.lines().next().unwrap();
    assert!(first.contains("Configuration"), "{printed}");
}

#[test]
fn a_command_that_needs_the_configuration_ends_with_the_code_for_one_that_cannot_be_used() {
    let (person, _) = configured("prot = 3\n");
    let ended = cpxd(&person, &["updates"]);
    assert_eq!(ended.status.code(), Some(9), "{ended:?}");
}

#[test]
fn a_configuration_that_is_fine_is_told_to_be() {
    let (person, _) = configured("environment = \"test\"\n");
    let found = Diagnosed::printed(&cpxd(&person, &["diagnose", "--json"]));
    assert_eq!(found.of("configuration"), ("ok", "configuration-good"));
    assert_eq!(found.of("agent-runs"), ("failed", "agent-absent"));
}

#[test]
fn a_configuration_that_is_spoilt_under_an_agent_is_told_before_its_next_start() {
    let service = PcscService::start();
    let file = service.file(TEST_ENVIRONMENT);
    let path = file.to_str().unwrap();
    let agent = Agent::run_in(
        &service.client_environment(),
        &["--reader-source", "pcsc", "--config", path],
    );
    let found = || Diagnosed(agent.read_socket("/v1/diagnostics").body);
    assert_eq!(found().of("configuration"), ("ok", "configuration-good"));
    fs::write(&file, format!("{TEST_ENVIRONMENT}\nprot = 3\n")).unwrap();
    let spoilt = found();
    let told = ("warning", "configuration-unusable-since");
    assert_eq!(spoilt.of("configuration"), told);
    let cause = spoilt.check("configuration")["cause"].as_str().unwrap();
    assert!(cause.contains("prot") && cause.contains(path), "{cause}");
    assert_eq!(spoilt.of("agent-runs"), ("ok", "agent-runs"));
}

/// The cause that the command alone names where no agent runs, and its sentence.
fn why_absent(found: &Diagnosed, code: &str) -> String {
    assert_eq!(found.first("failed"), Some(("agent-runs", code)));
    let check = found.check("agent-runs");
    assert!(check["remedy"].is_string(), "{check}");
    check["cause"].as_str().unwrap().to_owned()
}

#[test]
fn a_state_folder_that_nobody_may_write_is_why_no_agent_runs() {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let script = "mount -t tmpfs -o ro fake \"$2\"
        exec \"$1\" diagnose --json --state-dir \"$2/state\"";
    let cpxd = program("cpxd");
    let arguments = [&cpxd, &disk].map(|path: &PathBuf| path.to_str().unwrap());
    let mut room = shell_in_a_room(script, &arguments);
    let output = room.env("LC_ALL", "en_US.UTF-8").output().unwrap();
    let found = Diagnosed::printed(&output);
    let cause = why_absent(&found, "agent-state-unwritable");
    assert!(cause.contains(disk.to_str().unwrap()), "{cause}");
}

#[test]
fn a_state_folder_of_a_newer_version_is_why_no_agent_runs() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let paths = AgentPaths::resolve(Some(&state)).unwrap();
    let mark = br#"{ "format": 99, "writtenBy": "9.8.7" }"#;
    write_private(&paths.format_file(), mark).unwrap();
    let found = Diagnosed::alone(&[], &state, &[]);
    let cause = why_absent(&found, "agent-state-newer");
    assert!(cause.contains("9.8.7"), "{cause}");
}

/// What the command alone finds where this port is configured.
fn with_port(folder: &Path, port: u16) -> Diagnosed {
    let file = folder.join("cpxd.toml");
    fs::write(&file, format!("port = {port}\n")).unwrap();
    let arguments = ["--config", file.to_str().unwrap()];
    Diagnosed::alone(&[], &folder.join("state"), &arguments)
}

#[test]
fn a_configured_port_that_somebody_has_is_why_no_agent_runs() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let own = std::env::current_exe().unwrap();
    let own = own.file_name().unwrap().to_str().unwrap();
    let cause = why_absent(&with_port(folder.path(), port), "agent-port-held");
    assert!(cause.contains(own), "{cause}");
    drop(taken);
    why_absent(&with_port(folder.path(), port), "agent-absent");
    let agent = Agent::demo(&[]);
    let port = agent.url();
    let port = port.trim_end_matches('/').rsplit(':').next().unwrap();
    let found = with_port(folder.path(), port.parse().unwrap());
    let cause = why_absent(&found, "agent-port-held-by-agent");
    assert!(cause.contains("another cpxd"), "{cause}");
}
