//! `pkcs11-tool` of OpenSC.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use crate::workstation::{
    AGREES, AUTHENTICATION, CPS3, CPS4, GENERATIONS, KEYS, Key, Run, SIGNATURE, Workstation, module,
};

const MESSAGE: &[u8] = b"signed by a card through the module, verified by openssl";

impl Workstation {
    fn pkcs11(&self, arguments: &[&str]) -> Run {
        let module = module();
        let arguments = [&["--module", &module], arguments].concat();
        self.run("pkcs11-tool", &arguments)
    }

    /// What a key does with a file, after a log-in.
    fn with_key(&self, key: Key, operation: &str, input: &[u8], mechanism: &[&str]) -> Run {
        self.file("input", input);
        // It chooses a private key by its id alone.
        let id = self.id_of(key);
        let fixed = ["--login", operation, "--id", &id];
        let files = ["--input-file", "input", "--output-file", "output"];
        self.pkcs11(&[&fixed[..], &files, &["--mechanism"], mechanism].concat())
    }

    /// What openssl encrypts for the certificate of a key.
    pub(crate) fn encrypted(&self, key: Key, plaintext: &[u8]) -> Vec<u8> {
        self.file("plaintext", plaintext);
        self.file("recipient.pem", self.pem(key));
        let encrypt = ["pkeyutl", "-encrypt", "-certin", "-inkey", "recipient.pem"];
        let files = ["-in", "plaintext", "-out", "cryptogram"];
        self.run("openssl", &[&encrypt[..], &files].concat())
            .success();
        self.bytes_of("cryptogram")
    }

    /// What it says to a cryptogram.
    fn decrypt(&self, key: Key, cryptogram: &[u8]) -> Run {
        self.with_key(key, "--decrypt", cryptogram, &["RSA-PKCS"])
    }

    fn sign(&self, key: Key, input: &[u8], mechanism: &[&str]) -> Vec<u8> {
        self.with_key(key, "--sign", input, mechanism).success();
        self.bytes_of("output")
    }
}

#[test]
fn it_shows_the_module_its_slots_and_a_token_that_is_logged_into_elsewhere() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        let info = desk.pkcs11(&["--show-info"]).success();
        assert!(info.contains("Cryptoki version 2.40"), "{info}");
        assert!(info.contains("cpxd"), "{info}");
        let slots = desk.pkcs11(&["--list-slots"]).success();
        assert!(slots.contains("VirtualPCD 00 00"), "{slots}");
        assert!(slots.contains("VirtualPCD 00 01"), "{slots}");
        for word in [
            "login required",
            "PIN pad present",
            "rng",
            "token initialized",
            "PIN initialized",
        ] {
            assert!(slots.contains(word), "{word}: {slots}");
        }
        assert!(!slots.contains("PIN count low"), "{slots}");
        let tokens = desk.pkcs11(&["--list-token-slots"]).success();
        assert!(!tokens.contains("VirtualPCD 00 01"), "{tokens}");
        assert!(tokens.contains("IAS ECC"), "{tokens}");
        assert_eq!(desk.asked("open-session"), 0);
    }
}

#[test]
fn it_lists_the_mechanisms_that_the_card_does_and_no_others() {
    for kind in GENERATIONS {
        let listed = Workstation::with(kind)
            .pkcs11(&["--list-mechanisms"])
            .success();
        let named = |name: &str| {
            listed
                .lines()
                .any(|line| line.trim_start().starts_with(&format!("{name},")))
        };
        for name in ["RSA-PKCS", "SHA256-RSA-PKCS"] {
            assert!(named(name), "{kind} {name}: {listed}");
        }
        for name in ["RSA-PKCS-PSS", "SHA256-RSA-PKCS-PSS"] {
            assert_eq!(named(name), kind == CPS4, "{kind} {name}: {listed}");
        }
        for name in ["RSA-X-509", "ECDSA", "RSA-PKCS-KEY-PAIR-GEN"] {
            assert!(!named(name), "{kind} {name}: {listed}");
        }
    }
}

#[test]
fn it_lists_certificates_before_the_log_in_and_keys_after_it() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        let before = desk.pkcs11(&["--list-objects"]).success();
        let after = desk.pkcs11(&["--login", "--list-objects"]).success();
        for key in KEYS {
            assert!(before.contains(key.certificate), "{before}");
            assert!(before.contains(&desk.id_of(key)), "{before}");
            assert!(!before.contains(key.label), "{before}");
            assert!(after.contains(key.label), "{after}");
        }
        assert_eq!(
            before
                .matches("Certificate Object; type = X.509 cert")
                .count(),
            2,
            "{before}"
        );
        assert_eq!(
            before.matches("Public Key Object; RSA 2048 bits").count(),
            2,
            "{before}"
        );
        assert_eq!(
            after.matches("Private Key Object; RSA").count(),
            2,
            "{after}"
        );
        assert_eq!(desk.asked("open-session"), 1);
    }
}

#[test]
fn a_code_that_it_gives_is_worth_nothing_and_the_holder_types_the_one_that_counts() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        let given = ["--login", "--pin", "0000", "--list-objects"];
        let listed = desk.pkcs11(&given).success();
        assert!(listed.contains(AUTHENTICATION.label), "{listed}");
        let slots = desk.pkcs11(&["--list-slots"]).success();
        assert!(!slots.contains("PIN count low"), "{slots}");
        assert_eq!(desk.asked("open-session"), 1);
    }
}

#[test]
fn it_is_told_what_the_card_says_of_a_wrong_code_and_the_flags_tell_the_tries() {
    for kind in GENERATIONS {
        let desk = Workstation::with_holder(
            kind,
            "answers = [{ pin = \"0000\" }, {}, { pin = \"0000\" }]",
        );
        // The holder types a wrong code, and says no to the question that comes back.
        let refused = desk.pkcs11(&["--login", "--list-objects"]).failure();
        assert!(
            refused.contains("CKR_PIN_INCORRECT") || refused.contains("CKR_FUNCTION_CANCELED"),
            "{refused}"
        );
        let slots = desk.pkcs11(&["--list-slots"]).success();
        assert!(slots.contains("user PIN count low"), "{slots}");
    }
}

#[test]
fn it_signs_in_every_way_that_the_card_can() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        let digest = ring::digest::digest(&ring::digest::SHA256, MESSAGE);
        for key in KEYS {
            let info = [SHA256_DIGEST_INFO, digest.as_ref()].concat();
            let signature = desk.sign(key, &info, &["RSA-PKCS"]);
            desk.assert_verifies(key, "RS256", &signature, MESSAGE);
            let signature = desk.sign(key, MESSAGE, &["SHA256-RSA-PKCS"]);
            desk.assert_verifies(key, "RS256", &signature, MESSAGE);
        }
        if !desk.does_pss() {
            let refused =
                desk.with_key(AUTHENTICATION, "--sign", MESSAGE, &["SHA256-RSA-PKCS-PSS"]);
            let refused = refused.failure();
            assert!(refused.contains("CKR_MECHANISM_INVALID"), "{refused}");
            continue;
        }
        for key in KEYS {
            let pss = [
                "RSA-PKCS-PSS",
                "--hash-algorithm",
                "SHA256",
                "--mgf",
                "MGF1-SHA256",
                "--salt-len",
                "32",
            ];
            let signature = desk.sign(key, digest.as_ref(), &pss);
            desk.assert_verifies(key, "PS256", &signature, MESSAGE);
            let signature = desk.sign(key, MESSAGE, &["SHA256-RSA-PKCS-PSS"]);
            desk.assert_verifies(key, "PS256", &signature, MESSAGE);
        }
    }
}

#[test]
fn it_signs_with_the_longer_hash_functions_as_the_card_can() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        for (mechanism, algorithm) in [("SHA384-RSA-PKCS", "RS384"), ("SHA512-RSA-PKCS", "RS512")] {
            let signature = desk.sign(AUTHENTICATION, MESSAGE, &[mechanism]);
            desk.assert_verifies(AUTHENTICATION, algorithm, &signature, MESSAGE);
        }
    }
}

/// A file that is longer than one part is hashed in parts.
#[test]
fn it_signs_a_long_file_in_parts() {
    let long = vec![0x5A; 100_000];
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        let signature = desk.sign(SIGNATURE, &long, &["SHA256-RSA-PKCS"]);
        desk.assert_verifies(SIGNATURE, "RS256", &signature, &long);
    }
}

#[test]
fn its_own_test_of_a_token_finds_no_fault() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        let tested = desk.pkcs11(&["--login", "--test"]).success();
        assert!(tested.contains("No errors"), "{tested}");
        assert!(!tested.to_lowercase().contains("error:"), "{tested}");
    }
}

#[test]
fn it_decrypts_with_the_authentication_key_what_openssl_encrypted_for_the_certificate() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        let listed = desk
            .pkcs11(&["--login", "--list-objects", "--type", "privkey"])
            .success();
        assert_eq!(
            listed.matches("Usage:      decrypt, sign").count(),
            1,
            "{listed}"
        );
        for plaintext in [&b"for the holder alone"[..], &[0; 16], &[0x5A; 245]] {
            let cryptogram = desk.encrypted(AUTHENTICATION, plaintext);
            desk.decrypt(AUTHENTICATION, &cryptogram).success();
            assert_eq!(desk.bytes_of("output"), plaintext);
        }
        // One log-in for each time that the program ran, and no other question.
        assert_eq!(desk.asked("open-session"), 4);
        assert_eq!(desk.asked("decipher"), 3);
    }
}

#[test]
fn it_is_told_the_same_of_every_cryptogram_that_cannot_be_deciphered() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        let for_another_key = desk.encrypted(SIGNATURE, b"for the other key");
        for cryptogram in [
            for_another_key,
            vec![7; 256],
            [&[0; 255][..], &[1]].concat(),
        ] {
            let refused = desk.decrypt(AUTHENTICATION, &cryptogram).failure();
            assert!(refused.contains("CKR_ENCRYPTED_DATA_INVALID"), "{refused}");
        }
        let refused = desk.decrypt(AUTHENTICATION, &[7; 255]).failure();
        assert!(
            refused.contains("CKR_ENCRYPTED_DATA_LEN_RANGE"),
            "{refused}"
        );
        let refused = desk.decrypt(SIGNATURE, &[7; 256]).failure();
        assert!(refused.contains("CKR_KEY_TYPE_INCONSISTENT"), "{refused}");
    }
}

#[test]
fn it_reads_data_of_the_card_and_private_ones_after_the_log_in_alone() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        let list = ["--list-objects", "--type", "data"];
        let before = desk.pkcs11(&list).success();
        assert!(before.contains("CPS_NAME_PS"), "{before}");
        assert!(!before.contains("CPS_ACTIVITY"), "{before}");
        let read = ["--read-object", "--type", "data", "--output-file", "data"];
        desk.pkcs11(&[&read[..], &["--label", "CPS_NAME_PS"]].concat())
            .success();
        let name = desk.card()["holder"]["familyName"].as_str().unwrap();
        let is_in = |text: &str| {
            let data = desk.bytes_of("data");
            data.windows(text.len()).any(|part| part == text.as_bytes())
        };
        assert!(is_in(name), "{name}");
        let activity = ["--label", "CPS_ACTIVITY_01_PS"];
        desk.pkcs11(&[&read[..], &activity].concat()).failure();
        assert_eq!(desk.asked("open-session"), 0);
        desk.pkcs11(&[&["--login"][..], &read, &activity].concat())
            .success();
        assert!(is_in("CABINET DE TEST"));
        assert_eq!(desk.asked("open-session"), 1);
        // The length and the value, for which the card is asked once.
        assert_eq!(desk.asked("read-activities"), 1);
    }
}

#[test]
fn it_reads_certificates_and_public_keys_as_the_agent_gives_them() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        for key in KEYS {
            let read = [
                "--read-object",
                "--type",
                "cert",
                "--label",
                key.certificate,
            ];
            let read = [&read[..], &["--output-file", "certificate.der"]].concat();
            desk.pkcs11(&read).success();
            let certificate = desk.bytes_of("certificate.der");
            assert_eq!(certificate, desk.certificate(key));
            let label = format!("Cle publique - {}", key.certificate);
            let read = ["--read-object", "--type", "pubkey", "--label", &label];
            let read = [&read[..], &["--output-file", "key.der"]].concat();
            desk.pkcs11(&read).success();
            desk.file("certificate.pem", desk.pem(key));
            let of_certificate = ["x509", "-in", "certificate.pem", "-pubkey", "-noout"];
            let of_certificate = desk.run("openssl", &of_certificate).bytes();
            let of_token = [
                "pkey", "-pubin", "-inform", "DER", "-in", "key.der", "-pubout",
            ];
            assert_eq!(desk.run("openssl", &of_token).bytes(), of_certificate);
        }
    }
}

#[test]
fn it_gets_random_bytes_of_the_card() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        let random = || {
            desk.pkcs11(&["--generate-random", "40", "--output-file", "random"])
                .success();
            desk.bytes_of("random")
        };
        let (first, second) = (random(), random());
        assert_eq!((first.len(), second.len()), (40, 40));
        assert_ne!(first, second);
        assert_eq!(desk.asked("open-session"), 0);
    }
}

#[test]
fn it_waits_for_the_card_that_comes_and_goes() {
    let mut desk = Workstation::with(CPS3);
    let mut hotplug = desk
        .starts("pkcs11-tool")
        .args(["--module", &module(), "--test-hotplug"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(hotplug.stdout.take().unwrap());
    let mut keyboard = hotplug.stdin.take().unwrap();
    // First by looking again and again, then by waiting: `x` ends each way, return begins a look.
    keyboard.write_all(b"\nx\n\n").unwrap();
    let mut until = |wanted: &str| {
        let mut line = String::new();
        while !line.contains(wanted) {
            line.clear();
            assert_ne!(said.read_line(&mut line).unwrap(), 0, "no {wanted}");
        }
    };
    until("using C_WaitForSlotEvent");
    desk.pull();
    until("event on slot 0x0");
    until("(empty)");
    keyboard.write_all(b"\n").unwrap();
    desk.plug();
    until("event on slot 0x0");
    until("token label");
    keyboard.write_all(b"x\n").unwrap();
    assert!(hotplug.wait().unwrap().success());
}

#[test]
fn its_threads_and_its_forked_child_find_a_module_each() {
    let desk = Workstation::with(CPS4);
    let threads = desk.pkcs11(&["--test-threads", "INLSI", "--test-threads", "INLSI"]);
    threads.success();
    let forked = desk.pkcs11(&["--test-fork", "--list-slots"]).success();
    assert!(!forked.contains("CKR_"), "{forked}");
}

#[test]
fn what_would_change_the_card_is_refused_and_changes_nothing() {
    let desk = Workstation::with(CPS3);
    for (arguments, reason) in [
        (
            &[
                "--login",
                "--login-type",
                "so",
                "--so-pin",
                "12345678",
                "--init-pin",
                "--new-pin",
                "4321",
            ][..],
            "CKR_USER_TYPE_INVALID",
        ),
        (
            &["--init-token", "--label", "x", "--so-pin", "12345678"],
            "CKR_",
        ),
        (
            &["--login", "--keypairgen", "--key-type", "rsa:2048"],
            "Generate RSA mechanism not supported",
        ),
    ] {
        let refused = desk.pkcs11(arguments).failure();
        assert!(refused.contains(reason), "{refused}");
    }
    desk.pkcs11(&["--login", "--list-objects"]).success();
    let slots = desk.pkcs11(&["--list-slots"]).success();
    assert!(!slots.contains("PIN count low"), "{slots}");
}

/// In PKCS#11 both are C_SetPIN without a log-in, and a module that reads no codes cannot tell them apart.
#[test]
fn what_it_calls_unlocking_asks_the_holder_for_a_change_of_the_code() {
    for kind in GENERATIONS {
        let holder = "answers = [{ pin = \"1234\", new_pin = \"4321\" }, { pin = \"4321\" }]";
        let desk = Workstation::with_holder(kind, holder);
        let given = ["--puk", "12345678", "--new-pin", "9999"];
        desk.pkcs11(&[&["--unlock-pin"], &given[..]].concat())
            .success();
        assert_eq!(desk.asked("change-pin"), 1);
        assert_eq!(desk.asked("unblock-pin"), 0);
        desk.pkcs11(&["--login", "--list-objects"]).success();
        // With a log-in of its own before, it is refused.
        for user in ["so", "context-specific"] {
            let as_user = ["--login-type", user, "--so-pin", "12345678"];
            let refused =
                desk.pkcs11(&[&["--login", "--unlock-pin"], &as_user[..], &given].concat());
            let refused = refused.failure();
            assert!(refused.contains("C_Login failed"), "{refused}");
        }
        assert_eq!(desk.asked("change-pin"), 1);
    }
}

#[test]
fn it_is_told_of_a_blocked_code_at_once_and_the_command_line_unblocks_it() {
    for kind in GENERATIONS {
        let desk = Workstation::with_holder(
            kind,
            r#"
            consent = true
            answers = [
                { pin = "0000" }, { pin = "0000" }, { pin = "0000" },
                { unblock_code = "12345678", new_pin = "4321" }, { pin = "4321" },
            ]
            "#,
        );
        for _ in 0..3 {
            desk.pkcs11(&["--login", "--list-objects"]).failure();
        }
        for changes in ["--change-pin", "--unlock-pin"] {
            let refused = desk.pkcs11(&[changes]).failure();
            assert!(refused.contains("CKR_PIN_LOCKED"), "{refused}");
        }
        // Neither had a question, which would have had the next answer.
        let unblocked = desk.agent().cli(&["pin", "unblock"]);
        assert!(unblocked.status.success(), "{unblocked:?}");
        desk.pkcs11(&["--login", "--list-objects"]).success();
    }
}

/// The file of the module has it met as browsers are: it sees the keys and signs without a log-in of its own.
#[test]
fn it_is_met_as_a_browser_where_the_users_file_says_so() {
    for kind in GENERATIONS {
        let lines = "browsers = [\"pkcs11-t*\"]";
        let desk = Workstation::with_holder_and_module(kind, AGREES, lines);
        let slots = desk.pkcs11(&["--list-slots"]).success();
        assert!(!slots.contains("login required"), "{slots}");
        assert!(!slots.contains("PIN pad present"), "{slots}");
        let listed = desk.pkcs11(&["--list-objects"]).success();
        assert!(listed.contains(AUTHENTICATION.label), "{listed}");
        assert_eq!(desk.asked("open-session"), 0);
        let digest = ring::digest::digest(&ring::digest::SHA256, MESSAGE);
        desk.file("input", [SHA256_DIGEST_INFO, digest.as_ref()].concat());
        let id = desk.id_of(AUTHENTICATION);
        let sign = ["--sign", "--id", &id, "--mechanism", "RSA-PKCS"];
        let files = ["--input-file", "input", "--output-file", "output"];
        desk.pkcs11(&[&sign[..], &files].concat()).success();
        let signature = desk.bytes_of("output");
        desk.assert_verifies(AUTHENTICATION, "RS256", &signature, MESSAGE);
        assert_eq!(desk.asked("open-session"), 1);
    }
}

/// DigestInfo of SHA-256 up to the digest (RFC 8017, 9.2, note 1).
const SHA256_DIGEST_INFO: &[u8] = &[
    0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];
