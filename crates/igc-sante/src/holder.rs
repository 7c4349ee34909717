//! Who holds the card, as the certificate's subject tells it.

use crate::distinguished_name::single_attribute;
use crate::national_id::NationalId;
use crate::oids;
use x509_parser::x509::X509Name;

/// The holder of a card.
///
/// No field is sure to be there: a CPS names a professional by a national identifier, a CPE or CPA a member of a
/// structure's staff, and some CPE name nobody but bear a pseudonym.
/// An attribute that occurs twice in the subject counts as absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// Surname (SN).
    pub family_name: Option<String>,
    /// Given name (GN).
    pub given_name: Option<String>,
    /// Profession in words (title), as the authority wrote it.
    pub title: Option<String>,
    /// Common name (CN) as written, whatever it means.
    pub common_name: Option<String>,
    /// The common name when it is a national identifier: `8` and an RPPS number, or `<structure id>/<local id>`.
    pub national_id: Option<NationalId>,
    /// Identifier of the structure (OU), with its table G07 prefix.
    pub structure_id: Option<String>,
    /// Identifier inside the structure: what follows the slash of the common name.
    pub local_id: Option<String>,
    /// Name of the structure (O).
    pub structure_name: Option<String>,
    /// Town and department of the structure (L).
    pub locality: Option<String>,
    /// Pseudonym of a card that names nobody.
    pub pseudonym: Option<String>,
}

impl Holder {
    pub(crate) fn of_subject(subject: &X509Name<'_>) -> Self {
        let attribute = |oid| single_attribute(subject, oid);
        let common_name = attribute(oids::COMMON_NAME);
        Self {
            family_name: attribute(oids::SURNAME),
            given_name: attribute(oids::GIVEN_NAME),
            title: attribute(oids::TITLE),
            national_id: common_name.as_deref().and_then(NationalId::parse),
            structure_id: attribute(oids::ORGANIZATIONAL_UNIT).filter(|unit| is_structure_id(unit)),
            local_id: common_name.as_deref().and_then(local_id),
            structure_name: attribute(oids::ORGANIZATION),
            locality: attribute(oids::LOCALITY),
            pseudonym: attribute(oids::PSEUDONYM),
            common_name,
        }
    }
}

/// Certificates of the older hierarchy have words in their OU; a structure identifier begins with a digit.
fn is_structure_id(unit: &str) -> bool {
    unit.starts_with(|first: char| first.is_ascii_digit())
        && unit
            .chars()
            .all(|character| character.is_ascii_alphanumeric())
}

fn local_id(common_name: &str) -> Option<String> {
    let (_, local_id) = common_name.split_once('/')?;
    Some(local_id.to_owned())
}
