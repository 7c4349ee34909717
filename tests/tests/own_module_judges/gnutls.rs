//! `p11tool` and `gnutls-cli` of GnuTLS.

use crate::workstation::{AUTHENTICATION, Demanding, GENERATIONS, KEYS, Run, Workstation, module};

impl Workstation {
    fn p11tool(&self, arguments: &[&str]) -> Run {
        let module = module();
        let arguments = [&["--batch", "--provider", &module], arguments].concat();
        self.run("p11tool", &arguments)
    }
}

#[test]
fn p11tool_lists_the_token_and_all_that_is_on_it() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        let tokens = desk.p11tool(&["--list-tokens"]).success();
        assert!(tokens.contains("model=IAS%20ECC"), "{tokens}");
        let before = desk.p11tool(&["--list-all"]).success();
        let after = desk.p11tool(&["--login", "--list-all"]).success();
        for key in KEYS {
            let certificate = format!("Label: {}", key.certificate);
            assert!(before.contains(&certificate), "{before}");
            assert!(!before.contains(key.label), "{before}");
            assert!(after.contains(&format!("Label: {}", key.label)), "{after}");
        }
        assert_eq!(desk.asked("open-session"), 1);
    }
}

#[test]
fn p11tool_exports_each_certificate_and_knows_its_key() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        for key in KEYS {
            let exported = desk.p11tool(&["--export", &key.certificate_uri()]);
            assert!(
                exported.said().contains(desk.pem(key).trim()),
                "{exported:?}"
            );
            let info = desk.p11tool(&["--login", "--info", &key.uri()]).success();
            assert!(info.contains("RSA-2048"), "{info}");
            assert!(info.contains("CKA_NEVER_EXTRACTABLE"), "{info}");
        }
    }
}

/// GnuTLS verifies with the public key of the certificate what the card signed.
#[test]
fn p11tool_finds_that_each_key_signs() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        for key in KEYS {
            let tested = desk
                .p11tool(&["--login", "--test-sign", &key.uri()])
                .success();
            assert!(tested.contains("ok"), "{tested}");
        }
    }
}

#[test]
fn gnutls_cli_shows_the_card_to_a_server() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        let (tls, name) = desk.tls();
        let site = Demanding::of(tls);
        let mut client = desk.starts("gnutls-cli");
        client
            .args(["--provider", &module(), "--x509cafile", &site.authority()])
            .args(["--x509certfile", &AUTHENTICATION.certificate_uri()])
            .args(["--x509keyfile", &AUTHENTICATION.uri()])
            .args([
                "--sni-hostname",
                &site.host,
                "--verify-hostname",
                &site.host,
            ])
            .args(["--port", &site.port, "127.0.0.1"]);
        let page = Run::with_input(&mut client, site.request().as_bytes()).success();
        Demanding::assert_welcomes(&page, name);
        assert_eq!(desk.asked("open-session"), 1);
    }
}
