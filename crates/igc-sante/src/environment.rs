//! Test or production, on which nobody may be mistaken.

use crate::distinguished_name::attribute_texts;
use crate::oids;
use std::fmt;
use thiserror::Error;
use x509_parser::x509::X509Name;

/// The world a card belongs to; cards of both never serve the same agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Environment {
    /// A real card of a real holder.
    Production,
    /// A test card, issued below the TEST authorities.
    Test,
}

impl Environment {
    /// `production` or `test`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Test => "test",
        }
    }

    /// What the category of table G01 says; an unlisted category says nothing.
    fn of_category(category: u8) -> Option<Self> {
        match category {
            0x00 | 0x02 | 0x03 => Some(Self::Production),
            0x80 | 0x82 | 0x83 => Some(Self::Test),
            _ => None,
        }
    }

    /// What the issuer's name says; a name that is not of the IGC-Santé says nothing, unless it claims to be a test.
    pub(crate) fn of_issuer(issuer: &X509Name<'_>) -> Option<Self> {
        let units = attribute_texts(issuer, oids::ORGANIZATIONAL_UNIT);
        let common_names = attribute_texts(issuer, oids::COMMON_NAME);
        let says_test = units.iter().any(|unit| unit == "IGC-SANTE TEST")
            || common_names.iter().any(|name| name.starts_with("TEST "));
        if says_test {
            Some(Self::Test)
        } else if units.iter().any(|unit| unit == "IGC-SANTE") {
            Some(Self::Production)
        } else {
            None
        }
    }

    /// The environment on which category extension and issuer agree; without the extension, what the issuer says.
    pub(crate) fn decide(
        category: Option<u8>,
        issuer: Option<Self>,
    ) -> Result<Self, EnvironmentContradiction> {
        let extension = category.and_then(Self::of_category);
        let is_agreed = category.is_none() || extension == issuer;
        issuer
            .filter(|_| is_agreed)
            .ok_or(EnvironmentContradiction {
                category,
                extension,
                issuer,
            })
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Extension and issuer do not both say the same environment, so the certificate belongs to none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "environment of the certificate is undecided: its category extension says {}, its issuer says {}",
    said(*.extension),
    said(*.issuer)
)]
pub struct EnvironmentContradiction {
    /// The category of the extension `1.2.250.1.71.1.2.5`, `None` when the extension is absent.
    pub category: Option<u8>,
    /// What that category means in table G01, `None` when it is absent or unlisted.
    pub extension: Option<Environment>,
    /// What the issuer's name means, `None` when it is no name of the IGC-Santé.
    pub issuer: Option<Environment>,
}

fn said(environment: Option<Environment>) -> &'static str {
    environment.map_or("nothing", Environment::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Environment::{Production, Test};

    #[test]
    fn agreement_decides() {
        for category in [0x00, 0x02, 0x03] {
            assert_eq!(
                Environment::decide(Some(category), Some(Production)),
                Ok(Production)
            );
        }
        for category in [0x80, 0x82, 0x83] {
            assert_eq!(Environment::decide(Some(category), Some(Test)), Ok(Test));
        }
    }

    #[test]
    fn the_issuer_alone_decides_when_the_extension_is_absent() {
        assert_eq!(Environment::decide(None, Some(Production)), Ok(Production));
        assert_eq!(Environment::decide(None, Some(Test)), Ok(Test));
    }

    #[test]
    fn contradiction_doubt_and_silence_are_refused() {
        for (category, issuer) in [
            (Some(0x00), Some(Test)),
            (Some(0x80), Some(Production)),
            (Some(0x01), Some(Production)),
            (Some(0x81), Some(Test)),
            (Some(0x00), None),
            (Some(0x80), None),
            (None, None),
        ] {
            let refused = Environment::decide(category, issuer).unwrap_err();
            assert_eq!((refused.category, refused.issuer), (category, issuer));
        }
    }

    #[test]
    fn the_refusal_says_who_said_what() {
        let refused = Environment::decide(Some(0x80), Some(Production)).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "environment of the certificate is undecided: its category extension says test, its issuer says production"
        );
    }
}
