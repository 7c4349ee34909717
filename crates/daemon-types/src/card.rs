//! What is known of readers and cards.

use std::fmt;

use time::OffsetDateTime;

use crate::{ErrorCode, SignatureAlgorithm};

/// Opaque name of a card, stable over re-insertion on this installation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CardId(pub String);

/// Opaque name of a reader, stable while the agent runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReaderId(pub String);

impl fmt::Display for CardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ReaderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One reader and what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderSummary {
    /// Opaque name.
    pub id: ReaderId,
    /// The name that the system gives it.
    pub name: String,
    /// Whether codes can be typed on the reader; known once a card was opened in it.
    pub keypad: bool,
    /// Whether it reads without contact; `None` where nothing tells.
    pub contactless: Option<bool>,
    /// What it holds.
    pub condition: ReaderCondition,
}

/// What a reader holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReaderCondition {
    /// No card.
    Empty,
    /// A card that works.
    Card,
    /// A card that cannot be used, and why.
    CardProblem(ErrorCode, Option<String>),
    /// Another program holds it for itself.
    Busy,
    /// It is listed but does not answer.
    Unreachable,
}

/// Generation of a CPx card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// IAS-ECC application, until late 2025.
    Cps3,
    /// ChipDoc application.
    Cps4,
}

/// Production and test cards are never mixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// Cards of the IGC-Santé that professionals work with.
    Production,
    /// Cards of a test hierarchy.
    Test,
}

/// Which key of the card, and so which certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyRole {
    /// Proves who the holder is.
    Authentication,
    /// Signs in the holder's name (non-repudiation).
    Signature,
    /// Contactless key that no code protects.
    Technical,
}

/// A card that is in a reader now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentCard {
    /// The reader that holds it.
    pub reader: ReaderId,
    /// What it says of itself.
    pub summary: CardSummary,
}

/// What a card says of itself and its holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardSummary {
    /// Opaque name.
    pub id: CardId,
    /// Generation of the chip; `None` where nobody says.
    pub generation: Option<Generation>,
    /// `CPS`, `CPF`, `CPE`, `CPA`, or `unknown`; `None` where no certificate tells, or where it is in doubt.
    pub card_type: Option<String>,
    /// Production or test, by certificate extension and issuer together.
    pub environment: Environment,
    /// Card number: the ten digits printed on the card, or its serial number where no certificate tells.
    pub number: String,
    /// Who it belongs to.
    pub holder: Holder,
    /// State of the holder's code.
    pub pin: CodeState,
    /// State of the unblock code.
    pub unblock_code: UnblockCodeState,
    /// Its certificates.
    pub certificates: Vec<CertificateSummary>,
    /// What is odd about it.
    pub warnings: Vec<CardWarning>,
}

/// A place where the holder of a card works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Its place on the card, 1 to 16; the row has holes.
    pub number: u8,
    /// Name of the place.
    pub place: Option<String>,
    /// Identifier of the structure, type digit included (table G07).
    pub structure_id: Option<String>,
    /// Sector of activity, table R02.
    pub sector: Option<CodedLabel>,
}

/// What is odd about a card and keeps nobody from using it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardWarning {
    /// The last digit of the holder's national identifier does not fit the others.
    NationalIdCheckDigit,
    /// The type that a certificate claims is not one that its issuer issues.
    CardTypeDoubtful,
}

impl CardWarning {
    /// Its stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NationalIdCheckDigit => "national-id-check-digit",
            Self::CardTypeDoubtful => "card-type-doubtful",
        }
    }
}

impl CardSummary {
    /// The time in which all certificates of the card are valid: begin and end.
    #[must_use]
    pub fn validity(&self) -> Option<(OffsetDateTime, OffsetDateTime)> {
        let begin = self.certificates.iter().map(|c| c.not_before).max()?;
        let end = self.certificates.iter().map(|c| c.not_after).min()?;
        Some((begin, end))
    }

    /// The certificate of a key, when the card has that key.
    #[must_use]
    pub fn certificate(&self, role: KeyRole) -> Option<&CertificateSummary> {
        self.certificates.iter().find(|c| c.role == role)
    }
}

/// Who a card belongs to, as far as its certificates say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    /// Family name.
    pub family_name: Option<String>,
    /// Given name.
    pub given_name: Option<String>,
    /// What a card bears that names nobody in particular.
    pub pseudonym: Option<String>,
    /// National identifier.
    pub national_id: Option<NationalId>,
    /// Profession, table G15, or G16 in training.
    pub profession: Option<CodedLabel>,
    /// Specialties and other know-how, table R01.
    pub know_how: Vec<CodedLabel>,
    /// Where staff work.
    pub structure: Option<Structure>,
}

/// A structure whose staff a card is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Structure {
    /// Identifier with its type digit, table G07.
    pub id: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Town and department.
    pub locality: Option<String>,
}

/// An identifier of a person or structure, table G08.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NationalId {
    /// All characters, type digit included.
    pub value: String,
    /// `RPPS`, `ADELI`, …; `None` for a type that the table does not know.
    pub kind: Option<String>,
}

/// A code of a nomenclature table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodedLabel {
    /// Code of the table.
    pub code: String,
    /// French label; `None` for a code that the table does not know.
    pub label: Option<String>,
}

/// Whether a code can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeCondition {
    /// It can be typed.
    Ready,
    /// Whoever drives the card does not say reliably whether it is blocked: its next use shows it.
    Unknown,
    /// Too many wrong codes; the unblock code helps.
    Blocked,
    /// Nothing on the card helps any more.
    DefinitivelyBlocked,
    /// The card has no such code.
    Absent,
}

impl CodeCondition {
    /// Whether typing the code may lead somewhere: nobody knows for sure that it is blocked.
    #[must_use]
    pub const fn may_be_used(self) -> bool {
        matches!(self, Self::Ready | Self::Unknown)
    }
}

/// State of the holder's code; a number is `None` where the card does not tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeState {
    /// Usable or not.
    pub condition: CodeCondition,
    /// Wrong codes that may still be typed.
    pub tries_left: Option<u8>,
    /// Wrong codes in a row that block it.
    pub tries_maximum: Option<u8>,
    /// Fewest digits that the card takes.
    pub minimum_len: u8,
    /// Most digits that the card takes.
    pub maximum_len: u8,
}

/// State of the unblock code; a number is `None` where the card does not tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnblockCodeState {
    /// Usable or not.
    pub condition: CodeCondition,
    /// Wrong unblock codes that may still be typed.
    pub tries_left: Option<u8>,
    /// Times it may still be used at all.
    pub uses_left: Option<u16>,
}

/// Both codes of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodesOfCard {
    /// The holder's code.
    pub pin: CodeState,
    /// The unblock code.
    pub unblock_code: UnblockCodeState,
}

/// The names of a card and of what is on it, as its own lists have them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenObjects {
    /// The card's name for itself, where it has one.
    pub label: Option<String>,
    /// Who made it, by its own word.
    pub manufacturer: Option<String>,
    /// The serial number that it gives itself: eight digits on every card seen.
    pub serial_number: String,
    /// Private keys, then certificates, then data, each in the card's order.
    pub objects: Vec<TokenObject>,
}

/// One object that a card lists by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenObject {
    /// What it is.
    pub kind: TokenObjectKind,
    /// Its name.
    pub label: String,
    /// The identifier that a key and its certificate share; empty for data.
    pub id: Vec<u8>,
    /// The role of a key or certificate that can be used.
    pub role: Option<KeyRole>,
    /// Whether it is behind the holder's code.
    pub is_private: bool,
    /// The application that data are of, where the card names one.
    pub application: Option<String>,
    /// The object identifier of data, DER, where the card has one.
    pub object_id: Option<Vec<u8>>,
}

/// What an object of a card is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenObjectKind {
    /// A private key.
    PrivateKey,
    /// A certificate.
    Certificate,
    /// Bytes of an application.
    Data,
}

/// A certificate of a card, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateSummary {
    /// Which key it belongs to.
    pub role: KeyRole,
    /// Serial number, upper-case hexadecimal.
    pub serial_number: String,
    /// Issuer, in readable form.
    pub issuer: String,
    /// First moment of validity.
    pub not_before: OffsetDateTime,
    /// Last moment of validity.
    pub not_after: OffsetDateTime,
    /// What its key signs by; `None` while the card's list of keys was not read yet.
    pub signature_algorithms: Option<Vec<SignatureAlgorithm>>,
    /// The certificate itself, DER.
    pub der: Vec<u8>,
}

/// Whether a certificate may be used at a given time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateStatus {
    /// Within its dates.
    Valid,
    /// After its dates.
    Expired,
    /// Before its dates.
    NotYetValid,
}

impl CertificateSummary {
    /// Where `now` lies with respect to the dates; revocation is not checked in this version.
    #[must_use]
    pub fn status_at(&self, now: OffsetDateTime) -> CertificateStatus {
        if now < self.not_before {
            CertificateStatus::NotYetValid
        } else if now > self.not_after {
            CertificateStatus::Expired
        } else {
            CertificateStatus::Valid
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn both_ends_of_a_validity_belong_to_it() {
        let certificate = CertificateSummary {
            role: KeyRole::Signature,
            serial_number: "01".into(),
            issuer: "CN=TEST".into(),
            not_before: datetime!(2026-01-01 00:00 UTC),
            not_after: datetime!(2029-01-01 00:00 UTC),
            signature_algorithms: None,
            der: Vec::new(),
        };
        let status = |now| certificate.status_at(now);
        assert_eq!(
            status(datetime!(2025-12-31 23:59:59 UTC)),
            CertificateStatus::NotYetValid
        );
        assert_eq!(status(certificate.not_before), CertificateStatus::Valid);
        assert_eq!(status(certificate.not_after), CertificateStatus::Valid);
        assert_eq!(
            status(datetime!(2029-01-01 00:00:01 UTC)),
            CertificateStatus::Expired
        );
    }
}
