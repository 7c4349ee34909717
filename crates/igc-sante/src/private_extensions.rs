//! The private extensions that the IGC-Santé puts in card certificates.

use crate::attribute_text::attribute_text;
use crate::card_type::CardType;
use crate::nomenclature::Table;
use crate::oids;
use crate::strict_parse::CertificateError;
use x509_parser::asn1_rs::{Any, FromDer, OctetString, Sequence};
use x509_parser::certificate::X509Certificate;

/// A profession of ANS table G15, or of table G16 for a professional in training.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Profession {
    /// The code, in two digits at least: `10`.
    pub code: String,
    /// Whether the code is one of table G16.
    pub in_training: bool,
}

/// What the private extensions say; absent ones are `None`, and so are those that are only shown and have another form.
#[derive(Clone)]
pub(crate) struct PrivateExtensions {
    pub(crate) category: Option<u8>,
    pub(crate) card_type: Option<CardType>,
    pub(crate) card_number: Option<String>,
    pub(crate) profession: Option<Profession>,
    pub(crate) know_how: Vec<String>,
}

impl PrivateExtensions {
    pub(crate) fn of_certificate(
        certificate: &X509Certificate<'_>,
    ) -> Result<Self, CertificateError> {
        let value = |oid| extension_value(certificate, oid);
        let card_type = value(oids::CARD_TYPE)
            .and_then(integer)
            .map(CardType::from_code);
        let profession = value(oids::PROFESSION).and_then(integer);
        let in_training = value(oids::PROFESSION_IN_TRAINING).and_then(integer);
        Ok(Self {
            category: category(value(oids::CARD_CATEGORY))?,
            card_type,
            card_number: value(oids::CARD_NUMBER)
                .and_then(text)
                .and_then(|token| card_number(&token)),
            profession: Profession::of_codes(profession, in_training, card_type),
            know_how: value(oids::KNOW_HOW).and_then(know_how).unwrap_or_default(),
        })
    }
}

impl Profession {
    /// The table that has its label.
    pub fn table(&self) -> Table {
        if self.in_training {
            Table::ProfessionsInTraining
        } else {
            Table::Professions
        }
    }

    /// The extension of table G16 is for those in training alone, and so is a CPF.
    fn of_codes(
        profession: Option<u32>,
        in_training: Option<u32>,
        card_type: Option<CardType>,
    ) -> Option<Self> {
        let code = profession.or(in_training)?;
        Some(Self {
            code: format!("{code:02}"),
            in_training: profession.is_none() || card_type == Some(CardType::Cpf),
        })
    }
}

fn extension_value<'a>(certificate: &X509Certificate<'a>, oid: &'static str) -> Option<&'a [u8]> {
    let extension = certificate
        .iter_extensions()
        .find(|extension| extension.oid.to_id_string() == oid)?;
    Some(extension.value)
}

/// Test and production are told apart by the category, so one of another form is a fault and not the same as none.
fn category(value: Option<&[u8]>) -> Result<Option<u8>, CertificateError> {
    let Some(value) = value else {
        return Ok(None);
    };
    let octet = single_octet(value).ok_or_else(|| CertificateError::MalformedExtension {
        oid: oids::CARD_CATEGORY.to_owned(),
    })?;
    Ok(Some(octet))
}

fn single_octet(value: &[u8]) -> Option<u8> {
    let octets: OctetString<'_> = exactly(value)?;
    let [octet] = octets.as_ref() else {
        return None;
    };
    Some(*octet)
}

fn integer(value: &[u8]) -> Option<u32> {
    exactly(value)
}

fn text(value: &[u8]) -> Option<String> {
    attribute_text(&exactly(value)?)
}

/// The number without its issuer's prefix; another issuer's number is not one of a CPx card.
fn card_number(token: &str) -> Option<String> {
    let number = token.strip_prefix(oids::CARD_NUMBER_PREFIX)?;
    (!number.is_empty()).then(|| number.to_owned())
}

/// No document gives the form of the know-how codes.
fn know_how(value: &[u8]) -> Option<Vec<String>> {
    let sequence: Sequence<'_> = exactly(value)?;
    let codes = sequence.der_iter::<Any<'_>, x509_parser::asn1_rs::Error>();
    codes.map(|code| attribute_text(&code.ok()?)).collect()
}

fn exactly<'a, T: FromDer<'a>>(value: &'a [u8]) -> Option<T> {
    let (rest, decoded) = T::from_der(value).ok()?;
    rest.is_empty().then_some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_wrong_form_are_not_decoded() {
        assert_eq!(single_octet(b"\x04\x01\x80"), Some(0x80));
        assert_eq!(single_octet(b"\x04\x02\x80\x00"), None);
        assert_eq!(single_octet(b"\x80"), None);
        assert_eq!(integer(b"\x02\x01\x0A"), Some(10));
        assert_eq!(integer(b"\x02\x01\xFF"), None, "negative");
        assert_eq!(integer(b"\x02\x01\x0A\x00"), None, "trailing byte");
        assert_eq!(
            integer(b"\x02\x06\x01\x00\x00\x00\x00\x00"),
            None,
            "too large"
        );
    }

    #[test]
    fn a_card_number_has_its_issuer_before_it() {
        assert_eq!(
            card_number("8025000001/9900000001").as_deref(),
            Some("9900000001")
        );
        assert_eq!(card_number("8025000001/"), None);
        assert_eq!(card_number("9900000001"), None);
    }

    #[test]
    fn an_unlisted_profession_is_passed_through() {
        let profession = Profession::of_codes(Some(77), None, Some(CardType::Cps)).unwrap();
        assert_eq!(profession.code, "77");
        assert_eq!(profession.table(), Table::Professions);
    }

    #[test]
    fn those_in_training_have_their_own_table() {
        let of_card = Profession::of_codes(Some(10), None, Some(CardType::Cpf)).unwrap();
        let of_extension = Profession::of_codes(None, Some(10), None).unwrap();
        assert_eq!(of_card, of_extension);
        assert_eq!(of_card.table(), Table::ProfessionsInTraining);
    }

    #[test]
    fn know_how_codes_are_read_or_left_out() {
        assert_eq!(
            know_how(b"\x30\x06\x0C\x04SM26"),
            Some(vec!["SM26".to_owned()])
        );
        assert_eq!(know_how(b"\x30\x03\x02\x01\x05"), None);
        assert_eq!(know_how(b"\x0C\x04SM26"), None);
    }
}
