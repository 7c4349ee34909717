//! The number of a card, and the form in which the card holds it.

use std::fmt;
use std::str::FromStr;

use crate::parameters::ParameterError;

/// The ten digits of a card number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardNumber(String);

impl CardNumber {
    /// The number of a demo card; each has a place of its own.
    pub(crate) fn of_demo_card(place: u16) -> Self {
        Self(format!("99991{place:05}"))
    }

    /// The ten bytes of EF.SN and of the token's serial number: issuer, card number, Luhn digit
    /// (ISO/IEC 7812-1), filler F.
    ///
    /// Between issuer and Luhn digit there is room for eight digits: the last eight of the
    /// number. GUESS: real cards show eight digits there, certificates and prints ten, and no
    /// source shows both of one card.
    pub(crate) fn serial_number(&self) -> Vec<u8> {
        let last_eight = self.0.get(2..).unwrap_or_default();
        let digits = format!("{ISSUER}{last_eight}");
        hex::decode(format!("{digits}{}F", luhn_digit(&digits))).unwrap_or_default()
    }
}

impl FromStr for CardNumber {
    type Err = ParameterError;

    fn from_str(digits: &str) -> Result<Self, Self::Err> {
        if digits.len() == 10 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(digits.to_owned()))
        } else {
            Err(ParameterError::CardNumber)
        }
    }
}

impl fmt::Display for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The digit that makes the Luhn sum of `digits` and itself a multiple of ten.
pub(crate) fn luhn_digit(digits: &str) -> u32 {
    let sum: u32 = digits
        .chars()
        .rev()
        .filter_map(|digit| digit.to_digit(10))
        .enumerate()
        .map(|(position, digit)| match (position % 2, digit) {
            (0, 0..=4) => digit * 2,
            (0, _) => digit * 2 - 9,
            _ => digit,
        })
        .sum();
    (10 - sum % 10) % 10
}

/// The ANS as issuer of cards.
const ISSUER: &str = "8025000001";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_the_recorded_card_has_its_luhn_digit() {
        let number: CardNumber = "9999123456".parse().unwrap();
        assert_eq!(
            hex::encode_upper(number.serial_number()),
            "8025000001991234565F"
        );
    }

    #[test]
    fn rejects_what_is_no_card_number() {
        for text in ["", "999912345", "99991234567", "99991234x6"] {
            assert_eq!(text.parse::<CardNumber>(), Err(ParameterError::CardNumber));
        }
    }
}
