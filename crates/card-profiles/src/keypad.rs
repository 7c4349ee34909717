//! Codes that the holder types at the keypad of the reader, which puts them into a command of the profile
//! (PC/SC part 10). What holds for a typed code holds for them: the selection and the counter
//! stand before, in the same transaction, and the command goes to the card once.

use card_apdu::{
    CardChannel, ChannelError, KeypadAnswer, KeypadCodes, KeypadEntry, KeypadFormat, KeypadTime,
    NotSent, PinBlock, StatusWord,
};

use crate::code_answers::{NewCodeFault, new_code_taken};
use crate::pkcs15::PinObject;

/// What the holder can do at the keypad of this reader with this card. Nothing with the unblock code:
/// once it is presented the card has counted a use, or holds the old code ready again, and an entry
/// that stops there could not be told as one that did nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeypadUses {
    /// Present their code.
    pub verify: bool,
    /// Replace their code.
    pub change: bool,
}

/// Where a code comes from.
#[derive(Clone, Copy)]
pub(crate) enum CodeSource<'a> {
    /// The holder typed these digits at the screen.
    Digits(&'a [u8]),
    /// They type them now, at the keypad.
    Keypad(KeypadTime),
}

impl PinObject {
    /// How the code lies in a command, as a keypad has to know it. Codes of one length make a block
    /// of that length, so that two of them can stand in one command.
    pub(crate) fn keypad_format(&self) -> KeypadFormat {
        let of_one_length = (self.limits.minimum_len == self.limits.maximum_len)
            .then_some((self.limits.maximum_len, NEVER_SENT));
        let block = self.padding.or(of_one_length);
        KeypadFormat {
            minimum_len: self.limits.minimum_len,
            maximum_len: self.limits.maximum_len,
            block: block.map(|(len, filler)| PinBlock { len, filler }),
        }
    }

    /// A use of the keypad for this code.
    pub(crate) fn at_keypad(
        &self,
        command: [u8; 4],
        codes: KeypadCodes,
        time: KeypadTime,
    ) -> KeypadEntry {
        KeypadEntry {
            command,
            codes,
            format: self.keypad_format(),
            time,
        }
    }
}

/// Whether the keypad of the reader takes every code of this object for this purpose.
pub(crate) fn keypad_takes(
    channel: &mut dyn CardChannel,
    object: &PinObject,
    codes: KeypadCodes,
) -> bool {
    let abilities = channel.keypad().map(|keypad| keypad.abilities());
    object.unsupported.is_none()
        && abilities.is_some_and(|abilities| abilities.take(codes, &object.keypad_format()))
}

/// Lets the holder type; the answer of the card, or why it has none to give.
pub(crate) fn enter(
    channel: &mut dyn CardChannel,
    entry: &KeypadEntry,
) -> Result<Result<StatusWord, NotSent>, ChannelError> {
    Ok(match channel.enter_at_keypad(entry)? {
        KeypadAnswer::Card(sw) => Ok(sw),
        KeypadAnswer::NotSent(reason) => Err(reason),
    })
}

/// Whether a new code was taken that was typed at the keypad.
pub(crate) fn new_code_entered(
    entered: Result<Result<StatusWord, NotSent>, ChannelError>,
    command: &'static str,
) -> Result<(), NewCodeFault> {
    match entered {
        Ok(Ok(sw)) => new_code_taken(Ok(sw), command),
        Ok(Err(reason)) => Err(NewCodeFault::NotEntered(reason)),
        Err(error) => new_code_taken(Err(error), command),
    }
}

/// A block as long as the code is never filled up.
const NEVER_SENT: u8 = 0xFF;
