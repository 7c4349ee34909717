//! What the demo promises, asked by plain curl over TLS and judged by openssl.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what cannot be asked or judged fails its test"
)]

use std::fs;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cpxd_tests::agent::Agent;
use cpxd_tests::calls::{ORIGIN, authenticate_body, nonce, path_of};
use cpxd_tests::judge::{bytes, openssl_verifies, web_eid_message};
use cpxd_tests::scripted::demo_with_holder;
use ring::digest::{SHA384, digest};
use serde_json::{Value, json};

/// A holder who answers one question, and says no to every other.
const ONE_ANSWER: &str = r#"answers = [ { pin = "1234", consent = true } ]"#;

fn certificate(agent: &Agent, card: &Value, role: &str) -> Vec<u8> {
    let answer = agent.read(&path_of(card, &format!("/certificates/{role}")));
    bytes(&answer.body["certificate"])
}

/// Whether a text is a moment in UTC as RFC 3339 writes it, to the second.
fn is_utc_moment(value: &Value) -> bool {
    let pattern = "dddd-dd-ddTdd:dd:ddZ";
    let text = value.as_str().unwrap_or_default();
    text.len() == pattern.len()
        && text.chars().zip(pattern.chars()).all(|(given, expected)| {
            given == expected || (expected == 'd' && given.is_ascii_digit())
        })
}

#[test]
fn the_card_is_listed_in_the_shape_of_the_contract() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    let listed = agent.read("/v1/cards");
    assert_eq!(listed.status, 200, "{}", listed.text);
    let moments = ["notBefore", "notAfter"];
    for moment in moments {
        assert!(is_utc_moment(&card["validity"][moment]), "{card}");
    }
    let days_left = card["validity"]["daysLeft"].as_i64().unwrap();
    assert!((1063..=1065).contains(&days_left), "{card}");
    let mut roles = Vec::new();
    for certificate in card["certificates"].as_array().unwrap() {
        roles.push(certificate["role"].as_str().unwrap());
        for moment in moments {
            assert_eq!(certificate[moment], card["validity"][moment], "{card}");
        }
    }
    roles.sort_unstable();
    assert_eq!(roles, ["authentication", "signature"]);
    let certificates: Vec<_> = card["certificates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|certificate| {
            let algorithms = match certificate["role"].as_str() {
                Some("authentication") => json!(["RS256", "RS384", "RS512"]),
                _ => json!(["RS256"]),
            };
            json!({
                "role": certificate["role"],
                "serialNumber": certificate["serialNumber"],
                "issuer": "CN=TEST AC IGC-SANTE FORT PERSONNES,OU=IGC-SANTE TEST,O=CPXD TEST,C=FR",
                "notBefore": card["validity"]["notBefore"],
                "notAfter": card["validity"]["notAfter"],
                "status": "valid",
                "revocation": "notChecked",
                "signatureAlgorithms": algorithms,
            })
        })
        .collect();
    let expected = json!({ "cards": [ {
        "id": card["id"],
        "reader": card["reader"],
        "generation": "CPS3",
        "type": "CPS",
        "environment": "test",
        "number": "9999123456",
        "holder": {
            "familyName": "DUPONT",
            "givenName": "CAMILLE",
            "pseudonym": null,
            "nationalId": "899700000013",
            "nationalIdKind": "RPPS",
            "profession": { "code": "10", "label": "Médecin" },
            "knowHow": [],
            "structure": null,
        },
        "validity": card["validity"],
        "pin": { "state": "ready", "triesLeft": 3, "triesMaximum": 3 },
        "unblockCode": { "state": "ready", "triesLeft": 10, "usesLeft": 100 },
        "certificates": certificates,
        "warnings": [],
    } ] });
    assert_eq!(listed.body, expected);
    assert_eq!(agent.read(&path_of(&card, "")).body, expected["cards"][0]);
}

#[test]
fn readers_and_status_tell_what_is_plugged_in() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    let expected = json!({ "readers": [ {
        "id": card["reader"],
        "name": "Virtual CPS reader 00",
        "keypad": false,
        "contactless": null,
        "state": "card",
        "card": card["id"],
    } ] });
    assert_eq!(agent.read("/v1/readers").body, expected);
    let status = agent.read("/v1/status").body;
    let expected = json!({
        "state": "ready",
        "version": agent.endpoint()["version"],
        "environment": "test",
        "readers": 1,
        "cards": 1,
        "newerVersion": null,
    });
    assert_eq!(status, expected);
}

#[test]
fn four_cards_are_four_holders() {
    let agent = Agent::demo(&[
        "--card", "cps3", "--card", "cps3", "--card", "cps3", "--card", "cps3",
    ]);
    let events = agent.events_after(0);
    for _ in 0..4 {
        let _ = events.wait_for("card-inserted");
    }
    let cards = agent.read("/v1/cards").body["cards"].clone();
    let mut ids = Vec::new();
    let mut holders = Vec::new();
    for card in cards.as_array().unwrap() {
        ids.push(card["id"].to_string());
        holders.push(card["holder"]["nationalId"].to_string());
    }
    for list in [&mut ids, &mut holders] {
        list.sort_unstable();
        list.dedup();
        assert_eq!(list.len(), 4, "{cards}");
    }
}

#[test]
fn a_certificate_is_the_same_as_json_pem_and_der() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    let folder = tempfile::tempdir().unwrap();
    for role in ["authentication", "signature"] {
        let path = path_of(&card, &format!("/certificates/{role}"));
        let fetch = |accept: &str, name: &str| {
            let file = folder.path().join(name);
            let accept = format!("Accept: {accept}");
            let arguments = ["-H", &agent.authorization(), "-H", &accept];
            let to_file = ["-o", file.to_str().unwrap()];
            let _ = agent.curl(&path, &[&arguments[..], &to_file].concat());
            fs::read(file).unwrap()
        };
        let json = agent.read(&path).body;
        let der = fetch("application/pkix-cert", "der");
        let pem = fetch("application/x-pem-file", "pem");
        assert_eq!(bytes(&json["certificate"]), der, "{role}");
        assert_eq!(openssl_x509(&pem, "PEM", &["-outform", "DER"]), der);
        let serial = openssl_x509(&der, "DER", &["-noout", "-serial"]);
        let expected = format!("serial={}\n", json["serialNumber"].as_str().unwrap());
        assert_eq!(String::from_utf8(serial).unwrap(), expected);
        assert_eq!(json["role"], role);
    }
    assert_ne!(
        certificate(&agent, &card, "authentication"),
        certificate(&agent, &card, "signature")
    );
}

fn openssl_x509(certificate: &[u8], form: &str, arguments: &[&str]) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), certificate).unwrap();
    let output = Command::new("openssl")
        .args(["x509", "-inform", form, "-in"])
        .arg(file.path())
        .args(arguments)
        .output()
        .expect("openssl is installed (cargo xtask test installs it)");
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

#[test]
fn a_card_without_the_key_says_key_absent() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    let answer = agent.read(&path_of(&card, "/certificates/technical"));
    assert_eq!((answer.status, answer.code()), (409, "key-absent"));
}

#[test]
fn openssl_verifies_the_web_eid_token() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    let over_tls = agent.authenticate(&card);
    let path = path_of(&card, "/authenticate");
    let over_the_socket = agent.call_socket(&path, &authenticate_body());
    for token in [over_tls, over_the_socket] {
        assert_eq!(token.status, 200, "{}", token.text);
        let token = token.body;
        let certificate_in_token = bytes(&token["unverifiedCertificate"]);
        assert_eq!(
            certificate_in_token,
            certificate(&agent, &card, "authentication")
        );
        let expected = json!({
            "unverifiedCertificate": token["unverifiedCertificate"],
            "algorithm": "RS256",
            "signature": token["signature"],
            "format": "web-eid:1.0",
            "appVersion": format!("cpxd/{}", agent.endpoint()["version"].as_str().unwrap()),
        });
        assert_eq!(token, expected);
        let signature = bytes(&token["signature"]);
        let verifies = |origin: &str, nonce: &str| {
            let message = web_eid_message(origin, nonce);
            openssl_verifies(&certificate_in_token, "-sha256", &signature, &message)
        };
        assert!(verifies(ORIGIN, &nonce()));
        assert!(!verifies("https://other.example", &nonce()));
        assert!(!verifies(ORIGIN, &STANDARD.encode([0; 32])));
    }
}

#[test]
fn openssl_verifies_each_signature_of_one_call() {
    let agent = demo_with_holder(ONE_ANSWER);
    let card = agent.card();
    let messages = ["Ordonnance du 21/11/2026", "Certificat", "Ordonnance"];
    let signed = agent.sign(&card, &messages);
    assert_eq!(signed.status, 200, "{}", signed.text);
    let signed = signed.body;
    assert_eq!(signed["algorithm"], "RS256");
    let certificate_in_answer = bytes(&signed["certificate"]);
    assert_eq!(
        certificate_in_answer,
        certificate(&agent, &card, "signature")
    );
    let signatures = signed["signatures"].as_array().unwrap();
    assert_eq!(signatures.len(), messages.len());
    for (position, signature) in signatures.iter().enumerate() {
        for (other, message) in messages.iter().enumerate() {
            let verifies = openssl_verifies(
                &certificate_in_answer,
                "-sha256",
                &bytes(signature),
                message.as_bytes(),
            );
            assert_eq!(verifies, position == other, "{position} and {other}");
        }
    }
}

#[test]
fn several_digests_are_one_question_to_the_holder() {
    let agent = demo_with_holder(ONE_ANSWER);
    let card = agent.card();
    assert_eq!(agent.sign(&card, &["a", "b", "c"]).status, 200);
    let second = agent.sign(&card, &["d"]);
    assert_eq!(
        second.code(),
        "cancelled",
        "the holder had one answer, and it is used up"
    );
}

#[test]
fn the_signature_key_does_not_sign_sha_384_and_nothing_is_spent() {
    let agent = demo_with_holder(ONE_ANSWER);
    let card = agent.card();
    let value = STANDARD.encode(digest(&SHA384, b"Ordonnance"));
    let digests = json!([{ "value": value, "description": "Ordonnance" }]);
    let body = json!({ "hash": "SHA-384", "digests": digests });
    let refused = agent.call(&path_of(&card, "/sign"), &body);
    assert_eq!(
        (refused.status, refused.code()),
        (422, "algorithm-unsupported")
    );
    assert_eq!(agent.tries_left(), 3);
    let good = agent.sign(&card, &["Ordonnance"]);
    assert_eq!(good.status, 200, "the holder was not asked before");
}

#[test]
fn events_tell_of_readers_cards_and_prompts_and_resume_after_any_of_them() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    assert_eq!(agent.authenticate(&card).status, 200);
    let from_the_start = agent.events_after(0);
    let expected = [
        ("reader-added", json!({ "reader": card["reader"] })),
        (
            "card-inserted",
            json!({ "reader": card["reader"], "card": card["id"] }),
        ),
        ("prompt-opened", json!({ "card": card["id"] })),
        ("prompt-closed", json!({ "card": card["id"] })),
    ];
    let mut seen = Vec::new();
    for (name, data) in expected {
        let event = from_the_start.next();
        assert_eq!((event.event.as_str(), &event.data), (name, &data));
        seen.push(event);
    }
    let first = seen[0].id;
    for (position, event) in seen.iter().enumerate().take(3) {
        assert_eq!(seen[position + 1].id, event.id + 1);
        let resumed = agent.events_after(event.id);
        assert_eq!(resumed.next(), seen[position + 1]);
    }
    let from_now = agent.events();
    assert_eq!(agent.authenticate(&card).status, 200);
    assert_eq!(from_now.next().id, first + 4);
    assert_eq!(from_now.next().event, "prompt-closed");
}

#[test]
fn events_come_over_tls_too() {
    let agent = Agent::demo(&[]);
    let _ = agent.card();
    assert_eq!(agent.events_so_far(), ["reader-added", "card-inserted"]);
}

#[test]
fn the_open_call_says_no_more_than_that_cpxd_is_here() {
    let agent = Agent::demo(&[]);
    let card = agent.card();
    let answer = agent.exchange("/v1", &[]);
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json(),
        json!({ "product": "cpxd", "apiVersions": ["v1"] })
    );
    let headers = format!("{:?}", answer.headers);
    for secret in ["DUPONT", "9999123456", "Virtual", "server", "set-cookie"] {
        assert!(!headers.contains(secret), "{headers}");
    }
    assert!(!headers.contains(card["id"].as_str().unwrap()), "{headers}");
}

#[test]
fn the_token_of_the_demo_is_the_same_after_a_restart_and_only_this_users() {
    let mut agent = Agent::demo(&[]);
    let token = agent.token();
    let _ = agent.stop();
    agent.start_again();
    assert_eq!(agent.token(), token);
    assert_eq!(agent.read("/v1/cards").status, 200);
    let file = agent.state_dir().join("demo-token");
    let mode = || {
        let permissions = fs::metadata(&file).unwrap().permissions();
        std::os::unix::fs::PermissionsExt::mode(&permissions) & 0o777
    };
    assert_eq!(mode(), 0o600);

    let _ = agent.stop();
    fs::write(&file, "damaged").unwrap();
    agent.start_again();
    assert_ne!(agent.token(), token);
    assert_eq!((agent.token().len(), mode()), (64, 0o600));
}
