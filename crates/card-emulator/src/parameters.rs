//! Everything in which one virtual card differs from another.

use secrets::{CodeFormatError, Pin, SecretBytes, UnblockCode};
use time::{Duration, OffsetDateTime, Time};

use crate::card_number::CardNumber;
use crate::cps4::Cps4Parameters;
use crate::demo_cards::DemoCard;
use crate::holder::{CardType, Holder};
use crate::pki::{KeySet, VALID_FROM};

/// Everything in which one virtual card differs from another.
///
/// [`CardParameters::new`] gives a card that works; change the fields that matter. They are
/// checked when the card is made.
#[derive(Clone, Debug)]
pub struct CardParameters {
    /// Type of the card.
    pub card_type: CardType,
    /// Whom the card names.
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
    ///
    /// CPS3 alone.
    pub takes_finished_hash: bool,
    /// The environment that the certificates claim to be of.
    pub claimed_environment: ClaimedEnvironment,
    /// Whether there are a signature key and its certificate, as on a CPS.
    pub has_signature_key: bool,
    /// Whether the card lists places of work ("situations"), as a CPS does.
    pub has_activities: bool,
    /// What only a CPS4 has.
    pub cps4: Cps4Parameters,
}

/// What the certificates of a card say of its environment, by their issuer's name and their
/// category. Test keys sign them whatever they claim, so none but the first is ever proved.
///
/// All but the first are for tests of whoever must not be fooled; no program makes such a card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClaimedEnvironment {
    /// All are of the test PKI.
    #[default]
    Test,
    /// All claim to be of the IGC-Santé in production.
    Production,
    /// The signature certificate claims production and the others are tests, as on no real card.
    Mixed,
}

/// Why a card cannot be made of these parameters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParameterError {
    /// A card number that is not ten digits.
    #[error("a card number has exactly 10 digits")]
    CardNumber,
    /// A code that the table of professions does not have.
    #[error("{code} is no profession of the table for this type of card")]
    Profession {
        /// The code that was given.
        code: u8,
    },
    /// A holder that this type of card cannot have: profession, structure or pseudonym is missing
    /// or too many.
    #[error("a card of this type cannot name this holder")]
    HolderOfAnotherCard,
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
    /// Validity begins at midnight, so that a card made twice on one day is the same card, and not before its
    /// authorities: to a clock that is wrong it is not valid yet, as any real card.
    #[must_use]
    pub fn new(now: OffsetDateTime) -> Self {
        Self::demo_card(KeySet::First, now)
    }

    /// The demo CPS that carries this set of keys; each has a holder and a number of its own.
    #[must_use]
    pub fn demo_card(key_set: KeySet, now: OffsetDateTime) -> Self {
        DemoCard::Cps3.parameters(key_set, now)
    }

    /// A CPS of this holder with the usual codes.
    pub(crate) fn of(
        holder: Holder,
        number: CardNumber,
        key_set: KeySet,
        now: OffsetDateTime,
    ) -> Self {
        let not_before = now
            .replace_time(Time::MIDNIGHT)
            .saturating_sub(Duration::days(30))
            .max(VALID_FROM);
        Self {
            card_type: CardType::Cps,
            holder,
            number,
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
            claimed_environment: ClaimedEnvironment::Test,
            has_signature_key: true,
            has_activities: true,
            cps4: Cps4Parameters::default(),
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
        self.holder.check(self.card_type)?;
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

/// What the low half of 63Cx can show.
const MAXIMUM_TRIES: u8 = 15;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::holder::HolderName;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-21 19:00 UTC);

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
            refused(&|card| card.holder.profession = Some(11)),
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
            refused(&|card| card.holder.name = HolderName::person("", "DUPONT")),
            ParameterError::TextLength {
                field: "given name",
                ..
            }
        ));
    }

    #[test]
    fn rejects_a_holder_that_the_type_of_card_cannot_name() {
        let refused = |kind: DemoCard, change: &dyn Fn(&mut CardParameters)| {
            let mut card = kind.parameters(KeySet::First, NOW);
            change(&mut card);
            assert_eq!(card.check(), Err(ParameterError::HolderOfAnotherCard));
        };
        refused(DemoCard::Cps4, &|card| card.holder.profession = None);
        refused(DemoCard::Cps4, &|card| card.card_type = CardType::Cpe);
        refused(DemoCard::Cpe, &|card| card.holder.structure = None);
        refused(DemoCard::Cpe, &|card| card.card_type = CardType::Cps);
        refused(DemoCard::Cpa, &|card| {
            card.holder.name = HolderName::Pseudonym("ACCUEIL".to_owned());
        });
        let mut card = DemoCard::Cpf.parameters(KeySet::First, NOW);
        card.holder.profession = Some(60);
        let not_in_training = ParameterError::Profession { code: 60 };
        assert_eq!(card.check(), Err(not_in_training));
    }
}
