//! Callers at the door: programs that are paired, and pages with their origin.

use serde_json::{Value, json};

use crate::agent::{Agent, Answer, CLIENT, JSON};
use crate::exchange::Exchange;

/// A request to be paired, as a program sends it over TLS, before it is anybody.
#[must_use]
pub fn open_pairing(agent: &Agent, name: &str, rights: &[&str], origins: &[&str]) -> Answer {
    let body = json!({ "name": name, "rights": rights, "origins": origins });
    post(agent, "/v1/pairings", &body)
}

/// The call that has the holder asked about a pairing, with any secret.
#[must_use]
pub fn fetch_token(agent: &Agent, id: &Value, secret: &Value) -> Answer {
    let path = format!("/v1/pairings/{}/token", id.as_str().expect("an id"));
    post(agent, &path, &json!({ "secret": secret }))
}

/// The whole way to a token, with a holder who agrees: the token and the id of its grant.
#[must_use]
pub fn pair(agent: &Agent, rights: &[&str], origins: &[&str]) -> (String, String) {
    let opened = open_pairing(agent, "Logiciel du cabinet", rights, origins);
    assert_eq!(opened.status, 200, "{}", opened.text);
    let paired = fetch_token(agent, &opened.body["id"], &opened.body["secret"]);
    assert_eq!(paired.status, 200, "{}", paired.text);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    (
        text(&paired.body["token"]),
        text(&paired.body["grant"]["id"]),
    )
}

/// POST of JSON over TLS, without a token.
#[must_use]
pub fn post(agent: &Agent, path: &str, body: &Value) -> Answer {
    let body = body.to_string();
    agent.curl(path, &["-H", CLIENT, "-H", JSON, "-d", &body])
}

/// What a page sends: its browser's `Origin` and these arguments.
#[must_use]
pub fn page(agent: &Agent, origin: &str, path: &str, arguments: &[&str]) -> Exchange {
    let origin = format!("Origin: {origin}");
    agent.exchange(path, &[&["-H", &origin], arguments].concat())
}

/// POST of JSON by a page.
#[must_use]
pub fn page_post(agent: &Agent, origin: &str, path: &str, body: &Value) -> Exchange {
    let body = body.to_string();
    page(
        agent,
        origin,
        path,
        &["-H", CLIENT, "-H", JSON, "-d", &body],
    )
}

/// The request of a page to be let in with these rights.
#[must_use]
pub fn request_grant(agent: &Agent, origin: &str, rights: &[&str]) -> Exchange {
    page_post(
        agent,
        origin,
        "/v1/grants/requests",
        &json!({ "rights": rights }),
    )
}

/// The request for a session with a card, over TLS, by the program of this token.
#[must_use]
pub fn open_session(agent: &Agent, token: &str, card: &Value) -> Answer {
    with_token(agent, token, "/v1/sessions", &json!({ "card": card["id"] }))
}

/// POST of JSON over TLS, by the program of this token.
#[must_use]
pub fn with_token(agent: &Agent, token: &str, path: &str, body: &Value) -> Answer {
    let (token, body) = (format!("Authorization: Bearer {token}"), body.to_string());
    agent.curl(path, &["-H", &token, "-H", CLIENT, "-H", JSON, "-d", &body])
}

/// A good body of `authenticate` or `sign` in this session.
#[must_use]
pub fn in_session(mut body: Value, session: &Value) -> Value {
    body["session"] = session["id"].clone();
    body
}
