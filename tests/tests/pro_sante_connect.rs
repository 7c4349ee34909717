//! A log-in in the image of Pro Santé Connect.
#![cfg(target_os = "linux")]
#![expect(clippy::indexing_slicing, reason = "what is not there fails its test")]

use std::process::Command;
use std::time::Duration;

use cpxd_tests::agent::Agent;
use cpxd_tests::browsers::{BrowserWithCard, Kind, person_with_browser};
use cpxd_tests::pcsc_stack::{PcscService, Reader, TEST_ENVIRONMENT};
use cpxd_tests::pro_sante_connect::{ProSanteConnect, Tls};
use cpxd_tests::programs::workspace_dir;
use cpxd_tests::waiting::until;

/// The provider is one whose log-in works with the card's certificate and its key, and with nothing else: whoever
/// has both as files needs no card.
#[test]
fn whoever_has_the_key_of_a_test_card_logs_in_and_nobody_else_does() {
    let agent = Agent::demo(&[]);
    let card = agent.card()["id"].as_str().unwrap().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let pem = folder.path().join("card.pem");
    let path = format!("/v1/cards/{card}/certificates/authentication");
    let accept = ["-H", "Accept: application/x-pem-file"];
    let certificate = agent.curl_socket(&path, &accept).text;
    std::fs::write(&pem, certificate).unwrap();
    let key = workspace_dir().join("crates/card-emulator/keys/test-card-1-authentication.pk8");
    for tls in [Tls::V1_2, Tls::V1_3] {
        let psc = ProSanteConnect::start(tls);
        let jar = folder.path().join(format!("{tls:?}"));
        let surf = |with_card: bool| {
            let mut curl = Command::new("curl");
            curl.args(["-sS", "-L", "--connect-to", "::127.0.0.1:"]);
            curl.arg("--cookie").arg(&jar).arg("--cookie-jar").arg(&jar);
            curl.arg("--cacert").arg(psc.site().authority());
            if with_card {
                curl.arg("--cert").arg(&pem).arg("--key").arg(&key);
                curl.args(["--key-type", "DER"]);
            }
            curl
        };
        let page = |curl: &mut Command| {
            String::from_utf8_lossy(&curl.output().unwrap().stdout).into_owned()
        };
        let choice = page(surf(false).arg(psc.page()));
        assert!(choice.contains("Carte CPS"), "{choice}");
        assert_eq!(page(surf(false).arg(psc.teleservice_page())), "");
        let own = page(surf(true).arg(psc.teleservice_page()));
        assert!(own.contains("La carte est celle de 899700000013"), "{own}");
        assert_eq!(psc.card_log_ins(), 0);
        let (_, link) = choice.split_once("href=\"").unwrap();
        let (link, _) = link.split_once('"').unwrap();
        let link = link.replace("&amp;", "&");
        assert_eq!(page(surf(false).arg(&link)), "");
        let welcome = page(surf(true).arg(&link));
        assert!(
            welcome.contains("Bienvenue CAMILLE DUPONT, 899700000013"),
            "{welcome}"
        );
        // Who is known to the provider shows no card again.
        let again = page(surf(false).arg(psc.page()));
        assert!(again.contains("Bienvenue CAMILLE DUPONT"), "{again}");
        assert_eq!(psc.card_log_ins(), 1);
    }
}

/// The holder answers one question, so that a second one would fail what asked it.
fn logs_in_with(kind: Kind, card: &str, tls: Tls) {
    let psc = ProSanteConnect::start(tls);
    let service = PcscService::start();
    let in_reader = service.plug(Reader::First, &["--card", card]);
    let holder = "answers = [ { pin = \"1234\", consent = true } ]";
    let agent = service.agent(TEST_ENVIRONMENT, holder, &[]);
    let _ = agent.card();
    let person = person_with_browser(&agent, kind);
    let mut browser = BrowserWithCard::start(&person, kind, &psc);
    browser.visit(&psc.page(), "Carte CPS");
    browser.click("#carte", "Bienvenue CAMILLE DUPONT, 899700000013");
    assert_eq!(psc.card_log_ins(), 1);
    // The provider knows who it is; another site asks the card again, which asks nobody.
    browser.visit(&psc.page(), "Bienvenue CAMILLE DUPONT");
    assert_eq!(psc.card_log_ins(), 1);
    browser.visit(
        &psc.teleservice_page(),
        "La carte est celle de 899700000013",
    );
    in_reader.pull();
    until("the empty reader", || {
        let cards = agent.read_socket("/v1/cards").body;
        cards["cards"].as_array()?.is_empty().then_some(())
    });
    let reason = browser.visit_in_vain(&psc.teleservice_page());
    assert!(!reason.is_empty());
}

#[test]
fn firefox_logs_in_with_a_cps3_over_tls_1_2() {
    logs_in_with(Kind::Firefox, "cps3", Tls::V1_2);
}

#[test]
fn firefox_logs_in_with_a_cps4_over_tls_1_3() {
    logs_in_with(Kind::Firefox, "cps4", Tls::V1_3);
}

#[test]
fn chromium_logs_in_with_a_cps3_over_tls_1_2() {
    logs_in_with(Kind::Chromium, "cps3", Tls::V1_2);
}

#[test]
fn chromium_logs_in_with_a_cps4_over_tls_1_3() {
    logs_in_with(Kind::Chromium, "cps4", Tls::V1_3);
}

/// Whoever says no is told that no page came, and asked again when they load it anew.
fn is_asked_again_after_a_refusal(kind: Kind, card: &str, tls: Tls) {
    let psc = ProSanteConnect::start(tls);
    let service = PcscService::start();
    let _in_reader = service.plug(Reader::First, &["--card", card]);
    // On a busy machine the browser's second try may come after the time for which a no holds.
    let holder = "answers = [ { consent = false }, { consent = false }, { pin = \"1234\", consent = true } ]";
    let agent = service.agent(TEST_ENVIRONMENT, holder, &[]);
    let _ = agent.card();
    let person = person_with_browser(&agent, kind);
    let mut browser = BrowserWithCard::start(&person, kind, &psc);
    let page = psc.teleservice_page();
    match (&mut browser, tls) {
        // Firefox does not end such a handshake: its page waits, for the server or for whoever loads it anew.
        (BrowserWithCard::Firefox(firefox), Tls::V1_2) => {
            firefox.wait_for_pages(Duration::from_secs(5));
            assert_eq!(firefox.visit_in_vain(&page), "timeout");
        }
        _ => assert!(!browser.visit_in_vain(&page).is_empty()),
    }
    until("the no in the journal", || {
        let journal = agent.read_socket("/v1/journal").body;
        let mut entries = journal["entries"].as_array()?.iter();
        entries
            .any(|entry| entry["result"] == "cancelled")
            .then_some(())
    });
    until("the page", || {
        let came = browser.tries(&page)?;
        came.contains("La carte est celle de 899700000013")
            .then_some(())
    });
}

#[test]
fn firefox_asks_again_after_a_refusal_over_tls_1_2() {
    is_asked_again_after_a_refusal(Kind::Firefox, "cps3", Tls::V1_2);
}

#[test]
fn firefox_says_a_refusal_and_asks_again_over_tls_1_3() {
    is_asked_again_after_a_refusal(Kind::Firefox, "cps4", Tls::V1_3);
}

#[test]
fn chromium_says_a_refusal_and_asks_again_over_tls_1_2() {
    is_asked_again_after_a_refusal(Kind::Chromium, "cps3", Tls::V1_2);
}

#[test]
fn chromium_says_a_refusal_and_asks_again_over_tls_1_3() {
    is_asked_again_after_a_refusal(Kind::Chromium, "cps4", Tls::V1_3);
}
