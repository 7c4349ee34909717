//! Small answers.

use daemon_types::{
    AuthenticationToken, CertificateSummary, ErrorCode, SignatureAlgorithm, Signatures,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{card, to_base64};

/// `GET /v1`: what is here, and nothing about readers or holder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    /// Always `cpxd`.
    #[schema(pattern = "^cpxd$")]
    pub product: String,
    /// Versions of the API that are served.
    pub api_versions: Vec<String>,
}

impl Product {
    /// This product.
    #[must_use]
    pub fn this() -> Self {
        Self {
            product: "cpxd".into(),
            api_versions: vec!["v1".into()],
        }
    }
}

/// `GET /v1/status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentStatus {
    /// `ready`; `pcscUnavailable` when the PC/SC service is not there, `moduleFailed` when a PKCS#11
    /// module failed, which need not be all that the agent has readers from.
    #[schema(pattern = "^(ready|pcscUnavailable|moduleFailed)$")]
    pub state: String,
    /// Version of the agent.
    pub version: String,
    /// A newer version that its makers announced; null where none is known, or nobody is asked.
    pub newer_version: Option<String>,
    /// `production` or `test`.
    #[schema(pattern = "^(production|test)$")]
    pub environment: String,
    /// Readers connected.
    pub readers: usize,
    /// Cards that can be used.
    pub cards: usize,
}

impl AgentStatus {
    /// The state of an agent which misses a service, or none.
    #[must_use]
    pub const fn state_of(missing_service: Option<ErrorCode>) -> &'static str {
        match missing_service {
            None => "ready",
            Some(ErrorCode::ModuleFailed) => "moduleFailed",
            Some(_) => "pcscUnavailable",
        }
    }

    /// The error code that says why the agent misses readers; `None` where it misses none.
    #[must_use]
    pub fn missing_service(&self) -> Option<ErrorCode> {
        match self.state.as_str() {
            "pcscUnavailable" => Some(ErrorCode::PcscUnavailable),
            "moduleFailed" => Some(ErrorCode::ModuleFailed),
            _ => None,
        }
    }
}

/// A certificate of a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CertificateBody {
    /// `authentication`, `signature` or `technical`.
    #[schema(pattern = "^(authentication|signature|technical)$")]
    pub role: String,
    /// Serial number, upper-case hexadecimal.
    #[schema(pattern = "^([0-9A-F]{2})+$")]
    pub serial_number: String,
    /// Who issued it.
    pub issuer: String,
    /// First moment of validity.
    #[schema(format = DateTime)]
    pub not_before: String,
    /// Last moment of validity.
    #[schema(format = DateTime)]
    pub not_after: String,
    /// `valid`, `expired` or `notYetValid`.
    #[schema(pattern = "^(valid|expired|notYetValid)$")]
    pub status: String,
    /// `notChecked` in this version.
    #[schema(pattern = "^notChecked$")]
    pub revocation: String,
    /// What its key signs by: JWA names, such as `RS256`; empty where the card has no such key, null
    /// until the card has told.
    pub signature_algorithms: Option<Vec<String>>,
    /// The certificate, base64 of DER; only in the answer about one certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(content_encoding = "base64")]
    pub certificate: Option<String>,
    /// Its public key, base64 of DER (`SubjectPublicKeyInfo`), as WebCrypto takes it; only there, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(content_encoding = "base64")]
    pub public_key: Option<String>,
}

impl CertificateBody {
    /// Without the certificate's bytes.
    #[must_use]
    pub fn summary(certificate: &CertificateSummary, now: OffsetDateTime) -> Self {
        Self {
            role: card::role_name(certificate.role).into(),
            serial_number: certificate.serial_number.clone(),
            issuer: certificate.issuer.clone(),
            not_before: crate::to_rfc3339(certificate.not_before),
            not_after: crate::to_rfc3339(certificate.not_after),
            status: card::status_name(certificate.status_at(now)).into(),
            revocation: "notChecked".into(),
            signature_algorithms: certificate
                .signature_algorithms
                .as_ref()
                .map(|algorithms| algorithms.iter().map(name).collect()),
            certificate: None,
            public_key: None,
        }
    }

    /// With the certificate's bytes, and its public key where it could be read.
    #[must_use]
    pub fn whole(
        certificate: &CertificateSummary,
        public_key: Option<&[u8]>,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            certificate: Some(to_base64(&certificate.der)),
            public_key: public_key.map(to_base64),
            ..Self::summary(certificate, now)
        }
    }
}

fn name(algorithm: &SignatureAlgorithm) -> String {
    algorithm.as_str().to_owned()
}

/// A Web eID authentication token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticationTokenBody {
    /// The authentication certificate, base64 of DER; its name says that the verifier must check it.
    #[schema(content_encoding = "base64")]
    pub unverified_certificate: String,
    /// JWA name, such as `RS256`; its hash function is that of the signed text, too.
    #[schema(pattern = "^(RS|PS)(256|384|512)$")]
    pub algorithm: String,
    /// Base64 of the signature over hash(hash(origin) ‖ hash(nonce)).
    #[schema(content_encoding = "base64")]
    pub signature: String,
    /// Always `web-eid:1.0`.
    #[schema(pattern = "^web-eid:1\\.0$")]
    pub format: String,
    /// Product and version that made it.
    pub app_version: String,
}

impl AuthenticationTokenBody {
    /// A token as this version of the product writes it.
    #[must_use]
    pub fn new(token: &AuthenticationToken, version: &str) -> Self {
        Self {
            unverified_certificate: to_base64(&token.certificate),
            algorithm: name(&token.algorithm),
            signature: to_base64(&token.signature),
            format: "web-eid:1.0".into(),
            app_version: format!("cpxd/{version}"),
        }
    }
}

/// The answer to a signature request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignaturesBody {
    /// JWA name, such as `RS256`.
    #[schema(pattern = "^(RS|PS)(256|384|512)$")]
    pub algorithm: String,
    /// The signature certificate, base64 of DER.
    #[schema(content_encoding = "base64")]
    pub certificate: String,
    /// Base64, in the order of the digests.
    pub signatures: Vec<String>,
}

impl From<&Signatures> for SignaturesBody {
    fn from(signatures: &Signatures) -> Self {
        Self {
            algorithm: name(&signatures.algorithm),
            certificate: to_base64(&signatures.certificate),
            signatures: signatures.signatures.iter().map(|s| to_base64(s)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_says_which_service_is_missing() {
        for missing in [
            None,
            Some(ErrorCode::PcscUnavailable),
            Some(ErrorCode::ModuleFailed),
        ] {
            let status = AgentStatus {
                state: AgentStatus::state_of(missing).into(),
                version: "1".into(),
                newer_version: None,
                environment: "test".into(),
                readers: 0,
                cards: 0,
            };
            assert_eq!(status.missing_service(), missing);
        }
    }
}
