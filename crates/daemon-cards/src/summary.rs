//! What a card says of itself, in the words of the agent.

use card_profiles::{CardError, CodeCounters, CodeStates, Identity, PinLimits};
use daemon_types::{
    CardId, CardSummary, CertificateSummary, CodeCondition, CodeState, Environment, ErrorCode,
    Generation, Holder, NationalId, OperationError, Profession, UnblockCodeState,
};
use igc_sante::CardCertificate;

use crate::card::daemon_role;

/// Puts together what was read of a card.
pub(crate) fn card_summary(
    id: CardId,
    identity: &Identity,
    states: &CodeStates,
    limits: Option<PinLimits>,
) -> Result<CardSummary, OperationError> {
    let certificates = &identity.certificates;
    let speaking = certificates.first().map(|(_, certificate)| certificate);
    let (pin, unblock_code) = code_conditions(states, limits);
    Ok(CardSummary {
        id,
        generation: match identity.generation {
            card_profiles::Generation::Cps3 => Generation::Cps3,
            card_profiles::Generation::Cps4 => Generation::Cps4,
        },
        card_type: speaking
            .and_then(CardCertificate::card_type)
            .map(|card_type| card_type.as_str().to_owned()),
        environment: environment(certificates)?,
        number: speaking
            .and_then(CardCertificate::card_number)
            .unwrap_or(&identity.serial_number)
            .to_owned(),
        holder: speaking.map(holder).unwrap_or_default(),
        pin,
        unblock_code,
        certificates: certificates
            .iter()
            .map(|(role, certificate)| certificate_summary(*role, certificate))
            .collect(),
    })
}

/// The conditions of both codes, of which each depends on the other.
pub(crate) fn code_conditions(
    states: &CodeStates,
    limits: Option<PinLimits>,
) -> (CodeState, UnblockCodeState) {
    let unblock_condition = match states.unblock_code {
        None => CodeCondition::Absent,
        Some(code) if code.is_blocked() => CodeCondition::Blocked,
        Some(_) => CodeCondition::Ready,
    };
    let pin_condition = match states.pin {
        None => CodeCondition::Absent,
        Some(pin) if !pin.is_blocked() => CodeCondition::Ready,
        Some(_) if unblock_condition == CodeCondition::Ready => CodeCondition::Blocked,
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

fn holder(certificate: &CardCertificate) -> Holder {
    let holder = certificate.holder();
    Holder {
        family_name: holder.family_name.clone(),
        given_name: holder.given_name.clone(),
        national_id: holder.national_id.as_ref().map(|id| NationalId {
            value: id.value.clone(),
            kind: Some(id.kind.as_str().to_owned()),
        }),
        profession: certificate.profession().map(|profession| Profession {
            code: profession.code.clone(),
            label: profession.label.map(str::to_owned),
        }),
    }
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
        })
    }

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
            (None, None, CodeCondition::Absent),
        ] {
            let states = CodeStates { pin, unblock_code };
            assert_eq!(code_conditions(&states, None).0.condition, expected);
        }
    }
}
