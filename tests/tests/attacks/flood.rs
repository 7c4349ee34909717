//! Fifty hostile clients at once, and one honest one that is served all the while.

use std::sync::atomic::{AtomicUsize, Ordering};

use cpxd_tests::agent::Agent;
use cpxd_tests::tls_client::TlsClient;
use serde_json::Value;

const CLIENTS: usize = 50;
const REQUESTS_OF_EACH: usize = 200;

/// A hostile request, and what it must get.
type Hostile = (
    &'static str,
    &'static str,
    &'static str,
    &'static [(u16, &'static str)],
);

const HOSTILE: [Hostile; 6] = [
    (
        "GET",
        "/v1/cards",
        "Origin: https://evil.example\r\n",
        &[(403, "origin-not-granted")],
    ),
    (
        "GET",
        "/v1/cards",
        "Origin: null\r\n",
        &[(403, "origin-not-granted")],
    ),
    ("GET", "/v1/cards", "", &[(401, "token-invalid")]),
    (
        "GET",
        "/v1/cards",
        "Authorization: Bearer 00\r\n",
        &[(401, "token-invalid"), (429, "rate-limited")],
    ),
    (
        "GET",
        "/v1",
        "Host: evil.example\r\n",
        &[(421, "wrong-host")],
    ),
    (
        "POST",
        "/v1/pairings",
        "Content-Type: text/plain\r\nContent-Length: 0\r\n",
        &[(400, "client-header-missing")],
    ),
];

/// Asks in a row; the connection stays open.
fn attack(agent: &Agent, first: usize) {
    let mut client = TlsClient::connect(agent);
    let requests = HOSTILE.iter().cycle().skip(first);
    for (method, path, head, expected) in requests.take(REQUESTS_OF_EACH) {
        let answer = client.ask(method, path, head);
        let refused = (answer.status, answer.code());
        let is_right = expected
            .iter()
            .any(|(status, code)| refused == (*status, (*code).to_owned()));
        assert!(is_right, "{method} {path} {head}: {refused:?}");
    }
}

#[test]
fn ten_thousand_hostile_requests_get_their_refusal_and_the_honest_caller_every_answer() {
    let mut agent = Agent::demo(&[]);
    let number = agent.card()["number"].clone();
    let token = format!("{}\r\n", agent.authorization());
    let running = AtomicUsize::new(CLIENTS);
    let mut honest_answers = 0;
    std::thread::scope(|scope| {
        let (agent, running) = (&agent, &running);
        let attackers: Vec<_> = (0..CLIENTS)
            .map(|first| {
                scope.spawn(move || {
                    let _over = Over(running);
                    attack(agent, first);
                })
            })
            .collect();
        let mut honest = TlsClient::connect(agent);
        while running.load(Ordering::Acquire) > 0 {
            let cards = honest.ask("GET", "/v1/cards", &token);
            assert_eq!(cards.status, 200, "{}", cards.body);
            assert_eq!(cards.json()["cards"][0]["number"], number);
            honest_answers += 1;
        }
        for attacker in attackers {
            attacker.join().unwrap();
        }
    });
    assert!(honest_answers > 0);
    let card = agent.card();
    assert_eq!(agent.authenticate(&card).status, 200);
    assert!(agent.stop().success());
    let journal = agent.cli(&["journal", "--json", "--last", "500"]).stdout;
    let journal: Value = serde_json::from_slice(&journal).unwrap();
    let entries = journal["entries"].as_array().unwrap();
    let refusals = entries.iter().filter(|entry| entry["kind"] == "refusal");
    let told: Vec<_> = refusals
        .map(|entry| entry["times"].as_u64().unwrap())
        .collect();
    let all = u64::try_from(CLIENTS * REQUESTS_OF_EACH).unwrap();
    assert_eq!(
        told.iter().sum::<u64>(),
        all,
        "each is counted once: {told:?}"
    );
    assert!(told.len() < 50, "in few lines: {told:?}");
}

/// Says that a client is done, however it ended.
struct Over<'a>(&'a AtomicUsize);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Release);
    }
}
