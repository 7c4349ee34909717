//! Who holds a virtual card, which card it is, and its codes.

use std::fmt;
use std::str::FromStr;

use igc_sante::nomenclature::{Table, label};
use secrets::{CodeFormatError, Pin, SecretBytes, UnblockCode};
use time::{Duration, OffsetDateTime, Time};

use crate::pki::KeySet;

/// Everything in which one virtual card differs from another.
///
/// [`CardParameters::new`] gives a card that works; change the fields that matter. They are
/// checked when the card is made.
#[derive(Clone, Debug)]
pub struct CardParameters {
    /// The person on the card.
    pub holder: Holder,
    /// Number of the card.
    pub number: CardNumber,
    /// First moment at which the certificates are valid.
    pub not_before: OffsetDateTime,
    /// Last moment at which the certificates are valid.
    pub not_after: OffsetDateTime,
    /// The holder's code ("code porteur"), 4 to 8 digits.
    pub pin: SecretBytes,
    /// Longest code that the card takes, in digits. Real cards are posted with 4 digits;
    /// `None` means 4, or 8 when the code itself is longer.
    pub pin_maximum_len: Option<u8>,
    /// Wrong codes in a row that block the code, 1 to 15.
    pub pin_tries: u8,
    /// The code that unblocks the holder's code (PUK), 8 digits.
    pub unblock_code: SecretBytes,
    /// Wrong unblock codes in a row that block it for ever, 1 to 15.
    pub unblock_tries: u8,
    /// How many times the unblock code may unblock in the life of the card.
    pub unblock_uses: u16,
    /// Which ready-made keys the card carries.
    pub key_set: KeySet,
    /// Whether PSO COMPUTE DIGITAL SIGNATURE takes a finished hash (form A). A card that
    /// answers 6A80 to it makes its user fall back to hashing the last block on the card.
    pub takes_finished_hash: bool,
}

/// The person on a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Surname as certificates write it, in capitals.
    pub family_name: String,
    /// Given name.
    pub given_name: String,
    /// National identifier: `8` and the eleven digits of an RPPS number.
    pub national_id: String,
    /// Profession, a code of the ANS table G15.
    pub profession: u8,
}

/// The ten digits of a card number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardNumber(String);

/// Why a card cannot be made of these parameters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParameterError {
    /// A card number that is not ten digits.
    #[error("a card number has exactly 10 digits")]
    CardNumber,
    /// A code that the table of professions does not have.
    #[error("{code} is no profession of table G15")]
    Profession {
        /// The code that was given.
        code: u8,
    },
    /// A name or identifier that is empty or too long for a certificate.
    #[error("the {field} must have 1 to {maximum} characters")]
    TextLength {
        /// Which text it is.
        field: &'static str,
        /// Most characters allowed.
        maximum: usize,
    },
    /// The end of the validity is not after its beginning.
    #[error("the card ends before it begins to be valid")]
    Validity,
    /// The holder's code has the wrong form.
    #[error("the holder's code cannot be used")]
    Pin(#[source] CodeFormatError),
    /// The unblock code has the wrong form.
    #[error("the unblock code cannot be used")]
    UnblockCode(#[source] CodeFormatError),
    /// A number of tries that a status word 63Cx cannot show.
    #[error("a code has 1 to 15 tries")]
    Tries,
    /// A maximum length that is out of range or shorter than the code itself.
    #[error("the longest code has 4 to 8 digits and is not shorter than the code of the card")]
    PinMaximumLen,
}

impl CardParameters {
    /// The card of the first demo holder: valid from 30 days before `now` for three years,
    /// code 1234, unblock code 12345678.
    ///
    /// Validity begins at midnight, so that a card made twice on one day is the same card.
    #[must_use]
    pub fn new(now: OffsetDateTime) -> Self {
        Self::demo_card(KeySet::First, now)
    }

    /// The demo card that carries this set of keys; each has a holder and a number of its own.
    #[must_use]
    pub fn demo_card(key_set: KeySet, now: OffsetDateTime) -> Self {
        let (number, holder) = demo_holder(key_set);
        let not_before = now
            .replace_time(Time::MIDNIGHT)
            .saturating_sub(Duration::days(30));
        Self {
            holder,
            number: CardNumber(number.to_owned()),
            not_before,
            not_after: not_before.saturating_add(Duration::days(3 * 365)),
            pin: SecretBytes::copy_from(b"1234"),
            pin_maximum_len: None,
            pin_tries: 3,
            unblock_code: SecretBytes::copy_from(b"12345678"),
            unblock_tries: 10,
            unblock_uses: 100,
            key_set,
            takes_finished_hash: true,
        }
    }

    /// Longest code that the card takes, in digits.
    #[must_use]
    pub fn pin_maximum_len(&self) -> usize {
        match self.pin_maximum_len {
            Some(len) => usize::from(len),
            None if self.pin.len() > Pin::MINIMUM_LEN => Pin::MAXIMUM_LEN,
            None => Pin::MINIMUM_LEN,
        }
    }

    pub(crate) fn check(&self) -> Result<(), ParameterError> {
        self.holder.check()?;
        if self.not_before >= self.not_after {
            return Err(ParameterError::Validity);
        }
        Pin::new(self.pin.expose()).map_err(ParameterError::Pin)?;
        UnblockCode::new(self.unblock_code.expose()).map_err(ParameterError::UnblockCode)?;
        let tries = 1..=MAXIMUM_TRIES;
        if !tries.contains(&self.pin_tries) || !tries.contains(&self.unblock_tries) {
            return Err(ParameterError::Tries);
        }
        let lengths = self.pin.len()..=Pin::MAXIMUM_LEN;
        if !lengths.contains(&self.pin_maximum_len()) {
            return Err(ParameterError::PinMaximumLen);
        }
        Ok(())
    }
}

impl Holder {
    /// The profession in words.
    ///
    /// # Errors
    /// [`ParameterError::Profession`] when the table does not have the code.
    pub fn profession_label(&self) -> Result<&'static str, ParameterError> {
        label(Table::Professions, &format!("{:02}", self.profession)).ok_or(
            ParameterError::Profession {
                code: self.profession,
            },
        )
    }

    fn check(&self) -> Result<(), ParameterError> {
        self.profession_label()?;
        for (field, text) in [
            ("family name", &self.family_name),
            ("given name", &self.given_name),
            ("national id", &self.national_id),
        ] {
            if !(1..=MAXIMUM_TEXT_LEN).contains(&text.chars().count()) {
                return Err(ParameterError::TextLength {
                    field,
                    maximum: MAXIMUM_TEXT_LEN,
                });
            }
        }
        Ok(())
    }
}

impl CardNumber {
    /// The 19 digits of EF.SN: issuer, card number, Luhn digit (ISO/IEC 7812-1).
    ///
    /// Between issuer and Luhn digit there is room for eight digits: the last eight of the
    /// number. GUESS: real cards show eight digits there, certificates and prints ten, and no
    /// source shows both of one card.
    pub(crate) fn primary_account_number(&self) -> String {
        let last_eight = self.0.get(2..).unwrap_or_default();
        let digits = format!("{ISSUER}{last_eight}");
        format!("{digits}{}", luhn_digit(&digits))
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

/// Invented people; their RPPS numbers stand in the range that the agency uses for tests.
fn demo_holder(key_set: KeySet) -> (&'static str, Holder) {
    let (number, national_id, family_name, given_name, profession) = match key_set {
        KeySet::First => ("9999123456", "899700000013", "DUPONT", "CAMILLE", 10),
        KeySet::Second => ("9999123457", "899700000021", "LEFÈVRE", "NOÉ", 60),
        KeySet::Third => ("9999123458", "899700000039", "D'ALMEIDA", "INÈS", 21),
        KeySet::Fourth => ("9999123459", "899700000047", "LE GOFF", "ANNE-LAURE", 50),
    };
    let holder = Holder {
        family_name: family_name.to_owned(),
        given_name: given_name.to_owned(),
        national_id: national_id.to_owned(),
        profession,
    };
    (number, holder)
}

/// The digit that makes the Luhn sum of `digits` and itself a multiple of ten.
fn luhn_digit(digits: &str) -> u32 {
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
/// What the low half of 63Cx can show.
const MAXIMUM_TRIES: u8 = 15;
/// ub-common-name and its kin (RFC 5280, appendix A).
const MAXIMUM_TEXT_LEN: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-21 19:00 UTC);

    #[test]
    fn the_demo_cards_differ_and_pass_their_own_checks() {
        let cards = KeySet::ALL.map(|set| CardParameters::demo_card(set, NOW));
        for card in &cards {
            card.check().unwrap();
            let rpps = &card.holder.national_id[1..];
            assert_eq!(luhn_digit(&rpps[..10]).to_string(), rpps[10..], "{rpps}");
        }
        let mut numbers: Vec<String> = cards.iter().map(|card| card.number.to_string()).collect();
        numbers.dedup();
        assert_eq!(numbers.len(), 4);
    }

    #[test]
    fn the_number_of_the_recorded_card_has_its_luhn_digit() {
        let number: CardNumber = "9999123456".parse().unwrap();
        assert_eq!(number.primary_account_number(), "8025000001991234565");
    }

    #[test]
    fn a_card_is_valid_from_thirty_days_ago_for_three_years() {
        let card = CardParameters::new(NOW);
        assert_eq!(card.not_before, datetime!(2026-10-22 00:00 UTC));
        assert_eq!(card.not_after, datetime!(2029-10-21 00:00 UTC));
    }

    #[test]
    fn a_longer_code_makes_the_card_take_eight_digits() {
        let mut card = CardParameters::new(NOW);
        assert_eq!(card.pin_maximum_len(), 4);
        card.pin = SecretBytes::copy_from(b"73918264");
        assert_eq!(card.pin_maximum_len(), 8);
        card.pin_maximum_len = Some(6);
        assert_eq!(card.check(), Err(ParameterError::PinMaximumLen));
    }

    #[test]
    fn rejects_what_no_card_can_have() {
        let refused = |change: &dyn Fn(&mut CardParameters)| {
            let mut card = CardParameters::new(NOW);
            change(&mut card);
            card.check().unwrap_err()
        };
        assert_eq!(
            refused(&|card| card.holder.profession = 11),
            ParameterError::Profession { code: 11 }
        );
        assert_eq!(
            refused(&|card| card.not_after = card.not_before),
            ParameterError::Validity
        );
        assert_eq!(refused(&|card| card.pin_tries = 16), ParameterError::Tries);
        assert_eq!(
            refused(&|card| card.unblock_tries = 0),
            ParameterError::Tries
        );
        assert!(matches!(
            refused(&|card| card.pin = SecretBytes::copy_from(b"12a4")),
            ParameterError::Pin(CodeFormatError::NotDigits)
        ));
        assert!(matches!(
            refused(&|card| card.unblock_code = SecretBytes::copy_from(b"1234")),
            ParameterError::UnblockCode(CodeFormatError::Length { .. })
        ));
        assert!(matches!(
            refused(&|card| card.holder.given_name = String::new()),
            ParameterError::TextLength {
                field: "given name",
                ..
            }
        ));
        for digits in ["", "123456789", "12345678901", "12345a7890", "١٢٣٤٥"] {
            assert_eq!(
                digits.parse::<CardNumber>(),
                Err(ParameterError::CardNumber)
            );
        }
    }
}
