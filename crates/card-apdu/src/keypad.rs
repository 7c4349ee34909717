//! Codes typed on the keypad of a reader: the structures of PC/SC part 10 (2.02.09, "IFDs with
//! Secure PIN Entry Capabilities"), as its names stand in `reader.h` of pcsc-lite.
//!
//! The reader gets the command with a place for the code, lets the holder type, puts the digits
//! there, and sends the command to the card itself. No digit comes to this program.

use std::time::Duration;

use crate::{ReaderFault, StatusWord};

/// Function number of CM_IOCTL_GET_FEATURE_REQUEST, of which each system makes its control code.
pub const GET_FEATURE_REQUEST: u32 = 3400;

/// A reader at which codes can be typed.
pub trait Keypad {
    /// What it can do.
    fn abilities(&self) -> KeypadAbilities;

    /// Lets the holder type, and sends the command to the card when they are done; returns the answer
    /// as it came, or 6B80 where the reader's driver knows of no such use. Blocks for [`KeypadEntry::longest_time`] at most, if the reader keeps its promise.
    ///
    /// # Errors
    /// [`ReaderFault`] when no answer came.
    fn enter(&mut self, entry: &KeypadEntry) -> Result<Vec<u8>, ReaderFault>;
}

/// Control codes of the features that are used here, as a reader lists them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeypadFeatures {
    /// FEATURE_VERIFY_PIN_DIRECT.
    pub verify: Option<u32>,
    /// FEATURE_MODIFY_PIN_DIRECT.
    pub modify: Option<u32>,
    /// FEATURE_IFD_PIN_PROPERTIES.
    pub pin_properties: Option<u32>,
    /// FEATURE_GET_TLV_PROPERTIES.
    pub tlv_properties: Option<u32>,
}

impl KeypadFeatures {
    /// Reads the answer to CM_IOCTL_GET_FEATURE_REQUEST: rows of tag, length 4 and a control code in big
    /// endian (2.2). A row of another length ends the list, since readers that send one send nonsense.
    #[must_use]
    pub fn parse(mut rows: &[u8]) -> Self {
        let mut features = Self::default();
        while let [tag, 4, a, b, c, d, rest @ ..] = rows {
            let code = Some(u32::from_be_bytes([*a, *b, *c, *d]));
            match *tag {
                0x06 => features.verify = code,
                0x07 => features.modify = code,
                0x0A => features.pin_properties = code,
                0x12 => features.tlv_properties = code,
                _ => {}
            }
            rows = rest;
        }
        features
    }

    /// Whether there is a keypad, by the reader's own word.
    #[must_use]
    pub const fn has_keypad(&self) -> bool {
        self.verify.is_some()
    }
}

/// What a reader says of its keypad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeypadProperties {
    /// It shows messages.
    pub has_display: bool,
    /// How it knows that a code is whole, a bit each ([`KeypadAbilities::ends_by_key`]); `None` where
    /// it does not tell.
    pub entry_validation: Option<u8>,
    /// Fewest digits.
    pub minimum_len: Option<u8>,
    /// Most digits.
    pub maximum_len: Option<u8>,
    /// USB vendor and product.
    pub vendor_product: Option<(u16, u16)>,
}

impl KeypadProperties {
    /// Takes over PIN_PROPERTIES_STRUCTURE: wLcdLayout, bEntryValidationCondition, bTimeOut2. Of another
    /// length it says nothing.
    pub fn read_pin_properties(&mut self, structure: &[u8]) {
        if let [low, high, validation, _] = structure {
            self.has_display = (*low, *high) != (0, 0);
            self.entry_validation = Some(*validation);
        }
    }

    /// Takes over the answer to FEATURE_GET_TLV_PROPERTIES: rows of tag, length and value, numbers in
    /// little endian. What is cut off says nothing.
    pub fn read_tlv_properties(&mut self, mut rows: &[u8]) {
        let (mut vendor, mut product) = (None, None);
        while let [tag, len, rest @ ..] = rows {
            let Some((value, rest)) = rest.split_at_checked(usize::from(*len)) else {
                break;
            };
            match (*tag, value) {
                (1, [low, high]) => self.has_display = (*low, *high) != (0, 0),
                (2, [validation]) => self.entry_validation = Some(*validation),
                (6, [minimum]) => self.minimum_len = Some(*minimum),
                (7, [maximum]) => self.maximum_len = Some(*maximum).filter(|most| *most > 0),
                (11, [low, high]) => vendor = Some(u16::from_le_bytes([*low, *high])),
                (12, [low, high]) => product = Some(u16::from_le_bytes([*low, *high])),
                _ => {}
            }
            rows = rest;
        }
        self.vendor_product = vendor.zip(product).or(self.vendor_product);
    }
}

/// What a keypad can be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeypadAbilities {
    /// It presents a code.
    pub verifies: bool,
    /// It sets a new code.
    pub modifies: bool,
    /// It shows messages.
    pub has_display: bool,
    /// Its validation key ends a code.
    pub ends_by_key: bool,
    /// Fewest digits that it sends.
    pub minimum_len: u8,
    /// Most digits that it sends.
    pub maximum_len: u8,
}

impl KeypadAbilities {
    /// Those of a reader without a keypad.
    pub const NONE: Self = Self {
        verifies: false,
        modifies: false,
        has_display: false,
        ends_by_key: false,
        minimum_len: 0,
        maximum_len: 0,
    };

    /// What features and properties of a reader amount to; one that does not say how a code ends is taken to
    /// have a validation key.
    #[must_use]
    pub fn of(features: &KeypadFeatures, properties: &KeypadProperties) -> Self {
        let validation = properties.entry_validation.filter(|bits| *bits != 0);
        Self {
            verifies: features.verify.is_some(),
            modifies: features.modify.is_some(),
            has_display: properties.has_display,
            ends_by_key: validation.is_none_or(|bits| bits & VALIDATION_KEY != 0),
            minimum_len: properties.minimum_len.unwrap_or(0),
            maximum_len: properties.maximum_len.unwrap_or(u8::MAX),
        }
    }

    /// Whether every code of this format can be typed for this purpose.
    #[must_use]
    pub fn take(&self, codes: KeypadCodes, format: &KeypadFormat) -> bool {
        let has_function = match codes {
            KeypadCodes::Present => self.verifies,
            KeypadCodes::NewTwice => self.modifies,
            // Both codes lie in one command, so that the place of the second must be known.
            KeypadCodes::OldThenNewTwice => self.modifies && format.block.is_some(),
        };
        let has_end = self.ends_by_key || format.minimum_len == format.maximum_len;
        let has_lengths = (self.minimum_len..=self.maximum_len).contains(&format.minimum_len)
            && (self.minimum_len..=self.maximum_len).contains(&format.maximum_len);
        let has_block = format
            .block
            .is_none_or(|block| (1..=LONGEST_BLOCK).contains(&block.len));
        has_function && has_end && has_lengths && has_block
    }
}

/// What is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeypadCodes {
    /// A code, to be presented.
    Present,
    /// A new code, twice.
    NewTwice,
    /// The code as it is, then a new one twice.
    OldThenNewTwice,
}

/// How ASCII digits lie in the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeypadFormat {
    /// Fewest digits.
    pub minimum_len: u8,
    /// Most digits.
    pub maximum_len: u8,
    /// The block that digits are filled up to; without one they go as they are.
    pub block: Option<PinBlock>,
}

/// A block of fixed length, with the digits first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinBlock {
    /// Bytes, 15 at most.
    pub len: u8,
    /// What fills it up.
    pub filler: u8,
}

/// One use of the keypad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeypadEntry {
    /// CLA, INS, P1 and P2 of the command that the codes go into.
    pub command: [u8; 4],
    /// What is typed.
    pub codes: KeypadCodes,
    /// How it lies in the command.
    pub format: KeypadFormat,
    /// How long the reader waits for the first digit of a code; for its others it waits
    /// [`KeypadTime::after_first_digit`].
    pub time: KeypadTime,
}

/// Whole seconds that a keypad waits: 1 to 60.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeypadTime(u8);

impl KeypadTime {
    /// A time, without its part of a second, so that the reader gives up before whoever waits for it.
    #[must_use]
    pub fn of(time: Duration) -> Self {
        let seconds = time.as_secs().clamp(1, LONGEST_TIME);
        Self(u8::try_from(seconds).unwrap_or(1))
    }

    /// The time.
    #[must_use]
    pub fn as_duration(self) -> Duration {
        Duration::from_secs(self.0.into())
    }

    /// How long the reader waits once a first digit is typed.
    #[must_use]
    pub fn after_first_digit(self) -> Self {
        self.min(AFTER_FIRST_DIGIT)
    }
}

impl KeypadEntry {
    /// How long a reader that keeps its time-outs may take: for each code, the wait for its first digit
    /// and the wait for the others.
    #[must_use]
    pub fn longest_time(&self) -> Duration {
        let codes = match self.codes {
            KeypadCodes::Present => 1,
            KeypadCodes::NewTwice => 2,
            KeypadCodes::OldThenNewTwice => 3,
        };
        let after_first_digit = self.time.after_first_digit().as_duration();
        (self.time.as_duration() + after_first_digit) * codes
    }

    /// PIN_VERIFY_STRUCTURE or PIN_MODIFY_STRUCTURE, numbers in little endian (2.5.2, 2.5.3).
    #[must_use]
    pub fn structure(&self, abilities: &KeypadAbilities) -> Vec<u8> {
        let block_len = self.format.block.map_or(0, |block| block.len);
        let validation = if abilities.ends_by_key {
            VALIDATION_KEY
        } else {
            MAXIMUM_LENGTH_REACHED
        };
        let lengths = [self.format.maximum_len, self.format.minimum_len];
        let mut structure = vec![
            self.time.0,
            self.time.after_first_digit().0,
            ASCII_LEFT_IN_BYTES,
            block_len,
            NO_LENGTH_IN_COMMAND,
        ];
        match self.codes {
            KeypadCodes::Present => {
                structure.extend(lengths);
                structure.push(validation);
                structure.push(if abilities.has_display {
                    DEFAULT_MESSAGE
                } else {
                    0
                });
                structure.extend(FRENCH.to_le_bytes());
                structure.push(0);
            }
            KeypadCodes::NewTwice | KeypadCodes::OldThenNewTwice => {
                let asks_old = self.codes == KeypadCodes::OldThenNewTwice;
                structure.extend([0, if asks_old { block_len } else { 0 }]);
                structure.extend(lengths);
                structure.push(if asks_old { CONFIRM | ASK_OLD } else { CONFIRM });
                structure.push(validation);
                structure.push(match (abilities.has_display, asks_old) {
                    (false, _) => 0,
                    (true, false) => 2,
                    (true, true) => 3,
                });
                structure.extend(FRENCH.to_le_bytes());
                // Messages of the reader: 0 asks for the code, 1 for a new one, 2 for that once more.
                structure.extend(if asks_old { [0, 1, 2] } else { [1, 2, 0] });
            }
        }
        structure.extend([0; PROLOGUE_LEN]);
        let template = self.template();
        structure.extend(u32::try_from(template.len()).unwrap_or(0).to_le_bytes());
        structure.extend(template);
        structure
    }

    /// The command with an empty place for the codes; without Lc where the reader alone knows how
    /// long they will be.
    fn template(&self) -> Vec<u8> {
        let mut template = self.command.to_vec();
        if let Some(block) = self.format.block {
            let blocks = match self.codes {
                KeypadCodes::Present | KeypadCodes::NewTwice => 1,
                KeypadCodes::OldThenNewTwice => 2,
            };
            let len = block.len.saturating_mul(blocks);
            template.push(len);
            template.resize(template.len() + usize::from(len), block.filler);
        }
        template
    }
}

/// What became of an entry at the keypad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeypadAnswer {
    /// The card has no code of it: the reader says why.
    NotSent(NotSent),
    /// The card got the code and answered.
    Card(StatusWord),
}

/// Why a reader sent nothing (2.5.2: its own status words beside those of the card).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// 6400: nobody typed in time.
    #[error("nobody typed at the keypad in time")]
    TimedOut,
    /// 6401: the cancel key was pressed.
    #[error("the cancel key of the keypad was pressed")]
    Cancelled,
    /// 6402: the new code was typed in two ways.
    #[error("the new code was typed at the keypad in two ways")]
    NewCodesDiffer,
    /// 6403: too few or too many digits were typed.
    #[error("a code of another length was typed at the keypad")]
    Length,
    /// 6B80: the reader does not understand what it was asked.
    #[error("the keypad refused to be used")]
    Refused,
}

impl KeypadAnswer {
    /// Tells the reader's status words from those of the card. None of the reader's is one by which a card of
    /// ISO/IEC 7816-4 counts a wrong code.
    #[must_use]
    pub fn of(sw: StatusWord) -> Self {
        match sw.0 {
            0x6400 => Self::NotSent(NotSent::TimedOut),
            0x6401 => Self::NotSent(NotSent::Cancelled),
            0x6402 => Self::NotSent(NotSent::NewCodesDiffer),
            0x6403 => Self::NotSent(NotSent::Length),
            0x6B80 => Self::NotSent(NotSent::Refused),
            _ => Self::Card(sw),
        }
    }
}

/// bmFormatString: the digits begin at byte 0 of the data, left, in ASCII.
const ASCII_LEFT_IN_BYTES: u8 = 0x82;
/// bmPINLengthFormat: the number of digits stands nowhere in the command.
const NO_LENGTH_IN_COMMAND: u8 = 0x00;
/// Bits of bEntryValidationCondition.
const MAXIMUM_LENGTH_REACHED: u8 = 0x01;
const VALIDATION_KEY: u8 = 0x02;
/// Bits of bConfirmPIN.
const CONFIRM: u8 = 0x01;
const ASK_OLD: u8 = 0x02;
/// bNumberMessage: what the reader shows by itself.
const DEFAULT_MESSAGE: u8 = 0xFF;
/// wLangId: every card of this family is a French one.
const FRENCH: u16 = 0x040C;
/// bTeoPrologue, which readers fill in by themselves.
const PROLOGUE_LEN: usize = 3;
/// bmPINBlockString has four bits for it.
const LONGEST_BLOCK: u8 = 15;
const LONGEST_TIME: u64 = 60;
/// bTimeOut2, which some readers count anew with each digit and some from the first one: long enough for
/// eight digits of a slow hand.
const AFTER_FIRST_DIGIT: KeypadTime = KeypadTime(15);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WITH_DISPLAY: KeypadAbilities = KeypadAbilities {
        verifies: true,
        modifies: true,
        has_display: true,
        ends_by_key: true,
        minimum_len: 0,
        maximum_len: u8::MAX,
    };

    fn format(minimum_len: u8, maximum_len: u8, block_len: Option<u8>) -> KeypadFormat {
        KeypadFormat {
            minimum_len,
            maximum_len,
            block: block_len.map(|len| PinBlock { len, filler: 0xFF }),
        }
    }

    fn entry(command: [u8; 4], codes: KeypadCodes, format: KeypadFormat) -> KeypadEntry {
        let time = KeypadTime::of(Duration::from_millis(30_999));
        KeypadEntry {
            command,
            codes,
            format,
            time,
        }
    }

    #[test]
    fn a_verify_of_4_to_8_digits_leaves_the_length_to_the_reader() {
        let verify = entry([0, 0x20, 0, 1], KeypadCodes::Present, format(4, 8, None));
        let expected = [
            30, 15, 0x82, 0, 0, 8, 4, 2, 0xFF, 0x0C, 0x04, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0x20, 0, 1,
        ];
        assert_eq!(verify.structure(&WITH_DISPLAY), expected);
        assert_eq!(verify.longest_time(), Duration::from_secs(45));
    }

    #[test]
    fn a_change_of_padded_codes_names_the_place_of_each() {
        let change = entry(
            [0, 0x24, 0, 1],
            KeypadCodes::OldThenNewTwice,
            format(4, 8, Some(8)),
        );
        let no_display = KeypadAbilities {
            has_display: false,
            ..WITH_DISPLAY
        };
        let mut expected = vec![
            30, 15, 0x82, 8, 0, 0, 8, 8, 4, 3, 2, 0, 0x0C, 0x04, 0, 1, 2, 0, 0, 0, 21, 0, 0, 0, 0,
            0x24, 0, 1, 16,
        ];
        expected.extend([0xFF; 16]);
        assert_eq!(change.structure(&no_display), expected);
        assert_eq!(change.longest_time(), Duration::from_secs(135));
    }

    #[test]
    fn a_new_code_alone_is_confirmed_and_no_old_one_asked() {
        let reset = entry(
            [0, 0x2C, 2, 1],
            KeypadCodes::NewTwice,
            format(4, 4, Some(4)),
        );
        let structure = reset.structure(&WITH_DISPLAY);
        assert_eq!(structure[..12], [30, 15, 0x82, 4, 0, 0, 0, 4, 4, 1, 2, 2]);
        assert_eq!(structure[14..17], [1, 2, 0]);
        assert_eq!(structure[24..], [0, 0x2C, 2, 1, 4, 0xFF, 0xFF, 0xFF, 0xFF]);
    }

    #[test]
    fn a_keypad_is_used_only_where_every_code_can_be_typed() {
        use KeypadCodes::{NewTwice, OldThenNewTwice, Present};
        let usual = WITH_DISPLAY;
        assert!(usual.take(Present, &format(4, 8, None)));
        assert!(usual.take(NewTwice, &format(4, 8, None)));
        assert!(usual.take(OldThenNewTwice, &format(4, 4, Some(4))));
        assert!(!usual.take(OldThenNewTwice, &format(4, 8, None)));
        assert!(!usual.take(Present, &format(4, 16, Some(16))));
        let short = KeypadAbilities {
            maximum_len: 6,
            ..usual
        };
        assert!(!short.take(Present, &format(4, 8, None)));
        let without_key = KeypadAbilities {
            ends_by_key: false,
            ..usual
        };
        assert!(without_key.take(Present, &format(4, 4, None)));
        assert!(!without_key.take(Present, &format(4, 8, None)));
        let verifies_alone = KeypadAbilities {
            modifies: false,
            ..usual
        };
        assert!(!verifies_alone.take(NewTwice, &format(4, 8, None)));
    }

    #[test]
    fn features_and_properties_are_read_as_readers_send_them() {
        let rows = [
            &[0x06, 4, 0x42, 0x33, 0x00, 0x06][..],
            &[0x0A, 4, 0x42, 0x33, 0x00, 0x0A],
            &[0x13, 4, 0x42, 0x00, 0x00, 0x01],
        ];
        let features = KeypadFeatures::parse(&rows.concat());
        assert_eq!(features.verify, Some(0x4233_0006));
        assert_eq!(features.pin_properties, Some(0x4233_000A));
        assert!(features.has_keypad() && features.modify.is_none());
        let mut properties = KeypadProperties::default();
        properties.read_pin_properties(&[0x10, 0x02, 0x07, 0x00]);
        properties.read_tlv_properties(&[6, 1, 4, 7, 1, 8, 11, 2, 0x6B, 0x07, 12, 2, 0x31, 0x30]);
        let expected = KeypadProperties {
            has_display: true,
            entry_validation: Some(7),
            minimum_len: Some(4),
            maximum_len: Some(8),
            vendor_product: Some((0x076B, 0x3031)),
        };
        assert_eq!(properties, expected);
    }

    #[test]
    fn only_the_readers_own_words_say_that_the_card_has_no_code_of_it() {
        for (sw, not_sent) in [
            (0x6400, NotSent::TimedOut),
            (0x6401, NotSent::Cancelled),
            (0x6402, NotSent::NewCodesDiffer),
            (0x6403, NotSent::Length),
            (0x6B80, NotSent::Refused),
        ] {
            let answer = KeypadAnswer::of(StatusWord(sw));
            assert_eq!(answer, KeypadAnswer::NotSent(not_sent));
        }
        for sw in [
            0x9000, 0x6300, 0x63C0, 0x63C2, 0x6983, 0x6404, 0x6B00, 0x6700,
        ] {
            let answer = KeypadAnswer::of(StatusWord(sw));
            assert_eq!(answer, KeypadAnswer::Card(StatusWord(sw)));
        }
    }

    proptest! {
        #[test]
        fn no_list_of_features_or_properties_panics(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let features = KeypadFeatures::parse(&bytes);
            let mut properties = KeypadProperties::default();
            properties.read_pin_properties(&bytes);
            properties.read_tlv_properties(&bytes);
            let _ = KeypadAbilities::of(&features, &properties);
        }

        #[test]
        fn a_feature_is_found_behind_any_others(
            others in prop::collection::vec((0x20_u8..=0xFF, any::<[u8; 4]>()), 0..10),
            code in any::<u32>(),
        ) {
            let mut rows: Vec<u8> = others
                .iter()
                .flat_map(|(tag, code)| [&[*tag, 4], &code[..]].concat())
                .collect();
            rows.extend([0x07, 4]);
            rows.extend(code.to_be_bytes());
            prop_assert_eq!(KeypadFeatures::parse(&rows).modify, Some(code));
        }

        #[test]
        fn a_structure_says_how_long_its_command_is(
            minimum in 1_u8..=8, more in 0_u8..=4, padded: bool, which in 0..3,
        ) {
            let codes = [
                KeypadCodes::Present,
                KeypadCodes::NewTwice,
                KeypadCodes::OldThenNewTwice,
            ][usize::try_from(which).unwrap()];
            let maximum = minimum + more;
            let block = padded.then_some(maximum);
            let entry = entry([1, 2, 3, 4], codes, format(minimum, maximum, block));
            let structure = entry.structure(&WITH_DISPLAY);
            let head = if codes == KeypadCodes::Present { 15 } else { 20 };
            let (head, command) = structure.split_at(head + 4);
            let told = u32::from_le_bytes(head[head.len() - 4..].try_into().unwrap());
            prop_assert_eq!(usize::try_from(told).unwrap(), command.len());
            prop_assert_eq!(&command[..4], &[1, 2, 3, 4]);
            if let [_, _, _, _, lc, data @ ..] = command {
                prop_assert_eq!(usize::from(*lc), data.len());
            }
        }
    }
}
