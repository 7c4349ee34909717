//! PERFORM SECURITY OPERATION (ISO/IEC 7816-8, 11) and INTERNAL AUTHENTICATE (7816-4, 11.5.2).

use card_apdu::{CommandApdu, StatusWord};

use super::applet::Applet;
use super::hashing;
use super::private_keys::{KeyOperation, condition};
use crate::transmission::Outcome;

impl Applet {
    /// PSO: COMPUTE DIGITAL SIGNATURE (9E9A), HASH (90A0), DECIPHER (8086).
    pub(super) fn perform_security_operation(&mut self, command: &CommandApdu) -> Outcome {
        match (command.p1(), command.p2()) {
            (0x9E, 0x9A) => self.compute_digital_signature(command.data()),
            (0x90, 0xA0) => self.hash(command.data()),
            DECIPHER => self.decipher(command.data()),
            _ => Err(StatusWord::WRONG_P1_P2),
        }
    }

    /// INTERNAL AUTHENTICATE: the data, at most 40 % of the modulus, in PKCS#1 type 1 padding.
    pub(super) fn internal_authenticate(&mut self, command: &CommandApdu) -> Outcome {
        if (command.p1(), command.p2()) != (0, 0) {
            return Err(StatusWord::WRONG_P1_P2);
        }
        let key = self
            .volatile
            .environment
            .authentication
            .ok_or(NO_ENVIRONMENT)?;
        self.require(condition(key, KeyOperation::InternalAuthenticate))?;
        if !(1..=MAXIMUM_AUTHENTICATION_INPUT).contains(&command.data().len()) {
            return Err(StatusWord::WRONG_LENGTH);
        }
        self.key_pairs
            .authenticate(key, command.data())
            .map_err(|_| StatusWord::WRONG_DATA)
    }

    /// One part of a cryptogram that comes in several commands (class 10).
    pub(super) fn chain_cryptogram(&mut self, mut so_far: Vec<u8>, part: &[u8]) -> Outcome {
        so_far.extend_from_slice(part);
        if so_far.len() > CRYPTOGRAM_LEN {
            return Err(StatusWord::WRONG_LENGTH);
        }
        self.volatile.chain = Some(so_far);
        Ok(Vec::new())
    }

    /// Form A: the finished hash is the data. Form B: no data, PSO HASH came before; its hash stays
    /// until a signature succeeds, because the official module repeats only this command after 6982.
    fn compute_digital_signature(&mut self, data: &[u8]) -> Outcome {
        let (key, algorithm) = self.volatile.environment.signature.ok_or(NO_ENVIRONMENT)?;
        self.require(condition(key, KeyOperation::Sign))?;
        let hash = match (data, &self.volatile.environment.finished_hash) {
            ([], Some((of, hash))) if *of == algorithm => hash.as_slice(),
            ([], _) => return Err(StatusWord::CONDITIONS_OF_USE_NOT_SATISFIED),
            (hash, _) if self.takes_finished_hash && hash.len() == algorithm.len() => hash,
            _ => return Err(StatusWord::WRONG_DATA),
        };
        let signature = self
            .key_pairs
            .sign_pkcs1(key, algorithm, hash)
            .map_err(|_| StatusWord::WRONG_DATA)?;
        self.volatile.environment.finished_hash = None;
        Ok(signature)
    }

    fn hash(&mut self, data: &[u8]) -> Outcome {
        let algorithm = self.volatile.environment.hash.ok_or(NO_ENVIRONMENT)?;
        let hash = hashing::finish(algorithm, data).ok_or(StatusWord::WRONG_DATA)?;
        self.volatile.environment.finished_hash = Some((algorithm, hash));
        Ok(Vec::new())
    }

    /// Padding indicator 81, then the cryptogram; the answer has no padding any more.
    fn decipher(&mut self, data: &[u8]) -> Outcome {
        let key = self
            .volatile
            .environment
            .confidentiality
            .ok_or(NO_ENVIRONMENT)?;
        self.require(condition(key, KeyOperation::Decipher))?;
        let [PADDING_INDICATOR, cryptogram @ ..] = data else {
            return Err(StatusWord::WRONG_DATA);
        };
        self.key_pairs
            .decipher(key, cryptogram)
            .map_err(|_| StatusWord::WRONG_DATA)
    }
}

/// P1 and P2 of PSO DECIPHER, the one command that this card takes in a chain.
pub(super) const DECIPHER: (u8, u8) = (0x80, 0x86);

/// 6985: no template was set for the operation.
const NO_ENVIRONMENT: StatusWord = StatusWord::CONDITIONS_OF_USE_NOT_SATISFIED;
const PADDING_INDICATOR: u8 = 0x81;
/// The indicator and 256 bytes.
const CRYPTOGRAM_LEN: usize = 257;
/// 40 % of 256 bytes, which every DigestInfo fits.
const MAXIMUM_AUTHENTICATION_INPUT: usize = 102;
