//! Callers who send slowly, too much, or never read, while an honest one is served.

use cpxd_tests::agent::{Agent, CLIENT, JSON};
use cpxd_tests::calls::{ORIGIN, path_of};
use cpxd_tests::door::{page, request_grant};
use cpxd_tests::tls_client::TlsClient;

#[test]
fn slowloris_many_heads_that_never_end_keep_no_honest_caller_out_and_are_closed() {
    let agent = Agent::demo(&[]);
    let mut slow = Vec::new();
    // One after the other: the agent waits for no handshake longer than for a head.
    for _ in 0..100 {
        let mut client = TlsClient::connect(&agent);
        let head = format!(
            "GET /v1/cards HTTP/1.1\r\nHost: {}\r\nX-A: b",
            client.host()
        );
        client.send(head.as_bytes()).unwrap();
        slow.push(client);
    }
    for _ in 0..20 {
        assert_eq!(agent.read("/v1/cards").status, 200);
    }
    for client in &mut slow {
        // Closed without a word, or with one about the time; never served.
        assert!(!client.rest().contains("200 OK"));
    }
}

#[test]
fn a_body_that_trickles_and_one_that_is_too_long_are_refused_before_anybody_is_asked() {
    let agent = Agent::demo(&[]);
    let path = path_of(&agent.card(), "/authenticate");
    let token = agent.authorization();
    let mut trickling = TlsClient::connect(&agent);
    let host = trickling.host().to_owned();
    let head = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\n{token}\r\n{CLIENT}\r\n{JSON}\r\n");
    let half = format!("{head}Content-Length: 1000\r\n\r\n{{\"nonce\":");
    trickling.send(half.as_bytes()).unwrap();
    let mut endless = TlsClient::connect(&agent);
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n");
    endless.send(chunked.as_bytes()).unwrap();
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    // The agent stops reading in the end, so that sending may fail.
    let _ = (0..32).try_for_each(|_| endless.send(chunk.as_bytes()));
    let refused = endless.answer().unwrap();
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (413, "body-too-large")
    );
    let announced = format!("{head}Content-Length: 99999999\r\n\r\n");
    let mut large = TlsClient::connect(&agent);
    large.send(announced.as_bytes()).unwrap();
    let refused = large.answer().unwrap();
    assert!([400, 413].contains(&refused.status), "{refused:?}");
    let refused = trickling.answer().unwrap();
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (400, "bad-request")
    );
    assert!(!agent.events_so_far().contains(&"prompt-opened".to_owned()));
}

#[test]
fn a_page_that_may_ask_for_a_grant_sends_no_body_without_end() {
    let agent = Agent::demo(&[]);
    let body = "x".repeat(100_000);
    for (client, expected) in [
        (true, (413, "body-too-large")),
        (false, (400, "client-header-missing")),
    ] {
        let mut arguments = vec!["-H", JSON, "-d", &body];
        if client {
            arguments.extend(["-H", CLIENT]);
        }
        let answer = page(
            &agent,
            "https://evil.example",
            "/v1/grants/requests",
            &arguments,
        );
        assert_eq!((answer.status, answer.code().as_str()), expected);
    }
    assert_eq!(request_grant(&agent, ORIGIN, &["identify"]).status, 200);
}

#[test]
fn clients_that_never_read_keep_no_honest_caller_out() {
    let agent = Agent::demo(&[]);
    let token = agent.authorization();
    let mut deaf: Vec<_> = (0..20).map(|_| TlsClient::connect(&agent)).collect();
    for client in &mut deaf {
        let host = client.host().to_owned();
        let request = format!("GET /openapi.json HTTP/1.1\r\nHost: {host}\r\n\r\n");
        client.send(request.repeat(200).as_bytes()).unwrap();
        let events = format!("GET /v1/events HTTP/1.1\r\nHost: {host}\r\n{token}\r\n\r\n");
        client.send(events.as_bytes()).unwrap();
    }
    for _ in 0..20 {
        let cards = agent.read("/v1/cards");
        assert_eq!(
            (cards.status, &cards.body["cards"][0]["type"]),
            (200, &"CPS".into())
        );
    }
    drop(deaf);
}
