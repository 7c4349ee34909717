//! Requests that two readers would read in two ways.

use cpxd_tests::agent::Agent;
use cpxd_tests::tls_client::TlsClient;

/// Every answer to these bytes on one connection, until the agent closes it.
fn answers(agent: &Agent, bytes: &str) -> Vec<u16> {
    let mut client = TlsClient::connect(agent);
    if client.send(bytes.as_bytes()).is_err() {
        return Vec::new();
    }
    let mut statuses = Vec::new();
    while let Some(answer) = client.answer() {
        statuses.push(answer.status);
    }
    statuses
}

#[test]
fn a_request_of_two_lengths_opens_nothing_for_the_bytes_in_it() {
    let agent = Agent::demo(&[]);
    let host = agent.url().replace("https://", "");
    let token = agent.authorization();
    let inner = format!("GET /v1/cards HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let len = inner.len();
    let bodies = [
        format!("Content-Length: {len}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{inner}"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n{inner}"),
        format!("Content-Length: 0\r\nContent-Length: {len}\r\n\r\n{inner}"),
        format!("Content-Length: {len}, 0\r\n\r\n{inner}"),
        format!("Content-Length: +{len}\r\n\r\n{inner}"),
        format!("Content-Length: -1\r\n\r\n{inner}"),
        format!("Content-Length: 0x10\r\n\r\n{inner}"),
        format!("Transfer-Encoding: xchunked\r\n\r\n{inner}"),
        format!("Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{inner}"),
        format!("Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{inner}"),
        format!("Transfer-Encoding: chunked\r\n\r\nZZ\r\n\r\n{inner}"),
    ];
    for body in bodies {
        let request = format!("POST /v1/nowhere HTTP/1.1\r\nHost: {host}\r\n{token}\r\n{body}");
        let answers = answers(&agent, &request);
        // The outer request has the token: what is hidden in it must not be served with it.
        assert!(
            answers.iter().all(|status| *status >= 400),
            "{answers:?}: {body}"
        );
        assert!(answers.len() <= 2, "{answers:?}: {body}");
    }
    assert_eq!(agent.read("/v1/cards").status, 200);
}

#[test]
fn a_head_that_is_no_http_is_refused_and_costs_nobody_the_agent() {
    let agent = Agent::demo(&[]);
    let host = agent.url().replace("https://", "");
    let token = agent.authorization();
    for head in [
        format!("GET /v1/cards HTTP/1.1\r\nHost : {host}\r\n{token}\r\n"),
        format!("GET /v1/cards HTTP/1.1\r\n Host: {host}\r\n{token}\r\n"),
        format!("GET /v1/cards HTTP/1.1\r\nHost: evil.example\r\n Host: {host}\r\n{token}\r\n"),
        format!("GET /v1/cards HTTP/1.1\r\nHost: {host}\0\r\n{token}\r\n"),
        format!("GET /v1/cards\r\nHost: {host}\r\n{token}\r\n"),
        format!("GET /v1/cards HTTP/9.9\r\nHost: {host}\r\n{token}\r\n"),
        format!("GET  /v1/cards HTTP/1.1 x\r\nHost: {host}\r\n{token}\r\n"),
        format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n{token}\r\n"),
        format!("GET http://evil.example/v1/cards HTTP/1.1\r\nHost: {host}\r\n{token}\r\n"),
        format!("OPTIONS * HTTP/1.1\r\nHost: {host}\r\nX-Cpxd-Client: a/1\r\n{token}\r\n"),
        format!("TRACE /v1/cards HTTP/1.1\r\nHost: {host}\r\nX-Cpxd-Client: a/1\r\n{token}\r\n"),
        format!("GET /v1/../v1/cards%2f HTTP/1.1\r\nHost: {host}\r\n{token}\r\n"),
        "PRI * HTTP/2.0\r\n".to_owned(),
        format!(
            "GET /v1/cards HTTP/1.1\r\nHost: {host}\r\nX: {}\r\n",
            "x".repeat(40_000)
        ),
        format!(
            "GET /{} HTTP/1.1\r\nHost: {host}\r\n{token}\r\n",
            "x".repeat(40_000)
        ),
        format!(
            "GET /v1/cards HTTP/1.1\r\nHost: {host}\r\n{}",
            "X: y\r\n".repeat(500)
        ),
    ] {
        let answers = answers(&agent, &format!("{head}Connection: close\r\n\r\n"));
        assert!(
            answers.iter().all(|status| *status >= 400),
            "{answers:?}: {head:.200}"
        );
    }
    assert_eq!(agent.read("/v1/cards").status, 200);
}

#[test]
fn a_second_request_on_a_connection_has_no_part_in_the_first_ones_token_or_origin() {
    let agent = Agent::demo(&[]);
    let mut client = TlsClient::connect(&agent);
    let token = format!("{}\r\n", agent.authorization());
    for _ in 0..3 {
        assert_eq!(client.ask("GET", "/v1/cards", &token).status, 200);
        let without = client.ask("GET", "/v1/cards", "");
        assert_eq!(
            (without.status, without.code().as_str()),
            (401, "token-invalid")
        );
        let page = client.ask("GET", "/v1/cards", "Origin: https://evil.example\r\n");
        assert_eq!(
            (page.status, page.code().as_str()),
            (403, "origin-not-granted")
        );
    }
}

#[test]
fn an_http_2_request_is_held_to_the_rules_of_http_1() {
    let agent = Agent::demo(&[]);
    let token = agent.authorization();
    let ask = |arguments: &[&str]| {
        let arguments = [&["--http2"], arguments].concat();
        let answer = agent.exchange("/v1/cards", &arguments);
        (answer.status, answer.code())
    };
    assert_eq!(ask(&["-H", &token]).0, 200);
    for (arguments, status, code) in [
        (
            vec!["-H", "Host: evil.example", "-H", &token],
            421,
            "wrong-host",
        ),
        (
            vec!["-H", "Origin: https://evil.example", "-H", &token],
            403,
            "origin-not-granted",
        ),
        (
            vec!["-H", "Origin: null", "-H", &token],
            403,
            "origin-not-granted",
        ),
        (
            vec![
                "-H",
                "Origin: https://a.example",
                "-H",
                "Origin: https://b.example",
            ],
            403,
            "origin-not-granted",
        ),
        (vec![], 401, "token-invalid"),
        (
            vec!["-X", "DELETE", "-H", &token],
            400,
            "client-header-missing",
        ),
    ] {
        assert_eq!(ask(&arguments), (status, code.to_owned()), "{arguments:?}");
    }
    let plain = agent.url().replace("https:", "http:");
    let upgrade = cpxd_tests::exchange::Exchange::at(
        &agent,
        &format!("{plain}/v1"),
        &["--http2-prior-knowledge"],
    );
    assert_eq!(upgrade.status, 0, "HTTP/2 without TLS");
}
