//! SELECT and READ BINARY (ISO/IEC 7816-4, 11.2.2 and 11.3.3), without a byte more than needed.

use card_apdu::tlv::{self, TlvError};
use card_apdu::{CardChannel, CommandApdu, ExpectedLen, ResponseApdu, StatusWord};

use crate::CardError;

/// Absolute path of a file: two bytes for each step, `3F00` first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FilePath(Vec<u8>);

impl FilePath {
    const MASTER_FILE: [u8; 2] = [0x3F, 0x00];

    /// A path as the card's own directory files write it: absolute, or from `base` on.
    pub(crate) fn resolve(bytes: &[u8], base: &Self) -> Option<Self> {
        if bytes.len() < 2 || !bytes.len().is_multiple_of(2) || bytes.len() > MAXIMUM_PATH_LEN {
            return None;
        }
        if bytes.starts_with(&Self::MASTER_FILE) {
            return Some(Self(bytes.to_vec()));
        }
        let path = [base.0.as_slice(), bytes].concat();
        (path.len() <= MAXIMUM_PATH_LEN).then_some(Self(path))
    }

    pub(crate) fn master_file() -> Self {
        Self(Self::MASTER_FILE.to_vec())
    }

    pub(crate) fn child(&self, file_id: u16) -> Self {
        Self([self.0.as_slice(), &file_id.to_be_bytes()].concat())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The path without the master file that it begins at.
    pub(crate) fn below_master_file(&self) -> &[u8] {
        self.0.strip_prefix(&Self::MASTER_FILE).unwrap_or(&self.0)
    }
}

/// Whether SELECT found the file: 9000, or 61xx for control parameters that nobody fetches.
pub(crate) fn is_selected(response: &ResponseApdu) -> bool {
    response.sw().is_success() || response.sw().available_len().is_some()
}

/// The answers by which a card may say that it has the file and wants to be asked for it in another form.
pub(crate) fn wants_another_form(sw: StatusWord) -> bool {
    matches!(
        sw,
        StatusWord::WRONG_LENGTH
            | StatusWord::INCOMPATIBLE_FILE
            | StatusWord::COMMAND_NOT_ALLOWED
            | StatusWord::FILE_NOT_FOUND
            | StatusWord::WRONG_P1_P2
            | StatusWord::WRONG_OFFSET
    )
}

/// Reads a whole elementary file that holds one DER object and stops at the end of that object.
pub(crate) fn read_object(
    channel: &mut dyn CardChannel,
    start: ReadStart,
    what: &'static str,
) -> Result<Vec<u8>, CardError> {
    let mut bytes = read_binary(channel, start, ExpectedLen::AsMuchAsPossible)?;
    let total = tlv::object_len(&bytes).map_err(CardError::tlv(what))?;
    if total > MAXIMUM_FILE_LEN {
        return Err(CardError::malformed(what));
    }
    let mut parts = MAXIMUM_PARTS;
    while bytes.len() < total {
        count_down(&mut parts)?;
        let wanted = u16::try_from((total - bytes.len()).min(256)).unwrap_or(256);
        let part = match read_at(channel, start, bytes.len(), ExpectedLen::Exactly(wanted)) {
            Err(CardError::Refused { sw, .. }) if is_end_of_file(sw) => Vec::new(),
            outcome => outcome?,
        };
        if part.is_empty() {
            return Err(CardError::malformed(what));
        }
        bytes.extend_from_slice(&part);
    }
    bytes.truncate(total);
    Ok(bytes)
}

/// Reads an elementary file of a size that SELECT told, until the padding after its objects or to
/// its end.
pub(crate) fn read_objects_in(
    channel: &mut dyn CardChannel,
    start: ReadStart,
    size: usize,
    what: &'static str,
) -> Result<Vec<u8>, CardError> {
    read_sized(channel, start, size, what, ends_in_padding)
}

/// Reads an elementary file of a size that SELECT told, to its end.
pub(crate) fn read_whole(
    channel: &mut dyn CardChannel,
    start: ReadStart,
    size: usize,
    what: &'static str,
) -> Result<Vec<u8>, CardError> {
    read_sized(channel, start, size, what, |_| false)
}

fn read_sized(
    channel: &mut dyn CardChannel,
    start: ReadStart,
    size: usize,
    what: &'static str,
    is_enough: impl Fn(&[u8]) -> bool,
) -> Result<Vec<u8>, CardError> {
    if size > MAXIMUM_FILE_LEN {
        return Err(CardError::malformed(what));
    }
    let mut bytes = Vec::new();
    let mut parts = MAXIMUM_PARTS;
    while bytes.len() < size && !is_enough(&bytes) {
        count_down(&mut parts)?;
        let wanted = u16::try_from((size - bytes.len()).min(256)).unwrap_or(256);
        let part = read_at(channel, start, bytes.len(), ExpectedLen::Exactly(wanted))?;
        if part.is_empty() {
            return Err(CardError::malformed(what));
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

/// Reads an elementary file that holds a row of objects, until the padding or the end of the file.
pub(crate) fn read_objects(
    channel: &mut dyn CardChannel,
    start: ReadStart,
    what: &'static str,
) -> Result<Vec<u8>, CardError> {
    let mut bytes = read_binary(channel, start, ExpectedLen::AsMuchAsPossible)?;
    let mut last_len = bytes.len();
    while last_len == 256 && !ends_in_padding(&bytes) {
        if bytes.len() > MAXIMUM_FILE_LEN {
            return Err(CardError::malformed(what));
        }
        match read_at(channel, start, bytes.len(), ExpectedLen::AsMuchAsPossible) {
            Ok(part) => {
                last_len = part.len();
                bytes.extend_from_slice(&part);
            }
            Err(CardError::Refused { sw, .. }) if is_end_of_file(sw) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

/// One part less: a card that gives a byte at a time would hold its reader for hours.
fn count_down(parts: &mut usize) -> Result<(), CardError> {
    *parts = parts
        .checked_sub(1)
        .ok_or(CardError::CardMisbehaved("a file in crumbs"))?;
    Ok(())
}

/// Where a read begins.
#[derive(Clone, Copy)]
pub(crate) enum ReadStart {
    /// At the start of the file that is selected on the basic channel.
    SelectedFile,
    /// At the start of the file that is selected on logical channel 1.
    SelectedOnChannel1,
    /// At the start of the file with this short identifier, which is selected thereby.
    ShortId(u8),
}

impl ReadStart {
    fn class(self) -> u8 {
        match self {
            Self::SelectedFile | Self::ShortId(_) => 0x00,
            Self::SelectedOnChannel1 => 0x01,
        }
    }
}

/// One READ BINARY from the start of a file.
pub(crate) fn read_binary(
    channel: &mut dyn CardChannel,
    start: ReadStart,
    le: ExpectedLen,
) -> Result<Vec<u8>, CardError> {
    let p1 = match start {
        ReadStart::SelectedFile | ReadStart::SelectedOnChannel1 => 0x00,
        ReadStart::ShortId(sfi) => 0x80 | sfi,
    };
    let command = CommandApdu::new(start.class(), READ_BINARY, p1, 0x00);
    read(channel, &command, le)
}

fn read_at(
    channel: &mut dyn CardChannel,
    start: ReadStart,
    offset: usize,
    le: ExpectedLen,
) -> Result<Vec<u8>, CardError> {
    let offset = u16::try_from(offset).ok().filter(|offset| *offset < 0x8000);
    let [p1, p2] = offset
        .ok_or(CardError::CardUnsupported("a file of 32 kilobytes"))?
        .to_be_bytes();
    let command = CommandApdu::new(start.class(), READ_BINARY, p1, p2);
    read(channel, &command, le)
}

fn read(
    channel: &mut dyn CardChannel,
    command: &CommandApdu,
    le: ExpectedLen,
) -> Result<Vec<u8>, CardError> {
    let response = channel.transmit(&command.clone().with_le(le))?;
    match response.sw() {
        StatusWord::SUCCESS | END_OF_FILE => Ok(response.data().to_vec()),
        sw => Err(CardError::Refused {
            command: "READ BINARY",
            sw,
        }),
    }
}

fn is_end_of_file(sw: StatusWord) -> bool {
    matches!(
        sw,
        StatusWord::WRONG_OFFSET | StatusWord::WRONG_P1_P2 | END_OF_FILE
    )
}

/// Whether a 00 or FF stands where the next object would begin.
fn ends_in_padding(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Ok((_, after)) = tlv::Tlv::parse(rest) {
        match after {
            [0x00 | 0xFF, ..] => return true,
            [] => return false,
            _ => rest = after,
        }
    }
    false
}

impl From<TlvError> for CardError {
    fn from(error: TlvError) -> Self {
        Self::tlv("a data object")(error)
    }
}

const READ_BINARY: u8 = 0xB0;
/// 6282: the end of the file came before Le bytes were read; the data is there.
const END_OF_FILE: StatusWord = StatusWord(0x6282);
/// A certificate is under 2 kilobytes; what is far over that is broken or hostile.
const MAXIMUM_FILE_LEN: usize = 8192;
/// Parts of a file after its first bytes: the longest one takes 32.
const MAXIMUM_PARTS: usize = 128;
const MAXIMUM_PATH_LEN: usize = 16;
