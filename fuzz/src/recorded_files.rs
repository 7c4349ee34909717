//! The files of a card as the recorded dialogues of `apdu-fixtures/` show them.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use card_apdu::{CardChannel, CommandApdu, Protocol, ReaderFault, StatusWord, WireBytes, tlv};
use card_transcript::{Act, Exchange, Outcome, Transcript};

/// Files by their identifier.
pub(crate) type Files = BTreeMap<u16, Vec<u8>>;

/// Those of a CPS3, read by contact.
pub(crate) fn cps3() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| {
        let mut files = read_in(include_str!("../../apdu-fixtures/cps3/first-reading.apdu"));
        files.extend(read_in(include_str!(
            "../../apdu-fixtures/cps3/read-keys.apdu"
        )));
        files
    })
}

/// Those of a CPS4; its certificates are those of the CPS3.
pub(crate) fn cps4() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| {
        let mut files = cps3().clone();
        files.extend(read_in(include_str!(
            "../../apdu-fixtures/cps4/read-keys.apdu"
        )));
        files
    })
}

/// Every file that a dialogue reads.
fn read_in(dialogue: &str) -> Files {
    let transcript = Transcript::parse(dialogue).ok();
    let steps = transcript.iter().flat_map(|transcript| &transcript.steps);
    let mut files = Files::new();
    let mut current = 0;
    for act in steps.flat_map(|step| &step.acts) {
        if let Act::Exchange(exchange) = act {
            read_exchange(exchange, &mut current, &mut files);
        }
    }
    files
}

fn read_exchange(exchange: &Exchange, current: &mut u16, files: &mut Files) {
    let Ok(command) = CommandApdu::parse(&exchange.command.zero_filled()) else {
        return;
    };
    let Some(offset) = select_or_read(&command, current) else {
        return;
    };
    if let Outcome::Answer(answer) = &exchange.outcome {
        let file = files.entry(*current).or_default();
        file.truncate(offset);
        file.extend(answer.data.zero_filled());
    }
}

/// Follows the selection of files; the offset, if the command reads.
fn select_or_read(command: &CommandApdu, current: &mut u16) -> Option<usize> {
    match (command.ins(), command.p1()) {
        (SELECT, BY_NAME) => *current = 0,
        (SELECT, _) => {
            if let [.., hi, lo] = command.data() {
                *current = u16::from_be_bytes([*hi, *lo]);
            }
        }
        (READ_BINARY, p1) if p1 & 0x80 != 0 => {
            *current = match p1 & 0x1F {
                EF_SN_SFI => EF_SN,
                EF_DIR_SFI => EF_DIR,
                _ => 0,
            };
            return Some(0);
        }
        (READ_BINARY, p1) => return Some(usize::from(u16::from_be_bytes([p1, command.p2()]))),
        _ => {}
    }
    None
}

/// A card that has these files, and does nothing else truthfully.
#[derive(Debug)]
pub(crate) struct FileCard {
    files: Files,
    protocol: Protocol,
    current: u16,
}

impl FileCard {
    pub(crate) fn new(files: Files, protocol: Protocol) -> Self {
        Self {
            files,
            protocol,
            current: 0,
        }
    }

    fn answer(&mut self, command: &CommandApdu) -> (Vec<u8>, StatusWord) {
        match (command.ins(), select_or_read(command, &mut self.current)) {
            (SELECT, _) => self.control_information(),
            (READ_BINARY, Some(offset)) => match self.files.get(&self.current) {
                Some(file) => part(file, offset),
                None => (Vec::new(), StatusWord::FILE_NOT_FOUND),
            },
            (VERIFY, _) if command.data().is_empty() => (Vec::new(), THREE_TRIES),
            _ => (Vec::new(), StatusWord::INSTRUCTION_NOT_SUPPORTED),
        }
    }

    fn control_information(&self) -> (Vec<u8>, StatusWord) {
        let len = self.files.get(&self.current).map_or(0, Vec::len);
        let len = u16::try_from(len).unwrap_or(u16::MAX);
        let size = tlv::encode(tlv::Tag(0x80), &len.to_be_bytes());
        (tlv::encode(tlv::Tag(0x6F), &size), StatusWord::SUCCESS)
    }
}

fn part(file: &[u8], offset: usize) -> (Vec<u8>, StatusWord) {
    match file.get(offset..) {
        Some(rest) => {
            let end = rest.len().min(256);
            let part = rest.get(..end).unwrap_or_default();
            (part.to_vec(), StatusWord::SUCCESS)
        }
        None => (Vec::new(), StatusWord::WRONG_OFFSET),
    }
}

impl CardChannel for FileCard {
    fn protocol(&self) -> Protocol {
        self.protocol
    }

    fn exchange(&mut self, command: &WireBytes) -> Result<Vec<u8>, ReaderFault> {
        let command = CommandApdu::parse(command.expose()).map_err(|_| ReaderFault::Mute)?;
        let (mut answer, sw) = self.answer(&command);
        answer.extend([sw.sw1(), sw.sw2()]);
        Ok(answer)
    }
}

const SELECT: u8 = 0xA4;
const BY_NAME: u8 = 0x04;
const READ_BINARY: u8 = 0xB0;
const VERIFY: u8 = 0x20;
const THREE_TRIES: StatusWord = StatusWord(0x63C3);
const EF_SN: u16 = 0xD003;
const EF_SN_SFI: u8 = 0x1C;
pub(crate) const EF_DIR: u16 = 0x2F00;
const EF_DIR_SFI: u8 = 0x1E;

#[cfg(test)]
mod tests {
    use super::*;
    use card_profiles::{CardMemory, Profile};

    #[test]
    fn the_profiles_read_both_recorded_cards() {
        for (profile, files) in [(Profile::Cps3, cps3()), (Profile::Cps4, cps4())] {
            let mut card = FileCard::new(files.clone(), Protocol::T1);
            let mut memory = CardMemory::default();
            let mut card = profile.open(&mut card, &mut memory);
            assert_eq!(card.identity().unwrap().certificates.len(), 2);
            let capabilities = card.capabilities().unwrap();
            assert_eq!(capabilities.signature_algorithms.len(), 2);
            assert!(capabilities.pin && card.code_states().is_ok());
        }
    }
}
