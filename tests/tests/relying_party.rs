//! The demo's relying party: a person logs in and signs in a browser, and every token that is not
//! this site's, this session's and this moment's is refused.
#![cfg(target_os = "linux")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cpxd_tests::agent::Agent;
use cpxd_tests::browsers::{Firefox, packed_for_firefox, tell_of_the_host};
use cpxd_tests::calls::path_of;
use cpxd_tests::judge::test_authorities;
use cpxd_tests::native_host::host_of;
use cpxd_tests::native_messages::become_theirs;
use cpxd_tests::person::Person;
use cpxd_tests::relying_party::RelyingParty;
use cpxd_tests::waiting::until;
use cpxd_tests::web_site::WebSite;
use serde_json::{Value, json};

#[test]
fn a_person_logs_in_and_signs_with_two_clicks() {
    let agent = Agent::demo_beside_the_native_host(&[]);
    let _ = agent.card();
    let person = Person::new();
    become_theirs(&agent, &person);
    tell_of_the_host(&person, &host_of(&agent));
    let site = WebSite::start();
    let party = RelyingParty::start(&site, &test_authorities());
    Firefox::make_profile(&person);
    Firefox::trust(&person, site.authority());
    let mut firefox = Firefox::start(&person);
    firefox.install(&packed_for_firefox());
    let _ = firefox.visit(party.origin());
    firefox.click("cpx-login button");
    let mut wait_for = |words: &str, then: Option<&str>| {
        until(words, || firefox.source()?.contains(words).then_some(()));
        if let Some(selector) = then {
            firefox.click(selector);
        }
    };
    wait_for("CAMILLE DUPONT", Some("#sign"));
    wait_for("Signature vérifiée par le portail.", None);
}

fn token(agent: &Agent, origin: &str, nonce: &str) -> Value {
    let body = json!({ "nonce": nonce, "origin": origin });
    let path = path_of(&agent.card(), "/authenticate");
    let answer = agent.call_socket(&path, &body);
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body
}

#[test]
fn a_token_is_good_once_in_its_session_for_its_site_and_as_it_was_signed() {
    let agent = Agent::demo(&[]);
    let site = WebSite::start();
    let party = RelyingParty::start(&site, &test_authorities());
    let own = |nonce: &str| token(&agent, party.origin(), nonce);

    let good = own(&party.nonce("a"));
    assert_eq!(party.log_in("b", &good), 403, "it has no nonce");
    let _ = party.nonce("b");
    assert_eq!(party.log_in("b", &good), 403, "another session's");
    assert_eq!(party.log_in("a", &good), 200);
    assert_eq!(party.log_in("a", &good), 403, "used");

    let elsewhere = token(&agent, "https://evil.example", &party.nonce("a"));
    assert_eq!(party.log_in("a", &elsewhere), 403, "another site's");

    let mut changed = own(&party.nonce("a"));
    let mut signature = STANDARD
        .decode(changed["signature"].as_str().unwrap())
        .unwrap();
    signature[10] ^= 1;
    changed["signature"] = STANDARD.encode(signature).into();
    assert_eq!(party.log_in("a", &changed), 403, "another signature");

    let mut signer = own(&party.nonce("a"));
    let path = path_of(&agent.card(), "/certificates/signature");
    signer["unverifiedCertificate"] = agent.read_socket(&path).body["certificate"].clone();
    assert_eq!(party.log_in("a", &signer), 403, "another certificate");

    for (field, value) in [
        ("algorithm", "none"),
        ("algorithm", "ES256"),
        ("format", "web-eid:2"),
    ] {
        let mut odd = own(&party.nonce("a"));
        odd[field] = value.into();
        assert_eq!(party.log_in("a", &odd), 403, "{field} {value}");
    }
    assert_eq!(party.log_in("a", &json!({})), 403);
}

#[test]
fn a_card_of_authorities_that_are_not_trusted_is_refused() {
    let agent = Agent::demo(&[]);
    let site = WebSite::start();
    let strangers = std::fs::read_to_string(site.authority()).unwrap();
    let party = RelyingParty::start(&site, &strangers);
    let good = token(&agent, party.origin(), &party.nonce("a"));
    assert_eq!(party.log_in("a", &good), 403);
}
