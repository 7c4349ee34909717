//! Object identifiers of the IGC-Santé, in dotted form.
//!
//! The private extensions are not critical.
//! Their identifiers are those of the ANS nomenclature tables whose codes they carry;
//! the value forms were read in a TEST certificate of the IGC-Santé.

/// Arc of the private extensions of card certificates.
pub const CARD_EXTENSIONS: &str = "1.2.250.1.71.1.2";

/// Extension: type of card, an INTEGER (table G02).
pub const CARD_TYPE: &str = "1.2.250.1.71.1.2.2";

/// Extension: issuer and number of the card, a PrintableString `8025000001/<card number>`.
pub const CARD_NUMBER: &str = "1.2.250.1.71.1.2.3";

/// Extension: category of the product, an OCTET STRING of one byte (table G01), which tells test from production.
pub const CARD_CATEGORY: &str = "1.2.250.1.71.1.2.5";

/// Extension: profession, an INTEGER (table G15).
pub const PROFESSION: &str = "1.2.250.1.71.1.2.7";

/// Extension: profession in training of a CPF, an INTEGER (table G16).
///
/// The table has this identifier; that the extension has it too follows from the other tables and was not seen in a
/// certificate.
pub const PROFESSION_IN_TRAINING: &str = "1.2.250.1.71.1.2.8";

/// Extension: know-how codes (table R01), a SEQUENCE of UTF8String, seen in a TEST certificate of the older hierarchy.
pub const KNOW_HOW: &str = "1.2.250.1.71.4.2.5";

/// What precedes the card number in [`CARD_NUMBER`]: the national identifier of the issuer, and a slash.
pub const CARD_NUMBER_PREFIX: &str = "8025000001/";

/// Subject attribute commonName (X.520 6.2.2).
pub(crate) const COMMON_NAME: &str = "2.5.4.3";
/// Subject attribute surname (X.520 6.2.3).
pub(crate) const SURNAME: &str = "2.5.4.4";
/// Subject attribute localityName (X.520 6.3.4).
pub(crate) const LOCALITY: &str = "2.5.4.7";
/// Subject attribute organizationName (X.520 6.4.1).
pub(crate) const ORGANIZATION: &str = "2.5.4.10";
/// Subject attribute organizationalUnitName (X.520 6.4.2).
pub(crate) const ORGANIZATIONAL_UNIT: &str = "2.5.4.11";
/// Subject attribute title (X.520 6.4.3).
pub(crate) const TITLE: &str = "2.5.4.12";
/// Subject attribute givenName (X.520 6.2.4).
pub(crate) const GIVEN_NAME: &str = "2.5.4.42";
/// Subject attribute pseudonym (X.520 6.2.10).
pub(crate) const PSEUDONYM: &str = "2.5.4.65";
