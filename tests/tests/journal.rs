//! `cpxd journal`: who used the card for what, with an agent and without, and what was changed since.
#![expect(
    clippy::unwrap_used,
    reason = "a journal that cannot be read fails its test"
)]

use std::fs;
use std::path::PathBuf;

use cpxd_tests::agent::Agent;
use cpxd_tests::calls::{nonce, sign_body};
use cpxd_tests::ended::Ended;
use cpxd_tests::operations::{DOCUMENT, authenticate};
use cpxd_tests::scripted::{demo_with_holder, text_file};
use serde_json::{Value, json};

fn cpxd(agent: &Agent, arguments: &[&str]) -> Ended {
    agent.cli(arguments).into()
}

/// The entries, oldest first.
fn entries(agent: &Agent) -> Vec<Value> {
    let shown = cpxd(agent, &["journal", "--json", "--last", "1000"]);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    let shown: Value = serde_json::from_str(&shown.output).unwrap();
    let entries = shown.get("entries").and_then(Value::as_array).unwrap();
    entries.iter().rev().cloned().collect()
}

fn assert_whole(agent: &Agent) {
    let verified = cpxd(agent, &["journal", "verify"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    assert!(
        verified.output.contains("The journal is whole"),
        "{verified:?}"
    );
}

/// The one file that the journal has so far.
fn file(agent: &Agent) -> PathBuf {
    agent
        .state_dir()
        .join("journal/journal-00000000000000000001.jsonl")
}

#[test]
fn each_use_is_told_with_caller_card_key_and_result_and_with_nothing_secret() {
    let mut agent = Agent::demo(&[]);
    let card = agent.card();
    assert_eq!(authenticate(&agent, &card).status, 200);
    let path = format!("/v1/cards/{}/sign", card["id"].as_str().unwrap());
    let body = sign_body(&[DOCUMENT, "second"]);
    assert_eq!(agent.call(&path, &body).status, 200);
    agent.stop();

    let entries = entries(&agent);
    let kinds: Vec<_> = entries
        .iter()
        .map(|entry| entry["kind"].as_str().unwrap())
        .collect();
    let expected = [
        "agent-started",
        "intent",
        "outcome",
        "intent",
        "outcome",
        "agent-stopped",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(entries[0]["settings"]["environment"], "test");
    assert_eq!(entries[1]["who"]["caller"], "socket");
    assert!(
        entries[1]["who"]["executable"]
            .as_str()
            .unwrap()
            .ends_with("curl")
    );
    assert_eq!(entries[1]["operation"], "authenticate");
    assert_eq!(entries[1]["key"], "authentication");
    assert_eq!(entries[1]["card"], card["id"]);
    assert_eq!(
        entries[3]["who"],
        json!({ "caller": "program", "name": "cpxd demo" })
    );
    assert_eq!(entries[3]["key"], "signature");
    assert_eq!(entries[3]["digests"], 2);
    for outcome in [2, 4] {
        assert_eq!(entries[outcome]["result"], "ok");
        assert_eq!(entries[outcome]["of"], outcome);
    }

    let text = fs::read_to_string(file(&agent)).unwrap();
    let digest = body["digests"][0]["value"].as_str().unwrap();
    for secret in [
        &nonce(),
        &agent.token(),
        digest,
        DOCUMENT,
        "DUPONT",
        "service.example",
    ] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    assert_whole(&agent);
}

#[test]
fn the_list_is_for_people_and_newest_first() {
    let agent = demo_with_holder("pin = \"0000\"\nconsent = true");
    let card = agent.card();
    assert_eq!(authenticate(&agent, &card).code(), "pin-wrong");
    let shown = cpxd(&agent, &["journal", "--last", "2"]);
    let lines: Vec<_> = shown.output.lines().collect();
    assert_eq!(lines.len(), 2, "{shown:?}");
    assert!(
        lines[0].contains("2: ") && lines[0].contains("(pin-wrong)"),
        "{shown:?}"
    );
    assert!(
        lines[1].contains("asks for an authentication with card"),
        "{shown:?}"
    );
    assert!(lines[1].contains("curl (process "), "{shown:?}");
}

#[test]
fn verify_names_the_line_that_was_changed_and_the_tail_that_was_cut() {
    let mut agent = Agent::demo(&[]);
    let card = agent.card();
    assert_eq!(authenticate(&agent, &card).status, 200);
    agent.stop();
    assert_whole(&agent);
    let original = fs::read_to_string(file(&agent)).unwrap();
    let name = "journal-00000000000000000001.jsonl";

    fs::write(
        file(&agent),
        original.replacen("\"result\":\"ok\"", "\"result\":\"cancelled\"", 1),
    )
    .unwrap();
    let verified = cpxd(&agent, &["journal", "verify"]);
    assert_eq!(verified.code, Some(1), "{verified:?}");
    assert!(
        verified
            .output
            .contains(&format!("file {name}, line 3: this line was changed")),
        "{verified:?}"
    );
    let verified = cpxd(&agent, &["journal", "verify", "--json"]);
    let problem: Value = serde_json::from_str(&verified.output).unwrap();
    assert_eq!(problem["code"], "journal-broken");
    assert_eq!(
        problem["report"]["faults"],
        json!([{ "file": name, "line": 3, "code": "changed" }])
    );

    let cut = original.trim_end().rsplit_once('\n').unwrap().0;
    fs::write(file(&agent), format!("{cut}\n")).unwrap();
    let verified = cpxd(&agent, &["journal", "verify"]);
    assert_eq!(verified.code, Some(1), "{verified:?}");
    assert!(
        verified.output.contains("the last entries are missing"),
        "{verified:?}"
    );
    // The agent starts all the same, and hides nothing.
    agent.start_again();
    assert_eq!(cpxd(&agent, &["journal", "verify"]).code, Some(1));
    assert!(
        entries(&agent)
            .iter()
            .any(|entry| entry["kind"] == "damaged")
    );
}

#[test]
fn an_agent_killed_before_the_answer_leaves_the_intent_and_a_whole_journal() {
    let holder = text_file(
        "pin = \"1234\"
consent = true
delay_ms = 600000",
    );
    let mut agent = Agent::demo(&["--scripted-holder", &holder.path().to_string_lossy()]);
    let card = agent.card();
    let path = format!("/v1/cards/{}/authenticate", card["id"].as_str().unwrap());
    let events = agent.events();
    std::thread::scope(|scope| {
        let call =
            scope.spawn(|| agent.call_socket(&path, &cpxd_tests::calls::authenticate_body()));
        let _ = events.wait_for("prompt-opened");
        let pid = agent.pid().to_string();
        let killed = std::process::Command::new("kill")
            .args(["-KILL", &pid])
            .status();
        assert!(killed.unwrap().success());
        // curl has no answer, which the call takes for a fault of the test.
        let _ = call.join();
    });
    let kinds = |agent: &Agent| -> Vec<String> {
        let entries = entries(agent).into_iter();
        entries
            .map(|entry| entry["kind"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(kinds(&agent), ["agent-started", "intent"]);
    assert_whole(&agent);
    agent.start_again();
    assert_eq!(kinds(&agent), ["agent-started", "intent", "agent-started"]);
    assert_whole(&agent);
}

#[test]
fn a_journal_that_never_was_is_empty_and_whole() {
    let folder = tempfile::tempdir().unwrap();
    let state_dir = folder.path().join("state");
    let state_dir = state_dir.to_str().unwrap();
    let shown = Ended::cpxd(&["--state-dir", state_dir, "journal"]);
    assert_eq!(
        (shown.code, shown.output.trim()),
        (Some(0), "The journal is empty."),
        "{shown:?}"
    );
    assert_eq!(
        Ended::cpxd(&["--state-dir", state_dir, "journal", "verify"]).code,
        Some(0)
    );
}

#[test]
fn the_api_tells_the_last_lines_and_whether_they_are_sound() {
    let agent = Agent::demo(&[]);
    assert_eq!(authenticate(&agent, &agent.card()).status, 200);
    let last = agent.read_socket("/v1/journal?last=2").body;
    let kinds = last["entries"].as_array().unwrap().iter();
    let kinds: Vec<_> = kinds.map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["outcome", "intent"], "the newest first");
    assert_eq!(last["sound"], true);
    let all = agent.read_socket("/v1/journal").body;
    let shown = entries(&agent);
    let newest_first: Vec<_> = shown.into_iter().rev().collect();
    assert_eq!(
        all["entries"],
        json!(newest_first),
        "as the command shows them"
    );
    for query in ["last=", "last=-1", "last=x", "first=2", "last=2&last=3"] {
        let refused = agent.read_socket(&format!("/v1/journal?{query}"));
        assert_eq!(
            (refused.status, &refused.body["field"]),
            (400, &json!("last")),
            "{query}"
        );
    }
    let (token, _) = cpxd_tests::door::pair(&agent, &["identify"], &[]);
    let token = format!("Authorization: Bearer {token}");
    let without_right = agent.curl("/v1/journal", &["-H", &token]);
    assert_eq!(
        (without_right.status, without_right.code()),
        (403, "right-missing")
    );

    let text = fs::read_to_string(file(&agent)).unwrap();
    fs::write(
        file(&agent),
        text.replacen("\"sign\"", "\"sigh\"", 1)
            .replacen("intent", "intend", 1),
    )
    .unwrap();
    let damaged = agent.read_socket("/v1/journal").body;
    assert_eq!(damaged["sound"], false, "{damaged}");
    let left = damaged["entries"].as_array().unwrap().len();
    assert!(
        left >= 1 && left < all["entries"].as_array().unwrap().len() + 4,
        "{damaged}"
    );
}

#[test]
fn the_api_tells_of_a_journal_that_was_cut_or_replaced_while_each_line_is_as_it_was_written() {
    let agent = Agent::demo(&[]);
    assert_eq!(authenticate(&agent, &agent.card()).status, 200);
    let is_sound = |agent: &Agent| agent.read_socket("/v1/journal").body["sound"].clone();
    assert_eq!(is_sound(&agent), true);
    let whole = fs::read_to_string(file(&agent)).unwrap();

    let lines: Vec<&str> = whole.lines().collect();
    let cut = lines[..lines.len() - 1].join("\n") + "\n";
    fs::write(file(&agent), cut).unwrap();
    assert_eq!(is_sound(&agent), false, "its last line is missing");

    let other = Agent::demo(&[]);
    for _ in 0..2 {
        assert_eq!(authenticate(&other, &other.card()).status, 200);
    }
    assert_eq!(is_sound(&other), true);
    fs::write(file(&agent), fs::read(file(&other)).unwrap()).unwrap();
    assert_eq!(is_sound(&agent), false, "it is another one's");

    fs::write(file(&agent), whole).unwrap();
    assert_eq!(is_sound(&agent), true);
}
