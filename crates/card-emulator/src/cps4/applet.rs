//! The applet inside the card: its memory, its state, and which command goes where.

use card_apdu::{CommandApdu, Protocol, StatusWord};
use rsa::rand_core::{OsRng, RngCore};

use super::channels::SELECT;
use super::file_system::{ElementaryFile, Selection};
use super::parameters::CodeReferences;
use super::personalisation;
use super::security_environment::SecurityEnvironment;
use super::security_operations::DECIPHER;
use crate::codes::Codes;
use crate::key_pairs::KeyPairs;
use crate::parameters::CardParameters;
use crate::persistent_state::StateStore;
use crate::pki::{KeyRole, PkiError, issue_certificates};
use crate::transmission::Outcome;

/// ChipDoc with what the issuer wrote on the card.
#[derive(Debug)]
pub(super) struct Applet {
    pub(super) protocol: Protocol,
    pub(super) references: CodeReferences,
    pub(super) files: Vec<ElementaryFile>,
    pub(super) key_pairs: KeyPairs,
    pub(super) codes: Codes,
    pub(super) volatile: Volatile,
}

/// What a reset forgets, beside the presented codes.
#[derive(Debug, Default)]
pub(super) struct Volatile {
    pub(super) selection: Selection,
    pub(super) environment: SecurityEnvironment,
    /// Data of a chain of commands that has not ended.
    pub(super) chain: Option<Vec<u8>>,
}

impl Applet {
    /// Personalises a card whose memory is `store`.
    pub(super) fn new(card: &CardParameters, store: StateStore) -> Result<Self, PkiError> {
        let mut keys = vec![KeyRole::Authentication];
        if card.has_signature_key {
            keys.insert(0, KeyRole::Signature);
        }
        let key_pairs = KeyPairs::load(card.key_set, &keys)?;
        let certificates = issue_certificates(card, &key_pairs)?;
        Ok(Self {
            protocol: card.cps4.atr.protocol(),
            references: card.cps4.references,
            files: personalisation::files(card, &certificates),
            key_pairs,
            codes: Codes::new(card, store),
            volatile: Volatile::default(),
        })
    }

    /// The applet was selected by its name. The codes stay presented: they belong to the card.
    pub(super) fn selected(&mut self) {
        self.volatile = Volatile::default();
    }

    pub(super) fn reset(&mut self) {
        self.volatile = Volatile::default();
        self.codes.forget();
    }

    /// Executes one command; any other than the next link ends a chain.
    pub(super) fn execute(&mut self, command: &CommandApdu) -> Outcome {
        let chain = self.volatile.chain.take();
        if command.cla() & CHAINING != 0 {
            return self.execute_chained(command, chain);
        }
        match command.ins() {
            0x20 => self.verify(command),
            0x22 => self.manage_security_environment(command),
            0x24 => self.change_reference_data(command),
            PERFORM_SECURITY_OPERATION => match chain {
                Some(so_far) if is_decipher(command) => {
                    let data = [&so_far, command.data()].concat();
                    self.perform_security_operation(&command.clone().with_data(data))
                }
                _ => self.perform_security_operation(command),
            },
            0x2C => self.reset_retry_counter(command),
            0x84 => Self::get_challenge(command),
            SELECT => self.select(command),
            0xB0 => self.read_binary(command),
            0xC0 => Err(StatusWord::CONDITIONS_OF_USE_NOT_SATISFIED),
            0xD6 => self.update_binary(command),
            _ => Err(StatusWord::INSTRUCTION_NOT_SUPPORTED),
        }
    }

    fn execute_chained(&mut self, command: &CommandApdu, chain: Option<Vec<u8>>) -> Outcome {
        if is_decipher(command) {
            self.chain_block(chain.unwrap_or_default(), command.data())
        } else {
            Err(CHAINING_NOT_SUPPORTED)
        }
    }

    /// GET CHALLENGE gives eight bytes and no other number.
    fn get_challenge(command: &CommandApdu) -> Outcome {
        if (command.p1(), command.p2()) != (0, 0) {
            return Err(StatusWord::WRONG_P1_P2);
        }
        if !command.data().is_empty() {
            return Err(StatusWord::WRONG_LENGTH);
        }
        let mut challenge = vec![0; 8];
        OsRng.fill_bytes(&mut challenge);
        Ok(challenge)
    }
}

fn is_decipher(command: &CommandApdu) -> bool {
    command.ins() == PERFORM_SECURITY_OPERATION && (command.p1(), command.p2()) == DECIPHER
}

const PERFORM_SECURITY_OPERATION: u8 = 0x2A;
/// Bit of the class: not the last command of a chain.
const CHAINING: u8 = 0x10;
/// 6884: command chaining not supported.
const CHAINING_NOT_SUPPORTED: StatusWord = StatusWord(0x6884);
