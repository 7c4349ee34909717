//! ASN.1 character strings as text that is safe to show.

use x509_parser::asn1_rs::{Any, Tag};

/// The text of an ASN.1 character string, or `None` when it is not one or its bytes do not decode.
///
/// Characters that could mislead a reader of a window or a terminal come back as U+FFFD, since names reach both.
pub(crate) fn attribute_text(value: &Any<'_>) -> Option<String> {
    Some(decode(value)?.chars().map(shown).collect())
}

fn decode(value: &Any<'_>) -> Option<String> {
    let bytes = value.data;
    let tag = value.header.tag();
    if [
        Tag::Utf8String,
        Tag::PrintableString,
        Tag::NumericString,
        Tag::Ia5String,
    ]
    .contains(&tag)
    {
        return Some(std::str::from_utf8(bytes).ok()?.to_owned());
    }
    if tag == Tag::TeletexString {
        return Some(bytes.iter().copied().map(char::from).collect());
    }
    if tag == Tag::BmpString {
        return decode_utf16(bytes);
    }
    None
}

fn decode_utf16(bytes: &[u8]) -> Option<String> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    if !odd.is_empty() {
        return None;
    }
    char::decode_utf16(pairs.iter().copied().map(u16::from_be_bytes))
        .collect::<Result<_, _>>()
        .ok()
}

fn shown(character: char) -> char {
    if may_mislead(character) {
        char::REPLACEMENT_CHARACTER
    } else {
        character
    }
}

/// Whether a character moves, hides or reorders what stands beside it: control characters, zero-width characters,
/// line and paragraph separators, and the controls of the Unicode bidirectional algorithm.
pub fn may_mislead(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use x509_parser::asn1_rs::FromDer;

    fn text(der: &[u8]) -> Option<String> {
        let (_, any) = Any::from_der(der).unwrap();
        attribute_text(&any)
    }

    #[test]
    fn reads_every_string_type_that_authorities_use() {
        assert_eq!(text(b"\x0C\x08M\xC3\xA9decin").as_deref(), Some("Médecin"));
        assert_eq!(text(b"\x13\x02FR").as_deref(), Some("FR"));
        assert_eq!(text(b"\x16\x02FR").as_deref(), Some("FR"));
        assert_eq!(text(b"\x14\x07M\xE9decin").as_deref(), Some("Médecin"));
        assert_eq!(text(b"\x1E\x04\x00M\x00\xE9").as_deref(), Some("Mé"));
    }

    #[test]
    fn refuses_what_is_no_text() {
        assert_eq!(text(b"\x0C\x01\xFF"), None, "not UTF-8");
        assert_eq!(text(b"\x1E\x03\x00M\x00"), None, "half a UTF-16 unit");
        assert_eq!(text(b"\x1E\x02\xD8\x00"), None, "lone surrogate");
        assert_eq!(text(b"\x02\x01\x05"), None, "an INTEGER");
    }

    #[test]
    fn replaces_control_and_reordering_characters() {
        assert_eq!(text(b"\x0C\x04A\x1B[B").as_deref(), Some("A\u{FFFD}[B"));
        assert_eq!(
            text(b"\x0C\x05A\xE2\x80\xAEB").as_deref(),
            Some("A\u{FFFD}B")
        );
    }
}
