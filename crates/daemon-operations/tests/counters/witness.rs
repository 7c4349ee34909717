//! Who saw every code that came to a card, and counts by that what must be left of it.

use std::sync::{Arc, Mutex};

use card_apdu::{CommandApdu, Protocol};
use card_emulator::VirtualCard;

use crate::model::{Counters, PIN_TRIES};

/// What a command with a code in it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Instruction {
    /// VERIFY of the holder's code, or CHANGE REFERENCE DATA that brings the old one along.
    PresentPin,
    /// VERIFY of the unblock code.
    PresentUnblockCode,
    /// CHANGE REFERENCE DATA with the new code alone.
    SetPin,
    /// RESET RETRY COUNTER.
    ResetRetryCounter,
}

/// A command with a code that the agent sent and a card got.
#[derive(Clone, Debug)]
pub(crate) struct CodeCommand {
    /// Which of the two cards.
    pub(crate) card: usize,
    pub(crate) instruction: Instruction,
    pub(crate) data: Vec<u8>,
    /// A wrong code in it blocked what it was for.
    pub(crate) was_last_try: bool,
}

/// What was seen of both cards.
#[derive(Debug)]
pub(crate) struct Record {
    /// The card in the reader.
    pub(crate) current: usize,
    /// What must be left on each card.
    pub(crate) counters: [Counters; 2],
    /// Whether the holder's code is presented on it.
    pub(crate) is_presented: [bool; 2],
    /// Commands are another program's now.
    pub(crate) another_acts: bool,
    /// PC/SC told of a reset where it was an exchange.
    pub(crate) was_exchanged_unseen: bool,
    /// Codes that the agent sent.
    pub(crate) ours: Vec<CodeCommand>,
}

impl Record {
    fn observe(&mut self, line: &[u8], answer: &[u8]) {
        let Ok(command) = CommandApdu::parse(line) else {
            return;
        };
        let Some(instruction) = instruction_of(&command) else {
            return;
        };
        let counters = &mut self.counters[self.current];
        if !self.another_acts {
            self.ours.push(CodeCommand {
                card: self.current,
                instruction,
                data: command.data().to_vec(),
                was_last_try: match instruction {
                    Instruction::PresentPin => counters.pin_tries == 1,
                    Instruction::PresentUnblockCode => counters.unblock_tries == 1,
                    Instruction::SetPin | Instruction::ResetRetryCounter => false,
                },
            });
        }
        let succeeded = answer.ends_with(&[0x90, 0x00]);
        let was_wrong = matches!(answer, [.., 0x63, _] | [.., 0x69, 0x83]);
        counters.count(instruction, succeeded, was_wrong);
        let is_presented = &mut self.is_presented[self.current];
        match (instruction, command.ins()) {
            (Instruction::PresentPin, VERIFY) => *is_presented = succeeded,
            (Instruction::PresentPin, _) if was_wrong => *is_presented = false,
            (Instruction::ResetRetryCounter, _) if succeeded => *is_presented = false,
            _ => {}
        }
    }
}

/// CPS4 marks references with bit 80.
fn instruction_of(command: &CommandApdu) -> Option<Instruction> {
    let has_data = !command.data().is_empty();
    match (command.ins(), command.p1(), command.p2() & 0x7F) {
        (VERIFY, _, 1) if has_data => Some(Instruction::PresentPin),
        (VERIFY, _, 2) if has_data => Some(Instruction::PresentUnblockCode),
        (CHANGE_REFERENCE_DATA, 0, _) => Some(Instruction::PresentPin),
        (CHANGE_REFERENCE_DATA, _, _) => Some(Instruction::SetPin),
        (RESET_RETRY_COUNTER, _, _) => Some(Instruction::ResetRetryCounter),
        _ => None,
    }
}

impl Counters {
    fn count(&mut self, instruction: Instruction, succeeded: bool, was_wrong: bool) {
        match instruction {
            Instruction::PresentPin if succeeded => self.pin_tries = PIN_TRIES,
            Instruction::PresentPin if was_wrong => {
                self.pin_tries = self.pin_tries.saturating_sub(1);
            }
            Instruction::PresentUnblockCode if succeeded => {
                self.unblock_tries = self.unblock_tries_maximum;
            }
            Instruction::PresentUnblockCode if was_wrong && self.unblock_uses > 0 => {
                self.unblock_tries = self.unblock_tries.saturating_sub(1);
            }
            Instruction::ResetRetryCounter if succeeded => {
                self.pin_tries = PIN_TRIES;
                self.unblock_uses -= 1;
            }
            Instruction::PresentPin
            | Instruction::PresentUnblockCode
            | Instruction::ResetRetryCounter
            | Instruction::SetPin => {}
        }
    }
}

/// The place of a card in the reader, into which one of two cards is put.
pub(crate) struct Place {
    pub(crate) cards: [Box<dyn VirtualCard>; 2],
    pub(crate) record: Arc<Mutex<Record>>,
}

impl Place {
    fn current(&self) -> usize {
        self.record.lock().unwrap().current
    }
}

impl VirtualCard for Place {
    fn atr(&self) -> &[u8] {
        self.cards[self.current()].atr()
    }

    fn protocol(&self) -> Protocol {
        self.cards[self.current()].protocol()
    }

    fn reset(&mut self) {
        for card in &mut self.cards {
            card.reset();
        }
        self.record.lock().unwrap().is_presented = [false; 2];
    }

    /// Under the lock, so that nobody sees the memory of the card before it was counted.
    fn process(&mut self, command: &[u8]) -> Vec<u8> {
        let mut record = self.record.lock().unwrap();
        let answer = self.cards[record.current].process(command);
        record.observe(command, &answer);
        answer
    }
}

const VERIFY: u8 = 0x20;
const CHANGE_REFERENCE_DATA: u8 = 0x24;
const RESET_RETRY_COUNTER: u8 = 0x2C;
