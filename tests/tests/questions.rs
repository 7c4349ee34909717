//! How often one caller may ask the holder, and how callers share the holder's attention.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a question that cannot be put fails its test"
)]

use std::io::Read as _;
use std::process::{Child, Command, Stdio};

use cpxd_tests::agent::{Agent, Answer, CLIENT, JSON};
use cpxd_tests::calls::{ORIGIN, authenticate_body, path_of};
use cpxd_tests::door::pair;
use cpxd_tests::exchange::Exchange;
use cpxd_tests::scripted::demo_with_holder;
use cpxd_tests::waiting::until;
use serde_json::{Value, json};

/// A question in the background, over TLS with a token.
struct Asking(Child);

impl Asking {
    fn start(agent: &Agent, card: &Value, token: &str) -> Self {
        let curl = Command::new("curl")
            .args(["--silent", "--cacert"])
            .arg(agent.state_dir().join("ca.pem"))
            .args(["-H", &format!("Authorization: Bearer {token}")])
            .args(["-H", CLIENT, "-H", JSON, "-d"])
            .arg(authenticate_body().to_string())
            .arg(format!("{}{}", agent.url(), path_of(card, "/authenticate")))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self(curl)
    }

    fn is_answered(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    /// Its error code; empty for a token.
    fn code(mut self) -> String {
        let mut text = String::new();
        let mut stdout = self.0.stdout.take().unwrap();
        stdout.read_to_string(&mut text).unwrap();
        let answer: Value = serde_json::from_str(&text).unwrap();
        answer["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Fills a caller's share of the row: gives its four questions once a fifth is told that they wait.
fn fill_the_share(agent: &Agent, card: &Value, token: &str) -> Vec<Asking> {
    let mut asking: Vec<_> = (0..5).map(|_| Asking::start(agent, card, token)).collect();
    let refused = until("the question that is one too many", || {
        asking.iter_mut().position(Asking::is_answered)
    });
    assert_eq!(asking.swap_remove(refused).code(), "busy");
    asking
}

#[test]
fn a_caller_with_many_questions_leaves_places_and_turns_to_another() {
    let (yes, no) = (r#"{ pin = "1234" }"#, "{ consent = false }");
    // Two pairings, the question that holds all up, and then by turns the one caller's and the other's.
    let answers = [
        yes,
        yes,
        "{ delay_ms = 600000 }",
        yes,
        no,
        yes,
        no,
        yes,
        no,
        no,
    ];
    let agent = demo_with_holder(&format!("answers = [ {} ]", answers.join(", ")));
    let card = agent.card();
    let (one, _) = pair(&agent, &["authenticate"], &[ORIGIN]);
    let (other, _) = pair(&agent, &["authenticate"], &[ORIGIN]);
    let events = agent.events();
    let first = Asking::start(&agent, &card, &one);
    let _ = events.wait_for("prompt-opened");
    let mut of_one: Vec<_> = (0..4).map(|_| Asking::start(&agent, &card, &one)).collect();
    let refused = until("the question that is one too many", || {
        of_one.iter_mut().position(Asking::is_answered)
    });
    assert_eq!(of_one.swap_remove(refused).code(), "busy");
    let of_other = fill_the_share(&agent, &card, &other);
    drop(first);
    for asking in of_one {
        assert_eq!(asking.code(), "", "the first caller's are those with a yes");
    }
    for asking in of_other {
        assert_eq!(asking.code(), "cancelled", "the other's came in between");
    }
}

#[test]
fn who_has_four_questions_waiting_is_told_that_they_are_its_own() {
    let agent = demo_with_holder("answers = [ {}, { delay_ms = 600000 } ]");
    let card = agent.card();
    let (token, _) = pair(&agent, &["authenticate"], &[ORIGIN]);
    let _waiting = fill_the_share(&agent, &card, &token);
    let body = authenticate_body().to_string();
    let authorization = format!("Authorization: Bearer {token}");
    let arguments = ["-H", &authorization, "-H", CLIENT, "-H", JSON, "-d", &body];
    let path = path_of(&card, "/authenticate");
    let one_more = agent.curl(&path, &arguments);
    assert_eq!((one_more.status, one_more.code()), (503, "busy"));
    assert_eq!(one_more.body["reason"], "own-questions-wait");
}

#[test]
fn a_question_that_nobody_saw_says_so() {
    let agent = demo_with_holder("answers = [ { pin = \"1234\", delay_ms = 600000 } ]");
    let card = agent.card();
    let token = agent.token();
    let events = agent.events();
    let _first = Asking::start(&agent, &card, &token);
    let _ = events.wait_for("prompt-opened");
    let mut body = authenticate_body();
    body["timeoutSeconds"] = json!(1);
    let behind = agent.call_socket(&path_of(&card, "/authenticate"), &body);
    assert_eq!((behind.status, behind.code()), (408, "timeout"));
    assert_eq!(behind.body["reason"], "never-asked");
}

#[test]
fn who_is_refused_again_and_again_has_to_be_silent_and_nobody_else_has() {
    let no = "{ consent = false }";
    let agent = demo_with_holder(&format!(
        "answers = [ {no}, {no}, {{ pin = \"1234\" }}, {no}, {no}, {no}, {{ pin = \"1234\" }} ]"
    ));
    let card = agent.card();
    let path = path_of(&card, "/authenticate");
    let ask = || agent.call_socket(&path, &authenticate_body());
    let refused = |answer: &Answer| (answer.status, answer.code().to_owned());
    for _ in 0..2 {
        assert_eq!(refused(&ask()), (403, "cancelled".to_owned()));
    }
    assert_eq!(ask().status, 200, "cancelled twice, and then wanted");
    for _ in 0..3 {
        assert_eq!(refused(&ask()), (403, "cancelled".to_owned()));
    }
    assert_eq!(refused(&ask()), (429, "rate-limited".to_owned()));
    let body = authenticate_body().to_string();
    let arguments = ["-H", CLIENT, "-H", JSON, "-d", &body];
    let socket = agent.endpoint()["socket"].as_str().unwrap().to_owned();
    let mut curl = cpxd_tests::exchange::curl();
    curl.args(["--unix-socket", &socket]).args(arguments);
    let silent = Exchange::by(curl.arg(format!("http://localhost{path}")));
    let wait: u64 = silent.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    assert_eq!(agent.authenticate(&card).status, 200, "another caller");
}

#[test]
fn a_hundred_questions_that_are_answered_are_no_nagging() {
    let agent = Agent::demo(&[]);
    let path = path_of(&agent.card(), "/authenticate");
    for _ in 0..100 {
        let answer = agent.call_socket(&path, &authenticate_body());
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}
