//! The TLS of the door: its versions, its certificate, and an authority that is worth nothing elsewhere.

use std::fs;

use cpxd_tests::agent::Agent;
use cpxd_tests::exchange::Exchange;
use cpxd_tests::stolen_authority::{StolenAuthority, openssl, said, text};

/// A handshake with the agent, with more options of openssl.
fn handshake(agent: &Agent, options: &[&str]) -> String {
    let address = agent.url().replace("https://", "");
    let ca = agent.state_dir().join("ca.pem");
    let connect = ["s_client", "-connect", &address, "-CAfile", text(&ca)];
    said(&openssl(&[&connect[..], options].concat()))
}

#[test]
fn tls_1_2_and_1_3_are_spoken_and_nothing_older() {
    let agent = Agent::demo(&[]);
    // At its usual security level openssl itself would not even try the old versions.
    let lax = ["-cipher", "DEFAULT:@SECLEVEL=0"];
    for (option, version) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
        let spoken = handshake(&agent, &[option]);
        assert!(spoken.contains("Verify return code: 0 (ok)"), "{spoken}");
        assert!(spoken.contains(&format!("New, {version}")), "{spoken}");
    }
    for option in ["-tls1_1", "-tls1"] {
        let refused = handshake(&agent, &[&[option], &lax[..]].concat());
        let is_refused =
            refused.contains("SSL alert number") && refused.contains("Cipher is (NONE)");
        assert!(is_refused, "{option}: {refused}");
    }
}

#[test]
fn the_certificate_serves_the_names_of_this_machine_and_ends_within_a_year() {
    let agent = Agent::demo(&[]);
    let folder = tempfile::tempdir().unwrap();
    let presented = folder.path().join("leaf.pem");
    fs::write(&presented, handshake(&agent, &[])).unwrap();
    let x509 =
        |arguments: &[&str]| openssl(&[&["x509", "-in", text(&presented)], arguments].concat());
    let extensions = said(&x509(&["-noout", "-ext", EXTENSIONS]));
    for expected in [
        "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
        "TLS Web Server Authentication",
        "Digital Signature",
    ] {
        assert!(extensions.contains(expected), "{extensions}");
    }
    assert!(!extensions.contains("CA:TRUE"), "{extensions}");
    let outlasts = |days: u32| {
        let seconds = (days * 86_400).to_string();
        x509(&["-noout", "-checkend", &seconds]).status.success()
    };
    assert!(outlasts(73), "it is renewed in time");
    assert!(!outlasts(365), "it ends within a year");
    for name in ["localhost", "[::1]"] {
        let url = agent.url().replace("127.0.0.1", name);
        let answer = Exchange::at(&agent, &format!("{url}/v1"), &[]);
        assert_eq!(answer.status, 200, "{name}");
    }
}

const EXTENSIONS: &str = "subjectAltName,extendedKeyUsage,keyUsage,basicConstraints";

#[test]
fn nobody_trusts_the_door_without_its_authority() {
    let agent = Agent::demo(&[]);
    let other = Agent::demo(&[]);
    let url = format!("{}/v1", agent.url());
    let ca = other.state_dir().join("ca.pem");
    let answer = Exchange::at(&agent, &url, &["--cacert", text(&ca)]);
    assert_eq!(answer.curl_exit, Some(CERTIFICATE_NOT_VERIFIED));
    assert_eq!(answer.status, 0);
    assert_eq!(agent.exchange("/v1", &[]).status, 200);
}

/// Exit code of curl.
const CERTIFICATE_NOT_VERIFIED: i32 = 60;

#[test]
fn the_authority_is_constrained_to_this_machine() {
    let agent = Agent::demo(&[]);
    let ca = agent.state_dir().join("ca.pem");
    let certificate = said(&openssl(&["x509", "-in", text(&ca), "-noout", "-text"]));
    let constraints = "X509v3 Name Constraints: critical\n                Permitted:\n                  \
        DNS:localhost\n                  IP:127.0.0.1/255.255.255.255\n                  \
        IP:0:0:0:0:0:0:0:1/FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF\n";
    for expected in [constraints, "CA:TRUE, pathlen:0", "ASN1 OID: prime256v1"] {
        assert!(certificate.contains(expected), "{certificate}");
    }
}

#[test]
fn with_the_stolen_key_nobody_can_speak_for_another_name() {
    let agent = Agent::demo(&[]);
    let authority = StolenAuthority::of(&agent);
    for name in ["DNS:localhost", "IP:127.0.0.1", "IP:::1"] {
        let extension = format!("subjectAltName={name}");
        let (leaf, _) = authority.issue(authority.own(), &extension, "30");
        let judged = authority.verify(&leaf, &[]);
        assert!(judged.ends_with(": OK\n"), "{name}: {judged}");
    }
    for name in [
        "DNS:evil.example",
        "DNS:*.evil.example",
        "DNS:localhost.evil.example",
        "DNS:localhost.example",
        "IP:127.0.0.2",
        "IP:192.0.2.1",
        "IP:2001:db8::1",
        "DNS:localhost,DNS:evil.example",
    ] {
        let extension = format!("subjectAltName={name}");
        let (leaf, _) = authority.issue(authority.own(), &extension, "30");
        let judged = authority.verify(&leaf, &[]);
        assert!(
            judged.contains("error 47 at 0 depth lookup: permitted subtree violation"),
            "{name}: {judged}"
        );
    }
}

#[test]
fn with_the_stolen_key_nobody_can_speak_as_anything_but_a_server() {
    let agent = Agent::demo(&[]);
    let authority = StolenAuthority::of(&agent);
    for (usage, purpose) in [
        ("emailProtection", "smimesign"),
        ("clientAuth", "sslclient"),
    ] {
        let extension = format!("extendedKeyUsage=serverAuth,{usage}");
        let (leaf, _) = authority.issue(authority.own(), &extension, "30");
        let as_a_server = authority.verify(&leaf, &["-purpose", "sslserver"]);
        assert!(as_a_server.ends_with(": OK\n"), "{as_a_server}");
        let judged = authority.verify(&leaf, &["-purpose", purpose]);
        let is_refused =
            judged.contains("error 26 at 1 depth lookup: unsuitable certificate purpose");
        assert!(is_refused, "{purpose}: {judged}");
    }
}

#[test]
fn with_the_stolen_key_nobody_can_make_another_authority() {
    let agent = Agent::demo(&[]);
    let authority = StolenAuthority::of(&agent);
    let constraint = "basicConstraints=critical,CA:TRUE";
    let (middle, key) = authority.issue(authority.own(), constraint, "30");
    let (leaf, _) = authority.issue((&middle, &key), "subjectAltName=DNS:localhost", "30");
    let judged = authority.verify(&leaf, &["-untrusted", text(&middle)]);
    assert!(
        judged.contains("path length constraint exceeded"),
        "{judged}"
    );
}

#[test]
fn a_certificate_about_to_end_is_renewed_without_new_trust() {
    let mut agent = Agent::demo(&[]);
    let authority = StolenAuthority::of(&agent);
    agent.stop();
    let state_dir = agent.state_dir();
    let ca_before = fs::read(&authority.ca).unwrap();
    let leaf_file = state_dir.join("tls/leaf.pem");
    authority.put_a_leaf_about_to_end(&agent);
    agent.start_again();
    assert_eq!(fs::read(&authority.ca).unwrap(), ca_before);
    let days_70 = (70 * 86_400).to_string();
    let check = [
        "x509",
        "-in",
        text(&leaf_file),
        "-noout",
        "-checkend",
        &days_70,
    ];
    assert!(openssl(&check).status.success(), "the leaf is a new one");
    assert_eq!(agent.exchange("/v1", &[]).status, 200);
}
