//! PKCS#15 directory files (ISO/IEC 7816-15), read with the leniency that real cards need.
//!
//! The flags of a real CPS3 are BIT STRINGs of one byte, without the count of
//! unused bits (OpenSC issue 2224): such a byte is taken as the bits themselves.

use card_apdu::tlv::{self, Tag, Tlv, TlvError};
use igc_sante::KeyRole;
use zeroize::Zeroizing;

use crate::activities::{ActivityObject, parse_activity_object};
use crate::files::FilePath;
use crate::objects::{CardObject, ObjectKind, parse_data_object, parse_object};
use crate::pin_entry::parse_pin;
use crate::{CardError, PinLimits};

/// One entry of EF.DIR (ISO/IEC 7816-15, 8.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Application {
    pub(crate) aid: Vec<u8>,
    pub(crate) path: Option<FilePath>,
}

/// EF.ODF: where the other directory files are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ObjectDirectory {
    pub(crate) private_keys: Option<FilePath>,
    pub(crate) certificates: Option<FilePath>,
    pub(crate) authentication_objects: Option<FilePath>,
    pub(crate) data_objects: Option<FilePath>,
}

/// A code that the card knows, from the AODF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PinObject {
    /// The identifier by which codes and keys name it.
    pub(crate) id: Option<Vec<u8>>,
    /// Identifier of the code that unblocks it.
    pub(crate) unblocked_by: Option<Vec<u8>>,
    pub(crate) reference: u8,
    pub(crate) limits: PinLimits,
    pub(crate) unblocks: bool,
    /// Length and byte that shorter codes are filled up with.
    pub(crate) padding: Option<(u8, u8)>,
    /// Why this program cannot present it; where it could not be read, it has neither reference nor flags.
    pub(crate) unsupported: Option<&'static str>,
}

impl PinObject {
    pub(crate) fn check_supported(&self) -> Result<(), CardError> {
        match self.unsupported {
            Some(reason) => Err(CardError::CardUnsupported(reason)),
            None => Ok(()),
        }
    }

    /// Whether the card takes a code of this length.
    pub(crate) fn takes(&self, digits: &[u8]) -> bool {
        let limits = self.limits;
        (usize::from(limits.minimum_len)..=usize::from(limits.maximum_len)).contains(&digits.len())
    }

    /// Whether codes of several lengths go to the card as they are, so that their end shows only there.
    pub(crate) fn has_several_lengths(&self) -> bool {
        self.padding.is_none() && self.limits.minimum_len != self.limits.maximum_len
    }

    /// The digits as they go to the card: filled up where the AODF says so.
    pub(crate) fn reference_data(&self, digits: &[u8]) -> Zeroizing<Vec<u8>> {
        let (len, byte) = self
            .padding
            .map_or((0, 0), |(len, byte)| (usize::from(len), byte));
        let mut data = Zeroizing::new(Vec::with_capacity(digits.len().max(len)));
        data.extend_from_slice(digits);
        while data.len() < len {
            data.push(byte);
        }
        data
    }
}

/// A private key, from the PrKDF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PrivateKeyObject {
    /// The identifier that its certificate has too.
    pub(crate) id: Vec<u8>,
    /// Identifier of the code that it asks for.
    pub(crate) auth_id: Option<Vec<u8>>,
    pub(crate) reference: u8,
    pub(crate) non_repudiation: bool,
    pub(crate) signs: bool,
    pub(crate) deciphers: bool,
}

impl PrivateKeyObject {
    /// Whether this key of the contact application plays the role.
    pub(crate) fn serves(&self, role: KeyRole) -> bool {
        match role {
            KeyRole::Signature => self.non_repudiation,
            KeyRole::Authentication => self.signs && !self.non_repudiation,
            KeyRole::Technical => false,
        }
    }
}

/// A certificate's place, from the CDF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CertificateObject {
    pub(crate) id: Vec<u8>,
    pub(crate) path: FilePath,
}

pub(crate) fn parse_ef_dir(bytes: &[u8]) -> Result<Vec<Application>, CardError> {
    let what = "EF.DIR";
    let mut applications = Vec::new();
    for object in objects(bytes) {
        let object = object.map_err(CardError::tlv(what))?;
        if object.tag != APPLICATION_TEMPLATE {
            continue;
        }
        let find = |tag| tlv::find(object.value, tag).map_err(CardError::tlv(what));
        let Some(aid) = find(APPLICATION_ID)? else {
            continue;
        };
        let path = find(APPLICATION_PATH)?
            .and_then(|path| FilePath::resolve(path, &FilePath::master_file()));
        applications.push(Application {
            aid: aid.to_vec(),
            path,
        });
    }
    Ok(applications)
}

pub(crate) fn parse_odf(
    bytes: &[u8],
    application: &FilePath,
) -> Result<ObjectDirectory, CardError> {
    let what = "the object directory";
    let mut directory = ObjectDirectory::default();
    for object in objects(bytes) {
        let object = object.map_err(CardError::tlv(what))?;
        let path = tlv::find_path(object.value, &[SEQUENCE, OCTET_STRING])
            .map_err(CardError::tlv(what))?
            .and_then(|path| FilePath::resolve(path, application));
        match object.tag {
            ODF_PRIVATE_KEYS => directory.private_keys = path,
            ODF_CERTIFICATES => directory.certificates = path,
            ODF_AUTHENTICATION_OBJECTS => directory.authentication_objects = path,
            ODF_DATA_OBJECTS => directory.data_objects = path,
            _ => {}
        }
    }
    Ok(directory)
}

pub(crate) fn parse_aodf(bytes: &[u8]) -> Result<Vec<PinObject>, CardError> {
    entries(bytes, "the list of codes", |entry| Some(parse_pin(entry)))
}

pub(crate) fn parse_prkdf(bytes: &[u8]) -> Result<Vec<PrivateKeyObject>, CardError> {
    entries(bytes, "the list of private keys", parse_private_key)
}

pub(crate) fn parse_cdf(
    bytes: &[u8],
    application: &FilePath,
) -> Result<Vec<CertificateObject>, CardError> {
    entries(bytes, "the list of certificates", |entry| {
        parse_certificate(entry, application)
    })
}

/// The places of work that the DODF lists, in their order.
pub(crate) fn parse_activity_objects(
    bytes: &[u8],
    application: &FilePath,
) -> Result<Vec<ActivityObject>, CardError> {
    let mut objects = entries(bytes, "the list of data objects", |entry| {
        parse_activity_object(entry, application)
    })?;
    objects.sort_by_key(|object| object.number);
    objects.dedup_by_key(|object| object.number);
    Ok(objects)
}

/// The named objects of a directory file, in their order.
pub(crate) fn parse_objects(bytes: &[u8], kind: ObjectKind) -> Result<Vec<CardObject>, CardError> {
    entries(bytes, "a list of objects", |entry| {
        parse_object(entry, kind)
    })
}

/// The data objects of the DODF, in their order.
pub(crate) fn parse_dodf(
    bytes: &[u8],
    application: &FilePath,
) -> Result<Vec<CardObject>, CardError> {
    entries(bytes, "the list of data objects", |entry| {
        parse_data_object(entry, application)
    })
}

/// Each SEQUENCE of a directory file: a code, an RSA key or an X.509 certificate. Objects of other kinds have
/// tags of their own (A0, A1 …); they and entries that are not understood are passed over.
fn entries<T>(
    bytes: &[u8],
    what: &'static str,
    parse: impl Fn(Tlv<'_>) -> Option<T>,
) -> Result<Vec<T>, CardError> {
    let mut parsed = Vec::new();
    for entry in objects(bytes) {
        let entry = entry.map_err(CardError::tlv(what))?;
        match Some(entry)
            .filter(|entry| entry.tag == SEQUENCE)
            .and_then(&parse)
        {
            Some(object) => parsed.push(object),
            None => tracing::debug!(what, "an entry was passed over"),
        }
    }
    Ok(parsed)
}

/// The objects of a directory file, up to where FF stands in the place of the next one: 00 is no object, and
/// an erased byte that fills a file up to its size is none either.
fn objects(bytes: &[u8]) -> impl Iterator<Item = Result<Tlv<'_>, TlvError>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        while let [0x00, after @ ..] = rest {
            rest = after;
        }
        if matches!(rest, [] | [0xFF, ..]) {
            return None;
        }
        let object = Tlv::parse(rest);
        rest = object.as_ref().map_or(&[], |(_, after)| after);
        Some(object.map(|(object, _)| object))
    })
}

/// CommonKeyAttributes (ISO/IEC 7816-15, 8.4.2).
fn parse_private_key(entry: Tlv<'_>) -> Option<PrivateKeyObject> {
    let auth_id = tlv::find(nth_sequence(entry, 0)?, OCTET_STRING).ok()?;
    let class_attributes = nth_sequence(entry, 1)?;
    let id = tlv::find(class_attributes, OCTET_STRING).ok()??;
    let usage = BitString::find(class_attributes)?;
    let reference = tlv::find(class_attributes, INTEGER).ok()??;
    Some(PrivateKeyObject {
        id: id.to_vec(),
        auth_id: auth_id.map(<[u8]>::to_vec),
        reference: small_integer(reference)?,
        non_repudiation: usage.has(USAGE_NON_REPUDIATION),
        signs: usage.has(USAGE_SIGN),
        deciphers: usage.has(USAGE_DECRYPT),
    })
}

/// CommonCertificateAttributes and X509CertificateAttributes (ISO/IEC 7816-15, 8.7).
fn parse_certificate(entry: Tlv<'_>, application: &FilePath) -> Option<CertificateObject> {
    let id = tlv::find(nth_sequence(entry, 1)?, OCTET_STRING).ok()??;
    let path = tlv::find_path(
        entry.value,
        &[TYPE_ATTRIBUTES, SEQUENCE, SEQUENCE, OCTET_STRING],
    );
    Some(CertificateObject {
        id: id.to_vec(),
        path: FilePath::resolve(path.ok()??, application)?,
    })
}

/// A SEQUENCE of an entry, counted from 0: the common attributes, then the class attributes.
pub(crate) fn nth_sequence<'a>(entry: Tlv<'a>, n: usize) -> Option<&'a [u8]> {
    entry
        .children()
        .filter_map(Result::ok)
        .filter(|child| child.tag == SEQUENCE)
        .nth(n)
        .map(|child| child.value)
}

/// A number up to 255, with the 00 that DER puts before a first bit that is set or without.
pub(crate) fn small_integer(value: &[u8]) -> Option<u8> {
    match *value {
        [number] | [0x00, number] => Some(number),
        _ => None,
    }
}

/// A BIT STRING, or the bare bits that real cards have in its place: the count of unused bits is at most 7.
pub(crate) struct BitString<'a>(&'a [u8]);

impl<'a> BitString<'a> {
    pub(crate) fn find(attributes: &'a [u8]) -> Option<Self> {
        let value = tlv::find(attributes, BIT_STRING).ok()??;
        Some(match value {
            [0..=7, bits @ ..] if !bits.is_empty() => Self(bits),
            bare => Self(bare),
        })
    }

    /// Bit 0 is the highest bit of the first byte.
    pub(crate) fn has(&self, bit: usize) -> bool {
        self.0
            .get(bit / 8)
            .is_some_and(|byte| byte & (0x80 >> (bit % 8)) != 0)
    }
}

const APPLICATION_TEMPLATE: Tag = Tag(0x61);
const APPLICATION_ID: Tag = Tag(0x4F);
const APPLICATION_PATH: Tag = Tag(0x51);
const ODF_PRIVATE_KEYS: Tag = Tag(0xA0);
const ODF_CERTIFICATES: Tag = Tag(0xA4);
const ODF_DATA_OBJECTS: Tag = Tag(0xA7);
const ODF_AUTHENTICATION_OBJECTS: Tag = Tag(0xA8);
pub(crate) const INTEGER: Tag = Tag(0x02);
const BIT_STRING: Tag = Tag(0x03);
pub(crate) const OCTET_STRING: Tag = Tag(0x04);
pub(crate) const SEQUENCE: Tag = Tag(0x30);
pub(crate) const TYPE_ATTRIBUTES: Tag = Tag(0xA1);
const USAGE_DECRYPT: usize = 1;
const USAGE_SIGN: usize = 2;
const USAGE_NON_REPUDIATION: usize = 9;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hex(text: &str) -> Vec<u8> {
        text.split_whitespace()
            .map(|pair| u8::from_str_radix(pair, 16).unwrap())
            .collect()
    }

    fn application() -> FilePath {
        FilePath::master_file().child(0x0001)
    }

    const EF_DIR: &str = "61 2F 4F 0D E8 28 BD 08 0F 80 25 00 00 01 FF 00 10 50 07 43 50 58 20 49 \
        41 53 51 04 3F 00 00 01 73 0F 4F 0D E8 28 BD 08 0F 80 25 00 00 01 FF 00 10";
    const ODF: &str = "A8 06 30 04 04 02 70 01 A0 06 30 04 04 02 70 02 A1 06 30 04 04 02 70 03 \
        A4 06 30 04 04 02 70 05 A7 06 30 04 04 02 70 06";
    const AODF: &str = "30 46 30 25 0C 1C 43 6F 64 65 20 70 6F 72 74 65 75 72 20 64 65 20 6C 61 20 \
        63 61 72 74 65 20 43 50 58 03 02 06 C0 04 01 02 30 03 04 01 01 A1 18 30 16 03 02 03 08 0A \
        01 01 02 01 04 02 01 04 02 01 04 80 01 01 04 01 FF 30 48 30 27 0C 21 43 6F 64 65 20 64 65 \
        20 64 65 62 6C 6F 63 61 67 65 20 64 65 20 6C 61 20 63 61 72 74 65 20 43 50 58 03 02 06 C0 \
        30 03 04 01 02 A1 18 30 16 03 02 00 3B 0A 01 01 02 01 08 02 01 08 02 01 08 80 01 02 04 01 FF";
    const PRKDF: &str = "30 4D 30 20 0C 0C 43 50 53 5F 50 52 49 56 5F 53 49 47 03 02 07 80 04 01 01 \
        30 09 30 07 03 02 02 04 04 01 01 30 1D 04 0E E8 28 BD 08 0F 80 25 00 00 01 FF 00 10 01 03 \
        03 06 00 40 03 02 04 B0 02 02 00 81 A1 0A 30 08 30 02 04 00 02 02 08 00 30 56 30 2A 0C 0C \
        43 50 53 5F 50 52 49 56 5F 41 55 54 03 02 05 E0 04 01 01 30 13 30 07 03 02 00 01 04 01 01 \
        30 08 03 03 06 00 40 04 01 01 30 1C 04 0E E8 28 BD 08 0F 80 25 00 00 01 FF 00 10 02 03 02 \
        05 60 03 02 04 B0 02 02 00 82 A1 0A 30 08 30 02 04 00 02 02 08 00";
    const CDF: &str = "30 45 30 20 0C 1B 43 65 72 74 69 66 69 63 61 74 20 64 65 20 53 69 67 6E 61 74 \
        75 72 65 20 43 50 53 03 01 40 30 10 04 0E E8 28 BD 08 0F 80 25 00 00 01 FF 00 10 01 A1 0F \
        30 0D 30 0B 04 02 A0 01 02 01 00 80 02 03 34";

    #[test]
    fn reads_the_path_of_the_application_from_ef_dir() {
        let applications = parse_ef_dir(&hex(EF_DIR)).unwrap();
        assert_eq!(
            applications[0].aid,
            hex("E8 28 BD 08 0F 80 25 00 00 01 FF 00 10")
        );
        assert_eq!(applications[0].path, Some(application()));
    }

    #[test]
    fn reads_the_files_that_the_object_directory_names() {
        let directory = parse_odf(&hex(ODF), &application()).unwrap();
        assert_eq!(directory.private_keys, Some(application().child(0x7002)));
        assert_eq!(directory.certificates, Some(application().child(0x7005)));
        assert_eq!(
            directory.authentication_objects,
            Some(application().child(0x7001))
        );
    }

    #[test]
    fn reads_both_codes_and_tells_them_apart() {
        let pins = parse_aodf(&hex(AODF)).unwrap();
        let limits = |minimum_len, maximum_len| PinLimits {
            minimum_len,
            maximum_len,
        };
        let expected = |reference, unblocked_by: Option<u8>, limits, unblocks| PinObject {
            id: Some(vec![reference]),
            unblocked_by: unblocked_by.map(|id| vec![id]),
            reference,
            limits,
            unblocks,
            padding: None,
            unsupported: None,
        };
        assert_eq!(
            pins,
            [
                expected(1, Some(2), limits(4, 4), false),
                expected(2, None, limits(8, 8), true)
            ]
        );
    }

    #[test]
    fn objects_of_another_kind_are_passed_over() {
        let as_kind = |file: &str, kind: u8| {
            let mut bytes = hex(file);
            bytes[0] = kind;
            bytes
        };
        for kind in [0xA0, 0xA1, 0xA2] {
            assert_eq!(parse_aodf(&as_kind(AODF, kind)).unwrap().len(), 1);
            assert_eq!(parse_prkdf(&as_kind(PRKDF, kind)).unwrap().len(), 1);
            let certificates = parse_cdf(&as_kind(CDF, kind), &application());
            assert_eq!(certificates.unwrap(), []);
        }
    }

    #[test]
    fn padding_after_the_last_object_is_none() {
        for padding in ["FF FF FF", "00 00 FF FF", "FF"] {
            let padded = |file: &str| hex(&format!("{file} {padding}"));
            assert_eq!(parse_ef_dir(&padded(EF_DIR)).unwrap().len(), 1);
            let directory = parse_odf(&padded(ODF), &application()).unwrap();
            assert!(directory.certificates.is_some());
            assert_eq!(parse_aodf(&padded(AODF)).unwrap().len(), 2);
            assert_eq!(parse_prkdf(&padded(PRKDF)).unwrap().len(), 2);
            assert_eq!(parse_cdf(&padded(CDF), &application()).unwrap().len(), 1);
        }
        assert_eq!(parse_aodf(&[0xFF; 8]).unwrap(), []);
    }

    #[test]
    fn more_than_seven_unused_bits_are_flags_themselves() {
        let bits = |value: &[u8]| {
            let attributes = tlv::encode(BIT_STRING, value);
            BitString::find(&attributes).unwrap().0.to_vec()
        };
        assert_eq!(bits(&[0x06, 0x00, 0x40]), [0x00, 0x40]);
        assert_eq!(bits(&[0x60, 0x40]), [0x60, 0x40]);
        assert_eq!(bits(&[0x08, 0x20]), [0x08, 0x20]);
        assert_eq!(bits(&[0x3B]), [0x3B]);
    }

    #[test]
    fn reads_references_and_usages_of_the_keys() {
        let keys = parse_prkdf(&hex(PRKDF)).unwrap();
        let found: Vec<_> = keys
            .iter()
            .map(|key| (key.reference, key.non_repudiation, key.signs, key.deciphers))
            .collect();
        assert!(keys.iter().all(|key| key.auth_id == Some(vec![1])));
        assert_eq!(
            found,
            [(0x81, true, false, false), (0x82, false, true, true)]
        );
    }

    #[test]
    fn takes_a_flags_byte_without_its_count_of_unused_bits() {
        let certificates = parse_cdf(&hex(CDF), &application()).unwrap();
        assert_eq!(certificates[0].path, application().child(0xA001));
    }

    #[test]
    fn a_path_is_absolute_or_from_the_application_on() {
        let resolve = |bytes: &[u8]| FilePath::resolve(bytes, &application());
        assert_eq!(resolve(&[0xA0, 0x01]), Some(application().child(0xA001)));
        assert_eq!(
            resolve(&[0x3F, 0x00, 0xD0, 0x03]),
            Some(FilePath::master_file().child(0xD003))
        );
        for bytes in [&[][..], &[0xA0], &[1, 2, 3], &[0x11; 18]] {
            assert_eq!(resolve(bytes), None);
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(bytes: Vec<u8>) {
            let _ = parse_ef_dir(&bytes);
            let _ = parse_odf(&bytes, &application());
            let _ = parse_aodf(&bytes);
            let _ = parse_prkdf(&bytes);
            let _ = parse_cdf(&bytes, &application());
        }

        #[test]
        fn no_changed_byte_panics(file in 0usize..5, at in 0usize..256, byte: u8) {
            let mut bytes = hex([EF_DIR, ODF, AODF, PRKDF, CDF][file]);
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = parse_ef_dir(&bytes);
            let _ = parse_odf(&bytes, &application());
            let _ = parse_aodf(&bytes);
            let _ = parse_prkdf(&bytes);
            let _ = parse_cdf(&bytes, &application());
        }
    }
}
