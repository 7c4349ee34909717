//! Numbers for who looks after many workstations: off unless wanted, true, read by the reader of others, and about nobody.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "numbers that cannot be read fail their test"
)]

use std::io::Write as _;
use std::process::{Command, Stdio};

use cpxd_tests::agent::{Agent, CLIENT, JSON};
use cpxd_tests::calls::{ORIGIN, authenticate_body, path_of, sign_body};
use cpxd_tests::console::address;
use cpxd_tests::door::{open_session, page, pair, request_grant};
use cpxd_tests::exchange::{Exchange, curl};
use cpxd_tests::native_host::for_page;
use cpxd_tests::scripted::text_file;
use daemon_types::ErrorCode;
use serde_json::{Value, json};

/// A demo's agent that counts, with this holder.
fn counting(holder: &str) -> Agent {
    let [configuration, holder] = [text_file("metrics = true\n"), text_file(holder)];
    let path = |file: &tempfile::NamedTempFile| file.path().to_str().unwrap().to_owned();
    Agent::demo_beside_a_native_host(&[
        "--config",
        &path(&configuration),
        "--scripted-holder",
        &path(&holder),
    ])
}

/// `GET /metrics` of a program of this user.
fn scrape(agent: &Agent) -> Exchange {
    let endpoint = agent.endpoint();
    let socket = endpoint["socket"].as_str().unwrap();
    let mut curl = curl();
    Exchange::by(curl.args(["--unix-socket", socket, "http://localhost/metrics"]))
}

/// What the Prometheus project's own reader of OpenMetrics makes of a text; its reader of the older format, which
/// exporters of text files have, must take it as well.
fn read(text: &str) -> Value {
    let mut reader = Command::new("/usr/bin/python3")
        .args(["-c", READER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = reader.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    drop(input);
    let output = reader.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}\n{text}");
    serde_json::from_slice(&output.stdout).unwrap()
}

const READER: &str = r#"
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as strictly
from prometheus_client.parser import text_string_to_metric_families as as_before
text = sys.stdin.read()
families = list(strictly(text))
older = sum(len(family.samples) for family in as_before(text))
samples = [[s.name, s.labels, s.value] for family in families for s in family.samples]
assert older == len(samples), (older, len(samples))
print(json.dumps({"types": {f.name: f.type for f in families}, "samples": samples}))
"#;

fn samples(read: &Value) -> impl Iterator<Item = (&str, &Value, f64)> {
    let samples = read["samples"].as_array().unwrap().iter();
    samples.map(|sample| {
        let name = sample[0].as_str().unwrap();
        (name, &sample[1], sample[2].as_f64().unwrap())
    })
}

/// The value of a sample, 0 where there is none.
fn value(read: &Value, name: &str, labels: &Value) -> f64 {
    let mut found = samples(read).filter(|sample| sample.0 == name && sample.1 == labels);
    found.next().map_or(0.0, |sample| sample.2)
}

const HOLDER: &str = r#"
pin = "1234"
answers = [ {}, { pin = "0000" }, {}, { consent = false }, {}, { consent = true }, {}, { consent = true } ]
"#;

#[test]
fn nothing_is_counted_and_no_such_call_is_there_unless_it_is_wanted() {
    let agent = Agent::demo(&[]);
    let answer = agent.read_socket("/metrics");
    assert_eq!((answer.status, answer.code()), (404, "not-found"));
}

#[test]
fn what_happened_is_counted_and_timed_and_a_foreign_reader_understands_it() {
    let agent = counting(HOLDER);
    let card = agent.card();
    let ended = |answer: &cpxd_tests::agent::Answer| (answer.status, answer.code().to_owned());
    let said = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(ended(&agent.authenticate(&card)), said(200, ""));
    assert_eq!(ended(&agent.authenticate(&card)), said(403, "pin-wrong"));
    assert_eq!(ended(&agent.authenticate(&card)), said(200, ""));
    let refused = agent.sign(&card, &["Ordonnance"]);
    assert_eq!(ended(&refused), said(403, "cancelled"));
    assert_eq!(ended(&agent.sign(&card, &["Ordonnance"])), said(200, ""));
    let absent = agent.call("/v1/cards/absent/sign", &sign_body(&["Ordonnance"]));
    assert_eq!(ended(&absent), said(404, "not-found"));
    let (token, _) = pair(&agent, &["authenticate"], &[ORIGIN]);
    assert_eq!(open_session(&agent, &token, &card).status, 200);

    let answer = scrape(&agent);
    assert_eq!(answer.status, 200, "{answer:?}");
    let media = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(answer.header("content-type"), Some(media));
    let read = read(&answer.body);
    for (operation, result, count) in [
        ("authenticate", "ok", 2.0),
        ("authenticate", "pin-wrong", 1.0),
        ("sign", "cancelled", 1.0),
        ("sign", "ok", 1.0),
        ("sign", "not-found", 1.0),
        ("open-session", "ok", 1.0),
        ("change-pin", "ok", 0.0),
    ] {
        let labels = json!({ "operation": operation, "result": result });
        let counted = value(&read, "cpxd_operations_total", &labels);
        assert_eq!(counted, count, "{labels}\n{}", answer.body);
    }
    for (code, count) in [("pin-wrong", 1.0), ("cancelled", 1.0), ("not-found", 1.0)] {
        let counted = value(&read, "cpxd_errors_total", &json!({ "code": code }));
        assert_eq!(counted, count, "{code}\n{}", answer.body);
    }
    for family in [
        "cpxd_operation_card_seconds",
        "cpxd_operation_agent_seconds",
    ] {
        assert_eq!(read["types"][family], "histogram");
        // A question that was refused came to no card.
        for (operation, count) in [("authenticate", 3.0), ("sign", 1.0), ("open-session", 1.0)] {
            let labels = json!({ "operation": operation });
            let counted = value(&read, &format!("{family}_count"), &labels);
            assert_eq!(counted, count, "{family} {operation}\n{}", answer.body);
            let time = value(&read, &format!("{family}_sum"), &labels);
            assert!(time > 0.0, "{family} {operation}\n{}", answer.body);
        }
    }
    for (gauge, number) in [
        ("cpxd_sessions", 1.0),
        ("cpxd_readers", 1.0),
        ("cpxd_cards", 1.0),
    ] {
        assert_eq!(value(&read, gauge, &json!({})), number, "{gauge}");
    }
}

#[test]
fn a_caller_that_left_is_counted_as_that() {
    let agent = counting("pin = \"1234\"\ndelay_ms = 60000");
    let path = path_of(&agent.card(), "/authenticate");
    let body = authenticate_body().to_string();
    let impatient = ["-H", CLIENT, "-H", JSON, "--max-time", "10", "-d", &body];
    let token = agent.authorization();
    let _ = agent.exchange(&path, &[&impatient[..], &["-H", &token]].concat());
    let labels = json!({ "operation": "authenticate", "result": "caller-left" });
    cpxd_tests::waiting::until("the caller's leaving is counted", || {
        let counted = value(
            &read(&scrape(&agent).body),
            "cpxd_operations_total",
            &labels,
        );
        (counted == 1.0).then_some(())
    });
}

#[test]
fn nobody_but_the_users_own_programs_on_the_socket_finds_the_call() {
    let agent = counting("pin = \"1234\"\nconsent = true");
    assert_eq!(scrape(&agent).status, 200);
    let absent = (404, "not-found".to_owned());
    let (paired, _) = pair(&agent, &["identify", "manage"], &[]);
    let paired = format!("Authorization: Bearer {paired}");
    for token in [agent.authorization(), paired] {
        let over_https = agent.exchange("/metrics", &["-H", &token]);
        assert_eq!((over_https.status, over_https.code()), absent);
        let on_socket = agent.curl_socket("/metrics", &["-H", &token]);
        assert_eq!((on_socket.status, on_socket.code().to_owned()), absent);
    }
    let stranger = agent.exchange("/metrics", &[]);
    assert_eq!(stranger.code(), "token-invalid");
    assert_eq!(request_grant(&agent, ORIGIN, &["identify"]).status, 200);
    let by_page = page(&agent, ORIGIN, "/metrics", &[]);
    assert_eq!((by_page.status, by_page.code()), absent);
    let by_host = for_page(&agent, [ORIGIN, ORIGIN], "/metrics", &[]);
    assert_eq!((by_host.status, by_host.code()), absent);
    let at_console = at_console(&agent);
    assert_eq!((at_console.status, at_console.code()), absent);
}

/// What the console's page would be told.
fn at_console(agent: &Agent) -> Exchange {
    let address = address(agent);
    let (origin, code) = address.split_once("/#").unwrap();
    let own_origin = format!("Origin: {origin}");
    let body = json!({ "code": code }).to_string();
    let tokens = format!("{origin}/v1/console/tokens");
    let headers = [
        "-H",
        &own_origin,
        "-H",
        CLIENT,
        "-H",
        JSON,
        "-d",
        &body,
        &tokens,
    ];
    let entered = Exchange::by(curl().args(headers)).json();
    let token = format!(
        "Authorization: Bearer {}",
        entered["token"].as_str().unwrap()
    );
    let metrics = format!("{origin}/metrics");
    Exchange::by(curl().args(["-H", &token, &metrics]))
}

#[test]
fn no_label_holds_a_word_that_was_not_known_before() {
    let agent = counting("pin = \"1234\"\nconsent = true");
    let card = agent.card();
    assert_eq!(agent.authenticate(&card).status, 200);
    assert_eq!(agent.sign(&card, &["Ordonnance de Mme Martin"]).status, 200);
    let (token, _) = pair(&agent, &["authenticate"], &[ORIGIN]);
    assert_eq!(open_session(&agent, &token, &card).status, 200);
    let text = scrape(&agent).body;
    let holder = &card["holder"];
    let personal = [
        &holder["familyName"],
        &holder["givenName"],
        &holder["nationalId"],
        &card["number"],
        &card["id"],
    ];
    let personal = personal.map(|item| item.as_str().unwrap());
    let others = ["service.example", "Logiciel", "Ordonnance", "/tmp", "home"];
    for item in personal.into_iter().chain(others) {
        let is_there = text.to_lowercase().contains(&item.to_lowercase());
        assert!(!is_there, "{item}\n{text}");
    }
    let operations = [
        "authenticate",
        "sign",
        "read-activities",
        "change-pin",
        "unblock-pin",
        "open-session",
        "use-key",
    ];
    let codes = ErrorCode::ALL.iter().map(|code| code.as_str());
    let results: Vec<_> = codes.clone().chain(["ok", "caller-left"]).collect();
    for (name, labels, _) in samples(&read(&text)) {
        for (label, word) in labels.as_object().unwrap() {
            let word = word.as_str().unwrap();
            let is_known = match label.as_str() {
                "operation" => operations.contains(&word),
                "result" => results.contains(&word),
                "code" => codes.clone().any(|code| code == word),
                "le" => word == "+Inf" || word.parse::<f64>().is_ok(),
                _ => false,
            };
            assert!(is_known, "{name}: {label} = {word}");
        }
    }
}
