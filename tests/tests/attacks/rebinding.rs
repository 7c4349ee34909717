//! DNS rebinding: a name of the attacker's that leads to this machine.

use cpxd_tests::agent::Agent;
use cpxd_tests::calls::ORIGIN;
use cpxd_tests::door::request_grant;
use cpxd_tests::exchange::Exchange;

#[test]
fn a_page_under_a_rebound_name_is_refused_by_that_name_whatever_else_it_has() {
    let agent = Agent::demo(&[]);
    assert_eq!(request_grant(&agent, ORIGIN, &["identify"]).status, 200);
    let port = agent
        .url()
        .rsplit(':')
        .next()
        .unwrap_or_default()
        .to_owned();
    let (token, origin) = (agent.authorization(), format!("Origin: {ORIGIN}"));
    for name in [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "service.example",
        "xn--localhost-9ya.example",
        "a.localhost",
        "localhost.localdomain",
        "127-0-0-1.evil.example",
    ] {
        let url = format!("https://{name}:{port}/v1/cards");
        let resolve = format!("{name}:{port}:127.0.0.1");
        for version in ["--http1.1", "--http2"] {
            for more in [&[][..], &["-H", &token], &["-H", &origin]] {
                // A victim who clicked the warning away.
                let arguments = [&["--insecure", "--resolve", &resolve, version], more].concat();
                let answer = Exchange::at(&agent, &url, &arguments);
                let refused = (answer.status, answer.code());
                assert_eq!(refused, (421, "wrong-host".to_owned()), "{name} {version}");
            }
        }
    }
}

#[test]
fn without_a_click_the_certificate_itself_refuses_a_rebound_name() {
    let agent = Agent::demo(&[]);
    let port = agent
        .url()
        .rsplit(':')
        .next()
        .unwrap_or_default()
        .to_owned();
    let url = format!("https://evil.example:{port}/v1");
    let resolve = format!("evil.example:{port}:127.0.0.1");
    let answer = Exchange::at(&agent, &url, &["--resolve", &resolve]);
    assert_eq!((answer.status, answer.curl_exit), (0, Some(60)));
}

#[test]
fn other_spellings_of_loopback_are_not_its_name() {
    let agent = Agent::demo(&[]);
    let port = agent
        .url()
        .rsplit(':')
        .next()
        .unwrap_or_default()
        .to_owned();
    for name in [
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "[::ffff:127.0.0.1]",
        "[0:0:0:0:0:0:0:1]",
        "LOCALHOST",
        "localhost%00",
        "0.0.0.0",
        "[::]",
    ] {
        let host = format!("Host: {name}:{port}");
        let answer = agent.exchange("/v1", &["--http1.1", "-H", &host]);
        assert!([400, 421].contains(&answer.status), "{name}: {answer:?}");
    }
}
