//! A grant that is taken back ends what its caller has under way, at once.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a revocation that cannot be tried fails its test"
)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use cpxd_tests::agent::{Agent, CLIENT, JSON};
use cpxd_tests::calls::{ORIGIN, authenticate_body, nonce, path_of};
use cpxd_tests::door::{pair, request_grant};
use cpxd_tests::scripted::demo_with_holder;
use cpxd_tests::waiting::until;
use serde_json::{Value, json};

/// An event stream over TLS, open until the agent ends it.
struct Stream(Child);

impl Stream {
    fn open(agent: &Agent, header: &str) -> Self {
        let mut curl = Command::new("curl")
            .args(["--silent", "--no-buffer", "--verbose", "--cacert"])
            .arg(agent.state_dir().join("ca.pem"))
            .args(["-H", header])
            .arg(format!("{}/v1/events", agent.url()))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut told = BufReader::new(curl.stderr.take().unwrap()).lines();
        let status = told.find(|line| line.as_ref().unwrap().starts_with("< HTTP/"));
        assert!(status.unwrap().unwrap().contains(" 200"));
        std::thread::spawn(move || told.for_each(drop));
        Self(curl)
    }

    fn is_open(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }

    fn wait_for_the_end(&mut self) {
        until("the end of the stream", || (!self.is_open()).then_some(()));
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}")
}

fn revoke(agent: &Agent, id: &str) {
    let path = format!("/v1/grants/{id}");
    let answer = agent.curl_socket(&path, &["-X", "DELETE", "-H", CLIENT]);
    assert_eq!(answer.status, 204, "{}", answer.text);
}

/// The id of the only grant of a site.
fn site_grant(agent: &Agent) -> String {
    let list = agent.read_socket("/v1/grants").body;
    let grants = list["grants"].as_array().unwrap();
    let of_site = grants.iter().find(|grant| grant["origin"] == ORIGIN);
    of_site.unwrap()["id"].as_str().unwrap().to_owned()
}

#[test]
fn the_event_stream_of_a_revoked_program_ends_and_those_of_others_do_not() {
    let agent = Agent::demo(&[]);
    let (token, id) = pair(&agent, &["identify"], &[]);
    let (other, _) = pair(&agent, &["identify"], &[]);
    let mut stream = Stream::open(&agent, &bearer(&token));
    let mut others = Stream::open(&agent, &bearer(&other));
    let mut demos = Stream::open(&agent, &agent.authorization());
    assert_eq!(request_grant(&agent, ORIGIN, &["identify"]).status, 200);
    assert!(stream.is_open(), "somebody else's grant is no end");
    revoke(&agent, &id);
    stream.wait_for_the_end();
    assert!(others.is_open() && demos.is_open());
}

#[test]
fn the_event_stream_of_a_revoked_page_ends() {
    let agent = Agent::demo(&[]);
    assert_eq!(request_grant(&agent, ORIGIN, &["identify"]).status, 200);
    let mut stream = Stream::open(&agent, &format!("Origin: {ORIGIN}"));
    revoke(&agent, &site_grant(&agent));
    stream.wait_for_the_end();
}

/// Asks for a token in the background.
fn ask(agent: &Agent, card: &Value, header: &str, body: &Value) -> Child {
    Command::new("curl")
        .args(["--silent", "--cacert"])
        .arg(agent.state_dir().join("ca.pem"))
        .args(["-H", header, "-H", CLIENT, "-H", JSON, "-d"])
        .arg(body.to_string())
        .arg(format!("{}{}", agent.url(), path_of(card, "/authenticate")))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn code_of(mut asking: Child) -> String {
    let mut text = String::new();
    let mut stdout = asking.stdout.take().unwrap();
    stdout.read_to_string(&mut text).unwrap();
    asking.wait().unwrap();
    let problem: Value = serde_json::from_str(&text).unwrap();
    problem["code"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn the_question_of_a_revoked_program_leaves_the_holder_and_its_caller_is_nobody() {
    let agent = demo_with_holder("answers = [ {}, { pin = \"0000\", delay_ms = 600000 } ]");
    let card = agent.card();
    let (token, id) = pair(&agent, &["authenticate"], &[ORIGIN]);
    let events = agent.events();
    let asking = ask(&agent, &card, &bearer(&token), &authenticate_body());
    let _ = events.wait_for("prompt-opened");
    revoke(&agent, &id);
    let _ = events.wait_for("prompt-closed");
    assert_eq!(code_of(asking), "token-invalid");
    assert_eq!(agent.tries_left(), 3);
}

#[test]
fn the_question_of_a_revoked_page_leaves_the_holder_too() {
    let agent = demo_with_holder("answers = [ {}, { pin = \"0000\", delay_ms = 600000 } ]");
    let card = agent.card();
    assert_eq!(request_grant(&agent, ORIGIN, &["authenticate"]).status, 200);
    let events = agent.events();
    let origin = format!("Origin: {ORIGIN}");
    let asking = ask(&agent, &card, &origin, &json!({ "nonce": nonce() }));
    let _ = events.wait_for("prompt-opened");
    revoke(&agent, &site_grant(&agent));
    let _ = events.wait_for("prompt-closed");
    assert_eq!(code_of(asking), "origin-not-granted");
}
