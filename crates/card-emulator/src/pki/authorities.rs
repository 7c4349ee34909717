//! The two test authorities above every virtual card: root and "FORT PERSONNES".

use rsa::{RsaPrivateKey, RsaPublicKey};
use time::OffsetDateTime;
use time::macros::datetime;
use x509_cert::der::flagset::FlagSet;
use x509_cert::der::oid::db::rfc4519::{COMMON_NAME, ORGANIZATION_NAME, ORGANIZATIONAL_UNIT_NAME};
use x509_cert::der::oid::db::rfc5280::ANY_POLICY;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, KeyUsages};
use x509_cert::name::Name;

use super::PkiError;
use super::certificate::{
    Contents, authority_key_identifier, certificate_policy, country_france, crl_distribution_point,
    extension, name, subject_key_identifier, utf8_attribute,
};
use super::keys::{intermediate_key, root_key};

/// The certificates of both authorities, DER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorities {
    /// Self-signed root.
    pub root: Vec<u8>,
    /// The authority below it that signs card certificates.
    pub intermediate: Vec<u8>,
}

/// Makes both certificates from their committed keys; the bytes are always the same.
///
/// The product uses the committed [`TEST_ROOT_DER`](super::TEST_ROOT_DER) and
/// [`TEST_INTERMEDIATE_DER`](super::TEST_INTERMEDIATE_DER); this is how they were made.
///
/// # Errors
/// [`PkiError`] when a committed key is damaged.
pub fn issue_authorities() -> Result<Authorities, PkiError> {
    let root_key = root_key()?;
    let intermediate_key = intermediate_key()?;
    Ok(Authorities {
        root: issue_root(&root_key)?,
        intermediate: issue_intermediate(&intermediate_key.to_public_key(), &root_key)?,
    })
}

/// Name of the authority that stands as issuer in every card certificate.
pub(super) fn intermediate_name() -> Result<Name, PkiError> {
    authority_name("TEST AC IGC-SANTE FORT PERSONNES")
}

fn issue_root(key: &RsaPrivateKey) -> Result<Vec<u8>, PkiError> {
    let public_key = key.to_public_key();
    let mut extensions = authority_extensions(&public_key, None)?;
    extensions.push(authority_key_identifier(&public_key)?);
    let contents = Contents {
        serial_number: vec![1],
        issuer: root_name()?,
        subject: root_name()?,
        not_before: VALID_FROM,
        not_after: VALID_TO,
        public_key,
        extensions,
    };
    contents.sign(key)
}

fn issue_intermediate(
    public_key: &RsaPublicKey,
    root_key: &RsaPrivateKey,
) -> Result<Vec<u8>, PkiError> {
    let mut extensions = authority_extensions(public_key, Some(0))?;
    extensions.push(authority_key_identifier(&root_key.to_public_key())?);
    extensions.push(certificate_policy(ANY_POLICY)?);
    extensions.push(crl_distribution_point(ROOT_CRL)?);
    let contents = Contents {
        serial_number: vec![2],
        issuer: root_name()?,
        subject: intermediate_name()?,
        not_before: VALID_FROM,
        not_after: VALID_TO,
        public_key: public_key.clone(),
        extensions,
    };
    contents.sign(root_key)
}

fn authority_extensions(
    public_key: &RsaPublicKey,
    path_length: Option<u8>,
) -> Result<Vec<Extension>, PkiError> {
    let basic_constraints = BasicConstraints {
        ca: true,
        path_len_constraint: path_length,
    };
    let key_usage: FlagSet<KeyUsages> = KeyUsages::KeyCertSign | KeyUsages::CRLSign;
    Ok(vec![
        extension(true, &basic_constraints)?,
        extension(true, &KeyUsage(key_usage))?,
        subject_key_identifier(public_key)?,
    ])
}

fn root_name() -> Result<Name, PkiError> {
    authority_name("TEST AC RACINE IGC-SANTE FORT")
}

fn authority_name(common_name: &str) -> Result<Name, PkiError> {
    name(vec![
        vec![country_france()?],
        vec![utf8_attribute(ORGANIZATION_NAME, "CPXD TEST")?],
        vec![utf8_attribute(ORGANIZATIONAL_UNIT_NAME, "IGC-SANTE TEST")?],
        vec![utf8_attribute(COMMON_NAME, common_name)?],
    ])
}

const VALID_FROM: OffsetDateTime = datetime!(2025-01-01 00:00 UTC);
const VALID_TO: OffsetDateTime = datetime!(2045-01-01 00:00 UTC);

/// The top-level name `test` is reserved (RFC 6761): nothing is ever fetched from there.
const ROOT_CRL: &str = "http://igc-sante.cpxd.test/CRL/ACR-FO-TEST.crl";

#[cfg(test)]
mod tests {
    use super::super::{TEST_INTERMEDIATE_DER, TEST_ROOT_DER};
    use super::*;
    use x509_parser::prelude::{FromDer, X509Certificate};

    #[test]
    fn the_committed_authorities_are_what_their_keys_make() {
        let issued = issue_authorities().unwrap();
        assert_eq!(issued.root, TEST_ROOT_DER);
        assert_eq!(issued.intermediate, TEST_INTERMEDIATE_DER);
    }

    #[test]
    fn the_intermediate_is_signed_by_the_root_and_signs_no_authority() {
        let (_, root) = X509Certificate::from_der(TEST_ROOT_DER).unwrap();
        let (_, intermediate) = X509Certificate::from_der(TEST_INTERMEDIATE_DER).unwrap();
        root.verify_signature(None).unwrap();
        intermediate
            .verify_signature(Some(root.public_key()))
            .unwrap();
        let constraints = intermediate.basic_constraints().unwrap().unwrap();
        assert!(constraints.critical && constraints.value.ca);
        assert_eq!(constraints.value.path_len_constraint, Some(0));
    }

    #[test]
    fn both_names_say_that_they_are_a_test() {
        for der in [TEST_ROOT_DER, TEST_INTERMEDIATE_DER] {
            let (_, certificate) = X509Certificate::from_der(der).unwrap();
            let subject = certificate.subject().to_string();
            assert!(subject.contains("O=CPXD TEST"), "{subject}");
            assert!(subject.contains("CN=TEST AC"), "{subject}");
        }
    }
}
