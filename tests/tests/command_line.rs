//! The commands that ask a running agent: what they print, write and end with.
#![expect(
    clippy::unwrap_used,
    reason = "a command that cannot be run fails its test"
)]

use std::fs;
use std::path::Path;
use std::process::Command;

use cpxd_tests::agent::Agent;
use cpxd_tests::calls::{ORIGIN, nonce};
use cpxd_tests::ended::Ended;
use cpxd_tests::judge::{bytes, openssl_verifies, web_eid_message};
use cpxd_tests::programs::program;
use cpxd_tests::scripted::{demo_with_holder, text_file};
use serde_json::Value;

fn cpxd(agent: &Agent, arguments: &[&str]) -> Ended {
    agent.cli(arguments).into()
}

fn done(agent: &Agent, arguments: &[&str]) -> String {
    let ended = cpxd(agent, arguments);
    assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
    ended.output
}

fn json(agent: &Agent, arguments: &[&str]) -> Value {
    let output = done(agent, &[arguments, &["--json"]].concat());
    serde_json::from_str(&output).unwrap()
}

fn authenticate<'a>(nonce: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [
        &["authenticate", "--origin", ORIGIN, "--nonce", nonce],
        more,
    ]
    .concat()
}

fn name(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A certificate as the command line prints it, in DER.
fn certificate(agent: &Agent, role: &str) -> Vec<u8> {
    let pem = done(agent, &["certificates", "--role", role, "--pem"]);
    let pem = text_file(&pem);
    let output = Command::new("openssl")
        .args(["x509", "-outform", "DER", "-in", name(pem.path())])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

#[test]
fn the_lists_show_reader_card_holder_and_tries() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    for command in ["status", "cards"] {
        let shown = done(&agent, &[command]);
        for expected in [
            "CAMILLE DUPONT",
            "9999123456",
            "899700000013",
            "Médecin",
            "test card",
            "3 tries left",
            "10 tries left",
            " days left",
            card["id"].as_str().unwrap(),
        ] {
            assert!(shown.contains(expected), "{command}: {expected}: {shown}");
        }
    }
    let shown = done(&agent, &["status"]);
    for expected in [&agent.url(), &agent.pid().to_string()] {
        assert!(shown.contains(expected.as_str()), "{shown}");
    }
    let readers = done(&agent, &["readers"]);
    assert_eq!(readers, "Virtual CPS reader 00: card present\n");
    let codes = done(&agent, &["pin", "status"]);
    assert!(codes.contains("3 tries left"), "{codes}");
    let certificates = done(&agent, &["certificates"]);
    assert_eq!(certificates.lines().count(), 3, "{certificates}");
    let number = card["number"].as_str().unwrap();
    assert!(certificates.lines().next().unwrap().contains(number));
}

#[test]
fn status_finds_an_agent_that_was_started_in_another_session() {
    let session = tempfile::tempdir().unwrap();
    let environment = [("XDG_RUNTIME_DIR", session.path().into())];
    let agent = Agent::run_in(&environment, &["--reader-source", "virtual"]);
    assert!(
        agent.endpoint()["socket"]
            .as_str()
            .unwrap()
            .starts_with(name(session.path()))
    );
    let status = done(&agent, &["status"]);
    assert!(status.contains(&agent.url()), "{status}");
    assert!(status.contains(&agent.pid().to_string()), "{status}");
}

#[test]
fn with_json_the_commands_print_what_the_api_answers() {
    let agent = Agent::demo(&[]);
    let cards = agent.read("/v1/cards").body;
    let readers = agent.read("/v1/readers").body;
    assert_eq!(json(&agent, &["cards"]), cards);
    assert_eq!(json(&agent, &["readers"]), readers);
    let status = json(&agent, &["status"]);
    assert_eq!(status["agent"], agent.read("/v1/status").body);
    assert_eq!(status["cards"], cards["cards"]);
    assert_eq!(status["readers"], readers["readers"]);
    let codes = json(&agent, &["pin", "status"]);
    assert_eq!(codes["cards"][0]["pin"], cards["cards"][0]["pin"]);
    assert_eq!(codes["cards"][0]["card"], cards["cards"][0]["id"]);
    let one = json(&agent, &["certificates", "--role", "signature"]);
    let der = bytes(&one["certificates"][0]["certificate"]);
    assert_eq!(der, certificate(&agent, "signature"));
    assert_eq!(one["certificates"][0]["card"], cards["cards"][0]["id"]);
    let all = json(&agent, &["certificates"]);
    assert_eq!(all["certificates"].as_array().unwrap().len(), 2);
}

#[test]
fn the_commands_speak_french_to_the_french() {
    let agent = Agent::demo(&[]);
    let _ = agent.card();
    let output = Command::new(program("cpxd"))
        .args(["--state-dir", name(agent.state_dir()), "pin", "status"])
        .env("LC_ALL", "fr_FR.UTF-8")
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("3 essais"), "{shown}");
}

#[test]
fn a_token_made_in_a_shell_is_verified_by_openssl() {
    let agent = Agent::demo(&[]);
    let _ = agent.card();
    let token: Value = serde_json::from_str(&done(&agent, &authenticate(&nonce(), &[]))).unwrap();
    let certificate = certificate(&agent, "authentication");
    assert_eq!(bytes(&token["unverifiedCertificate"]), certificate);
    let signature = bytes(&token["signature"]);
    let message = web_eid_message(ORIGIN, &nonce());
    assert!(openssl_verifies(
        &certificate,
        "-sha256",
        &signature,
        &message
    ));
}

#[test]
fn a_signed_file_has_its_signature_beside_it_or_where_it_was_asked_for() {
    let agent = Agent::demo(&[]);
    let _ = agent.card();
    let folder = tempfile::tempdir().unwrap();
    let certificate = certificate(&agent, "signature");
    let message = vec![0xA5; 300_000];
    let document = folder.path().join("ordonnance du jour.pdf");
    fs::write(&document, &message).unwrap();

    let said = done(&agent, &["sign", name(&document)]);
    let beside = folder.path().join("ordonnance du jour.pdf.sig");
    assert!(said.contains(name(&beside)), "{said}");
    let elsewhere = folder.path().join("elsewhere");
    done(
        &agent,
        &["sign", name(&document), "--out", name(&elsewhere)],
    );
    for file in [&beside, &elsewhere] {
        let signature = fs::read(file).unwrap();
        assert!(openssl_verifies(
            &certificate,
            "-sha256",
            &signature,
            &message
        ));
        assert!(!openssl_verifies(
            &certificate,
            "-sha256",
            &signature,
            b"another"
        ));
    }

    fs::remove_file(&beside).unwrap();
    let answer = json(&agent, &["sign", name(&document)]);
    let signature = bytes(&answer["signatures"][0]);
    assert!(openssl_verifies(
        &certificate,
        "-sha256",
        &signature,
        &message
    ));
    assert!(
        !beside.exists(),
        "with --json the signature is in the answer"
    );
}

#[test]
fn a_file_that_is_not_there_is_named_and_nobody_is_asked() {
    let agent = demo_with_holder("answers = [ { pin = \"1234\" } ]");
    let _ = agent.card();
    let ended = cpxd(&agent, &["sign", "/nowhere/ordonnance.pdf"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.complaint.contains("/nowhere/ordonnance.pdf"),
        "{ended:?}"
    );
    done(&agent, &authenticate(&nonce(), &[]));
}

#[test]
fn without_an_agent_every_command_ends_with_8() {
    let folder = tempfile::tempdir().unwrap();
    let file = text_file("Ordonnance");
    let nonce = nonce();
    for arguments in [
        vec!["status"],
        vec!["readers"],
        vec!["cards"],
        vec!["certificates"],
        vec!["pin", "status"],
        vec!["sign", name(file.path())],
        authenticate(&nonce, &[]),
    ] {
        let place = ["--state-dir", name(folder.path())];
        let ended = Ended::cpxd(&[&place[..], &arguments].concat());
        assert_eq!(ended.code, Some(8), "{arguments:?}: {ended:?}");
        assert!(ended.complaint.contains("not running"), "{ended:?}");
        assert_eq!(ended.output, "");
    }
}

#[test]
fn wrong_usage_ends_with_2() {
    let nonce = nonce();
    for arguments in [
        vec![],
        vec!["stats"],
        vec!["status", "now"],
        vec!["status", "--verbose"],
        vec!["sign"],
        vec!["authenticate", "--origin", ORIGIN],
        vec!["certificates", "--role", "decipher"],
        vec!["pin"],
        vec!["pin", "1234"],
        authenticate(&nonce, &["--timeout", "0"]),
        authenticate(&nonce, &["--timeout", "601"]),
        authenticate(&nonce, &["--pin", "1234"]),
        vec!["run", "--port", "70000"],
        vec!["run", "--reader-source", "usb"],
        vec!["run", "--headless"],
        vec!["run", "--log-level", "loud"],
        vec!["demo", "--card", "cps2"],
        vec!["demo", "--log-format", "xml"],
    ] {
        let ended = Ended::cpxd(&arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
        assert!(ended.complaint.contains("--help"), "{ended:?}");
    }
    for arguments in [["--help"], ["--version"]] {
        assert_eq!(Ended::cpxd(&arguments).code, Some(0));
    }
}

#[test]
fn what_the_holder_does_has_exit_codes_of_its_own() {
    let agent = demo_with_holder(
        r#"
        consent = true
        answers = [
            { consent = false }, { pin = "123" }, { pin = "0000" }, { pin = "0001" },
            { consent = false }, { pin = "0002" }, { pin = "1234" },
        ]
        "#,
    );
    let _ = agent.card();
    let (nonce, file) = (nonce(), text_file("Ordonnance"));
    let calls = [authenticate(&nonce, &[]), vec!["sign", name(file.path())]];
    let (cancelled, failed, pin_wrong, blocked) = (7, 1, 5, 6);
    let expected = [
        (cancelled, "Request cancelled"),
        (failed, "no try is lost"),
        (pin_wrong, "2 tries are left"),
        (pin_wrong, "One single try is left"),
        (cancelled, "Request cancelled"),
        (blocked, "Card blocked"),
        (blocked, "cpxd pin unblock"),
    ];
    for ((code, sentence), arguments) in expected.into_iter().zip(calls.iter().cycle()) {
        let ended = cpxd(&agent, arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended:?}");
        assert!(ended.complaint.contains(sentence), "{ended:?}");
        assert_eq!(ended.output, "");
        let _ = agent.tries_left();
    }
    let signature = format!("{}.sig", name(file.path()));
    assert!(!Path::new(&signature).exists(), "what failed wrote nothing");
    for shows_codes in [&["cards"][..], &["pin", "status"]] {
        let shown = cpxd(&agent, shows_codes).output;
        assert!(shown.contains("cpxd pin unblock"), "{shown}");
    }
}

#[test]
fn a_holder_who_takes_too_long_ends_the_command_with_1() {
    let agent = demo_with_holder("pin = \"1234\"\ndelay_ms = 60000");
    let _ = agent.card();
    let ended = cpxd(&agent, &authenticate(&nonce(), &["--timeout", "1"]));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.complaint.contains("Time is up"), "{ended:?}");
}

#[test]
fn a_wrong_form_ends_with_2_and_a_card_that_is_not_there_with_4() {
    let agent = Agent::demo(&[]);
    let _ = agent.card();
    let nonce = nonce();
    for (arguments, code, sentence) in [
        (authenticate("short", &[]), 2, "nonce"),
        (
            vec![
                "authenticate",
                "--origin",
                "http://x.example",
                "--nonce",
                &nonce,
            ],
            2,
            "origin",
        ),
        (authenticate(&nonce, &["--card", "nobody"]), 4, "“nobody”"),
        (authenticate(&nonce, &["--card", "no/body"]), 4, "“no/body”"),
    ] {
        let ended = cpxd(&agent, &arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended:?}");
        assert!(ended.complaint.contains(sentence), "{sentence}: {ended:?}");
        let nobody_was_asked = !ended.complaint.contains("answer it where the agent runs");
        assert!(nobody_was_asked, "{ended:?}");
    }
}

#[test]
fn with_two_cards_the_one_that_is_meant_must_be_named() {
    let agent = Agent::demo(&["--card", "cps3", "--card", "cps3"]);
    let events = agent.events_after(0);
    for _ in 0..2 {
        let _ = events.wait_for("card-inserted");
    }
    let (nonce, file) = (nonce(), text_file("Ordonnance"));
    for arguments in [authenticate(&nonce, &[]), vec!["sign", name(file.path())]] {
        let ended = cpxd(&agent, &arguments);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.complaint.contains("--card"), "{ended:?}");
    }
    let cards = json(&agent, &["cards"]);
    let mut certificates = Vec::new();
    for card in cards["cards"].as_array().unwrap() {
        let id = card["id"].as_str().unwrap();
        let token = done(&agent, &authenticate(&nonce, &["--card", id]));
        let token: Value = serde_json::from_str(&token).unwrap();
        certificates.push(bytes(&token["unverifiedCertificate"]));
    }
    assert_ne!(certificates[0], certificates[1]);
}

#[test]
fn without_a_reader_commands_about_cards_end_with_3() {
    let config = text_file("reader-source = []");
    let agent = Agent::run(&["--config", name(config.path())]);
    let (nonce, file) = (nonce(), text_file("Ordonnance"));
    for arguments in [
        vec!["readers"],
        vec!["cards"],
        vec!["certificates"],
        vec!["pin", "status"],
        vec!["sign", name(file.path())],
        authenticate(&nonce, &[]),
    ] {
        let ended = cpxd(&agent, &arguments);
        assert_eq!(ended.code, Some(3), "{arguments:?}: {ended:?}");
        assert!(ended.complaint.contains("No card reader"), "{ended:?}");
    }
    assert!(
        done(&agent, &["status"]).contains("none"),
        "status tells, and does not fail"
    );
}

#[test]
fn a_test_card_does_not_serve_in_the_production_environment() {
    let agent = Agent::run(&["--reader-source", "virtual"]);
    let _ = agent.card();
    let ended = cpxd(&agent, &authenticate(&nonce(), &[]));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.complaint.contains("Test card and real card mixed"),
        "{ended:?}"
    );
}
