//! Texts of fixed length, padded with blanks.

/// Fills a field; what is too long is cut.
pub(crate) fn fill(field: &mut [u8], text: &str) {
    let padded = text.bytes().chain(std::iter::repeat(b' '));
    for (place, byte) in field.iter_mut().zip(padded) {
        *place = byte;
    }
}

/// The text of a field.
pub(crate) fn text(field: &[u8]) -> String {
    String::from_utf8_lossy(field)
        .trim_end_matches([' ', '\0'])
        .to_owned()
}
