//! curl with the engine `pkcs11` of libp11.

use crate::commands::{CURL_TLS_1_2, CURL_TLS_1_3};
use crate::workstation::{AUTHENTICATION, CPS3, CPS4, Demanding, Run, Workstation};

impl Workstation {
    /// The page of a site, got with certificate and key of the card.
    pub(crate) fn curl_with_card(&self, site: &Demanding) -> Run {
        let mut curl = self.starts("curl");
        curl.args(["--silent", "--show-error", "--max-time", "60"])
            .args([
                "--connect-to",
                "::127.0.0.1:",
                "--cacert",
                &site.authority(),
            ])
            .args([
                "--cert-type",
                "ENG",
                "--cert",
                &AUTHENTICATION.certificate_uri(),
            ])
            .args(["--key-type", "ENG", "--key", &AUTHENTICATION.uri()])
            .args(["--engine", "pkcs11", &site.url])
            .env("OPENSSL_CONF", self.openssl_configuration("curl.cnf"));
        Run::of(&mut curl)
    }
}

#[test]
fn curl_shows_the_card_to_a_server() {
    for (kind, commands) in [(CPS3, &CURL_TLS_1_2), (CPS4, &CURL_TLS_1_3)] {
        let desk = Workstation::with(kind);
        let (tls, name) = desk.tls();
        let site = Demanding::of(tls);
        let page = desk.pastes_for(&site, commands, &[("https://service.example/", &site.url)]);
        Demanding::assert_welcomes(&page.success(), name);
        assert_eq!(desk.asked("open-session"), 2);
    }
}

/// TLS 1.3 demands PSS signatures of RSA keys.
#[test]
fn curl_cannot_show_a_cps3_to_a_server_of_tls_1_3_alone() {
    let desk = Workstation::with(CPS3);
    let site = Demanding::of(cpxd_tests::pro_sante_connect::Tls::V1_3);
    let refused = desk.curl_with_card(&site).failure();
    assert!(!refused.contains("La carte est celle de"), "{refused}");
}
