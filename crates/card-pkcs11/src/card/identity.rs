//! Whose card it is, from the certificates of the token.

use card_profiles::{CardError, Generation, Identity};
use igc_sante::{CardCertificate, KeyRole};

use super::ModuleCard;
use crate::protocol::{Answer, CertificateObject, Request};

impl ModuleCard<'_> {
    /// Read once in each stay of the card.
    pub(super) fn known_identity(&mut self) -> Result<Identity, CardError> {
        if let Some(identity) = &self.connection.memory.identity {
            return Ok(identity.clone());
        }
        if !self.connection.open.token.initialized {
            return Err(CardError::CardUnsupported(
                "its token was never initialised",
            ));
        }
        if self.connection.open.token.serial_number.is_empty() {
            // An exchange could not be told.
            return Err(CardError::CardUnsupported("its token has no serial number"));
        }
        let Answer::Certificates(objects) = self.connection.ask(&Request::Certificates, &[])?
        else {
            return Err(self.connection.answered_something_else().into());
        };
        let token = &self.connection.open.token;
        let of_roles = by_role(objects);
        let ids = of_roles.iter().map(|(role, _, id)| (*role, id.clone()));
        let ids = ids.collect();
        let identity = Identity {
            generation: generation_of(&token.label),
            serial_number: token.serial_number.clone(),
            certificates: of_roles
                .into_iter()
                .map(|(role, certificate, _)| (role, certificate))
                .collect(),
        };
        self.connection.memory.ids = ids;
        self.connection.memory.identity = Some(identity.clone());
        Ok(identity)
    }
}

/// The model says "IAS ECC" for both; the label of the token names the generation.
fn generation_of(token_label: &str) -> Option<Generation> {
    if token_label.contains("CPS4") {
        Some(Generation::Cps4)
    } else if token_label.contains("CPS3") {
        Some(Generation::Cps3)
    } else {
        None
    }
}

/// The first certificate of each role. What is no certificate of a card is passed over: a token may hold
/// those of authorities as well.
fn by_role(objects: Vec<CertificateObject>) -> Vec<(KeyRole, CardCertificate, Vec<u8>)> {
    let mut of_roles: Vec<(KeyRole, CardCertificate, Vec<u8>)> = Vec::new();
    for object in objects {
        let certificate = match CardCertificate::parse(&object.der) {
            Ok(certificate) => certificate,
            Err(error) => {
                tracing::debug!(%error, "an object is no certificate of a card");
                continue;
            }
        };
        let Some(role) = role_of(&object, &certificate) else {
            continue;
        };
        if !of_roles.iter().any(|(known, ..)| *known == role) {
            of_roles.push((role, certificate, object.id));
        }
    }
    of_roles
}

/// By the label, then by the usage, then by the id; a label that the usage contradicts names nothing, so that
/// no log-in is ever taken for a signature.
fn role_of(object: &CertificateObject, certificate: &CardCertificate) -> Option<KeyRole> {
    let by_label = LABELS.iter().find(|(label, _)| *label == object.label);
    let by_label = by_label.map(|(_, role)| *role);
    match (by_label, certificate.role()) {
        (Some(role), Some(usage)) if role != usage => None,
        (Some(role), _) | (None, Some(role)) => Some(role),
        (None, None) if certificate.key_usage().is_none() => role_of_id(&object.id),
        (None, None) => None,
    }
}

fn role_of_id(id: &[u8]) -> Option<KeyRole> {
    match id {
        [.., 0x20] => Some(KeyRole::Authentication),
        [.., 0x10] => Some(KeyRole::Signature),
        _ => None,
    }
}

/// Labels of the official module.
const LABELS: [(&str, KeyRole); 3] = [
    ("Certificat d'Authentification CPS", KeyRole::Authentication),
    ("Certificat de Signature CPS", KeyRole::Signature),
    ("Certificat Technique CPS", KeyRole::Technical),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn object(label: &str, id: u8, der: &[u8]) -> CertificateObject {
        CertificateObject {
            label: label.into(),
            id: vec![0xE8, id],
            der: der.to_vec(),
        }
    }

    const AUTHENTICATION: &[u8] =
        include_bytes!("../../../igc-sante/tests/data/cps-authentication.der");

    fn roles(objects: Vec<CertificateObject>) -> Vec<KeyRole> {
        by_role(objects)
            .into_iter()
            .map(|(role, ..)| role)
            .collect()
    }

    #[test]
    fn a_certificate_has_the_role_of_its_label_or_of_its_usage() {
        for label in ["Certificat d'Authentification CPS", "anything", ""] {
            let found = roles(vec![object(label, 0x10, AUTHENTICATION)]);
            assert_eq!(found, [KeyRole::Authentication], "{label}");
        }
    }

    #[test]
    fn a_label_that_the_usage_contradicts_is_not_believed() {
        let liar = object("Certificat de Signature CPS", 0x10, AUTHENTICATION);
        assert_eq!(roles(vec![liar]), []);
    }

    #[test]
    fn what_is_no_certificate_is_passed_over_and_the_first_of_a_role_counts() {
        let found = by_role(vec![
            object(
                "Certificat d'Authentification CPS",
                0x20,
                b"\x30\x03nonsense",
            ),
            object("Certificat d'Authentification CPS", 0x21, AUTHENTICATION),
            object("Certificat d'Authentification CPS", 0x22, AUTHENTICATION),
        ]);
        let ids: Vec<_> = found.iter().map(|(_, _, id)| id.as_slice()).collect();
        assert_eq!(ids, [[0xE8, 0x21]]);
    }

    #[test]
    fn the_label_of_the_token_names_the_generation() {
        assert_eq!(generation_of("CPS4v1-9900000001"), Some(Generation::Cps4));
        assert_eq!(generation_of("CPS3v3-9900000001"), Some(Generation::Cps3));
        assert_eq!(generation_of("My HSM"), None);
    }
}
