//! PERFORM SECURITY OPERATION (ISO/IEC 7816-8, 11).

use card_apdu::{CommandApdu, StatusWord};

use super::applet::Applet;
use super::security_environment::Padding;
use crate::transmission::Outcome;

impl Applet {
    /// PSO: COMPUTE DIGITAL SIGNATURE (9E9A), DECIPHER (8086).
    pub(super) fn perform_security_operation(&mut self, command: &CommandApdu) -> Outcome {
        match (command.p1(), command.p2()) {
            (0x9E, 0x9A) => self.compute_digital_signature(command.data()),
            DECIPHER => self.decipher(command.data()),
            _ => Err(StatusWord::WRONG_P1_P2),
        }
    }

    /// One part of a block that comes in several commands (class 11).
    pub(super) fn chain_block(&mut self, mut so_far: Vec<u8>, part: &[u8]) -> Outcome {
        so_far.extend_from_slice(part);
        if so_far.len() > BLOCK_LEN {
            return Err(StatusWord::WRONG_LENGTH);
        }
        self.volatile.chain = Some(so_far);
        Ok(Vec::new())
    }

    /// The finished hash is the data.
    fn compute_digital_signature(&self, hash: &[u8]) -> Outcome {
        let template = self.volatile.environment.signature.ok_or(NO_ENVIRONMENT)?;
        self.require_pin()?;
        if hash.len() != template.hash.len() {
            return Err(StatusWord::WRONG_DATA);
        }
        let signature = match template.padding {
            Padding::Pkcs1 => self.key_pairs.sign_pkcs1(template.key, template.hash, hash),
            Padding::Pss => self.key_pairs.sign_pss(template.key, template.hash, hash),
        };
        signature.map_err(|_| StatusWord::WRONG_DATA)
    }

    /// The bare RSA operation on 256 bytes, without padding indicator: for decipherment, and for
    /// authentication with a block that the host padded.
    fn decipher(&self, block: &[u8]) -> Outcome {
        let key = self
            .volatile
            .environment
            .confidentiality
            .ok_or(NO_ENVIRONMENT)?;
        self.require_pin()?;
        if block.len() != BLOCK_LEN {
            return Err(StatusWord::WRONG_LENGTH);
        }
        self.key_pairs
            .raw(key, block)
            .map_err(|_| StatusWord::WRONG_DATA)
    }
}

/// P1 and P2 of PSO DECIPHER, the one command that this card takes in a chain.
pub(super) const DECIPHER: (u8, u8) = (0x80, 0x86);

/// 6985: no template was set for the operation.
const NO_ENVIRONMENT: StatusWord = StatusWord::CONDITIONS_OF_USE_NOT_SATISFIED;
/// 2048 bits.
const BLOCK_LEN: usize = 256;
