//! Every committed transcript keeps to the grammar and to the rules of
//! `apdu-fixtures/README.md`. What they say of a card is judged by the tests of the profiles.

use std::path::{Path, PathBuf};

use card_apdu::{CardChannel, CommandApdu, ExpectedLen, Protocol, ReaderFault};
use card_transcript::{LoadError, ReplayChannel, check_fixture, check_folder};

#[test]
fn every_committed_transcript_keeps_the_rules() {
    match check_folder(&folder()) {
        Ok(count) => assert!(count > 0, "no transcript found"),
        Err(bad) => {
            let lines: Vec<String> = bad.iter().map(ToString::to_string).collect();
            panic!("{}", lines.join("\n"));
        }
    }
}

#[test]
fn the_example_of_the_readme_is_a_transcript() {
    let readme = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let start = readme.find("@what").unwrap();
    let len = readme[start..].find("```").unwrap();
    let transcript = check_fixture(&readme[start..start + len]).unwrap();
    assert_eq!(transcript.steps.len(), 2);
}

#[test]
fn a_folder_with_a_bad_or_stray_file_is_refused() {
    let bad = check_folder(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap_err();
    let names: Vec<_> = bad.iter().filter_map(|bad| bad.path.file_name()).collect();
    assert!(names.contains(&"Cargo.toml".as_ref()), "{names:?}");
    assert!(names.contains(&"lib.rs".as_ref()), "{names:?}");
}

#[test]
fn a_dialogue_plays_and_is_counted() {
    let mut card = load("cps3/read-serial-number.apdu").unwrap();
    let select = CommandApdu::new(0x00, 0xA4, 0x04, 0x04)
        .with_data([0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x01, 0x00]);
    let read = CommandApdu::new(0x00, 0xB0, 0x9C, 0x00).with_le(ExpectedLen::Exactly(12));
    card.transmit(&select).unwrap();
    let serial_number = card.transmit(&read).unwrap();
    assert_eq!((card.commands(), card.bytes()), (2, 13 + 2 + 5 + 14));
    card.finish().unwrap();
    assert_eq!(serial_number.data()[7], 0x99);
}

#[test]
fn a_removal_ends_the_dialogue() {
    let mut card = load("cps3/removed-before-verify.apdu")
        .unwrap()
        .with_value("pin", b"0000");
    assert_eq!(card.protocol(), Protocol::T0);
    let select = CommandApdu::new(0x00, 0xA4, 0x09, 0x0C).with_data([0x3F, 0x00, 0x00, 0x01]);
    let state = CommandApdu::new(0x00, 0x20, 0x00, 0x01);
    let verify = CommandApdu::new(0x00, 0x20, 0x00, 0x01).with_secret_data(b"0000");
    card.transmit(&select).unwrap();
    card.transmit(&state).unwrap();
    let error = card.transmit(&verify).unwrap_err();
    card.finish().unwrap();
    assert_eq!(error, ReaderFault::Removed.into());
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../apdu-fixtures")
}

fn load(name: &str) -> Result<ReplayChannel, LoadError> {
    ReplayChannel::load(&folder().join(name))
}
