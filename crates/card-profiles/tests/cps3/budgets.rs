//! What an operation may cost in commands and bytes: the figures of the contract, "Speed and size".

use card_apdu::CommandApdu;
use card_profiles::{HashAlgorithm, KeyRole};
use card_transcript::{Act, Outcome, Transcript};

use crate::codes::{after_the_code, with_right_pin};
use crate::dialogue::{Dialogue, Traffic, folder};
use crate::keys::{SIGNATURE, sign};

/// Insertion to holder, PIN state and both certificates: at most 20 commands beside the READ BINARY
/// commands that bring bytes of a certificate. SELECT of a certificate's file counts among the 20.
#[test]
fn the_first_reading_takes_at_most_20_commands_beside_the_bytes_of_the_certificates() {
    let reads = certificate_reads();
    assert_eq!(reads.len(), 10, "five blocks for each certificate");
    let beside = first_reading().commands - reads.len();
    assert!(beside <= 20, "{beside} commands");
}

/// A real CPS3 takes about 1.1 ms a byte, so bytes are what the holder waits for. The official module needs
/// 1848 bytes for first contact and 1826 for two certificates, 1640 of them certificate; the budget is 70 %.
/// With certificates of that length instead of those of the fixture, the profile stays under it.
#[test]
fn the_first_reading_takes_at_most_70_percent_of_the_bytes_of_the_official_module() {
    const OFFICIAL: usize = 1848 + 1826;
    const THEIR_CERTIFICATES: usize = 1640;
    let content: usize = certificate_reads().iter().sum();
    let bytes = first_reading().bytes - content + THEIR_CERTIFICATES;
    assert!(100 * bytes <= 70 * OFFICIAL, "{bytes} bytes");
}

/// Card known, agent warm: selection, counter, VERIFY, MSE SET, operation, GET RESPONSE.
#[test]
fn an_authentication_with_its_code_takes_at_most_6_commands() {
    let traffic = authentication();
    assert!(traffic.commands <= 6, "{} commands", traffic.commands);
}

/// The official module needs 118 bytes of token info, 11 of VERIFY and 352 of signature on a CPS3.
#[test]
fn an_authentication_with_its_code_takes_fewer_bytes_than_the_official_module() {
    let traffic = authentication();
    assert!(traffic.bytes < 118 + 11 + 352, "{} bytes", traffic.bytes);
}

/// No VERIFY at all, so no try can be lost, whatever the card makes of one without data.
#[test]
fn the_state_of_the_codes_is_read_without_verify() {
    for fixture in ["first-reading.apdu", "read-code-states.apdu"] {
        let instructions: Vec<u8> = exchanges(fixture)
            .iter()
            .map(|(command, _)| command.ins())
            .collect();
        assert!(instructions.contains(&GET_DATA));
        assert!(!instructions.contains(&VERIFY), "{fixture}");
    }
}

fn first_reading() -> Traffic {
    let mut dialogue = Dialogue::with_new_card("first-reading.apdu");
    dialogue.transaction(|card| {
        card.identity().unwrap();
        card.code_states().unwrap();
    });
    dialogue.finish()
}

fn authentication() -> Traffic {
    let value = [7; 32];
    let mut dialogue = with_right_pin("authenticate.apdu")
        .with_value("hash", &value)
        .with_value("signature", &SIGNATURE);
    dialogue.transaction(|card| {
        card.capabilities().unwrap();
        after_the_code(card, |card| {
            sign(card, KeyRole::Authentication, HashAlgorithm::Sha256, &value)
        })
        .unwrap();
    });
    dialogue.finish()
}

/// Bytes that each READ BINARY on a certificate's file brings in the first reading.
fn certificate_reads() -> Vec<usize> {
    let mut in_certificate = false;
    let mut reads = Vec::new();
    for (command, answer_len) in exchanges("first-reading.apdu") {
        match command.ins() {
            SELECT => in_certificate = CERTIFICATE_FILES.contains(&last_file_id(&command)),
            READ_BINARY if in_certificate => reads.push(answer_len),
            _ => {}
        }
    }
    reads
}

fn last_file_id(select: &CommandApdu) -> [u8; 2] {
    *select.data().last_chunk().unwrap()
}

/// The commands of a fixture, each with the length of the data that it is answered.
fn exchanges(fixture: &str) -> Vec<(CommandApdu, usize)> {
    let transcript = Transcript::load(&folder().join(fixture)).unwrap();
    let acts = transcript.steps.into_iter().flat_map(|step| step.acts);
    acts.map(|act| match act {
        Act::Exchange(exchange) => {
            let command = CommandApdu::parse(&exchange.command.zero_filled()).unwrap();
            match exchange.outcome {
                Outcome::Answer(answer) => (command, answer.data.len()),
                Outcome::Event(event) => panic!("{event}"),
            }
        }
        Act::Event(event) => panic!("{event}"),
    })
    .collect()
}

const SELECT: u8 = 0xA4;
const READ_BINARY: u8 = 0xB0;
const GET_DATA: u8 = 0xCB;
const VERIFY: u8 = 0x20;
/// As the list of certificates of the fixture names them.
const CERTIFICATE_FILES: [[u8; 2]; 2] = [[0xA0, 0x01], [0xA0, 0x02]];
