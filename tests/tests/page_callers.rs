//! Pages: what a site without a grant gets, what one with a grant gets, and who may read answers.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a page that cannot be tried fails its test"
)]

use std::process::{Child, Command, Stdio};

use cpxd_tests::agent::{Agent, CLIENT, JSON};
use cpxd_tests::calls::{ORIGIN, nonce, path_of, sign_body};
use cpxd_tests::door::{page, page_post, request_grant};
use cpxd_tests::exchange::Exchange;
use cpxd_tests::scripted::demo_with_holder;
use cpxd_tests::waiting::until;
use serde_json::json;

const EVIL: &str = "https://evil.example";

fn refusal(answer: &Exchange) -> (u16, String) {
    (answer.status, answer.code())
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn reader(answer: &Exchange) -> Option<&str> {
    answer.header("access-control-allow-origin")
}

/// Rights that the demo's holder gave to the tests' site.
fn granted(agent: &Agent, rights: &[&str]) {
    let answer = request_grant(agent, ORIGIN, rights);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.json()["origin"], ORIGIN);
    assert!(answer.json()["end"].is_string());
}

fn preflight(agent: &Agent, origin: &str, path: &str) -> Exchange {
    let arguments = [
        "-X",
        "OPTIONS",
        "-H",
        "Access-Control-Request-Method: POST",
        "-H",
        "Access-Control-Request-Headers: content-type,x-cpxd-client",
        "-H",
        "Access-Control-Request-Private-Network: true",
    ];
    page(agent, origin, path, &arguments)
}

#[test]
fn a_holder_who_grants_more_is_told_of_what_is_renewed_with_it() {
    let agent = Agent::demo(&[]);
    granted(&agent, &["identify"]);
    granted(&agent, &["authenticate"]);
    let journal = agent.cli(&["journal", "--json", "--last", "1"]);
    let text = String::from_utf8(journal.stdout).unwrap();
    assert!(
        text.contains("identify") && text.contains("authenticate"),
        "{text}"
    );
}

#[test]
fn a_page_with_a_grant_gets_what_the_grant_names_and_reads_the_answer() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    granted(&agent, &["identify", "authenticate"]);
    let cards = page(&agent, ORIGIN, "/v1/cards", &[]);
    assert_eq!((cards.status, reader(&cards)), (200, Some(ORIGIN)));
    assert_eq!(cards.header("vary"), Some("origin"));
    assert_eq!(cards.header("access-control-allow-credentials"), None);
    let path = path_of(&card, "/authenticate");
    let token = page_post(&agent, ORIGIN, &path, &json!({ "nonce": nonce() }));
    assert_eq!(
        (token.status, reader(&token)),
        (200, Some(ORIGIN)),
        "{}",
        token.body
    );
    let sign = page_post(&agent, ORIGIN, &path_of(&card, "/sign"), &sign_body(&["a"]));
    assert_eq!(refusal(&sign), refused(403, "right-missing"));
    assert_eq!(
        reader(&sign),
        Some(ORIGIN),
        "a page reads why it was refused"
    );
}

#[test]
fn a_page_cannot_be_another_origin_nor_name_its_own() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    granted(&agent, &["authenticate"]);
    let path = path_of(&card, "/authenticate");
    for origin in [ORIGIN, "https://bank.example"] {
        let body = json!({ "nonce": nonce(), "origin": origin });
        let answer = page_post(&agent, ORIGIN, &path, &body);
        assert_eq!(refusal(&answer), refused(400, "bad-request"), "{origin}");
        assert_eq!(answer.json()["field"], "origin");
        assert_eq!(answer.json()["reason"], "origin-named");
    }
}

#[test]
fn look_alike_suffix_sub_domain_null_and_foreign_origins_have_no_part_in_a_grant() {
    let agent = Agent::demo(&[]);
    granted(&agent, &["identify"]);
    let token = agent.authorization();
    for origin in [
        EVIL,
        "null",
        "http://service.example",
        "https://service.example:8443",
        "https://service.example.",
        "https://SERVICE.example",
        "https://sub.service.example",
        "https://evilservice.example",
        "https://service.example.evil.test",
        "https://service.example@evil.test",
        "https://servicé.example",
        "https://service.example/",
        "https://service.example, https://evil.example",
    ] {
        for arguments in [vec![], vec!["-H", token.as_str()]] {
            let answer = page(&agent, origin, "/v1/cards", &arguments);
            assert_eq!(
                refusal(&answer),
                refused(403, "origin-not-granted"),
                "{origin}"
            );
            assert_eq!(reader(&answer), None, "{origin}");
        }
        let asked = preflight(&agent, origin, "/v1/cards");
        assert_eq!(
            refusal(&asked),
            refused(403, "origin-not-granted"),
            "{origin}"
        );
        assert_eq!(reader(&asked), None, "{origin}");
    }
    let two = ["-H", "Origin: https://evil.example"];
    let answer = page(&agent, ORIGIN, "/v1/cards", &two);
    assert_eq!(
        refusal(&answer),
        refused(403, "origin-not-granted"),
        "two origins"
    );
}

#[test]
fn a_preflight_is_answered_for_a_granted_origin_and_for_the_request_of_a_grant() {
    let agent = Agent::demo(&[]);
    granted(&agent, &["identify"]);
    for (origin, path) in [
        (ORIGIN, "/v1/cards"),
        (ORIGIN, "/v1/grants/requests"),
        (EVIL, "/v1/grants/requests"),
    ] {
        let answer = preflight(&agent, origin, path);
        assert_eq!(
            (answer.status, reader(&answer)),
            (204, Some(origin)),
            "{path}"
        );
        let value = |name| answer.header(name).unwrap_or_default();
        assert!(value("access-control-allow-headers").contains("x-cpxd-client"));
        assert!(!value("access-control-allow-headers").contains("authorization"));
        assert_eq!(value("access-control-allow-private-network"), "true");
    }
    for (origin, path) in [
        (EVIL, "/v1/cards"),
        (EVIL, "/v1"),
        ("null", "/v1/grants/requests"),
    ] {
        let answer = preflight(&agent, origin, path);
        assert_eq!(
            refusal(&answer),
            refused(403, "origin-not-granted"),
            "{origin} {path}"
        );
        assert_eq!(reader(&answer), None);
    }
}

#[test]
fn a_simple_cross_site_request_is_never_executed() {
    let agent = demo_with_holder("pin = \"1234\"\nconsent = true");
    let card = agent.card();
    granted(&agent, &["authenticate"]);
    let path = path_of(&card, "/authenticate");
    let body = json!({ "nonce": nonce() }).to_string();
    let plain = ["-H", "Content-Type: text/plain", "-d", &body];
    for path in [path.as_str(), "/v1/grants/requests", "/v1/pairings"] {
        let without_client = page(&agent, ORIGIN, path, &plain);
        assert!(
            [400, 403].contains(&without_client.status),
            "{without_client:?}"
        );
        let with_client = page(
            &agent,
            ORIGIN,
            path,
            &[&plain[..], &["-H", CLIENT]].concat(),
        );
        assert!([400, 403].contains(&with_client.status), "{with_client:?}");
    }
    let no_client = page(&agent, ORIGIN, &path, &["-H", JSON, "-d", &body]);
    assert_eq!(refusal(&no_client), refused(400, "client-header-missing"));
}

#[test]
fn no_page_manages_codes_grants_or_pairings() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    granted(&agent, &["identify", "authenticate", "sign"]);
    let change = page_post(&agent, ORIGIN, &path_of(&card, "/pin/change"), &json!({}));
    assert_eq!(refusal(&change), refused(403, "right-missing"));
    let list = page(&agent, ORIGIN, "/v1/grants", &[]);
    assert_eq!(refusal(&list), refused(403, "right-missing"));
    for right in ["manage", "decipher"] {
        let more = request_grant(&agent, ORIGIN, &[right]);
        assert_eq!(refusal(&more), refused(400, "bad-request"), "{right}");
    }
    let body = json!({ "name": "Page", "rights": ["identify"] });
    for origin in [ORIGIN, EVIL] {
        let pairing = page_post(&agent, origin, "/v1/pairings", &body);
        assert_eq!(
            refusal(&pairing),
            refused(403, "origin-not-granted"),
            "{origin}"
        );
    }
}

#[test]
fn a_page_that_was_refused_cannot_nag() {
    let agent = demo_with_holder("answers = [ { consent = false }, { consent = true } ]");
    let first = request_grant(&agent, EVIL, &["identify"]);
    assert_eq!(refusal(&first), refused(403, "cancelled"));
    assert_eq!(reader(&first), Some(EVIL), "it reads that it was refused");
    for _ in 0..3 {
        let again = request_grant(&agent, EVIL, &["identify"]);
        assert_eq!(refusal(&again), refused(429, "rate-limited"));
        let wait: u64 = again.header("retry-after").unwrap().parse().unwrap();
        assert!((580..=600).contains(&wait), "{wait}");
    }
    granted(&agent, &["identify"]);
}

/// The request of a page to be let in, in the background, with a `curl` that can be ended.
struct Requesting(Child);

impl Requesting {
    /// Starts it, and again if the site's question before it has not left yet, until the holder was
    /// asked for the `nth` time.
    fn until_the_holder_is_asked(agent: &Agent, origin: &str, nth: usize) -> Self {
        let mut requesting = Self::start(agent, origin);
        until("the site's question", || {
            if requesting.0.try_wait().expect("its state").is_some() {
                requesting = Self::start(agent, origin);
            }
            let asked = agent.log().matches("the holder is asked to let").count();
            (asked == nth).then_some(())
        });
        requesting
    }

    fn start(agent: &Agent, origin: &str) -> Self {
        let curl = Command::new("curl")
            .args(["--silent", "--include", "--cacert"])
            .arg(agent.state_dir().join("ca.pem"))
            .args(["-H", &format!("Origin: {origin}"), "-H", CLIENT, "-H", JSON])
            .args(["-d", &json!({ "rights": ["identify"] }).to_string()])
            .arg(format!("{}/v1/grants/requests", agent.url()))
            .stdout(Stdio::null())
            .spawn()
            .expect("curl starts");
        Self(curl)
    }

    fn leave(mut self) {
        self.0.kill().expect("it runs");
        self.0.wait().expect("it ends");
    }
}

fn request_for_a_second(agent: &Agent, origin: &str) -> Exchange {
    let body = json!({ "rights": ["identify"], "timeoutSeconds": 1 });
    page_post(agent, origin, "/v1/grants/requests", &body)
}

#[test]
fn a_page_that_leaves_takes_its_question_along_and_the_next_one_has_its_turn() {
    let agent = demo_with_holder("answers = [ { delay_ms = 600000 }, {} ]");
    let leaving = Requesting::until_the_holder_is_asked(&agent, EVIL, 1);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| request_grant(&agent, ORIGIN, &["identify"]));
        leaving.leave();
        assert_eq!(waiting.join().expect("its answer").status, 200);
    });
}

#[test]
fn a_site_is_not_told_of_others_and_a_time_out_in_the_row_is_no_refusal() {
    let agent = demo_with_holder("answers = [ { delay_ms = 600000 }, {} ]");
    let first = Requesting::until_the_holder_is_asked(&agent, EVIL, 1);
    for _ in 0..5 {
        let behind = request_for_a_second(&agent, ORIGIN);
        assert_eq!(refusal(&behind), refused(408, "timeout"));
        assert_eq!(behind.json()["reason"], serde_json::Value::Null);
        assert_eq!(behind.header("retry-after"), None);
    }
    let second = request_for_a_second(&agent, EVIL);
    assert_eq!(refusal(&second), refused(429, "rate-limited"), "one each");
    first.leave();
    granted(&agent, &["identify"]);
}

#[test]
fn a_page_that_takes_its_question_away_again_and_again_is_as_good_as_refused() {
    let agent = demo_with_holder("delay_ms = 600000");
    for nth in 1..=3 {
        Requesting::until_the_holder_is_asked(&agent, EVIL, nth).leave();
    }
    let after = until("the silence", || {
        let after = request_for_a_second(&agent, EVIL);
        let wait: u64 = after.header("retry-after")?.parse().ok()?;
        (wait > 500).then_some(after)
    });
    assert_eq!(refusal(&after), refused(429, "rate-limited"));
}

#[test]
fn a_thousand_names_of_one_page_ask_no_more_than_a_few() {
    let agent = demo_with_holder("consent = false");
    let mut refusals = Vec::new();
    for number in 0..10 {
        let origin = format!("https://n{number}.evil.example");
        refusals.push(request_grant(&agent, &origin, &["identify"]).status);
    }
    assert_eq!(refusals.iter().filter(|status| **status == 403).count(), 6);
    assert_eq!(refusals.iter().filter(|status| **status == 429).count(), 4);
}

#[test]
fn a_revoked_site_is_a_stranger_at_its_next_request() {
    let mut agent = Agent::demo(&[]);
    granted(&agent, &["identify"]);
    agent.stop();
    agent.start_again();
    assert_eq!(
        page(&agent, ORIGIN, "/v1/cards", &[]).status,
        200,
        "a grant is kept"
    );
    let list = agent.read_socket("/v1/grants").body;
    let id = list["grants"].get(0).unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/v1/grants/{id}");
    assert_eq!(
        agent
            .curl_socket(&path, &["-X", "DELETE", "-H", CLIENT])
            .status,
        204
    );
    let after = page(&agent, ORIGIN, "/v1/cards", &[]);
    assert_eq!(refusal(&after), refused(403, "origin-not-granted"));
    assert_eq!(reader(&after), None);
}

#[test]
fn a_missing_origin_without_a_token_is_nobody_and_no_program_asks_for_a_sites_grant() {
    let agent = Agent::demo(&[]);
    let body = json!({ "rights": ["identify"] });
    let text = body.to_string();
    let nobody = agent.exchange(
        "/v1/grants/requests",
        &["-H", CLIENT, "-H", JSON, "-d", &text],
    );
    assert_eq!(refusal(&nobody), refused(401, "token-invalid"));
    for answer in [
        agent.call("/v1/grants/requests", &body),
        agent.call_socket("/v1/grants/requests", &body),
    ] {
        assert_eq!((answer.status, answer.code()), (403, "right-missing"));
    }
    let stated = agent.curl_socket(
        "/v1/grants/requests",
        &[
            "-H",
            "Cpxd-Page-Origin: https://service.example",
            "-H",
            CLIENT,
            "-H",
            JSON,
            "-d",
            &text,
        ],
    );
    assert_eq!((stated.status, stated.code()), (403, "origin-not-granted"));
}
