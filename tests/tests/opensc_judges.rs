//! Unmodified OpenSC and openssl judge the virtual CPS3 in a real pcscd.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "a judge that cannot be asked fails its test"
)]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use cpxd_tests::judge::{certificates_in_pem, openssl_accepts_chain, openssl_verifies};
use cpxd_tests::pcsc_stack::{PcscService, Reader, ToolRun, VirtualCardProgram};
use tempfile::TempDir;

/// A card in a reader, and a folder for what goes to and from the tools.
struct Bench {
    service: PcscService,
    _card: VirtualCardProgram,
    folder: TempDir,
}

impl Bench {
    fn with_card() -> Self {
        let service = PcscService::start();
        let card = service.plug(Reader::First, &[]);
        let folder = tempfile::tempdir().unwrap();
        Self {
            service,
            _card: card,
            folder,
        }
    }

    fn pkcs11(&self, arguments: &[&str]) -> ToolRun {
        self.service.opensc("pkcs11-tool", arguments)
    }

    fn pkcs15(&self, arguments: &[&str]) -> ToolRun {
        self.service.opensc("pkcs15-tool", arguments)
    }

    fn log_in(&self, pin: &str) -> ToolRun {
        self.pkcs11(&["--login", "--pin", pin, "--list-objects"])
    }

    /// What PKCS#11 says of the token, flags included.
    fn token(&self) -> String {
        self.pkcs11(&["--list-slots"]).success()
    }

    fn certificate(&self, id: &str) -> Vec<u8> {
        let pem = self.pkcs15(&["--read-certificate", id]).success();
        certificates_in_pem(&pem).remove(0)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// The private key of the card that is behind the code does something with a file.
    fn with_authentication_key(&self, operation: &str, input: &[u8]) -> Vec<u8> {
        let input = self.file("input", input);
        let output = self.folder.path().join("output");
        self.pkcs11(&[
            "--login",
            "--pin",
            "1234",
            operation,
            "--id",
            AUTHENTICATION,
            "--mechanism",
            "RSA-PKCS",
            "--input-file",
            input.to_str().unwrap(),
            "--output-file",
            output.to_str().unwrap(),
        ])
        .success();
        fs::read(output).unwrap()
    }
}

#[test]
fn opensc_takes_the_card_for_a_cpx_card() {
    let bench = Bench::with_card();
    let tool = |arguments: &[&str]| bench.service.opensc("opensc-tool", arguments).success();
    assert!(tool(&["--name"]).contains("IAS-ECC"));
    assert!(tool(&["--atr"]).contains("3b:ac:00:40:2a:00:12:25:00:64:80:00:03:10:00:90:00"));
    let log = bench
        .service
        .opensc_with("opensc-tool", &["--name"], &[("OPENSC_DEBUG", "3")]);
    let log = log.success();
    assert!(
        log.contains("card info name:'IAS-ECC', type:25007"),
        "{log}"
    );
}

#[test]
fn opensc_lists_two_certificates_two_keys_and_both_codes() {
    let listed = Bench::with_card().pkcs15(&["--dump"]).success();
    let titles = |kind: &str| {
        let is_title = |line: &&str| line.starts_with(kind) && line.contains('[');
        listed.lines().filter(is_title).collect::<Vec<_>>()
    };
    assert_eq!(
        titles("PIN"),
        [
            "PIN [Code porteur de la carte CPX]",
            "PIN [Code de deblocage de la carte CPX]",
        ]
    );
    assert_eq!(
        titles("Private"),
        [
            "Private RSA Key [CPS_PRIV_SIG]",
            "Private RSA Key [CPS_PRIV_AUT]",
        ]
    );
    assert_eq!(
        titles("X.509"),
        [
            "X.509 Certificate [Certificat de Signature CPS]",
            "X.509 Certificate [Certificat d'Authentification CPS]",
        ]
    );
    assert!(listed.contains("unblockingPin"), "{listed}");
}

#[test]
fn the_code_is_verified_refused_blocked_and_unblocked() {
    let bench = Bench::with_card();
    bench.log_in("1234").success();
    assert!(!bench.token().contains("user PIN"));

    let refused = bench.log_in("0000").failure();
    assert!(refused.contains("CKR_PIN_INCORRECT"), "{refused}");
    assert!(bench.token().contains("user PIN count low"));
    bench.log_in("0000").failure();
    assert!(bench.token().contains("final user PIN try"));
    bench.log_in("0000").failure();

    let blocked = bench.log_in("1234").failure();
    assert!(blocked.contains("CKR_PIN_LOCKED"), "{blocked}");
    assert!(bench.token().contains("user PIN locked"));
    let blocked = bench.pkcs15(&["--verify-pin", "--auth-id", "01", "--pin", "1234"]);
    let blocked = blocked.failure();
    assert!(
        blocked.contains("Authentication method blocked"),
        "{blocked}"
    );

    let unblock = |puk: &str| {
        bench.pkcs15(&[
            "--unblock-pin",
            "--auth-id",
            "01",
            "--puk",
            puk,
            "--new-pin",
            "4321",
        ])
    };
    unblock("00000000").failure();
    bench.log_in("4321").failure();
    unblock("12345678").success();
    bench.log_in("4321").success();
    bench.log_in("1234").failure();
}

#[test]
fn a_changed_code_is_the_code_and_the_old_one_is_not() {
    let bench = Bench::with_card();
    let changed = bench.pkcs11(&[
        "--login",
        "--pin",
        "1234",
        "--change-pin",
        "--new-pin",
        "2468",
    ]);
    changed.success();
    bench.log_in("1234").failure();
    bench.log_in("2468").success();

    let changed = bench.pkcs15(&[
        "--change-pin",
        "--auth-id",
        "01",
        "--pin",
        "2468",
        "--new-pin",
        "1357",
    ]);
    changed.success();
    bench.log_in("2468").failure();
    bench.log_in("1357").success();
}

#[test]
fn openssl_verifies_what_opensc_signs_with_the_authentication_key() {
    let bench = Bench::with_card();
    let message = b"signed by a card, verified by openssl";
    let signature = bench.with_authentication_key("--sign", &digest_info(message));
    let certificate = bench.certificate(AUTHENTICATION);
    assert!(openssl_verifies(
        &certificate,
        "-sha256",
        &signature,
        message
    ));
    assert!(!openssl_verifies(
        &certificate,
        "-sha256",
        &signature,
        b"another message"
    ));
}

#[test]
fn opensc_decrypts_with_the_card_what_openssl_encrypted() {
    let bench = Bench::with_card();
    let secret = b"for the holder's eyes";
    let pem = bench.pkcs15(&["--read-certificate", AUTHENTICATION]);
    let pem = pem.success();
    let pem = &pem[pem.find("-----BEGIN").unwrap()..];
    let encrypted = Command::new("openssl")
        .args(["pkeyutl", "-encrypt", "-certin", "-inkey"])
        .arg(bench.file("certificate.pem", pem.as_bytes()))
        .arg("-in")
        .arg(bench.file("secret", secret))
        .output()
        .unwrap();
    assert!(encrypted.status.success());
    assert_ne!(encrypted.stdout, secret);
    let decrypted = bench.with_authentication_key("--decrypt", &encrypted.stdout);
    assert_eq!(decrypted, secret);
}

#[test]
fn openssl_builds_the_chain_of_both_certificates_up_to_the_test_root() {
    let bench = Bench::with_card();
    let authentication = bench.certificate(AUTHENTICATION);
    let signature = bench.certificate(SIGNATURE);
    assert_ne!(authentication, signature);
    assert!(openssl_accepts_chain(&authentication, "sslclient"));
    assert!(openssl_accepts_chain(&signature, "smimesign"));
    assert!(!openssl_accepts_chain(&authentication, "sslserver"));
}

/// DigestInfo (RFC 8017, 9.2) over SHA-256 of a message, which is what RSA-PKCS of PKCS#11 signs.
fn digest_info(message: &[u8]) -> Vec<u8> {
    let hash = ring::digest::digest(&ring::digest::SHA256, message);
    [SHA256_DIGEST_INFO, hash.as_ref()].concat()
}

const SHA256_DIGEST_INFO: &[u8] = &[
    0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];
const SIGNATURE: &str = "e828bd080f8025000001ff001001";
const AUTHENTICATION: &str = "e828bd080f8025000001ff001002";
