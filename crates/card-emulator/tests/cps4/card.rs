//! A CPS4, and what is sent to it again and again.

use card_emulator::pki::KeySet;
use card_emulator::{CardParameters, Cps4Card, DemoCard};
use time::macros::datetime;

pub(crate) use crate::dialogue::{ask, assert_dialogue};

pub(crate) fn parameters() -> CardParameters {
    DemoCard::Cps4.parameters(KeySet::First, datetime!(2026-11-21 19:00 UTC))
}

/// A card in T=1 with its applet selected on channel 1.
pub(crate) fn card() -> Cps4Card {
    card_of(&parameters())
}

pub(crate) fn card_of(parameters: &CardParameters) -> Cps4Card {
    let mut card = Cps4Card::new(parameters).unwrap();
    assert_dialogue(&mut card, &[(SELECT_APPLET, "9000")]);
    card
}

/// The data of an answer that must succeed.
pub(crate) fn data(card: &mut Cps4Card, command: &str) -> Vec<u8> {
    let answer = ask(card, command);
    let data = answer.strip_suffix("9000").expect(&answer);
    hex::decode(data).unwrap()
}

/// Content of a file, read in steps of 256 bytes.
pub(crate) fn read(card: &mut Cps4Card, path: &str) -> Vec<u8> {
    let select = format!("01A40800{:02X}{path}00", path.len() / 2);
    let information = data(card, &select);
    assert_eq!(information[0], 0x6F);
    let len = usize::from(u16::from_be_bytes([information[4], information[5]]));
    let mut content = Vec::new();
    while content.len() < len {
        let asked = (len - content.len()).min(256) % 256;
        let part = format!("01B0{:04X}{asked:02X}", content.len());
        content.extend(data(card, &part));
    }
    content
}

pub(crate) const SELECT_APPLET: &str = "01 A4 04 0C 08 80 25 00 00 01 FF 01 00";
pub(crate) const SELECT_APPLICATION: &str = "01 A4 08 00 02 00 01";
pub(crate) const VERIFY_PIN: &str = "01 20 00 01 04 31 32 33 34";
pub(crate) const PIN_STATE: &str = "01 20 00 01";
