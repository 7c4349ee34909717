//! X.509 certificates as the IGC-Santé writes them: version 3, RSA, SHA-256 (RFC 5280).

use rsa::pkcs8::EncodePublicKey;
use rsa::{Pkcs1v15Sign, RsaPrivateKey, RsaPublicKey};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::certificate::{Certificate, TbsCertificate, Version};
use x509_cert::der::asn1::{
    Any, BitString, GeneralizedTime, Ia5String, ObjectIdentifier, OctetString, PrintableStringRef,
    SetOfVec, UtcTime, Utf8StringRef,
};
use x509_cert::der::oid::AssociatedOid;
use x509_cert::der::oid::db::rfc4519::COUNTRY_NAME;
use x509_cert::der::oid::db::rfc5912::SHA_256_WITH_RSA_ENCRYPTION;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, CertificatePolicies, CrlDistributionPoints, SubjectKeyIdentifier,
    certpolicy::PolicyInformation,
};
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::time::{Time, Validity};

use super::PkiError;

/// What a certificate says, before it is signed.
pub(super) struct Contents {
    pub(super) serial_number: Vec<u8>,
    pub(super) issuer: Name,
    pub(super) subject: Name,
    pub(super) not_before: OffsetDateTime,
    pub(super) not_after: OffsetDateTime,
    pub(super) public_key: RsaPublicKey,
    pub(super) extensions: Vec<Extension>,
}

impl Contents {
    /// Signs with sha256WithRSAEncryption and returns the certificate in DER.
    ///
    /// PKCS#1 v1.5 has no randomness: the same contents give the same bytes.
    pub(super) fn sign(self, issuer_key: &RsaPrivateKey) -> Result<Vec<u8>, PkiError> {
        let algorithm = AlgorithmIdentifierOwned {
            oid: SHA_256_WITH_RSA_ENCRYPTION,
            parameters: Some(Any::null()),
        };
        let tbs_certificate = TbsCertificate {
            version: Version::V3,
            serial_number: SerialNumber::new(&self.serial_number)?,
            signature: algorithm.clone(),
            issuer: self.issuer,
            validity: Validity {
                not_before: rfc5280_time(self.not_before)?,
                not_after: rfc5280_time(self.not_after)?,
            },
            subject: self.subject,
            subject_public_key_info: public_key_info(&self.public_key)?,
            issuer_unique_id: None,
            subject_unique_id: None,
            extensions: Some(self.extensions),
        };
        let digest = Sha256::digest(tbs_certificate.to_der()?);
        let signature = issuer_key.sign(Pkcs1v15Sign::new::<Sha256>(), &digest)?;
        let certificate = Certificate {
            tbs_certificate,
            signature_algorithm: algorithm,
            signature: BitString::from_bytes(&signature)?,
        };
        Ok(certificate.to_der()?)
    }
}

/// A name of one RDN per list of attributes, in the order given.
pub(super) fn name(rdns: Vec<Vec<AttributeTypeAndValue>>) -> Result<Name, PkiError> {
    let rdns = rdns
        .into_iter()
        .map(|attributes| Ok(RelativeDistinguishedName(SetOfVec::try_from(attributes)?)))
        .collect::<Result<_, x509_cert::der::Error>>()?;
    Ok(RdnSequence(rdns))
}

/// An attribute in UTF-8.
pub(super) fn utf8_attribute(
    oid: ObjectIdentifier,
    text: &str,
) -> Result<AttributeTypeAndValue, PkiError> {
    let value = Any::encode_from(&Utf8StringRef::new(text)?)?;
    Ok(AttributeTypeAndValue { oid, value })
}

/// `C=FR`, in the PrintableString that X.520 demands.
pub(super) fn country_france() -> Result<AttributeTypeAndValue, PkiError> {
    let value = Any::encode_from(&PrintableStringRef::new("FR")?)?;
    Ok(AttributeTypeAndValue {
        oid: COUNTRY_NAME,
        value,
    })
}

/// A standard extension.
pub(super) fn extension<T: AssociatedOid + Encode>(
    critical: bool,
    value: &T,
) -> Result<Extension, PkiError> {
    extension_of(T::OID, critical, value)
}

/// An extension with an identifier that the standards do not know.
pub(super) fn private_extension(
    oid: ObjectIdentifier,
    value: &impl Encode,
) -> Result<Extension, PkiError> {
    extension_of(oid, false, value)
}

/// Subject key identifier by RFC 5280, 4.2.1.2, method 1.
pub(super) fn subject_key_identifier(key: &RsaPublicKey) -> Result<Extension, PkiError> {
    let identifier = SubjectKeyIdentifier(OctetString::new(key_identifier(key)?)?);
    extension(false, &identifier)
}

/// Authority key identifier that names the issuer's key.
pub(super) fn authority_key_identifier(issuer: &RsaPublicKey) -> Result<Extension, PkiError> {
    let identifier = AuthorityKeyIdentifier {
        key_identifier: Some(OctetString::new(key_identifier(issuer)?)?),
        ..AuthorityKeyIdentifier::default()
    };
    extension(false, &identifier)
}

/// One certificate policy, without qualifiers.
pub(super) fn certificate_policy(policy: ObjectIdentifier) -> Result<Extension, PkiError> {
    let policies = CertificatePolicies(vec![PolicyInformation {
        policy_identifier: policy,
        policy_qualifiers: None,
    }]);
    extension(false, &policies)
}

/// One place where the revocation list is said to be.
pub(super) fn crl_distribution_point(uri: &str) -> Result<Extension, PkiError> {
    let uri = GeneralName::UniformResourceIdentifier(Ia5String::new(uri)?);
    let points = CrlDistributionPoints(vec![DistributionPoint {
        distribution_point: Some(DistributionPointName::FullName(vec![uri])),
        reasons: None,
        crl_issuer: None,
    }]);
    extension(false, &points)
}

fn extension_of(
    oid: ObjectIdentifier,
    critical: bool,
    value: &impl Encode,
) -> Result<Extension, PkiError> {
    Ok(Extension {
        extn_id: oid,
        critical,
        extn_value: OctetString::new(value.to_der()?)?,
    })
}

fn public_key_info(key: &RsaPublicKey) -> Result<SubjectPublicKeyInfoOwned, PkiError> {
    let document = key.to_public_key_der()?;
    Ok(SubjectPublicKeyInfoOwned::from_der(document.as_bytes())?)
}

fn key_identifier(key: &RsaPublicKey) -> Result<Vec<u8>, PkiError> {
    let info = public_key_info(key)?;
    Ok(Sha1::digest(info.subject_public_key.raw_bytes()).to_vec())
}

/// UTCTime up to 2049, GeneralizedTime after (RFC 5280, 4.1.2.5).
fn rfc5280_time(moment: OffsetDateTime) -> Result<Time, PkiError> {
    let out_of_range = |_| x509_cert::der::ErrorKind::DateTime;
    let seconds = u64::try_from(moment.unix_timestamp())
        .map_err(out_of_range)
        .map_err(x509_cert::der::Error::from)?;
    let since_epoch = std::time::Duration::from_secs(seconds);
    Ok(match UtcTime::from_unix_duration(since_epoch) {
        Ok(time) => Time::UtcTime(time),
        Err(_) => Time::GeneralTime(GeneralizedTime::from_unix_duration(since_epoch)?),
    })
}
