//! Which algorithms each card signs by, asked of the API and the command line and judged by openssl.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what cannot be asked or judged fails its test"
)]

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cpxd_tests::agent::Agent;
use cpxd_tests::calls::{ORIGIN, authenticate_body, nonce, path_of, sign_body};
use cpxd_tests::ended::Ended;
use cpxd_tests::judge::{bytes, openssl_verifies_as, web_eid_message_with};
use cpxd_tests::scripted::demo_with_holder;
use ring::digest::{Algorithm, SHA256, SHA384, SHA512, digest};
use serde_json::{Value, json};

const MESSAGE: &str = "Ordonnance du 21/11/2026";

fn hash_of(algorithm: &str) -> (&'static str, &'static Algorithm) {
    match algorithm.split_at(2).1 {
        "256" => ("SHA-256", &SHA256),
        "384" => ("SHA-384", &SHA384),
        _ => ("SHA-512", &SHA512),
    }
}

fn told(card: &Value, role: &str) -> Vec<String> {
    let certificates = card["certificates"].as_array().unwrap();
    let certificate = certificates.iter().find(|one| one["role"] == role).unwrap();
    serde_json::from_value(certificate["signatureAlgorithms"].clone()).unwrap()
}

fn signature_by(agent: &Agent, card: &Value, algorithm: &str) -> (u16, String) {
    let (hash_name, hash) = hash_of(algorithm);
    let value = STANDARD.encode(digest(hash, MESSAGE.as_bytes()));
    let body = json!({
        "hash": hash_name,
        "algorithm": algorithm,
        "digests": [{ "value": value, "description": MESSAGE }],
    });
    let answer = agent.call(&path_of(card, "/sign"), &body);
    if answer.status != 200 {
        return (answer.status, answer.code().to_owned());
    }
    let signed = answer.body;
    assert_eq!(signed["algorithm"], algorithm);
    assert!(openssl_verifies_as(
        algorithm,
        &bytes(&signed["certificate"]),
        &bytes(&signed["signatures"][0]),
        MESSAGE.as_bytes(),
    ));
    (200, String::new())
}

fn token_by(agent: &Agent, card: &Value, algorithm: &str) -> (u16, String) {
    let mut body = authenticate_body();
    body["algorithm"] = algorithm.into();
    let answer = agent.call(&path_of(card, "/authenticate"), &body);
    if answer.status != 200 {
        return (answer.status, answer.code().to_owned());
    }
    let token = answer.body;
    assert_eq!(token["algorithm"], algorithm);
    let (_, hash) = hash_of(algorithm);
    assert!(openssl_verifies_as(
        algorithm,
        &bytes(&token["unverifiedCertificate"]),
        &bytes(&token["signature"]),
        &web_eid_message_with(hash, ORIGIN, &nonce()),
    ));
    (200, String::new())
}

#[test]
fn each_card_signs_by_what_it_tells_and_by_nothing_else() {
    let all = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
    for (kind, of_authentication, of_signature) in [
        ("cps3", &all[..3], &all[..1]),
        ("cps4", &all[..4], &["RS256", "PS256"]),
    ] {
        let agent = Agent::demo(&["--card", kind]);
        let card = agent.card();
        assert_eq!(told(&card, "authentication"), of_authentication, "{kind}");
        assert_eq!(told(&card, "signature"), of_signature, "{kind}");
        let unsupported = (422, "algorithm-unsupported".to_owned());
        for algorithm in all {
            let expected = |told: &[&str]| {
                if told.contains(&algorithm) {
                    (200, String::new())
                } else {
                    unsupported.clone()
                }
            };
            let signed = signature_by(&agent, &card, algorithm);
            assert_eq!(signed, expected(of_signature), "{kind} {algorithm}");
            let token = token_by(&agent, &card, algorithm);
            assert_eq!(token, expected(of_authentication), "{kind} {algorithm}");
        }
    }
}

#[test]
fn an_algorithm_that_the_card_lacks_is_refused_before_anybody_is_asked() {
    let agent = demo_with_holder(r#"answers = [ { pin = "1234", consent = true } ]"#);
    let card = agent.card();
    let refused = (422, "algorithm-unsupported".to_owned());
    assert_eq!(signature_by(&agent, &card, "PS256"), refused);
    assert_eq!(token_by(&agent, &card, "PS256"), refused);
    assert_eq!(agent.tries_left(), 3);
    let good = agent.sign(&card, &["Ordonnance"]);
    assert_eq!(good.status, 200, "the holder's one answer was still there");
}

#[test]
fn an_algorithm_of_another_hash_or_of_no_name_is_a_wrong_field() {
    let agent = Agent::demo(&["--card", "cps4"]);
    let card = agent.card();
    for algorithm in ["PS384", "ES256", "none", "rs256", ""] {
        let mut body = sign_body(&[MESSAGE]);
        body["algorithm"] = algorithm.into();
        let answer = agent.call(&path_of(&card, "/sign"), &body);
        assert_eq!((answer.status, answer.code()), (400, "bad-request"));
        assert_eq!(answer.body["field"], "algorithm");
    }
}

#[test]
fn the_command_line_signs_by_the_algorithm_that_it_is_told() {
    let agent = Agent::demo(&["--card", "cps4"]);
    let card = agent.card();
    let certificate = agent.read(&path_of(&card, "/certificates/signature"));
    let certificate = bytes(&certificate.body["certificate"]);
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("ordonnance");
    fs::write(&document, MESSAGE).unwrap();
    let document = document.to_str().unwrap();
    for algorithm in ["RS256", "PS256"] {
        let ended = Ended::from(agent.cli(&["sign", document, "--algorithm", algorithm]));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let signature = fs::read(format!("{document}.sig")).unwrap();
        let verifies =
            |name| openssl_verifies_as(name, &certificate, &signature, MESSAGE.as_bytes());
        assert!(verifies(algorithm));
        assert!(!verifies(if algorithm == "RS256" {
            "PS256"
        } else {
            "RS256"
        }));
        fs::remove_file(format!("{document}.sig")).unwrap();
    }
    for (unsupported, code) in [("PS384", 1), ("ES256", 2)] {
        let ended = Ended::from(agent.cli(&["sign", document, "--algorithm", unsupported]));
        assert_eq!(ended.code, Some(code), "{ended:?}");
    }
}
