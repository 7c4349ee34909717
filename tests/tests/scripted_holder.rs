//! What a holder does, and what it costs: the tries of the code above all.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a holder who cannot be asked fails its test"
)]

use std::process::{Child, Command, Stdio};

use cpxd_tests::agent::{Agent, Answer, CLIENT, JSON};
use cpxd_tests::calls::{authenticate_body, path_of, sign_body};
use cpxd_tests::scripted::{demo_with_holder, text_file};
use cpxd_tests::waiting::until;
use serde_json::{Value, json};

/// Holders who give one wrong code after the other and then, warned, the right one.
const FORGETFUL: &str = r#"
pin = "1234"
answers = [ { pin = "0000" }, { pin = "1111" }, {}, { consent = true }, {} ]
"#;

fn refused(answer: &Answer) -> (u16, &str, &Value) {
    (answer.status, answer.code(), &answer.body["triesLeft"])
}

fn pin_of(agent: &Agent) -> Value {
    agent.card()["pin"].clone()
}

#[test]
fn a_wrong_code_costs_one_try_and_the_last_one_needs_a_yes() {
    let agent = demo_with_holder(FORGETFUL);
    let card = agent.card();
    let events = agent.events();
    assert_eq!(
        refused(&agent.authenticate(&card)),
        (403, "pin-wrong", &json!(2))
    );
    let _ = events.wait_for("card-state");
    assert_eq!(agent.tries_left(), 2);
    assert_eq!(
        refused(&agent.sign(&card, &["Ordonnance"])),
        (403, "pin-wrong", &json!(1))
    );
    assert_eq!(agent.tries_left(), 1);
    let not_confirmed = agent.authenticate(&card);
    assert_eq!(
        refused(&not_confirmed),
        (403, "last-try-not-confirmed", &Value::Null)
    );
    assert_eq!(
        agent.tries_left(),
        1,
        "the right code was there, the yes was not"
    );
    assert_eq!(agent.authenticate(&card).status, 200);
    assert_eq!(agent.tries_left(), 3);
    assert_eq!(agent.authenticate(&card).status, 200, "no more warning");
}

#[test]
fn three_wrong_codes_block_the_card_and_nobody_is_asked_any_more() {
    let agent = demo_with_holder(
        r#"
        consent = true
        answers = [ { pin = "0000" }, { pin = "0001" }, { pin = "0002" }, { pin = "1234" } ]
        "#,
    );
    let card = agent.card();
    for tries_left in [2, 1] {
        let answer = agent.authenticate(&card);
        assert_eq!(refused(&answer), (403, "pin-wrong", &json!(tries_left)));
        assert_eq!(agent.tries_left(), tries_left);
    }
    let third = agent.authenticate(&card);
    assert_eq!((third.status, third.code()), (409, "pin-blocked"));
    let blocked = json!({ "state": "blocked", "triesLeft": 0, "triesMaximum": 3 });
    assert_eq!(pin_of(&agent), blocked);
    for answer in [
        agent.authenticate(&card),
        agent.sign(&card, &["Ordonnance"]),
    ] {
        assert_eq!((answer.status, answer.code()), (409, "pin-blocked"));
    }
    assert_eq!(pin_of(&agent), blocked);
    let events = agent.events_so_far();
    let questions = events.iter().filter(|event| *event == "prompt-opened");
    assert_eq!(questions.count(), 3, "{events:?}");
}

#[test]
fn a_holder_who_says_no_or_goes_away_cancels_and_spends_nothing() {
    let agent = demo_with_holder(
        r#"
        pin = "0000"
        answers = [ { consent = false }, { go_away = true } ]
        "#,
    );
    let card = agent.card();
    for _ in ["says no", "goes away", "is not there any more"] {
        let answer = agent.authenticate(&card);
        assert_eq!(refused(&answer), (403, "cancelled", &Value::Null));
    }
    assert_eq!(agent.tries_left(), 3);
}

#[test]
fn a_holder_without_an_answer_cancels_and_says_what_to_add() {
    for (script, call, missing) in [
        ("", "/authenticate", "`pin`"),
        ("pin = \"1234\"", "/pin/change", "`new_pin`"),
        (
            "answers = [ { pin = \"0000\" } ]",
            "/authenticate",
            "one more table in `answers`",
        ),
    ] {
        let agent = demo_with_holder(script);
        let card = agent.card();
        let ask = || match call {
            "/authenticate" => agent.authenticate(&card),
            call => agent.call_socket(&path_of(&card, call), &json!({})),
        };
        if script.starts_with("answers") {
            assert_eq!(ask().code(), "pin-wrong");
        }
        let answer = ask();
        assert_eq!((answer.status, answer.code()), (403, "cancelled"));
        assert_eq!(answer.body["reason"], "script-lacks-answer");
        let detail = answer.body["detail"].as_str().unwrap();
        for key in ["new_pin", "unblock_code", "answers"] {
            assert!(detail.contains(key), "{detail}");
        }
        let said = until("a line in the log", || {
            let log = agent.log();
            let mut lines = log.lines();
            let line = lines.find(|line| line.contains("the scripted holder"));
            line.map(str::to_owned)
        });
        assert!(said.contains(&format!("lacks {missing}")), "{said}");
    }
}

#[test]
fn a_holder_without_a_code_cancels() {
    for script in ["", "consent = true", "new_pin = \"4321\""] {
        let agent = demo_with_holder(script);
        let answer = agent.authenticate(&agent.card());
        assert_eq!(
            (answer.status, answer.code()),
            (403, "cancelled"),
            "{script}"
        );
        assert_eq!(agent.tries_left(), 3);
    }
}

#[test]
fn what_the_card_does_not_take_for_a_code_is_not_sent() {
    for pin in [
        "",
        "123",
        "12345",
        "12345678",
        "123456789",
        "12a4",
        "١٢٣٤",
        "1234 ",
    ] {
        let agent = demo_with_holder(&format!("pin = {pin:?}\nconsent = true"));
        let answer = agent.authenticate(&agent.card());
        assert_eq!(refused(&answer), (403, "pin-length", &Value::Null), "{pin}");
        assert_eq!(agent.tries_left(), 3, "{pin}");
    }
}

#[test]
fn a_holder_who_takes_too_long_is_a_timeout_and_no_code_is_sent() {
    let agent =
        demo_with_holder(r#"answers = [ { pin = "0000", delay_ms = 60000 }, { pin = "1234" } ]"#);
    let card = agent.card();
    let events = agent.events();
    let mut body = authenticate_body();
    body["timeoutSeconds"] = json!(1);
    let answer = agent.call(&path_of(&card, "/authenticate"), &body);
    assert_eq!(refused(&answer), (408, "timeout", &Value::Null));
    assert_eq!(events.next().event, "prompt-opened");
    assert_eq!(events.next().event, "prompt-closed");
    assert_eq!(agent.tries_left(), 3);
    assert_eq!(agent.authenticate(&card).status, 200);
}

/// A caller that is stopped while the holder still thinks.
fn caller_who_goes_away(agent: &Agent, url: &str, arguments: &[&str]) -> Child {
    Command::new("curl")
        .args([
            "--silent",
            "-H",
            &agent.authorization(),
            "-H",
            CLIENT,
            "-H",
            JSON,
        ])
        .arg("--cacert")
        .arg(agent.state_dir().join("ca.pem"))
        .args(arguments)
        .arg("-d")
        .arg(authenticate_body().to_string())
        .arg(url)
        .stdout(Stdio::piped())
        .spawn()
        .expect("curl is installed (cargo xtask test installs it)")
}

#[test]
fn a_caller_who_goes_away_takes_the_question_along_and_no_code_is_sent() {
    let thinking = r#"{ pin = "0000", delay_ms = 60000 }"#;
    let agent = demo_with_holder(&format!(
        r#"answers = [ {thinking}, {thinking}, {thinking}, {{ pin = "1234" }} ]"#
    ));
    let card = agent.card();
    let path = path_of(&card, "/authenticate");
    let over_tls = format!("{}{path}", agent.url());
    let on_the_socket = format!("http://localhost{path}");
    let socket = agent.endpoint()["socket"].as_str().unwrap().to_owned();
    let events = agent.events();
    for (url, arguments) in [
        (&over_tls, &["--http2"][..]),
        (&over_tls, &["--http1.1"]),
        (&on_the_socket, &["--unix-socket", &socket]),
    ] {
        let mut caller = caller_who_goes_away(&agent, url, arguments);
        assert_eq!(events.next().event, "prompt-opened");
        caller.kill().unwrap();
        caller.wait().unwrap();
        assert_eq!(events.next().event, "prompt-closed", "{arguments:?}");
    }
    assert_eq!(agent.tries_left(), 3);
    assert_eq!(
        agent.authenticate(&card).status,
        200,
        "the next one is served"
    );
    assert_eq!(agent.tries_left(), 3);
}

#[test]
fn no_second_question_is_put_while_the_holder_thinks_about_the_first() {
    let agent =
        demo_with_holder(r#"answers = [ { pin = "0000", delay_ms = 60000 }, { pin = "1234" } ]"#);
    let card = agent.card();
    let path = path_of(&card, "/authenticate");
    let events = agent.events();
    let mut first = caller_who_goes_away(&agent, &format!("{}{path}", agent.url()), &[]);
    let _ = events.wait_for("prompt-opened");
    let mut body = authenticate_body();
    body["timeoutSeconds"] = json!(1);
    let second = agent.call(&path, &body);
    assert_eq!(
        second.code(),
        "timeout",
        "its answer would have come at once"
    );
    first.kill().unwrap();
    first.wait().unwrap();
    assert_eq!(agent.authenticate(&card).status, 200);
    assert_eq!(agent.tries_left(), 3);
}

#[test]
fn callers_who_ask_at_once_get_one_answer_each() {
    let agent = demo_with_holder(
        r#"answers = [ { pin = "1234", delay_ms = 200 }, { consent = false }, { pin = "1234" } ]"#,
    );
    let card = agent.card();
    let mut codes = std::thread::scope(|scope| {
        let callers = [(); 4].map(|()| scope.spawn(|| agent.authenticate(&card)));
        callers.map(|caller| caller.join().unwrap().code().to_owned())
    });
    codes.sort_unstable();
    assert_eq!(codes, ["", "", "cancelled", "cancelled"]);
}

#[test]
fn a_question_is_announced_when_it_is_put_and_not_while_it_waits() {
    let agent = demo_with_holder("pin = \"1234\"\ndelay_ms = 100");
    let card = agent.card();
    let events = agent.events();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| assert_eq!(agent.authenticate(&card).status, 200));
        }
    });
    for _ in 0..3 {
        assert_eq!(events.next().event, "prompt-opened");
        assert_eq!(events.next().event, "prompt-closed");
    }
}

#[test]
fn a_caller_who_finds_no_place_in_the_row_of_questions_is_told_so_at_once() {
    let agent = demo_with_holder(r#"answers = [ { pin = "1234", delay_ms = 60000 } ]"#);
    let card = agent.card();
    let url = format!("{}{}", agent.url(), path_of(&card, "/authenticate"));
    let mut callers: Vec<_> = (0..5)
        .map(|_| caller_who_goes_away(&agent, &url, &[]))
        .collect();
    let refused = until("the one who finds no place", || {
        callers
            .iter_mut()
            .position(|caller| caller.try_wait().unwrap().is_some())
    });
    let answer = callers.swap_remove(refused).wait_with_output().unwrap();
    let answer: Value = serde_json::from_slice(&answer.stdout).unwrap();
    assert_eq!(answer["code"], "busy");
    for caller in &mut callers {
        assert!(
            caller.try_wait().unwrap().is_none(),
            "four of one caller may wait"
        );
    }
    for caller in &mut callers {
        caller.kill().unwrap();
        caller.wait().unwrap();
    }
    until("room again", || {
        (agent.authenticate(&card).code() != "busy").then_some(())
    });
    assert_eq!(agent.tries_left(), 3);
}

#[test]
fn the_scripted_holder_does_not_answer_in_the_production_environment() {
    let script = text_file("pin = \"1234\"\nconsent = true");
    let script = script.path().to_string_lossy();
    let agent = Agent::run(&["--reader-source", "virtual", "--scripted-holder", &script]);
    let card = agent.card();
    for (call, body) in [
        ("/authenticate", authenticate_body()),
        ("/sign", sign_body(&["Ordonnance"])),
    ] {
        let answer = agent.call_socket(&path_of(&card, call), &body);
        assert_eq!(
            (answer.status, answer.code()),
            (409, "environment-mismatch")
        );
    }
    assert_eq!(agent.tries_left(), 3);
}

#[test]
fn the_log_does_not_hold_what_was_typed_even_where_it_goes_no_further() {
    let script = text_file("pin = \"73918264\"");
    let script = script.path().to_string_lossy();
    let agent = Agent::demo(&["--log-level", "trace", "--scripted-holder", &script]);
    assert_eq!(agent.authenticate(&agent.card()).code(), "pin-length");
    let log = agent.log();
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "{log}");
    for code in ["73918264", "3733393138323634", "37 33 39 31"] {
        assert!(!log.contains(code), "the log holds {code}");
    }
}
