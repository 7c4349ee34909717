//! The rules of the HTTPS door that a request meets: host, origin, caller, client header.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a door that cannot be tried fails its test"
)]

use std::io::Write as _;
use std::process::{Command, Stdio};

use cpxd_tests::agent::{Agent, CLIENT, JSON};
use cpxd_tests::calls::{authenticate_body, path_of};
use cpxd_tests::exchange::Exchange;

fn port_of(agent: &Agent) -> String {
    agent.url().rsplit(':').next().unwrap().to_owned()
}

/// A request byte by byte, through TLS made by openssl.
fn raw(agent: &Agent, request: &str) -> Exchange {
    let mut openssl = Command::new("openssl")
        .args(["s_client", "-quiet", "-verify_return_error", "-connect"])
        .arg(format!("127.0.0.1:{}", port_of(agent)))
        .arg("-CAfile")
        .arg(agent.state_dir().join("ca.pem"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl is installed (cargo xtask test installs it)");
    let mut stdin = openssl.stdin.take().unwrap();
    stdin.write_all(request.as_bytes()).unwrap();
    let output = openssl.wait_with_output().unwrap();
    Exchange::parse(&String::from_utf8_lossy(&output.stdout))
}

#[test]
fn only_the_names_of_this_machine_with_its_port_are_answered() {
    let agent = Agent::demo(&[]);
    let port = port_of(&agent);
    let ask = |version: &str, host: &str| {
        let header = format!("Host: {host}");
        agent.exchange("/v1", &[version, "-H", &header])
    };
    for version in ["--http1.1", "--http2"] {
        for host in ["127.0.0.1", "localhost", "[::1]"] {
            let answer = ask(version, &format!("{host}:{port}"));
            assert_eq!(answer.status, 200, "{version} {host}");
        }
        for host in [
            "evil.example".to_owned(),
            format!("evil.example:{port}"),
            format!("127.0.0.1.evil.example:{port}"),
            format!("localhost.evil.example:{port}"),
            format!("evil-localhost:{port}"),
            format!("127.0.0.2:{port}"),
            format!("0.0.0.0:{port}"),
            format!("localhost.:{port}"),
            format!("user@localhost:{port}"),
            "127.0.0.1".to_owned(),
            "localhost:443".to_owned(),
        ] {
            let answer = ask(version, &host);
            let refused = (answer.status, answer.code());
            // What is no authority at all, HTTP/2 itself refuses.
            let is_no_http_2 = version == "--http2" && answer.status == 0;
            assert!(
                refused == (421, "wrong-host".to_owned()) || is_no_http_2,
                "{version} {host}: {refused:?}"
            );
        }
    }
}

#[test]
fn a_name_that_was_rebound_to_loopback_is_refused() {
    let agent = Agent::demo(&[]);
    let port = port_of(&agent);
    let url = format!("https://evil.example:{port}/v1/cards");
    let resolve = format!("evil.example:{port}:127.0.0.1");
    let arguments = ["--insecure", "--resolve", &resolve];
    let token = agent.authorization();
    let arguments = [&arguments[..], &["-H", &token]].concat();
    let answer = Exchange::at(&agent, &url, &arguments);
    assert_eq!((answer.status, answer.code().as_str()), (421, "wrong-host"));
}

#[test]
fn a_host_that_is_missing_doubled_or_at_odds_with_the_address_is_refused() {
    let agent = Agent::demo(&[]);
    let ours = format!("127.0.0.1:{}", port_of(&agent));
    let good = format!("GET /v1 HTTP/1.1\r\nHost: {ours}\r\nConnection: close\r\n\r\n");
    assert_eq!(raw(&agent, &good).status, 200);
    for head in [
        "GET /v1 HTTP/1.1\r\n".to_owned(),
        "GET /v1 HTTP/1.1\r\nHost:\r\n".to_owned(),
        format!("GET /v1 HTTP/1.1\r\nHost: {ours}\r\nHost: evil.example\r\n"),
        format!("GET /v1 HTTP/1.1\r\nHost: {ours}\r\nHost: {ours}\r\n"),
        format!("GET https://evil.example/v1 HTTP/1.1\r\nHost: {ours}\r\n"),
        format!("GET https://{ours}/v1 HTTP/1.1\r\nHost: evil.example\r\n"),
        "GET /v1 HTTP/1.0\r\n".to_owned(),
    ] {
        let answer = raw(&agent, &format!("{head}Connection: close\r\n\r\n"));
        let refused = (answer.status, answer.code());
        assert_eq!(refused, (421, "wrong-host".to_owned()), "{head}");
    }
}

#[test]
fn no_origin_is_granted_not_even_our_own() {
    let agent = Agent::demo(&[]);
    let token = agent.authorization();
    let own = agent.url();
    for origin in [
        "https://evil.example",
        "null",
        "",
        "https://127.0.0.1",
        "https://127.0.0.1.evil.example",
        "http://localhost",
        "https://service.example",
        &own,
    ] {
        // curl leaves a header with an empty value out unless it ends in a semicolon.
        let header = match origin {
            "" => "Origin;".to_owned(),
            _ => format!("Origin: {origin}"),
        };
        let arguments = ["-H", &header, "-H", &token];
        for path in [
            "/v1/cards",
            "/v1/status",
            "/v1/events",
            "/openapi.json",
            "/docs",
        ] {
            let answer = agent.exchange(path, &arguments);
            let refused = (answer.status, answer.code());
            assert_eq!(
                refused,
                (403, "origin-not-granted".to_owned()),
                "{origin} {path}"
            );
        }
        let socket = agent.curl_socket("/v1/cards", &["-H", &header]);
        assert_eq!(socket.code(), "origin-not-granted", "{origin}");
        let open = agent.exchange("/v1", &["-H", &header]);
        assert_eq!(open.status, 200, "{origin}");
        assert_no_cors(&open);
        let on_the_socket = agent.curl_socket("/v1", &["-H", &header]);
        assert_eq!(on_the_socket.code(), "origin-not-granted", "{origin}");
    }
}

#[test]
fn nobody_speaks_for_a_page_that_has_no_grant() {
    let agent = Agent::demo(&[]);
    let token = agent.authorization();
    for stated in [
        "Cpxd-Page-Origin: https://service.example",
        "Cpxd-Top-Origin: https://service.example",
        "cpxd-page-origin: null",
        "Cpxd-Top-Origin;",
    ] {
        for path in ["/v1", "/v1/cards", "/docs"] {
            let over_tls = agent.exchange(path, &["-H", stated, "-H", &token]);
            let refused = (over_tls.status, over_tls.code());
            assert_eq!(
                refused,
                (403, "origin-not-granted".to_owned()),
                "{stated} {path}"
            );
            let on_the_socket = agent.curl_socket(path, &["-H", stated]);
            let refused = (on_the_socket.status, on_the_socket.code());
            assert_eq!(refused, (403, "origin-not-granted"), "{stated} {path}");
        }
    }
}

#[test]
fn the_socket_is_called_localhost_and_nothing_else() {
    let agent = Agent::demo(&[]);
    let ask = |host: &str| agent.curl_socket("/v1", &["-H", &format!("Host: {host}")]);
    assert_eq!(ask("localhost").status, 200);
    for host in ["evil.example", "127.0.0.1", "localhost:80", "", "[::1]"] {
        let answer = ask(host);
        let refused = (answer.status, answer.code());
        assert_eq!(refused, (421, "wrong-host"), "{host}");
    }
}

fn assert_no_cors(answer: &Exchange) {
    for (name, value) in &answer.headers {
        assert!(!name.starts_with("access-control-"), "{name}: {value}");
    }
}

#[test]
fn a_preflight_of_an_ungranted_origin_opens_nothing() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    for path in ["/v1".to_owned(), path_of(&card, "/sign")] {
        let answer = agent.exchange(
            &path,
            &[
                "-X",
                "OPTIONS",
                "-H",
                "Origin: https://evil.example",
                "-H",
                "Access-Control-Request-Method: POST",
                "-H",
                "Access-Control-Request-Headers: authorization,content-type,x-cpxd-client",
                "-H",
                "Access-Control-Request-Private-Network: true",
            ],
        );
        let refused = (answer.status, answer.code());
        assert_eq!(refused, (403, "origin-not-granted".to_owned()));
        assert_no_cors(&answer);
    }
}

#[test]
fn without_its_token_a_caller_is_nobody() {
    let agent = Agent::demo(&[]);
    let token = agent.token();
    let (start, end) = token.split_at(token.len() - 1);
    let other_end = if end == "0" { "1" } else { "0" };
    let refused = |path: &str, arguments: &[&str]| {
        let answer = agent.exchange(path, arguments);
        let code = answer.code();
        assert_eq!(
            (answer.status, code.as_str()),
            (401, "token-invalid"),
            "{path} {arguments:?}"
        );
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    };
    refused("/v1/cards", &[]);
    refused("/v1/nowhere", &[]);
    for query in ["token", "access_token", "authorization"] {
        refused(&format!("/v1/cards?{query}={token}"), &[]);
        refused(&format!("/v1/cards?{query}=Bearer%20{token}"), &[]);
    }
    refused("/v1/cards", &["-H", &format!("Cookie: token={token}")]);
    refused("/v1/cards", &["-u", &format!("demo:{token}")]);
    for value in [
        format!("Bearer {start}{other_end}"),
        format!("Bearer {start}"),
        format!("Bearer {token}0"),
        format!("Bearer {}", token.to_uppercase()),
        "Bearer ".to_owned(),
        "Bearer".to_owned(),
        format!("Basic {token}"),
        token.clone(),
        "Bearer é".to_owned(),
    ] {
        let header = format!("Authorization: {value}");
        refused("/v1/cards", &["-H", &header]);
        let socket = agent.curl_socket("/v1/cards", &["-H", &header]);
        assert_eq!(socket.code(), "token-invalid", "on the socket: {value}");
    }
    let good = agent.exchange("/v1/cards", &["-H", &agent.authorization()]);
    assert_eq!(good.status, 200);
}

#[test]
fn what_changes_something_needs_the_client_header_and_json() {
    let agent = Agent::demo(&[]);
    let path = path_of(&agent.card(), "/authenticate");
    let body = authenticate_body().to_string();
    let token = agent.authorization();
    for client in [
        None,
        Some(""),
        Some("tests"),
        Some("/"),
        Some("tests/"),
        Some("/1"),
    ] {
        let header = client.map_or(String::new(), |client| format!("X-Cpxd-Client: {client}"));
        let mut arguments = vec!["-H", &token, "-H", JSON, "-d", &body];
        if client.is_some() {
            arguments.extend(["-H", &header]);
        }
        let over_tls = agent.exchange(&path, &arguments);
        let refused = (over_tls.status, over_tls.code());
        assert_eq!(
            refused,
            (400, "client-header-missing".to_owned()),
            "{client:?}"
        );
        let on_the_socket = agent.curl_socket(&path, &arguments);
        assert_eq!(on_the_socket.code(), "client-header-missing", "{client:?}");
    }
    for content_type in [
        "Content-Type: text/plain",
        "Content-Type: application/x-www-form-urlencoded",
        "Content-Type: multipart/form-data; boundary=x",
        "Content-Type: text/plain; application/json",
        "Content-Type: application/jsonp",
        "Content-Type:",
    ] {
        let arguments = ["-H", &token, "-H", CLIENT, "-H", content_type, "-d", &body];
        let answer = agent.exchange(&path, &arguments);
        let refused = (answer.status, answer.code());
        assert_eq!(refused, (400, "bad-request".to_owned()), "{content_type}");
        assert_eq!(answer.json()["field"], "content-type");
    }
    for content_type in [
        "Content-Type: application/json; charset=utf-8",
        "Content-Type: Application/JSON",
    ] {
        let arguments = ["-H", &token, "-H", CLIENT, "-H", content_type, "-d", &body];
        let answer = agent.exchange(&path, &arguments);
        assert_eq!(answer.status, 200, "{content_type}: {}", answer.body);
    }
}

#[test]
fn the_checks_come_in_the_order_host_caller_body() {
    let agent = Agent::demo(&[]);
    let path = path_of(&agent.card(), "/sign");
    let token = agent.authorization();
    let (host, origin) = ("Host: evil.example", "Origin: https://evil.example");
    for (arguments, code) in [
        (vec!["-H", host, "-H", origin, "-d", "{"], "wrong-host"),
        (vec!["-H", host, "-H", &token, "-d", "{"], "wrong-host"),
        (vec!["-H", origin, "-d", "{"], "origin-not-granted"),
        (
            vec!["-H", origin, "-H", &token, "-H", CLIENT, "-d", "{"],
            "origin-not-granted",
        ),
        (vec!["-d", "{"], "token-invalid"),
        (vec!["-H", CLIENT, "-H", JSON, "-d", "{"], "token-invalid"),
        (vec!["-H", &token, "-d", "{"], "client-header-missing"),
        (
            vec!["-H", &token, "-H", CLIENT, "-H", JSON, "-d", "{"],
            "bad-request",
        ),
    ] {
        let answer = agent.exchange(&path, &arguments);
        assert_eq!(answer.code(), code, "{arguments:?}");
    }
    let unknown = agent.exchange("/v1/cards/nobody/sign", &["-d", "{"]);
    assert_eq!(
        unknown.code(),
        "token-invalid",
        "a stranger does not learn which cards exist"
    );
}

#[test]
fn every_answer_forbids_what_a_page_could_do_with_it() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    let sign = path_of(&card, "/sign");
    let token = agent.authorization();
    let too_large = "x".repeat(70_000);
    let ask = |path: &str, arguments: &[&str]| agent.exchange(path, arguments);
    let post = ["-H", &token, "-H", CLIENT, "-H", JSON, "-d"];
    let answers = [
        (200, ask("/v1", &[])),
        (200, ask("/openapi.json", &[])),
        (200, ask("/docs", &[])),
        (200, ask("/v1/cards", &["-H", &token])),
        (200, ask("/v1/events", &["-H", &token, "--max-time", "5"])),
        (400, ask(&sign, &[&post[..], &["{"]].concat())),
        (400, ask(&sign, &["-H", &token, "-d", "{}"])),
        (401, ask("/v1/cards", &[])),
        (403, ask("/v1/cards", &["-H", "Origin: null"])),
        (404, ask("/v1/cards/%FF", &["-H", &token])),
        (404, ask("/nowhere", &["-H", &token])),
        (405, ask("/v1/cards", &[&post[..], &["{}"]].concat())),
        (413, ask(&sign, &[&post[..], &[&too_large]].concat())),
        (421, ask("/v1", &["-H", "Host: evil.example"])),
    ];
    for (status, answer) in answers {
        assert_eq!(answer.status, status, "{answer:?}");
        let value = |name| answer.header(name).unwrap_or_default();
        assert_eq!(value("x-content-type-options"), "nosniff", "{answer:?}");
        assert_eq!(value("cross-origin-resource-policy"), "same-origin");
        assert_eq!(value("referrer-policy"), "no-referrer");
        assert!(["no-store", "no-cache"].contains(&value("cache-control")));
        let policy = value("content-security-policy");
        assert!(policy.contains("default-src 'none'"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(answer.header("set-cookie"), None);
        assert_eq!(answer.header("server"), None);
        assert_no_cors(&answer);
        if status >= 400 {
            assert_eq!(value("content-type"), "application/problem+json");
            assert_eq!(answer.json()["status"], status, "{answer:?}");
        }
    }
}

#[test]
fn plain_http_gets_no_answer() {
    let agent = Agent::demo(&[]);
    let url = agent.url().replace("https:", "http:");
    let answer = Exchange::at(&agent, &format!("{url}/v1"), &["--http0.9"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(!answer.body.contains("cpxd"));
    assert_eq!(agent.exchange("/v1", &[]).status, 200, "still serving");
}
