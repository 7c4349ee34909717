//! The recorded tokens, which a published Web eID validator judged by hand (`browser/demo/vectors`): the demo's
//! validator says of each what it said then, and openssl agrees.
#![cfg(target_os = "linux")]
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a record that is not as its README says fails its test"
)]

use std::fs;
use std::process::Command;

use card_emulator::pki::{
    TEST_INTERMEDIATE_DER, TEST_ROOT_DER, TEST_STANDARD_INTERMEDIATE_DER, TEST_STANDARD_ROOT_DER,
};
use cpxd_tests::judge::{
    bytes, certificates_in_pem, openssl_accepts_chain_at, openssl_verifies_as, web_eid_message_with,
};
use cpxd_tests::programs::workspace_dir;
use ring::digest::{SHA256, SHA384, SHA512};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

#[test]
fn the_demos_validator_says_of_each_token_what_it_said_when_it_was_recorded() {
    let replayed = Command::new("node")
        .args(["--test", "--test-reporter", "tap"])
        .arg(workspace_dir().join("browser/demo/web-eid-token.test.mjs"))
        .output()
        .expect("node is installed (cargo xtask test installs it)");
    let report = String::from_utf8_lossy(&replayed.stdout);
    assert!(replayed.status.success(), "{report}");
    let recorded = Recorded::read();
    let with_revocation = recorded.vectors().len() + 1;
    let all_passed = format!("\n# pass {with_revocation}\n");
    assert!(report.contains(&all_passed), "{report}");
}

#[test]
fn it_refuses_what_the_published_validator_refused() {
    let recorded = Recorded::read();
    let refused = |vector: &&Value| vector["published"] != "accepted";
    let all: Vec<_> = recorded.vectors().iter().filter(refused).collect();
    assert!(all.len() > 20, "{}", all.len());
    for vector in all {
        assert_ne!(vector["demo"], "accepted", "{}", vector["name"]);
    }
}

#[test]
fn openssl_agrees_on_every_chain_and_signature() {
    let recorded = Recorded::read();
    for vector in recorded.vectors() {
        let name = &vector["name"];
        match vector["demo"].as_str().unwrap() {
            "accepted" => {
                assert!(recorded.openssl_accepts_chain(vector), "{name}");
                assert!(recorded.openssl_accepts_signature(vector), "{name}");
            }
            "chain" | "validity" => assert!(!recorded.openssl_accepts_chain(vector), "{name}"),
            "signature" => assert!(!recorded.openssl_accepts_signature(vector), "{name}"),
            // Here the demo's validator is narrower than openssl, or nothing is there to ask it about.
            reason => assert!(
                ["algorithm", "certificate", "format", "purpose"].contains(&reason),
                "{name}"
            ),
        }
    }
}

#[test]
fn the_authorities_beside_them_are_those_of_the_virtual_cards() {
    let recorded = Recorded::read();
    for (name, committed) in [
        ("TEST AC RACINE IGC-SANTE FORT", TEST_ROOT_DER),
        ("TEST AC RACINE IGC-SANTE STANDARD", TEST_STANDARD_ROOT_DER),
        ("TEST AC IGC-SANTE FORT PERSONNES", TEST_INTERMEDIATE_DER),
        (
            "TEST AC IGC-SANTE STANDARD PERSONNES",
            TEST_STANDARD_INTERMEDIATE_DER,
        ),
    ] {
        let pem = recorded.0["authorities"][name].as_str().unwrap();
        assert!(certificates_in_pem(pem) == [committed], "{name}");
    }
}

/// `browser/demo/vectors/tokens.json`.
struct Recorded(Value);

impl Recorded {
    fn read() -> Self {
        let file = workspace_dir().join("browser/demo/vectors/tokens.json");
        Self(serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap())
    }

    fn vectors(&self) -> &[Value] {
        self.0["vectors"].as_array().unwrap()
    }

    fn field<'a>(&'a self, vector: &'a Value, name: &str) -> &'a Value {
        let changed = vector.get("changed").and_then(|fields| fields.get(name));
        changed.unwrap_or_else(|| &self.0["tokens"][vector["token"].as_str().unwrap()][name])
    }

    fn openssl_accepts_chain(&self, vector: &Value) -> bool {
        let moment = vector["moment"].as_str().unwrap();
        let moment = OffsetDateTime::parse(moment, &Rfc3339).unwrap();
        let (mut roots, mut intermediates) = (String::new(), String::new());
        for authority in vector["authorities"].as_array().unwrap() {
            let name = authority.as_str().unwrap();
            let pem = self.0["authorities"][name].as_str().unwrap();
            if name.contains("RACINE") {
                roots += pem;
            } else {
                intermediates += pem;
            }
        }
        let certificate = bytes(self.field(vector, "unverifiedCertificate"));
        openssl_accepts_chain_at(
            &certificate,
            moment.unix_timestamp(),
            [&roots, &intermediates],
        )
    }

    fn openssl_accepts_signature(&self, vector: &Value) -> bool {
        let algorithm = self.field(vector, "algorithm").as_str().unwrap();
        let hash = match &algorithm[2..] {
            "256" => &SHA256,
            "384" => &SHA384,
            _ => &SHA512,
        };
        let text = |name: &str| vector[name].as_str().unwrap();
        openssl_verifies_as(
            algorithm,
            &bytes(self.field(vector, "unverifiedCertificate")),
            &bytes(self.field(vector, "signature")),
            &web_eid_message_with(hash, text("origin"), text("nonce")),
        )
    }
}
