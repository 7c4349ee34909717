//! Commands written as hex, and the answers of a card.

use card_emulator::VirtualCard;

/// Sends one command; both sides in hex, blanks ignored on the way in.
pub(crate) fn ask(card: &mut dyn VirtualCard, command: &str) -> String {
    let command = hex::decode(command.replace(' ', "")).unwrap();
    hex::encode_upper(card.process(&command))
}

/// Sends one command after the other and compares each answer.
pub(crate) fn assert_dialogue(card: &mut dyn VirtualCard, dialogue: &[(&str, &str)]) {
    for (command, answer) in dialogue {
        let answer = answer.replace(' ', "");
        assert_eq!(ask(card, command), answer, "after {command}");
    }
}
