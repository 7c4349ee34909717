//! What a holder is told who types on the keypad of the reader.

use daemon_types::{CodesAsked, NotTaken};
use texts::PromptTexts;

/// What is typed now.
pub(crate) fn render_keypad(asked: &CodesAsked, texts: PromptTexts) -> String {
    match asked.new_pin {
        Some(_) => texts.keypad_change(),
        None => texts.keypad_type_code(),
    }
}

/// Why the reader did not take what was typed there last.
pub(crate) fn render_not_taken(reason: NotTaken, texts: PromptTexts) -> String {
    match reason {
        NotTaken::NewCodesDiffer => texts.new_codes_differ(),
        NotTaken::Length => texts.keypad_length(),
    }
}

#[cfg(test)]
mod tests {
    use daemon_types::Question;
    use expect_test::expect;
    use texts::Language;

    use super::*;
    use crate::sample_questions::{at_keypad, authentication, pin_change};

    fn rendered(question: Question) -> [String; 2] {
        let codes = at_keypad(question).codes;
        [Language::French, Language::English]
            .map(|language| render_keypad(&codes, PromptTexts::new(language)))
    }

    #[test]
    fn what_is_typed_on_the_reader_is_said_for_each_question() {
        let [french, english] = rendered(authentication());
        expect!["Tapez votre code porteur sur le clavier du lecteur, puis appuyez sur sa touche de validation. Rien ne se tape ici."].assert_eq(&french);
        expect!["Type your code on the keypad of the reader, then press its confirmation key. Nothing is typed here."].assert_eq(&english);
        let [french, english] = rendered(pin_change());
        expect!["Sur le clavier du lecteur, tapez votre code porteur actuel, puis le nouveau code, puis encore une fois le nouveau code, en validant chaque fois. Rien ne se tape ici."].assert_eq(&french);
        expect!["On the keypad of the reader, type your present code, then your new code, then the new code once more, and press the confirmation key after each. Nothing is typed here."].assert_eq(&english);
    }

    #[test]
    fn what_the_reader_did_not_take_is_said() {
        let french = PromptTexts::new(Language::French);
        let french = render_not_taken(NotTaken::NewCodesDiffer, french);
        assert!(
            french.starts_with("Les deux saisies du nouveau code"),
            "{french}"
        );
        let english = PromptTexts::new(Language::English);
        let english = render_not_taken(NotTaken::Length, english);
        assert!(
            english.starts_with("The reader did not take a code"),
            "{english}"
        );
    }
}
