//! Desktop programs: how one is paired, what its token is good for, and how that ends.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a pairing that cannot be tried fails its test"
)]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use cpxd_tests::agent::{Agent, CLIENT, JSON};
use cpxd_tests::calls::{ORIGIN, authenticate_body, nonce, path_of, sign_body};
use cpxd_tests::door::{fetch_token, open_pairing, pair, post, request_grant};
use cpxd_tests::scripted::demo_with_holder;
use cpxd_tests::waiting::until;
use serde_json::{Value, json};

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}")
}

fn read_with(agent: &Agent, token: &str, path: &str) -> (u16, String) {
    let answer = agent.curl(path, &["-H", &bearer(token)]);
    (answer.status, answer.code().to_owned())
}

fn call_with(agent: &Agent, token: &str, path: &str, body: &Value) -> (u16, String) {
    let body = body.to_string();
    let token = bearer(token);
    let answer = agent.curl(path, &["-H", &token, "-H", CLIENT, "-H", JSON, "-d", &body]);
    (answer.status, answer.code().to_owned())
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn grants(agent: &Agent) -> Vec<Value> {
    let list = agent.read_socket("/v1/grants");
    assert_eq!(list.status, 200, "{}", list.text);
    list.body["grants"].as_array().unwrap().clone()
}

fn revoke(agent: &Agent, id: &str) -> (u16, String) {
    let path = format!("/v1/grants/{id}");
    let answer = agent.curl_socket(&path, &["-X", "DELETE", "-H", CLIENT]);
    (answer.status, answer.code().to_owned())
}

#[test]
fn three_calls_pair_a_program_and_let_it_do_what_it_asked_for() {
    let agent = Agent::demo(&[]);
    let opened = open_pairing(&agent, "Logiciel", &["identify", "authenticate"], &[ORIGIN]);
    assert_eq!(opened.status, 200, "{}", opened.text);
    let code = opened.body["code"].as_str().unwrap();
    assert_eq!(code.len(), 6, "{code}");
    let paired = fetch_token(&agent, &opened.body["id"], &opened.body["secret"]);
    assert_eq!(paired.status, 200, "{}", paired.text);
    let token = paired.body["token"].as_str().unwrap();
    assert_eq!(paired.body["grant"]["name"], "Logiciel");
    let card = agent.card();
    let path = path_of(&card, "/authenticate");
    assert_eq!(read_with(&agent, token, "/v1/cards").0, 200);
    assert_eq!(call_with(&agent, token, &path, &authenticate_body()).0, 200);
    let listed = &grants(&agent)[0];
    assert_eq!(listed["id"], paired.body["grant"]["id"]);
    assert_eq!(listed["rights"], json!(["identify", "authenticate"]));
    assert_eq!(listed["origins"], json!([ORIGIN]));
    assert!(listed["lastUse"].is_string() && listed["end"].is_string());
}

#[test]
fn a_token_for_another_right_or_another_origin_opens_nothing() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    let (token, _) = pair(&agent, &["authenticate"], &[ORIGIN]);
    let right_missing = refused(403, "right-missing");
    assert_eq!(read_with(&agent, &token, "/v1/cards"), right_missing);
    let sign = path_of(&card, "/sign");
    let signature = call_with(&agent, &token, &sign, &sign_body(&["Ordonnance"]));
    assert_eq!(signature, right_missing);
    let change = call_with(&agent, &token, &path_of(&card, "/pin/change"), &json!({}));
    assert_eq!(change, right_missing);
    for origin in [
        "https://other.example",
        "https://sub.service.example",
        "https://service.example:8443",
        "https://service.example.evil.test",
    ] {
        let body = json!({ "nonce": nonce(), "origin": origin });
        let answer = call_with(&agent, &token, &path_of(&card, "/authenticate"), &body);
        assert_eq!(answer, refused(403, "origin-not-granted"), "{origin}");
    }
}

#[test]
fn a_replayed_pairing_secret_gets_no_second_token() {
    let agent = Agent::demo(&[]);
    let opened = open_pairing(&agent, "Logiciel", &["identify"], &[]).body;
    assert_eq!(
        fetch_token(&agent, &opened["id"], &opened["secret"]).status,
        200
    );
    let replayed = fetch_token(&agent, &opened["id"], &opened["secret"]);
    assert_eq!((replayed.status, replayed.code()), (404, "not-found"));
    assert_eq!(grants(&agent).len(), 1);
}

#[test]
fn only_the_secret_of_the_asker_fetches_the_token() {
    let agent = Agent::demo(&[]);
    let opened = open_pairing(&agent, "Logiciel", &["identify"], &[]).body;
    let other = open_pairing(&agent, "Autre", &["identify"], &[]).body;
    for secret in [&other["secret"], &opened["code"], &opened["id"], &json!("")] {
        let answer = fetch_token(&agent, &opened["id"], secret);
        assert_eq!(
            (answer.status, answer.code()),
            (401, "token-invalid"),
            "{secret}"
        );
    }
    assert!(grants(&agent).is_empty());
    let unknown = fetch_token(&agent, &json!("0123456789abcdef"), &opened["secret"]);
    assert_eq!((unknown.status, unknown.code()), (404, "not-found"));
    assert_eq!(
        fetch_token(&agent, &opened["id"], &opened["secret"]).status,
        200
    );
}

#[test]
fn a_holder_who_says_no_pairs_nobody() {
    let agent = demo_with_holder("consent = false");
    let opened = open_pairing(&agent, "Logiciel", &["identify"], &[]).body;
    let answer = fetch_token(&agent, &opened["id"], &opened["secret"]);
    assert_eq!((answer.status, answer.code()), (403, "cancelled"));
    let again = fetch_token(&agent, &opened["id"], &opened["secret"]);
    assert_eq!((again.status, again.code()), (404, "not-found"));
    assert!(grants(&agent).is_empty());
    assert!(!agent.state_dir().join("grants-test.json").exists());
}

#[test]
fn a_scripted_holder_lets_nobody_in_to_production_cards() {
    let script = cpxd_tests::scripted::text_file("consent = true");
    let script = script.path().to_string_lossy().into_owned();
    let arguments = ["--reader-source", "virtual", "--scripted-holder", &script];
    let agent = Agent::run(&arguments);
    let opened = open_pairing(&agent, "Logiciel", &["identify"], &[]).body;
    let answer = fetch_token(&agent, &opened["id"], &opened["secret"]);
    assert_eq!((answer.status, answer.code()), (403, "cancelled"));
}

#[test]
fn a_program_that_leaves_takes_its_question_along_and_may_come_back() {
    let agent = demo_with_holder("answers = [ { delay_ms = 60000 }, { consent = true } ]");
    let opened = open_pairing(&agent, "Logiciel", &["identify"], &[]).body;
    let path = format!("/v1/pairings/{}/token", opened["id"].as_str().unwrap());
    let body = json!({ "secret": opened["secret"] }).to_string();
    let mut leaving = Command::new("curl")
        .args(["--silent", "--cacert"])
        .arg(agent.state_dir().join("ca.pem"))
        .args(["-H", CLIENT, "-H", JSON, "-d", &body])
        .arg(format!("{}{path}", agent.url()))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let fetch = || fetch_token(&agent, &opened["id"], &opened["secret"]);
    // Until the first call has arrived the second one would be the first.
    until("the first call", || {
        agent.log().contains("grant-asked").then_some(())
    });
    let meanwhile = fetch();
    assert_eq!((meanwhile.status, meanwhile.code()), (503, "busy"));
    leaving.kill().unwrap();
    leaving.wait().unwrap();
    let answer = until("the question to be withdrawn", || {
        Some(fetch()).filter(|answer| answer.code() != "busy")
    });
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[test]
fn the_token_of_a_revoked_program_is_worth_nothing_at_its_next_request() {
    let mut agent = Agent::demo(&[]);
    let (token, id) = pair(&agent, &["identify"], &[]);
    let (other, _) = pair(&agent, &["identify"], &[]);
    assert_eq!(read_with(&agent, &token, "/v1/cards").0, 200);
    assert_eq!(revoke(&agent, &id), (204, String::new()));
    let unknown = refused(401, "token-invalid");
    assert_eq!(read_with(&agent, &token, "/v1/cards"), unknown);
    assert_eq!(read_with(&agent, &other, "/v1/cards").0, 200);
    assert_eq!(revoke(&agent, &id), refused(404, "not-found"));
    agent.stop();
    agent.start_again();
    assert_eq!(read_with(&agent, &token, "/v1/cards"), unknown);
    assert_eq!(read_with(&agent, &other, "/v1/cards").0, 200);
}

#[test]
fn the_journal_tells_who_was_let_in_refused_and_put_out() {
    let agent = demo_with_holder("answers = [ {}, { consent = false }, {} ]");
    let (_, id) = pair(&agent, &["identify"], &[]);
    let opened = open_pairing(&agent, "Autre", &["sign"], &[]).body;
    let refused = fetch_token(&agent, &opened["id"], &opened["secret"]);
    assert_eq!(refused.code(), "cancelled");
    assert_eq!(request_grant(&agent, ORIGIN, &["identify"]).status, 200);
    assert_eq!(revoke(&agent, &id).0, 204);
    let output = agent.cli(&["journal", "--json"]);
    let journal = String::from_utf8_lossy(&output.stdout).into_owned();
    for told in [
        "\"accepted\"",
        "\"refused\"",
        "\"revoked\"",
        "\"given\"",
        "Logiciel du cabinet",
        "Autre",
        ORIGIN,
        &id,
    ] {
        assert!(journal.contains(told), "{told}: {journal}");
    }
    assert!(agent.cli(&["journal", "verify"]).status.success());
}

#[test]
fn nobody_but_the_users_own_programs_lists_or_revokes_grants() {
    let agent = Agent::demo(&[]);
    let (token, id) = pair(&agent, &["identify", "manage"], &[]);
    let delete = format!("/v1/grants/{id}");
    for token in [token, agent.token()] {
        let token = bearer(&token);
        for (path, method) in [("/v1/grants", "GET"), (delete.as_str(), "DELETE")] {
            let arguments = ["-X", method, "-H", CLIENT, "-H", &token];
            for answer in [
                agent.curl(path, &arguments),
                agent.curl_socket(path, &arguments),
            ] {
                assert_eq!(
                    (answer.status, answer.code()),
                    (403, "right-missing"),
                    "{path}"
                );
            }
        }
    }
    let without = agent.curl("/v1/grants", &[]);
    assert_eq!((without.status, without.code()), (401, "token-invalid"));
    assert_eq!(grants(&agent).len(), 1);
}

#[test]
fn neither_token_nor_secret_is_in_a_file_or_the_log_and_the_grants_are_private() {
    let agent = Agent::demo(&[]);
    let opened = open_pairing(&agent, "Logiciel", &["identify"], &[]).body;
    let paired = fetch_token(&agent, &opened["id"], &opened["secret"]).body;
    let file = agent.state_dir().join("grants-test.json");
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let kept = fs::read_to_string(&file).unwrap();
    for secret in [&opened["secret"], &paired["token"]] {
        let secret = secret.as_str().unwrap();
        assert!(!kept.contains(secret) && !agent.log().contains(secret));
    }
    let kept: Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(kept["version"], 1);
}

#[test]
fn a_file_of_grants_that_cannot_be_trusted_grants_nothing_and_is_put_aside() {
    type Spoil = fn(&std::path::Path);
    let spoils: [Spoil; 3] = [
        |file| fs::write(file, "{").unwrap(),
        |file| {
            let text = fs::read_to_string(file).unwrap();
            fs::write(file, text.replace("\"programs\"", "\"program\"")).unwrap();
        },
        |file| fs::set_permissions(file, Permissions::from_mode(0o644)).unwrap(),
    ];
    for spoil in spoils {
        let mut agent = Agent::demo(&[]);
        let (token, _) = pair(&agent, &["identify"], &[]);
        agent.stop();
        let file = agent.state_dir().join("grants-test.json");
        spoil(&file);
        let spoiled = fs::read(&file).unwrap();
        agent.start_again();
        assert_eq!(
            read_with(&agent, &token, "/v1/cards"),
            refused(401, "token-invalid")
        );
        assert!(grants(&agent).is_empty());
        assert!(agent.log().contains("put aside"), "{}", agent.log());
        let aside = agent.state_dir().join("grants-test.json.unusable-1");
        assert_eq!(fs::read(aside).unwrap(), spoiled);
        let (token, _) = pair(&agent, &["identify"], &[]);
        assert_eq!(read_with(&agent, &token, "/v1/cards").0, 200);
    }
}

#[test]
fn pairings_are_limited_in_number_and_say_when_to_come_back() {
    let agent = Agent::demo(&[]);
    for _ in 0..8 {
        assert_eq!(
            open_pairing(&agent, "Logiciel", &["identify"], &[]).status,
            200
        );
    }
    let body = json!({ "name": "Logiciel", "rights": ["identify"] }).to_string();
    let one_more = agent.exchange("/v1/pairings", &["-H", CLIENT, "-H", JSON, "-d", &body]);
    let code = one_more.code();
    assert_eq!((one_more.status, code.as_str()), (429, "rate-limited"));
    let wait: u64 = one_more.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    assert_eq!(agent.read("/v1/cards").status, 200, "others are served");
}

#[test]
fn wrong_tokens_are_limited_in_number_and_good_ones_go_on() {
    let agent = Agent::demo(&[]);
    let url = format!("{}/v1/cards?[1-150]", agent.url());
    let output = Command::new("curl")
        .args([
            "--silent",
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code} ",
        ])
        .arg("--cacert")
        .arg(agent.state_dir().join("ca.pem"))
        .args(["-H", "Authorization: Bearer 00", &url])
        .output()
        .unwrap();
    let statuses = String::from_utf8(output.stdout).unwrap();
    let count = |status| statuses.split(' ').filter(|each| *each == status).count();
    assert!(count("401") >= 100 && count("429") > 0, "{statuses}");
    assert_eq!(agent.read("/v1/cards").status, 200);
}

#[test]
fn a_request_to_be_paired_names_the_field_that_is_wrong() {
    let agent = Agent::demo(&[]);
    for (body, field) in [
        (json!({ "rights": ["identify"] }), "name"),
        (
            json!({ "name": "a\u{1b}[2J", "rights": ["identify"] }),
            "name",
        ),
        (
            json!({ "name": "a", "rights": ["everything"] }),
            "rights[0]",
        ),
        (
            json!({ "name": "a", "rights": ["authenticate"] }),
            "origins",
        ),
        (
            json!({ "name": "a", "rights": ["authenticate"], "origins": ["null"] }),
            "origins[0]",
        ),
        (
            json!({ "name": "a", "rights": ["identify"], "token": "b" }),
            "token",
        ),
    ] {
        let answer = post(&agent, "/v1/pairings", &body);
        assert_eq!(
            (answer.status, answer.code()),
            (400, "bad-request"),
            "{body}"
        );
        assert_eq!(answer.body["field"], field);
    }
}

#[test]
fn the_command_line_pairs_lists_and_revokes() {
    let agent = Agent::demo(&[]);
    let file = agent.state_dir().join("token-of-a-program");
    let file_name = file.to_string_lossy().into_owned();
    let output = agent.cli(&[
        "pair",
        "--name",
        "Logiciel",
        "--right",
        "identify",
        "--right",
        "authenticate",
        "--origin",
        ORIGIN,
        "--token-file",
        &file_name,
    ]);
    let (said, remarked) = (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    );
    assert!(output.status.success(), "{said}{remarked}");
    assert!(remarked.contains("Code: "), "{remarked}");
    let token = fs::read_to_string(&file).unwrap();
    assert!(!said.contains(&token) && !remarked.contains(&token));
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(read_with(&agent, &token, "/v1/cards").0, 200);

    let listed = agent.cli(&["grants"]);
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.contains("Program “Logiciel”"), "{listed}");
    assert!(listed.contains(ORIGIN), "{listed}");
    let json: Value = serde_json::from_slice(&agent.cli(&["grants", "--json"]).stdout).unwrap();
    let id = json["grants"][0]["id"].as_str().unwrap().to_owned();
    assert!(agent.cli(&["grants", "revoke", &id]).status.success());
    assert_eq!(
        read_with(&agent, &token, "/v1/cards"),
        refused(401, "token-invalid")
    );
    for unknown in [id.as_str(), "../cards", ""] {
        let again = agent.cli(&["grants", "revoke", unknown]);
        assert_eq!(again.status.code(), Some(1), "{unknown}");
    }
}

#[test]
fn nobody_is_asked_to_pair_a_program_whose_token_could_not_be_kept() {
    let agent = Agent::demo(&[]);
    let there = agent.state_dir().join("ca.pem");
    let before = fs::read(&there).unwrap();
    let nowhere = agent.state_dir().join("no-such-folder/token");
    for (file, said) in [(&there, "ca.pem"), (&nowhere, "no-such-folder")] {
        let file = file.to_string_lossy().into_owned();
        let pair = [
            "pair",
            "--name",
            "Logiciel",
            "--right",
            "identify",
            "--token-file",
            &file,
        ];
        let output = agent.cli(&pair);
        let remarked = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{remarked}");
        assert!(remarked.contains(said), "{remarked}");
    }
    assert_eq!(fs::read(&there).unwrap(), before);
    let json: Value = serde_json::from_slice(&agent.cli(&["grants", "--json"]).stdout).unwrap();
    assert_eq!(json["grants"], serde_json::json!([]), "{json}");
}
