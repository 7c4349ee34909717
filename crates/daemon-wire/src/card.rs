//! Readers and cards.

use daemon_types::{
    Activity, CardId, CertificateStatus, CodeCondition, CodeState, CodesOfCard, Environment,
    Generation, Holder, KeyRole, PresentCard, ReaderCondition, ReaderSummary, UnblockCodeState,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::CertificateBody;

/// `GET /v1/readers`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReaderList {
    /// All readers.
    pub readers: Vec<ReaderBody>,
}

/// One reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReaderBody {
    /// Opaque name.
    pub id: String,
    /// The name that the system gives it.
    pub name: String,
    /// Whether codes can be typed on it; known once a card was opened in it.
    pub keypad: bool,
    /// Whether it reads without contact; null where nothing tells.
    pub contactless: Option<bool>,
    /// `empty`, `card`, `unreachable` or `busy`.
    #[schema(pattern = "^(empty|card|unreachable|busy)$")]
    pub state: String,
    /// Opaque name of the card in it, where that can be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    /// Why the card in it cannot be used: an error code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Answer to reset of a card that cannot be used, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^([0-9A-F]{2})+$")]
    pub atr: Option<String>,
}

impl From<&ReaderSummary> for ReaderBody {
    fn from(reader: &ReaderSummary) -> Self {
        let (state, problem, atr) = match &reader.condition {
            ReaderCondition::Empty => ("empty", None, None),
            ReaderCondition::Card => ("card", None, None),
            ReaderCondition::CardProblem(code, atr) => {
                ("card", Some(code.as_str().to_owned()), atr.clone())
            }
            ReaderCondition::Busy => ("busy", None, None),
            ReaderCondition::Unreachable => ("unreachable", None, None),
        };
        Self {
            id: reader.id.0.clone(),
            name: reader.name.clone(),
            keypad: reader.keypad,
            contactless: reader.contactless,
            state: state.into(),
            card: None,
            problem,
            atr,
        }
    }
}

impl ReaderBody {
    /// The same, with the card that can be used in it.
    #[must_use]
    pub fn with_card(self, card: Option<&CardId>) -> Self {
        let card = card.map(|card| card.0.clone());
        Self { card, ..self }
    }
}

/// `GET /v1/cards`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CardList {
    /// All cards that can be used.
    pub cards: Vec<CardBody>,
}

/// One card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CardBody {
    /// Opaque name, stable over re-insertion.
    pub id: String,
    /// The reader that holds it.
    pub reader: String,
    /// `CPS3` or `CPS4`; null where whoever stands before the card does not say.
    #[schema(pattern = "^(CPS3|CPS4)$")]
    pub generation: Option<String>,
    /// `CPS`, `CPF`, `CPE`, `CPA`, `unknown`; null where no certificate tells, or where it is in doubt.
    #[serde(rename = "type")]
    pub card_type: Option<String>,
    /// `production` or `test`.
    #[schema(pattern = "^(production|test)$")]
    pub environment: String,
    /// Card number.
    pub number: String,
    /// Who it belongs to.
    pub holder: HolderBody,
    /// The time in which all its certificates are valid; null without any.
    pub validity: Option<ValidityBody>,
    /// The holder's code.
    pub pin: PinBody,
    /// The unblock code.
    pub unblock_code: UnblockCodeBody,
    /// Its certificates, without their bytes.
    pub certificates: Vec<CertificateBody>,
    /// What is odd about it and keeps nobody from using it: `national-id-check-digit`, `card-type-doubtful`.
    pub warnings: Vec<String>,
}

/// The holder of a card, as far as its certificates say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HolderBody {
    /// Family name.
    pub family_name: Option<String>,
    /// Given name.
    pub given_name: Option<String>,
    /// What a card bears that names nobody in particular.
    pub pseudonym: Option<String>,
    /// National identifier, type digit included.
    pub national_id: Option<String>,
    /// `RPPS`, `ADELI`, …
    pub national_id_kind: Option<String>,
    /// Profession, table G15, or G16 in training.
    pub profession: Option<CodedLabel>,
    /// Specialties and other know-how, table R01; no certificate of today's authorities is known to tell any.
    pub know_how: Vec<CodedLabel>,
    /// Where staff work (CPE, CPA).
    pub structure: Option<StructureBody>,
}

/// A structure whose staff a card is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StructureBody {
    /// Identifier, type digit included (table G07).
    pub id: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Town and department.
    pub locality: Option<String>,
}

/// A code of a nomenclature table and its French label, null for a code that the table lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CodedLabel {
    /// Code.
    pub code: String,
    /// French label.
    pub label: Option<String>,
}

/// Begin and end of a validity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValidityBody {
    /// First moment.
    #[schema(format = DateTime)]
    pub not_before: String,
    /// Last moment.
    #[schema(format = DateTime)]
    pub not_after: String,
    /// Whole days until the end; negative after it.
    pub days_left: i64,
}

/// State of the holder's code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PinBody {
    /// `ready`, `unknown` (the next use shows whether it is blocked), `blocked`, `definitivelyBlocked` or `absent`.
    #[schema(pattern = "^(ready|unknown|blocked|definitivelyBlocked|absent)$")]
    pub state: String,
    /// Wrong codes that may still be typed; null where the card, or what stands before it, does not tell.
    pub tries_left: Option<u8>,
    /// Wrong codes in a row that block it; null where the card does not tell.
    pub tries_maximum: Option<u8>,
}

/// State of the unblock code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnblockCodeBody {
    /// `ready`, `unknown` (the next use shows whether it is blocked), `blocked` or `absent`; `ready`, too, while
    /// both numbers are null.
    #[schema(pattern = "^(ready|unknown|blocked|absent)$")]
    pub state: String,
    /// Wrong unblock codes that may still be typed; null where the card does not tell, and for a
    /// moment after a card that was seen before is inserted.
    pub tries_left: Option<u8>,
    /// Times it may still be used at all; null where the card does not tell, and for that moment.
    pub uses_left: Option<u16>,
}

/// Both codes of a card, after the holder set a new one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CodesBody {
    /// The holder's code.
    pub pin: PinBody,
    /// The unblock code.
    pub unblock_code: UnblockCodeBody,
}

/// The answer of `POST /v1/cards/{card}/activities`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActivityList {
    /// Where the holder works, in the order of the card; empty where the card lists nothing.
    pub activities: Vec<ActivityBody>,
}

/// A place where the holder works. What the card does not tell is null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActivityBody {
    /// Its place on the card, 1 to 16; the row has holes.
    #[schema(minimum = 1, maximum = 16)]
    pub number: u8,
    /// Name of the place.
    pub place: Option<String>,
    /// Identifier of the structure, type digit included (table G07).
    pub structure_id: Option<String>,
    /// Sector of activity, table R02.
    pub sector: Option<CodedLabel>,
}

impl From<&Activity> for ActivityBody {
    fn from(activity: &Activity) -> Self {
        Self {
            number: activity.number,
            place: activity.place.clone(),
            structure_id: activity.structure_id.clone(),
            sector: activity.sector.as_ref().map(CodedLabel::from),
        }
    }
}

impl CardBody {
    /// A card as it looks at the moment `now`.
    #[must_use]
    pub fn new(card: &PresentCard, now: OffsetDateTime) -> Self {
        let summary = &card.summary;
        Self {
            id: summary.id.0.clone(),
            reader: card.reader.0.clone(),
            generation: summary.generation.map(generation_name).map(str::to_owned),
            card_type: summary.card_type.clone(),
            environment: environment_name(summary.environment).into(),
            number: summary.number.clone(),
            holder: HolderBody::from(&summary.holder),
            validity: summary
                .validity()
                .map(|(begin, end)| ValidityBody::new(begin, end, now)),
            pin: PinBody::from(&summary.pin),
            unblock_code: UnblockCodeBody::from(&summary.unblock_code),
            certificates: summary
                .certificates
                .iter()
                .map(|certificate| CertificateBody::summary(certificate, now))
                .collect(),
            warnings: summary
                .warnings
                .iter()
                .map(|warning| warning.as_str().to_owned())
                .collect(),
        }
    }

    /// Its type, or else its generation; `None` where neither is known.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.card_type.as_deref().or(self.generation.as_deref())
    }
}

impl ValidityBody {
    fn new(begin: OffsetDateTime, end: OffsetDateTime, now: OffsetDateTime) -> Self {
        Self {
            not_before: crate::to_rfc3339(begin),
            not_after: crate::to_rfc3339(end),
            days_left: (end - now).whole_seconds().div_euclid(86_400),
        }
    }
}

impl From<&Holder> for HolderBody {
    fn from(holder: &Holder) -> Self {
        let national_id = holder.national_id.as_ref();
        Self {
            family_name: holder.family_name.clone(),
            given_name: holder.given_name.clone(),
            pseudonym: holder.pseudonym.clone(),
            national_id: national_id.map(|id| id.value.clone()),
            national_id_kind: national_id.and_then(|id| id.kind.clone()),
            profession: holder.profession.as_ref().map(CodedLabel::from),
            know_how: holder.know_how.iter().map(CodedLabel::from).collect(),
            structure: holder.structure.as_ref().map(|structure| StructureBody {
                id: structure.id.clone(),
                name: structure.name.clone(),
                locality: structure.locality.clone(),
            }),
        }
    }
}

impl From<&daemon_types::CodedLabel> for CodedLabel {
    fn from(coded: &daemon_types::CodedLabel) -> Self {
        Self {
            code: coded.code.clone(),
            label: coded.label.clone(),
        }
    }
}

impl From<&CodeState> for PinBody {
    fn from(pin: &CodeState) -> Self {
        Self {
            state: condition_name(pin.condition).into(),
            tries_left: pin.tries_left,
            tries_maximum: pin.tries_maximum,
        }
    }
}

impl From<&CodesOfCard> for CodesBody {
    fn from(codes: &CodesOfCard) -> Self {
        Self {
            pin: PinBody::from(&codes.pin),
            unblock_code: UnblockCodeBody::from(&codes.unblock_code),
        }
    }
}

impl From<&UnblockCodeState> for UnblockCodeBody {
    fn from(code: &UnblockCodeState) -> Self {
        Self {
            state: condition_name(code.condition).into(),
            tries_left: code.tries_left,
            uses_left: code.uses_left,
        }
    }
}

pub(crate) fn role_name(role: KeyRole) -> &'static str {
    match role {
        KeyRole::Authentication => "authentication",
        KeyRole::Signature => "signature",
        KeyRole::Technical => "technical",
    }
}

pub(crate) fn status_name(status: CertificateStatus) -> &'static str {
    match status {
        CertificateStatus::Valid => "valid",
        CertificateStatus::Expired => "expired",
        CertificateStatus::NotYetValid => "notYetValid",
    }
}

fn generation_name(generation: Generation) -> &'static str {
    match generation {
        Generation::Cps3 => "CPS3",
        Generation::Cps4 => "CPS4",
    }
}

fn environment_name(environment: Environment) -> &'static str {
    match environment {
        Environment::Production => "production",
        Environment::Test => "test",
    }
}

fn condition_name(condition: CodeCondition) -> &'static str {
    match condition {
        CodeCondition::Ready => "ready",
        CodeCondition::Unknown => "unknown",
        CodeCondition::Blocked => "blocked",
        CodeCondition::DefinitivelyBlocked => "definitivelyBlocked",
        CodeCondition::Absent => "absent",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daemon_types::{
        CardId, CardSummary, CardWarning, CertificateSummary, HashAlgorithm, NationalId, ReaderId,
        SignatureAlgorithm, Structure,
    };
    use expect_test::expect;
    use time::macros::datetime;

    fn coded(code: &str, label: Option<&str>) -> daemon_types::CodedLabel {
        daemon_types::CodedLabel {
            code: code.into(),
            label: label.map(str::to_owned),
        }
    }

    fn sample_card() -> PresentCard {
        PresentCard {
            reader: ReaderId("r1".into()),
            summary: CardSummary {
                id: CardId("c1".into()),
                generation: Some(Generation::Cps3),
                card_type: Some("CPS".into()),
                environment: Environment::Test,
                number: "9999123456".into(),
                holder: Holder {
                    family_name: Some("DUPONT".into()),
                    given_name: Some("CAMILLE".into()),
                    national_id: Some(NationalId {
                        value: "899700000018".into(),
                        kind: Some("RPPS".into()),
                    }),
                    pseudonym: None,
                    profession: Some(coded("10", Some("Médecin"))),
                    know_how: vec![coded("SM26", Some("Qualifié en médecine générale"))],
                    structure: Some(Structure {
                        id: Some("1990000001".into()),
                        name: None,
                        locality: None,
                    }),
                },
                pin: CodeState {
                    condition: CodeCondition::Ready,
                    tries_left: Some(3),
                    tries_maximum: Some(3),
                    minimum_len: 4,
                    maximum_len: 8,
                },
                unblock_code: UnblockCodeState {
                    condition: CodeCondition::Ready,
                    tries_left: Some(10),
                    uses_left: Some(100),
                },
                certificates: vec![CertificateSummary {
                    role: KeyRole::Authentication,
                    serial_number: "0A".into(),
                    issuer: "CN=TEST".into(),
                    not_before: datetime!(2026-10-01 00:00 UTC),
                    not_after: datetime!(2029-10-01 00:00 UTC),
                    signature_algorithms: Some(vec![
                        SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256),
                        SignatureAlgorithm::RsaPss(HashAlgorithm::Sha256),
                    ]),
                    der: vec![0x30],
                }],
                warnings: vec![CardWarning::NationalIdCheckDigit],
            },
        }
    }

    #[test]
    fn what_nobody_says_of_a_card_is_null_and_no_kind_is_made_up() {
        let mut card = sample_card();
        card.summary.card_type = None;
        let now = datetime!(2026-11-21 12:00 UTC);
        assert_eq!(CardBody::new(&card, now).kind(), Some("CPS3"));
        card.summary.generation = None;
        let body = CardBody::new(&card, now);
        assert_eq!(body.kind(), None);
        let json = serde_json::to_value(&body).unwrap();
        assert_eq!(
            (&json["generation"], &json["type"]),
            (&serde_json::Value::Null, &serde_json::Value::Null)
        );
    }

    #[test]
    fn a_card_looks_as_the_contract_says() {
        let body = CardBody::new(&sample_card(), datetime!(2026-11-21 12:00 UTC));
        let json = serde_json::to_string_pretty(&body).unwrap();
        expect![[r#"
            {
              "id": "c1",
              "reader": "r1",
              "generation": "CPS3",
              "type": "CPS",
              "environment": "test",
              "number": "9999123456",
              "holder": {
                "familyName": "DUPONT",
                "givenName": "CAMILLE",
                "pseudonym": null,
                "nationalId": "899700000018",
                "nationalIdKind": "RPPS",
                "profession": {
                  "code": "10",
                  "label": "Médecin"
                },
                "knowHow": [
                  {
                    "code": "SM26",
                    "label": "Qualifié en médecine générale"
                  }
                ],
                "structure": {
                  "id": "1990000001",
                  "name": null,
                  "locality": null
                }
              },
              "validity": {
                "notBefore": "2026-10-01T00:00:00Z",
                "notAfter": "2029-10-01T00:00:00Z",
                "daysLeft": 1044
              },
              "pin": {
                "state": "ready",
                "triesLeft": 3,
                "triesMaximum": 3
              },
              "unblockCode": {
                "state": "ready",
                "triesLeft": 10,
                "usesLeft": 100
              },
              "certificates": [
                {
                  "role": "authentication",
                  "serialNumber": "0A",
                  "issuer": "CN=TEST",
                  "notBefore": "2026-10-01T00:00:00Z",
                  "notAfter": "2029-10-01T00:00:00Z",
                  "status": "valid",
                  "revocation": "notChecked",
                  "signatureAlgorithms": [
                    "RS256",
                    "PS256"
                  ]
                }
              ],
              "warnings": [
                "national-id-check-digit"
              ]
            }"#]]
        .assert_eq(&json);
    }
}
