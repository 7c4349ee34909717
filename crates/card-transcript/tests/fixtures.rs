//! Every committed transcript keeps to the grammar and to the rules of
//! `apdu-fixtures/README.md`; those written by hand play from beginning to end.

use std::path::{Path, PathBuf};

use card_apdu::{CardChannel, CommandApdu, ExpectedLen, Protocol, ReaderFault, StatusWord};
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
fn the_serial_number_is_read_in_three_commands() {
    let mut card = load("cps3/read-serial-number.apdu").unwrap();
    let select = CommandApdu::new(0x00, 0xA4, 0x09, 0x04)
        .with_data([0x3F, 0x00, 0xD0, 0x03])
        .with_le(ExpectedLen::AsMuchAsPossible);
    let read = CommandApdu::new(0x00, 0xB0, 0x00, 0x00).with_le(ExpectedLen::Exactly(12));
    let fcp = card.transmit(&select).unwrap();
    let serial_number = card.transmit(&read).unwrap();
    assert_eq!(
        (card.commands(), card.bytes()),
        (3, 9 + 2 + 5 + 41 + 5 + 14)
    );
    card.finish().unwrap();
    assert_eq!(fcp.data()[..2], [0x62, 0x25]);
    assert_eq!(serial_number.data()[7], 0x99);
}

#[test]
fn a_wrong_code_leaves_two_tries() {
    let mut card = load("cps3/verify-wrong-pin.apdu")
        .unwrap()
        .with_value("pin-wrong", b"0000");
    let select = CommandApdu::new(0x00, 0xA4, 0x09, 0x0C).with_data([0x3F, 0x00]);
    let counter = CommandApdu::new(0x00, 0xCB, 0x3F, 0xFF)
        .with_data([0x4D, 0x08, 0x70, 0x06, 0xBF, 0x81, 0x01, 0x02, 0xA0, 0x80])
        .with_le(ExpectedLen::AsMuchAsPossible);
    let verify = CommandApdu::new(0x00, 0x20, 0x00, 0x01).with_secret_data(b"0000");
    let mut tries_left = Vec::new();
    card.transmit(&select).unwrap();
    tries_left.push(card.transmit(&counter).unwrap().data()[13]);
    let refused = card.transmit(&verify).unwrap().sw();
    card.transmit(&select).unwrap();
    tries_left.push(card.transmit(&counter).unwrap().data()[13]);
    card.finish().unwrap();
    assert_eq!(refused.tries_left(), Some(2));
    assert_eq!(tries_left, [3, 2]);
}

#[test]
fn the_ias_view_comes_back_by_its_aid() {
    let mut card = load("cps3/view-cps2ter-active.apdu").unwrap();
    let select = |p1, p2, data: &[u8]| CommandApdu::new(0x00, 0xA4, p1, p2).with_data(data);
    let application = select(0x09, 0x0C, &[0x3F, 0x00, 0x00, 0x01]);
    let root = select(
        0x04,
        0x04,
        &[0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x01, 0x00],
    );
    let sw = [&application, &root, &application]
        .map(|command| card.transmit(command).map(|response| response.sw()));
    card.finish().unwrap();
    assert_eq!(
        sw,
        [
            Ok(StatusWord::CLASS_NOT_SUPPORTED),
            Ok(StatusWord::SUCCESS),
            Ok(StatusWord::SUCCESS),
        ]
    );
}

#[test]
fn a_removal_ends_the_dialogue() {
    let mut card = load("cps3/removed-before-verify.apdu").unwrap();
    assert_eq!(card.protocol(), Protocol::T0);
    let select = CommandApdu::new(0x00, 0xA4, 0x09, 0x0C).with_data([0x3F, 0x00]);
    let verify = CommandApdu::new(0x00, 0x20, 0x00, 0x01).with_secret_data(b"0000");
    card.transmit(&select).unwrap();
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
