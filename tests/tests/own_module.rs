//! The product's own PKCS#11 module: `pkcs11-tool` and openssl judge it on virtual cards of both generations.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "a judge that cannot be asked fails its test"
)]

use std::fs;
use std::path::PathBuf;

use cpxd_tests::agent::Agent;
use cpxd_tests::judge::{openssl_verifies, openssl_verifies_as};
use cpxd_tests::own_module::ModuleHome;
use cpxd_tests::pcsc_stack::ToolRun;
use cpxd_tests::programs::workspace_dir;
use cpxd_tests::scripted::text_file;
use tempfile::{NamedTempFile, TempDir};

/// An agent with one card and a holder who types the right code, and a user of its module.
struct Bench {
    agent: Agent,
    home: ModuleHome,
    folder: TempDir,
    _holder: NamedTempFile,
}

impl Bench {
    fn with(card: &str) -> Self {
        Self::with_holder(card, "pin = \"1234\"")
    }

    fn with_holder(card: &str, script: &str) -> Self {
        let holder = text_file(script);
        let path = holder.path().to_string_lossy().into_owned();
        let agent = Agent::demo(&["--card", card, "--scripted-holder", &path]);
        let _ = agent.card();
        Self {
            home: ModuleHome::of(&agent),
            folder: tempfile::tempdir().unwrap(),
            agent,
            _holder: holder,
        }
    }

    fn tool(&self, arguments: &[&str]) -> ToolRun {
        self.home.pkcs11_tool(arguments)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// The identifier that the certificate of this label has, and so its key.
    fn id_of(&self, label: &str) -> String {
        let listed = self.tool(&["--list-objects", "--type", "cert"]).success();
        let mut lines = listed.lines().map(str::trim);
        let _ = lines.find(|line| line.strip_prefix("label:").map(str::trim) == Some(label));
        let id = lines.find_map(|line| line.strip_prefix("ID:"));
        id.unwrap().trim().to_owned()
    }

    /// A signature by the key of this certificate over the bytes, for a program that gives a code of its own.
    fn sign(&self, certificate: &str, mechanism: &[&str], input: &[u8]) -> Vec<u8> {
        let id = self.id_of(certificate);
        let input = self.file("input", input);
        let output = self.folder.path().join("output");
        let files = [input.to_str().unwrap(), output.to_str().unwrap()];
        let arguments = [
            &["--login", "--pin", NOT_THE_CODE, "--sign", "--id", &id][..],
            &["--input-file", files[0], "--output-file", files[1]],
            mechanism,
        ];
        self.tool(&arguments.concat()).success();
        fs::read(output).unwrap()
    }

    fn certificate(&self, label: &str) -> Vec<u8> {
        let output = self.folder.path().join("certificate");
        let path = output.to_str().unwrap();
        self.tool(&[
            "--read-object",
            "--type",
            "cert",
            "--label",
            label,
            "-o",
            path,
        ])
        .success();
        fs::read(output).unwrap()
    }
}

#[test]
fn readers_are_slots_and_a_token_has_the_names_that_programs_look_for() {
    for (card, token) in [("cps3", "CPS3v3-"), ("cps4", "CPS4v1-")] {
        let listed = Bench::with(card).tool(&["--list-slots"]).success();
        assert!(listed.contains(token), "{listed}");
        for line in [
            "token model        : IAS ECC",
            "token manufacturer : CPXD TEST",
            "token flags        : login required, rng, token initialized, PIN initialized, PIN pad present",
        ] {
            let flat = listed.replace("  ", " ");
            let found = line
                .split(", ")
                .all(|part| listed.contains(part) || flat.contains(part));
            assert!(found, "{line} in {listed}");
        }
    }
}

#[test]
fn a_contactless_card_has_no_code_to_log_in_with_and_no_program_asks_for_one() {
    let bench = Bench::with("cps3-contactless");
    let slots = bench.tool(&["--list-slots"]).success();
    for word in ["login required", "PIN initialized"] {
        assert!(!slots.contains(word), "{word}: {slots}");
    }
    // It is given no code and asks for none at its terminal.
    for arguments in [&["--login", "--list-objects"][..], &["--change-pin"]] {
        let refused = bench.tool(arguments).failure();
        assert!(
            refused.contains("CKR_USER_PIN_NOT_INITIALIZED"),
            "{refused}"
        );
    }
}

#[test]
fn a_contactless_card_is_shown_with_what_can_be_done_with_it_and_no_more() {
    let bench = Bench::with("cps3-contactless");
    let mechanisms = bench.tool(&["--list-mechanisms"]).success();
    let mut with_keys = mechanisms.lines().filter(|line| line.contains("RSA-PKCS"));
    assert!(
        with_keys.all(|line| line.contains("verify")),
        "{mechanisms}"
    );
    assert!(mechanisms.contains("RSA-PKCS, "), "{mechanisms}");
    for word in ["hw", "sign", "decrypt"] {
        assert!(!mechanisms.contains(word), "{word}: {mechanisms}");
    }
    let random = bench.folder.path().join("random");
    let output = random.to_str().unwrap();
    bench
        .tool(&["--generate-random", "8", "--output-file", output])
        .success();
    assert_eq!(fs::read(&random).unwrap().len(), 8);
    let name = ["--type", "data", "--label", "CPS_NAME_PS"];
    bench
        .tool(&[&["--read-object"], &name[..]].concat())
        .success();
    let lines = "browsers = [\"pkcs11-tool\"]";
    let as_browser = ModuleHome::with(&bench.agent, lines);
    let mechanisms = as_browser.pkcs11_tool(&["--list-mechanisms"]).success();
    assert!(!mechanisms.contains("RSA"), "{mechanisms}");
    for listed in [
        bench.tool(&["--list-objects"]).success(),
        as_browser.pkcs11_tool(&["--list-objects"]).success(),
    ] {
        assert!(listed.contains("Certificat Technique CPS"), "{listed}");
        assert!(listed.contains("Public Key Object"), "{listed}");
        assert!(!listed.contains("Private Key Object"), "{listed}");
    }
}

#[test]
fn certificates_and_public_keys_are_seen_before_the_log_in_and_private_keys_after_it() {
    for card in ["cps3", "cps4"] {
        let bench = Bench::with(card);
        let public = bench.tool(&["--list-objects"]).success();
        for label in [
            AUTHENTICATION,
            SIGNATURE,
            "Cle publique - Certificat d'Authentification CPS",
        ] {
            assert!(public.contains(label), "{label} in {public}");
        }
        assert!(!public.contains("CPS_PRIV"), "{public}");
        let all = bench.tool(&["--login", "--pin", NOT_THE_CODE, "--list-objects"]);
        let all = all.success();
        for label in ["CPS_PRIV_AUT", "CPS_PRIV_SIG"] {
            assert!(all.contains(label), "{label} in {all}");
        }
        assert!(all.contains("always sensitive, never extract"), "{all}");
    }
}

#[test]
fn openssl_verifies_what_both_keys_sign_and_the_code_of_the_program_is_not_used() {
    let message = b"signed through a module, verified by openssl";
    for card in ["cps3", "cps4"] {
        let bench = Bench::with(card);
        for key in [AUTHENTICATION, SIGNATURE] {
            let certificate = bench.certificate(key);
            for (mechanism, input) in [
                ("RSA-PKCS", digest_info(message)),
                ("SHA256-RSA-PKCS", message.to_vec()),
            ] {
                let signature = bench.sign(key, &["--mechanism", mechanism], &input);
                let verifies =
                    |message: &[u8]| openssl_verifies(&certificate, "-sha256", &signature, message);
                assert!(verifies(message), "{card} {key} {mechanism}");
                assert!(!verifies(b"another message"), "{card} {key} {mechanism}");
            }
        }
        assert_eq!(bench.agent.tries_left(), 3);
    }
}

#[test]
fn a_cps4_signs_by_pss_and_a_cps3_does_not_offer_it() {
    let message = b"signed by PSS";
    let bench = Bench::with("cps4");
    for key in [AUTHENTICATION, SIGNATURE] {
        let certificate = bench.certificate(key);
        let options = ["--mechanism", "SHA256-RSA-PKCS-PSS"];
        let signature = bench.sign(key, &options, message);
        let verifies = openssl_verifies_as("PS256", &certificate, &signature, message);
        assert!(verifies, "{key}");
    }
    let offered = bench.tool(&["--list-mechanisms"]).success();
    assert!(offered.contains("RSA-PKCS-PSS"), "{offered}");
    let offered = Bench::with("cps3").tool(&["--list-mechanisms"]).success();
    assert!(!offered.contains("PSS"), "{offered}");
    assert!(offered.contains("RSA-PKCS"), "{offered}");
}

#[test]
fn pkcs11_tool_finds_no_error_in_its_own_test_of_the_module() {
    for card in ["cps3", "cps4"] {
        let tested = Bench::with(card).tool(&["--test", "--login", "--pin", NOT_THE_CODE]);
        let tested = tested.success();
        for line in [
            "all 4 signature functions seem to work",
            "RSA-PKCS: OK",
            "SHA256-RSA-PKCS: OK",
            "No errors",
        ] {
            assert!(tested.contains(line), "{card}: {line} in {tested}");
        }
    }
}

#[test]
fn a_wrong_code_a_refusal_and_a_blocked_code_are_told_as_they_are() {
    let bench = Bench::with_holder(
        "cps3",
        r#"
pin = "1234"
answers = [ { pin = "0000" }, { consent = false }, { pin = "0000" }, { pin = "0000", consent = true } ]
"#,
    );
    let log_in = || bench.tool(&["--login", "--pin", "1234", "--list-objects"]);
    let flags = || bench.tool(&["--list-slots"]).success();
    let wrong = log_in().failure();
    assert!(wrong.contains("CKR_PIN_INCORRECT"), "{wrong}");
    assert!(flags().contains("user PIN count low"));
    let refused = log_in().failure();
    assert!(refused.contains("CKR_FUNCTION_CANCELED"), "{refused}");
    assert_eq!(bench.agent.tries_left(), 2);
    log_in().failure();
    assert!(flags().contains("final user PIN try"));
    let blocked = log_in().failure();
    assert!(blocked.contains("CKR_PIN_LOCKED"), "{blocked}");
    assert!(flags().contains("user PIN locked"));
}

#[test]
fn a_holder_who_is_asked_for_both_codes_changes_the_code_for_pkcs11_tool() {
    for card in ["cps3", "cps4"] {
        let bench = Bench::with_holder(
            card,
            r#"
answers = [ { pin = "0000", new_pin = "4321" }, { pin = "1234", new_pin = "4321" }, { pin = "4321" }, { consent = false } ]
"#,
        );
        let change = || bench.tool(&["--change-pin"]);
        let wrong = change().failure();
        assert!(wrong.contains("CKR_PIN_INCORRECT"), "{card}: {wrong}");
        let changed = change().success();
        assert!(changed.contains("PIN successfully changed"), "{changed}");
        let log_in = ["--login", "--pin", NOT_THE_CODE, "--list-objects"];
        bench.tool(&log_in).success();
        let refused = change().failure();
        assert!(
            refused.contains("CKR_FUNCTION_CANCELED"),
            "{card}: {refused}"
        );
    }
}

/// The holder of the README who is a file, with one answer for each question.
#[test]
fn pkcs11_tool_asks_twice_where_it_logs_in_and_changes_the_code() {
    let readme = fs::read_to_string(workspace_dir().join("README.md")).unwrap();
    let script = readme
        .lines()
        .find_map(|line| line.strip_prefix("# answers"));
    let bench = Bench::with_holder("cps3", &format!("answers{}", script.unwrap()));
    let log_in = ["--login", "--pin", NOT_THE_CODE];
    let changed = bench.tool(&[&log_in[..], &["--change-pin"]].concat());
    let changed = changed.success();
    assert!(changed.contains("PIN successfully changed"), "{changed}");
    bench
        .tool(&[&log_in[..], &["--list-objects"]].concat())
        .success();
    assert_eq!(bench.agent.tries_left(), 3);
    let one_more = bench.tool(&[&log_in[..], &["--list-objects"]].concat());
    let one_more = one_more.failure();
    assert!(one_more.contains("CKR_FUNCTION_CANCELED"), "{one_more}");
}

/// DigestInfo (RFC 8017, 9.2) over SHA-256 of a message, which is what RSA-PKCS of PKCS#11 signs.
fn digest_info(message: &[u8]) -> Vec<u8> {
    let hash = ring::digest::digest(&ring::digest::SHA256, message);
    [SHA256_DIGEST_INFO, hash.as_ref()].concat()
}

const AUTHENTICATION: &str = "Certificat d'Authentification CPS";
const SIGNATURE: &str = "Certificat de Signature CPS";
const NOT_THE_CODE: &str = "0000";
const SHA256_DIGEST_INFO: &[u8] = &[
    0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];
