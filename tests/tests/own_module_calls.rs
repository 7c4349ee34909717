//! The calls behind the PKCS#11 module that need its holder: who is asked, and what is told.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a call without an answer fails its test"
)]

use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cpxd_tests::agent::{Agent, Answer};
use cpxd_tests::calls::path_of;
use cpxd_tests::door::{page, page_post, pair, request_grant, with_token};
use cpxd_tests::scripted::text_file;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

/// An agent with one card, and a holder of a script.
struct Desk {
    agent: Agent,
    card: Value,
    _holder: NamedTempFile,
}

impl Desk {
    fn with_holder(script: &str) -> Self {
        let holder = text_file(script);
        let path = holder.path().to_string_lossy().into_owned();
        let agent = Agent::demo(&["--card", "cps3", "--scripted-holder", &path]);
        let card = agent.card();
        Self {
            agent,
            card,
            _holder: holder,
        }
    }

    fn decipher(&self, cryptogram: &[u8]) -> Answer {
        let path = path_of(&self.card, "/keys/authentication/decipher");
        let body = json!({ "cryptogram": STANDARD.encode(cryptogram) });
        self.agent.call_socket(&path, &body)
    }

    fn data(&self, label: &str) -> Answer {
        let body = json!({ "label": label });
        self.agent.call_socket(&path_of(&self.card, "/data"), &body)
    }

    /// What openssl encrypts for the authentication certificate.
    fn encrypted(&self, plaintext: &[u8]) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        let path = path_of(&self.card, "/certificates/authentication");
        let read = ["-H", "Accept: application/x-pem-file"];
        let certificate = self.agent.curl_socket(&path, &read).text;
        std::fs::write(file("certificate"), certificate).unwrap();
        std::fs::write(file("plaintext"), plaintext).unwrap();
        let encrypted = Command::new("openssl")
            .args(["pkeyutl", "-encrypt", "-certin", "-inkey", "certificate"])
            .args(["-in", "plaintext", "-out", "cryptogram"])
            .current_dir(folder.path())
            .status();
        assert!(encrypted.unwrap().success());
        std::fs::read(file("cryptogram")).unwrap()
    }

    /// The entries of the journal about one operation.
    fn journalled(&self, operation: &str) -> usize {
        let journal = self.agent.cli(&["journal", "--json", "--last", "1000"]);
        let journal: Value = serde_json::from_slice(&journal.stdout).unwrap();
        let entries = journal["entries"].as_array().unwrap().iter();
        entries
            .filter(|entry| entry["operation"] == operation)
            .count()
    }
}

#[test]
fn without_a_log_in_the_holder_is_asked_for_each_deciphering() {
    let desk = Desk::with_holder("answers = [ { pin = \"1234\" }, { pin = \"0000\" }, {} ]");
    let cryptogram = desk.encrypted(b"for the holder");
    let deciphered = desk.decipher(&cryptogram);
    assert_eq!(
        deciphered.body,
        json!({ "plaintext": STANDARD.encode(b"for the holder") })
    );
    assert_eq!(desk.decipher(&cryptogram).code(), "pin-wrong");
    assert_eq!(desk.decipher(&cryptogram).code(), "cancelled");
    assert_eq!(desk.journalled("decipher"), 3);
    assert!(!desk.agent.log().contains("for the holder"));
}

#[test]
fn every_cryptogram_that_cannot_be_deciphered_is_told_alike() {
    let desk = Desk::with_holder("pin = \"1234\"");
    let all_zero_but_one = [&[0; 255][..], &[1]].concat();
    let answers = [vec![7; 256], vec![0xFF; 256], all_zero_but_one].map(|cryptogram| {
        let answer = desk.decipher(&cryptogram);
        assert_eq!((answer.status, answer.code()), (400, "bad-request"));
        assert_eq!(answer.body["reason"], "not-deciphered");
        answer.body
    });
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let short = desk.decipher(&[7; 255]);
    assert_eq!(short.body["reason"], "cryptogram-form");
    // A form that is wrong asks nobody.
    assert_eq!(desk.journalled("decipher"), answers.len());
}

#[test]
fn public_data_are_told_to_programs_of_the_user_and_private_ones_in_a_log_in_alone() {
    let desk = Desk::with_holder("pin = \"1234\"");
    let name = desk.data("CPS_NAME_PS");
    let name = STANDARD.decode(name.body["value"].as_str().unwrap());
    assert!(!name.unwrap().is_empty());
    let private = desk.data("CPS_ACTIVITY_01_PS");
    assert_eq!((private.status, private.code()), (403, "right-missing"));
    let unknown = desk.data("CPS_NOTHING");
    assert_eq!((unknown.status, unknown.code()), (404, "not-found"));
    assert_eq!(desk.journalled("read-activities"), 0);
}

/// Others have every right that they can have, and bodies that are good.
#[test]
fn none_but_the_users_own_programs_have_these_calls() {
    let desk = Desk::with_holder("pin = \"1234\"\nconsent = true");
    let rights = ["identify", "authenticate", "sign"];
    let (token, _) = pair(&desk.agent, &rights, &["https://service.example"]);
    let site = "https://portal.example";
    assert_eq!(request_grant(&desk.agent, site, &rights).status, 200);
    let cryptogram = desk.encrypted(b"for the holder");
    let value = STANDARD.encode([7; 32]);
    let calls = [
        ("/random", json!({ "length": 8 })),
        ("/data", json!({ "label": "CPS_NAME_PS" })),
        (
            "/keys/authentication/sign",
            json!({ "algorithm": "RS256", "value": value }),
        ),
        (
            "/keys/signature/sign",
            json!({ "algorithm": "RS256", "value": value }),
        ),
        (
            "/keys/authentication/decipher",
            json!({ "cryptogram": STANDARD.encode(cryptogram) }),
        ),
        ("/login", json!({})),
    ];
    for (call, body) in calls {
        let path = path_of(&desk.card, call);
        // The answer to a log-in stays open.
        if call != "/login" {
            let own = desk.agent.call_socket(&path, &body);
            assert_eq!(own.status, 200, "{call}: {}", own.text);
        }
        let paired = with_token(&desk.agent, &token, &path, &body);
        assert_eq!(
            (paired.status, paired.code()),
            (403, "right-missing"),
            "{call}"
        );
        let of_page = page_post(&desk.agent, site, &path, &body);
        assert_eq!(of_page.status, 403, "{call}: {of_page:?}");
        assert_eq!(of_page.code(), "right-missing", "{call}");
    }
    let path = path_of(&desk.card, "/objects");
    let bearer = format!("Authorization: Bearer {token}");
    assert_eq!(
        desk.agent.curl(&path, &["-H", &bearer]).code(),
        "right-missing"
    );
    assert_eq!(page(&desk.agent, site, &path, &[]).code(), "right-missing");
}
