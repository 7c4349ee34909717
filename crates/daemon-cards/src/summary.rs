//! What a card says of itself, in the words of the agent.

use card_profiles::{CardError, CodeCounters, CodeStates, Identity, PinLimits};
use daemon_types::{
    CardId, CardSummary, CardWarning, CertificateSummary, CodeCondition, CodeState, CodedLabel,
    Environment, ErrorCode, Generation, Holder, NationalId, OperationError, Structure,
    UnblockCodeState,
};
use igc_sante::CardCertificate;
use igc_sante::nomenclature::{Nomenclature, Table};

use crate::card::daemon_role;

/// Puts together what was read of a card.
pub(crate) fn card_summary(
    id: CardId,
    identity: &Identity,
    states: &CodeStates,
    limits: Option<PinLimits>,
    nomenclature: &Nomenclature,
) -> Result<CardSummary, OperationError> {
    let certificates = &identity.certificates;
    let speaking = certificates.first().map(|(_, certificate)| certificate);
    let (pin, unblock_code) = code_conditions(states, limits);
    Ok(CardSummary {
        id,
        generation: identity.generation.map(|generation| match generation {
            card_profiles::Generation::Cps3 => Generation::Cps3,
            card_profiles::Generation::Cps4 => Generation::Cps4,
        }),
        card_type: speaking
            .and_then(|certificate| certificate.card_type().ok()?)
            .map(|card_type| card_type.as_str().to_owned()),
        environment: environment(certificates)?,
        number: speaking
            .and_then(CardCertificate::card_number)
            .unwrap_or(&identity.serial_number)
            .to_owned(),
        holder: speaking
            .map(|certificate| holder(certificate, nomenclature))
            .unwrap_or_default(),
        pin,
        unblock_code,
        certificates: certificates
            .iter()
            .map(|(role, certificate)| certificate_summary(*role, certificate))
            .collect(),
        warnings: warnings(certificates),
    })
}

/// The conditions of both codes, of which each depends on the other.
pub(crate) fn code_conditions(
    states: &CodeStates,
    limits: Option<PinLimits>,
) -> (CodeState, UnblockCodeState) {
    let unblock_condition = match states.unblock_code {
        None => CodeCondition::Absent,
        Some(code) if code.may_be_blocked => CodeCondition::Unknown,
        Some(code) if code.is_blocked() => CodeCondition::Blocked,
        Some(_) => CodeCondition::Ready,
    };
    let pin_condition = match states.pin {
        None => CodeCondition::Absent,
        Some(pin) if pin.may_be_blocked => CodeCondition::Unknown,
        Some(pin) if !pin.is_blocked() => CodeCondition::Ready,
        Some(_) if unblock_condition.may_be_used() => CodeCondition::Blocked,
        Some(_) => CodeCondition::DefinitivelyBlocked,
    };
    let pin = CodeState {
        condition: pin_condition,
        tries_left: states.pin.and_then(|pin| pin.tries_left),
        tries_maximum: states.pin.and_then(|pin| pin.tries_maximum),
        minimum_len: limits.map_or(0, |limits| limits.minimum_len),
        maximum_len: limits.map_or(0, |limits| limits.maximum_len),
    };
    let tries = |code: CodeCounters| code.tries_left;
    let unblock_code = UnblockCodeState {
        condition: unblock_condition,
        tries_left: states.unblock_code.and_then(tries),
        uses_left: states.unblock_code.and_then(|code| code.uses_left),
    };
    (pin, unblock_code)
}

/// All certificates must say the same; a card without any belongs to no environment.
fn environment(
    certificates: &[(igc_sante::KeyRole, CardCertificate)],
) -> Result<Environment, OperationError> {
    let mut environments = certificates.iter().map(|(_, certificate)| {
        certificate
            .environment()
            .map_err(|error| OperationError::new(ErrorCode::EnvironmentMismatch).caused_by(error))
    });
    let first = environments.next().ok_or_else(|| {
        OperationError::new(ErrorCode::CardUnsupported)
            .caused_by(CardError::CardUnsupported("it has no certificate"))
    })??;
    for environment in environments {
        if environment? != first {
            return Err(OperationError::new(ErrorCode::EnvironmentMismatch));
        }
    }
    Ok(match first {
        igc_sante::Environment::Production => Environment::Production,
        igc_sante::Environment::Test => Environment::Test,
    })
}

fn holder(certificate: &CardCertificate, nomenclature: &Nomenclature) -> Holder {
    let holder = certificate.holder();
    let structure = Structure {
        id: holder.structure_id,
        name: holder.structure_name,
        locality: holder.locality,
    };
    let know_how = certificate.know_how().iter();
    Holder {
        family_name: holder.family_name,
        given_name: holder.given_name,
        pseudonym: holder.pseudonym,
        national_id: holder.national_id.map(|id| NationalId {
            value: id.value,
            kind: Some(id.kind.as_str().to_owned()),
        }),
        profession: certificate
            .profession()
            .map(|profession| coded_label(nomenclature, profession.table(), &profession.code)),
        know_how: know_how
            .map(|code| coded_label(nomenclature, Table::KnowHow, code))
            .collect(),
        structure: Some(structure).filter(|structure| *structure != Structure::default()),
    }
}

/// A code as the card writes it, with its label where a table has one.
pub(crate) fn coded_label(nomenclature: &Nomenclature, table: Table, code: &str) -> CodedLabel {
    CodedLabel {
        code: code.to_owned(),
        label: nomenclature.label(table, code).map(str::to_owned),
    }
}

fn warnings(certificates: &[(igc_sante::KeyRole, CardCertificate)]) -> Vec<CardWarning> {
    let any = |is_odd: fn(&CardCertificate) -> bool| {
        certificates
            .iter()
            .any(|(_, certificate)| is_odd(certificate))
    };
    let wrong_check_digit = any(|certificate| {
        let national_id = certificate.holder().national_id;
        national_id.and_then(|id| id.luhn_is_valid()) == Some(false)
    });
    let doubtful_type = any(|certificate| certificate.card_type().is_err());
    let warnings = [
        wrong_check_digit.then_some(CardWarning::NationalIdCheckDigit),
        doubtful_type.then_some(CardWarning::CardTypeDoubtful),
    ];
    let warnings: Vec<_> = warnings.into_iter().flatten().collect();
    for warning in &warnings {
        tracing::warn!(
            event = "card-odd",
            warning = warning.as_str(),
            "a card is odd"
        );
    }
    warnings
}

fn certificate_summary(
    role: igc_sante::KeyRole,
    certificate: &CardCertificate,
) -> CertificateSummary {
    CertificateSummary {
        role: daemon_role(role),
        serial_number: certificate.serial_number().to_owned(),
        issuer: certificate.issuer().to_owned(),
        not_before: certificate.not_before(),
        not_after: certificate.not_after(),
        signature_algorithms: None,
        der: certificate.der().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(tries_left: u8, uses_left: Option<u16>) -> Option<CodeCounters> {
        Some(CodeCounters {
            tries_left: Some(tries_left),
            tries_maximum: Some(3),
            uses_left,
            may_be_blocked: false,
        })
    }

    /// Of a code that is there and whose numbers nobody tells.
    const UNTOLD: Option<CodeCounters> = Some(CodeCounters {
        tries_left: None,
        tries_maximum: None,
        uses_left: None,
        may_be_blocked: false,
    });

    /// Of a code that is said to be blocked, perhaps by mistake.
    const IN_DOUBT: Option<CodeCounters> = Some(CodeCounters {
        tries_left: None,
        tries_maximum: None,
        uses_left: None,
        may_be_blocked: true,
    });

    #[test]
    fn a_blocked_code_is_definitively_blocked_only_without_a_way_back() {
        for (pin, unblock_code, expected) in [
            (counters(3, None), counters(0, None), CodeCondition::Ready),
            (
                counters(0, None),
                counters(10, Some(100)),
                CodeCondition::Blocked,
            ),
            (
                counters(0, None),
                counters(10, Some(0)),
                CodeCondition::DefinitivelyBlocked,
            ),
            (
                counters(0, None),
                counters(0, Some(100)),
                CodeCondition::DefinitivelyBlocked,
            ),
            (counters(0, None), None, CodeCondition::DefinitivelyBlocked),
            (UNTOLD, UNTOLD, CodeCondition::Ready),
            (counters(0, None), UNTOLD, CodeCondition::Blocked),
            (counters(0, None), IN_DOUBT, CodeCondition::Blocked),
            (IN_DOUBT, counters(0, None), CodeCondition::Unknown),
            (None, None, CodeCondition::Absent),
        ] {
            let states = CodeStates { pin, unblock_code };
            assert_eq!(code_conditions(&states, None).0.condition, expected);
        }
    }

    #[test]
    fn a_lock_that_may_be_a_mistake_is_told_as_such_of_either_code() {
        for (counters, expected) in [
            (counters(0, None), CodeCondition::Blocked),
            (IN_DOUBT, CodeCondition::Unknown),
            (UNTOLD, CodeCondition::Ready),
        ] {
            let states = CodeStates {
                pin: UNTOLD,
                unblock_code: counters,
            };
            assert_eq!(code_conditions(&states, None).1.condition, expected);
        }
    }

    /// A card with one certificate, which openssl made.
    fn summary_of(der: &[u8], nomenclature: &Nomenclature) -> CardSummary {
        let certificate = CardCertificate::parse(der).unwrap();
        let identity = Identity {
            generation: Some(card_profiles::Generation::Cps3),
            serial_number: "99000000".into(),
            certificates: vec![(igc_sante::KeyRole::Authentication, certificate)],
        };
        let states = CodeStates {
            pin: None,
            unblock_code: None,
        };
        let id = CardId("c1".into());
        card_summary(id, &identity, &states, None, nomenclature).unwrap()
    }

    #[test]
    fn a_type_that_its_issuer_does_not_issue_is_not_told_and_warned_of() {
        let doubtful = include_bytes!("../../igc-sante/tests/data/cpe-of-fort.der");
        let summary = summary_of(doubtful, Nomenclature::BUILT_IN);
        assert_eq!(summary.card_type, None);
        assert_eq!(summary.warnings, [CardWarning::CardTypeDoubtful]);
        let agreed = include_bytes!("../../igc-sante/tests/data/cpe-authentication.der");
        let summary = summary_of(agreed, Nomenclature::BUILT_IN);
        assert_eq!(summary.card_type.as_deref(), Some("CPE"));
        assert_eq!(summary.warnings, []);
    }

    #[test]
    fn codes_have_the_labels_of_the_newest_tables() {
        let cps = include_bytes!("../../igc-sante/tests/data/cps-authentication.der");
        let mut nomenclature = Nomenclature::BUILT_IN.clone();
        let newer = "code;label\nSM26;Médecine de famille\n";
        nomenclature.update(Table::KnowHow, newer).unwrap();
        let holder = summary_of(cps, &nomenclature).holder;
        let coded = |code: &str, label: &str| CodedLabel {
            code: code.into(),
            label: Some(label.into()),
        };
        assert_eq!(holder.profession, Some(coded("10", "Médecin")));
        assert_eq!(holder.know_how, [coded("SM26", "Médecine de famille")]);
    }
}
