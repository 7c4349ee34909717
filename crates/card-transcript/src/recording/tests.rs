use super::*;
use std::collections::VecDeque;

use card_apdu::{Atr, ExpectedLen, StatusWord};
use proptest::prelude::*;

use crate::replay::ReplayChannel;

/// Answers from a list, whatever the command.
struct Answers {
    protocol: Protocol,
    answers: VecDeque<Result<Vec<u8>, ReaderFault>>,
}

impl CardChannel for Answers {
    fn protocol(&self) -> Protocol {
        self.protocol
    }

    fn exchange(&mut self, _: &WireBytes) -> Result<Vec<u8>, ReaderFault> {
        self.answers.pop_front().unwrap_or(Err(ReaderFault::Mute))
    }
}

fn recording<const N: usize>(answers: [&[u8]; N]) -> RecordingChannel<Answers> {
    RecordingChannel::new(Answers {
        protocol: Protocol::T0,
        answers: answers
            .into_iter()
            .map(|answer| Ok(answer.to_vec()))
            .collect(),
    })
}

fn header() -> Header {
    let atr = "3B AC 00 40 2A 00 12 25 00 64 80 00 03 10 00 90 00";
    let bytes: Vec<u8> = atr
        .split(' ')
        .map(|pair| u8::from_str_radix(pair, 16).unwrap())
        .collect();
    Header {
        what: "Recorded by a test.".into(),
        card: "CPS3, answers of a list".into(),
        source: "RecordingChannel".into(),
        spec: "ISO/IEC 7816-4".into(),
        atr: Atr::parse(&bytes).unwrap(),
        protocol: Protocol::T0,
    }
}

fn steps(text: &str) -> &str {
    text.split_once("\n\n").unwrap().1
}

fn verify(pin: &[u8]) -> CommandApdu {
    CommandApdu::new(0x00, 0x20, 0x00, 0x01).with_secret_data(pin)
}

fn hex(bytes: &[u8], separator: &str) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(separator)
}

#[test]
fn writes_what_a_reviewer_can_read_aloud() {
    let mut card = recording([
        &[0x90, 0x00],
        &[0x63, 0xC2],
        &[0x6C, 0x02],
        &[7, 8, 0x90, 0x00],
    ]);
    card.step("Select the master file");
    let select = CommandApdu::new(0x00, 0xA4, 0x09, 0x0C).with_data([0x3F, 0x00]);
    card.transmit(&select).unwrap();
    card.step("VERIFY with a wrong code");
    card.name_next_secret("pin-wrong");
    card.transmit(&verify(b"9999")).unwrap();
    let read = CommandApdu::new(0x00, 0xB0, 0x9C, 0x00).with_le(ExpectedLen::AsMuchAsPossible);
    card.transmit(&read).unwrap();
    card.transmit(&read).unwrap_err();
    assert_eq!(
        card.into_text(header()),
        "\
@what      Recorded by a test.
@card      CPS3, answers of a list
@source    RecordingChannel
@spec      ISO/IEC 7816-4
@atr       3B AC 00 40 2A 00 12 25 00 64 80 00 03 10 00 90 00
@protocol  T=0

## Select the master file
> 00 A4 09 0C 02  3F 00                # SELECT
< | 90 00

## VERIFY with a wrong code
> 00 20 00 01 04  {pin-wrong:4}        # VERIFY
< | 63 C2
> 00 B0 9C 00 00                       # READ BINARY
< | 6C 02
> 00 B0 9C 00 02                       # READ BINARY
< 07 08 | 90 00
> 00 B0 9C 00 00                       # READ BINARY
! reader-error SCARD_W_UNRESPONSIVE_CARD
"
    );
}

#[test]
fn a_code_that_nobody_marked_is_replaced_all_the_same() {
    let mut card = recording([&[0x90, 0x00]]);
    let change = CommandApdu::new(0x00, 0x24, 0x00, 0x01).with_data(*b"73918264");
    card.transmit(&change).unwrap();
    let text = card.into_text(header());
    assert!(text.contains("> 00 24 00 01 08  {secret:8} "), "{text}");
}

#[test]
fn a_name_stands_for_one_value_only() {
    let mut card = recording([&[0x90, 0x00]; 5]);
    for (name, pin) in [
        (Some("pin"), &b"1234"[..]),
        (Some("pin"), b"1234"),
        (Some("PIN"), b"12345678"),
        (None, b"1234"),
        (None, b"4321"),
    ] {
        if let Some(name) = name {
            card.name_next_secret(name);
        }
        card.transmit(&verify(pin)).unwrap();
    }
    let text = card.into_text(header());
    let names: Vec<_> = text
        .lines()
        .filter_map(|line| line.split_once('{')?.1.split_once('}'))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        names,
        ["pin:4", "pin:4", "pin-2:8", "secret:4", "secret-2:4"]
    );
    assert!(Transcript::parse(&text).is_ok());
}

#[test]
fn a_deciphered_text_is_left_out_however_it_comes() {
    let mut card = recording([
        &[0x90, 0x00],
        &[0x61, 0x04],
        b"secr\x61\x02",
        b"et\x90\x00",
        b"open\x90\x00",
    ]);
    let decipher = CommandApdu::new(0x00, 0x2A, 0x80, 0x86)
        .with_data([0x81; 257])
        .with_le(ExpectedLen::AsMuchAsPossible);
    assert_eq!(card.transmit(&decipher).unwrap().data(), b"secret");
    let challenge = CommandApdu::new(0x00, 0x84, 0, 0).with_le(ExpectedLen::Exactly(4));
    card.transmit(&challenge).unwrap();
    let text = card.into_text(header());
    assert!(text.contains("< {plaintext:4} | 61 02\n"), "{text}");
    assert!(text.contains("< {plaintext-2:2} | 90 00\n"), "{text}");
    assert!(text.contains("< 6F 70 65 6E | 90 00\n"), "{text}");
}

#[test]
fn the_answer_to_the_next_command_is_left_out_on_demand() {
    let mut card = recording([&[0x6C, 0x02], b"ab\x90\x00", b"cd\x90\x00"]);
    let read = CommandApdu::new(0x00, 0xB0, 0x00, 0x00).with_le(ExpectedLen::AsMuchAsPossible);
    card.redact_next_answer("activity");
    card.transmit(&read).unwrap();
    card.transmit(&read).unwrap();
    let text = card.into_text(header());
    assert!(text.contains("< {activity:2} | 90 00\n"), "{text}");
    assert!(text.contains("< 63 64 | 90 00\n"), "{text}");
}

#[test]
fn hash_and_signature_get_their_names() {
    let signature = [&[0xAB; 256][..], &[0x90, 0x00]].concat();
    let mut card = recording([&[0x90, 0x00], &[0x61, 0x00], &signature]);
    card.name_next_data("hash", &[0xC7; 32]);
    card.name_next_answer("signature");
    let select = CommandApdu::new(0x00, 0xA4, 0x09, 0x0C).with_data([0x3F, 0x00]);
    card.transmit(&select).unwrap();
    let data = [&[0x30, 0x31][..], &[0xC7; 32]].concat();
    let authenticate = CommandApdu::new(0x00, 0x88, 0x00, 0x00)
        .with_data(data)
        .with_le(ExpectedLen::AsMuchAsPossible);
    card.transmit(&authenticate).unwrap();
    let text = card.into_text(header());
    assert!(
        text.contains("> 00 88 00 00 22  30 31 {hash:32} "),
        "{text}"
    );
    assert!(text.contains("< {signature:256} | 90 00\n"), "{text}");
}

#[test]
fn a_hash_to_be_signed_gets_its_placeholder_by_itself() {
    let mut card = recording([&[0x90, 0x00]]);
    let sign = CommandApdu::new(0x00, 0x2A, 0x9E, 0x9A).with_data([0xC7; 32]);
    card.transmit(&sign).unwrap();
    let text = card.into_text(header());
    assert!(text.contains("> 00 2A 9E 9A 20  {hash:32} "), "{text}");
}

#[test]
fn an_answer_without_status_word_is_written_as_a_failure_of_the_reader() {
    let mut card = recording([&[0x90]]);
    card.transmit(&verify(b"1234")).unwrap_err();
    let text = card.into_text(header());
    assert!(
        steps(&text).ends_with("! reader-error SCARD_F_COMM_ERROR\n"),
        "{text}"
    );
}

/// Reads, selections and codes with random answers; no answer makes `transmit` go on.
fn any_dialogue() -> impl Strategy<Value = Vec<(CommandApdu, Vec<u8>)>> {
    let data = proptest::collection::vec(any::<u8>(), 0..=255);
    let command = prop_oneof![
        "[0-9]{8}".prop_map(|pin| verify(pin.as_bytes())),
        any::<[u8; 2]>().prop_map(|id| CommandApdu::new(0, 0xA4, 2, 4).with_data(id)),
        (1u16..=255)
            .prop_map(|len| CommandApdu::new(0, 0xB0, 0, 0).with_le(ExpectedLen::Exactly(len))),
        data.clone()
            .prop_map(|data| CommandApdu::new(0, 0x88, 0, 0).with_data(data)),
    ];
    let answer = (
        data,
        prop_oneof![Just(0x9000u16), Just(0x63C2), Just(0x6982)],
    )
        .prop_map(|(data, sw)| [data, StatusWord(sw).0.to_be_bytes().to_vec()].concat());
    proptest::collection::vec((command, answer), 1..8)
}

proptest! {
    #[test]
    fn no_text_holds_a_code(pin in "[0-9]{8}", marked: bool, ins in prop_oneof![Just(0x20u8), Just(0x24), Just(0x2C)], named in "\\PC{0,12}") {
        let pin = pin.as_bytes();
        let mut card = recording([&[0x63, 0xC2]]);
        card.step("A code is sent");
        if !named.is_empty() {
            card.name_next_secret(&named);
        }
        let command = CommandApdu::new(0x00, ins, 0x00, 0x01);
        let command = if marked { command.with_secret_data(pin) } else { command.with_data(pin) };
        card.transmit(&command).unwrap();
        let debug = format!("{:?}", card.steps);
        let text = card.into_text(header());
        prop_assert!(Transcript::parse(&text).is_ok());
        let decimal = format!("{pin:?}").trim_matches(['[', ']']).to_owned();
        for secret in [hex(pin, " "), hex(pin, ""), decimal] {
            prop_assert!(!text.contains(&secret) && !debug.contains(&secret));
        }
        if !named.contains(std::str::from_utf8(pin).unwrap()) {
            prop_assert!(!text.contains(std::str::from_utf8(pin).unwrap()));
        }
    }

    #[test]
    fn a_recording_replays_as_it_was(dialogue in any_dialogue()) {
        let mut card = RecordingChannel::new(Answers {
            protocol: Protocol::T0,
            answers: dialogue.iter().map(|(_, answer)| Ok(answer.clone())).collect(),
        });
        let recorded: Vec<_> = dialogue.iter().map(|(command, _)| card.transmit(command)).collect();
        let transcript = Transcript::parse(&card.into_text(header())).unwrap();

        let mut replay = ReplayChannel::new(transcript, "recorded");
        let pins = dialogue.iter().filter(|(command, _)| command.has_secret_data());
        for (index, (command, _)) in pins.enumerate() {
            let name = if index == 0 { "secret".into() } else { format!("secret-{}", index + 1) };
            replay = replay.with_value(&name, command.data());
        }
        let replayed: Vec<_> = dialogue.iter().map(|(command, _)| replay.transmit(command)).collect();
        prop_assert_eq!(replayed, recorded);
        prop_assert_eq!(replay.commands(), dialogue.len());
        prop_assert_eq!(replay.finish(), Ok(()));
    }
}
