//! Random bytes and random commands: always an answer, never a panic, never a gift.

use crate::card::{PIN_STATE, SELECT_APPLET, ask, card};
use card_emulator::VirtualCard;
use proptest::prelude::*;

/// Commands near enough to real ones to get past the first check, without the right code.
fn likely_command() -> impl Strategy<Value = Vec<u8>> {
    let cla = prop_oneof![8 => Just(0x01), 1 => Just(0x11), 1 => Just(0x00), 1 => any::<u8>()];
    let ins = prop_oneof![
        Just(0x22),
        Just(0x2A),
        Just(0x70),
        Just(0x84),
        Just(0xA4),
        Just(0xB0),
        Just(0xC0),
        Just(0xD6),
        any::<u8>(),
    ];
    let parameters = prop_oneof![
        Just([0x81, 0xB6]),
        Just([0x41, 0xB8]),
        Just([0x9E, 0x9A]),
        Just([0x80, 0x86]),
        Just([0x08, 0x00]),
        Just([0x04, 0x0C]),
        Just([0x00, 0x00]),
        any::<[u8; 2]>(),
    ];
    let data = prop_oneof![
        Just(vec![]),
        Just(vec![0x91, 2, 0x28, 0x90]),
        Just(vec![0x91, 2, 0x2C, 0xA0]),
        Just(vec![0x83, 1, 0x20]),
        Just(vec![0x00, 0x01]),
        Just(vec![0x00, 0x01, 0xD1, 0x20]),
        Just(vec![0x80, 0x25, 0, 0, 1, 0xFF, 1, 0]),
        Just(vec![7; 32]),
        proptest::collection::vec(any::<u8>(), 0..=255),
    ];
    (cla, ins, parameters, data, any::<Option<u8>>()).prop_map(|(cla, ins, [p1, p2], data, le)| {
        let mut command = vec![cla, ins, p1, p2];
        if let (false, Ok(lc)) = (data.is_empty(), u8::try_from(data.len())) {
            command.push(lc);
            command.extend(&data);
        }
        command.extend(le);
        command
    })
}

fn is_about_codes(command: &[u8]) -> bool {
    matches!(command.get(1), Some(0x20 | 0x24 | 0x2C))
}

proptest! {
    #[test]
    fn random_bytes_always_get_a_status_word(
        commands in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 1..20)
    ) {
        let mut card = card();
        for command in commands {
            let answer = card.process(&command);
            prop_assert!((2..=258).contains(&answer.len()));
        }
    }

    #[test]
    fn without_the_code_no_command_costs_a_try_or_uses_a_key(
        commands in proptest::collection::vec(likely_command(), 1..40)
    ) {
        let mut card = card();
        ask(&mut card, "01A40800020001");
        for command in commands.iter().filter(|command| !is_about_codes(command)) {
            let answer = card.process(command);
            let uses_key = matches!(command.as_slice(), [_, 0x2A, ..]);
            prop_assert!(!uses_key || answer.len() == 2 && answer[0] != 0x61, "{command:02X?}");
        }
        card.reset();
        ask(&mut card, SELECT_APPLET);
        prop_assert_eq!(ask(&mut card, PIN_STATE), "63C3");
        prop_assert_eq!(ask(&mut card, "01200002"), "63CA");
    }
}
