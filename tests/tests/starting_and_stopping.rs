//! How an agent comes, stays alone, and goes.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "an agent that cannot be started or stopped fails its test"
)]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cpxd_tests::agent::{Agent, CLIENT, JSON};
use cpxd_tests::calls::{authenticate_body, path_of};
use cpxd_tests::ended::Ended;
use cpxd_tests::programs::program;
use cpxd_tests::scripted::text_file;
use cpxd_tests::waiting::until;

/// A demo that must refuse to start, and leave nothing that looks like an agent.
fn refused_start(arguments: &[&str]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let state_dir = folder.path().join("state");
    let demo = ["demo", "--headless", "--port", "0", "--state-dir"];
    let place = [state_dir.to_str().unwrap()];
    let ended = Ended::cpxd(&[&demo[..], &place, arguments].concat());
    assert!(!state_dir.join("endpoint.json").exists(), "{ended:?}");
    ended
}

fn socket_of(agent: &Agent) -> PathBuf {
    agent.endpoint()["socket"].as_str().unwrap().into()
}

fn name(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn an_agent_may_open_what_all_its_connections_take_where_the_usual_limit_is_lower() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let usual = Rlimit {
        current: Some(1024),
        maximum: getrlimit(Resource::Nofile).maximum,
    };
    setrlimit(Resource::Nofile, usual).unwrap();
    let agent = Agent::demo(&[]);
    let limits = fs::read_to_string(format!("/proc/{}/limits", agent.pid())).unwrap();
    let of_files = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    let soft = of_files.unwrap().split_whitespace().next().unwrap();
    assert_eq!(soft, "4096", "{limits}");
}

#[test]
fn a_wrong_script_of_the_holder_is_refused_with_line_and_key() {
    for (script, expected) in [
        (
            "pin = \"1234\"\npni = \"7391\"\n",
            "line 2 of the script: there is no key \"pni\"",
        ),
        ("pin = 7391", "line 1 of the script: pin must be"),
        (
            "\n\nconsent = \"yes\"",
            "line 3 of the script: consent must be",
        ),
        (
            "answers = [\n{ pin = \"7391\" },\n{ delay = 1 } ]",
            "line 3 of the script: there is no key \"delay\"",
        ),
        ("pin 7391", "line 1 of the script is not TOML"),
    ] {
        let file = text_file(script);
        let ended = refused_start(&["--scripted-holder", name(file.path())]);
        assert_eq!(ended.code, Some(1), "{script}: {ended:?}");
        assert!(ended.complaint.contains(expected), "{script}: {ended:?}");
        assert!(ended.complaint.contains(name(file.path())), "{ended:?}");
        assert!(
            !ended.complaint.contains("7391"),
            "it tells a code: {ended:?}"
        );
    }
    let ended = refused_start(&["--scripted-holder", "/nowhere/holder.toml"]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.complaint.contains("/nowhere/holder.toml"),
        "{ended:?}"
    );
}

#[test]
fn a_wrong_configuration_is_refused_with_line_and_key() {
    for (configuration, line, key) in [
        ("port = 1\nprot = 27900\n", "line 2", "prot"),
        ("log-level = \"loud\"", "line 1", "loud"),
        ("\nport = 70000", "line 2", "70000"),
        ("\nport = -1", "line 2", "-1"),
        ("port = \"27900\"", "line 1", "27900"),
        ("environment = \"live\"", "line 1", "live"),
        ("after-use = \"keep\"", "line 1", "keep"),
        ("reader-source = [ \"usb\" ]", "line 1", "usb"),
        ("reader_source = [ \"pcsc\" ]", "line 1", "reader_source"),
        ("port", "line 1", "port"),
        ("[agent]\nport = 1", "line 1", "agent"),
    ] {
        let file = text_file(configuration);
        let ended = refused_start(&["--config", name(file.path())]);
        assert_eq!(ended.code, Some(9), "{configuration}: {ended:?}");
        for expected in [line, key, name(file.path())] {
            assert!(ended.complaint.contains(expected), "{expected}: {ended:?}");
        }
    }
    let ended = refused_start(&["--config", "/nowhere/cpxd.toml"]);
    assert_eq!(ended.code, Some(9));
    assert!(ended.complaint.contains("/nowhere/cpxd.toml"), "{ended:?}");
}

#[test]
fn the_configuration_is_followed_and_the_command_line_wins_over_it() {
    let file = text_file("environment = \"test\"\nreader-source = []\nlog-level = \"debug\"\n");
    let config = ["--config", name(file.path())];
    let without_readers = Agent::run(&config);
    let status = without_readers.read_socket("/v1/status").body;
    assert_eq!(
        (&status["environment"], &status["readers"]),
        (&"test".into(), &0.into())
    );
    let with_readers = Agent::run(&[&config[..], &["--reader-source", "virtual"]].concat());
    assert_eq!(with_readers.card()["environment"], "test");
    assert!(with_readers.log().contains("DEBUG"));
}

#[test]
fn a_port_in_use_that_was_asked_for_is_refused_by_its_number() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = holder.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let ended = Ended::cpxd(&[
        "demo",
        "--headless",
        "--state-dir",
        name(folder.path()),
        "--port",
        &port,
    ]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.complaint.contains(&format!("port {port}")),
        "{ended:?}"
    );
    assert!(!folder.path().join("endpoint.json").exists());
}

#[test]
fn a_port_that_was_asked_for_is_the_one() {
    let probe = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = probe.local_addr().unwrap().port().to_string();
    drop(probe);
    let folder = tempfile::tempdir().unwrap();
    let mut agent = Command::new(program("cpxd"))
        .args(["run", "--reader-source", "virtual", "--port", &port])
        .args(["--state-dir", name(folder.path())])
        .spawn()
        .unwrap();
    let endpoint = until("endpoint.json", || {
        fs::read_to_string(folder.path().join("endpoint.json")).ok()
    });
    agent.kill().unwrap();
    agent.wait().unwrap();
    let url = format!("\"https://127.0.0.1:{port}\"");
    assert!(endpoint.contains(&url), "{endpoint}");
}

#[test]
fn a_second_agent_says_who_is_first_and_leaves_it_alone() {
    let agent = Agent::demo(&[]);
    let state_dir = name(agent.state_dir());
    let before = (agent.endpoint(), agent.token());
    for command in ["demo", "run"] {
        let ended = Ended::cpxd(&[command, "--state-dir", state_dir]);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        for expected in ["already running", &agent.pid().to_string()] {
            assert!(ended.complaint.contains(expected), "{ended:?}");
        }
    }
    assert_eq!((agent.endpoint(), agent.token()), before);
    assert_eq!(agent.authenticate(&agent.card()).status, 200);
}

#[test]
fn a_stopped_agent_leaves_no_trace_that_it_runs() {
    for signal in ["-TERM", "-INT"] {
        let mut agent = Agent::demo(&[]);
        let card = agent.card();
        let socket = socket_of(&agent);
        let endpoint = socket.with_file_name("endpoint.json");
        assert!(socket.exists() && endpoint.exists());
        assert_eq!(agent.authenticate(&card).status, 200);
        let status = agent.stop_by(signal);
        assert_eq!(status.code(), Some(0), "{signal}: {}", agent.log());
        for path in [&socket, &endpoint, &agent.state_dir().join("endpoint.json")] {
            assert!(fs::symlink_metadata(path).is_err(), "{}", path.display());
        }
    }
}

#[test]
fn an_open_question_and_an_open_stream_do_not_keep_an_agent_from_stopping() {
    let script = text_file("pin = \"1234\"\ndelay_ms = 60000");
    let mut agent = Agent::demo(&["--scripted-holder", name(script.path())]);
    let card = agent.card();
    let events = agent.events();
    let mut caller = Command::new("curl")
        .args([
            "--silent",
            "-H",
            &agent.authorization(),
            "-H",
            CLIENT,
            "-H",
            JSON,
        ])
        .args(["--cacert", name(&agent.state_dir().join("ca.pem"))])
        .args(["-d", &authenticate_body().to_string()])
        .arg(format!(
            "{}{}",
            agent.url(),
            path_of(&card, "/authenticate")
        ))
        .spawn()
        .unwrap();
    let _ = events.wait_for("prompt-opened");
    assert_eq!(agent.stop().code(), Some(0), "{}", agent.log());
    assert!(!caller.wait().unwrap().success(), "there was no answer");
}

#[test]
fn an_event_stream_ends_with_its_agent() {
    let mut agent = Agent::demo(&[]);
    let (ca, token) = (agent.state_dir().join("ca.pem"), agent.authorization());
    let mut stream = Command::new("curl")
        .args([
            "--silent",
            "--no-buffer",
            "--cacert",
            name(&ca),
            "-H",
            &token,
        ])
        .args([
            "-H",
            "Last-Event-ID: 0",
            &format!("{}/v1/events", agent.url()),
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first_line = String::new();
    let mut pipe = BufReader::new(stream.stdout.take().unwrap());
    pipe.read_line(&mut first_line).unwrap();
    assert!(first_line.starts_with("id: "), "{first_line}");
    assert_eq!(agent.stop().code(), Some(0));
    assert!(
        stream.wait().unwrap().success(),
        "the stream was broken off"
    );
}

#[test]
fn a_subscriber_of_an_earlier_run_hears_all_of_this_one() {
    let mut agent = Agent::demo(&[]);
    let last = agent.events_after(0).wait_for("card-inserted").id;
    agent.stop();
    agent.start_again();
    let events = agent.events_after(last);
    let first = events.next();
    assert_eq!(first.event, "reader-added");
    assert!(first.id > last);
    assert_eq!(events.next().event, "card-inserted");
}

#[test]
fn a_killed_agent_is_not_in_the_way_of_the_next_one() {
    let mut agent = Agent::demo(&[]);
    let card = agent.card();
    let (ca, token) = (agent.state_dir().join("ca.pem"), agent.token());
    let ca_before = fs::read(&ca).unwrap();
    assert_eq!(agent.stop_by("-KILL").code(), None);
    assert!(socket_of(&agent).exists(), "a killed agent cannot tidy up");
    let ended = Ended::from(agent.cli(&["status"]));
    assert_eq!(ended.code, Some(8), "{ended:?}");
    agent.start_again();
    assert_eq!(agent.card()["id"], card["id"], "ids stay over a restart");
    assert_eq!(
        fs::read(&ca).unwrap(),
        ca_before,
        "nobody has to trust anew"
    );
    assert_eq!(agent.token(), token, "what was tried goes on working");
}

#[test]
fn two_installations_know_the_same_card_by_different_ids() {
    let (one, other) = (Agent::demo(&[]), Agent::demo(&[]));
    let (card, same_card) = (one.card(), other.card());
    assert_eq!(card["number"], same_card["number"]);
    assert_ne!(card["id"], same_card["id"]);
    assert_ne!(card["reader"], same_card["reader"]);
    assert_ne!(one.token(), other.token());
    let stolen = format!("Authorization: Bearer {}", one.token());
    let answer = other.curl("/v1/cards", &["-H", &stolen]);
    assert_eq!(answer.code(), "token-invalid");
}

#[test]
fn a_state_folder_that_is_damaged_or_foreign_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "precious").unwrap();
    let ended = Ended::cpxd(&["demo", "--headless", "--state-dir", name(&file)]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.complaint.contains(name(&file)), "{ended:?}");
    assert_eq!(fs::read(&file).unwrap(), b"precious");

    let mut agent = Agent::demo(&[]);
    agent.stop();
    let salt = agent.state_dir().join("card-id-salt");
    fs::write(&salt, "short").unwrap();
    let ended = Ended::cpxd(&["demo", "--headless", "--state-dir", name(agent.state_dir())]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.complaint.contains(name(&salt)), "{ended:?}");
}
