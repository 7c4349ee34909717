//! A virtual card as a channel, with the instruction bytes of what was sent to it.

use card_apdu::{CardChannel, Protocol, ReaderFault, WireBytes};
use card_emulator::VirtualCard;
use card_profiles::{CardMemory, CpxCard, Profile};
use secrets::{Pin, UnblockCode};

pub(crate) struct ListenedCard {
    card: Box<dyn VirtualCard>,
    profile: Profile,
    memory: CardMemory,
    sent: Vec<(u8, bool)>,
    fail_at: Option<u8>,
}

impl ListenedCard {
    pub(crate) fn new(card: impl VirtualCard + 'static, profile: Profile) -> Self {
        Self {
            card: Box::new(card),
            profile,
            memory: CardMemory::default(),
            sent: Vec::new(),
            fail_at: None,
        }
    }

    /// Does one thing in one transaction.
    pub(crate) fn with<T>(&mut self, act: impl FnOnce(&mut dyn CpxCard) -> T) -> T {
        let mut memory = std::mem::take(&mut self.memory);
        let profile = self.profile;
        let outcome = act(&mut *profile.open(self, &mut memory));
        self.memory = memory;
        outcome
    }

    /// Instruction bytes of the commands that carried a code, since the last call.
    pub(crate) fn codes_sent(&mut self) -> Vec<u8> {
        let sent = std::mem::take(&mut self.sent);
        let with_code = sent.into_iter().filter(|(_, carries_code)| *carries_code);
        with_code.map(|(instruction, _)| instruction).collect()
    }

    /// Forgets what was presented, as a reset does.
    pub(crate) fn reset(&mut self) {
        self.card.reset();
    }

    /// Lets the card leave right after it did this command, before its answer is heard.
    pub(crate) fn leave_at(&mut self, instruction: u8) {
        self.fail_at = Some(instruction);
    }

    pub(crate) fn tries_left(&mut self) -> (Option<u8>, Option<u8>, Option<u16>) {
        let states = self.with(|card| card.code_states()).unwrap();
        let (pin, unblock) = (states.pin.unwrap(), states.unblock_code.unwrap());
        (pin.tries_left, unblock.tries_left, unblock.uses_left)
    }
}

impl CardChannel for ListenedCard {
    fn protocol(&self) -> Protocol {
        self.card.protocol()
    }

    fn exchange(&mut self, command: &WireBytes) -> Result<Vec<u8>, ReaderFault> {
        let instruction = command.expose().get(1).copied().unwrap();
        self.sent.push((instruction, command.is_secret()));
        let answer = self.card.process(command.expose());
        if self.fail_at == Some(instruction) {
            return Err(ReaderFault::Removed);
        }
        Ok(answer)
    }
}

pub(crate) fn pin(digits: &str) -> Pin {
    Pin::new(digits.as_bytes()).unwrap()
}

pub(crate) fn unblock_code(digits: &str) -> UnblockCode {
    UnblockCode::new(digits.as_bytes()).unwrap()
}
