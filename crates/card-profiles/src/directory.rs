//! What the PKCS#15 directory of a card holds, read once in an insertion, by whatever commands its
//! generation reads a file with.

use igc_sante::{CardCertificate, KeyRole};

use crate::files::FilePath;
use crate::pkcs15::{self, CertificateObject, ObjectDirectory, PinObject, PrivateKeyObject};
use crate::{CardError, CardMemory};

/// A card whose files can be read by path.
pub(crate) trait Directory {
    /// What this insertion taught so far.
    fn memory(&mut self) -> &mut CardMemory;

    /// Path of the PKCS#15 application, from memory or from EF.DIR.
    fn application_path(&mut self) -> Result<FilePath, CardError>;

    /// An elementary file that holds a row of objects.
    fn read_directory_file(
        &mut self,
        path: &FilePath,
        what: &'static str,
    ) -> Result<Vec<u8>, CardError>;

    /// An elementary file that holds one DER certificate.
    fn read_certificate(&mut self, path: &FilePath) -> Result<Vec<u8>, CardError>;

    /// The key that a certificate of this application belongs to.
    fn role_of(&self, certificate: &CardCertificate) -> Option<KeyRole> {
        certificate.role()
    }

    /// The certificates of the CDF, the first one for each role.
    fn read_certificates(&mut self) -> Result<Vec<(KeyRole, CardCertificate)>, CardError> {
        let mut certificates: Vec<(KeyRole, CardCertificate)> = Vec::new();
        for object in self.certificate_objects()? {
            let der = self.read_certificate(&object.path)?;
            let certificate =
                CardCertificate::parse(&der).map_err(|source| CardError::Malformed {
                    what: "a certificate",
                    source: Some(Box::new(source)),
                })?;
            match self.role_of(&certificate) {
                Some(role) if !certificates.iter().any(|(known, _)| *known == role) => {
                    certificates.push((role, certificate));
                }
                Some(_) | None => tracing::debug!("a certificate without a role was passed over"),
            }
        }
        Ok(certificates)
    }

    /// The entries of the CDF.
    fn certificate_objects(&mut self) -> Result<Vec<CertificateObject>, CardError> {
        let application = self.application_path()?;
        let Some(path) = self.object_directory()?.certificates else {
            return Ok(Vec::new());
        };
        let bytes = self.read_directory_file(&path, "the list of certificates")?;
        pkcs15::parse_cdf(&bytes, &application)
    }

    /// The code objects of the AODF.
    fn pin_objects(&mut self) -> Result<Vec<PinObject>, CardError> {
        if let Some(pins) = &self.memory().pins {
            return Ok(pins.clone());
        }
        let pins = match self.object_directory()?.authentication_objects {
            Some(path) => {
                let bytes = self.read_directory_file(&path, "the list of codes")?;
                pkcs15::parse_aodf(&bytes)?
            }
            None => Vec::new(),
        };
        self.memory().pins = Some(pins.clone());
        Ok(pins)
    }

    /// The holder's code: the first code object that unblocks nothing.
    fn pin_object(&mut self) -> Result<Option<PinObject>, CardError> {
        Ok(self.pin_objects()?.into_iter().find(|pin| !pin.unblocks))
    }

    /// The unblock code: the first code object that unblocks.
    fn unblock_object(&mut self) -> Result<Option<PinObject>, CardError> {
        Ok(self.pin_objects()?.into_iter().find(|pin| pin.unblocks))
    }

    /// The keys of the PrKDF.
    fn private_keys(&mut self) -> Result<Vec<PrivateKeyObject>, CardError> {
        if let Some(keys) = &self.memory().private_keys {
            return Ok(keys.clone());
        }
        let keys = match self.object_directory()?.private_keys {
            Some(path) => {
                let bytes = self.read_directory_file(&path, "the list of private keys")?;
                pkcs15::parse_prkdf(&bytes)?
            }
            None => Vec::new(),
        };
        self.memory().private_keys = Some(keys.clone());
        Ok(keys)
    }

    /// EF.ODF (ISO/IEC 7816-15, 7.5.1).
    fn object_directory(&mut self) -> Result<ObjectDirectory, CardError> {
        if let Some(directory) = &self.memory().directory {
            return Ok(directory.clone());
        }
        let application = self.application_path()?;
        let bytes = self.read_directory_file(&application.child(EF_ODF), "the object directory")?;
        let directory = pkcs15::parse_odf(&bytes, &application)?;
        self.memory().directory = Some(directory.clone());
        Ok(directory)
    }
}

/// The path that EF.DIR gives the application of this name.
pub(crate) fn path_in_ef_dir(ef_dir: &[u8], aid: &[u8]) -> Result<FilePath, CardError> {
    pkcs15::parse_ef_dir(ef_dir)?
        .into_iter()
        .find(|application| application.aid == aid)
        .ok_or(CardError::CardUnsupported("no CPX application in EF.DIR"))?
        .path
        .ok_or(CardError::CardUnsupported("no path in EF.DIR"))
}

/// PKCS#15 application of the contact interface.
pub(crate) const CONTACT_AID: [u8; 13] = [
    0xE8, 0x28, 0xBD, 0x08, 0x0F, 0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x00, 0x10,
];
/// PKCS#15 application of the contactless interface.
pub(crate) const CONTACTLESS_AID: [u8; 13] = [
    0xE8, 0x28, 0xBD, 0x08, 0x0F, 0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x00, 0x20,
];
const EF_ODF: u16 = 0x5031;
