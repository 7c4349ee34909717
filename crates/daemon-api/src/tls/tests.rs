use std::error::Error as _;
use std::fs::{self, Permissions};
use std::net::Ipv6Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use key_and_certificate::KeyAndCertificate;
use rcgen::ExtendedKeyUsagePurpose::{EmailProtection, ServerAuth};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, GeneralSubtree, IsCa, KeyPair, NameConstraints,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tempfile::TempDir;
use time::Duration;
use time::macros::datetime;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

struct Installation {
    _root: TempDir,
    paths: AgentPaths,
}

impl Installation {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let paths = AgentPaths::resolve(Some(&root.path().join("state"))).unwrap();
        Self { _root: root, paths }
    }

    fn start(&self, now: OffsetDateTime) -> Result<CertificateDer<'static>, TlsError> {
        TlsIdentity::load_or_make(&self.paths, now).map(|identity| presented(&identity))
    }

    fn authority(&self) -> PathBuf {
        self.paths.tls_dir().join("ca.pem")
    }

    fn leaf(&self) -> PathBuf {
        self.paths.tls_dir().join("leaf.pem")
    }

    fn trusted(&self) -> String {
        fs::read_to_string(self.paths.ca_file()).unwrap()
    }
}

fn presented(identity: &TlsIdentity) -> CertificateDer<'static> {
    identity.presented.now().cert.first().unwrap().clone()
}

fn open_to_others(path: &PathBuf) {
    fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap();
}

#[test]
fn the_next_start_presents_the_same_leaf_of_the_same_authority() {
    let installation = Installation::new();
    let leaf = installation.start(NOW).unwrap();
    let trusted = installation.trusted();
    assert!(!trusted.contains("PRIVATE KEY"), "the copy is public");
    assert_eq!(installation.start(NOW + Duration::DAY).unwrap(), leaf);
    assert_eq!(installation.trusted(), trusted);
}

#[test]
fn an_authority_that_cannot_be_used_is_an_error_and_stays_as_it_is() {
    let other = Installation::new();
    other.start(NOW).unwrap();
    let other = fs::read_to_string(other.authority()).unwrap();
    let installation = Installation::new();
    installation.start(NOW).unwrap();
    let trusted = installation.trusted();
    let good = fs::read_to_string(installation.authority()).unwrap();
    let (key, certificate) = good.split_at(good.find("-----BEGIN CERTIFICATE").unwrap());
    let others_certificate = &other[other.find("-----BEGIN CERTIFICATE").unwrap()..];
    let mixed = format!("{key}{others_certificate}");
    for (broken, why) in [
        ("", "no private key"),
        (certificate, "no private key"),
        (key, "no certificate"),
        (&mixed, "not that of the private key"),
    ] {
        fs::write(installation.authority(), broken).unwrap();
        let error = installation.start(NOW).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("tls/ca.pem") && text.contains("remove it"));
        assert!(
            error.source().unwrap().to_string().contains(why),
            "{error:?}"
        );
        assert_eq!(
            fs::read_to_string(installation.authority()).unwrap(),
            broken
        );
        assert_eq!(installation.trusted(), trusted);
    }
    fs::write(installation.authority(), &good).unwrap();
    open_to_others(&installation.authority());
    let error = installation.start(NOW).unwrap_err();
    let source = error.source().unwrap().to_string();
    assert!(source.contains("open to other users"), "{source}");
    assert_eq!(fs::read_to_string(installation.authority()).unwrap(), good);
}

#[test]
fn the_public_copy_may_be_opened_to_others_or_lost() {
    let installation = Installation::new();
    let leaf = installation.start(NOW).unwrap();
    let trusted = installation.trusted();
    open_to_others(&installation.paths.ca_file());
    assert_eq!(installation.start(NOW).unwrap(), leaf);
    assert_eq!(installation.trusted(), trusted);
    fs::remove_file(installation.paths.ca_file()).unwrap();
    assert_eq!(installation.start(NOW).unwrap(), leaf);
    assert_eq!(installation.trusted(), trusted);
}

#[test]
fn a_leaf_that_is_no_use_is_replaced_and_the_authority_stays() {
    let other = Installation::new();
    other.start(NOW).unwrap();
    let installation = Installation::new();
    let mut leaf = installation.start(NOW).unwrap();
    let trusted = installation.trusted();
    let mut is_replaced = |why: &str, now: OffsetDateTime| {
        let new = installation.start(now).unwrap();
        assert_ne!(new, leaf, "{why}");
        assert_eq!(installation.start(now).unwrap(), new, "{why}: only once");
        assert_eq!(installation.trusted(), trusted, "{why}");
        leaf = new;
    };
    fs::remove_file(installation.leaf()).unwrap();
    is_replaced("missing", NOW);
    fs::write(installation.leaf(), "rubbish").unwrap();
    is_replaced("broken", NOW);
    open_to_others(&installation.leaf());
    is_replaced("open to others", NOW);
    fs::copy(other.leaf(), installation.leaf()).unwrap();
    is_replaced("of another authority", NOW);
    is_replaced("about to end", NOW + Duration::days(300));
    is_replaced("of a clock that was wrong", NOW);
}

#[test]
fn a_leaf_with_the_key_of_another_is_replaced() {
    let installation = Installation::new();
    installation.start(NOW).unwrap();
    let first = fs::read_to_string(installation.leaf()).unwrap();
    fs::remove_file(installation.leaf()).unwrap();
    let second_leaf = installation.start(NOW).unwrap();
    let second = fs::read_to_string(installation.leaf()).unwrap();
    let begin = "-----BEGIN CERTIFICATE";
    let key = first.split(begin).next().unwrap();
    let certificate = &second[second.find(begin).unwrap()..];
    fs::write(installation.leaf(), format!("{key}{certificate}")).unwrap();
    assert_ne!(installation.start(NOW).unwrap(), second_leaf);
}

#[test]
fn only_an_authority_at_its_end_is_replaced_and_no_leaf_outlives_it() {
    let installation = Installation::new();
    installation.start(NOW).unwrap();
    let trusted = installation.trusted();
    let last_year = NOW + Duration::days(3650 - 100);
    let leaf = installation.start(last_year).unwrap();
    assert_eq!(installation.trusted(), trusted);
    let (_, leaf) = x509_parser::parse_x509_certificate(&leaf).unwrap();
    let ends = leaf.validity().not_after.to_datetime();
    assert_eq!(ends, NOW + Duration::days(3650));
    installation.start(NOW + Duration::days(3650 - 10)).unwrap();
    assert_ne!(installation.trusted(), trusted);
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_runs_for_a_year_presents_a_new_leaf_in_time() {
    let installation = Installation::new();
    let identity = TlsIdentity::load_or_make(&installation.paths, NOW).unwrap();
    let (leaf, trusted) = (presented(&identity), installation.trusted());
    let start = Instant::now();
    let now = || NOW + start.elapsed();
    let days = |count| tokio::time::sleep(DAY * count);
    tokio::select! {
        () = identity.renew_daily(now) => {}
        () = days(280) => {}
    }
    assert_eq!(presented(&identity), leaf, "it is still good");
    tokio::select! {
        () = identity.renew_daily(now) => {}
        () = days(20) => {}
    }
    assert_ne!(presented(&identity), leaf);
    assert_eq!(installation.trusted(), trusted);
}

#[test]
fn the_end_of_an_authority_brings_another_name_and_no_leaf_that_the_old_one_vouches_for() {
    let installation = Installation::new();
    installation.start(NOW).unwrap();
    let old = TrustedAuthority::read(&installation.paths)
        .unwrap()
        .unwrap();
    assert_eq!(old.pem, installation.trusted());
    assert_eq!(old.ends, NOW + Duration::days(3650));
    let later = old.ends - Duration::days(10);
    let leaf = installation.start(later).unwrap();
    let new = TrustedAuthority::read(&installation.paths)
        .unwrap()
        .unwrap();
    assert_eq!(new.pem, installation.trusted());
    assert_eq!(new.ends, later + Duration::days(3650));
    let old = CertificateDer::from_pem_slice(old.pem.as_bytes()).unwrap();
    let new = CertificateDer::from_pem_slice(new.pem.as_bytes()).unwrap();
    let parsed = |der| x509_parser::parse_x509_certificate(der).unwrap().1;
    assert_ne!(parsed(&old).subject(), parsed(&new).subject());
    let verified_by = |issuer| parsed(&leaf).verify_signature(Some(parsed(issuer).public_key()));
    assert!(verified_by(&new).is_ok());
    assert!(verified_by(&old).is_err());
}

#[test]
fn an_authority_that_could_vouch_for_more_than_this_machine_is_none_to_trust() {
    let installation = Installation::new();
    assert_eq!(TrustedAuthority::read(&installation.paths).unwrap(), None);
    installation.start(NOW).unwrap();
    let subtree = |name: &str| GeneralSubtree::DnsName(name.into());
    let v4 = |mask| GeneralSubtree::IpAddress(CidrSubnet::V4([127, 0, 0, 1], mask));
    let v6 = || GeneralSubtree::IpAddress(CidrSubnet::V6(Ipv6Addr::LOCALHOST.octets(), [255; 16]));
    let ours = || vec![subtree("localhost"), v4([255; 4]), v6()];
    let with = |more: GeneralSubtree| [ours(), vec![more]].concat();
    for (what, is_ca, names, is_good) in [
        ("ours", BasicConstraints::Constrained(0), ours(), true),
        (
            "for mail, too",
            BasicConstraints::Constrained(0),
            ours(),
            false,
        ),
        (
            "for everything",
            BasicConstraints::Constrained(0),
            ours(),
            false,
        ),
        (
            "another below it",
            BasicConstraints::Constrained(1),
            ours(),
            false,
        ),
        (
            "any below it",
            BasicConstraints::Unconstrained,
            ours(),
            false,
        ),
        (
            "no constraint",
            BasicConstraints::Constrained(0),
            vec![],
            false,
        ),
        (
            "no constraint of addresses",
            BasicConstraints::Constrained(0),
            vec![subtree("localhost")],
            false,
        ),
        (
            "no constraint of IPv6",
            BasicConstraints::Constrained(0),
            vec![subtree("localhost"), v4([255; 4])],
            false,
        ),
        (
            "one more name",
            BasicConstraints::Constrained(0),
            with(subtree("example.com")),
            false,
        ),
        (
            "every name",
            BasicConstraints::Constrained(0),
            with(subtree("")),
            false,
        ),
        (
            "every address",
            BasicConstraints::Constrained(0),
            with(v4([0; 4])),
            false,
        ),
    ] {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(is_ca);
        params.extended_key_usages = if what == "for mail, too" {
            vec![ServerAuth, EmailProtection]
        } else if what == "for everything" {
            Vec::new()
        } else {
            vec![ServerAuth]
        };
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: names,
            excluded_subtrees: Vec::new(),
        });
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        KeyAndCertificate::keep(&installation.authority(), key, &certificate).unwrap();
        let read = TrustedAuthority::read(&installation.paths);
        assert_eq!(matches!(read, Ok(Some(_))), is_good, "{what}: {read:?}");
        let is_refused = matches!(read, Err(TlsError::Unconstrained { .. }));
        assert_eq!(is_refused, !is_good, "{what}: {read:?}");
    }
}

#[test]
fn a_renewal_that_fails_leaves_the_leaf_as_it_is() {
    let installation = Installation::new();
    let identity = TlsIdentity::load_or_make(&installation.paths, NOW).unwrap();
    let leaf = presented(&identity);
    fs::write(installation.authority(), "rubbish").unwrap();
    assert!(identity.renew(NOW + Duration::days(300)).is_err());
    assert_eq!(presented(&identity), leaf);
}
