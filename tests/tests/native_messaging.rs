//! The product's own native host, with a test in the place of the browser.
#![cfg(target_os = "linux")]
#![expect(
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what a test needs and does not get fails it"
)]

use std::fs;
use std::io::{Read as _, Write as _};

use cpxd_tests::agent::Agent;
use cpxd_tests::calls::{ORIGIN, nonce, path_of};
use cpxd_tests::native_host::{NATIVE_HOST, install_beside_the_native_host};
use cpxd_tests::native_messages::{HostProcess, Told, become_theirs};
use cpxd_tests::person::Person;
use cpxd_tests::scripted::text_file;
use cpxd_tests::waiting::until;
use platform::instance::InstanceLock;
use platform::paths::AgentPaths;
use platform::socket;
use serde_json::{Value, json};

const PORTAL: &str = "https://portal.example";
const ALONE: [&str; 2] = [ORIGIN, ORIGIN];
const NOTHING: Value = Value::Null;

fn let_in(host: &mut HostProcess, page: [&str; 2], rights: &[&str]) {
    let body = json!({ "rights": rights });
    let told = host.ask(page, "POST", "/v1/grants/requests", &body);
    assert!(matches!(told, Told::Answer(200, _)), "{told:?}");
}

fn error(code: &str) -> Told {
    Told::Error(code.to_owned())
}

fn refused_with(told: &Told) -> String {
    match told {
        Told::Answer(_, body) => body["code"].as_str().unwrap_or_default().to_owned(),
        Told::Error(code) => panic!("no answer: {code}"),
    }
}

#[test]
fn a_page_is_let_in_and_gets_a_token_for_its_own_origin() {
    let agent = Agent::demo_beside_the_native_host(&[]);
    let person = Person::new();
    let mut host = HostProcess::beside(&agent, &person);
    let authenticate = path_of(&agent.card(), "/authenticate");
    let refused = host.ask(ALONE, "GET", "/v1/cards", &NOTHING);
    assert_eq!(refused_with(&refused), "origin-not-granted");
    let_in(&mut host, ALONE, &["identify", "authenticate"]);
    let body = json!({ "nonce": nonce() });
    let token = host.ask(ALONE, "POST", &authenticate, &body);
    let Told::Answer(200, token) = token else {
        panic!("{token:?}")
    };
    assert_eq!(token["format"], "web-eid:1.0");
    let framed = host.ask([ORIGIN, PORTAL], "GET", "/v1/cards", &NOTHING);
    assert_eq!(refused_with(&framed), "origin-not-granted");
    assert!(host.close().success());
}

#[test]
fn a_page_of_no_https_origin_gets_nothing() {
    let agent = Agent::demo_beside_the_native_host(&[]);
    let person = Person::new();
    let mut host = HostProcess::beside(&agent, &person);
    for origin in [
        "null",
        "http://service.example",
        "file://",
        "",
        "moz-extension://a",
    ] {
        for page in [[origin, origin], [ORIGIN, origin]] {
            let body = json!({ "rights": ["identify"] });
            let told = host.ask(page, "POST", "/v1/grants/requests", &body);
            assert_eq!(refused_with(&told), "origin-not-granted", "{page:?}");
        }
    }
    let split = ["https://a.example\r\nX: y", "https://a.example"];
    assert_eq!(
        host.ask(split, "GET", "/v1/cards", &NOTHING),
        error("bad-message")
    );
}

#[test]
fn the_extension_itself_sees_the_state_and_changes_nothing() {
    let agent = Agent::demo_beside_the_native_host(&[]);
    let person = Person::new();
    let mut host = HostProcess::beside(&agent, &person);
    let_in(&mut host, ALONE, &["identify"]);
    let mut own = |method: &str, path: &str| {
        host.send(
            &json!({ "type": "request", "protocol": 1, "id": 1, "method": method, "path": path }),
        );
        host.told(1)
    };
    let Told::Answer(200, grants) = own("GET", "/v1/grants") else {
        panic!("no grants")
    };
    let id = grants["grants"][0]["id"].as_str().expect("an id");
    assert_eq!(
        own("DELETE", &format!("/v1/grants/{id}")),
        error("bad-message")
    );
    assert_eq!(
        own("GET", "/v1/cards/x/certificates/signature"),
        error("bad-message")
    );
}

#[test]
fn events_come_as_they_happen_beside_other_requests() {
    let agent = Agent::demo_beside_the_native_host(&[]);
    let person = Person::new();
    let mut host = HostProcess::beside(&agent, &person);
    let authenticate = path_of(&agent.card(), "/authenticate");
    let_in(&mut host, ALONE, &["identify", "authenticate"]);
    host.request(1, ALONE, "GET", "/v1/events", &NOTHING);
    let head = host.next();
    assert_eq!(
        (&head["id"], &head["status"]),
        (&json!(1), &json!(200)),
        "{head}"
    );
    host.request(
        2,
        ALONE,
        "POST",
        &authenticate,
        &json!({ "nonce": nonce() }),
    );
    let (mut events, mut is_answered) = (String::new(), false);
    while !(is_answered && events.contains("event: prompt-closed")) {
        let message = host.next();
        match (message["id"].as_u64(), message["type"].as_str()) {
            (Some(1), Some("chunk")) => events.push_str(message["text"].as_str().expect("text")),
            (Some(2), Some("end")) => is_answered = true,
            (Some(2), Some("head")) => assert_eq!(message["status"], 200),
            (Some(2), Some("chunk")) => {}
            other => panic!("{other:?}: {message}"),
        }
    }
    assert!(events.contains("event: prompt-opened"), "{events}");
}

/// An agent whose holder thinks for longer than any test waits, with a page that may authenticate.
fn agent_with_a_slow_holder() -> (Agent, Person, HostProcess, String) {
    let script = "answers = [ { consent = true }, { pin = \"1234\", delay_ms = 600000 }, { pin = \"1234\" } ]";
    let script = text_file(script);
    let script = script.path().to_string_lossy().into_owned();
    let agent = Agent::demo_beside_the_native_host(&["--scripted-holder", &script]);
    let person = Person::new();
    let mut host = HostProcess::beside(&agent, &person);
    let authenticate = path_of(&agent.card(), "/authenticate");
    let_in(&mut host, ALONE, &["identify", "authenticate"]);
    (agent, person, host, authenticate)
}

#[test]
fn a_request_that_is_cancelled_takes_its_question_along() {
    let (agent, _person, mut host, authenticate) = agent_with_a_slow_holder();
    let events = agent.events();
    host.request(
        1,
        ALONE,
        "POST",
        &authenticate,
        &json!({ "nonce": nonce() }),
    );
    let _ = events.wait_for("prompt-opened");
    host.send(&json!({ "type": "cancel", "protocol": 1, "id": 1 }));
    let _ = events.wait_for("prompt-closed");
    let told = host.ask(ALONE, "POST", &authenticate, &json!({ "nonce": nonce() }));
    assert!(matches!(told, Told::Answer(200, _)), "{told:?}");
}

#[test]
fn a_browser_that_leaves_takes_its_questions_along() {
    let (agent, _person, mut host, authenticate) = agent_with_a_slow_holder();
    let events = agent.events();
    host.request(
        1,
        ALONE,
        "POST",
        &authenticate,
        &json!({ "nonce": nonce() }),
    );
    let _ = events.wait_for("prompt-opened");
    assert!(host.close().success());
    let _ = events.wait_for("prompt-closed");
}

#[test]
fn an_agent_that_ends_in_mid_request_interrupts_it() {
    let (mut agent, _person, mut host, authenticate) = agent_with_a_slow_holder();
    let events = agent.events();
    host.request(
        1,
        ALONE,
        "POST",
        &authenticate,
        &json!({ "nonce": nonce() }),
    );
    let _ = events.wait_for("prompt-opened");
    agent.stop_by("-KILL");
    assert_eq!(host.told(1), error("interrupted"));
}

#[test]
fn messages_of_64_mib_of_wrong_shape_and_of_a_newer_version_are_refused_and_the_next_one_is_not() {
    let agent = Agent::demo_beside_the_native_host(&[]);
    let person = Person::new();
    let mut host = HostProcess::beside(&agent, &person);
    host.send_framed(&vec![b'{'; 64 * 1024 * 1024]);
    let refused = |code: &str| json!({ "type": "error", "id": null, "code": code });
    assert_eq!(host.next(), refused("message-too-long"));
    for garbage in [
        &b""[..],
        b"{",
        b"[]",
        b"null",
        &[0xFF, 0xFE],
        b"{\"protocol\":1}",
    ] {
        host.send_framed(garbage);
        assert_eq!(host.next(), refused("bad-message"), "{garbage:?}");
    }
    host.send(&json!({ "type": "dance", "protocol": 2, "id": 3 }));
    assert_eq!(host.told(3), error("host-too-old"));
    let told = host.ask(ALONE, "GET", "/v1", &NOTHING);
    assert!(matches!(told, Told::Answer(200, _)), "{told:?}");
}

#[test]
fn a_host_started_by_hand_with_bytes_that_are_no_message_ends() {
    let person = Person::new();
    let agent = Agent::demo_beside_the_native_host(&[]);
    let mut host = HostProcess::beside(&agent, &person);
    host.send_bytes(&[1, 0, 0]);
    assert!(!host.close().success());
}

#[test]
fn a_flood_of_requests_is_refused_beyond_a_bound_and_the_agent_goes_on() {
    let agent = Agent::demo_beside_the_native_host(&[]);
    let person = Person::new();
    let mut host = HostProcess::beside(&agent, &person);
    let_in(&mut host, ALONE, &["identify"]);
    for id in 1..=70 {
        host.request(id, ALONE, "GET", "/v1/events", &NOTHING);
    }
    let mut busy = 0;
    let mut heads = 0;
    while busy + heads < 70 {
        let message = host.next();
        match message["type"].as_str() {
            Some("head") => heads += 1,
            Some("error") if message["code"] == "busy" => busy += 1,
            Some("chunk") => {}
            _ => panic!("{message}"),
        }
    }
    assert_eq!(busy, 6);
    assert_eq!(agent.read_socket("/v1/status").status, 200);
}

#[test]
fn an_agent_that_does_not_run_is_started_for_a_page_and_not_to_look_at_it() {
    let person = Person::new();
    let agent = install_beside_the_native_host(person.home());
    let configuration = person.home().join(".config/cpxd");
    fs::create_dir_all(&configuration).expect("a folder");
    let settings = "environment = \"test\"\nreader-source = [\"virtual\"]\n";
    fs::write(configuration.join("cpxd.toml"), settings).expect("a file");
    let mut host = HostProcess::start(&agent.with_file_name(NATIVE_HOST), &person);
    host.send(&json!({ "type": "request", "protocol": 1, "id": 1, "method": "GET", "path": "/v1/status" }));
    assert_eq!(host.told(1), error("agent-stopped"));
    // Both at once: one of them starts it.
    host.request(2, ALONE, "GET", "/v1", &NOTHING);
    host.request(3, ALONE, "GET", "/v1", &NOTHING);
    let mut ends = 0;
    while ends < 2 {
        let message = host.next();
        assert_ne!(message["type"], "error", "{message}");
        ends += usize::from(message["type"] == "end");
    }
    assert!(host.close().success());
    let status = person.cpxd(&["status", "--json"]);
    assert_eq!(status.code, Some(0), "it outlives its host: {status:?}");
    stop_the_agent_of(&person);
}

/// Ends the agent that a host started.
fn stop_the_agent_of(person: &Person) {
    let endpoint = person.home().join(".local/state/cpxd/endpoint.json");
    let endpoint = fs::read(&endpoint).expect("endpoint.json");
    let endpoint: Value = serde_json::from_slice(&endpoint).expect("JSON");
    let pid = endpoint["pid"].to_string();
    let sent = person.starts("kill").arg(&pid).status();
    assert!(sent.expect("kill starts").success());
    until("the end of the agent", || {
        let status = person.cpxd(&["status"]);
        (status.code == Some(8)).then_some(())
    });
}

#[test]
fn without_an_agent_to_start_the_page_is_told_so() {
    let person = Person::new();
    let agent = install_beside_the_native_host(person.home());
    fs::remove_file(&agent).expect("the agent's program");
    let mut host = HostProcess::start(&agent.with_file_name(NATIVE_HOST), &person);
    assert_eq!(
        host.ask(ALONE, "GET", "/v1", &NOTHING),
        error("agent-stopped")
    );
}

#[test]
fn an_agent_of_another_version_is_told_apart_from_one_that_stopped() {
    let person = Person::new();
    let host = install_beside_the_native_host(person.home()).with_file_name(NATIVE_HOST);
    let state = person.home().join(".local/state/cpxd");
    let paths = AgentPaths::resolve(Some(&state)).expect("its folders");
    let lock = InstanceLock::acquire(&paths.lock_file()).expect("its lock");
    let listener = socket::bind(&paths, &lock).expect("its socket");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let body = r#"{"product":"cpxd","apiVersions":["v0"]}"#;
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length";
            let _ = stream.read(&mut [0; 4096]);
            let _ = write!(stream, "{head}: {}\r\n\r\n{body}", body.len());
        }
    });
    let mut host = HostProcess::start(&host, &person);
    assert_eq!(
        host.ask(ALONE, "GET", "/v1/cards", &NOTHING),
        error("agent-too-old")
    );
}

#[test]
fn a_host_that_does_not_stand_beside_the_agent_speaks_for_no_page() {
    let agent = Agent::demo(&[]);
    let person = Person::new();
    become_theirs(&agent, &person);
    let elsewhere = install_beside_the_native_host(person.home());
    let mut host = HostProcess::start(&elsewhere.with_file_name(NATIVE_HOST), &person);
    let told = host.ask(ALONE, "GET", "/v1/cards", &NOTHING);
    assert_eq!(refused_with(&told), "origin-not-granted");
}
