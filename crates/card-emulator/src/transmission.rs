//! The manners of T=0 and T=1 (ISO/IEC 7816-3, 12; ISO/IEC 7816-4, 5.3.4).
//!
//! With T=0 a command carries either data or the length of its answer: an answer to data waits
//! for GET RESPONSE (61xx), an answer of another length than asked is announced (6Cxx), and a
//! command without both comes as five bytes with P3 = 00.

use card_apdu::{CommandApdu, ExpectedLen, LengthForm, Protocol, StatusWord};

/// What a card makes of a command: data, which means 9000, or a refusal.
pub(crate) type Outcome = Result<Vec<u8>, StatusWord>;

/// The end of the line inside the card.
#[derive(Debug)]
pub(crate) struct Transmission {
    protocol: Protocol,
    /// Data of an answer that GET RESPONSE has not fetched yet.
    waiting: Vec<u8>,
}

impl Transmission {
    pub(crate) fn new(protocol: Protocol) -> Self {
        Self {
            protocol,
            waiting: Vec::new(),
        }
    }

    pub(crate) fn protocol(&self) -> Protocol {
        self.protocol
    }

    pub(crate) fn reset(&mut self) {
        self.waiting.clear();
    }

    /// Reads a command off the line, lets the card execute it, and writes the answer.
    ///
    /// GET RESPONSE is answered here and never reaches the card.
    pub(crate) fn answer(
        &mut self,
        line: &[u8],
        execute: impl FnOnce(&CommandApdu) -> Outcome,
    ) -> Vec<u8> {
        let Some(command) = self.read(line) else {
            return status(StatusWord::WRONG_LENGTH);
        };
        if command.ins() == GET_RESPONSE && !self.waiting.is_empty() {
            return self.get_response(&command);
        }
        self.waiting.clear();
        match execute(&command) {
            Err(sw) => status(sw),
            Ok(data) if data.is_empty() => status(StatusWord::SUCCESS),
            Ok(data) if answers_at_once(command.ins()) => self.send_at_once(&command, data),
            Ok(data) => self.send_in_parts(&command, data),
        }
    }

    /// Cards of this family know no extended length fields.
    fn read(&self, line: &[u8]) -> Option<CommandApdu> {
        let command = CommandApdu::parse(line).ok()?;
        match (self.protocol, line.len(), command.form()) {
            (_, _, LengthForm::Extended) => None,
            (Protocol::T0, 4, LengthForm::Short) => {
                Some(command.with_le(ExpectedLen::AsMuchAsPossible))
            }
            (Protocol::T0 | Protocol::T1, _, LengthForm::Short) => Some(command),
        }
    }

    fn get_response(&mut self, command: &CommandApdu) -> Vec<u8> {
        if (command.p1(), command.p2()) != (0, 0) {
            return status(StatusWord::WRONG_P1_P2);
        }
        let Some(asked) = short_len(command.le()) else {
            return status(StatusWord::WRONG_LENGTH);
        };
        if asked > self.waiting.len() {
            return status(StatusWord::new(0x6C, len_byte(self.waiting.len())));
        }
        self.send_waiting(asked)
    }

    /// READ BINARY and GET CHALLENGE know before they answer how much was asked.
    fn send_at_once(&self, command: &CommandApdu, mut data: Vec<u8>) -> Vec<u8> {
        let is_exact = match (self.protocol, command.le()) {
            (Protocol::T1, ExpectedLen::AsMuchAsPossible) => true,
            (_, le) => short_len(le) == Some(data.len()),
        };
        if !is_exact {
            return status(StatusWord::new(0x6C, len_byte(data.len())));
        }
        data.extend(status(StatusWord::SUCCESS));
        data
    }

    fn send_in_parts(&mut self, command: &CommandApdu, data: Vec<u8>) -> Vec<u8> {
        let at_once = match (self.protocol, short_len(command.le())) {
            (Protocol::T1, Some(asked)) => asked.min(data.len()),
            (Protocol::T0, _) | (Protocol::T1, None) => 0,
        };
        self.waiting = data;
        self.send_waiting(at_once)
    }

    /// Sends the first bytes of what waits, with 61xx when more remains.
    fn send_waiting(&mut self, count: usize) -> Vec<u8> {
        let rest = self.waiting.split_off(count.min(self.waiting.len()));
        let mut part = std::mem::replace(&mut self.waiting, rest);
        let sw = match self.waiting.len() {
            0 => StatusWord::SUCCESS,
            more => StatusWord::new(0x61, len_byte(more)),
        };
        part.extend(status(sw));
        part
    }
}

fn answers_at_once(ins: u8) -> bool {
    matches!(ins, READ_BINARY | GET_CHALLENGE)
}

fn status(sw: StatusWord) -> Vec<u8> {
    vec![sw.sw1(), sw.sw2()]
}

fn short_len(le: ExpectedLen) -> Option<usize> {
    match le {
        ExpectedLen::Nothing => None,
        ExpectedLen::Exactly(count) => Some(usize::from(count)),
        ExpectedLen::AsMuchAsPossible => Some(256),
    }
}

/// SW2 of 61xx and 6Cxx: 00 stands for 256 and, in 61xx, for anything more.
fn len_byte(len: usize) -> u8 {
    u8::try_from(len).unwrap_or(0)
}

const READ_BINARY: u8 = 0xB0;
const GET_CHALLENGE: u8 = 0x84;
const GET_RESPONSE: u8 = 0xC0;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const INTERNAL_AUTHENTICATE: [u8; 6] = [0, 0x88, 0, 0, 1, 7];

    fn answer(line: &mut Transmission, command: &[u8], data: &[u8]) -> Vec<u8> {
        line.answer(command, |_| Ok(data.to_vec()))
    }

    fn unreachable_card(_: &CommandApdu) -> Outcome {
        panic!("the card was asked")
    }

    #[test]
    fn a_long_answer_is_kept_between_two_get_responses() {
        let mut line = Transmission::new(Protocol::T0);
        let signature: Vec<u8> = (0..=255).collect();
        assert_eq!(
            answer(&mut line, &INTERNAL_AUTHENTICATE, &signature),
            [0x61, 0x00]
        );
        let first = line.answer(&[0, 0xC0, 0, 0, 0xE7], unreachable_card);
        assert_eq!(first[..0xE7], signature[..0xE7]);
        assert_eq!(first[0xE7..], [0x61, 0x19]);
        let second = line.answer(&[0, 0xC0, 0, 0, 0x19], unreachable_card);
        assert_eq!(second[..0x19], signature[0xE7..]);
        assert_eq!(second[0x19..], [0x90, 0x00]);
    }

    #[test]
    fn le_00_fetches_all_256_bytes() {
        let mut line = Transmission::new(Protocol::T0);
        answer(&mut line, &INTERNAL_AUTHENTICATE, &[9; 256]);
        let all = line.answer(&[0, 0xC0, 0, 0, 0], unreachable_card);
        assert_eq!(all.len(), 258);
        assert_eq!(all[256..], [0x90, 0x00]);
    }

    #[test]
    fn asking_more_than_waits_names_the_length_and_loses_nothing() {
        let mut line = Transmission::new(Protocol::T0);
        answer(&mut line, &INTERNAL_AUTHENTICATE, &[1, 2]);
        assert_eq!(
            line.answer(&[0, 0xC0, 0, 0, 3], unreachable_card),
            [0x6C, 2]
        );
        assert_eq!(
            line.answer(&[0, 0xC0, 0, 0, 2], unreachable_card),
            [1, 2, 0x90, 0x00]
        );
    }

    #[test]
    fn another_command_drops_what_waits() {
        let mut line = Transmission::new(Protocol::T0);
        answer(&mut line, &INTERNAL_AUTHENTICATE, &[1, 2]);
        answer(&mut line, &[0, 0x20, 0, 1, 0], &[]);
        let asked_card = line.answer(&[0, 0xC0, 0, 0, 2], |_| {
            Err(StatusWord::INSTRUCTION_NOT_SUPPORTED)
        });
        assert_eq!(asked_card, [0x6D, 0x00]);
    }

    #[test]
    fn a_read_of_the_wrong_length_names_the_right_one() {
        let mut line = Transmission::new(Protocol::T0);
        assert_eq!(
            answer(&mut line, &[0, 0xB0, 0x9C, 0, 0xC0], &[5; 12]),
            [0x6C, 12]
        );
        assert_eq!(
            answer(&mut line, &[0, 0xB0, 0x9C, 0, 12], &[5; 12]).len(),
            14
        );
        let mut line = Transmission::new(Protocol::T1);
        assert_eq!(
            answer(&mut line, &[0, 0xB0, 0x9C, 0, 0], &[5; 12]).len(),
            14
        );
    }

    #[test]
    fn t1_answers_case_4_at_once_and_case_3_after_get_response() {
        let mut line = Transmission::new(Protocol::T1);
        let case_4 = [0, 0x88, 0, 0, 1, 7, 0];
        assert_eq!(answer(&mut line, &case_4, &[1, 2]), [1, 2, 0x90, 0x00]);
        assert_eq!(
            answer(&mut line, &INTERNAL_AUTHENTICATE, &[1, 2]),
            [0x61, 2]
        );
    }

    #[test]
    fn case_1_comes_as_four_or_five_bytes() {
        let mut line = Transmission::new(Protocol::T0);
        for command in [&[0, 0x20, 0, 1][..], &[0, 0x20, 0, 1, 0]] {
            let refused = line.answer(command, |command| {
                assert!(command.data().is_empty());
                assert_eq!(command.le(), ExpectedLen::AsMuchAsPossible);
                Err(StatusWord(0x63C3))
            });
            assert_eq!(refused, [0x63, 0xC3]);
        }
    }

    #[test]
    fn malformed_and_extended_commands_never_reach_the_card() {
        let mut line = Transmission::new(Protocol::T1);
        for command in [
            &[][..],
            &[0, 0xB0, 0],
            &[0, 0x20, 0, 1, 4, 0x31],
            &[0, 0xB0, 0, 0, 0, 1, 0],
            &[0, 0x20, 0, 1, 0, 0, 1, 0x31],
        ] {
            assert_eq!(line.answer(command, unreachable_card), [0x67, 0x00]);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_asked_all_bytes_arrive_in_order(
            data in proptest::collection::vec(any::<u8>(), 1..600),
            asked in proptest::collection::vec(any::<u8>(), 0..40),
        ) {
            let mut line = Transmission::new(Protocol::T0);
            let mut last = answer(&mut line, &INTERNAL_AUTHENTICATE, &data);
            let mut received = Vec::new();
            for le in asked {
                let part = line.answer(&[0, 0xC0, 0, 0, le], |_| Err(StatusWord::INSTRUCTION_NOT_SUPPORTED));
                if let [bytes @ .., 0x61 | 0x90, _] = part.as_slice() {
                    received.extend_from_slice(bytes);
                }
                last = part;
            }
            prop_assert!(data.starts_with(&received));
            prop_assert!(!last.ends_with(&[0x90, 0x00]) || received == data);
        }
    }
}
