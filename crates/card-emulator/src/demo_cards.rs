//! One ready-made card of each kind, for demonstrations and tests.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use time::OffsetDateTime;

use crate::card_error::CardError;
use crate::card_number::CardNumber;
use crate::cps3::Cps3Card;
use crate::cps4::Cps4Card;
use crate::holder::{CardType, Holder, HolderName, Structure};
use crate::parameters::CardParameters;
use crate::pki::KeySet;
use crate::virtual_card::VirtualCard;

/// The technique of a card and the side from which it is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// CPS3 with contacts.
    Cps3,
    /// CPS3 on a contactless reader.
    Cps3Contactless,
    /// CPS4 with contacts.
    Cps4,
}

/// A kind of card that can be had without further ado.
///
/// No source says of what generation cards other than the CPS are; here they are mixed, so that
/// each generation is met with and without a signature key (OURS).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DemoCard {
    /// Health professional, CPS3 with contacts.
    Cps3,
    /// The same card on a contactless reader: a technical key and no code.
    Cps3Contactless,
    /// Health professional, CPS4.
    Cps4,
    /// Health professional in training, CPS4, without signature key and places of work.
    Cpf,
    /// Staff of an establishment, CPS3, without signature key and places of work.
    Cpe,
    /// The same, CPS4, of nobody in particular.
    CpeNonNominative,
    /// Authorised staff, CPS3, without signature key and places of work.
    Cpa,
}

/// A name that no demo card has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no demo card \"{0}\"")]
pub struct UnknownDemoCard(String);

impl Generation {
    /// Makes a card; with a file, its codes, counters and CPS_DATA live there.
    ///
    /// # Errors
    /// [`CardError`] when the parameters are impossible or the file is not of this card.
    pub fn make(
        self,
        parameters: &CardParameters,
        state_file: Option<&Path>,
    ) -> Result<Box<dyn VirtualCard>, CardError> {
        Ok(match (self, state_file) {
            (Self::Cps3, None) => Box::new(Cps3Card::new(parameters)?),
            (Self::Cps3, Some(file)) => Box::new(Cps3Card::with_state_file(parameters, file)?),
            (Self::Cps3Contactless, None) => Box::new(Cps3Card::contactless(parameters)?),
            (Self::Cps3Contactless, Some(file)) => {
                Box::new(Cps3Card::contactless_with_state_file(parameters, file)?)
            }
            (Self::Cps4, None) => Box::new(Cps4Card::new(parameters)?),
            (Self::Cps4, Some(file)) => Box::new(Cps4Card::with_state_file(parameters, file)?),
        })
    }
}

impl DemoCard {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::Cps3,
        Self::Cps3Contactless,
        Self::Cps4,
        Self::Cpf,
        Self::Cpe,
        Self::CpeNonNominative,
        Self::Cpa,
    ];

    /// Its name on a command line; [`FromStr`] takes it back.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cps3 => "cps3",
            Self::Cps3Contactless => "cps3-contactless",
            Self::Cps4 => "cps4",
            Self::Cpf => "cpf",
            Self::Cpe => "cpe",
            Self::CpeNonNominative => "cpe-non-nominative",
            Self::Cpa => "cpa",
        }
    }

    /// Of what generation it is.
    #[must_use]
    pub fn generation(self) -> Generation {
        match self {
            Self::Cps3 | Self::Cpe | Self::Cpa => Generation::Cps3,
            Self::Cps3Contactless => Generation::Cps3Contactless,
            Self::Cps4 | Self::Cpf | Self::CpeNonNominative => Generation::Cps4,
        }
    }

    /// What is on it. Kinds and sets of keys each have a card number of their own; only the two
    /// sides of the CPS3 are one card.
    #[must_use]
    pub fn parameters(self, key_set: KeySet, now: OffsetDateTime) -> CardParameters {
        let (card_type, holder) = match self {
            Self::Cps3 | Self::Cps3Contactless | Self::Cps4 => {
                (CardType::Cps, person(key_set).cps())
            }
            Self::Cpf => (CardType::Cpf, person(key_set).cpf()),
            Self::Cpe => (CardType::Cpe, person(key_set).staff()),
            Self::CpeNonNominative => (CardType::Cpe, person(key_set).nobody()),
            Self::Cpa => (CardType::Cpa, person(key_set).staff()),
        };
        let is_cps = card_type == CardType::Cps;
        let number = CardNumber::of_demo_card(self.first_place() + u16::from(key_set.index()));
        CardParameters {
            card_type,
            has_signature_key: is_cps,
            has_activities: is_cps,
            ..CardParameters::of(holder, number, key_set, now)
        }
    }

    /// Makes the card: code 1234, unblock code 12345678.
    ///
    /// # Errors
    /// [`CardError`] when a committed key is damaged.
    pub fn make(
        self,
        key_set: KeySet,
        now: OffsetDateTime,
    ) -> Result<Box<dyn VirtualCard>, CardError> {
        self.generation().make(&self.parameters(key_set, now), None)
    }

    /// Where the numbers of its cards begin.
    fn first_place(self) -> u16 {
        match self {
            Self::Cps3 | Self::Cps3Contactless => 23_456,
            Self::Cps4 => 40_001,
            Self::Cpf => 41_001,
            Self::Cpe => 42_001,
            Self::CpeNonNominative => 42_501,
            Self::Cpa => 43_001,
        }
    }
}

impl fmt::Display for DemoCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for DemoCard {
    type Err = UnknownDemoCard;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| UnknownDemoCard(name.to_owned()))
    }
}

/// An invented person; RPPS numbers stand in the range that the agency uses for tests.
struct Person {
    given_name: &'static str,
    family_name: &'static str,
    rpps: &'static str,
    profession: u8,
    /// What the person is or was in training for.
    profession_in_training: u8,
    local_id: &'static str,
}

fn person(key_set: KeySet) -> Person {
    let (given_name, family_name, rpps, profession, profession_in_training, local_id) =
        match key_set {
            KeySet::First => ("CAMILLE", "DUPONT", "99700000013", 10, 10, "0000000041"),
            KeySet::Second => ("NOÉ", "LEFÈVRE", "99700000021", 60, 40, "0000000042"),
            KeySet::Third => ("INÈS", "D'ALMEIDA", "99700000039", 21, 21, "0000000043"),
            KeySet::Fourth => ("ANNE-LAURE", "LE GOFF", "99700000047", 50, 50, "0000000044"),
        };
    Person {
        given_name,
        family_name,
        rpps,
        profession,
        profession_in_training,
        local_id,
    }
}

impl Person {
    fn cps(&self) -> Holder {
        Holder {
            name: self.name(),
            national_id: format!("8{}", self.rpps),
            profession: Some(self.profession),
            structure: None,
        }
    }

    fn cpf(&self) -> Holder {
        Holder {
            name: self.name(),
            national_id: format!("9{}", self.local_id),
            profession: Some(self.profession_in_training),
            structure: None,
        }
    }

    fn staff(&self) -> Holder {
        Holder {
            name: self.name(),
            national_id: format!("{REGISTER}/{}", self.local_id),
            profession: None,
            structure: Some(hospital()),
        }
    }

    fn nobody(&self) -> Holder {
        Holder {
            name: HolderName::Pseudonym(format!("ACCUEIL URGENCES {}", self.local_id)),
            ..self.staff()
        }
    }

    fn name(&self) -> HolderName {
        HolderName::person(self.given_name, self.family_name)
    }
}

fn hospital() -> Structure {
    Structure {
        id: "1990000001".to_owned(),
        name: "HOPITAL DE TEST".to_owned(),
        locality: "PARIS (75)".to_owned(),
    }
}

/// The register of people of the same structure: kind 3 of table G08, a FINESS number.
const REGISTER: &str = "3990000001";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card_number::luhn_digit;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-21 19:00 UTC);

    #[test]
    fn the_demo_cards_differ_and_pass_their_own_checks() {
        let mut numbers = Vec::new();
        for kind in DemoCard::ALL {
            for key_set in KeySet::ALL {
                let card = kind.parameters(key_set, NOW);
                card.check().unwrap();
                numbers.push(card.number.to_string());
            }
        }
        numbers.sort();
        numbers.dedup();
        let sides_of_one_card = 1;
        assert_eq!(numbers.len(), 4 * (DemoCard::ALL.len() - sides_of_one_card));
    }

    #[test]
    fn every_rpps_number_has_its_luhn_digit() {
        for key_set in KeySet::ALL {
            let rpps = person(key_set).rpps;
            assert_eq!(luhn_digit(&rpps[..10]).to_string(), rpps[10..], "{rpps}");
        }
    }

    #[test]
    fn a_kind_is_found_by_its_name() {
        for kind in DemoCard::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        let error = "cps2".parse::<DemoCard>().unwrap_err();
        assert_eq!(error.to_string(), "there is no demo card \"cps2\"");
    }

    #[test]
    fn every_kind_is_made_with_every_set_of_keys() {
        for kind in DemoCard::ALL {
            for key_set in KeySet::ALL {
                kind.make(key_set, NOW).unwrap();
            }
        }
    }
}
