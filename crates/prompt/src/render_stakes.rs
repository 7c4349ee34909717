//! What a holder is told of a code before they type it.

use daemon_types::{CodeEntry, UnblockCodeEntry};
use texts::PromptTexts;

/// What is at stake with the holder's code.
pub(crate) fn stakes(entry: CodeEntry, texts: PromptTexts) -> Vec<String> {
    let mut lines = Vec::new();
    if entry.may_be_blocked {
        lines.push(texts.may_be_blocked());
    }
    if entry.previous_was_wrong {
        lines.push(texts.code_was_wrong());
    }
    lines.extend(match entry.tries_left {
        Some(tries) => Some(texts.tries_left(tries.into())),
        None => entry.previous_was_wrong.then(|| texts.tries_unknown()),
    });
    if entry.last_try {
        lines.push(if entry.blocks_for_good {
            texts.last_try_of_all()
        } else {
            texts.last_try()
        });
    }
    lines
}

/// What unblocking does, and what is at stake with the unblock code.
pub(crate) fn unblocking(entry: UnblockCodeEntry, texts: PromptTexts) -> Vec<String> {
    let explained = if entry.pin_may_be_usable {
        texts.unblock_perhaps_explained()
    } else {
        texts.unblock_explained()
    };
    let mut lines = vec![explained, texts.unblock_code_found()];
    lines.push(String::new());
    if entry.previous_was_wrong {
        lines.push(texts.unblock_code_was_wrong());
    }
    lines.extend(match entry.tries_left {
        Some(tries) => Some(texts.unblock_tries_left(tries.into())),
        None => entry
            .previous_was_wrong
            .then(|| texts.unblock_tries_unknown()),
    });
    let uses_left = entry.uses_left.map(u64::from);
    lines.extend(uses_left.map(|uses| texts.unblock_uses_left(uses)));
    if entry.last_try {
        lines.push(texts.last_unblock_try());
    }
    lines
}

#[cfg(test)]
mod tests {
    use daemon_types::Question;
    use expect_test::expect;
    use texts::Language;

    use super::*;
    use crate::render::render;
    use crate::sample_questions::{last_try, with_entry};

    fn last_line(question: &Question, language: Language) -> String {
        let text = render(question, language);
        text.lines().last().unwrap().to_owned()
    }

    #[test]
    fn a_last_try_promises_no_unblock_code_that_cannot_be_used() {
        let mut question = last_try();
        if let Some(entry) = &mut question.codes.pin {
            entry.blocks_for_good = true;
        }
        expect!["ATTENTION : si ce code est faux, la carte sera définitivement bloquée, car son code de déblocage ne peut plus servir. Il faudra demander une nouvelle carte."].assert_eq(&last_line(&question, Language::French));
        expect!["WARNING: if this code is wrong, the card will be blocked for good, because its unblock code can no longer be used. You will have to ask for a new card."].assert_eq(&last_line(&question, Language::English));
    }

    #[test]
    fn a_card_that_may_be_blocked_is_said_to_be_before_the_code_is_typed() {
        let question = with_entry(|entry| {
            entry.tries_left = None;
            entry.may_be_blocked = true;
        });
        expect!["La carte est peut-être bloquée : on ne le saura qu’après la saisie de votre code porteur. Si elle l’est, cpxd vous dira quoi faire."].assert_eq(&last_line(&question, Language::French));
        expect!["The card may be blocked: only typing your code will show. If it is, cpxd tells you what to do."].assert_eq(&last_line(&question, Language::English));
    }

    #[test]
    fn who_unblocks_a_card_that_may_not_be_blocked_is_not_told_that_it_is() {
        for (pin_may_be_usable, language, beginning) in [
            (true, Language::French, "La carte est peut-être bloquée"),
            (true, Language::English, "The card may be blocked"),
            (false, Language::French, "La carte est bloquée"),
            (false, Language::English, "The card is blocked"),
        ] {
            let entry = UnblockCodeEntry {
                tries_left: None,
                uses_left: None,
                previous_was_wrong: false,
                pin_may_be_usable,
                last_try: false,
            };
            let told = unblocking(entry, PromptTexts::new(language));
            assert!(told.first().unwrap().starts_with(beginning), "{told:?}");
        }
    }

    #[test]
    fn after_a_wrong_code_tries_that_nobody_counts_are_neither_a_number_nor_the_last_nor_plenty() {
        let pin = CodeEntry {
            tries_left: None,
            previous_was_wrong: true,
            may_be_blocked: false,
            last_try: false,
            blocks_for_good: true,
            minimum_len: 4,
            maximum_len: 8,
        };
        let unblock_code = UnblockCodeEntry {
            tries_left: None,
            uses_left: None,
            previous_was_wrong: true,
            pin_may_be_usable: false,
            last_try: false,
        };
        for language in Language::ALL {
            let texts = PromptTexts::new(language);
            assert_eq!(
                stakes(pin, texts),
                [texts.code_was_wrong(), texts.tries_unknown()]
            );
            let at_stake = unblocking(unblock_code, texts).split_off(3);
            assert_eq!(
                at_stake,
                [
                    texts.unblock_code_was_wrong(),
                    texts.unblock_tries_unknown()
                ]
            );
            for words in [texts.tries_unknown(), texts.unblock_tries_unknown()] {
                assert!(!words.contains(|c: char| c.is_ascii_digit()), "{words}");
            }
        }
    }
}
