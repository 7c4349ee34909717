//! The person, or the structure, on a virtual card.

use igc_sante::nomenclature::{Table, label};

use crate::parameters::ParameterError;

/// Type of card (table G02).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CardType {
    /// Health professional.
    #[default]
    Cps,
    /// Health professional in training.
    Cpf,
    /// Staff of a health establishment, formerly CDE.
    Cpe,
    /// Authorised staff, formerly CDA.
    Cpa,
}

/// Whom a card names.
///
/// A CPS or CPF names a person with a profession; a CPE or CPA somebody in a structure, and some
/// CPE nobody at all: they bear a pseudonym.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Who it is.
    pub name: HolderName,
    /// The common name of the certificates. CPS: `8` and the eleven digits of an RPPS number; CPF: `9`
    /// and a student number; CPE and CPA: `<structure id>/<local id>`.
    pub national_id: String,
    /// Profession of a CPS, a code of the ANS table G15; of a CPF, one of table G16.
    pub profession: Option<u8>,
    /// Structure of a CPE or CPA.
    pub structure: Option<Structure>,
}

/// How a card names its holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HolderName {
    /// A person.
    Person {
        /// Surname as certificates write it, in capitals.
        family_name: String,
        /// Given name.
        given_name: String,
    },
    /// Nobody in particular: a card that several people of a structure use.
    Pseudonym(String),
}

/// A structure in which people work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Structure {
    /// Its identifier with the prefix of table G07, such as `1` and a FINESS number.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Town, and department in parentheses.
    pub locality: String,
}

impl CardType {
    /// The code in table G02.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Cps => 0,
            Self::Cpf => 1,
            Self::Cpe => 2,
            Self::Cpa => 3,
        }
    }

    /// The table of the professions that this type of card names, if it names any.
    fn professions(self) -> Option<Table> {
        match self {
            Self::Cps => Some(Table::Professions),
            Self::Cpf => Some(Table::ProfessionsInTraining),
            Self::Cpe | Self::Cpa => None,
        }
    }
}

impl HolderName {
    /// A person.
    #[must_use]
    pub fn person(given_name: &str, family_name: &str) -> Self {
        Self::Person {
            family_name: family_name.to_owned(),
            given_name: given_name.to_owned(),
        }
    }
}

impl std::fmt::Display for HolderName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Person {
                family_name,
                given_name,
            } => write!(f, "{given_name} {family_name}"),
            Self::Pseudonym(pseudonym) => f.write_str(pseudonym),
        }
    }
}

impl Holder {
    /// The profession in words, of a holder who has one.
    ///
    /// # Errors
    /// [`ParameterError::Profession`] when the table of this type of card does not have the code.
    pub fn profession_label(
        &self,
        card_type: CardType,
    ) -> Result<Option<&'static str>, ParameterError> {
        match (card_type.professions(), self.profession) {
            (None, None) => Ok(None),
            (Some(table), Some(code)) => label(table, &format!("{code:02}"))
                .map(Some)
                .ok_or(ParameterError::Profession { code }),
            (Some(_), None) | (None, Some(_)) => Err(ParameterError::HolderOfAnotherCard),
        }
    }

    /// Whether a card of this type can have this holder.
    pub(crate) fn check(&self, card_type: CardType) -> Result<(), ParameterError> {
        self.profession_label(card_type)?;
        let needs_structure = matches!(card_type, CardType::Cpe | CardType::Cpa);
        let is_pseudonym = matches!(self.name, HolderName::Pseudonym(_));
        if self.structure.is_some() != needs_structure || is_pseudonym && card_type != CardType::Cpe
        {
            return Err(ParameterError::HolderOfAnotherCard);
        }
        self.texts()
            .into_iter()
            .try_for_each(|(field, text)| check_len(field, text))
    }

    fn texts(&self) -> Vec<(&'static str, &str)> {
        let mut texts = vec![("national id", self.national_id.as_str())];
        match &self.name {
            HolderName::Person {
                family_name,
                given_name,
            } => texts.extend([
                ("family name", family_name.as_str()),
                ("given name", given_name.as_str()),
            ]),
            HolderName::Pseudonym(pseudonym) => texts.push(("pseudonym", pseudonym)),
        }
        if let Some(structure) = &self.structure {
            texts.extend([
                ("structure id", structure.id.as_str()),
                ("structure name", structure.name.as_str()),
                ("locality", structure.locality.as_str()),
            ]);
        }
        texts
    }
}

fn check_len(field: &'static str, text: &str) -> Result<(), ParameterError> {
    if (1..=MAXIMUM_TEXT_LEN).contains(&text.chars().count()) {
        Ok(())
    } else {
        Err(ParameterError::TextLength {
            field,
            maximum: MAXIMUM_TEXT_LEN,
        })
    }
}

/// ub-common-name and its kin (RFC 5280, appendix A).
const MAXIMUM_TEXT_LEN: usize = 64;
