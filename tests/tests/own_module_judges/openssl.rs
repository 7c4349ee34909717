//! openssl with the engine `pkcs11` of libp11.

use std::path::PathBuf;
use std::process::Command;

use cpxd_tests::judge::test_authorities;

use crate::commands::{S_CLIENT, SIGNING};
use crate::workstation::{
    AUTHENTICATION, Demanding, GENERATIONS, KEYS, Key, Run, SIGNATURE, Workstation, module,
};

/// Stands for the path of the module.
pub(crate) const MODULE: &str = "/path/to/libcpxd_pkcs11.so";
/// What OpenSSL reads of the engine.
pub(crate) const ENGINE: &str = "\
openssl_conf = openssl_init

[openssl_init]
engines = engines
ssl_conf = ssl

[engines]
pkcs11 = pkcs11_engine

[pkcs11_engine]
engine_id = pkcs11
MODULE_PATH = /path/to/libcpxd_pkcs11.so
init = 0

[ssl]
";
/// What it reads more where the card makes no PSS signatures.
pub(crate) const WITHOUT_PSS: &str = "\
system_default = tls

[tls]
ClientSignatureAlgorithms = RSA+SHA256:RSA+SHA384:RSA+SHA512
";

const MESSAGE: &[u8] = b"signed through the engine of libp11";

impl Workstation {
    /// openssl that was told of the engine and the module, as `docs/pkcs11-clients.md` shows it.
    pub(crate) fn openssl(&self) -> Command {
        let mut command = self.starts("openssl");
        command.env("OPENSSL_CONF", self.openssl_configuration("openssl.cnf"));
        command
    }

    /// What OpenSSL reads. It takes PSS in TLS 1.2, too, where the server does not mind, and asks no engine whether
    /// it can; so whoever has a CPS3 says that it cannot.
    pub(crate) fn openssl_configuration(&self, name: &str) -> PathBuf {
        let engine = ENGINE.replace(MODULE, &module());
        let tls = if self.does_pss() { "" } else { WITHOUT_PSS };
        self.file(name, format!("{engine}{tls}"))
    }

    fn signed(&self, key: Key, options: &[&str]) -> Vec<u8> {
        self.file("message", MESSAGE);
        let mut openssl = self.openssl();
        openssl
            .args(["dgst", "-engine", "pkcs11", "-keyform", "engine"])
            .args(["-sign", &key.uri(), "-out", "signature"])
            .args(options)
            .arg("message");
        Run::of(&mut openssl).success();
        self.bytes_of("signature")
    }
}

#[test]
fn openssl_signs_a_file_with_each_key() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        for key in KEYS {
            let signature = desk.signed(key, &["-sha256"]);
            desk.assert_verifies(key, "RS256", &signature, MESSAGE);
        }
        assert_eq!(desk.asked("open-session"), 2);
    }
}

#[test]
fn openssl_signs_and_verifies_as_the_page_says() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        desk.file("letter.txt", MESSAGE);
        let said = desk.pastes(&SIGNING, &[]).success();
        assert!(said.contains("Verified OK"), "{said}");
        desk.assert_verifies(SIGNATURE, "RS256", &desk.bytes_of("letter.sig"), MESSAGE);
    }
}

#[test]
fn openssl_signs_with_pss_where_the_card_can() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        if !desk.does_pss() {
            continue;
        }
        let pss = [
            "-sha256",
            "-sigopt",
            "rsa_padding_mode:pss",
            "-sigopt",
            "rsa_pss_saltlen:digest",
        ];
        for key in KEYS {
            let signature = desk.signed(key, &pss);
            desk.assert_verifies(key, "PS256", &signature, MESSAGE);
        }
    }
}

#[test]
fn openssl_makes_a_cms_signature_whose_chain_it_verifies() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        desk.file("message", MESSAGE);
        desk.file("authorities.pem", test_authorities());
        for key in KEYS {
            desk.file("signer.pem", desk.pem(key));
            let mut sign = desk.openssl();
            sign.args([
                "cms", "-sign", "-binary", "-engine", "pkcs11", "-keyform", "engine",
            ])
            .args([
                "-inkey",
                &key.uri(),
                "-signer",
                "signer.pem",
                "-md",
                "sha256",
            ])
            .args(["-in", "message", "-outform", "DER", "-out", "signed.cms"]);
            Run::of(&mut sign).success();
            let verify = |content: &str| {
                desk.run(
                    "openssl",
                    &[
                        "cms",
                        "-verify",
                        "-binary",
                        "-inform",
                        "DER",
                        "-in",
                        "signed.cms",
                        "-content",
                        content,
                        "-CAfile",
                        "authorities.pem",
                        "-purpose",
                        "any",
                        "-out",
                        "verified",
                    ],
                )
            };
            verify("message").success();
            desk.file("other", b"another message");
            verify("other").failure();
        }
    }
}

#[test]
fn openssl_deciphers_with_the_authentication_key() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        desk.encrypted(AUTHENTICATION, MESSAGE);
        let mut decrypt = desk.openssl();
        decrypt
            .args([
                "pkeyutl", "-decrypt", "-engine", "pkcs11", "-keyform", "engine",
            ])
            .args(["-inkey", &AUTHENTICATION.uri()])
            .args(["-in", "cryptogram", "-out", "deciphered"]);
        Run::of(&mut decrypt).success();
        assert_eq!(desk.bytes_of("deciphered"), MESSAGE);
    }
}

#[test]
fn openssl_opens_a_cms_envelope_for_the_authentication_certificate() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        desk.file("message", MESSAGE);
        desk.file("recipient.pem", desk.pem(AUTHENTICATION));
        let encrypt = ["cms", "-encrypt", "-binary", "-aes256", "-in", "message"];
        let envelope = ["-outform", "DER", "-out", "envelope.cms", "recipient.pem"];
        desk.run("openssl", &[&encrypt[..], &envelope].concat())
            .success();
        let mut decrypt = desk.openssl();
        decrypt
            .args(["cms", "-decrypt", "-binary", "-engine", "pkcs11"])
            .args(["-keyform", "engine", "-inkey", &AUTHENTICATION.uri()])
            .args(["-recip", "recipient.pem", "-inform", "DER"])
            .args(["-in", "envelope.cms", "-out", "opened"]);
        Run::of(&mut decrypt).success();
        assert_eq!(desk.bytes_of("opened"), MESSAGE);
    }
}

#[test]
fn openssl_shows_the_card_to_a_server() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        let (tls, name) = desk.tls();
        let site = Demanding::of(tls);
        let address = format!("ADDRESS=127.0.0.1:{}", site.port);
        let host = format!("HOST={}", site.host);
        let page = desk.pastes_for(
            &site,
            &S_CLIENT,
            &[
                ("HOST=service.example", &host),
                ("ADDRESS=service.example:443", &address),
            ],
        );
        Demanding::assert_welcomes(&page.success(), name);
        assert_eq!(desk.asked("open-session"), 2);
    }
}

#[test]
fn a_holder_who_says_no_is_obeyed() {
    for kind in GENERATIONS {
        let desk = Workstation::with_holder(kind, "consent = false");
        desk.file("message", MESSAGE);
        let mut openssl = desk.openssl();
        openssl
            .args(["dgst", "-engine", "pkcs11", "-keyform", "engine", "-sha256"])
            .args(["-sign", &SIGNATURE.uri(), "-out", "signature", "message"]);
        Run::of(&mut openssl).failure();
        assert!(
            desk.home()
                .join("signature")
                .metadata()
                .map_or(true, |file| file.len() == 0)
        );
    }
}
