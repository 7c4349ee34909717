//! The document that the agent gives of its own API, held against the API itself.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a document that cannot be read fails its test"
)]

use std::collections::BTreeSet;

use cpxd_tests::agent::{Agent, CLIENT, JSON};
use cpxd_tests::calls::path_of;
use daemon_types::{ErrorCode, OperationError, Reason};
use daemon_wire::Problem;
use serde_json::Value;

/// The calls of this version.
const CALLS: [&str; 32] = [
    "delete /v1/grants/{id}",
    "delete /v1/sessions/{id}",
    "get /metrics",
    "get /v1",
    "get /v1/cards",
    "get /v1/cards/{card}",
    "get /v1/cards/{card}/certificates/{role}",
    "get /v1/cards/{card}/objects",
    "get /v1/diagnostics",
    "get /v1/events",
    "get /v1/grants",
    "get /v1/journal",
    "get /v1/readers",
    "get /v1/sessions",
    "get /v1/sessions/{id}",
    "get /v1/status",
    "post /v1/cards/{card}/activities",
    "post /v1/cards/{card}/authenticate",
    "post /v1/cards/{card}/data",
    "post /v1/cards/{card}/keys/authentication/decipher",
    "post /v1/cards/{card}/keys/{role}/sign",
    "post /v1/cards/{card}/login",
    "post /v1/cards/{card}/pin/change",
    "post /v1/cards/{card}/pin/unblock",
    "post /v1/cards/{card}/random",
    "post /v1/cards/{card}/sign",
    "post /v1/console",
    "post /v1/grants/requests",
    "post /v1/pairings",
    "post /v1/pairings/{id}/token",
    "post /v1/sessions",
    "post /v1/sessions/{id}/touch",
];

/// Calls of the contract that a later version brings, and what nobody should find.
const ABSENT: [&str; 8] = [
    "post /v1/cards/{card}/sign/cades",
    "post /v1/cards/{card}/sign/pades",
    "post /v1/cards/{card}/decipher",
    "get /",
    "post /v1/console/tokens",
    "get /v2",
    "get /v1/",
    "get /demo-token",
];

fn document(agent: &Agent) -> Value {
    let answer = agent.exchange("/openapi.json", &[]);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    answer.json()
}

/// Every operation with its method and path.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(|(method, operation)| (method.clone(), path.clone(), operation))
        })
        .collect()
}

/// Status of a call with all that a good caller sends but a body.
fn status_of(agent: &Agent, method: &str, path: &str) -> (u16, String) {
    let card = agent.card()["id"].as_str().unwrap().to_owned();
    let path = match path.starts_with("/v1/sessions/") {
        true => path.replace("{id}", &a_session(agent)),
        false => path.to_owned(),
    };
    let path = path
        .replace("{card}", &card)
        .replace("{role}", "authentication");
    let method = method.to_uppercase();
    let answer = agent.exchange(
        &path,
        &[
            "-X",
            &method,
            "-H",
            &agent.authorization(),
            "-H",
            CLIENT,
            "-H",
            JSON,
            // A stream has no end of its own.
            "--max-time",
            if path == "/v1/events" { "5" } else { "60" },
        ],
    );
    (answer.status, answer.code())
}

/// The one session of the demo's program, opened where there is none.
fn a_session(agent: &Agent) -> String {
    let all = agent.read("/v1/sessions").body;
    let session = match all["sessions"].get(0) {
        Some(session) => session.clone(),
        None => {
            let card = agent.card();
            agent
                .call("/v1/sessions", &serde_json::json!({ "card": card["id"] }))
                .body
        }
    };
    session["id"].as_str().unwrap().to_owned()
}

fn values_of<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                if name == key {
                    found.extend(value.as_str());
                }
                values_of(value, key, found);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| values_of(value, key, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_document_keeps_to_openapi_3_1() {
    let agent = Agent::demo(&[]);
    let document = document(&agent);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
    let mut references = Vec::new();
    values_of(&document, "$ref", &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let mut names = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let call = format!("{method} {path}");
        assert!(names.insert(operation["operationId"].as_str().unwrap()));
        assert!(operation["summary"].is_string(), "{call}");
        for (status, answer) in operation["responses"].as_object().unwrap() {
            assert!(status.parse::<u16>().is_ok(), "{call}: {status}");
            assert!(answer["description"].is_string(), "{call}: {status}");
        }
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let declared: Vec<_> = parameters
            .filter(|parameter| parameter["in"] == "path" && parameter["required"] == true)
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        let in_path = path
            .split('/')
            .filter_map(|part| part.strip_prefix('{'))
            .map(|part| part.trim_end_matches('}'));
        assert_eq!(declared, in_path.collect::<Vec<_>>(), "{call}");
    }
}

#[test]
fn the_document_lists_exactly_the_calls_that_exist() {
    let agent = Agent::demo(&[]);
    let document = document(&agent);
    let operations = operations(&document);
    let listed: BTreeSet<_> = operations
        .iter()
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    assert_eq!(listed, CALLS.map(str::to_owned).into());
    for (method, path, _) in &operations {
        let (status, code) = status_of(&agent, method, path);
        // Grants are the own programs' and the pages', console and journal the own programs': this caller is neither.
        let of_own_programs = [
            "/v1/console",
            "/v1/journal",
            "/v1/cards/{card}/data",
            "/v1/cards/{card}/keys/authentication/decipher",
            "/v1/cards/{card}/keys/{role}/sign",
            "/v1/cards/{card}/login",
            "/v1/cards/{card}/objects",
            "/v1/cards/{card}/random",
        ];
        let is_others = path.starts_with("/v1/grants") || of_own_programs.contains(&path.as_str());
        let is_not_its_own = is_others && code == "right-missing";
        // Numbers are no paired program's, and off.
        let is_not_its_own = is_not_its_own || (path == "/metrics" && code == "not-found");
        assert!(
            matches!(status, 200 | 204) || code == "bad-request" || is_not_its_own,
            "{method} {path}: {status} {code}"
        );
        for other in ["get", "post", "put", "patch", "delete"] {
            if !listed.contains(&format!("{other} {path}")) {
                let (status, code) = status_of(&agent, other, path);
                let expected = (405, "not-found");
                assert_eq!((status, code.as_str()), expected, "{other} {path}");
            }
        }
    }
    for call in ABSENT {
        let (method, path) = call.split_once(' ').unwrap();
        let (status, code) = status_of(&agent, method, path);
        assert_eq!((status, code.as_str()), (404, "not-found"), "{call}");
    }
}

#[test]
fn every_documented_code_exists_and_stands_beside_its_status() {
    let agent = Agent::demo(&[]);
    let document = document(&agent);
    let mut count = 0;
    for (method, path, operation) in operations(&document) {
        for (status, answer) in operation["responses"].as_object().unwrap() {
            if answer["content"].get("application/problem+json").is_none() {
                continue;
            }
            for name in answer["description"].as_str().unwrap().split(", ") {
                let code = ErrorCode::ALL.iter().find(|code| code.as_str() == name);
                let Some(code) = code else {
                    panic!("{method} {path} documents {name:?}, which is no code");
                };
                let error = OperationError::new(*code);
                let problem = Problem::new(&error, String::new(), String::new());
                assert_eq!(problem.status.to_string(), *status, "{name}");
                count += 1;
            }
        }
    }
    assert!(count > 40, "only {count} codes are documented");
}

#[test]
fn every_code_and_every_reason_is_listed_and_every_code_has_an_example() {
    let agent = Agent::demo(&[]);
    let document = document(&agent);
    let listed = |name: &str| {
        let names = document["components"]["schemas"][name]["enum"].as_array();
        let names = names.unwrap().iter().map(|name| name.as_str().unwrap());
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    let codes: Vec<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    let reasons: Vec<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(listed("ErrorCode"), codes);
    assert_eq!(listed("Reason"), reasons);
    let examples = document["components"]["examples"].as_object().unwrap();
    assert_eq!(examples.len(), codes.len());
    for code in codes {
        let problem: Problem = serde_json::from_value(examples[code]["value"].clone()).unwrap();
        assert_eq!(problem.code, code);
        assert!(problem.detail.len() > 10, "{problem:?}");
    }
}

#[test]
fn what_the_door_refuses_is_documented_at_each_call() {
    let agent = Agent::demo(&[]);
    let document = document(&agent);
    let too_large = format!("{{\"x\":\"{}\"}}", "y".repeat(70_000));
    let token = agent.authorization();
    for (method, path, operation) in operations(&document) {
        let url = path.replace(['{', '}'], "");
        let upper = method.to_uppercase();
        for headers in [
            ["Host: evil.example", CLIENT, &token],
            ["Authorization: Bearer wrong", CLIENT, JSON],
            ["Origin: null", CLIENT, JSON],
            [&token, "X-Cpxd-Client: nobody", JSON],
            [&token, CLIENT, "Last-Event-ID: none"],
            [&token, CLIENT, JSON],
        ] {
            let headers = headers.iter().flat_map(|header| ["-H", header]);
            let mut arguments = vec!["-X", &upper, "--max-time", "1"];
            arguments.extend(headers);
            if method == "post" {
                arguments.extend(["-d", &too_large]);
            }
            let answer = agent.exchange(&url, &arguments);
            if answer.status < 400 {
                continue;
            }
            let documented = &operation["responses"][answer.status.to_string()];
            let codes = documented["description"].as_str().unwrap_or_default();
            let is_there = codes.split(", ").any(|code| code == answer.code());
            assert!(
                is_there,
                "{method} {path}: {} {}",
                answer.status, answer.body
            );
            let examples = &documented["content"]["application/problem+json"]["examples"];
            assert!(examples[answer.code()].is_object(), "{method} {path}");
        }
    }
}

#[test]
fn the_command_line_prints_the_same_document() {
    let agent = Agent::demo(&[]);
    let printed = agent.cli(&["openapi"]);
    let printed: Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert_eq!(printed, document(&agent));
}

#[test]
fn the_examples_of_the_page_are_requests_that_are_answered() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    let page = agent.exchange("/docs", &[]).body;
    for call in ["authenticate", "sign"] {
        let anchor = format!("id=\"POST-/v1/cards/{{card}}/{call}\"");
        let (_, section) = page.split_once(&anchor).unwrap();
        let (_, example) = section.split_once("<pre>").unwrap();
        let (example, _) = example.split_once("</pre>").unwrap();
        let body = serde_json::from_str(&example.replace("&quot;", "\"")).unwrap();
        let answer = agent.call(&path_of(&card, &format!("/{call}")), &body);
        assert_eq!(answer.status, 200, "{call}: {}", answer.text);
    }
}

#[test]
fn the_page_shows_every_call_and_loads_nothing() {
    let agent = Agent::demo(&[]);
    let page = agent.exchange("/docs", &[]);
    assert_eq!(page.status, 200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    for call in CALLS {
        let (method, path) = call.split_once(' ').unwrap();
        let heading = format!("{} {path}", method.to_uppercase());
        assert!(page.body.contains(&heading), "{call}");
    }
    for shown in [
        "Authorization",
        "Bearer",
        "X-Cpxd-Client",
        "--cacert",
        "string, 44 to 128 characters",
        "unverifiedCertificate",
        "triesLeft",
        "<code>nonce</code>",
        "<code>bad-request</code>",
        "application/x-pem-file",
        "id=\"Problem\"",
    ] {
        assert!(page.body.contains(shown), "{shown}");
    }
    assert!(!page.body.contains('`'), "a backtick is no HTML");
    let page = page.body.to_lowercase();
    for external in [
        "=\"http", "=http", "=\"//", "src=", "<script", "<link", "<iframe", "@import", "url(",
    ] {
        assert!(!page.contains(external), "the page holds {external}");
    }
}
