//! One certificate of a card, and the answers it gives.

use crate::card_type::{CardType, CardTypeContradiction, IssuedTypes};
use crate::distinguished_name::rfc4514;
use crate::environment::{Environment, EnvironmentContradiction};
use crate::holder::Holder;
use crate::key_role::{KeyRole, KeyUsage};
use crate::private_extensions::{PrivateExtensions, Profession};
use crate::strict_parse::{CertificateError, parse_strictly};
use crate::validity::{CertificateStatus, days_left};
use std::fmt;
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

/// A certificate read from a CPx card.
///
/// Everything is read once, by [`CardCertificate::parse`]. Two are equal when their bytes are.
#[derive(Clone)]
pub struct CardCertificate {
    der: Vec<u8>,
    serial_number: String,
    subject: String,
    issuer: String,
    holder: Holder,
    private_extensions: PrivateExtensions,
    issuer_environment: Option<Environment>,
    issued_types: Option<IssuedTypes>,
    key_usage: Option<KeyUsage>,
    has_client_auth: bool,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    public_key_der: Vec<u8>,
    public_key_bits: Vec<u8>,
    rsa_modulus_bits: Option<u32>,
}

impl CardCertificate {
    /// Reads the DER of one certificate, without a byte before or after.
    ///
    /// This checks form only: neither dates, nor environment, nor who signed it.
    ///
    /// # Errors
    ///
    /// [`CertificateError`]: too long, not X.509, bytes left over, an extension twice, or the category or a key usage of
    /// the wrong form. Another private extension of the wrong form counts as absent: it is only shown.
    pub fn parse(der: &[u8]) -> Result<Self, CertificateError> {
        let certificate = parse_strictly(der)?;
        Ok(Self {
            der: der.to_vec(),
            serial_number: serial_number(certificate.raw_serial()),
            subject: rfc4514(certificate.subject()),
            issuer: rfc4514(certificate.issuer()),
            holder: Holder::of_subject(certificate.subject()),
            private_extensions: PrivateExtensions::of_certificate(&certificate)?,
            issuer_environment: Environment::of_issuer(certificate.issuer()),
            issued_types: IssuedTypes::of_issuer(certificate.issuer()),
            key_usage: key_usage(&certificate)?,
            has_client_auth: has_client_auth(&certificate)?,
            not_before: certificate.validity().not_before.to_datetime(),
            not_after: certificate.validity().not_after.to_datetime(),
            public_key_der: certificate.public_key().raw.to_vec(),
            public_key_bits: certificate.public_key().subject_public_key.data.to_vec(),
            rsa_modulus_bits: rsa_modulus_bits(certificate.public_key()),
        })
    }

    /// The bytes it was read from.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The serial number in upper-case hexadecimal, an even number of digits, without a sign byte.
    pub fn serial_number(&self) -> &str {
        &self.serial_number
    }

    /// The subject in the manner of RFC 4514; it names the holder, so it has no place in a log.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The issuer in the manner of RFC 4514.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Who holds the card.
    pub fn holder(&self) -> Holder {
        self.holder.clone()
    }

    /// The type of the card (table G02), on which its extension and the issuer's name agree; `None` without the
    /// extension.
    ///
    /// # Errors
    ///
    /// [`CardTypeContradiction`] when the issuer is an authority of other types: the type is in doubt then.
    pub fn card_type(&self) -> Result<Option<CardType>, CardTypeContradiction> {
        CardType::decide(self.private_extensions.card_type, self.issued_types)
    }

    /// The number of the card, without its issuer's `8025000001/`; `None` without its extension or with another issuer.
    pub fn card_number(&self) -> Option<&str> {
        self.private_extensions.card_number.as_deref()
    }

    /// The category of the product (table G01); `None` without its extension.
    pub fn category(&self) -> Option<u8> {
        self.private_extensions.category
    }

    /// Test or production, decided by the category extension and the issuer's name together.
    ///
    /// A name is a claim until [`crate::chain::verify_chain`] has proved the issuer.
    ///
    /// # Errors
    ///
    /// [`EnvironmentContradiction`] when the two do not agree, when the category is not one of table G01, or when the
    /// issuer is not of the IGC-Santé: such a card belongs to no environment and must be refused in both.
    pub fn environment(&self) -> Result<Environment, EnvironmentContradiction> {
        Environment::decide(self.private_extensions.category, self.issuer_environment)
    }

    /// The profession (table G15, or G16 in training); `None` without its extension, as on a CPE or CPA.
    pub fn profession(&self) -> Option<Profession> {
        self.private_extensions.profession.clone()
    }

    /// The know-how codes (table R01), such as `SM26`; most certificates have none.
    pub fn know_how(&self) -> &[String] {
        &self.private_extensions.know_how
    }

    /// What the key may do; `None` without the extension.
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.key_usage
    }

    /// The card key that the key usage points to.
    ///
    /// nonRepudiation alone is [`KeyRole::Signature`]; digitalSignature without nonRepudiation is
    /// [`KeyRole::Authentication`]; any other set, and none, is `None`.
    ///
    /// Never [`KeyRole::Technical`]: the technical certificate has no known mark of its own, so what is found in the
    /// contactless application, or under the label "Certificat Technique CPS", must be called technical by the code
    /// that read it there, whatever this answers. Otherwise a key that needs no PIN would pass for the holder.
    pub fn role(&self) -> Option<KeyRole> {
        self.key_usage.and_then(KeyUsage::role)
    }

    /// Whether the extended key usage names TLS client authentication (RFC 5280 section 4.2.1.12).
    pub fn has_client_auth(&self) -> bool {
        self.has_client_auth
    }

    /// The first second of its validity.
    pub fn not_before(&self) -> OffsetDateTime {
        self.not_before
    }

    /// The last second of its validity.
    pub fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }

    /// Where it stands in its dates at `now`.
    pub fn validity_at(&self, now: OffsetDateTime) -> CertificateStatus {
        CertificateStatus::of(self.not_before, self.not_after, now)
    }

    /// Whole days from `now` to the end of its validity: 0 on the last day, negative once expired.
    pub fn days_left(&self, now: OffsetDateTime) -> i64 {
        days_left(self.not_after, now)
    }

    /// The public key, as the DER of its SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7).
    pub fn public_key_der(&self) -> &[u8] {
        &self.public_key_der
    }

    /// The bits in it: for RSA, the DER of an RSAPublicKey (RFC 8017, A.1.1).
    pub fn public_key_bits(&self) -> &[u8] {
        &self.public_key_bits
    }

    /// The length of the RSA modulus in bits; `None` for a key that is not RSA.
    pub fn rsa_modulus_bits(&self) -> Option<u32> {
        self.rsa_modulus_bits
    }
}

/// Shows nothing of the holder, so that a certificate in a log betrays nobody.
impl fmt::Debug for CardCertificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CardCertificate")
            .field("serial_number", &self.serial_number)
            .field("issuer", &self.issuer)
            .field("role", &self.role())
            .finish_non_exhaustive()
    }
}

impl PartialEq for CardCertificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for CardCertificate {}

/// DER puts a zero byte before a positive number whose first bit is set; people and other tools leave it out.
fn serial_number(raw: &[u8]) -> String {
    let digits = match raw {
        [0, rest @ ..] if !rest.is_empty() => rest,
        all => all,
    };
    digits.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn key_usage(certificate: &X509Certificate<'_>) -> Result<Option<KeyUsage>, CertificateError> {
    let extension = certificate
        .key_usage()
        .map_err(|_| malformed("2.5.29.15"))?;
    Ok(extension.map(|extension| KeyUsage::from_flags(extension.value.flags)))
}

fn has_client_auth(certificate: &X509Certificate<'_>) -> Result<bool, CertificateError> {
    let extension = certificate
        .extended_key_usage()
        .map_err(|_| malformed("2.5.29.37"))?;
    Ok(extension.is_some_and(|extension| extension.value.client_auth))
}

fn malformed(oid: &str) -> CertificateError {
    CertificateError::MalformedExtension {
        oid: oid.to_owned(),
    }
}

fn rsa_modulus_bits(key: &SubjectPublicKeyInfo<'_>) -> Option<u32> {
    let Ok(PublicKey::RSA(key)) = key.parsed() else {
        return None;
    };
    let zeros = key.modulus.iter().take_while(|byte| **byte == 0).count();
    let significant = key.modulus.get(zeros..)?;
    let unused = significant.first()?.leading_zeros();
    u32::try_from(significant.len())
        .ok()?
        .checked_mul(8)?
        .checked_sub(unused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_byte_is_no_part_of_the_serial_number() {
        assert_eq!(serial_number(&[0x00, 0xAB, 0x01]), "AB01");
        assert_eq!(serial_number(&[0x0A]), "0A");
        assert_eq!(serial_number(&[0x00]), "00");
        assert_eq!(serial_number(&[]), "");
    }
}
