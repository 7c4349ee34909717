//! C-APDU, cases 1 to 4, short and extended (ISO/IEC 7816-4, 5.1; 7816-3, 12.1).

use std::fmt;

use zeroize::Zeroizing;

use crate::channel::Protocol;
use crate::wire::{WireBytes, write_hex};

/// The Le field: how many bytes of data the command asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedLen {
    /// No Le: no data is expected (cases 1 and 3).
    Nothing,
    /// This many bytes, 1 to 65535.
    Exactly(u16),
    /// As many as the form allows: 256 in the short form, 65536 in the extended one.
    AsMuchAsPossible,
}

/// Whether Lc and Le take one byte or three and two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthForm {
    /// Lc up to 255, Le up to 256.
    Short,
    /// Lc up to 65535, Le up to 65536.
    Extended,
}

/// A command for the card: header, data field and expected length.
///
/// Data given by [`with_secret_data`](Self::with_secret_data) prints as
/// `[redacted n bytes]`, here and in the [`WireBytes`] made of it.
#[derive(Clone, PartialEq, Eq)]
pub struct CommandApdu {
    header: [u8; 4],
    data: Zeroizing<Vec<u8>>,
    le: ExpectedLen,
    form: LengthForm,
    secret_data: bool,
    secret_response: bool,
}

/// Why bytes are no C-APDU, or a C-APDU cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedCommand {
    /// Fewer than the four bytes of a header.
    #[error("a command of {len} bytes has no complete header")]
    NoHeader {
        /// Number of bytes given.
        len: usize,
    },
    /// Lc and the number of bytes that follow do not agree.
    #[error("the length fields do not agree with the {len} bytes of the command")]
    LengthMismatch {
        /// Number of bytes given.
        len: usize,
    },
    /// The data field is too long for the form of the command.
    #[error("a data field of {len} bytes does not fit into one command")]
    DataTooLong {
        /// Number of data bytes.
        len: usize,
    },
}

impl CommandApdu {
    /// A case 1 command: header alone.
    #[must_use]
    pub fn new(cla: u8, ins: u8, p1: u8, p2: u8) -> Self {
        Self {
            header: [cla, ins, p1, p2],
            data: Zeroizing::new(Vec::new()),
            le: ExpectedLen::Nothing,
            form: LengthForm::Short,
            secret_data: false,
            secret_response: false,
        }
    }

    /// Gives the command a data field (cases 3 and 4).
    #[must_use]
    pub fn with_data(mut self, data: impl Into<Vec<u8>>) -> Self {
        self.data = Zeroizing::new(data.into());
        self
    }

    /// Gives the command a data field that is never shown, such as a code.
    #[must_use]
    pub fn with_secret_data(mut self, data: &[u8]) -> Self {
        self.data = Zeroizing::new(data.to_vec());
        self.secret_data = true;
        self
    }

    /// Says how much data is expected (cases 2 and 4).
    #[must_use]
    pub fn with_le(mut self, le: ExpectedLen) -> Self {
        self.le = le;
        self
    }

    /// Uses extended length fields; the card and the reader must both know them.
    #[must_use]
    pub fn extended(mut self) -> Self {
        self.form = LengthForm::Extended;
        self
    }

    /// Says that the data of the answer is never shown.
    #[must_use]
    pub fn with_secret_response(mut self) -> Self {
        self.secret_response = true;
        self
    }

    /// Class byte.
    #[must_use]
    pub fn cla(&self) -> u8 {
        self.header[0]
    }

    /// Instruction byte.
    #[must_use]
    pub fn ins(&self) -> u8 {
        self.header[1]
    }

    /// First parameter.
    #[must_use]
    pub fn p1(&self) -> u8 {
        self.header[2]
    }

    /// Second parameter.
    #[must_use]
    pub fn p2(&self) -> u8 {
        self.header[3]
    }

    /// The data field, secret or not.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The expected length.
    #[must_use]
    pub fn le(&self) -> ExpectedLen {
        self.le
    }

    /// Short or extended length fields.
    #[must_use]
    pub fn form(&self) -> LengthForm {
        self.form
    }

    /// Whether the data field carries a secret.
    #[must_use]
    pub fn has_secret_data(&self) -> bool {
        self.secret_data
    }

    /// Whether the answer will carry a secret.
    #[must_use]
    pub fn has_secret_response(&self) -> bool {
        self.secret_response
    }

    /// Reads a C-APDU, short or extended.
    ///
    /// # Errors
    /// [`MalformedCommand`] when the header is short or the length fields disagree with the bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, MalformedCommand> {
        let Some((&[cla, ins, p1, p2], body)) = bytes.split_first_chunk::<4>() else {
            return Err(MalformedCommand::NoHeader { len: bytes.len() });
        };
        let command = Self::new(cla, ins, p1, p2);
        let mismatch = MalformedCommand::LengthMismatch { len: bytes.len() };
        match body {
            [] => Ok(command),
            [le] => Ok(command.with_le(short_le(*le))),
            [0, hi, lo] => Ok(command.extended().with_le(extended_le(*hi, *lo))),
            [0, hi, lo, rest @ ..] => {
                let lc = usize::from(u16::from_be_bytes([*hi, *lo]));
                command.extended().parse_data(lc, rest).ok_or(mismatch)
            }
            [lc, rest @ ..] => command.parse_data(usize::from(*lc), rest).ok_or(mismatch),
        }
    }

    fn parse_data(self, lc: usize, rest: &[u8]) -> Option<Self> {
        let (data, le) = rest.split_at_checked(lc)?;
        if data.is_empty() {
            return None;
        }
        let form = self.form;
        let command = self.with_data(data);
        match (form, le) {
            (_, []) => Some(command),
            (LengthForm::Short, [le]) => Some(command.with_le(short_le(*le))),
            (LengthForm::Extended, [hi, lo]) => Some(command.with_le(extended_le(*hi, *lo))),
            (LengthForm::Short | LengthForm::Extended, _) => None,
        }
    }

    /// Writes the command for the protocol in use.
    ///
    /// With T=1 these are the bytes of the C-APDU. With T=0 a case 1 command
    /// gets P3 = 00 and a case 4 command loses its Le, which GET RESPONSE
    /// carries later (ISO/IEC 7816-3, 12.2).
    ///
    /// # Errors
    /// [`MalformedCommand::DataTooLong`] when the data does not fit the form; chaining is
    /// the business of [`CardChannel::transmit`](crate::CardChannel::transmit).
    pub fn to_wire(&self, protocol: Protocol) -> Result<WireBytes, MalformedCommand> {
        let lc = self.encode_lc()?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(4 + lc.len() + self.data.len() + 3));
        bytes.extend(self.header);
        bytes.extend(&lc);
        let start = bytes.len();
        bytes.extend_from_slice(&self.data);
        let end = bytes.len();
        match protocol {
            Protocol::T0 if self.form == LengthForm::Short => {
                if self.data.is_empty() {
                    bytes.push(self.short_le_byte().unwrap_or(0));
                }
            }
            Protocol::T0 | Protocol::T1 => bytes.extend(self.encode_le()),
        }
        let secret = if self.secret_data { start..end } else { 0..0 };
        Ok(WireBytes::new(bytes, secret))
    }

    fn encode_lc(&self) -> Result<Vec<u8>, MalformedCommand> {
        let len = self.data.len();
        let too_long = MalformedCommand::DataTooLong { len };
        if len == 0 {
            return Ok(Vec::new());
        }
        match self.form {
            LengthForm::Short => u8::try_from(len).map(|lc| vec![lc]).map_err(|_| too_long),
            LengthForm::Extended => {
                let [hi, lo] = u16::try_from(len).map_err(|_| too_long)?.to_be_bytes();
                Ok(vec![0, hi, lo])
            }
        }
    }

    fn encode_le(&self) -> Vec<u8> {
        match (self.form, self.le) {
            (LengthForm::Short, _) => self.short_le_byte().into_iter().collect(),
            (LengthForm::Extended, ExpectedLen::Nothing) => Vec::new(),
            (LengthForm::Extended, le) => {
                let count = if let ExpectedLen::Exactly(n) = le {
                    n
                } else {
                    0
                };
                let [hi, lo] = count.to_be_bytes();
                let lead: &[u8] = if self.data.is_empty() { &[0] } else { &[] };
                [lead, &[hi, lo]].concat()
            }
        }
    }

    /// A short Le byte; lengths of 256 and more are written 00, the most that the form can ask.
    fn short_le_byte(&self) -> Option<u8> {
        match self.le {
            ExpectedLen::Nothing => None,
            ExpectedLen::Exactly(n) => Some(u8::try_from(n).unwrap_or(0)),
            ExpectedLen::AsMuchAsPossible => Some(0),
        }
    }
}

impl fmt::Debug for CommandApdu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.header)?;
        if self.secret_data {
            write!(f, " [redacted {} bytes]", self.data.len())?;
        } else if !self.data.is_empty() {
            write!(f, " Lc {:02X} ", self.data.len())?;
            write_hex(f, &self.data)?;
        }
        match self.le {
            ExpectedLen::Nothing => Ok(()),
            ExpectedLen::Exactly(n) => write!(f, " Le {n:02X}"),
            ExpectedLen::AsMuchAsPossible => write!(f, " Le max"),
        }
    }
}

fn short_le(byte: u8) -> ExpectedLen {
    if byte == 0 {
        ExpectedLen::AsMuchAsPossible
    } else {
        ExpectedLen::Exactly(u16::from(byte))
    }
}

fn extended_le(hi: u8, lo: u8) -> ExpectedLen {
    match u16::from_be_bytes([hi, lo]) {
        0 => ExpectedLen::AsMuchAsPossible,
        n => ExpectedLen::Exactly(n),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wire(command: &CommandApdu, protocol: Protocol) -> Vec<u8> {
        command.to_wire(protocol).unwrap().expose().to_vec()
    }

    #[test]
    fn writes_the_four_short_cases() {
        let header = CommandApdu::new(0x00, 0xA4, 0x09, 0x0C);
        let le = ExpectedLen::AsMuchAsPossible;
        assert_eq!(wire(&header, Protocol::T1), [0, 0xA4, 9, 0x0C]);
        assert_eq!(
            wire(&header.clone().with_le(le), Protocol::T1),
            [0, 0xA4, 9, 0x0C, 0]
        );
        let case_3 = header.with_data([0x3F, 0x00]);
        assert_eq!(wire(&case_3, Protocol::T1), [0, 0xA4, 9, 0x0C, 2, 0x3F, 0]);
        assert_eq!(
            wire(&case_3.with_le(ExpectedLen::Exactly(0x27)), Protocol::T1),
            [0, 0xA4, 9, 0x0C, 2, 0x3F, 0, 0x27]
        );
    }

    #[test]
    fn t0_gives_case_1_a_fifth_byte_and_takes_le_from_case_4() {
        let header = CommandApdu::new(0x00, 0x20, 0x00, 0x01);
        assert_eq!(wire(&header, Protocol::T0), [0, 0x20, 0, 1, 0]);
        let case_4 = header
            .with_data([1, 2])
            .with_le(ExpectedLen::AsMuchAsPossible);
        assert_eq!(wire(&case_4, Protocol::T0), [0, 0x20, 0, 1, 2, 1, 2]);
    }

    #[test]
    fn prints_a_secret_data_field_without_its_bytes() {
        let command = CommandApdu::new(0x00, 0x20, 0x00, 0x01).with_secret_data(b"4711");
        assert_eq!(format!("{command:?}"), "00 20 00 01 [redacted 4 bytes]");
        let wire = command.to_wire(Protocol::T1).unwrap();
        assert_eq!(format!("{wire:?}"), "00 20 00 01 04 [redacted 4 bytes]");
    }

    #[test]
    fn refuses_more_data_than_the_form_can_carry() {
        let command = CommandApdu::new(0, 0x2A, 0x80, 0x86).with_data(vec![0; 256]);
        assert_eq!(
            command.to_wire(Protocol::T1),
            Err(MalformedCommand::DataTooLong { len: 256 })
        );
        assert!(command.extended().to_wire(Protocol::T1).is_ok());
    }

    #[test]
    fn rejects_length_fields_that_disagree() {
        for bytes in [
            &[0, 0xA4, 0, 0, 3, 1, 2][..],
            &[0, 0xA4, 0, 0, 1, 1, 2, 3],
            &[0, 0xA4, 0, 0, 0, 0, 2, 1],
            &[0, 0xA4, 0, 0, 0, 0],
        ] {
            assert!(CommandApdu::parse(bytes).is_err(), "{bytes:02X?}");
        }
        assert_eq!(
            CommandApdu::parse(&[0, 0xA4]),
            Err(MalformedCommand::NoHeader { len: 2 })
        );
    }

    fn any_command() -> impl Strategy<Value = CommandApdu> {
        let le = prop_oneof![
            Just(ExpectedLen::Nothing),
            (1u16..=255).prop_map(ExpectedLen::Exactly),
            Just(ExpectedLen::AsMuchAsPossible),
        ];
        let data = proptest::collection::vec(any::<u8>(), 0..=255);
        (any::<[u8; 4]>(), data, le, any::<bool>()).prop_map(
            |([cla, ins, p1, p2], data, le, ext)| {
                let command = CommandApdu::new(cla, ins, p1, p2)
                    .with_data(data)
                    .with_le(le);
                let has_length = !command.data().is_empty() || le != ExpectedLen::Nothing;
                if ext && has_length {
                    command.extended()
                } else {
                    command
                }
            },
        )
    }

    proptest! {
        #[test]
        fn parsing_what_was_written_gives_the_same_command(command in any_command()) {
            let bytes = command.to_wire(Protocol::T1).unwrap();
            prop_assert_eq!(CommandApdu::parse(bytes.expose()), Ok(command));
        }

        #[test]
        fn writing_what_was_parsed_gives_the_same_bytes(bytes: Vec<u8>) {
            if let Ok(command) = CommandApdu::parse(&bytes) {
                let written = command.to_wire(Protocol::T1).unwrap();
                prop_assert_eq!(written.expose(), bytes.as_slice());
            }
        }

        #[test]
        fn no_text_of_a_command_holds_its_secret(secret in "[A-Z]{16}") {
            let command = CommandApdu::new(0, 0x20, 0, 1).with_secret_data(secret.as_bytes());
            let wire = command.to_wire(Protocol::T0).unwrap();
            let hex: String = secret.bytes().map(|b| format!("{b:02X} ")).collect();
            for text in [format!("{command:?}"), format!("{wire:?}")] {
                prop_assert!(!text.contains(&secret) && !text.contains(hex.trim_end()));
            }
        }
    }
}
