//! The sentences of a question to the holder.

use crate::sentences::sentences;

sentences! {
    /// What the terminal says to the holder. Text of others goes through `foreign_text` first.
    PromptTexts from "prompt.ftl" {
        /// Heading of every question.
        title() = "prompt-title";
        /// Warns that the card is of a test hierarchy.
        test_card() = "prompt-test-card";
        /// Who asks: a program that was paired under `name`.
        paired_program_asks(name: &str) = "prompt-paired-program-asks";
        /// Who asks: an executable of this file name.
        program_asks(name: &str) = "prompt-program-asks";
        /// Where that executable lies.
        program_folder(folder: &str) = "prompt-program-folder";
        /// Who asks: a program that the system does not name.
        unknown_program_asks() = "prompt-unknown-program-asks";
        /// For what: a proof of identity.
        to_authenticate(origin: &str) = "prompt-to-authenticate";
        /// For what: so many signatures.
        to_sign(count: u64) = "prompt-to-sign";
        /// Descriptions are the caller's words.
        descriptions_unchecked() = "prompt-descriptions-unchecked";
        /// With which card.
        with_card(kind: &str, number: &str) = "prompt-with-card";
        /// With which card, where its type is not known.
        with_untyped_card(number: &str) = "prompt-with-untyped-card";
        /// Whose card it is.
        of_holder(holder: &str) = "prompt-of-holder";
        /// Stands for a description that shows nothing.
        no_description() = "prompt-no-description";
        /// The start of a text that has `count` characters.
        cut_text(start: &str, count: u64) = "prompt-cut-text";
        /// Tries left before the next one.
        tries_left(count: u64) = "prompt-tries-left";
        /// The code before was wrong.
        code_was_wrong() = "prompt-code-was-wrong";
        /// What a wrong code costs now.
        last_try() = "prompt-last-try";
        /// The word that a holder types to risk the last try.
        last_try_word() = "prompt-last-try-word";
        /// Asks for that word.
        risk_last_try(word: &str) = "prompt-risk-last-try";
        /// Asks for a code of `minimum` to `maximum` digits.
        type_code(minimum: u64, maximum: u64) = "prompt-type-code";
        /// Asks for a code of exactly `count` digits.
        type_code_of_fixed_length(count: u64) = "prompt-type-code-of-fixed-length";
        /// Too few or too many digits were typed.
        code_has_other_length() = "prompt-code-has-other-length";
        /// Asks for a yes or a no.
        agree() = "prompt-agree";
        /// The holder said no.
        refused() = "prompt-refused";
        /// Nobody answered in time.
        timed_out() = "prompt-timed-out";
        /// The caller went away.
        withdrawn() = "prompt-withdrawn";
    }
}

#[cfg(test)]
mod tests {
    use crate::{Language, PromptTexts};

    #[test]
    fn numbers_have_their_plural() {
        let french = PromptTexts::new(Language::French);
        let english = PromptTexts::new(Language::English);
        for (count, french_words, english_words) in [
            (0, "Il ne reste aucun essai", "No try is left"),
            (1, "Il reste un seul essai", "One single try is left"),
            (2, "Il reste 2 essais", "2 tries are left"),
            (3, "Il reste 3 essais", "3 tries are left"),
        ] {
            assert!(french.tries_left(count).starts_with(french_words));
            assert!(english.tries_left(count).starts_with(english_words));
        }
        for (count, french_words, english_words) in [
            (0, "aucun document", "no document"),
            (1, "un document ", "one document "),
            (2, "2 documents", "2 documents"),
        ] {
            assert!(french.to_sign(count).contains(french_words));
            assert!(english.to_sign(count).contains(english_words));
        }
    }
}
