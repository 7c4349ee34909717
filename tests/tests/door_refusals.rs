//! What the door refused is in the journal, once and counted, and fills neither it nor the log.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a journal that cannot be read fails its test"
)]

use std::process::Command;

use cpxd_tests::agent::Agent;
use cpxd_tests::door::page;
use cpxd_tests::programs::program;
use cpxd_tests::tls_client::TlsClient;
use cpxd_tests::waiting::until;
use serde_json::Value;

/// The entries of refusals, oldest first.
fn refusals(agent: &Agent) -> Vec<Value> {
    let output = agent.cli(&["journal", "--json", "--last", "200"]);
    let journal: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut entries = journal["entries"].as_array().unwrap().clone();
    entries.retain(|entry| entry["kind"] == "refusal");
    entries.sort_by_key(|entry| entry["seq"].as_u64());
    entries
}

fn counted(refusals: &[Value], code: &str) -> Vec<u64> {
    let of_code = refusals.iter().filter(|entry| entry["code"] == code);
    of_code
        .map(|entry| entry["times"].as_u64().unwrap())
        .collect()
}

#[test]
fn the_first_refusal_of_a_kind_is_told_at_once_and_the_others_are_counted() {
    let mut agent = Agent::demo(&[]);
    let mut client = TlsClient::connect(&agent);
    for _ in 0..300 {
        let answer = client.ask("GET", "/v1/cards", "Origin: https://evil.example\r\n");
        assert_eq!(answer.code(), "origin-not-granted");
    }
    assert_eq!(page(&agent, "null", "/v1/cards", &[]).status, 403);
    let first = until("the first lines", || {
        let told = refusals(&agent);
        (counted(&told, "origin-not-granted").len() == 2).then_some(told)
    });
    assert_eq!(counted(&first, "origin-not-granted"), [1, 1]);
    assert!(
        first
            .iter()
            .any(|entry| entry["who"]["origin"] == "https://evil.example")
    );
    let log = agent.log();
    assert_eq!(log.matches("refused at the door").count(), 2, "{log}");
    assert!(!log.contains("refused or failed"), "{log}");
    drop(client);
    assert!(agent.stop().success());
    let told = refusals(&agent);
    assert_eq!(counted(&told, "origin-not-granted"), [1, 1, 299]);
    assert!(agent.cli(&["journal", "verify"]).status.success());
}

#[test]
fn every_kind_of_refusal_names_who_was_refused_as_far_as_it_is_known() {
    let agent = Agent::demo(&[]);
    assert_eq!(
        agent.exchange("/v1", &["-H", "Host: evil.example"]).status,
        421
    );
    assert_eq!(agent.exchange("/v1/cards", &[]).status, 401);
    let wrong_token = ["-H", "Authorization: Bearer 00"];
    assert_eq!(agent.curl_socket("/v1/cards", &wrong_token).status, 401);
    assert_eq!(
        agent
            .exchange("/v1/grants", &["-H", &agent.authorization()])
            .status,
        403
    );
    let no_client = ["-X", "DELETE", "-H", &agent.authorization()];
    assert_eq!(agent.exchange("/v1/grants/x", &no_client).status, 400);
    let told = until("five refusals", || {
        let told = refusals(&agent);
        (told.len() == 5).then_some(told)
    });
    let who = |code: &str| -> Vec<String> {
        let of_code = told.iter().filter(|entry| entry["code"] == code);
        of_code.map(|entry| entry["who"].to_string()).collect()
    };
    assert_eq!(who("wrong-host"), ["null"]);
    let mut without_a_token = who("token-invalid");
    without_a_token.sort();
    assert_eq!(without_a_token.first().unwrap(), "null");
    assert!(
        without_a_token.last().unwrap().contains("/curl"),
        "{without_a_token:?}"
    );
    for code in ["right-missing", "client-header-missing"] {
        assert!(who(code).concat().contains("\"program\""), "{told:?}");
    }
}

#[test]
fn a_person_reads_the_refusals_in_words() {
    let agent = Agent::demo(&[]);
    assert_eq!(
        page(&agent, "https://evil.example", "/v1/cards", &[]).status,
        403
    );
    until("the line", || (!refusals(&agent).is_empty()).then_some(()));
    for (locale, words) in [
        (
            "en_US.UTF-8",
            "refused: the page https://evil.example — Site not allowed (origin-not-granted)",
        ),
        (
            "fr_FR.UTF-8",
            "refusé : la page https://evil.example — Site non autorisé (origin-not-granted)",
        ),
    ] {
        let mut cpxd = Command::new(program("cpxd"));
        let cpxd = cpxd.arg("--state-dir").arg(agent.state_dir());
        let output = cpxd.arg("journal").env("LC_ALL", locale).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(words), "{text}");
    }
}
