//! The old command set CPS2ter (class A0) that every card of the family carries beside its own.

use card_apdu::{CommandApdu, StatusWord};

use crate::transmission::Outcome;

/// Name of the view, in SELECT.
pub(crate) const AID: [u8; 8] = [0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x00, 0x02];

/// Class byte of the old commands.
pub(crate) const CLASS: u8 = 0xA0;

/// Of the old command set only what was recorded: the MF is there, nothing else is.
pub(crate) fn execute(command: &CommandApdu) -> Outcome {
    match (command.ins(), command.data()) {
        (SELECT, [0x3F, 0x00]) => Ok(Vec::new()),
        (SELECT, _) => Err(StatusWord::WRONG_P1_P2),
        _ => Err(StatusWord::INSTRUCTION_NOT_SUPPORTED),
    }
}

const SELECT: u8 = 0xA4;
