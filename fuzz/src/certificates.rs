//! Certificates of the IGC-Santé: as they are, with one part foreign, and in chains.

use card_apdu::tlv::{self, Tag, Tlv};
use igc_sante::CardCertificate;
use igc_sante::chain::{verify_chain, verify_issued_by};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::input::Input;

/// The bytes are a certificate.
pub(crate) fn certificate(bytes: &[u8]) {
    let Ok(certificate) = CardCertificate::parse(bytes) else {
        return;
    };
    assert_eq!(certificate.der(), bytes);
    read_everything(&certificate);
}

/// A genuine certificate, one part of which is the fuzzer's: no signature stands between these
/// bytes and the parsers of names, extensions, dates and keys.
pub(crate) fn certificate_parts(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let part = usize::from(input.byte()) % PARTS;
    let piece = input.rest();
    let Some(der) = with_part(GENUINE_CARDS[0], part, piece) else {
        return;
    };
    if let Ok(certificate) = CardCertificate::parse(&der) {
        read_everything(&certificate);
    }
}

/// Certificate, then authorities: nothing passes as a card of this root but what its authority signed.
pub(crate) fn chain(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let Some(Ok(card)) = input.piece().map(CardCertificate::parse) else {
        return;
    };
    let authorities: Vec<&[u8]> = std::iter::from_fn(|| input.piece()).take(5).collect();
    for authority in &authorities {
        let _ = verify_issued_by(&card, authority);
    }
    if let Ok(chain) = verify_chain(&card, &authorities, &[TEST_ROOT], NOW) {
        assert!(GENUINE_CARDS.contains(&card.der()), "a forged card");
        assert_eq!(chain.issuers.last().map(Vec::as_slice), Some(TEST_ROOT));
    }
}

fn read_everything(certificate: &CardCertificate) {
    let _ = certificate.holder();
    let _ = (certificate.subject(), certificate.issuer());
    let _ = (certificate.card_type(), certificate.card_number());
    let _ = (certificate.category(), certificate.environment());
    let _ = (certificate.profession(), certificate.know_how());
    let _ = (certificate.key_usage(), certificate.role());
    let _ = certificate.validity_at(NOW);
    let _ = certificate.days_left(NOW);
    assert!(certificate.serial_number().len().is_multiple_of(2));
    assert!(!format!("{certificate:?}").is_empty());
}

/// The certificate with another part: an element of the signed part by its place, or, as the last,
/// one extension more after the genuine ones.
pub(crate) fn with_part(der: &[u8], part: usize, bytes: &[u8]) -> Option<Vec<u8>> {
    let (whole, _) = Tlv::parse(der).ok()?;
    let mut outer = whole.children().flatten();
    let (signed, algorithm, signature) = (outer.next()?, outer.next()?, outer.next()?);
    let mut elements: Vec<Vec<u8>> = signed.children().flatten().map(written).collect();
    match elements.get_mut(part) {
        Some(element) => *element = bytes.to_vec(),
        None => add_extension(elements.last_mut()?, bytes)?,
    }
    let signed = tlv::encode(SEQUENCE, &elements.concat());
    let content = [signed, written(algorithm), written(signature)].concat();
    Some(tlv::encode(SEQUENCE, &content))
}

fn add_extension(extensions: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    let list = tlv::find_path(extensions, &[EXTENSIONS, SEQUENCE]).ok()??;
    let list = [list, bytes].concat();
    *extensions = tlv::encode(EXTENSIONS, &tlv::encode(SEQUENCE, &list));
    Some(())
}

fn written(object: Tlv<'_>) -> Vec<u8> {
    tlv::encode(object.tag, object.value)
}

/// The part of a certificate that [`certificate_parts`] replaces.
pub(crate) fn part_of(der: &[u8], part: usize) -> Option<Vec<u8>> {
    let (whole, _) = Tlv::parse(der).ok()?;
    let signed = whole.children().flatten().next()?;
    signed.children().flatten().nth(part).map(written)
}

/// Version, serial number, algorithm, issuer, dates, subject, key, extensions (RFC 5280, 4.1); and one extension more.
pub(crate) const PARTS: usize = 9;
const SEQUENCE: Tag = Tag(0x30);
const EXTENSIONS: Tag = Tag(0xA3);
const NOW: OffsetDateTime = datetime!(2027-01-15 12:00 UTC);

macro_rules! test_certificate {
    ($name:literal) => {
        include_bytes!(concat!("../../crates/igc-sante/tests/data/", $name, ".der"))
    };
}

/// Cards that the test authority below [`TEST_ROOT`] really signed.
pub(crate) const GENUINE_CARDS: [&[u8]; 6] = [
    test_certificate!("cps-signature"),
    test_certificate!("cps-authentication"),
    test_certificate!("cpe-authentication"),
    test_certificate!("cpe-pseudonym"),
    test_certificate!("cpf-authentication"),
    test_certificate!("two-common-names"),
];

/// Cards that must be refused, and those of another root.
pub(crate) const OTHER_CARDS: [&[u8]; 4] = [
    test_certificate!("cps-of-too-deep"),
    test_certificate!("cps-signed-with-sha1"),
    test_certificate!("cps-with-critical-extension"),
    test_certificate!("production-cps-signature"),
];

/// Certificates of authorities, an impostor's among them.
pub(crate) const AUTHORITIES: [&[u8]; 4] = [
    test_certificate!("test-fort-personnes"),
    test_certificate!("test-too-deep"),
    test_certificate!("impostor-fort-personnes"),
    test_certificate!("production-fort-personnes"),
];

/// The root that [`chain`] trusts.
pub(crate) const TEST_ROOT: &[u8] = test_certificate!("test-root");
