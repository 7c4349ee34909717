//! The two keys: security environment, signature, raw RSA with the padding made here, decipherment.

use card_apdu::{CommandApdu, ExpectedLen, ResponseApdu};
use igc_sante::KeyRole;
use secrets::SecretBytes;

use super::{CHANNEL_1, Cps4};
use crate::CardError;
use crate::card::{HashAlgorithm, Signable, SignatureAlgorithm, sha1_in_digest_info};
use crate::directory::Directory;
use crate::key_answers::{deciphered, done, signature};
use crate::rsa_padding::{RSA_2048_LEN, encode_type_1, remove_type_2};

/// How a key of this card signs.
enum Method {
    /// The card pads, by its own algorithm reference.
    Signature { algorithm: u8 },
    /// The card does the bare RSA operation; this hash function's DigestInfo is padded here.
    RawRsa(HashAlgorithm),
}

impl Method {
    fn of(role: KeyRole, algorithm: SignatureAlgorithm) -> Result<Self, CardError> {
        use HashAlgorithm::Sha256;
        use SignatureAlgorithm::{RsaPkcs1, RsaPss};
        match (role, algorithm) {
            (KeyRole::Technical, _) => Err(CardError::KeyAbsent(role)),
            (KeyRole::Authentication, RsaPkcs1(hash)) => Ok(Self::RawRsa(hash)),
            (KeyRole::Signature, RsaPkcs1(Sha256)) => Ok(Self::Signature {
                algorithm: SHA256_RSA_PKCS1,
            }),
            (KeyRole::Authentication | KeyRole::Signature, RsaPss(Sha256)) => Ok(Self::Signature {
                algorithm: SHA256_RSA_PSS,
            }),
            (KeyRole::Authentication | KeyRole::Signature, RsaPkcs1(_) | RsaPss(_)) => {
                Err(CardError::AlgorithmUnsupported)
            }
        }
    }
}

impl Cps4<'_> {
    pub(super) fn sign_with(
        &mut self,
        role: KeyRole,
        input: &Signable<'_>,
    ) -> Result<Vec<u8>, CardError> {
        input.check_digest_len()?;
        let digest;
        let (algorithm, value) = match input {
            Signable::Digest(finished) => (finished.algorithm, finished.value),
            Signable::Type1(bytes) => return self.sign_type_1(role, bytes),
            Signable::Message(algorithm, message) => {
                digest = algorithm.hash().digest(message);
                (*algorithm, digest.as_slice())
            }
        };
        let method = Method::of(role, algorithm)?;
        let reference = self.key(role)?.reference;
        match method {
            Method::Signature { algorithm } => self.where_the_keys_are(|card| {
                card.mse_set_signature(algorithm, reference)?;
                card.pso_compute_digital_signature(value)
            }),
            Method::RawRsa(hash) => self.sign_type_1(role, &hash.digest_info(value)),
        }
    }

    /// The bare RSA operation over bytes that are padded here; by the signature key, which does none, a signature
    /// over the digest in them.
    fn sign_type_1(&mut self, role: KeyRole, bytes: &[u8]) -> Result<Vec<u8>, CardError> {
        let reference = self.key(role)?.reference;
        if role == KeyRole::Signature {
            let digest = sha1_in_digest_info(bytes).ok_or(CardError::AlgorithmUnsupported)?;
            return self.where_the_keys_are(|card| {
                card.mse_set_signature(SHA1_RSA_PKCS1, reference)?;
                card.pso_compute_digital_signature(digest)
            });
        }
        if bytes.len() > MAXIMUM_TYPE_1_INPUT {
            return Err(CardError::AlgorithmUnsupported);
        }
        let block = encode_type_1(bytes)?;
        self.where_the_keys_are(|card| {
            card.mse_set_confidentiality(reference)?;
            signature(&card.pso_decipher(&block, false)?, "PSO DECIPHER")
        })
    }

    /// The card gives the whole block back; its padding is removed here, with one error for
    /// every fault of it.
    pub(super) fn decipher_with_authentication_key(
        &mut self,
        cryptogram: &[u8],
    ) -> Result<SecretBytes, CardError> {
        if cryptogram.len() != RSA_2048_LEN {
            return Err(CardError::AlgorithmUnsupported);
        }
        let key = self.key(KeyRole::Authentication)?;
        if !key.deciphers {
            return Err(CardError::AlgorithmUnsupported);
        }
        let reference = key.reference;
        self.enter_application()?;
        self.mse_set_confidentiality(reference)?;
        let response = self.pso_decipher(cryptogram, true)?;
        remove_type_2(deciphered(&response)?).ok_or(CardError::NotDeciphered)
    }

    /// MSE SET of the digital signature template (ISO/IEC 7816-4, 11.5.11), in the form of this
    /// applet: P1 = 81, and tag 91 with algorithm and key.
    fn mse_set_signature(&mut self, algorithm: u8, reference: u8) -> Result<(), CardError> {
        let key = reference | KEY_IN_SIGNATURE_TEMPLATE;
        let command = CommandApdu::new(CHANNEL_1, MANAGE_SECURITY_ENVIRONMENT, 0x81, 0xB6)
            .with_data([0x91, 0x02, algorithm, key]);
        done(&self.channel.transmit(&command)?, "MSE SET")
    }

    /// MSE SET of the confidentiality template, by key alone.
    fn mse_set_confidentiality(&mut self, reference: u8) -> Result<(), CardError> {
        let key = reference & !KEY_IN_SIGNATURE_TEMPLATE;
        let command = CommandApdu::new(CHANNEL_1, MANAGE_SECURITY_ENVIRONMENT, 0x41, 0xB8)
            .with_data([0x83, 0x01, key]);
        done(&self.channel.transmit(&command)?, "MSE SET")
    }

    /// GET CHALLENGE (ISO/IEC 7816-4, 11.5.3): eight bytes, and no other number.
    pub(super) fn get_challenge(&mut self) -> Result<Vec<u8>, CardError> {
        let command = CommandApdu::new(CHANNEL_1, GET_CHALLENGE, 0x00, 0x00)
            .with_le(ExpectedLen::Exactly(CHALLENGE_LEN));
        let response = self.channel.transmit(&command)?;
        done(&response, "GET CHALLENGE")?;
        match response.data() {
            bytes if bytes.len() == usize::from(CHALLENGE_LEN) => Ok(bytes.to_vec()),
            _ => Err(CardError::malformed("random bytes")),
        }
    }

    /// PSO COMPUTE DIGITAL SIGNATURE (ISO/IEC 7816-8, 11.7) of a finished digest.
    fn pso_compute_digital_signature(&mut self, digest: &[u8]) -> Result<Vec<u8>, CardError> {
        let command = CommandApdu::new(CHANNEL_1, PERFORM_SECURITY_OPERATION, 0x9E, 0x9A)
            .with_data(digest)
            .with_le(ExpectedLen::AsMuchAsPossible);
        signature(
            &self.channel.transmit(&command)?,
            "PSO COMPUTE DIGITAL SIGNATURE",
        )
    }

    /// PSO DECIPHER (ISO/IEC 7816-8, 11.11) as the bare RSA operation: 256 bytes in a chain of
    /// two commands, without padding indicator.
    fn pso_decipher(&mut self, block: &[u8], is_secret: bool) -> Result<ResponseApdu, CardError> {
        let mut command = CommandApdu::new(CHANNEL_1, PERFORM_SECURITY_OPERATION, 0x80, 0x86)
            .with_data(block)
            .with_le(ExpectedLen::AsMuchAsPossible);
        if is_secret {
            command = command.with_secret_response();
        }
        Ok(self.channel.transmit(&command)?)
    }
}

const MANAGE_SECURITY_ENVIRONMENT: u8 = 0x22;
const PERFORM_SECURITY_OPERATION: u8 = 0x2A;
const GET_CHALLENGE: u8 = 0x84;
const CHALLENGE_LEN: u16 = 8;
/// What leaves eight bytes of padding and three others (RFC 8017, 9.2).
const MAXIMUM_TYPE_1_INPUT: usize = RSA_2048_LEN - 11;
/// Algorithm references of the applet.
const SHA256_RSA_PKCS1: u8 = 0x28;
const SHA1_RSA_PKCS1: u8 = 0x0A;
const SHA256_RSA_PSS: u8 = 0x2C;
/// The signature template takes a key reference with its high bit, the confidentiality template without.
const KEY_IN_SIGNATURE_TEMPLATE: u8 = 0x80;
