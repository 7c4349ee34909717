//! A log-in in the image of Pro Santé Connect.
#![cfg(target_os = "linux")]

use std::process::Command;

use cpxd_tests::agent::Agent;
use cpxd_tests::pro_sante_connect::{ProSanteConnect, Tls};
use cpxd_tests::programs::workspace_dir;

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
