//! The way to a card, and what every command on it needs alike.

use crate::command::{CommandApdu, ExpectedLen, MalformedCommand};
use crate::keypad::{Keypad, KeypadAnswer, KeypadEntry};
use crate::response::{MalformedResponse, ResponseApdu};
use crate::wire::WireBytes;

/// Transmission protocol between reader and card (ISO/IEC 7816-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Byte oriented: long answers come by GET RESPONSE.
    T0,
    /// Block oriented, and all contactless cards.
    T1,
}

/// What went wrong between us and the card, in the words of PC/SC.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReaderFault {
    /// The card left the reader since the channel was opened.
    #[error("the card was taken out")]
    Removed,
    /// The card was reset since the channel was opened; what it knew is lost.
    #[error("the card was reset")]
    Reset,
    /// Another program holds the reader for itself.
    #[error("another program holds the reader")]
    Busy,
    /// The card does not answer.
    #[error("the card does not answer")]
    Mute,
    /// The reader itself is gone.
    #[error("the reader is gone")]
    ReaderGone,
    /// The PC/SC service is gone or was restarted.
    #[error("the PC/SC service is not there")]
    ServiceGone,
    /// The vendor's module that stands before the card failed.
    #[error("the module before the card failed: {what}")]
    ModuleFailed {
        /// What it did.
        what: String,
    },
    /// The vendor's module that stands before the card never does what was asked.
    #[error("the module before the card does not do this: {what}")]
    ModuleCannot {
        /// What it said.
        what: String,
    },
    /// Anything else that the reader reported, by its PC/SC name.
    #[error("the reader reported {name}")]
    Other {
        /// Name of the PC/SC return value.
        name: String,
    },
}

/// Why a command got no answer that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChannelError {
    /// The reader or the card dropped out.
    #[error("sending a command to the card")]
    Reader(#[from] ReaderFault),
    /// The answer does not parse.
    #[error("reading the answer of the card")]
    Malformed(#[from] MalformedResponse),
    /// The command cannot be written.
    #[error("writing a command for the card")]
    Command(#[from] MalformedCommand),
    /// The answer parses and contradicts ISO/IEC 7816.
    #[error("the card broke the rules of its protocol: {0}")]
    CardMisbehaved(&'static str),
    /// A code was to be typed at a reader that has no keypad.
    #[error("the reader has no keypad")]
    NoKeypad,
}

/// An exclusive way to one card, for as long as the borrow lasts.
///
/// Implementors only exchange bytes; callers use [`transmit`](Self::transmit).
pub trait CardChannel {
    /// The protocol in use, which decides how commands are written.
    fn protocol(&self) -> Protocol;

    /// Sends one command as it stands and returns the answer as it came.
    ///
    /// # Errors
    /// [`ReaderFault`] when no answer came.
    fn exchange(&mut self, command: &WireBytes) -> Result<Vec<u8>, ReaderFault>;

    /// Sends a command and returns its whole answer.
    ///
    /// Data over 255 bytes in the short form goes by command chaining
    /// (ISO/IEC 7816-4, 5.3.3). A command with Le that is answered 61xx is
    /// continued by GET RESPONSE (5.3.4); it or a GET RESPONSE answered 6Cxx is
    /// sent once more with the length that the card named. A command without Le is
    /// never continued nor repeated, so a VERIFY reaches the card exactly once.
    ///
    /// # Errors
    /// [`ChannelError`]; a status word other than 9000 is an answer, not an error.
    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ChannelError> {
        let protocol = self.protocol();
        transmit(&mut |wire| self.exchange(wire), protocol, command)
    }

    /// The keypad of the reader, where it has one that can be used.
    fn keypad(&mut self) -> Option<&mut dyn Keypad> {
        None
    }

    /// Lets the holder type at the keypad, which then sends the command to the card, once.
    ///
    /// # Errors
    /// [`ChannelError`]; what reader or card answered is an answer, not an error.
    fn enter_at_keypad(&mut self, entry: &KeypadEntry) -> Result<KeypadAnswer, ChannelError> {
        let keypad = self.keypad().ok_or(ChannelError::NoKeypad)?;
        tracing::trace!(?entry, "at the keypad");
        let response = ResponseApdu::parse(&keypad.enter(entry)?)?;
        tracing::trace!(?response, "from the keypad");
        Ok(KeypadAnswer::of(response.sw()))
    }
}

type Exchange<'a> = dyn FnMut(&WireBytes) -> Result<Vec<u8>, ReaderFault> + 'a;

fn transmit(
    exchange: &mut Exchange<'_>,
    protocol: Protocol,
    command: &CommandApdu,
) -> Result<ResponseApdu, ChannelError> {
    let last = match send_chain(exchange, protocol, command)? {
        Chain::Refused(response) => return Ok(response),
        Chain::Last(last) => last,
    };
    if last.le() == ExpectedLen::Nothing {
        return send(exchange, protocol, &last);
    }
    let response = send_with_exact_len(exchange, protocol, &last)?;
    collect_response(exchange, protocol, &last, response)
}

enum Chain {
    /// A link before the last one was refused: its answer is the answer.
    Refused(ResponseApdu),
    /// What remains to be sent.
    Last(CommandApdu),
}

/// Sends all links of a command but the last one.
fn send_chain(
    exchange: &mut Exchange<'_>,
    protocol: Protocol,
    command: &CommandApdu,
) -> Result<Chain, ChannelError> {
    let mut rest = command.data();
    if rest.len() <= SHORT_DATA_LEN || command.form() == crate::LengthForm::Extended {
        return Ok(Chain::Last(command.clone()));
    }
    while let Some((block, after)) = rest.split_at_checked(SHORT_DATA_LEN) {
        if after.is_empty() {
            break;
        }
        let link = command.link(command.cla() | CHAINING_BIT, block);
        let response = send(exchange, protocol, &link)?;
        if !response.sw().is_success() {
            return Ok(Chain::Refused(response));
        }
        rest = after;
    }
    Ok(Chain::Last(
        command.link(command.cla(), rest).with_le(command.le()),
    ))
}

/// Follows 61xx by GET RESPONSE until the answer is whole (ISO/IEC 7816-4, 11.8.1).
fn collect_response(
    exchange: &mut Exchange<'_>,
    protocol: Protocol,
    command: &CommandApdu,
    first: ResponseApdu,
) -> Result<ResponseApdu, ChannelError> {
    let Some(mut available) = first.sw().available_len() else {
        return Ok(first);
    };
    let secret = command.has_secret_response();
    let mut data = zeroize::Zeroizing::new(Vec::with_capacity(usize::from(available)));
    data.extend_from_slice(first.data());
    for _ in 0..MAXIMUM_RESPONSE_PARTS {
        let mut get_response =
            CommandApdu::new(command.cla(), GET_RESPONSE, 0, 0).with_le(short_le(available));
        if secret {
            get_response = get_response.with_secret_response();
        }
        let part = send_with_exact_len(exchange, protocol, &get_response)?;
        data.extend_from_slice(part.data());
        match part.sw().available_len() {
            Some(more) => available = more,
            None => return Ok(ResponseApdu::new(data.to_vec(), part.sw()).redacted(secret)),
        }
    }
    Err(ChannelError::CardMisbehaved("an answer without end"))
}

/// Sends a command, and once more when the card names the length that it wants (6Cxx).
fn send_with_exact_len(
    exchange: &mut Exchange<'_>,
    protocol: Protocol,
    command: &CommandApdu,
) -> Result<ResponseApdu, ChannelError> {
    let response = send(exchange, protocol, command)?;
    let Some(exact_len) = response.sw().exact_len() else {
        return Ok(response);
    };
    let again = command.clone().with_le(ExpectedLen::Exactly(exact_len));
    let response = send(exchange, protocol, &again)?;
    if response.sw().exact_len().is_some() {
        return Err(ChannelError::CardMisbehaved("6Cxx twice in a row"));
    }
    Ok(response)
}

/// One command, one answer, both traced.
fn send(
    exchange: &mut Exchange<'_>,
    protocol: Protocol,
    command: &CommandApdu,
) -> Result<ResponseApdu, ChannelError> {
    let wire = command.to_wire(protocol)?;
    tracing::trace!(command = ?wire, "to the card");
    let answer = zeroize::Zeroizing::new(exchange(&wire)?);
    let response = ResponseApdu::parse(&answer)?.redacted(command.has_secret_response());
    tracing::trace!(?response, "from the card");
    Ok(response)
}

impl CommandApdu {
    /// A link of a chain: same command, its own class and part of the data.
    fn link(&self, cla: u8, data: &[u8]) -> Self {
        let link = Self::new(cla, self.ins(), self.p1(), self.p2());
        let link = if self.has_secret_data() {
            link.with_secret_data(data)
        } else {
            link.with_data(data)
        };
        if self.has_secret_response() {
            link.with_secret_response()
        } else {
            link
        }
    }
}

fn short_le(available: u16) -> ExpectedLen {
    if available >= 256 {
        ExpectedLen::AsMuchAsPossible
    } else {
        ExpectedLen::Exactly(available)
    }
}

const SHORT_DATA_LEN: usize = 255;
const CHAINING_BIT: u8 = 0x10;
const GET_RESPONSE: u8 = 0xC0;
/// A certificate takes eight parts of 256 bytes; a card that goes on beyond this is broken or hostile.
const MAXIMUM_RESPONSE_PARTS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StatusWord;

    /// Plays a list of (command, answer) pairs and fails on any other command.
    struct Script {
        protocol: Protocol,
        steps: std::vec::IntoIter<(Vec<u8>, Vec<u8>)>,
    }

    impl Script {
        fn new(protocol: Protocol, steps: &[(&[u8], &[u8])]) -> Self {
            let steps: Vec<_> = steps
                .iter()
                .map(|(c, r)| (c.to_vec(), r.to_vec()))
                .collect();
            Self {
                protocol,
                steps: steps.into_iter(),
            }
        }

        fn assert_played(mut self) {
            assert_eq!(self.steps.next(), None);
        }
    }

    impl CardChannel for Script {
        fn protocol(&self) -> Protocol {
            self.protocol
        }

        fn exchange(&mut self, command: &WireBytes) -> Result<Vec<u8>, ReaderFault> {
            let (expected, answer) = self.steps.next().ok_or(ReaderFault::Removed)?;
            assert_eq!(command.expose(), expected);
            Ok(answer)
        }
    }

    fn read_binary() -> CommandApdu {
        CommandApdu::new(0x00, 0xB0, 0x00, 0x00).with_le(ExpectedLen::AsMuchAsPossible)
    }

    #[test]
    fn fetches_a_long_answer_in_as_many_parts_as_the_card_wants() {
        let mut script = Script::new(
            Protocol::T0,
            &[
                (&[0, 0x2A, 0x9E, 0x9A, 1, 7], &[0x61, 0x00]),
                (&[0, 0xC0, 0, 0, 0], &[1, 2, 0x61, 0x01]),
                (&[0, 0xC0, 0, 0, 1], &[3, 0x90, 0x00]),
            ],
        );
        let command = CommandApdu::new(0, 0x2A, 0x9E, 0x9A)
            .with_data([7])
            .with_le(ExpectedLen::AsMuchAsPossible);
        let response = script.transmit(&command).unwrap();
        assert_eq!(response, ResponseApdu::new([1, 2, 3], StatusWord::SUCCESS));
        script.assert_played();
    }

    #[test]
    fn repeats_once_with_the_length_that_the_card_named() {
        let mut script = Script::new(
            Protocol::T0,
            &[
                (&[0, 0xB0, 0, 0, 0], &[0x6C, 0x02]),
                (&[0, 0xB0, 0, 0, 2], &[8, 9, 0x90, 0x00]),
            ],
        );
        assert_eq!(script.transmit(&read_binary()).unwrap().data(), [8, 9]);
        script.assert_played();
    }

    #[test]
    fn repeats_a_get_response_once_with_the_length_that_the_card_named() {
        let mut script = Script::new(
            Protocol::T0,
            &[
                (&[0, 0xB0, 0, 0, 0], &[0x61, 0x04]),
                (&[0, 0xC0, 0, 0, 4], &[0x6C, 0x02]),
                (&[0, 0xC0, 0, 0, 2], &[8, 9, 0x90, 0x00]),
            ],
        );
        assert_eq!(script.transmit(&read_binary()).unwrap().data(), [8, 9]);
        script.assert_played();
    }

    #[test]
    fn a_get_response_that_is_never_long_enough_is_stopped() {
        let mut script = Script::new(
            Protocol::T0,
            &[
                (&[0, 0xB0, 0, 0, 0], &[0x61, 0x04]),
                (&[0, 0xC0, 0, 0, 4], &[0x6C, 0x02]),
                (&[0, 0xC0, 0, 0, 2], &[0x6C, 0x03]),
            ],
        );
        let error = script.transmit(&read_binary()).unwrap_err();
        assert_eq!(error, ChannelError::CardMisbehaved("6Cxx twice in a row"));
    }

    #[test]
    fn a_card_that_names_a_length_for_ever_is_stopped() {
        let step: (&[u8], &[u8]) = (&[0, 0xB0, 0, 0, 0], &[0x6C, 0x02]);
        let again: (&[u8], &[u8]) = (&[0, 0xB0, 0, 0, 2], &[0x6C, 0x02]);
        let mut script = Script::new(Protocol::T0, &[step, again]);
        let error = script.transmit(&read_binary()).unwrap_err();
        assert_eq!(error, ChannelError::CardMisbehaved("6Cxx twice in a row"));
    }

    #[test]
    fn an_answer_without_end_is_stopped() {
        struct Endless;
        impl CardChannel for Endless {
            fn protocol(&self) -> Protocol {
                Protocol::T0
            }
            fn exchange(&mut self, _: &WireBytes) -> Result<Vec<u8>, ReaderFault> {
                Ok(vec![0x61, 0x10])
            }
        }
        let error = Endless.transmit(&read_binary()).unwrap_err();
        assert_eq!(error, ChannelError::CardMisbehaved("an answer without end"));
    }

    #[test]
    fn a_verify_is_sent_once_whatever_the_card_answers() {
        for answer in [[0x6C, 0x04], [0x61, 0x04], [0x63, 0xC2]] {
            let mut script = Script::new(
                Protocol::T0,
                &[(&[0, 0x20, 0, 1, 4, 0x31, 0x32, 0x33, 0x34], &answer)],
            );
            let command = CommandApdu::new(0, 0x20, 0, 1).with_secret_data(b"1234");
            let response = script.transmit(&command).unwrap();
            assert_eq!(response.sw(), StatusWord::new(answer[0], answer[1]));
            script.assert_played();
        }
    }

    #[test]
    fn chains_data_over_255_bytes() {
        let data = vec![0x55; 257];
        let mut first = vec![0x10, 0x2A, 0x80, 0x86, 0xFF];
        first.extend([0x55; 255]);
        let mut script = Script::new(
            Protocol::T0,
            &[
                (&first, &[0x90, 0x00]),
                (&[0x00, 0x2A, 0x80, 0x86, 2, 0x55, 0x55], &[0x61, 0x01]),
                (&[0x00, 0xC0, 0, 0, 1], &[0x42, 0x90, 0x00]),
            ],
        );
        let command = CommandApdu::new(0, 0x2A, 0x80, 0x86)
            .with_data(data)
            .with_le(ExpectedLen::AsMuchAsPossible);
        assert_eq!(script.transmit(&command).unwrap().data(), [0x42]);
        script.assert_played();
    }

    #[test]
    fn a_refused_link_ends_the_chain() {
        let mut first = vec![0x10, 0x2A, 0x80, 0x86, 0xFF];
        first.extend([0x55; 255]);
        let mut script = Script::new(Protocol::T0, &[(&first, &[0x69, 0x82])]);
        let command = CommandApdu::new(0, 0x2A, 0x80, 0x86).with_data(vec![0x55; 300]);
        let response = script.transmit(&command).unwrap();
        assert_eq!(response.sw(), StatusWord::SECURITY_STATUS_NOT_SATISFIED);
        script.assert_played();
    }

    #[test]
    fn get_response_keeps_the_logical_channel() {
        let mut script = Script::new(
            Protocol::T1,
            &[
                (&[0x01, 0xB0, 0, 0, 0], &[0x61, 0x01]),
                (&[0x01, 0xC0, 0, 0, 1], &[5, 0x90, 0x00]),
            ],
        );
        let command = CommandApdu::new(0x01, 0xB0, 0, 0).with_le(ExpectedLen::AsMuchAsPossible);
        assert_eq!(script.transmit(&command).unwrap().data(), [5]);
        script.assert_played();
    }
}
