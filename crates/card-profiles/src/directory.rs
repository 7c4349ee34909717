//! What the PKCS#15 directory of a card holds, read once in an insertion, by whatever commands its
//! generation reads a file with.

use card_apdu::{StatusWord, tlv};
use igc_sante::{CardCertificate, KeyRole};

use crate::activities::{Activity, ActivityObject, parse_activity};
use crate::files::FilePath;
use crate::holder_code::{check_keys, holder_code, unblock_code};
use crate::objects::{CardObjects, ObjectKind, parse_manufacturer, parse_token_label};
use crate::pkcs15::{self, CertificateObject, ObjectDirectory, PinObject, PrivateKeyObject};
use crate::{CardError, CardMemory, UnblockError};

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

    /// An elementary file from its first byte to its last.
    fn read_whole_file(
        &mut self,
        path: &FilePath,
        what: &'static str,
    ) -> Result<Vec<u8>, CardError>;

    /// An elementary file that begins with one DER certificate.
    fn read_certificate_file(
        &mut self,
        path: &FilePath,
        what: &'static str,
    ) -> Result<Vec<u8>, CardError>;

    /// The first bytes of a certificate's file, from the card; more where it does not give so few.
    fn read_head(&mut self, path: &FilePath, len: u16) -> Result<Vec<u8>, CardError>;

    /// What a public file says. It is read from the card once, and again only while nobody could
    /// understand it.
    fn parsed_file<T>(
        &mut self,
        path: &FilePath,
        read: impl FnOnce(&mut Self) -> Result<Vec<u8>, CardError>,
        parse: impl FnOnce(&[u8]) -> Result<T, CardError>,
    ) -> Result<T, CardError> {
        if let Some(content) = self.memory().files.content(path) {
            return parse(content);
        }
        let content = read(self)?;
        let parsed = parse(&content)?;
        self.memory().files.keep(path, content);
        Ok(parsed)
    }

    /// A directory file, parsed.
    fn parsed_directory_file<T>(
        &mut self,
        path: &FilePath,
        what: &'static str,
        parse: impl FnOnce(&[u8]) -> Result<T, CardError>,
    ) -> Result<T, CardError> {
        self.parsed_file(path, |card| card.read_directory_file(path, what), parse)
    }

    /// The key that a certificate of this application belongs to.
    fn role_of(&self, certificate: &CardCertificate) -> Option<KeyRole> {
        certificate.role()
    }

    /// Whether a key of this application plays the role.
    fn serves(&self, key: &PrivateKeyObject, role: KeyRole) -> bool {
        key.serves(role)
    }

    /// The first certificate for each role. One that cannot be read is missing, and no more than that while
    /// another one can.
    fn read_certificates(&mut self) -> Result<Vec<(KeyRole, CardCertificate)>, CardError> {
        let mut certificates: Vec<(KeyRole, CardCertificate)> = Vec::new();
        let mut objects = Vec::new();
        let mut first_error = None;
        for object in self
            .certificate_objects()?
            .into_iter()
            .take(MOST_CERTIFICATES)
        {
            let certificate = match self.read_certificate(&object.path) {
                Ok(certificate) => certificate,
                Err(error @ (CardError::Reader(_) | CardError::Bug(_))) => return Err(error),
                Err(error) => {
                    tracing::warn!(event = "certificate-passed-over", %error, "a certificate was passed over");
                    first_error.get_or_insert(error);
                    continue;
                }
            };
            match self.role_of(&certificate) {
                Some(role) if !certificates.iter().any(|(known, _)| *known == role) => {
                    certificates.push((role, certificate));
                    objects.push((role, object));
                }
                Some(_) | None => tracing::debug!("a certificate without a role was passed over"),
            }
        }
        self.memory().certificates = objects;
        self.memory().lacks_a_certificate = first_error.is_some();
        match first_error {
            Some(error) if certificates.is_empty() => Err(error),
            Some(_) | None => Ok(certificates),
        }
    }

    /// One certificate, without what follows it in its file.
    fn read_certificate(&mut self, path: &FilePath) -> Result<CardCertificate, CardError> {
        let what = "a certificate";
        self.parsed_file(
            path,
            |card| card.read_certificate_file(path, what),
            |bytes| {
                let der_len = tlv::object_len(bytes).map_err(CardError::tlv(what))?;
                let der = bytes.get(..der_len).ok_or(CardError::malformed(what))?;
                CardCertificate::parse(der).map_err(|source| CardError::Malformed {
                    what,
                    source: Some(Box::new(source)),
                })
            },
        )
    }

    /// Whether the file of each certificate begins as it did when it was read: with the length of the
    /// certificate and its serial number, which its issuer gives to no other one (RFC 5280, 4.1.2.2).
    fn check_certificates(&mut self) -> Result<bool, CardError> {
        for (_, object) in self.memory().certificates.clone() {
            let Some(known) = self.memory().files.content(&object.path) else {
                return Ok(false);
            };
            let known: Vec<u8> = known.iter().copied().take(CERTIFICATE_HEAD_LEN).collect();
            let len = u16::try_from(known.len()).unwrap_or_default();
            match self.read_head(&object.path, len) {
                Ok(head) if head.starts_with(&known) => {}
                Ok(_) | Err(CardError::Refused { .. }) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// The entries of the CDF.
    fn certificate_objects(&mut self) -> Result<Vec<CertificateObject>, CardError> {
        let application = self.application_path()?;
        let Some(path) = self.object_directory()?.certificates else {
            return Ok(Vec::new());
        };
        self.parsed_directory_file(&path, "the list of certificates", |bytes| {
            pkcs15::parse_cdf(bytes, &application)
        })
    }

    /// The code objects of the AODF.
    fn pin_objects(&mut self) -> Result<Vec<PinObject>, CardError> {
        if let Some(pins) = &self.memory().pins {
            return Ok(pins.clone());
        }
        let pins = match self.object_directory()?.authentication_objects {
            Some(path) => {
                self.parsed_directory_file(&path, "the list of codes", pkcs15::parse_aodf)?
            }
            None => Vec::new(),
        };
        self.memory().pins = Some(pins.clone());
        Ok(pins)
    }

    /// The holder's code, which neither the other codes nor the keys contradict as far as they are known.
    fn pin_object(&mut self) -> Result<Option<PinObject>, CardError> {
        let pins = self.pin_objects()?;
        let pin = holder_code(&pins)?;
        if let (Some(pin), Some(keys)) = (pin, &self.memory().private_keys) {
            check_keys(pin, &pins, keys)?;
        }
        Ok(pin.cloned())
    }

    /// The code that unblocks the holder's, whether or not this program can present it.
    fn unblock_object(&mut self) -> Result<Option<PinObject>, CardError> {
        let pins = self.pin_objects()?;
        Ok(unblock_code(&pins)?.cloned())
    }

    /// Both codes, where this program can present both.
    fn both_code_objects(&mut self) -> Result<(PinObject, PinObject), UnblockError> {
        match (self.pin_object()?, self.unblock_object()?) {
            (Some(pin), Some(unblock)) => {
                unblock.check_supported()?;
                Ok((pin, unblock))
            }
            _ => Err(UnblockError::Absent),
        }
    }

    /// The keys of the PrKDF.
    fn private_keys(&mut self) -> Result<Vec<PrivateKeyObject>, CardError> {
        if let Some(keys) = &self.memory().private_keys {
            return Ok(keys.clone());
        }
        let keys = match self.object_directory()?.private_keys {
            Some(path) => {
                let what = "the list of private keys";
                self.parsed_directory_file(&path, what, pkcs15::parse_prkdf)?
            }
            None => Vec::new(),
        };
        self.memory().private_keys = Some(keys.clone());
        Ok(keys)
    }

    /// The places of work that the card lists.
    fn activity_objects(&mut self) -> Result<Vec<ActivityObject>, CardError> {
        if let Some(activities) = &self.memory().activities {
            return Ok(activities.clone());
        }
        let application = self.application_path()?;
        let activities = match self.object_directory()?.data_objects {
            Some(path) => {
                let bytes = self.read_directory_file(&path, "the list of data objects")?;
                pkcs15::parse_activity_objects(&bytes, &application)?
            }
            None => Vec::new(),
        };
        self.memory().activities = Some(activities.clone());
        Ok(activities)
    }

    /// The places of work, for which the code must have been presented. A file that is not there or
    /// holds nothing is a hole in their row; one that cannot be understood is passed over. Nothing of
    /// them is remembered: they are not public.
    fn read_activities(&mut self) -> Result<Vec<Activity>, CardError> {
        let mut activities = Vec::new();
        for object in self.activity_objects()? {
            let bytes = match self.read_directory_file(&object.path, "a place of work") {
                Err(CardError::Refused { sw, .. }) if sw == StatusWord::FILE_NOT_FOUND => continue,
                outcome => outcome?,
            };
            match parse_activity(object.number, &bytes) {
                Ok(activity) => activities.extend(activity),
                Err(error) => {
                    tracing::warn!(event = "place-of-work-passed-over", %error, "a place of work was passed over")
                }
            }
        }
        Ok(activities)
    }

    /// What the card lists by name; each list is read once, at the first question.
    fn named_objects(&mut self) -> Result<CardObjects, CardError> {
        if let Some(objects) = &self.memory().objects {
            return Ok(objects.clone());
        }
        let application = self.application_path()?;
        let directory = self.object_directory()?;
        let what = "the token's own name";
        let token_info = self.read_directory_file(&application.child(EF_TOKEN_INFO), what);
        let token_info = match token_info {
            Err(error @ CardError::Reader(_)) => return Err(error),
            token_info => token_info.ok(),
        };
        let token_info = token_info.as_deref();
        let mut objects = Vec::new();
        for (path, kind) in [
            (directory.private_keys, ObjectKind::PrivateKey),
            (directory.certificates, ObjectKind::Certificate),
        ] {
            let Some(path) = path else { continue };
            let parsed = self.parsed_directory_file(&path, "a list of objects", |bytes| {
                pkcs15::parse_objects(bytes, kind)
            });
            objects.extend(parsed?);
        }
        for role in [
            KeyRole::Authentication,
            KeyRole::Signature,
            KeyRole::Technical,
        ] {
            let key = match self.key(role) {
                Ok(key) => key.id,
                Err(CardError::KeyAbsent(_)) => continue,
                Err(error) => return Err(error),
            };
            for object in objects.iter_mut().filter(|object| object.id == key) {
                object.role = Some(role);
            }
        }
        if let Some(path) = directory.data_objects {
            let bytes = self.read_directory_file(&path, "the list of data objects")?;
            objects.extend(pkcs15::parse_dodf(&bytes, &application)?);
        }
        let objects = CardObjects {
            label: token_info.and_then(parse_token_label),
            manufacturer: token_info.and_then(parse_manufacturer),
            objects,
            ..CardObjects::default()
        };
        self.memory().objects = Some(objects.clone());
        Ok(objects)
    }

    /// The bytes of a data object, as many as its file has, as the official module gives them. For one that is
    /// private the code must have been presented. Nothing of them is remembered.
    fn read_data(&mut self, label: &str) -> Result<Vec<u8>, CardError> {
        let mut objects = self.named_objects()?.objects.into_iter();
        let object =
            objects.find(|object| object.kind == ObjectKind::Data && object.label == label);
        let path = object.and_then(|object| object.path);
        let path = path.ok_or(CardError::CardUnsupported("no data object of this name"))?;
        self.read_whole_file(&path, "a data object")
    }

    /// The key that a role is played by.
    fn key(&mut self, role: KeyRole) -> Result<PrivateKeyObject, CardError> {
        let keys = self.private_keys()?;
        let mut certificates = self.memory().certificates.iter();
        let certificate = certificates.find(|(known, _)| *known == role);
        let certificate_id = certificate.map(|(_, object)| object.id.clone());
        let serves = |key: &PrivateKeyObject| self.serves(key, role);
        key_of_role(&keys, serves, certificate_id.as_deref())
            .cloned()
            .ok_or(CardError::KeyAbsent(role))
    }

    /// EF.ODF (ISO/IEC 7816-15, 7.5.1).
    fn object_directory(&mut self) -> Result<ObjectDirectory, CardError> {
        if let Some(directory) = &self.memory().directory {
            return Ok(directory.clone());
        }
        let application = self.application_path()?;
        let path = application.child(EF_ODF);
        let directory = self.parsed_directory_file(&path, "the object directory", |bytes| {
            pkcs15::parse_odf(bytes, &application)
        })?;
        self.memory().directory = Some(directory.clone());
        Ok(directory)
    }
}

/// The key of a role: the one that belongs to the certificate that was read for it.
///
/// Both have one identifier. Where no key has that of the certificate, and without a certificate, it is the only key of
/// that use; several of them would leave open whose signature it is.
fn key_of_role<'k>(
    keys: &'k [PrivateKeyObject],
    serves: impl Fn(&PrivateKeyObject) -> bool,
    certificate_id: Option<&[u8]>,
) -> Option<&'k PrivateKeyObject> {
    let belongs = |key: &&PrivateKeyObject| Some(key.id.as_slice()) == certificate_id;
    if let Some(key) = keys.iter().find(belongs) {
        return serves(key).then_some(key);
    }
    let mut candidates = keys.iter().filter(|key| serves(key));
    match (candidates.next(), candidates.next()) {
        (only, None) => only,
        (_, Some(_)) => None,
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
/// No card of the family has more than three; each one listed beyond would only cost time.
const MOST_CERTIFICATES: usize = 8;
/// PKCS#15 EF.ODF (ISO/IEC 7816-15, 7.5.1).
const EF_ODF: u16 = 0x5031;
/// PKCS#15 EF.TokenInfo (ISO/IEC 7816-15, 7.5.2).
const EF_TOKEN_INFO: u16 = 0x5032;
/// Both lengths, the version and the longest serial number of a certificate (RFC 5280, 4.1) take
/// less; some of the algorithm after it does no harm.
const CERTIFICATE_HEAD_LEN: usize = 48;

#[cfg(test)]
mod tests {
    use super::*;

    fn signature_key(id: u8) -> PrivateKeyObject {
        PrivateKeyObject {
            id: vec![id],
            auth_id: None,
            reference: 0x80 | id,
            non_repudiation: true,
            signs: false,
            deciphers: false,
        }
    }

    fn authentication_key(id: u8) -> PrivateKeyObject {
        PrivateKeyObject {
            non_repudiation: false,
            signs: true,
            deciphers: true,
            ..signature_key(id)
        }
    }

    #[test]
    fn the_key_is_the_one_of_the_certificate() {
        let keys = [signature_key(1), authentication_key(2), signature_key(3)];
        let found = |role, certificate_id: &[u8]| {
            key_of_role(&keys, |key| key.serves(role), Some(certificate_id))
                .map(|key| key.reference)
        };
        assert_eq!(found(KeyRole::Signature, &[3]), Some(0x83));
        assert_eq!(found(KeyRole::Signature, &[1]), Some(0x81));
        assert_eq!(found(KeyRole::Authentication, &[2]), Some(0x82));
        assert_eq!(found(KeyRole::Signature, &[2]), None, "another use");
        assert_eq!(found(KeyRole::Signature, &[9]), None, "two of this use");
    }

    #[test]
    fn without_an_identifier_in_common_the_only_key_of_a_use_serves() {
        let keys = [signature_key(1), authentication_key(2)];
        for certificate_id in [None, Some(&[9][..])] {
            let found = |role| {
                key_of_role(&keys, |key| key.serves(role), certificate_id).map(|key| key.reference)
            };
            assert_eq!(found(KeyRole::Signature), Some(0x81));
            assert_eq!(found(KeyRole::Authentication), Some(0x82));
            assert_eq!(found(KeyRole::Technical), None);
        }
    }
}
