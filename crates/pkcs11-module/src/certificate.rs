//! What PKCS#11 wants of a certificate: parts of it as DER, and its RSA key as numbers.

use cryptoki_sys::CK_ULONG;
use pkcs1::RsaPublicKey;
use x509_cert::der::{Decode as _, Encode as _};

/// One certificate with an RSA key.
pub(crate) struct Certificate {
    pub(crate) der: Vec<u8>,
    /// DER of the Name.
    pub(crate) subject: Vec<u8>,
    /// DER of the Name.
    pub(crate) issuer: Vec<u8>,
    /// DER of the INTEGER.
    pub(crate) serial_number: Vec<u8>,
    /// Big-endian, without leading zeros.
    pub(crate) modulus: Vec<u8>,
    pub(crate) modulus_bits: CK_ULONG,
    /// Big-endian, without leading zeros.
    pub(crate) public_exponent: Vec<u8>,
}

impl Certificate {
    /// `None` for what is no certificate of an RSA key.
    pub(crate) fn parse(der: Vec<u8>) -> Option<Self> {
        let parsed = x509_cert::Certificate::from_der(&der).ok()?.tbs_certificate;
        let key = parsed.subject_public_key_info.subject_public_key;
        let key = RsaPublicKey::from_der(key.as_bytes()?).ok()?;
        let modulus = key.modulus.as_bytes().to_vec();
        let leading = modulus.first()?.leading_zeros();
        let bits = CK_ULONG::try_from(modulus.len()).ok()?.checked_mul(8)?;
        Some(Self {
            subject: parsed.subject.to_der().ok()?,
            issuer: parsed.issuer.to_der().ok()?,
            serial_number: parsed.serial_number.to_der().ok()?,
            modulus_bits: bits.checked_sub(CK_ULONG::from(leading))?,
            modulus,
            public_exponent: key.public_exponent.as_bytes().to_vec(),
            der,
        })
    }
}
