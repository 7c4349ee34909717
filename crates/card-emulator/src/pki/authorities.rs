//! The test authorities above the virtual cards: of each level a root, and "PERSONNES" below it.

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
use crate::holder::CardType;

/// The level of an authority; cards of professionals and of staff come from different ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// FORT: professionals, CPS and CPF.
    Fort,
    /// STANDARD: staff without a profession, CPE and CPA.
    Standard,
}

impl Level {
    /// Both levels.
    pub const ALL: [Self; 2] = [Self::Fort, Self::Standard];

    /// The level that issues a type of card.
    #[must_use]
    pub fn of(card_type: CardType) -> Self {
        match card_type {
            CardType::Cps | CardType::Cpf => Self::Fort,
            CardType::Cpe | CardType::Cpa => Self::Standard,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Fort => "FORT",
            Self::Standard => "STANDARD",
        }
    }

    /// How its revocation lists are called.
    pub(super) fn short_name(self) -> &'static str {
        match self {
            Self::Fort => "FO",
            Self::Standard => "ST",
        }
    }
}

/// The certificates of both authorities of a level, DER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorities {
    /// Self-signed root.
    pub root: Vec<u8>,
    /// The authority below it that signs card certificates.
    pub intermediate: Vec<u8>,
}

/// Makes both certificates of a level from their committed keys; the bytes are always the same.
///
/// The product uses the committed ones ([`TEST_ROOT_DER`](super::TEST_ROOT_DER) and its kin); this
/// is how they were made.
///
/// # Errors
/// [`PkiError`] when a committed key is damaged.
pub fn issue_authorities(level: Level) -> Result<Authorities, PkiError> {
    let root_key = root_key(level)?;
    let intermediate_key = intermediate_key(level)?;
    Ok(Authorities {
        root: issue_root(level, &root_key)?,
        intermediate: issue_intermediate(level, &intermediate_key.to_public_key(), &root_key)?,
    })
}

/// Name of the authority that stands as issuer in the card certificates of a level.
pub(super) fn intermediate_name(level: Level) -> Result<Name, PkiError> {
    let common_name = format!("TEST AC IGC-SANTE {} PERSONNES", level.name());
    authority_name("CPXD TEST", &["IGC-SANTE TEST"], &common_name)
}

/// Name of the authority of the production, for a card that claims to be of it.
pub(super) fn production_name(level: Level) -> Result<Name, PkiError> {
    let common_name = format!("AC IGC-SANTE {} PERSONNES", level.name());
    let units = ["0002 187512751", "IGC-SANTE"];
    authority_name("ASIP-SANTE", &units, &common_name)
}

fn issue_root(level: Level, key: &RsaPrivateKey) -> Result<Vec<u8>, PkiError> {
    let public_key = key.to_public_key();
    let mut extensions = authority_extensions(&public_key, None)?;
    extensions.push(authority_key_identifier(&public_key)?);
    let contents = Contents {
        serial_number: vec![1],
        issuer: root_name(level)?,
        subject: root_name(level)?,
        not_before: VALID_FROM,
        not_after: VALID_TO,
        public_key,
        extensions,
    };
    contents.sign(key)
}

fn issue_intermediate(
    level: Level,
    public_key: &RsaPublicKey,
    root_key: &RsaPrivateKey,
) -> Result<Vec<u8>, PkiError> {
    let mut extensions = authority_extensions(public_key, Some(0))?;
    extensions.push(authority_key_identifier(&root_key.to_public_key())?);
    extensions.push(certificate_policy(ANY_POLICY)?);
    // The top-level name `test` is reserved (RFC 6761): nothing is ever fetched from there.
    let level_name = level.short_name();
    let list = format!("http://igc-sante.cpxd.test/CRL/ACR-{level_name}-TEST.crl");
    extensions.push(crl_distribution_point(&list)?);
    let contents = Contents {
        serial_number: vec![2],
        issuer: root_name(level)?,
        subject: intermediate_name(level)?,
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

fn root_name(level: Level) -> Result<Name, PkiError> {
    let common_name = format!("TEST AC RACINE IGC-SANTE {}", level.name());
    authority_name("CPXD TEST", &["IGC-SANTE TEST"], &common_name)
}

fn authority_name(organization: &str, units: &[&str], common_name: &str) -> Result<Name, PkiError> {
    let mut rdns = vec![
        vec![country_france()?],
        vec![utf8_attribute(ORGANIZATION_NAME, organization)?],
    ];
    for unit in units {
        rdns.push(vec![utf8_attribute(ORGANIZATIONAL_UNIT_NAME, unit)?]);
    }
    rdns.push(vec![utf8_attribute(COMMON_NAME, common_name)?]);
    name(rdns)
}

/// When the test authorities begin.
pub(crate) const VALID_FROM: OffsetDateTime = datetime!(2025-01-01 00:00 UTC);
const VALID_TO: OffsetDateTime = datetime!(2045-01-01 00:00 UTC);

#[cfg(test)]
mod tests {
    use super::super::{
        TEST_INTERMEDIATE_DER, TEST_ROOT_DER, TEST_STANDARD_INTERMEDIATE_DER,
        TEST_STANDARD_ROOT_DER,
    };
    use super::*;
    use x509_parser::prelude::{FromDer, X509Certificate};

    const COMMITTED: [(Level, &[u8], &[u8]); 2] = [
        (Level::Fort, TEST_ROOT_DER, TEST_INTERMEDIATE_DER),
        (
            Level::Standard,
            TEST_STANDARD_ROOT_DER,
            TEST_STANDARD_INTERMEDIATE_DER,
        ),
    ];

    #[test]
    fn the_committed_authorities_are_what_their_keys_make() {
        for (level, root, intermediate) in COMMITTED {
            let issued = issue_authorities(level).unwrap();
            assert_eq!(issued.root, root);
            assert_eq!(issued.intermediate, intermediate);
        }
    }

    #[test]
    fn the_intermediate_is_signed_by_the_root_and_signs_no_authority() {
        for (_, root, intermediate) in COMMITTED {
            let (_, root) = X509Certificate::from_der(root).unwrap();
            let (_, intermediate) = X509Certificate::from_der(intermediate).unwrap();
            root.verify_signature(None).unwrap();
            intermediate
                .verify_signature(Some(root.public_key()))
                .unwrap();
            let constraints = intermediate.basic_constraints().unwrap().unwrap();
            assert!(constraints.critical && constraints.value.ca);
            assert_eq!(constraints.value.path_len_constraint, Some(0));
        }
    }

    #[test]
    fn every_name_says_that_it_is_a_test() {
        for (_, root, intermediate) in COMMITTED {
            for der in [root, intermediate] {
                let (_, certificate) = X509Certificate::from_der(der).unwrap();
                let subject = certificate.subject().to_string();
                assert!(subject.contains("O=CPXD TEST"), "{subject}");
                assert!(subject.contains("CN=TEST AC"), "{subject}");
            }
        }
    }
}
