//! Found while the most commands of the fuzz target `card-answers` were chosen, not by the fuzzer: a card that
//! lists two hundred certificates of eight kilobytes and gives each a byte at a time, quickly enough for every
//! deadline of a single call, held its worker for more than a million commands.

use card_apdu::tlv::{Tag, encode};
use card_apdu::{CardChannel, CommandApdu, Protocol, ReaderFault, WireBytes};
use card_profiles::{CardMemory, Profile};

/// Answers SELECT by name, and the files of a CPS3 by their paths.
#[derive(Default)]
struct TricklingCard {
    current: u16,
    commands: usize,
}

impl TricklingCard {
    fn read(&mut self, command: &CommandApdu) -> Vec<u8> {
        match (command.p1(), self.current) {
            (0x9C, _) => EF_SN.to_vec(),
            (0x9E, _) => ef_dir(),
            (_, 0x5031) => encode(Tag(0xA4), &path(&[0x70, 0x05])),
            (_, 0x7005) => list_of_certificates(command),
            (0x00, _) if command.p2() == 0 => vec![0x30, 0x82, 0x1F, 0xFC],
            _ => vec![0x42],
        }
    }
}

impl CardChannel for TricklingCard {
    fn protocol(&self) -> Protocol {
        Protocol::T1
    }

    fn exchange(&mut self, wire: &WireBytes) -> Result<Vec<u8>, ReaderFault> {
        self.commands += 1;
        let Ok(command) = CommandApdu::parse(wire.expose()) else {
            return Err(ReaderFault::Mute);
        };
        let data = match (command.ins(), command.data()) {
            (0xB0, _) => self.read(&command),
            (_, [.., high, low]) => {
                self.current = u16::from_be_bytes([*high, *low]);
                Vec::new()
            }
            _ => Vec::new(),
        };
        Ok([data, vec![0x90, 0x00]].concat())
    }
}

/// A directory file of 8 kilobytes, in parts as large as they are asked for.
fn list_of_certificates(command: &CommandApdu) -> Vec<u8> {
    let entries = (0..200u8).flat_map(|number| {
        let common = encode(Tag(0x30), &[]);
        let class = encode(Tag(0x30), &encode(Tag(0x04), &[number]));
        let place = encode(Tag(0xA1), &encode(Tag(0x30), &path(&[0xA0, number])));
        encode(Tag(0x30), &[common, class, place].concat())
    });
    let offset = usize::from(u16::from_be_bytes([command.p1(), command.p2()]));
    entries.skip(offset).take(256).collect()
}

fn ef_dir() -> Vec<u8> {
    let name = encode(Tag(0x4F), &CONTACT_AID);
    let path = encode(Tag(0x51), &[0x3F, 0x00, 0x00, 0x01]);
    encode(Tag(0x61), &[name, path].concat())
}

fn path(bytes: &[u8]) -> Vec<u8> {
    encode(Tag(0x30), &encode(Tag(0x04), bytes))
}

#[test]
fn a_card_that_gives_a_byte_at_a_time_is_soon_left_alone() {
    let mut card = TricklingCard::default();
    let mut memory = CardMemory::default();
    assert!(
        Profile::Cps3
            .open(&mut card, &mut memory)
            .identity()
            .is_err()
    );
    assert!(
        card.current >= 0xA000,
        "it was never asked for a certificate"
    );
    assert!(card.commands <= 2_000, "{} commands", card.commands);
}

const EF_SN: [u8; 12] = [
    0x5A, 0x0A, 0x80, 0x25, 0x00, 0x00, 0x01, 0x99, 0x12, 0x34, 0x56, 0x5F,
];
const CONTACT_AID: [u8; 13] = [
    0xE8, 0x28, 0xBD, 0x08, 0x0F, 0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x00, 0x10,
];
