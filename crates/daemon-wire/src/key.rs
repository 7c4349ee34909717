//! What programs of PKCS#11 ask for on the user's socket: a key's signature or what it deciphers, the names of objects, random bytes.

use std::time::Duration;

use daemon_types::{
    CertificateSummary, DataRequest, DecipherRequest, KeyAlgorithm, KeyRole, KeySignRequest,
    OperationError, Reason, SessionId, SignatureAlgorithm, TokenObject, TokenObjectKind,
    TokenObjects,
};
use secrets::SecretBytes;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::request::{check_description, timeout};
use crate::{card, from_base64, to_base64};

/// `POST /v1/cards/{card}/login`. The holder types the code at the question that the agent puts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoginBody {
    /// Seconds that the holder has, 1 to 600; 120 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 600)]
    pub timeout_seconds: Option<u32>,
}

impl LoginBody {
    /// How long the holder has.
    ///
    /// # Errors
    /// `bad-request` for `timeoutSeconds`.
    pub fn timeout(&self) -> Result<Duration, OperationError> {
        timeout(self.timeout_seconds)
    }
}

/// `POST /v1/cards/{card}/keys/{role}/sign`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeySignBody {
    /// JWA name of an algorithm of this key; or `RSA-PKCS1`, which puts PKCS#1 type 1 padding around the bytes as
    /// they are, such as a DigestInfo (`CKM_RSA_PKCS` of PKCS#11).
    #[schema(pattern = "^((RS|PS)(256|384|512)|RSA-PKCS1)$", example = "RSA-PKCS1")]
    pub algorithm: String,
    /// Base64 of the digest, or of at most 245 bytes to be padded; a CPS3 takes 102 of these.
    #[schema(
        min_length = 4,
        max_length = 328,
        content_encoding = "base64",
        example = "9Lc1pdQUyGkL8sUvRfQqP1cIR5M3p5iYJY3x6qQmXJ8="
    )]
    pub value: String,
    /// What the holder is shown where the signature key signs: the caller's own words, 1 to 200 characters;
    /// `PKCS#11` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 200)]
    pub description: Option<String>,
    /// A log-in of this process to this card, in which the authentication key asks nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Seconds that the holder has, 1 to 600; 120 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 600)]
    pub timeout_seconds: Option<u32>,
}

impl KeySignBody {
    /// The name of PKCS#1 type 1 padding around bytes as they are.
    pub const RSA_TYPE_1: &str = "RSA-PKCS1";

    /// A request for one signature, in a log-in where there is one, for which the holder has so many seconds.
    #[must_use]
    pub fn new(algorithm: &str, value: &[u8], session: Option<String>, seconds: u32) -> Self {
        Self {
            algorithm: algorithm.into(),
            value: to_base64(value),
            description: None,
            session,
            timeout_seconds: Some(seconds),
        }
    }

    /// How long the holder has.
    ///
    /// # Errors
    /// `bad-request` for `timeoutSeconds`.
    pub fn timeout(&self) -> Result<Duration, OperationError> {
        timeout(self.timeout_seconds)
    }

    /// Checks algorithm, value and description.
    ///
    /// # Errors
    /// `bad-request` that names the field.
    pub fn to_request(&self, role: KeyRole) -> Result<KeySignRequest, OperationError> {
        let algorithm = match self.algorithm.as_str() {
            Self::RSA_TYPE_1 => KeyAlgorithm::RsaType1,
            name => SignatureAlgorithm::of_name(name)
                .map(KeyAlgorithm::Signature)
                .ok_or_else(|| {
                    OperationError::bad_request("algorithm", Reason::AlgorithmUnknown)
                })?,
        };
        let fits = |value: &Vec<u8>| match algorithm {
            KeyAlgorithm::Signature(algorithm) => value.len() == algorithm.hash().digest_len(),
            KeyAlgorithm::RsaType1 => (1..=MOST_TYPE_1_BYTES).contains(&value.len()),
        };
        let value = from_base64(&self.value).filter(fits);
        let value =
            value.ok_or_else(|| OperationError::bad_request("value", Reason::KeyValueForm))?;
        let description = self.description.as_deref().unwrap_or(DEFAULT_DESCRIPTION);
        Ok(KeySignRequest {
            role,
            algorithm,
            value,
            description: check_description(description)
                .ok_or_else(|| {
                    OperationError::bad_request("description", Reason::DescriptionLength)
                })?
                .to_owned(),
            session: self.session.clone().map(SessionId),
        })
    }
}

/// The key of this name in a path; `None` for any other name.
#[must_use]
pub fn key_role_of_name(name: &str) -> Option<KeyRole> {
    [
        KeyRole::Authentication,
        KeyRole::Signature,
        KeyRole::Technical,
    ]
    .into_iter()
    .find(|role| card::role_name(*role) == name)
}

/// The signature of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeySignatureBody {
    /// Base64.
    #[schema(content_encoding = "base64")]
    pub signature: String,
}

impl KeySignatureBody {
    /// A signature.
    #[must_use]
    pub fn new(signature: &[u8]) -> Self {
        Self {
            signature: to_base64(signature),
        }
    }

    /// Its bytes; `None` where it is no base64.
    #[must_use]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        from_base64(&self.signature)
    }
}

/// `POST /v1/cards/{card}/keys/authentication/decipher`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DecipherBody {
    /// Base64 of 256 bytes that were enciphered for the certificate by RSAES-PKCS1-v1_5 (RFC 8017, 7.2).
    #[schema(min_length = 344, max_length = 344, content_encoding = "base64")]
    pub cryptogram: String,
    /// A log-in of this process to this card, in which nobody is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Seconds that the holder has, 1 to 600; 120 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 600)]
    pub timeout_seconds: Option<u32>,
}

impl DecipherBody {
    /// Bytes of a cryptogram: as many as the modulus of every key has.
    pub const CRYPTOGRAM_LEN: usize = 256;

    /// A request, in a log-in where there is one, for which the holder has so many seconds.
    #[must_use]
    pub fn new(cryptogram: &[u8], session: Option<String>, seconds: u32) -> Self {
        Self {
            cryptogram: to_base64(cryptogram),
            session,
            timeout_seconds: Some(seconds),
        }
    }

    /// How long the holder has.
    ///
    /// # Errors
    /// `bad-request` for `timeoutSeconds`.
    pub fn timeout(&self) -> Result<Duration, OperationError> {
        timeout(self.timeout_seconds)
    }

    /// Checks the cryptogram's length.
    ///
    /// # Errors
    /// `bad-request` for `cryptogram`.
    pub fn to_request(&self) -> Result<DecipherRequest, OperationError> {
        let cryptogram = from_base64(&self.cryptogram);
        let cryptogram = cryptogram.filter(|bytes| bytes.len() == Self::CRYPTOGRAM_LEN);
        Ok(DecipherRequest {
            cryptogram: cryptogram
                .ok_or_else(|| OperationError::bad_request("cryptogram", Reason::CryptogramForm))?,
            session: self.session.clone().map(SessionId),
        })
    }
}

/// What was deciphered. It is no `Serialize`: [`to_json`](Self::to_json) gives it as bytes that are wiped.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DecipheredBody {
    /// Base64, without the padding of RSA.
    #[serde(deserialize_with = "wiped_base64")]
    #[schema(value_type = String, content_encoding = "base64")]
    pub plaintext: SecretBytes,
}

impl DecipheredBody {
    /// The JSON of it.
    #[must_use]
    pub fn to_json(&self) -> SecretBytes {
        let base64 = SecretBytes::from_vec(to_base64(self.plaintext.expose()).into_bytes());
        // Base64 has nothing that JSON would escape.
        SecretBytes::from_vec([br#"{"plaintext":""#, base64.expose(), br#""}"#].concat())
    }
}

fn wiped_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretBytes, D::Error> {
    let text = SecretBytes::from_vec(String::deserialize(deserializer)?.into_bytes());
    let bytes = std::str::from_utf8(text.expose())
        .ok()
        .and_then(from_base64);
    let bytes = bytes.ok_or_else(|| serde::de::Error::custom("no base64"))?;
    Ok(SecretBytes::from_vec(bytes))
}

/// `POST /v1/cards/{card}/data`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DataBody {
    /// The label of a data object, as the card lists it.
    #[schema(example = "CPS_NAME_PS")]
    pub label: String,
    /// A log-in of this process to this card: a private object is told in one alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

impl DataBody {
    /// How long the holder has where the card knows of the log-in's code no more.
    pub const TIME: Duration = Duration::from_secs(120);

    /// What is asked.
    #[must_use]
    pub fn to_request(&self) -> DataRequest {
        DataRequest {
            label: self.label.clone(),
            session: self.session.clone().map(SessionId),
        }
    }
}

/// The bytes of a data object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataValueBody {
    /// Base64; as many bytes as the file on the card has.
    #[schema(content_encoding = "base64")]
    pub value: String,
}

impl DataValueBody {
    /// These bytes.
    #[must_use]
    pub fn new(value: &[u8]) -> Self {
        Self {
            value: to_base64(value),
        }
    }

    /// The bytes; `None` where they are no base64.
    #[must_use]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        from_base64(&self.value)
    }
}

/// `POST /v1/cards/{card}/random`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RandomBody {
    /// How many bytes, 1 to 256.
    #[schema(minimum = 1, maximum = 256)]
    pub length: u32,
}

impl RandomBody {
    /// Most bytes of one call.
    pub const MOST: u32 = 256;

    /// How many bytes.
    ///
    /// # Errors
    /// `bad-request` for `length`.
    pub fn bytes(&self) -> Result<usize, OperationError> {
        let len = usize::try_from(self.length).ok();
        let len = len.filter(|_| (1..=Self::MOST).contains(&self.length));
        len.ok_or_else(|| OperationError::bad_request("length", Reason::RandomLength))
    }
}

/// Random bytes of a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RandomBytesBody {
    /// Base64.
    #[schema(content_encoding = "base64")]
    pub bytes: String,
}

impl RandomBytesBody {
    /// These bytes.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self {
            bytes: to_base64(bytes),
        }
    }

    /// The bytes; `None` where they are no base64.
    #[must_use]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        from_base64(&self.bytes)
    }
}

/// `GET /v1/cards/{card}/objects`: the card's names for itself and for what is on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectList {
    /// The card's name for itself; null where it has none.
    pub label: Option<String>,
    /// Who made it, by its own word; null where it has none.
    pub manufacturer: Option<String>,
    /// The serial number that it gives itself.
    pub serial_number: String,
    /// Private keys, then certificates, then data, each in the card's order.
    pub objects: Vec<ObjectBody>,
}

/// An object that the card lists by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectBody {
    /// `privateKey`, `certificate` or `data`.
    #[schema(pattern = "^(privateKey|certificate|data)$")]
    pub kind: String,
    /// Its name.
    pub label: String,
    /// Base64 of the identifier that a key and its certificate share; empty for data.
    #[schema(content_encoding = "base64")]
    pub id: String,
    /// `authentication`, `signature` or `technical`, for a key or certificate that can be used.
    #[schema(pattern = "^(authentication|signature|technical)$")]
    pub role: Option<String>,
    /// Whether it is behind the holder's code.
    pub private: bool,
    /// The application that data are of, where the card names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// The object identifier of data, base64 of DER, where the card has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(content_encoding = "base64")]
    pub object_id: Option<String>,
    /// The certificate, base64 of DER.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(content_encoding = "base64")]
    pub certificate: Option<String>,
}

impl ObjectList {
    /// What a card lists, with those of its certificates that can be used.
    #[must_use]
    pub fn new(found: &TokenObjects, certificates: &[CertificateSummary]) -> Self {
        let objects = found.objects.iter();
        Self {
            label: found.label.clone(),
            manufacturer: found.manufacturer.clone(),
            serial_number: found.serial_number.clone(),
            objects: objects
                .map(|object| ObjectBody::new(object, certificates))
                .collect(),
        }
    }
}

impl ObjectBody {
    fn new(object: &TokenObject, certificates: &[CertificateSummary]) -> Self {
        let certificate = (object.kind == TokenObjectKind::Certificate)
            .then(|| certificates.iter().find(|of| Some(of.role) == object.role))
            .flatten();
        Self {
            kind: match object.kind {
                TokenObjectKind::PrivateKey => Self::PRIVATE_KEY,
                TokenObjectKind::Certificate => Self::CERTIFICATE,
                TokenObjectKind::Data => Self::DATA,
            }
            .into(),
            label: object.label.clone(),
            id: to_base64(&object.id),
            role: object.role.map(|role| card::role_name(role).to_owned()),
            private: object.is_private,
            application: object.application.clone(),
            object_id: object.object_id.as_deref().map(to_base64),
            certificate: certificate.map(|certificate| to_base64(&certificate.der)),
        }
    }

    /// The kind of a private key.
    pub const PRIVATE_KEY: &str = "privateKey";
    /// The kind of a certificate.
    pub const CERTIFICATE: &str = "certificate";
    /// The kind of bytes of an application.
    pub const DATA: &str = "data";

    /// The bytes of its identifier; `None` where it is no base64.
    #[must_use]
    pub fn id_bytes(&self) -> Option<Vec<u8>> {
        from_base64(&self.id)
    }

    /// The object identifier, DER, where there is one.
    #[must_use]
    pub fn object_id_der(&self) -> Option<Vec<u8>> {
        from_base64(self.object_id.as_deref()?)
    }

    /// The certificate, DER, where it is one that can be used.
    #[must_use]
    pub fn certificate_der(&self) -> Option<Vec<u8>> {
        from_base64(self.certificate.as_deref()?)
    }
}

/// What leaves eight bytes of padding and three others in a modulus of 2048 bits (RFC 8017, 9.2).
const MOST_TYPE_1_BYTES: usize = 245;
const DEFAULT_DESCRIPTION: &str = "PKCS#11";

#[cfg(test)]
mod tests {
    use super::*;

    fn body(algorithm: &str, len: usize) -> KeySignBody {
        KeySignBody {
            algorithm: algorithm.into(),
            value: to_base64(&vec![7; len]),
            description: None,
            session: None,
            timeout_seconds: None,
        }
    }

    #[test]
    fn a_value_is_as_long_as_its_algorithm_takes() {
        for (algorithm, len, fits) in [
            ("RS256", 32, true),
            ("RS256", 31, false),
            ("PS256", 32, true),
            ("RS512", 32, false),
            ("RSA-PKCS1", 1, true),
            ("RSA-PKCS1", 245, true),
            ("RSA-PKCS1", 0, false),
            ("RSA-PKCS1", 246, false),
        ] {
            let request = body(algorithm, len).to_request(KeyRole::Authentication);
            assert_eq!(request.is_ok(), fits, "{algorithm} {len}");
        }
    }

    #[test]
    fn a_cryptogram_is_as_long_as_the_modulus() {
        for (len, fits) in [(0, false), (255, false), (256, true), (257, false)] {
            let request = DecipherBody::new(&vec![7; len], None, 1).to_request();
            let field = request.as_ref().err().and_then(|error| error.field.clone());
            assert_eq!(request.is_ok(), fits, "{len}");
            assert_eq!(field.is_none(), fits, "{len}");
        }
    }

    #[test]
    fn what_was_deciphered_is_the_same_after_the_wire_and_never_printed() {
        for plaintext in [&b""[..], b"a", b"secret", &[0xFF; 245]] {
            let plaintext = SecretBytes::copy_from(plaintext);
            let body = DecipheredBody { plaintext };
            let read: DecipheredBody = serde_json::from_slice(body.to_json().expose()).unwrap();
            assert_eq!(read.plaintext, body.plaintext);
            assert_eq!(
                format!("{body:?}"),
                "DecipheredBody { plaintext: [redacted] }"
            );
        }
    }

    #[test]
    fn an_unknown_algorithm_is_named() {
        let error = body("RS1", 32).to_request(KeyRole::Signature).unwrap_err();
        assert_eq!(error.field.as_deref(), Some("algorithm"));
    }

    #[test]
    fn a_role_is_known_by_its_name_alone() {
        assert_eq!(key_role_of_name("signature"), Some(KeyRole::Signature));
        assert_eq!(key_role_of_name("Signature"), None);
        assert_eq!(key_role_of_name(""), None);
    }

    #[test]
    fn random_bytes_are_at_least_one_and_at_most_256() {
        for (length, fits) in [(0, false), (1, true), (256, true), (257, false)] {
            assert_eq!(RandomBody { length }.bytes().is_ok(), fits, "{length}");
        }
    }
}
