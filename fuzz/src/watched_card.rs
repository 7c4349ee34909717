//! A card that answers with the fuzzer's bytes, and watches what it is sent.

use std::collections::BTreeMap;

use card_apdu::{CardChannel, CommandApdu, Protocol, ReaderFault, StatusWord, WireBytes};
use card_profiles::LastTry;

use crate::input::Input;

/// Answers of a card, one after the other.
#[derive(Debug)]
pub(crate) struct Answers<'a> {
    input: Input<'a>,
    at_end: AtEnd,
    last: Vec<u8>,
}

/// What a card does that has given all its answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AtEnd {
    /// It is gone.
    Leaves,
    /// It gives its last answer for ever.
    Repeats,
}

impl<'a> Answers<'a> {
    pub(crate) fn new(input: Input<'a>, at_end: AtEnd) -> Self {
        Self {
            input,
            at_end,
            last: Vec::new(),
        }
    }

    fn next(&mut self) -> Result<Vec<u8>, ReaderFault> {
        match self.input.clone().byte() {
            FAULT => Err(self.fault()),
            _ => match (self.input.piece(), self.at_end) {
                (Some(answer), _) => {
                    self.last = answer.to_vec();
                    Ok(self.last.clone())
                }
                (None, AtEnd::Repeats) => Ok(self.last.clone()),
                (None, AtEnd::Leaves) => Err(ReaderFault::Removed),
            },
        }
    }

    /// A byte [`FAULT`], then one that says which.
    fn fault(&mut self) -> ReaderFault {
        self.input.byte();
        match self.input.byte() % 4 {
            0 => ReaderFault::Removed,
            1 => ReaderFault::Reset,
            2 => ReaderFault::Mute,
            _ => ReaderFault::ReaderGone,
        }
    }
}

/// The card. It panics when it is shown a code that it must not see, and when it is never left alone.
#[derive(Debug)]
pub(crate) struct WatchedCard<'a> {
    answers: Answers<'a>,
    protocol: Protocol,
    last_try: LastTry,
    seen: Seen,
}

/// What the card saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    commands: u32,
    /// The last SELECT named something below the master file, succeeded, and no file was read since.
    is_application_current: bool,
    /// Tries left as the last empty VERIFY of each reference was answered.
    tries_told: BTreeMap<u8, u8>,
    presented: u32,
    last_was_taken: bool,
}

impl Seen {
    /// Commands that carried a code which the card compares.
    pub(crate) fn codes_presented(&self) -> u32 {
        self.presented
    }

    /// Whether the card answered 9000 to the last command with a code.
    pub(crate) fn last_code_was_taken(&self) -> bool {
        self.last_was_taken
    }

    fn before_code(&self, command: &CommandApdu, wire: &WireBytes, last_try: LastTry) {
        let data_len = command.data().len();
        assert_eq!(wire.secret_range(), 5..5 + data_len, "a code in clear");
        assert!(self.is_application_current, "a code for nobody knows what");
        assert!(
            self.presented == 0 || self.last_was_taken,
            "a code after one that was not taken"
        );
        if !presents(command) {
            assert_eq!(self.presented, 1, "a new code without the old one");
            return;
        }
        match self.tries_told.get(&command.p2()) {
            Some(0) => unreachable_by_promise("a code for a card that says it is blocked"),
            Some(1) if last_try == LastTry::NotConfirmed => {
                unreachable_by_promise("the last try, which nobody agreed to");
            }
            _ => {}
        }
    }

    fn after(&mut self, command: &CommandApdu, sw: Option<StatusWord>) {
        let succeeded = sw.is_some_and(|sw| sw.is_success() || sw.available_len().is_some());
        match command.ins() {
            SELECT => {
                let names_master_file = command.data() == MASTER_FILE;
                self.is_application_current = succeeded && !names_master_file;
            }
            READ_BINARY | GET_DATA => self.is_application_current = false,
            VERIFY if command.data().is_empty() => {
                self.tries_told.remove(&command.p2());
                if let Some(tries) = sw.and_then(tries_told) {
                    self.tries_told.insert(command.p2(), tries);
                }
            }
            _ if carries_code(command) => {
                self.presented += u32::from(presents(command));
                self.last_was_taken = sw == Some(StatusWord::SUCCESS);
            }
            _ => {}
        }
    }
}

impl<'a> WatchedCard<'a> {
    pub(crate) fn new(answers: Answers<'a>, protocol: Protocol, last_try: LastTry) -> Self {
        Self {
            answers,
            protocol,
            last_try,
            seen: Seen::default(),
        }
    }

    pub(crate) fn seen(&self) -> &Seen {
        &self.seen
    }
}

impl CardChannel for WatchedCard<'_> {
    fn protocol(&self) -> Protocol {
        self.protocol
    }

    fn exchange(&mut self, wire: &WireBytes) -> Result<Vec<u8>, ReaderFault> {
        let Ok(command) = CommandApdu::parse(wire.expose()) else {
            unreachable_by_promise("a command that is none")
        };
        self.seen.commands += 1;
        assert!(
            self.seen.commands <= MOST_COMMANDS,
            "an operation without end"
        );
        if carries_code(&command) {
            self.seen.before_code(&command, wire, self.last_try);
        }
        let answer = self.answers.next();
        let sw = answer.as_ref().ok().and_then(|answer| match answer[..] {
            [.., sw1, sw2] => Some(StatusWord::new(sw1, sw2)),
            _ => None,
        });
        self.seen.after(&command, sw);
        answer
    }
}

#[expect(
    clippy::panic,
    reason = "a broken promise is what a fuzz target looks for"
)]
fn unreachable_by_promise(what: &str) -> ! {
    panic!("{what}")
}

/// VERIFY, CHANGE REFERENCE DATA and RESET RETRY COUNTER with data.
fn carries_code(command: &CommandApdu) -> bool {
    matches!(
        command.ins(),
        VERIFY | CHANGE_REFERENCE_DATA | RESET_RETRY_COUNTER
    ) && !command.data().is_empty()
}

/// Whether the card compares a code of this command with one of its own.
fn presents(command: &CommandApdu) -> bool {
    command.ins() == VERIFY || (command.ins() == CHANGE_REFERENCE_DATA && command.p1() == 0)
}

fn tries_told(sw: StatusWord) -> Option<u8> {
    match sw {
        StatusWord::AUTHENTICATION_METHOD_BLOCKED => Some(0),
        sw => sw.tries_left(),
    }
}

/// First byte of an answer that does not come.
pub(crate) const FAULT: u8 = 0x80;
/// Far over what any operation on a real card takes; an input gives about half as many answers.
const MOST_COMMANDS: u32 = 8_000;
const MASTER_FILE: [u8; 2] = [0x3F, 0x00];
const SELECT: u8 = 0xA4;
const READ_BINARY: u8 = 0xB0;
const GET_DATA: u8 = 0xCB;
const VERIFY: u8 = 0x20;
const CHANGE_REFERENCE_DATA: u8 = 0x24;
const RESET_RETRY_COUNTER: u8 = 0x2C;
