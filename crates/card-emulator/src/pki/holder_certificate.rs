//! The certificates of a card, modelled on a decoded certificate of a real TEST card.

use igc_sante::oids;
use rsa::RsaPublicKey;
use sha2::{Digest, Sha256};
use x509_cert::der::asn1::{ObjectIdentifier, OctetStringRef, PrintableStringRef};
use x509_cert::der::flagset::FlagSet;
use x509_cert::der::oid::db::rfc4519::{
    COMMON_NAME, GIVEN_NAME, LOCALITY_NAME, ORGANIZATION_NAME, ORGANIZATIONAL_UNIT_NAME, SURNAME,
    TITLE,
};
use x509_cert::der::oid::db::rfc5280::{ID_KP_CLIENT_AUTH, ID_KP_EMAIL_PROTECTION};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{ExtendedKeyUsage, KeyUsage, KeyUsages};
use x509_cert::name::Name;

use super::PkiError;
use super::authorities::{Level, intermediate_name, production_name};
use super::certificate::{
    Contents, authority_key_identifier, certificate_policy, country_france, crl_distribution_point,
    extension, name, private_extension, subject_key_identifier, utf8_attribute,
};
use super::keys::intermediate_key;
use crate::holder::{CardType, HolderName};
use crate::key_pairs::KeyPairs;
use crate::parameters::{CardParameters, ClaimedEnvironment};

/// What a private key and its certificate are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyRole {
    /// `CPS_PRIV_AUT`: TLS client, challenge, decipherment.
    Authentication,
    /// `CPS_PRIV_SIG`: signatures that the holder cannot deny.
    Signature,
    /// `CPS_PRIV_TECH_AUT`: proves through the antenna that the card is there.
    Technical,
}

/// A certificate of a card, DER.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    pub(crate) role: KeyRole,
    pub(crate) der: Vec<u8>,
}

/// Signs a certificate for each key with the test authority, in the order of the keys; the same
/// card gives the same bytes.
pub(crate) fn issue_certificates(
    card: &CardParameters,
    keys: &KeyPairs,
) -> Result<Vec<Certificate>, PkiError> {
    keys.public_keys()
        .map(|(role, public_key)| {
            let certificate = HolderCertificate {
                card,
                role,
                public_key,
            };
            let der = certificate.issue()?;
            Ok(Certificate { role, der })
        })
        .collect()
}

/// A certificate of the holder, ready to be issued.
struct HolderCertificate<'a> {
    card: &'a CardParameters,
    role: KeyRole,
    public_key: RsaPublicKey,
}

impl HolderCertificate<'_> {
    fn issue(self) -> Result<Vec<u8>, PkiError> {
        let level = Level::of(self.card.card_type);
        let issuer_key = intermediate_key(level)?;
        let contents = Contents {
            serial_number: self.serial_number(),
            issuer: if self.claims_production() {
                production_name(level)?
            } else {
                intermediate_name(level)?
            },
            subject: self.subject()?,
            not_before: self.card.not_before,
            not_after: self.card.not_after,
            extensions: self.extensions(&issuer_key.to_public_key())?,
            public_key: self.public_key,
        };
        contents.sign(&issuer_key)
    }

    fn claims_production(&self) -> bool {
        match self.card.claimed_environment {
            ClaimedEnvironment::Test => false,
            ClaimedEnvironment::Production => true,
            ClaimedEnvironment::Mixed => self.role == KeyRole::Signature,
        }
    }

    /// Derived from all that makes the certificate what it is, so that issuer and serial
    /// number name one certificate (RFC 5280, 4.1.2.2) although nobody counts.
    fn serial_number(&self) -> Vec<u8> {
        let card = self.card;
        let identity = format!(
            "{}|{:?}|{:?}|{:?}|{:?}|{}|{}{}",
            card.number,
            self.role,
            card.key_set,
            card.card_type,
            card.holder,
            card.not_before.unix_timestamp(),
            card.not_after.unix_timestamp(),
            if self.claims_production() {
                "|production"
            } else {
                ""
            },
        );
        let digest = Sha256::digest(identity);
        let mut serial_number: Vec<u8> = digest.iter().copied().take(SERIAL_NUMBER_LEN).collect();
        if let Some(first) = serial_number.first_mut() {
            *first = (*first & 0x3F) | 0x40;
        }
        serial_number
    }

    /// `C`, then `title` or the structure, then one multi-valued RDN: real cards have it, and
    /// parsers stumble over it. In what order a structure stands is OURS.
    fn subject(&self) -> Result<Name, PkiError> {
        let holder = &self.card.holder;
        let mut rdns = vec![vec![country_france()?]];
        if let Some(title) = holder.profession_label(self.card.card_type)? {
            rdns.push(vec![utf8_attribute(TITLE, title)?]);
        }
        if let Some(structure) = &holder.structure {
            for (attribute, text) in [
                (ORGANIZATION_NAME, &structure.name),
                (LOCALITY_NAME, &structure.locality),
                (ORGANIZATIONAL_UNIT_NAME, &structure.id),
            ] {
                rdns.push(vec![utf8_attribute(attribute, text)?]);
            }
        }
        let mut named = vec![utf8_attribute(COMMON_NAME, &holder.national_id)?];
        match &holder.name {
            HolderName::Person {
                family_name,
                given_name,
            } => named.extend([
                utf8_attribute(SURNAME, family_name)?,
                utf8_attribute(GIVEN_NAME, given_name)?,
            ]),
            HolderName::Pseudonym(pseudonym) => named.push(utf8_attribute(PSEUDONYM, pseudonym)?),
        }
        rdns.push(named);
        name(rdns)
    }

    fn extensions(&self, issuer_key: &RsaPublicKey) -> Result<Vec<Extension>, PkiError> {
        let (key_usage, extended_key_usage) = usages(self.role);
        let category = if self.claims_production() {
            PRODUCTION_CATEGORY
        } else {
            TEST_CATEGORY
        };
        // The top-level name `test` is reserved (RFC 6761): nothing is ever fetched from there.
        let level_name = Level::of(self.card.card_type).short_name();
        let list = format!("http://igc-sante.cpxd.test/CRL/ACI-{level_name}-PP-TEST.crl");
        let mut extensions = vec![
            authority_key_identifier(issuer_key)?,
            subject_key_identifier(&self.public_key)?,
            extension(true, &KeyUsage(key_usage))?,
            extension(false, &ExtendedKeyUsage(vec![extended_key_usage]))?,
            certificate_policy(TEST_POLICY)?,
            crl_distribution_point(&list)?,
            private_extension(CARD_CATEGORY, &OctetStringRef::new(&[category])?)?,
            private_extension(CARD_TYPE, &self.card.card_type.code())?,
            private_extension(CARD_NUMBER, &PrintableStringRef::new(&self.card_number())?)?,
        ];
        if let Some(profession) = self.card.holder.profession {
            let table = match self.card.card_type {
                CardType::Cpf => PROFESSION_IN_TRAINING,
                CardType::Cps | CardType::Cpe | CardType::Cpa => PROFESSION,
            };
            extensions.push(private_extension(table, &profession)?);
        }
        Ok(extensions)
    }

    fn card_number(&self) -> String {
        format!("{}{}", oids::CARD_NUMBER_PREFIX, self.card.number)
    }
}

fn usages(role: KeyRole) -> (FlagSet<KeyUsages>, ObjectIdentifier) {
    match role {
        KeyRole::Authentication => (
            KeyUsages::DigitalSignature | KeyUsages::KeyEncipherment,
            ID_KP_CLIENT_AUTH,
        ),
        KeyRole::Signature => (KeyUsages::NonRepudiation.into(), ID_KP_EMAIL_PROTECTION),
        KeyRole::Technical => (KeyUsages::DigitalSignature.into(), ID_KP_CLIENT_AUTH),
    }
}

const SERIAL_NUMBER_LEN: usize = 16;

/// Test policy of the decoded TEST certificate.
const TEST_POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.250.1.213.1.7.2.1.1.1.1");
const CARD_CATEGORY: ObjectIdentifier = ObjectIdentifier::new_unwrap(oids::CARD_CATEGORY);
const CARD_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap(oids::CARD_TYPE);
const CARD_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap(oids::CARD_NUMBER);
const PROFESSION: ObjectIdentifier = ObjectIdentifier::new_unwrap(oids::PROFESSION);
const PROFESSION_IN_TRAINING: ObjectIdentifier =
    ObjectIdentifier::new_unwrap(oids::PROFESSION_IN_TRAINING);
/// X.520, 6.2.10.
const PSEUDONYM: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.65");

/// Table G01: card of a person of any type, for a test and in earnest.
const TEST_CATEGORY: u8 = 0x80;
const PRODUCTION_CATEGORY: u8 = 0x00;

#[cfg(test)]
mod tests {
    use super::super::{KeySet, TEST_INTERMEDIATE_DER, TEST_STANDARD_INTERMEDIATE_DER};
    use super::*;
    use crate::DemoCard;
    use time::macros::datetime;
    use x509_parser::prelude::{FromDer, X509Certificate};

    fn issue(card: &CardParameters, role: KeyRole) -> Vec<u8> {
        let public_key = card.key_set.private_key(role).unwrap().to_public_key();
        let certificate = HolderCertificate {
            card,
            role,
            public_key,
        };
        certificate.issue().unwrap()
    }

    fn card() -> CardParameters {
        CardParameters::new(datetime!(2026-11-21 19:00 UTC))
    }

    #[test]
    fn both_certificates_are_signed_by_the_intermediate() {
        let (_, issuer) = X509Certificate::from_der(TEST_INTERMEDIATE_DER).unwrap();
        for role in [KeyRole::Authentication, KeyRole::Signature] {
            let der = issue(&card(), role);
            let (rest, certificate) = X509Certificate::from_der(&der).unwrap();
            assert!(rest.is_empty());
            assert_eq!(certificate.issuer(), issuer.subject());
            certificate
                .verify_signature(Some(issuer.public_key()))
                .unwrap();
        }
    }

    #[test]
    fn the_subject_ends_with_one_rdn_of_three_attributes() {
        let der = issue(&card(), KeyRole::Authentication);
        let (_, certificate) = X509Certificate::from_der(&der).unwrap();
        let rdns: Vec<usize> = certificate
            .subject()
            .iter()
            .map(|rdn| rdn.iter().count())
            .collect();
        assert_eq!(rdns, [1, 1, 3]);
    }

    #[test]
    fn each_key_has_its_own_usages_and_the_key_usage_is_critical() {
        let der = issue(&card(), KeyRole::Authentication);
        let (_, certificate) = X509Certificate::from_der(&der).unwrap();
        let key_usage = certificate.key_usage().unwrap().unwrap();
        assert!(key_usage.critical);
        assert!(key_usage.value.digital_signature() && key_usage.value.key_encipherment());
        assert!(!key_usage.value.non_repudiation());
        let extended = certificate.extended_key_usage().unwrap().unwrap();
        assert!(extended.value.client_auth && !extended.value.email_protection);

        let der = issue(&card(), KeyRole::Signature);
        let (_, certificate) = X509Certificate::from_der(&der).unwrap();
        let key_usage = certificate.key_usage().unwrap().unwrap();
        assert!(key_usage.critical);
        assert_eq!(key_usage.value.flags, 0b10, "nonRepudiation alone");
        let extended = certificate.extended_key_usage().unwrap().unwrap();
        assert!(extended.value.email_protection && !extended.value.client_auth);
    }

    #[test]
    fn the_private_extensions_have_the_forms_of_a_real_card() {
        let der = issue(&card(), KeyRole::Signature);
        let (_, certificate) = X509Certificate::from_der(&der).unwrap();
        let value = |oid: &str| {
            let extension = certificate
                .iter_extensions()
                .find(|extension| extension.oid.to_id_string() == oid)
                .unwrap();
            assert!(!extension.critical);
            extension.value.to_vec()
        };
        assert_eq!(value(oids::CARD_CATEGORY), [0x04, 1, 0x80]);
        assert_eq!(value(oids::CARD_TYPE), [0x02, 1, 0]);
        assert_eq!(value(oids::PROFESSION), [0x02, 1, 10]);
        let number = value(oids::CARD_NUMBER);
        assert_eq!(number[..2], [0x13, 21]);
        assert_eq!(&number[2..], b"8025000001/9999123456");
    }

    #[test]
    fn the_same_card_gives_the_same_certificate_and_another_card_another_serial_number() {
        let first = card();
        assert_eq!(
            issue(&first, KeyRole::Signature),
            issue(&first, KeyRole::Signature)
        );
        let mut second = card();
        second.key_set = KeySet::Second;
        let serial = |card, role| {
            let der = issue(card, role);
            let (_, certificate) = X509Certificate::from_der(&der).unwrap();
            certificate.raw_serial().to_vec()
        };
        let serials = [
            serial(&first, KeyRole::Signature),
            serial(&first, KeyRole::Authentication),
            serial(&second, KeyRole::Signature),
        ];
        assert!(serials[0] != serials[1] && serials[0] != serials[2]);
        assert!(
            serials
                .iter()
                .all(|serial| serial.len() == SERIAL_NUMBER_LEN)
        );
    }

    #[test]
    fn a_date_after_2049_is_written_in_four_digits() {
        let mut card = card();
        card.not_after = datetime!(2051-06-01 00:00 UTC);
        let der = issue(&card, KeyRole::Signature);
        let (_, certificate) = X509Certificate::from_der(&der).unwrap();
        assert_eq!(certificate.validity().not_after.to_datetime().year(), 2051);
    }

    fn subject_of(kind: DemoCard) -> String {
        let card = kind.parameters(KeySet::First, datetime!(2026-11-21 19:00 UTC));
        let der = issue(&card, KeyRole::Authentication);
        let (_, certificate) = X509Certificate::from_der(&der).unwrap();
        certificate.subject().to_string()
    }

    #[test]
    fn staff_and_professionals_have_authorities_of_their_own() {
        for (kind, issuer) in [
            (DemoCard::Cps3, TEST_INTERMEDIATE_DER),
            (DemoCard::Cpf, TEST_INTERMEDIATE_DER),
            (DemoCard::Cpe, TEST_STANDARD_INTERMEDIATE_DER),
            (DemoCard::CpeNonNominative, TEST_STANDARD_INTERMEDIATE_DER),
            (DemoCard::Cpa, TEST_STANDARD_INTERMEDIATE_DER),
        ] {
            let (_, issuer) = X509Certificate::from_der(issuer).unwrap();
            let card = kind.parameters(KeySet::First, datetime!(2026-11-21 19:00 UTC));
            let der = issue(&card, KeyRole::Authentication);
            let (_, certificate) = X509Certificate::from_der(&der).unwrap();
            assert_eq!(certificate.issuer(), issuer.subject(), "{kind}");
            certificate
                .verify_signature(Some(issuer.public_key()))
                .unwrap();
        }
    }

    #[test]
    fn what_a_card_claims_stands_in_the_issuers_name_and_in_the_category() {
        use ClaimedEnvironment::{Mixed, Production, Test};
        for (claimed, categories) in [
            (Test, [0x80, 0x80]),
            (Production, [0x00, 0x00]),
            (Mixed, [0x80, 0x00]),
        ] {
            let mut card = card();
            card.claimed_environment = claimed;
            let roles = [KeyRole::Authentication, KeyRole::Signature];
            for (role, expected) in roles.into_iter().zip(categories) {
                let der = issue(&card, role);
                let (_, certificate) = X509Certificate::from_der(&der).unwrap();
                let mut extensions = certificate.iter_extensions();
                let category = extensions
                    .find(|extension| extension.oid.to_id_string() == oids::CARD_CATEGORY)
                    .unwrap();
                assert_eq!(category.value, [0x04, 1, expected]);
                let issuer = certificate.issuer().to_string();
                let is_test =
                    issuer.ends_with("OU=IGC-SANTE TEST, CN=TEST AC IGC-SANTE FORT PERSONNES");
                assert_eq!(is_test, expected == 0x80, "{issuer}");
                let is_production = issuer
                    == "C=FR, O=ASIP-SANTE, OU=0002 187512751, OU=IGC-SANTE, CN=AC IGC-SANTE FORT PERSONNES";
                assert_eq!(is_production, expected == 0x00, "{issuer}");
            }
        }
    }

    #[test]
    fn each_type_of_card_names_its_holder_in_its_way() {
        assert_eq!(
            subject_of(DemoCard::Cpe),
            "C=FR, O=HOPITAL DE TEST, L=PARIS (75), OU=1990000001, \
             surname=DUPONT + givenName=CAMILLE + CN=3990000001/0000000041"
        );
        assert_eq!(subject_of(DemoCard::Cpa), subject_of(DemoCard::Cpe));
        assert_eq!(
            subject_of(DemoCard::CpeNonNominative),
            "C=FR, O=HOPITAL DE TEST, L=PARIS (75), OU=1990000001, \
             CN=3990000001/0000000041 + OID(2.5.4.65)=ACCUEIL URGENCES 0000000041"
        );
        assert_eq!(
            subject_of(DemoCard::Cpf),
            "C=FR, title=Médecin en formation, surname=DUPONT + givenName=CAMILLE + CN=90000000041"
        );
    }

    #[test]
    fn type_and_profession_stand_in_the_extensions_of_their_tables() {
        for (kind, card_type, professions) in [
            (DemoCard::Cps4, 0, [Some(10), None]),
            (DemoCard::Cpf, 1, [None, Some(10)]),
            (DemoCard::Cpe, 2, [None, None]),
            (DemoCard::Cpa, 3, [None, None]),
        ] {
            let card = kind.parameters(KeySet::First, datetime!(2026-11-21 19:00 UTC));
            let der = issue(&card, KeyRole::Authentication);
            let (_, certificate) = X509Certificate::from_der(&der).unwrap();
            let code = |oid: &str| {
                let mut all = certificate.iter_extensions();
                let found = all.find(|extension| extension.oid.to_id_string() == oid);
                found.map(|extension| extension.value[2])
            };
            assert_eq!(code(oids::CARD_TYPE), Some(card_type));
            let tables = [oids::PROFESSION, oids::PROFESSION_IN_TRAINING];
            assert_eq!(tables.map(code), professions);
        }
    }
}
