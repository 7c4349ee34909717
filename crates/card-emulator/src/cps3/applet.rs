//! The applet inside the card: its memory, its state, and which command goes where.

use card_apdu::{CommandApdu, StatusWord};
use rsa::rand_core::{OsRng, RngCore};

use super::file_system::ElementaryFile;
use super::personalisation;
use super::security_environment::SecurityEnvironment;
use super::security_operations::DECIPHER;
use super::selection::{self, Selection, View};
use crate::codes::Codes;
use crate::cps2ter;
use crate::key_pairs::KeyPairs;
use crate::parameters::CardParameters;
use crate::persistent_state::StateStore;
use crate::pki::{KeyRole, PkiError, issue_certificates};
use crate::transmission::Outcome;

/// The side from which a reader sees the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interface {
    /// T=0: the application 0010, with codes.
    Contact,
    /// T=1 through the antenna: the application 0020, without codes.
    Contactless,
}

/// IAS-ECC 1.0.1 with what the issuer wrote on the card.
#[derive(Debug)]
pub(super) struct Applet {
    pub(super) interface: Interface,
    pub(super) files: Vec<ElementaryFile>,
    pub(super) key_pairs: KeyPairs,
    pub(super) codes: Codes,
    pub(super) takes_finished_hash: bool,
    pub(super) volatile: Volatile,
}

/// What a reset forgets, beside the presented codes.
#[derive(Debug, Default)]
pub(super) struct Volatile {
    pub(super) view: View,
    pub(super) selection: Selection,
    pub(super) environment: SecurityEnvironment,
    /// Data of a chain of commands that has not ended.
    pub(super) chain: Option<Vec<u8>>,
}

impl Applet {
    /// Personalises a card whose memory is `store`.
    pub(super) fn new(
        interface: Interface,
        card: &CardParameters,
        store: StateStore,
    ) -> Result<Self, PkiError> {
        let key_pairs = KeyPairs::load(card.key_set, &keys(interface, card))?;
        let certificates = issue_certificates(card, &key_pairs)?;
        Ok(Self {
            interface,
            files: personalisation::files(interface, card, &certificates),
            key_pairs,
            codes: Codes::new(card, store),
            takes_finished_hash: card.takes_finished_hash,
            volatile: Volatile::default(),
        })
    }

    pub(super) fn reset(&mut self) {
        self.volatile = Volatile::default();
        self.codes.forget();
    }

    /// Executes one command; any other than the next link ends a chain.
    pub(super) fn execute(&mut self, command: &CommandApdu) -> Outcome {
        let chain = self.volatile.chain.take();
        match (self.volatile.view, command.cla()) {
            (_, cps2ter::CLASS) => cps2ter::execute(command),
            (View::Cps2ter, 0x00) if Self::select_leaves_cps2ter(command) => self.select(command),
            (View::Cps2ter, _) => Err(StatusWord::CLASS_NOT_SUPPORTED),
            (View::Ias, 0x00) => self.execute_ias(command, chain),
            (View::Ias, 0x10) => self.execute_chained(command, chain),
            (View::Ias, 0x01..=0x03) => Err(StatusWord::LOGICAL_CHANNEL_NOT_SUPPORTED),
            (View::Ias, _) => Err(StatusWord::CLASS_NOT_SUPPORTED),
        }
    }

    fn execute_ias(&mut self, command: &CommandApdu, chain: Option<Vec<u8>>) -> Outcome {
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
            0x88 => self.internal_authenticate(command),
            selection::SELECT => self.select(command),
            0xB0 => self.read_binary(command),
            0xC0 => Err(StatusWord::CONDITIONS_OF_USE_NOT_SATISFIED),
            0xCB => self.get_data(command),
            0xD6 => self.update_binary(command),
            _ => Err(StatusWord::INSTRUCTION_NOT_SUPPORTED),
        }
    }

    fn execute_chained(&mut self, command: &CommandApdu, chain: Option<Vec<u8>>) -> Outcome {
        if is_decipher(command) {
            self.chain_cryptogram(chain.unwrap_or_default(), command.data())
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

/// The keys that can be reached from one side of the card.
fn keys(interface: Interface, card: &CardParameters) -> Vec<KeyRole> {
    match (interface, card.has_signature_key) {
        (Interface::Contact, true) => vec![KeyRole::Signature, KeyRole::Authentication],
        (Interface::Contact, false) => vec![KeyRole::Authentication],
        (Interface::Contactless, _) => vec![KeyRole::Technical],
    }
}

fn is_decipher(command: &CommandApdu) -> bool {
    command.ins() == PERFORM_SECURITY_OPERATION && (command.p1(), command.p2()) == DECIPHER
}

const PERFORM_SECURITY_OPERATION: u8 = 0x2A;
/// 6884: command chaining not supported.
const CHAINING_NOT_SUPPORTED: StatusWord = StatusWord(0x6884);
