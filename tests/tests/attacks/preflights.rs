//! What a browser asks before it lets a page call: of the network, of methods, of headers.

use cpxd_tests::agent::Agent;
use cpxd_tests::calls::ORIGIN;
use cpxd_tests::door::{page, request_grant};
use cpxd_tests::exchange::Exchange;

fn preflight(agent: &Agent, origin: &str, path: &str, headers: &[&str]) -> Exchange {
    let mut arguments = vec!["-X", "OPTIONS"];
    arguments.extend(headers.iter().flat_map(|header| ["-H", header]));
    page(agent, origin, path, &arguments)
}

#[test]
fn the_private_network_is_opened_to_a_granted_origin_alone_and_only_when_asked() {
    let agent = Agent::demo(&[]);
    assert_eq!(request_grant(&agent, ORIGIN, &["identify"]).status, 200);
    let method = "Access-Control-Request-Method: GET";
    let allowed = "access-control-allow-private-network";
    for header in [
        "Access-Control-Request-Private-Network: true",
        "Access-Control-Request-Local-Network: true",
    ] {
        let foreign = preflight(
            &agent,
            "https://evil.example",
            "/v1/cards",
            &[method, header],
        );
        assert_eq!(
            (foreign.status, foreign.code().as_str()),
            (403, "origin-not-granted")
        );
        let mut names = foreign.headers.iter().map(|(name, _)| name);
        assert!(!names.any(|name| name.starts_with("access-control-")));
    }
    let asked = preflight(
        &agent,
        ORIGIN,
        "/v1/cards",
        &[method, "Access-Control-Request-Private-Network: true"],
    );
    assert_eq!((asked.status, asked.header(allowed)), (204, Some("true")));
    let unasked = preflight(&agent, ORIGIN, "/v1/cards", &[method]);
    assert_eq!((unasked.status, unasked.header(allowed)), (204, None));
}

#[test]
fn a_preflight_allows_what_the_api_has_whatever_it_asks_for() {
    let agent = Agent::demo(&[]);
    assert_eq!(request_grant(&agent, ORIGIN, &["identify"]).status, 200);
    let asked = preflight(
        &agent,
        ORIGIN,
        "/v1/cards",
        &[
            "Access-Control-Request-Method: PUT",
            "Access-Control-Request-Headers: authorization, cpxd-page-origin, host, x-evil",
        ],
    );
    assert_eq!(asked.status, 204);
    let value = |name| asked.header(name).unwrap_or_default();
    assert_eq!(value("access-control-allow-methods"), "GET, POST, DELETE");
    let headers = value("access-control-allow-headers");
    assert_eq!(headers, "content-type, x-cpxd-client, last-event-id");
    assert_eq!(value("access-control-allow-credentials"), "");
    assert_eq!(value("access-control-max-age"), "");
}

#[test]
fn options_without_a_preflights_header_is_no_preflight() {
    let agent = Agent::demo(&[]);
    assert_eq!(request_grant(&agent, ORIGIN, &["identify"]).status, 200);
    let bare = preflight(&agent, ORIGIN, "/v1/cards", &[]);
    assert_eq!(bare.code(), "client-header-missing");
    let foreign = preflight(&agent, "https://evil.example", "/v1/grants/requests", &[]);
    assert_eq!(foreign.code(), "origin-not-granted");
}
