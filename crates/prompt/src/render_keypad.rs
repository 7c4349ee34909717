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

#[cfg(test)]
mod tests {
    use daemon_types::Question;
    use expect_test::expect;
    use texts::Language;

    use super::*;
    use crate::sample_questions::{at_keypad, authentication, pin_change, unblocking};

    fn rendered(question: Question, not_taken: Option<NotTaken>) -> [String; 2] {
        let mut codes = at_keypad(question).codes;
        if let Some(entry) = &mut codes.keypad {
            entry.not_taken = not_taken;
        }
        [Language::French, Language::English]
            .map(|language| render_keypad(&codes, PromptTexts::new(language)))
    }

    #[test]
    fn what_is_typed_on_the_reader_is_said_for_each_question() {
        let [french, english] = rendered(authentication(), None);
        expect!["Tapez votre code porteur sur le clavier du lecteur, puis sa touche de validation. Rien ne se tape ici."].assert_eq(&french);
        expect!["Type your code on the keypad of the reader, then press its confirmation key. Nothing is typed here."].assert_eq(&english);
        let [french, english] = rendered(pin_change(), None);
        expect!["Sur le clavier du lecteur, tapez votre code porteur actuel, puis le nouveau code, puis encore une fois le nouveau code, en validant chaque fois. Rien ne se tape ici."].assert_eq(&french);
        expect!["On the keypad of the reader, type your present code, then your new code, then the new code once more, and press the confirmation key after each. Nothing is typed here."].assert_eq(&english);
        let [french, english] = rendered(unblocking(), None);
        expect!["Sur le clavier du lecteur, tapez votre code de déblocage, puis un nouveau code porteur, puis encore une fois ce nouveau code, en validant chaque fois. Rien ne se tape ici."].assert_eq(&french);
        expect!["On the keypad of the reader, type your unblock code, then a new code, then the new code once more, and press the confirmation key after each. Nothing is typed here."].assert_eq(&english);
    }

    #[test]
    fn what_the_reader_did_not_take_is_said_before() {
        let [french, _] = rendered(pin_change(), Some(NotTaken::NewCodesDiffer));
        assert!(
            french.starts_with("Les deux saisies du nouveau code"),
            "{french}"
        );
        let [_, english] = rendered(authentication(), Some(NotTaken::Length));
        assert!(
            english.starts_with("The reader did not take a code"),
            "{english}"
        );
    }
}
