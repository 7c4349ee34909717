//! A CPS3, and what is sent to it again and again.

use card_emulator::{CardParameters, Cps3Card, VirtualCard};
use time::macros::datetime;

pub(crate) use crate::dialogue::{ask, assert_dialogue};

pub(crate) fn parameters() -> CardParameters {
    CardParameters::new(datetime!(2026-11-21 19:00 UTC))
}

pub(crate) fn card() -> Cps3Card {
    Cps3Card::new(&parameters()).unwrap()
}

/// Sends a command and fetches its whole answer with as many GET RESPONSE as needed; without
/// the status word 9000 it fails.
pub(crate) fn fetch(card: &mut dyn VirtualCard, command: &str) -> Vec<u8> {
    let mut answer = ask(card, command);
    let mut data = String::new();
    while let Some((part, more)) = answer
        .len()
        .checked_sub(4)
        .map(|end| answer.split_at(end))
        .filter(|(_, sw)| sw.starts_with("61"))
    {
        data.push_str(part);
        answer = ask(card, &format!("00C00000{}", &more[2..]));
    }
    let (last, sw) = answer.split_at(answer.len() - 4);
    assert_eq!(sw, "9000", "after {command}");
    data.push_str(last);
    hex::decode(data).unwrap()
}

/// Content of a file of the contact application, read as OpenSC reads it.
pub(crate) fn read_file(card: &mut dyn VirtualCard, id: &str) -> Vec<u8> {
    let fcp = fetch(card, &format!("00A4090406 3F000001{id}"));
    let len = usize::from(u16::from_be_bytes([fcp[4], fcp[5]]));
    let mut content = Vec::new();
    while content.len() < len {
        let le = (len - content.len()).min(0xE7);
        content.extend(fetch(card, &format!("00B0{:04X}{le:02X}", content.len())));
    }
    content
}

pub(crate) const SELECT_APPLICATION: &str = "00A4090C043F000001";
pub(crate) const VERIFY_PIN: &str = "002000010431323334";
pub(crate) const PIN_STATE: &str = "0020000100";
