//! What the issuer wrote on a card, as the objects of a PKCS#11 token.
//!
//! Labels and ends of the ids are those that the official module shows.

use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use rsa::{BigUint, RsaPrivateKey};
use x509_cert::Certificate as X509;
use x509_cert::der::{Decode, Encode};

use crate::application_data::{DataAccess, data_files};
use crate::key_pairs::KeyPairs;
use crate::parameters::CardParameters;
use crate::pkcs15::{
    AUTHENTICATION_CERTIFICATE_LABEL, AUTHENTICATION_KEY_LABEL, SIGNATURE_CERTIFICATE_LABEL,
    SIGNATURE_KEY_LABEL,
};
use crate::pki::{Certificate, KeyRole, PkiError, issue_certificates};
use crate::transparent_file::Content;

/// The objects of a card with contacts.
#[derive(Clone, Debug)]
pub struct IssuedObjects {
    /// A key and its certificate for each role: authentication, and signature if the card has it.
    pub identities: Vec<IssuedIdentity>,
    /// Data objects of the application `CPS`.
    pub data: Vec<IssuedData>,
}

/// A private key and its certificate.
#[derive(Clone, Debug)]
pub struct IssuedIdentity {
    /// The id of both.
    pub id: Vec<u8>,
    /// Label of the key.
    pub key_label: &'static str,
    /// Whether the key deciphers, too.
    pub deciphers: bool,
    /// A TEST key that everybody can read.
    pub key: RsaComponents,
    /// Label of the certificate.
    pub certificate_label: &'static str,
    /// The certificate, DER.
    pub certificate: Vec<u8>,
    /// Its subject, DER.
    pub subject: Vec<u8>,
    /// Its issuer, DER.
    pub issuer: Vec<u8>,
    /// Its serial number, a DER INTEGER.
    pub serial_number: Vec<u8>,
}

/// The numbers of an RSA key (RFC 8017, A.1.2), big-endian.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the standard's names")]
pub struct RsaComponents {
    pub modulus: Vec<u8>,
    pub public_exponent: Vec<u8>,
    pub private_exponent: Vec<u8>,
    pub prime1: Vec<u8>,
    pub prime2: Vec<u8>,
    pub exponent1: Vec<u8>,
    pub exponent2: Vec<u8>,
    pub coefficient: Vec<u8>,
}

/// A data object.
#[derive(Clone, Debug)]
pub struct IssuedData {
    /// Its label, such as `CPS_NAME_PS`.
    pub label: String,
    /// Its bytes.
    pub value: Vec<u8>,
    /// Whether it is read after the holder's code only.
    pub is_private: bool,
    /// Whether the holder may write it.
    pub is_modifiable: bool,
}

impl CardParameters {
    /// The objects of a card of these parameters.
    ///
    /// # Errors
    /// [`PkiError`] when a committed key is damaged or a certificate cannot be made.
    pub fn issued_objects(&self) -> Result<IssuedObjects, PkiError> {
        let roles: &[KeyRole] = if self.has_signature_key {
            &[KeyRole::Authentication, KeyRole::Signature]
        } else {
            &[KeyRole::Authentication]
        };
        let key_pairs = KeyPairs::load(self.key_set, roles)?;
        let identities = issue_certificates(self, &key_pairs)?
            .into_iter()
            .map(|certificate| {
                let key = self.key_set.private_key(certificate.role)?;
                self.identity(certificate, key)
            })
            .collect::<Result<_, PkiError>>()?;
        Ok(IssuedObjects {
            identities,
            data: self.issued_data(),
        })
    }

    fn identity(
        &self,
        certificate: Certificate,
        key: RsaPrivateKey,
    ) -> Result<IssuedIdentity, PkiError> {
        let is_signature = certificate.role == KeyRole::Signature;
        let (last_byte, key_label, certificate_label) = if is_signature {
            (0x10, SIGNATURE_KEY_LABEL, SIGNATURE_CERTIFICATE_LABEL)
        } else {
            (
                0x20,
                AUTHENTICATION_KEY_LABEL,
                AUTHENTICATION_CERTIFICATE_LABEL,
            )
        };
        let contents = X509::from_der(&certificate.der)?.tbs_certificate;
        Ok(IssuedIdentity {
            id: [self.number.serial_number(), vec![last_byte]].concat(),
            key_label,
            deciphers: !is_signature,
            key: RsaComponents::of(key)?,
            certificate_label,
            subject: contents.subject.to_der()?,
            issuer: contents.issuer.to_der()?,
            serial_number: contents.serial_number.to_der()?,
            certificate: certificate.der,
        })
    }

    fn issued_data(&self) -> Vec<IssuedData> {
        data_files(self)
            .into_iter()
            .map(|file| IssuedData {
                label: file.label,
                is_private: file.access == DataAccess::Private,
                is_modifiable: file.access == DataAccess::HolderWritable,
                value: match file.content {
                    Content::Fixed(bytes) => bytes,
                    Content::HolderData { len } => vec![0; len],
                },
            })
            .collect()
    }
}

impl RsaComponents {
    fn of(mut key: RsaPrivateKey) -> Result<Self, PkiError> {
        key.precompute()?;
        let number = |number: Option<&BigUint>| {
            number
                .map(BigUint::to_bytes_be)
                .ok_or(PkiError::Signature(rsa::Error::InvalidPrime))
        };
        let coefficient = key.crt_coefficient();
        Ok(Self {
            modulus: key.n().to_bytes_be(),
            public_exponent: key.e().to_bytes_be(),
            private_exponent: key.d().to_bytes_be(),
            prime1: number(key.primes().first())?,
            prime2: number(key.primes().get(1))?,
            exponent1: number(key.dp())?,
            exponent2: number(key.dq())?,
            coefficient: number(coefficient.as_ref())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::DemoCard;
    use crate::pki::KeySet;
    use time::macros::datetime;

    #[test]
    fn a_cps_has_two_identities_and_its_data_as_the_official_module_names_them() {
        let now = datetime!(2026-11-21 19:00 UTC);
        let card = DemoCard::Cps3.parameters(KeySet::First, now);
        let objects = card.issued_objects().unwrap();
        let identities: Vec<(&str, u8)> = objects
            .identities
            .iter()
            .map(|identity| (identity.key_label, *identity.id.last().unwrap()))
            .collect();
        assert_eq!(identities, [("CPS_PRIV_AUT", 0x20), ("CPS_PRIV_SIG", 0x10)]);
        let private: Vec<&str> = objects
            .data
            .iter()
            .filter(|data| data.is_private)
            .map(|data| data.label.as_str())
            .collect();
        assert_eq!(private, ["CPS_ACTIVITY_01_PS", "CPS_ACTIVITY_03_PS"]);
    }

    #[test]
    fn staff_have_no_signature_key() {
        let now = datetime!(2026-11-21 19:00 UTC);
        let card = DemoCard::Cpe.parameters(KeySet::First, now);
        assert_eq!(card.issued_objects().unwrap().identities.len(), 1);
    }
}
