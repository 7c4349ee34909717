//! What callers send.

use std::time::Duration;

use daemon_types::{
    DigestToSign, HashAlgorithm, OperationError, Reason, SessionId, SignRequest, SignatureAlgorithm,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::from_base64;

/// Seconds that a holder has when the caller names no number.
pub const DEFAULT_TIMEOUT_SECONDS: u32 = 120;
/// Most seconds that a caller may give the holder.
pub const MAXIMUM_TIMEOUT_SECONDS: u32 = 600;
/// Most digests in one request: a holder must still be able to read the list.
const MAXIMUM_DIGESTS: usize = 100;
/// Longest description, in characters.
const MAXIMUM_DESCRIPTION_LEN: usize = 200;

/// `POST /v1/cards/{card}/authenticate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthenticateBody {
    /// The relying party's nonce: base64 of at least 256 bits, 44 to 128 characters.
    #[schema(
        min_length = 44,
        max_length = 128,
        content_encoding = "base64",
        pattern = "^[A-Za-z0-9+/]+={0,2}$",
        example = "qXUhQ6YBOxv1iJHSd3gEWc8yNmFzT2pLkR5eZ7wA0bMC"
    )]
    pub nonce: String,
    /// The site that the token is for; a desktop program must name it, a page must not. Scheme, name and port as a
    /// browser writes them: no path, no final slash.
    #[schema(pattern = r"^https://[^/?#@\s]+$", example = "https://service.example")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// JWA name of an algorithm of the card's authentication key; `RS256` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^(RS|PS)(256|384|512)$")]
    pub algorithm: Option<String>,
    /// A session of this caller and this card, in which the code is not asked again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Seconds that the holder has, 1 to 600; 120 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 600)]
    pub timeout_seconds: Option<u32>,
}

/// `POST /v1/cards/{card}/sign`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignBody {
    /// `SHA-256`, `SHA-384` or `SHA-512`; what the card signs, its certificate tells in
    /// `signatureAlgorithms`.
    #[schema(pattern = "^SHA-(256|384|512)$", example = "SHA-256")]
    pub hash: String,
    /// JWA name of an algorithm of the card's signature key, with the same hash function; `RS256`,
    /// `RS384` or `RS512` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^(RS|PS)(256|384|512)$")]
    pub algorithm: Option<String>,
    /// What is to be signed: 1 to 100 digests, confirmed as one list.
    #[schema(min_items = 1, max_items = 100)]
    pub digests: Vec<DigestBody>,
    /// A session of this caller and this card, in which this is asked; the code is typed all the same, unless the policy
    /// of the machine says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Seconds that the holder has, 1 to 600; 120 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 600)]
    pub timeout_seconds: Option<u32>,
}

/// `POST /v1/cards/{card}/pin/change` and `/pin/unblock`. No code travels here: the holder types
/// them at the question that the agent puts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewPinBody {
    /// Seconds that the holder has, 1 to 600; 120 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 600)]
    pub timeout_seconds: Option<u32>,
}

/// `POST /v1/cards/{card}/activities`. The holder types the code at the question that the agent puts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ActivitiesBody {
    /// Seconds that the holder has, 1 to 600; 120 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 600)]
    pub timeout_seconds: Option<u32>,
}

/// One digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DigestBody {
    /// Base64 of the digest.
    #[schema(
        min_length = 44,
        max_length = 88,
        content_encoding = "base64",
        example = "9Lc1pdQUyGkL8sUvRfQqP1cIR5M3p5iYJY3x6qQmXJ8="
    )]
    pub value: String,
    /// What the holder is shown: the caller's own words, 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200, example = "Ordonnance du 21/11/2026")]
    pub description: String,
}

impl AuthenticateBody {
    /// How the token is to be signed.
    ///
    /// # Errors
    /// `bad-request` for `algorithm`.
    pub fn signature_algorithm(&self) -> Result<SignatureAlgorithm, OperationError> {
        let default = SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256);
        algorithm(self.algorithm.as_deref(), default)
    }

    /// How long the holder has.
    ///
    /// # Errors
    /// `bad-request` for `timeoutSeconds`.
    pub fn timeout(&self) -> Result<Duration, OperationError> {
        timeout(self.timeout_seconds)
    }
}

impl NewPinBody {
    /// How long the holder has.
    ///
    /// # Errors
    /// `bad-request` for `timeoutSeconds`.
    pub fn timeout(&self) -> Result<Duration, OperationError> {
        timeout(self.timeout_seconds)
    }
}

impl ActivitiesBody {
    /// How long the holder has.
    ///
    /// # Errors
    /// `bad-request` for `timeoutSeconds`.
    pub fn timeout(&self) -> Result<Duration, OperationError> {
        timeout(self.timeout_seconds)
    }
}

impl SignBody {
    /// How long the holder has.
    ///
    /// # Errors
    /// `bad-request` for `timeoutSeconds`.
    pub fn timeout(&self) -> Result<Duration, OperationError> {
        timeout(self.timeout_seconds)
    }

    /// Checks every digest.
    ///
    /// # Errors
    /// `bad-request` that names the field.
    pub fn to_request(&self) -> Result<SignRequest, OperationError> {
        let hash = [
            HashAlgorithm::Sha256,
            HashAlgorithm::Sha384,
            HashAlgorithm::Sha512,
        ]
        .into_iter()
        .find(|hash| hash.as_str() == self.hash)
        .ok_or_else(|| OperationError::bad_request("hash", Reason::HashUnknown))?;
        let default = SignatureAlgorithm::RsaPkcs1(hash);
        let algorithm = algorithm(self.algorithm.as_deref(), default)?;
        if algorithm.hash() != hash {
            return Err(OperationError::bad_request(
                "algorithm",
                Reason::AlgorithmUnknown,
            ));
        }
        if !(1..=MAXIMUM_DIGESTS).contains(&self.digests.len()) {
            return Err(OperationError::bad_request("digests", Reason::DigestCount));
        }
        let digests = self.digests.iter().enumerate();
        let digests = digests.map(|(index, digest)| digest.to_digest(index, hash));
        Ok(SignRequest {
            algorithm,
            digests: digests.collect::<Result<_, _>>()?,
            session: self.session.clone().map(SessionId),
        })
    }
}

impl DigestBody {
    fn to_digest(&self, index: usize, hash: HashAlgorithm) -> Result<DigestToSign, OperationError> {
        let wrong = |field: &str, reason| {
            OperationError::bad_request(format!("digests[{index}].{field}"), reason)
        };
        let value = from_base64(&self.value)
            .filter(|value| value.len() == hash.digest_len())
            .ok_or_else(|| wrong("value", Reason::DigestForm))?;
        let description = check_description(&self.description)
            .ok_or_else(|| wrong("description", Reason::DescriptionLength))?;
        Ok(DigestToSign {
            value,
            description: description.to_owned(),
        })
    }
}

/// A description that can be shown, without what surrounds it; `None` for an empty or a long one.
pub(crate) fn check_description(text: &str) -> Option<&str> {
    let text = text.trim();
    (1..=MAXIMUM_DESCRIPTION_LEN)
        .contains(&text.chars().count())
        .then_some(text)
}

fn algorithm(
    name: Option<&str>,
    default: SignatureAlgorithm,
) -> Result<SignatureAlgorithm, OperationError> {
    name.map_or(Some(default), SignatureAlgorithm::of_name)
        .ok_or_else(|| OperationError::bad_request("algorithm", Reason::AlgorithmUnknown))
}

/// How long the holder has.
pub(crate) fn timeout(seconds: Option<u32>) -> Result<Duration, OperationError> {
    seconds_of("timeoutSeconds", seconds.unwrap_or(DEFAULT_TIMEOUT_SECONDS))
}

/// The time that a field says.
pub(crate) fn seconds_of(field: &'static str, seconds: u32) -> Result<Duration, OperationError> {
    if (1..=MAXIMUM_TIMEOUT_SECONDS).contains(&seconds) {
        Ok(Duration::from_secs(u64::from(seconds)))
    } else {
        Err(OperationError::bad_request(field, Reason::TimeoutRange))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::to_base64;

    fn body(hash: &str, len: usize, description: &str) -> SignBody {
        SignBody {
            hash: hash.into(),
            algorithm: None,
            digests: vec![DigestBody {
                value: to_base64(&vec![7; len]),
                description: description.into(),
            }],
            session: None,
            timeout_seconds: None,
        }
    }

    fn field_of(body: &SignBody) -> String {
        body.to_request().unwrap_err().field.unwrap()
    }

    #[test]
    fn a_digest_has_the_length_of_its_algorithm() {
        for (hash, len) in [("SHA-256", 32), ("SHA-384", 48), ("SHA-512", 64)] {
            assert!(body(hash, len, "Ordonnance").to_request().is_ok());
            assert_eq!(
                field_of(&body(hash, len - 1, "Ordonnance")),
                "digests[0].value"
            );
        }
    }

    #[test]
    fn without_a_name_it_is_rsa_pkcs1_with_the_hash_that_was_given() {
        for (hash, len, name) in [
            ("SHA-256", 32, "RS256"),
            ("SHA-384", 48, "RS384"),
            ("SHA-512", 64, "RS512"),
        ] {
            let request = body(hash, len, "Ordonnance").to_request().unwrap();
            assert_eq!(request.algorithm.as_str(), name);
        }
    }

    #[test]
    fn an_algorithm_has_the_hash_function_of_the_digests() {
        let named = |hash: &str, len, name: &str| SignBody {
            algorithm: Some(name.into()),
            ..body(hash, len, "Ordonnance")
        };
        let request = named("SHA-256", 32, "PS256").to_request().unwrap();
        assert_eq!(request.algorithm.as_str(), "PS256");
        for (hash, len, name) in [
            ("SHA-256", 32, "PS384"),
            ("SHA-512", 64, "RS256"),
            ("SHA-256", 32, "ES256"),
            ("SHA-256", 32, "ps256"),
            ("SHA-256", 32, ""),
        ] {
            assert_eq!(field_of(&named(hash, len, name)), "algorithm", "{name}");
        }
    }

    #[test]
    fn a_wrong_hash_list_description_or_timeout_is_named() {
        assert_eq!(field_of(&body("SHA-1", 20, "Ordonnance")), "hash");
        assert_eq!(
            field_of(&body("SHA-256", 32, "  ")),
            "digests[0].description"
        );
        assert_eq!(
            field_of(&body("SHA-256", 32, &"é".repeat(201))),
            "digests[0].description"
        );
        let mut empty = body("SHA-256", 32, "Ordonnance");
        empty.digests.clear();
        assert_eq!(field_of(&empty), "digests");
        for seconds in [0, 601] {
            let error = timeout(Some(seconds)).unwrap_err();
            assert_eq!(error.field.as_deref(), Some("timeoutSeconds"));
        }
    }
}
