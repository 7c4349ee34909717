//! The two keys: security environment, signature, authentication, decipherment.

use card_apdu::{CommandApdu, ExpectedLen, StatusWord};
use igc_sante::KeyRole;
use secrets::SecretBytes;
use sha2::digest::generic_array::GenericArray;
use sha2::{Digest as _, Sha256, compress256};

use super::Cps3;
use crate::CardError;
use crate::card::{Digest, HashAlgorithm, Signable, SignatureAlgorithm, sha1_in_digest_info};
use crate::directory::Directory;
use crate::key_answers::{deciphered, done, signature};
use crate::rsa_padding::RSA_2048_LEN;

impl Cps3<'_> {
    pub(super) fn sign_with(
        &mut self,
        role: KeyRole,
        input: &Signable<'_>,
    ) -> Result<Vec<u8>, CardError> {
        input.check_digest_len()?;
        let reference = self.key(role)?.reference;
        self.where_the_keys_are(|card| match (role, input) {
            (KeyRole::Authentication | KeyRole::Technical, Signable::Digest(digest)) => {
                card.authenticate_digest(reference, digest)
            }
            (KeyRole::Authentication | KeyRole::Technical, Signable::Type1(bytes)) => {
                card.internal_authenticate(reference, bytes)
            }
            (KeyRole::Signature, Signable::Digest(digest)) => {
                card.sign_finished_digest(reference, digest)
            }
            (KeyRole::Signature, Signable::Message(RSA_SHA256, message)) => {
                card.sign_message(reference, message)
            }
            (KeyRole::Signature, Signable::Type1(bytes)) => {
                let digest = sha1_in_digest_info(bytes);
                let digest = digest.ok_or(CardError::AlgorithmUnsupported)?;
                card.mse_set_signature(SHA1_RSA_PKCS1, reference)?;
                card.pso_compute_digital_signature(digest)
            }
            (_, Signable::Message(..)) => Err(CardError::AlgorithmUnsupported),
        })
    }

    fn authenticate_digest(
        &mut self,
        reference: u8,
        digest: &Digest<'_>,
    ) -> Result<Vec<u8>, CardError> {
        let SignatureAlgorithm::RsaPkcs1(hash) = digest.algorithm else {
            return Err(CardError::AlgorithmUnsupported);
        };
        self.internal_authenticate(reference, &hash.digest_info(digest.value))
    }

    /// INTERNAL AUTHENTICATE (ISO/IEC 7816-4, 11.5.2): the card adds PKCS#1 type 1 padding.
    fn internal_authenticate(&mut self, reference: u8, bytes: &[u8]) -> Result<Vec<u8>, CardError> {
        if !(1..=MAXIMUM_AUTHENTICATION_INPUT).contains(&bytes.len()) {
            return Err(CardError::AlgorithmUnsupported);
        }
        self.mse_set(
            AUTHENTICATION_TEMPLATE,
            &[0x80, 0x01, RSA_PKCS1, 0x84, 0x01, reference],
        )?;
        let command = CommandApdu::new(0x00, INTERNAL_AUTHENTICATE, 0x00, 0x00)
            .with_data(bytes)
            .with_le(ExpectedLen::AsMuchAsPossible);
        let response = self.channel.transmit(&command)?;
        signature(&response, "INTERNAL AUTHENTICATE")
    }

    /// Form A: the finished digest goes into the command.
    fn sign_finished_digest(
        &mut self,
        reference: u8,
        digest: &Digest<'_>,
    ) -> Result<Vec<u8>, CardError> {
        if digest.algorithm != RSA_SHA256 {
            return Err(CardError::AlgorithmUnsupported);
        }
        self.mse_set_signature(SHA256_RSA_PKCS1, reference)?;
        self.pso_compute_digital_signature(digest.value)
    }

    /// Form A, and form B where the card insists on hashing the last block itself.
    fn sign_message(&mut self, reference: u8, message: &[u8]) -> Result<Vec<u8>, CardError> {
        let value = Sha256::digest(message);
        let digest = Digest {
            algorithm: RSA_SHA256,
            value: &value,
        };
        match self.sign_finished_digest(reference, &digest) {
            Err(CardError::Refused { sw, .. }) if wants_the_last_block(sw) => {
                self.mse_set(HASH_TEMPLATE, &[0x80, 0x01, SHA256])?;
                self.pso_hash(message)?;
                self.mse_set_signature(SHA256_RSA_PKCS1, reference)?;
                self.pso_compute_digital_signature(&[])
            }
            outcome => outcome,
        }
    }

    fn mse_set_signature(&mut self, algorithm: u8, reference: u8) -> Result<(), CardError> {
        let template = [0x80, 0x01, algorithm, 0x84, 0x01, reference];
        self.mse_set(SIGNATURE_TEMPLATE, &template)
    }

    /// MSE SET for computation (ISO/IEC 7816-4, 11.5.11).
    fn mse_set(&mut self, template: u8, data: &[u8]) -> Result<(), CardError> {
        let command =
            CommandApdu::new(0x00, MANAGE_SECURITY_ENVIRONMENT, 0x41, template).with_data(data);
        let response = self.channel.transmit(&command)?;
        done(&response, "MSE SET")
    }

    /// PSO HASH with the state of all full blocks but the last (ISO/IEC 7816-8, 11.8).
    fn pso_hash(&mut self, message: &[u8]) -> Result<(), CardError> {
        let (intermediate, tail) = intermediate_hash(message);
        let tail_len = u8::try_from(tail.len())
            .map_err(|_| CardError::Bug("the last block of a hash is over 64 bytes"))?;
        let state_len = u8::try_from(intermediate.len())
            .map_err(|_| CardError::Bug("the state of a hash is over 40 bytes"))?;
        let data = [
            &[0x90, state_len],
            &intermediate[..],
            &[0x80, tail_len],
            tail,
        ]
        .concat();
        let command =
            CommandApdu::new(0x00, PERFORM_SECURITY_OPERATION, 0x90, 0xA0).with_data(data);
        let response = self.channel.transmit(&command)?;
        done(&response, "PSO HASH")
    }

    /// GET CHALLENGE (ISO/IEC 7816-4, 11.5.3): eight bytes, and no other number.
    pub(super) fn get_challenge(&mut self) -> Result<Vec<u8>, CardError> {
        let command = CommandApdu::new(0x00, GET_CHALLENGE, 0x00, 0x00)
            .with_le(ExpectedLen::Exactly(CHALLENGE_LEN));
        let response = self.channel.transmit(&command)?;
        done(&response, "GET CHALLENGE")?;
        match response.data() {
            bytes if bytes.len() == usize::from(CHALLENGE_LEN) => Ok(bytes.to_vec()),
            _ => Err(CardError::malformed("random bytes")),
        }
    }

    /// PSO COMPUTE DIGITAL SIGNATURE (ISO/IEC 7816-8, 11.7).
    fn pso_compute_digital_signature(&mut self, digest: &[u8]) -> Result<Vec<u8>, CardError> {
        let command = CommandApdu::new(0x00, PERFORM_SECURITY_OPERATION, 0x9E, 0x9A)
            .with_data(digest)
            .with_le(ExpectedLen::AsMuchAsPossible);
        let response = self.channel.transmit(&command)?;
        signature(&response, "PSO COMPUTE DIGITAL SIGNATURE")
    }

    /// PSO DECIPHER (ISO/IEC 7816-8, 11.11) with padding indicator 81; the card removes the padding.
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
        self.select_application()?;
        let template = [0x80, 0x01, RSA_PKCS1_DECIPHER, 0x84, 0x01, reference];
        self.mse_set(CONFIDENTIALITY_TEMPLATE, &template)?;
        let command = CommandApdu::new(0x00, PERFORM_SECURITY_OPERATION, 0x80, 0x86)
            .with_data([&[0x81], cryptogram].concat())
            .with_le(ExpectedLen::AsMuchAsPossible)
            .with_secret_response();
        let response = self.channel.transmit(&command)?;
        deciphered(&response).map(SecretBytes::copy_from)
    }
}

/// State and bit count after all full blocks that leave 1 to 64 bytes, and those bytes.
///
/// A message of one block or less has no state at all.
fn intermediate_hash(message: &[u8]) -> (Vec<u8>, &[u8]) {
    let full_blocks = message.len().saturating_sub(1) / SHA256_BLOCK_LEN;
    let (head, tail) = message
        .split_at_checked(full_blocks * SHA256_BLOCK_LEN)
        .unwrap_or((&[], message));
    if head.is_empty() {
        return (Vec::new(), tail);
    }
    let mut state = SHA256_INITIAL_STATE;
    for block in head.chunks_exact(SHA256_BLOCK_LEN) {
        compress256(&mut state, &[*GenericArray::from_slice(block)]);
    }
    let bits = u64::try_from(head.len())
        .unwrap_or(u64::MAX)
        .saturating_mul(8);
    let words = state.iter().flat_map(|word| word.to_be_bytes());
    (words.chain(bits.to_be_bytes()).collect(), tail)
}

/// The answers by which a card would refuse a digest that it did not finish itself (cards.md, 4.4).
fn wants_the_last_block(sw: StatusWord) -> bool {
    matches!(
        sw,
        StatusWord::WRONG_DATA | StatusWord::CONDITIONS_OF_USE_NOT_SATISFIED
    )
}

const RSA_SHA256: SignatureAlgorithm = SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256);
const MANAGE_SECURITY_ENVIRONMENT: u8 = 0x22;
const PERFORM_SECURITY_OPERATION: u8 = 0x2A;
const GET_CHALLENGE: u8 = 0x84;
const CHALLENGE_LEN: u16 = 8;
const INTERNAL_AUTHENTICATE: u8 = 0x88;
/// At most 40 % of the modulus (cards.md, 4.5).
const MAXIMUM_AUTHENTICATION_INPUT: usize = 102;
/// Control reference templates, P2 of MSE SET.
const AUTHENTICATION_TEMPLATE: u8 = 0xA4;
const HASH_TEMPLATE: u8 = 0xAA;
const SIGNATURE_TEMPLATE: u8 = 0xB6;
const CONFIDENTIALITY_TEMPLATE: u8 = 0xB8;
/// Algorithm references of IAS-ECC.
const RSA_PKCS1: u8 = 0x02;
const RSA_PKCS1_DECIPHER: u8 = 0x1A;
const SHA256: u8 = 0x40;
const SHA256_RSA_PKCS1: u8 = 0x42;
const SHA1_RSA_PKCS1: u8 = 0x12;
const SHA256_BLOCK_LEN: usize = 64;
/// FIPS 180-4, 5.3.3.
const SHA256_INITIAL_STATE: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The state and tail that the official module sends for 200 bytes of "hello CPS " repeated (its trace).
    #[test]
    fn the_intermediate_hash_is_the_one_that_the_official_module_sends() {
        let message: Vec<u8> = b"hello CPS ".iter().copied().cycle().take(200).collect();
        let (state, tail) = intermediate_hash(&message);
        assert_eq!(state[..8], [0x79, 0x09, 0xAF, 0xEC, 0x95, 0x9C, 0xFF, 0x91]);
        assert_eq!(state[32..], [0, 0, 0, 0, 0, 0, 6, 0]);
        assert_eq!(tail, b"llo CPS ");
    }

    #[test]
    fn one_block_or_less_has_no_state() {
        for len in [0usize, 1, 63, 64] {
            let message = vec![7; len];
            let (state, tail) = intermediate_hash(&message);
            assert!(state.is_empty());
            assert_eq!(tail.len(), len);
        }
        assert_eq!(intermediate_hash(&[7; 65]).1.len(), 1);
    }
}
