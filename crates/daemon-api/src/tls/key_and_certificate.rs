//! A private key and its certificate in one file, so that neither is ever found without the other.

use std::io;
use std::path::Path;

use platform::private_files::PrivateFileError;
use platform::sealed_files::{read_sealed, write_sealed};
use rcgen::{Certificate, KeyPair, PublicKeyData as _};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};
use zeroize::Zeroizing;

use crate::pem::certificate_to_pem;

/// Why a key and its certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file cannot be read, or others than this user could read or write it.
    #[error(transparent)]
    File(PrivateFileError),
    /// There is no private key in it that can be used (PKCS #8 in PEM).
    #[error("the file has no private key in PEM that can be used")]
    NoKey,
    /// There is no certificate in it (X.509 in PEM).
    #[error("the file has no certificate in PEM")]
    NoCertificate,
    /// The certificate is for another key.
    #[error("the certificate in the file is not that of the private key in it")]
    Mismatch,
}

/// A private key and its certificate, which is known to be for this key.
#[derive(Debug)]
pub(super) struct KeyAndCertificate {
    key: KeyPair,
    certificate: CertificateDer<'static>,
}

impl KeyAndCertificate {
    /// Keeps a new key and its certificate.
    pub(super) fn keep(
        path: &Path,
        key: KeyPair,
        certificate: &Certificate,
    ) -> Result<Self, PrivateFileError> {
        let certificate = certificate.der().clone();
        let text = Zeroizing::new(key.serialize_pem() + &certificate_to_pem(&certificate));
        write_sealed(path, text.as_bytes())?;
        Ok(Self { key, certificate })
    }

    /// Reads both; none where there is no such file.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, KeyFileError> {
        match read_sealed(path) {
            Ok(text) => Self::parse(&text).map(Some),
            Err(PrivateFileError::Io { source, .. })
                if source.kind() == io::ErrorKind::NotFound =>
            {
                Ok(None)
            }
            Err(error) => Err(KeyFileError::File(error)),
        }
    }

    fn parse(text: &[u8]) -> Result<Self, KeyFileError> {
        let key = PrivateKeyDer::from_pem_slice(text).map_err(|_| KeyFileError::NoKey)?;
        let key = KeyPair::try_from(&key).map_err(|_| KeyFileError::NoKey)?;
        let certificate =
            CertificateDer::from_pem_slice(text).map_err(|_| KeyFileError::NoCertificate)?;
        let (_, parsed) =
            X509Certificate::from_der(&certificate).map_err(|_| KeyFileError::NoCertificate)?;
        if parsed.public_key().raw != key.subject_public_key_info() {
            return Err(KeyFileError::Mismatch);
        }
        Ok(Self { key, certificate })
    }

    pub(super) fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    pub(super) fn into_parts(self) -> (PrivateKeyDer<'static>, CertificateDer<'static>) {
        (self.key.into(), self.certificate)
    }

    pub(super) fn into_key(self) -> KeyPair {
        self.key
    }

    /// First and last moment of the certificate; none when it cannot be parsed.
    pub(super) fn validity(&self) -> Option<(OffsetDateTime, OffsetDateTime)> {
        let (_, parsed) = X509Certificate::from_der(&self.certificate).ok()?;
        let validity = parsed.validity();
        Some((
            validity.not_before.to_datetime(),
            validity.not_after.to_datetime(),
        ))
    }

    /// Whether this certificate is signed by that key, under the name of that certificate.
    pub(super) fn is_issued_by(&self, issuer: &CertificateDer<'_>) -> bool {
        let (Ok((_, own)), Ok((_, issuer))) = (
            X509Certificate::from_der(&self.certificate),
            X509Certificate::from_der(issuer),
        ) else {
            return false;
        };
        own.issuer().as_raw() == issuer.subject().as_raw()
            && own.verify_signature(Some(issuer.public_key())).is_ok()
    }
}
