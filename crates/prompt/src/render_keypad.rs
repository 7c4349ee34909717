//! What a holder is told who types on the keypad of the reader.

use daemon_types::{CodesAsked, NotTaken};
use texts::PromptTexts;

/// What became of the last entry, and what is typed now.
pub(crate) fn render_keypad(asked: &CodesAsked, texts: PromptTexts) -> String {
    let not_taken = asked.keypad.and_then(|entry| entry.not_taken);
    let mut lines: Vec<String> = not_taken
        .map(|reason| match reason {
            NotTaken::NewCodesDiffer => texts.new_codes_differ(),
            NotTaken::Length => texts.keypad_length(),
        })
        .into_iter()
        .collect();
    lines.push(match (asked.unblock_code, asked.new_pin) {
        (Some(_), _) => texts.keypad_unblock(),
        (None, Some(_)) => texts.keypad_change(),
        (None, None) => texts.keypad_type_code(),
    });
    lines.join("\n")
}
