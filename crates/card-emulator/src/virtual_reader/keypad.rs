//! A keypad on a virtual reader: it takes the structures of PC/SC part 10 apart by itself, lets its script
//! type, and sends the command to the card as the firmware of a real reader does.

use std::collections::VecDeque;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use card_apdu::{Keypad, KeypadAbilities, KeypadCodes, KeypadEntry, ReaderFault};

use super::{VirtualConnection, VirtualReaderError, VirtualReaders};

/// What the hands at a virtual keypad do at its next question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeypadAct {
    /// They type these codes, each ended by the validation key: the code; or the new one twice; or the
    /// old one, then the new one twice.
    Type(Vec<String>),
    /// They press the cancel key.
    Cancel,
    /// They do nothing until the reader gives up, which takes no time here.
    LetTimeOut,
    /// Nobody is asked: the reader refuses the structure, as one does that has no keypad.
    Refuse,
    /// Nobody is asked, and the driver says only that nothing came back.
    BreakDown,
}

impl KeypadAct {
    /// Types these codes.
    #[must_use]
    pub fn type_codes(codes: &[&str]) -> Self {
        Self::Type(codes.iter().copied().map(str::to_owned).collect())
    }
}

/// What a virtual keypad counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeypadCounts {
    /// Times that somebody was asked to type.
    pub opened: u64,
    /// Commands with a code that went to the card.
    pub codes_sent: u64,
    /// How long it was told to wait for the first digit, the last time that somebody was asked.
    pub last_time_out: Duration,
}

/// The keypad of one reader.
#[derive(Debug)]
pub(super) struct VirtualKeypad {
    abilities: KeypadAbilities,
    acts: VecDeque<KeypadAct>,
    counts: KeypadCounts,
    is_open: bool,
}

impl VirtualReaders {
    /// Gives a reader a keypad. Until something is ordered for it nobody types, and it waits as long as
    /// it is told to.
    ///
    /// # Errors
    /// [`VirtualReaderError::UnknownReader`].
    pub fn add_keypad(
        &self,
        reader: &str,
        abilities: KeypadAbilities,
    ) -> Result<(), VirtualReaderError> {
        self.shared.lock().reader(reader)?.keypad = Some(VirtualKeypad {
            abilities,
            acts: VecDeque::new(),
            counts: KeypadCounts::default(),
            is_open: false,
        });
        Ok(())
    }

    /// Orders what is done at the next question of a keypad that nothing is ordered for yet, or at
    /// once where it waits.
    ///
    /// # Errors
    /// [`VirtualReaderError::UnknownReader`], also for a reader without a keypad.
    pub fn at_keypad(&self, reader: &str, act: KeypadAct) -> Result<(), VirtualReaderError> {
        self.with_keypad(reader, |keypad| keypad.acts.push_back(act))?;
        self.shared.changed.notify_all();
        Ok(())
    }

    /// What a keypad counted.
    ///
    /// # Errors
    /// [`VirtualReaderError::UnknownReader`], also for a reader without a keypad.
    pub fn keypad_counts(&self, reader: &str) -> Result<KeypadCounts, VirtualReaderError> {
        self.with_keypad(reader, |keypad| keypad.counts)
    }

    /// Blocks until a keypad waits for somebody to type.
    pub fn wait_for_open_keypad(&self, reader: &str) {
        let readers = self.shared.lock();
        let is_closed = |readers: &mut super::Readers| {
            let keypad = readers.reader(reader).map(|reader| reader.keypad.as_ref());
            keypad.is_ok_and(|keypad| keypad.is_some_and(|keypad| !keypad.is_open))
        };
        let opened = self.shared.changed.wait_while(readers, is_closed);
        drop(opened.unwrap_or_else(PoisonError::into_inner));
    }

    fn with_keypad<T>(
        &self,
        reader: &str,
        act: impl FnOnce(&mut VirtualKeypad) -> T,
    ) -> Result<T, VirtualReaderError> {
        let mut readers = self.shared.lock();
        let keypad = readers.reader(reader)?.keypad.as_mut();
        let keypad = keypad.ok_or_else(|| VirtualReaderError::UnknownReader {
            name: reader.to_owned(),
        })?;
        Ok(act(keypad))
    }
}

impl VirtualConnection {
    pub(super) fn has_keypad(&self) -> bool {
        self.abilities().is_some()
    }

    fn abilities(&self) -> Option<KeypadAbilities> {
        let mut readers = self.shared.lock();
        let reader = readers.reader(&self.reader).ok()?;
        reader.keypad.as_ref().map(|keypad| keypad.abilities)
    }

    /// Waits for the script, for as long as the structure says and the card stays.
    fn wait_for_act(&self, time_out: Duration) -> Result<KeypadAct, ReaderFault> {
        let due = Instant::now() + time_out;
        self.set_open(true);
        self.count(|counts| counts.last_time_out = time_out);
        let act = loop {
            let change = self.shared.lock().change;
            if let Err(fault) = self.check() {
                break Err(fault);
            }
            let mut readers = self.shared.lock();
            let Ok(reader) = readers.reader(&self.reader) else {
                break Err(ReaderFault::ReaderGone);
            };
            if let Some(act) = reader.keypad.as_mut().and_then(|pad| pad.acts.pop_front()) {
                break Ok(act);
            }
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break Ok(KeypadAct::LetTimeOut);
            }
            let is_still = |readers: &mut super::Readers| {
                let keypad = readers.reader(&self.reader).map(|reader| &reader.keypad);
                let has_act =
                    keypad.is_ok_and(|pad| pad.as_ref().is_some_and(|pad| !pad.acts.is_empty()));
                readers.change == change && !has_act
            };
            let waited = self
                .shared
                .changed
                .wait_timeout_while(readers, left, is_still);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
        };
        self.set_open(false);
        act
    }

    fn set_open(&self, is_open: bool) {
        let mut readers = self.shared.lock();
        if let Ok(reader) = readers.reader(&self.reader)
            && let Some(keypad) = &mut reader.keypad
        {
            keypad.is_open = is_open;
            keypad.counts.opened += u64::from(is_open);
        }
        drop(readers);
        self.shared.changed.notify_all();
    }

    fn count(&self, count: impl FnOnce(&mut KeypadCounts)) {
        let mut readers = self.shared.lock();
        if let Ok(reader) = readers.reader(&self.reader)
            && let Some(keypad) = &mut reader.keypad
        {
            count(&mut keypad.counts);
        }
    }
}

impl Keypad for VirtualConnection {
    fn abilities(&self) -> KeypadAbilities {
        self.abilities().unwrap_or(KeypadAbilities::NONE)
    }

    fn enter(&mut self, entry: &KeypadEntry) -> Result<Vec<u8>, ReaderFault> {
        let modifies = entry.codes != KeypadCodes::Present;
        let bytes = entry.structure(&Keypad::abilities(self));
        let Some(structure) = Structure::parse(&bytes, modifies) else {
            return Ok(REFUSED.to_vec());
        };
        let codes = match self.wait_for_act(structure.time_out)? {
            KeypadAct::Type(codes) => codes,
            KeypadAct::Cancel => return Ok(CANCELLED.to_vec()),
            KeypadAct::LetTimeOut => return Ok(TIMED_OUT.to_vec()),
            KeypadAct::Refuse => return Ok(REFUSED.to_vec()),
            KeypadAct::BreakDown => return Err(ReaderFault::Mute),
        };
        match structure.command(&codes) {
            Ok(command) => {
                self.count(|counts| counts.codes_sent += 1);
                self.exchange_bytes(&command)
            }
            Err(sw) => Ok(sw.to_vec()),
        }
    }
}

/// A structure of part 10, as the firmware of a reader understands it.
struct Structure {
    time_out: Duration,
    block_len: usize,
    lengths: std::ops::RangeInclusive<usize>,
    asks_old: bool,
    confirms: bool,
    offsets: [usize; 2],
    template: Vec<u8>,
}

impl Structure {
    /// `None` for what this reader does not do: anything but ASCII digits on the left of the data.
    fn parse(bytes: &[u8], modifies: bool) -> Option<Self> {
        let (head, template) = bytes.split_at_checked(if modifies { 24 } else { 19 })?;
        let told = u32::from_le_bytes(*head.last_chunk()?);
        if head.get(2..5)? != [0x82, *head.get(3)?, 0]
            || usize::try_from(told).ok()? != template.len()
        {
            return None;
        }
        let lengths = if modifies {
            head.get(7..9)?
        } else {
            head.get(5..7)?
        };
        let &[maximum, minimum] = lengths else {
            return None;
        };
        let flags = if modifies { *head.get(9)? } else { 0 };
        let offsets = if modifies { head.get(5..7)? } else { &[0, 0] };
        let &[old, new] = offsets else { return None };
        Some(Self {
            time_out: Duration::from_secs((*head.first()?).into()),
            block_len: (*head.get(3)?).into(),
            lengths: minimum.into()..=maximum.into(),
            asks_old: flags & 2 != 0,
            confirms: flags & 1 != 0,
            offsets: if modifies && flags & 2 == 0 {
                [new.into(); 2]
            } else {
                [old.into(), new.into()]
            },
            template: template.to_vec(),
        })
    }

    /// The command with what was typed, or the status word of the reader.
    fn command(&self, typed: &[String]) -> Result<Vec<u8>, [u8; 2]> {
        let in_command = match (self.asks_old, self.confirms, typed) {
            (false, false, [code]) => vec![code],
            (false, true, [new, again]) if new == again => vec![new],
            (true, true, [old, new, again]) if new == again => vec![old, new],
            (_, true, [.., new, again]) if new != again => return Err(CODES_DIFFER),
            _ => return Err(TIMED_OUT),
        };
        if typed.iter().any(|code| !self.lengths.contains(&code.len())) {
            return Err(WRONG_LENGTH);
        }
        let mut command = self.template.clone();
        if self.block_len == 0 {
            let digits: Vec<u8> = in_command.iter().flat_map(|code| code.bytes()).collect();
            command.push(u8::try_from(digits.len()).map_err(|_| WRONG_LENGTH)?);
            command.extend(digits);
            return Ok(command);
        }
        for (code, offset) in in_command.iter().zip(self.offsets) {
            let start = DATA_START + offset;
            let place = command.get_mut(start..start + code.len());
            place.ok_or(REFUSED)?.copy_from_slice(code.as_bytes());
        }
        Ok(command)
    }
}

const DATA_START: usize = 5;
/// Status words of a reader.
const TIMED_OUT: [u8; 2] = [0x64, 0x00];
const CANCELLED: [u8; 2] = [0x64, 0x01];
const CODES_DIFFER: [u8; 2] = [0x64, 0x02];
const WRONG_LENGTH: [u8; 2] = [0x64, 0x03];
const REFUSED: [u8; 2] = [0x6B, 0x80];

#[cfg(test)]
mod tests {
    use card_apdu::{
        CardChannel, ChannelError, KeypadAnswer, KeypadFormat, KeypadTime, NotSent, PinBlock,
        StatusWord,
    };
    use time::macros::datetime;

    use super::*;
    use crate::{CardParameters, Cps3Card};

    const READER: &str = "Virtual CPS reader 00";
    const KEYPAD: KeypadAbilities = KeypadAbilities {
        verifies: true,
        modifies: true,
        has_display: false,
        ends_by_key: true,
        minimum_len: 4,
        maximum_len: 8,
    };

    fn readers() -> VirtualReaders {
        let readers = VirtualReaders::with_count(1);
        readers.add_keypad(READER, KEYPAD).unwrap();
        let parameters = CardParameters::new(datetime!(2026-11-21 19:00 UTC));
        let card = Cps3Card::new(&parameters).unwrap();
        readers.insert(READER, Box::new(card)).unwrap();
        readers
    }

    fn entry(ins: u8, codes: KeypadCodes, block_len: Option<u8>) -> KeypadEntry {
        KeypadEntry {
            command: [0x00, ins, 0x00, 0x01],
            codes,
            format: KeypadFormat {
                minimum_len: 4,
                maximum_len: 8,
                block: block_len.map(|len| PinBlock { len, filler: 0xFF }),
            },
            time: KeypadTime::of(Duration::from_secs(1)),
        }
    }

    fn enter(
        readers: &VirtualReaders,
        entry: &KeypadEntry,
        act: KeypadAct,
    ) -> Result<KeypadAnswer, ChannelError> {
        assert_eq!(readers.at_keypad(READER, act), Ok(()));
        readers.connect(READER)?.enter_at_keypad(entry)
    }

    fn card(sw: u16) -> Result<KeypadAnswer, ChannelError> {
        Ok(KeypadAnswer::Card(StatusWord(sw)))
    }

    #[test]
    fn what_is_typed_goes_to_the_card_and_its_answer_comes_back() {
        let readers = readers();
        let verify = entry(0x20, KeypadCodes::Present, None);
        let typed = |code| enter(&readers, &verify, KeypadAct::type_codes(&[code]));
        assert_eq!(typed("0000"), card(0x63C2));
        assert_eq!(typed("1234"), card(0x9000));
        let of_one_length = KeypadEntry {
            format: KeypadFormat {
                maximum_len: 4,
                ..entry(0x24, KeypadCodes::OldThenNewTwice, Some(4)).format
            },
            ..entry(0x24, KeypadCodes::OldThenNewTwice, Some(4))
        };
        let change = KeypadAct::type_codes(&["1234", "4321", "4321"]);
        assert_eq!(enter(&readers, &of_one_length, change), card(0x9000));
        assert_eq!(typed("4321"), card(0x9000));
        let counts = readers.keypad_counts(READER).unwrap();
        assert_eq!((counts.opened, counts.codes_sent), (4, 4));
        let plan = readers.fault_plan(READER).unwrap();
        assert_eq!(plan.counts().commands, 4);
    }

    #[test]
    fn what_the_reader_does_not_send_the_card_never_sees() {
        let readers = readers();
        let verify = entry(0x20, KeypadCodes::Present, None);
        let new = entry(0x2C, KeypadCodes::NewTwice, None);
        for (entry, act, not_sent) in [
            (&verify, KeypadAct::Cancel, NotSent::Cancelled),
            (&verify, KeypadAct::LetTimeOut, NotSent::TimedOut),
            (&verify, KeypadAct::Refuse, NotSent::Refused),
            (&verify, KeypadAct::type_codes(&["123"]), NotSent::Length),
            (
                &verify,
                KeypadAct::type_codes(&["123456789"]),
                NotSent::Length,
            ),
            (
                &new,
                KeypadAct::type_codes(&["4321", "4312"]),
                NotSent::NewCodesDiffer,
            ),
        ] {
            let answer = enter(&readers, entry, act);
            assert_eq!(answer, Ok(KeypadAnswer::NotSent(not_sent)));
        }
        assert_eq!(readers.keypad_counts(READER).unwrap().codes_sent, 0);
        let plan = readers.fault_plan(READER).unwrap();
        assert_eq!(plan.counts().commands, 0);
    }

    #[test]
    fn a_keypad_at_which_nobody_types_waits_for_as_long_as_it_is_told() {
        let readers = readers();
        let mut connection = readers.connect(READER).unwrap();
        let begin = Instant::now();
        let answer = connection.enter_at_keypad(&entry(0x20, KeypadCodes::Present, None));
        assert_eq!(answer, Ok(KeypadAnswer::NotSent(NotSent::TimedOut)));
        assert!(begin.elapsed() >= Duration::from_secs(1));
    }

    #[test]
    fn a_reader_without_a_keypad_has_none() {
        let readers = VirtualReaders::with_count(1);
        assert!(readers.at_keypad(READER, KeypadAct::Cancel).is_err());
        let parameters = CardParameters::new(datetime!(2026-11-21 19:00 UTC));
        let card = Cps3Card::new(&parameters).unwrap();
        readers.insert(READER, Box::new(card)).unwrap();
        let mut connection = readers.connect(READER).unwrap();
        let answer = connection.enter_at_keypad(&entry(0x20, KeypadCodes::Present, None));
        assert_eq!(answer, Err(ChannelError::NoKeypad));
    }
}
