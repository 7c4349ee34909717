//! An entry of the AODF: a code, how it is written and what it is for (ISO/IEC 7816-15, 8.9).

use card_apdu::tlv::{self, Tag, Tlv};

use crate::PinLimits;
use crate::pkcs15::{
    BitString, INTEGER, OCTET_STRING, PinObject, SEQUENCE, TYPE_ATTRIBUTES, nth_sequence,
    small_integer,
};

/// A code whose attributes cannot be read is kept: passed over, it could make another one look like the holder's.
pub(crate) fn parse_pin(entry: Tlv<'_>) -> PinObject {
    let identifier = |attributes: Option<&[u8]>| {
        let identifier = tlv::find(attributes?, OCTET_STRING).ok()??;
        Some(identifier.to_vec())
    };
    PinObject {
        id: identifier(nth_sequence(entry, 1)),
        unblocked_by: identifier(nth_sequence(entry, 0)),
        ..parse_pin_attributes(entry).unwrap_or(UNREADABLE_PIN)
    }
}

/// PinAttributes (ISO/IEC 7816-15, 8.9.2).
fn parse_pin_attributes(entry: Tlv<'_>) -> Option<PinObject> {
    let attributes = tlv::find_path(entry.value, &[TYPE_ATTRIBUTES, SEQUENCE]).ok()??;
    let flags = BitString::find(attributes)?;
    let mut lengths = integers(attributes);
    let minimum_len = lengths.next()??;
    let stored_len = lengths.next()??;
    let maximum_len = lengths.next().unwrap_or(Some(stored_len))?;
    let reference = match tlv::find(attributes, PIN_REFERENCE).ok()? {
        Some(reference) => small_integer(reference)?,
        None => 0,
    };
    let is_written_in_ascii = matches!(
        tlv::find(attributes, ENUMERATED).ok()?,
        Some([PIN_TYPE_ASCII_NUMERIC | PIN_TYPE_UTF8])
    );
    let needs_padding = flags.has(NEEDS_PADDING);
    let pad_byte = match tlv::find(attributes, OCTET_STRING).ok()? {
        Some([byte]) => Some(*byte),
        _ => None,
    };
    Some(PinObject {
        reference,
        limits: PinLimits {
            minimum_len,
            maximum_len,
        },
        unblocks: flags.has(UNBLOCKING_PIN) || flags.has(SO_PIN),
        padding: pad_byte
            .filter(|_| needs_padding)
            .map(|byte| (stored_len, byte)),
        unsupported: if !is_written_in_ascii {
            Some("it wants a code in another form than a row of ASCII digits")
        } else if needs_padding && pad_byte.is_none() {
            Some("it wants a code filled up and does not say with what")
        } else {
            None
        },
        ..UNREADABLE_PIN
    })
}

/// Each INTEGER among the attributes; `None` for one that is over 255.
fn integers(attributes: &[u8]) -> impl Iterator<Item = Option<u8>> + '_ {
    tlv::objects(attributes)
        .filter_map(Result::ok)
        .filter(|object| object.tag == INTEGER)
        .map(|object| small_integer(object.value))
}

const ENUMERATED: Tag = Tag(0x0A);
const PIN_REFERENCE: Tag = Tag(0x80);
/// PinType (ISO/IEC 7816-15, 8.9.2); the others are forms of BCD and of ISO 9564-1.
const PIN_TYPE_ASCII_NUMERIC: u8 = 1;
const PIN_TYPE_UTF8: u8 = 2;
/// Bits of PinFlags.
const NEEDS_PADDING: usize = 5;
const UNBLOCKING_PIN: usize = 6;
const SO_PIN: usize = 7;
/// What is known of a code of which nothing could be read.
const UNREADABLE_PIN: PinObject = PinObject {
    id: None,
    unblocked_by: None,
    reference: 0,
    limits: PinLimits {
        minimum_len: 0,
        maximum_len: 0,
    },
    unblocks: false,
    padding: None,
    unsupported: Some("a code of its list cannot be read"),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pkcs15::parse_aodf;

    fn hex(text: &str) -> Vec<u8> {
        text.split_whitespace()
            .map(|pair| u8::from_str_radix(pair, 16).unwrap())
            .collect()
    }

    /// An entry of the AODF with these attributes of the code: flags, type, then the rest.
    fn pin_with(attributes: &str) -> PinObject {
        let attributes = tlv::encode(SEQUENCE, &hex(attributes));
        let entry = [
            hex("30 03 04 01 02 30 03 04 01 01"),
            tlv::encode(TYPE_ATTRIBUTES, &attributes),
        ];
        let aodf = tlv::encode(SEQUENCE, &entry.concat());
        let [pin] = &parse_aodf(&aodf).unwrap()[..] else {
            panic!("no entry, or several");
        };
        pin.clone()
    }

    #[test]
    fn a_code_in_another_form_than_ascii_is_not_supported() {
        for (pin_type, is_supported) in [
            ("0A 01 00", false),
            ("0A 01 01", true),
            ("0A 01 02", true),
            ("0A 01 03", false),
            ("0A 01 04", false),
            ("0A 02 00 01", false),
            ("", false),
        ] {
            let lengths = "02 01 04 02 01 08 02 01 08 80 01 01";
            let pin = pin_with(&format!("03 02 03 08 {pin_type} {lengths}"));
            assert_eq!(pin.check_supported().is_ok(), is_supported, "{pin_type}");
        }
    }

    #[test]
    fn a_code_is_filled_up_to_its_stored_length_with_the_byte_that_the_card_names() {
        let lengths = "02 01 04 02 01 08 02 01 0C 80 01 01";
        let padding = |flags: &str, pad: &str| {
            let pin = pin_with(&format!("{flags} 0A 01 01 {lengths} {pad}"));
            (pin.padding, pin.check_supported().is_ok())
        };
        let needed = "03 02 02 0C";
        assert_eq!(padding(needed, "04 01 FF"), (Some((8, 0xFF)), true));
        assert_eq!(padding(needed, "04 01 00"), (Some((8, 0x00)), true));
        assert_eq!(padding(needed, ""), (None, false));
        assert_eq!(padding(needed, "04 02 FF FF"), (None, false));
        assert_eq!(padding("03 02 03 08", "04 01 FF"), (None, true));
        assert_eq!(padding("03 02 03 08", ""), (None, true));
    }

    #[test]
    fn a_code_that_cannot_be_read_stays_in_the_list() {
        let lengths = "02 01 04 02 01 04 02 01 04";
        for attributes in [
            "".to_owned(),
            format!("0A 01 01 {lengths}"),
            "03 02 03 08 0A 01 01 02 01 04".to_owned(),
            "03 02 03 08 0A 01 01 02 02 01 04 02 02 01 04".to_owned(),
            format!("03 02 03 08 0A 01 01 {lengths} 80 02 01 81"),
        ] {
            let pin = pin_with(&attributes);
            assert!(pin.check_supported().is_err(), "{attributes}");
            assert_eq!((pin.id, pin.unblocked_by), (Some(vec![1]), Some(vec![2])));
        }
    }

    #[test]
    fn a_reference_over_127_is_taken_with_and_without_its_leading_zero() {
        for reference in ["80 01 81", "80 02 00 81"] {
            let pin = pin_with(&format!(
                "03 02 03 08 0A 01 01 02 01 04 02 01 04 {reference}"
            ));
            assert_eq!((pin.reference, pin.unsupported), (0x81, None));
        }
    }
}
