//! `docs/pkcs11-clients.md`, written from these tables.

use std::fs;

use cpxd_tests::programs::workspace_dir;

use crate::commands;
use crate::integrators;
use crate::java::CONFIGURATION;
use crate::openssl::{ENGINE, WITHOUT_PSS};

/// What a program did, on a CPS3 and on a CPS4, and the test that shows it.
struct Row(
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

/// Begins the names of tests that are in another file, with browsers.
pub(crate) const OF_BROWSERS: &str = "pro_sante_connect::";

/// Names of all tests that the document names.
pub(crate) fn tests() -> Vec<&'static str> {
    ROWS.iter().map(|Row(.., test)| *test).collect()
}

/// The whole document.
pub(crate) fn text() -> String {
    let rows = ROWS
        .iter()
        .map(|Row(program, operation, cps3, cps4, test)| {
            format!("| {program} | {operation} | {cps3} | {cps4} | `{test}` |\n")
        });
    let rows: String = rows.collect();
    let browsers = browsers();
    let commands = commands::chapter();
    let integrators = integrators::chapter();
    format!(
        "{HEAD}{rows}{LIMITS}{MANNERS}{browsers}{OVERRIDE}```ini\n{ENGINE}{WITHOUT_PSS}```\n{AFTER_OPENSSL}\
         ```ini\n{CONFIGURATION}```\n{AFTER_JAVA}{commands}{integrators}"
    )
}

/// The names of executables that the module knows as browsers, from its source.
fn browsers() -> String {
    let source = workspace_dir().join("crates/pkcs11-module/src/manner.rs");
    let source = fs::read_to_string(source).unwrap();
    let (_, list) = source.split_once("const BROWSERS: ").unwrap();
    let (list, _) = list.split_once("];\n").unwrap();
    let names: Vec<_> = list.split('"').skip(1).step_by(2).collect();
    assert!(names.contains(&"firefox*"), "{names:?}");
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

const YES: &str = "yes";
const PKCS11_TOOL: &str = "pkcs11-tool";
const P11TOOL: &str = "p11tool";
const OPENSSL: &str = "openssl";
const CURL: &str = "curl";
const JAVA: &str = "Java";
const PYKCS11: &str = "PyKCS11";
const OPENSSH: &str = "OpenSSH";
const AT_ONCE: &str = "several at once";

const ROWS: &[Row] = &[
    Row(
        PKCS11_TOOL,
        "shows module, slots and token",
        YES,
        YES,
        "pkcs11_tool::it_shows_the_module_its_slots_and_a_token_that_is_logged_into_elsewhere",
    ),
    Row(
        PKCS11_TOOL,
        "lists mechanisms",
        "no PSS",
        "with PSS",
        "pkcs11_tool::it_lists_the_mechanisms_that_the_card_does_and_no_others",
    ),
    Row(
        PKCS11_TOOL,
        "lists objects: certificates at once, private keys after the log-in",
        YES,
        YES,
        "pkcs11_tool::it_lists_certificates_before_the_log_in_and_keys_after_it",
    ),
    Row(
        PKCS11_TOOL,
        "logs in: the holder types the code at the agent, `--pin` counts for nothing",
        YES,
        YES,
        "pkcs11_tool::a_code_that_it_gives_is_worth_nothing_and_the_holder_types_the_one_that_counts",
    ),
    Row(
        PKCS11_TOOL,
        "is told of a wrong code, and the flags of the token tell it",
        YES,
        YES,
        "pkcs11_tool::it_is_told_what_the_card_says_of_a_wrong_code_and_the_flags_tell_the_tries",
    ),
    Row(
        PKCS11_TOOL,
        "signs with both keys: RSA-PKCS, SHA256-RSA-PKCS, RSA-PKCS-PSS, SHA256-RSA-PKCS-PSS (`--id`; its `--label` \
         chooses no private key)",
        "without PSS (CKR_MECHANISM_INVALID)",
        YES,
        "pkcs11_tool::it_signs_in_every_way_that_the_card_can",
    ),
    Row(
        PKCS11_TOOL,
        "signs with the authentication key: SHA384-RSA-PKCS, SHA512-RSA-PKCS",
        YES,
        YES,
        "pkcs11_tool::it_signs_with_the_longer_hash_functions_as_the_card_can",
    ),
    Row(
        PKCS11_TOOL,
        "signs a long file in parts",
        YES,
        YES,
        "pkcs11_tool::it_signs_a_long_file_in_parts",
    ),
    Row(
        PKCS11_TOOL,
        "its own test of a token (`--test`)",
        YES,
        YES,
        "pkcs11_tool::its_own_test_of_a_token_finds_no_fault",
    ),
    Row(
        PKCS11_TOOL,
        "decrypts with the authentication key (RSA-PKCS)",
        YES,
        YES,
        "pkcs11_tool::it_decrypts_with_the_authentication_key_what_openssl_encrypted_for_the_certificate",
    ),
    Row(
        PKCS11_TOOL,
        "a cryptogram that cannot be deciphered",
        "the same refusal for each",
        "the same refusal for each",
        "pkcs11_tool::it_is_told_the_same_of_every_cryptogram_that_cannot_be_deciphered",
    ),
    Row(
        PKCS11_TOOL,
        "reads data objects, private ones after the log-in",
        YES,
        YES,
        "pkcs11_tool::it_reads_data_of_the_card_and_private_ones_after_the_log_in_alone",
    ),
    Row(
        PKCS11_TOOL,
        "reads certificates and public keys",
        YES,
        YES,
        "pkcs11_tool::it_reads_certificates_and_public_keys_as_the_agent_gives_them",
    ),
    Row(
        PKCS11_TOOL,
        "random bytes of the card",
        YES,
        YES,
        "pkcs11_tool::it_gets_random_bytes_of_the_card",
    ),
    Row(
        PKCS11_TOOL,
        "waits for a card that comes and goes",
        YES,
        "not tried",
        "pkcs11_tool::it_waits_for_the_card_that_comes_and_goes",
    ),
    Row(
        PKCS11_TOOL,
        "several threads, a forked child",
        "not tried",
        YES,
        "pkcs11_tool::its_threads_and_its_forked_child_find_a_module_each",
    ),
    Row(
        PKCS11_TOOL,
        "changes the code, without a log-in: `--change-pin`, and `--unlock-pin`, which is no other call",
        YES,
        YES,
        "pkcs11_tool::what_it_calls_unlocking_asks_the_holder_for_a_change_of_the_code",
    ),
    Row(
        PKCS11_TOOL,
        "the same with a blocked code",
        "CKR_PIN_LOCKED, nobody is asked",
        "CKR_PIN_LOCKED, nobody is asked",
        "pkcs11_tool::it_is_told_of_a_blocked_code_at_once_and_the_command_line_unblocks_it",
    ),
    Row(
        PKCS11_TOOL,
        "sets a code (`--init-pin`), initialises the token, makes a key",
        "refused, nothing changes",
        "not tried",
        "pkcs11_tool::what_would_change_the_card_is_refused_and_changes_nothing",
    ),
    Row(
        PKCS11_TOOL,
        "is met as a browser, where the user's file says so",
        YES,
        YES,
        "pkcs11_tool::it_is_met_as_a_browser_where_the_users_file_says_so",
    ),
    Row(
        PKCS11_TOOL,
        "lists the virtual card of a demo, as pasted from below",
        "not tried",
        YES,
        "integrators::the_demo_of_the_page_is_a_card_to_try_programs_with",
    ),
    Row(
        P11TOOL,
        "lists the token and all objects",
        YES,
        YES,
        "gnutls::p11tool_lists_the_token_and_all_that_is_on_it",
    ),
    Row(
        P11TOOL,
        "exports certificates, knows their keys",
        YES,
        YES,
        "gnutls::p11tool_exports_each_certificate_and_knows_its_key",
    ),
    Row(
        P11TOOL,
        "signs with both keys and verifies (`--test-sign`)",
        YES,
        YES,
        "gnutls::p11tool_finds_that_each_key_signs",
    ),
    Row(
        "gnutls-cli",
        "TLS with the card's certificate",
        "TLS 1.2",
        "TLS 1.3",
        "gnutls::gnutls_cli_shows_the_card_to_a_server",
    ),
    Row(
        OPENSSL,
        "signs files with both keys (`dgst`)",
        YES,
        YES,
        "openssl::openssl_signs_a_file_with_each_key",
    ),
    Row(
        OPENSSL,
        "signs a file and verifies it, as pasted from below",
        YES,
        YES,
        "openssl::openssl_signs_and_verifies_as_the_page_says",
    ),
    Row(
        OPENSSL,
        "signs with PSS",
        "no: the card makes none",
        YES,
        "openssl::openssl_signs_with_pss_where_the_card_can",
    ),
    Row(
        OPENSSL,
        "CMS signatures with both keys (`cms`)",
        YES,
        YES,
        "openssl::openssl_makes_a_cms_signature_whose_chain_it_verifies",
    ),
    Row(
        OPENSSL,
        "decrypts with the authentication key (`pkeyutl`)",
        YES,
        YES,
        "openssl::openssl_deciphers_with_the_authentication_key",
    ),
    Row(
        OPENSSL,
        "opens CMS envelopes (`cms -decrypt`)",
        YES,
        YES,
        "openssl::openssl_opens_a_cms_envelope_for_the_authentication_certificate",
    ),
    Row(
        OPENSSL,
        "TLS with the card's certificate (`s_client`), as pasted from below",
        "TLS 1.2, told that there is no PSS",
        "TLS 1.3",
        "openssl::openssl_shows_the_card_to_a_server",
    ),
    Row(
        OPENSSL,
        "the holder says no to the signature",
        "no signature",
        "no signature",
        "openssl::a_holder_who_says_no_is_obeyed",
    ),
    Row(
        CURL,
        "HTTPS with the card's certificate, as pasted from below",
        "TLS 1.2, told that there is no PSS",
        "TLS 1.3",
        "curl::curl_shows_the_card_to_a_server",
    ),
    Row(
        CURL,
        "a server of TLS 1.3 alone",
        "no: TLS 1.3 demands PSS",
        "yes (above)",
        "curl::curl_cannot_show_a_cps3_to_a_server_of_tls_1_3_alone",
    ),
    Row(
        JAVA,
        "`keytool` lists both keys, exports a certificate",
        YES,
        YES,
        "java::keytool_lists_both_keys_by_the_names_of_their_certificates",
    ),
    Row(
        JAVA,
        "`jarsigner` signs with the signature key",
        YES,
        YES,
        "java::jarsigner_signs_an_archive_that_it_and_openssl_verify",
    ),
    Row(
        JAVA,
        "`HttpsURLConnection` with the card's certificate, twice on one code",
        "TLS 1.2",
        "TLS 1.3",
        "java::a_java_program_shows_the_card_to_a_server_twice_on_one_code",
    ),
    Row(
        PYKCS11,
        "signs with both keys in every way that the token lists, logs out",
        YES,
        YES,
        "python::pykcs11_signs_in_every_way_that_the_token_lists",
    ),
    Row(
        PYKCS11,
        "closes its sessions and logs in again: nobody is asked, but after a log-out",
        YES,
        YES,
        "python::a_log_in_outlives_the_sessions_of_its_process_and_no_log_out",
    ),
    Row(
        PYKCS11,
        "the program below signs",
        YES,
        YES,
        "integrators::the_program_of_the_page_signs",
    ),
    Row(
        PYKCS11,
        "the program below hears of a wrong code, a no, a blocked code, and a card that is not there",
        YES,
        YES,
        "integrators::the_program_of_the_page_hears_what_happened",
    ),
    Row(
        OPENSSH,
        "`ssh-keygen -D` gives the public keys",
        YES,
        YES,
        "ssh::ssh_keygen_gives_the_public_keys_of_the_card",
    ),
    Row(
        OPENSSH,
        "`ssh-agent` signs",
        YES,
        YES,
        "ssh::ssh_agent_signs_with_the_card_what_ssh_keygen_verifies",
    ),
    Row(
        "Firefox ESR",
        "a log-in in the image of Pro Santé Connect, and a second site, on one code",
        "TLS 1.2",
        "",
        "pro_sante_connect::firefox_logs_in_with_a_cps3_over_tls_1_2",
    ),
    Row(
        "Firefox ESR",
        "the same",
        "",
        "TLS 1.3",
        "pro_sante_connect::firefox_logs_in_with_a_cps4_over_tls_1_3",
    ),
    Row(
        "Chromium",
        "the same",
        "TLS 1.2",
        "",
        "pro_sante_connect::chromium_logs_in_with_a_cps3_over_tls_1_2",
    ),
    Row(
        "Chromium",
        "the same",
        "",
        "TLS 1.3",
        "pro_sante_connect::chromium_logs_in_with_a_cps4_over_tls_1_3",
    ),
    Row(
        "Firefox ESR",
        "the holder says no: no page, and asked again when it is loaded anew",
        "TLS 1.2: its page waits until the server hangs up, or until it is loaded anew",
        "",
        "pro_sante_connect::firefox_asks_again_after_a_refusal_over_tls_1_2",
    ),
    Row(
        "Firefox ESR",
        "the same",
        "",
        "TLS 1.3: says so at once",
        "pro_sante_connect::firefox_says_a_refusal_and_asks_again_over_tls_1_3",
    ),
    Row(
        "Chromium",
        "the same",
        "TLS 1.2: says so at once",
        "",
        "pro_sante_connect::chromium_says_a_refusal_and_asks_again_over_tls_1_2",
    ),
    Row(
        "Chromium",
        "the same",
        "",
        "TLS 1.3: says so at once",
        "pro_sante_connect::chromium_says_a_refusal_and_asks_again_over_tls_1_3",
    ),
    Row(
        AT_ONCE,
        "two PyKCS11, curl, openssl and pkcs11-tool, and a token by the API meanwhile: one code each",
        YES,
        YES,
        "many_at_once::five_programs_sign_at_once_on_one_card_with_one_code_each",
    ),
    Row(
        AT_ONCE,
        "programs that log out and end while another signs",
        YES,
        YES,
        "many_at_once::the_end_of_one_program_takes_nothing_from_another",
    ),
];

const HEAD: &str = "\
# Programs and the PKCS#11 module

What programs do with `libcpxd_pkcs11.so`, each unmodified, on virtual cards behind a real pcscd; every signature is
verified by openssl, by a judge of the program's own kind, or by an Apache that demands a card. The programs are those of Debian 12: OpenSC 0.23, GnuTLS 3.7,
OpenSSL 3.0 with the engine `pkcs11` of libp11 0.4.12, curl 7.88, OpenJDK 17, PyKCS11 1.5, OpenSSH 9.2. No card of a
holder was tried.

Each row names the test that shows it, in `tests/tests/own_module_judges` or `tests/tests/pro_sante_connect.rs`. The
first of them write this page, too (`UPDATE_EXPECT=1`), and fail when it differs or names no test of theirs.

| program | operation | CPS3 | CPS4 | test |
| --- | --- | --- | --- | --- |
";

const LIMITS: &str = "
- A CPS3 makes no PSS signatures, with any module. TLS 1.3 demands them, so a CPS3 is shown over TLS 1.2 alone. GnuTLS,
  Java and browsers choose what the card can do; OpenSSL has to be told (below), and curl `--tls-max 1.2`: over TLS 1.3 it sends no certificate and says nothing, where the
  server asks for one and does not insist.
- The code is changed by `pkcs11-tool --change-pin`: the holder types both in the agent's window. `--unlock-pin` asks the
  same, since PKCS#11 has one call for both. No card is unblocked through the module: type `cpxd pin unblock`.
- The contactless side of a CPS3 has no code and no key that signs: do without the log-in (`C_Login` says
  CKR_USER_PIN_NOT_INITIALIZED). Certificate, public key, data and random bytes are there; mechanisms verify, encrypt and digest.
- The signature key asks the holder for each signature, whoever is logged in. Who signs many documents at once takes the
  agent's own API, where one question is for up to a hundred digests ([README](../README.md#a-token-and-a-signature-in-five-minutes)).
- In a log-in, an executable has 100 signatures of the authentication key at once, then one each two seconds; more are
  refused with CKR_FUNCTION_FAILED. A TLS connection takes one.
- Firefox 153 does not look at what became of the signature in a handshake of TLS 1.2, whatever module made none: after a no its page waits
  until the server hangs up (Apache by itself: a minute). Load it anew. A card that left before is found missing at once.
- A browser tries again by itself where a connection failed, and opens several at once: a no, or nothing in time, is the answer to all of them
  for three seconds. Then the holder is asked again.
";

const MANNERS: &str = "
## Two manners

No program is given the code: the agent's window asks the holder. What differs is when, and what the program is told.

| | log-in | browser |
| --- | --- | --- |
| flags of the token | CKF_LOGIN_REQUIRED, CKF_PROTECTED_AUTHENTICATION_PATH | neither |
| private keys | seen after `C_Login` | seen at once |
| the holder is asked | at `C_Login`, and has 120 seconds | at the first signature of the authentication key, and has 25 seconds, which the window shows, since browsers give up after 30 |
| mechanisms | all that the card can, and digests | CKM_RSA_PKCS, and CKM_RSA_PKCS_PSS on a CPS4 |
| the code lasts | for the process, as long as a session: 15 minutes without a use, 4 hours, the card's stay; without a session of its token, ten seconds | the same |

A browser that were told to log in would put a box of its own before the holder, whose code nobody takes.

Some programs ask for a code before they look at the flags (`ssh-add`, which refuses an empty one): type any word, the
module reads none.

| program | manner |
| --- | --- |
| an executable called ";

const OVERRIDE: &str = " (`*` is anything, capitals count as small letters) | browser |
| every other: pkcs11-tool, p11tool, openssl, curl, java, python3, OpenSSH's `ssh-pkcs11-helper`, … | log-in |

What counts is the name of the executable's file, on Windows without `.exe`: all programs of one Java are `java`. A user says
otherwise in `pkcs11-module.toml`, beside the `cpxd.toml` of the agent (`~/.config/cpxd` on Linux, `%APPDATA%\\cpxd` on Windows,
`~/Library/Application Support/cpxd` on macOS), read at each program's start:

```toml
browsers = [\"logiciel*\"]  # executables that are met as browsers
log-in = [\"firefox-esr\"]  # executables that are met as programs that log in; it wins
```

## How programs are told of the module

- pkcs11-tool: `--module`; p11tool and gnutls-cli: `--provider`; ssh-keygen: `-D`; ssh-add: `-s`, with an agent that was
  started with `-P`; PyKCS11: `PyKCS11Lib().load()`.
- openssl and curl (`--engine pkcs11 --cert-type ENG --key-type ENG`, certificate and key as `pkcs11:` URI): a
  configuration that `OPENSSL_CONF` names. The part from `system_default` on is for a CPS3, which makes no PSS signatures:
  OpenSSL takes PSS in TLS 1.2, too, and asks no engine whether it can. Without it the connection fails with \"Mechanism
  invalid\"; on a CPS4 leave it out.

";

const AFTER_OPENSSL: &str = "
- Java: a file for its provider `SunPKCS11`. keytool and jarsigner: `-keystore NONE -storetype PKCS11 -protected
  -providerClass sun.security.pkcs11.SunPKCS11 -providerArg FILE`. Programs:
  `Security.getProvider(\"SunPKCS11\").configure(FILE)` and `KeyStore.load(null, null)`.

";

const AFTER_JAVA: &str = "
- Firefox and Chromium on Linux: `cpxd install --pkcs11`, and back by `cpxd uninstall --pkcs11`; `cpxd diagnose` says which it is. Firefox of all users, and on Windows and macOS: its policy
  `SecurityDevices` ([packaging/policies](../packaging/policies/README.md)).
";
