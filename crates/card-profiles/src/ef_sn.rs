//! EF.SN, 3F00/D003: the serial number of a card of either generation.

use crate::CardError;

/// Bytes of EF.SN.
pub(crate) const EF_SN_LEN: u16 = 12;

/// Digits after the issuer, without Luhn digit and filler.
pub(crate) fn parse_ef_sn(bytes: &[u8]) -> Result<String, CardError> {
    if bytes.len() != usize::from(EF_SN_LEN) {
        return Err(CardError::malformed("EF.SN"));
    }
    let number = bytes
        .strip_prefix(&PREFIX)
        .ok_or(CardError::CardMisbehaved("EF.SN names another issuer"))?;
    let mut digits: String = number.iter().map(|byte| format!("{byte:02X}")).collect();
    if digits.pop() != Some('F') || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(CardError::malformed("EF.SN"));
    }
    digits.pop();
    Ok(digits)
}

/// Tag, length, issuer 80 25 00 00 01 of the ANS.
const PREFIX: [u8; 7] = [0x5A, 0x0A, 0x80, 0x25, 0x00, 0x00, 0x01];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_serial_number_is_what_stands_between_issuer_and_luhn_digit() {
        let bytes = [
            0x5A, 0x0A, 0x80, 0x25, 0, 0, 1, 0x99, 0x40, 0x00, 0x00, 0x4F,
        ];
        assert_eq!(parse_ef_sn(&bytes).unwrap(), "99400000");
    }

    #[test]
    fn another_issuer_and_what_is_no_digit_are_refused() {
        let other_issuer = [
            0x5A, 0x0A, 0x80, 0x25, 0, 0, 2, 0x99, 0x40, 0x00, 0x00, 0x4F,
        ];
        let no_filler = [
            0x5A, 0x0A, 0x80, 0x25, 0, 0, 1, 0x99, 0x40, 0x00, 0x00, 0x44,
        ];
        let no_digit = [
            0x5A, 0x0A, 0x80, 0x25, 0, 0, 1, 0x99, 0x4A, 0x00, 0x00, 0x4F,
        ];
        for bytes in [
            &other_issuer[..],
            &no_filler,
            &no_digit,
            &[],
            &no_digit[..7],
        ] {
            assert!(parse_ef_sn(bytes).is_err(), "{bytes:02X?}");
        }
    }
}
