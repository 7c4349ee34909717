//! The title and the detail of every error code of the API.

use crate::locales::{format, has_attribute, try_format};
use crate::{Language, foreign_text};

/// Longest name of a field or a program that a sentence shows, in characters.
const LONGEST_NAME: usize = 80;

/// What is known about one error beside its code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErrorFacts<'a> {
    /// Tries that remain, where the error is about a code.
    pub tries_left: Option<u8>,
    /// The field of the request that is wrong.
    pub field: Option<&'a str>,
    /// The program that is in the way.
    pub culprit: Option<&'a str>,
    /// What the code alone does not tell, by its name on the wire.
    pub reason: Option<&'a str>,
}

/// A few words that name the error, such as "Code incorrect".
///
/// A code that is none of the API's gets the words of `internal`.
#[must_use]
pub fn error_title(code: &str, language: Language) -> String {
    format(language, &message_of(code, language), None, &[])
}

/// What to do next, in words that need no training, as precise as `facts` allow.
///
/// A code that is none of the API's gets the words of `internal`.
#[must_use]
pub fn error_detail(code: &str, language: Language, facts: &ErrorFacts<'_>) -> String {
    if let Some(detail) = facts
        .reason
        .and_then(|reason| reason_detail(reason, facts.field, language))
    {
        return detail;
    }
    let message = message_of(code, language);
    let name = |name: &str| foreign_text(name, LONGEST_NAME, language).into();
    let known = [
        ("detail-tries", "tries", facts.tries_left.map(Into::into)),
        ("detail-field", "field", facts.field.map(name)),
        ("detail-culprit", "culprit", facts.culprit.map(name)),
    ];
    let precise = known.into_iter().find_map(|(attribute, name, value)| {
        let value = value.filter(|_| has_attribute(language, &message, attribute))?;
        Some((attribute, [(name, value)]))
    });
    match precise {
        Some((attribute, argument)) => format(language, &message, Some(attribute), &argument),
        None => format(language, &message, Some("detail"), &[]),
    }
}

/// The sentence of a reason; none for one that is not known here.
fn reason_detail(reason: &str, field: Option<&str>, language: Language) -> Option<String> {
    let field = foreign_text(field.unwrap_or_default(), LONGEST_NAME, language);
    let arguments = [("field", field.into())];
    try_format(language, &format!("reason-{reason}"), None, &arguments).ok()
}

fn message_of(code: &str, language: Language) -> String {
    let message = format!("error-{code}");
    if has_attribute(language, &message, "detail") {
        message
    } else {
        "error-internal".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use daemon_types::{ErrorCode, Reason};

    use super::*;
    use crate::locales::files;

    fn detail_with_tries(code: &str, language: Language, tries_left: u8) -> String {
        let facts = ErrorFacts {
            tries_left: Some(tries_left),
            ..ErrorFacts::default()
        };
        error_detail(code, language, &facts)
    }

    #[test]
    fn every_code_has_a_title_and_a_detail_of_its_own_in_both_languages() {
        for language in Language::ALL {
            let mut seen = BTreeSet::new();
            for code in ErrorCode::ALL {
                let message = format!("error-{code}");
                let title = try_format(language, &message, None, &[]).unwrap();
                let detail = try_format(language, &message, Some("detail"), &[]).unwrap();
                assert!(title.chars().count() <= 50, "{language:?} {code}: {title}");
                assert!(!title.ends_with('.'), "{language:?} {code}: {title}");
                assert!(detail.ends_with('.'), "{language:?} {code}: {detail}");
                assert!(!detail.contains('\n'), "{language:?} {code}: {detail}");
                assert_eq!(error_title(code.as_str(), language), title);
                assert!(seen.insert(title) && seen.insert(detail), "{code}");
            }
        }
    }

    fn written(language: Language, prefix: &str) -> BTreeSet<&'static str> {
        let source = files(language)
            .iter()
            .find(|(file, _)| *file == "errors.ftl")
            .map_or("", |(_, source)| *source);
        source
            .lines()
            .filter_map(|line| line.strip_prefix(prefix)?.split_once(" ="))
            .map(|(name, _)| name)
            .collect()
    }

    #[test]
    fn no_text_stands_there_for_a_code_or_a_reason_that_does_not_exist() {
        for language in Language::ALL {
            let codes: BTreeSet<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
            assert_eq!(written(language, "error-"), codes);
            let reasons: BTreeSet<&str> =
                Reason::ALL.iter().map(|reason| reason.as_str()).collect();
            assert_eq!(written(language, "reason-"), reasons);
        }
    }

    #[test]
    fn a_reason_speaks_in_place_of_its_code_and_an_unknown_one_does_not() {
        let detail = |reason| {
            let facts = ErrorFacts {
                reason: Some(reason),
                ..ErrorFacts::default()
            };
            error_detail("bad-request", Language::English, &facts)
        };
        assert!(detail("pin-not-blocked").starts_with("This card is not blocked"));
        let plain = error_detail("bad-request", Language::English, &ErrorFacts::default());
        assert_eq!(detail("no-such-reason"), plain);
        assert_eq!(detail("x = y"), plain);
    }

    #[test]
    fn an_unknown_code_speaks_as_internal() {
        for language in Language::ALL {
            assert_eq!(
                error_title("no-such-code", language),
                error_title("internal", language)
            );
            assert_eq!(
                error_detail("no-such-code", language, &ErrorFacts::default()),
                error_detail("internal", language, &ErrorFacts::default())
            );
        }
    }

    #[test]
    fn the_tries_left_are_counted_right() {
        for (language, tries_left, words) in [
            (Language::French, 0, "la carte est bloquée"),
            (Language::French, 1, "Il reste un seul essai"),
            (Language::French, 2, "Il reste 2 essais"),
            (Language::French, 3, "Il reste 3 essais"),
            (Language::English, 0, "the card is now blocked"),
            (Language::English, 1, "One single try is left"),
            (Language::English, 2, "2 tries are left"),
            (Language::English, 3, "3 tries are left"),
        ] {
            let detail = detail_with_tries("pin-wrong", language, tries_left);
            assert!(detail.contains(words), "{detail}");
        }
        for (language, tries_left, words) in [
            (Language::French, 0, "ne peut plus"),
            (Language::French, 1, "Il reste un seul essai"),
            (Language::French, 9, "Il reste 9 essais"),
            (Language::English, 0, "can no longer"),
            (Language::English, 1, "One single try is left"),
            (Language::English, 9, "9 tries are left"),
        ] {
            let detail = detail_with_tries("unblock-wrong", language, tries_left);
            assert!(detail.contains(words), "{detail}");
        }
    }

    #[test]
    fn tries_that_nobody_counts_are_no_number_and_not_plenty() {
        for (language, words) in [
            (Language::French, "après plusieurs codes"),
            (Language::English, "after several wrong"),
        ] {
            for code in ["pin-wrong", "unblock-wrong"] {
                let detail = error_detail(code, language, &ErrorFacts::default()).to_lowercase();
                assert!(detail.contains(words), "{detail}");
                let counts_tries = ["essai", " try", "tries"]
                    .iter()
                    .any(|word| detail.contains(word));
                let counts_tries = counts_tries && !detail.contains("before you try again");
                assert!(!counts_tries, "{detail}");
            }
        }
    }

    #[test]
    fn who_has_a_blocked_card_is_told_what_happened_what_it_means_and_whom_to_call() {
        for (code, language, words) in [
            (
                "pin-blocked",
                Language::French,
                [
                    "Trop de codes faux",
                    "tant qu’elle n’est pas débloquée",
                    "code de déblocage à 8 chiffres",
                    "0 809 40 00 82",
                    "F501",
                ],
            ),
            (
                "pin-blocked",
                Language::English,
                [
                    "Too many wrong codes",
                    "until it is unblocked",
                    "8-digit unblock code",
                    "0 809 40 00 82",
                    "F501",
                ],
            ),
            (
                "card-definitively-blocked",
                Language::French,
                [
                    "Trop de codes faux",
                    "le code de déblocage ne peut plus servir",
                    "ne servira plus",
                    "Demandez une nouvelle carte",
                    "0 809 40 00 82",
                ],
            ),
            (
                "card-definitively-blocked",
                Language::English,
                [
                    "Too many wrong codes",
                    "the unblock code can no longer be used",
                    "never be used again",
                    "Ask for a new card",
                    "0 809 40 00 82",
                ],
            ),
        ] {
            let detail = error_detail(code, language, &ErrorFacts::default());
            let detail = detail.replace(['\u{a0}', '\u{202f}'], " ");
            for word in words {
                assert!(detail.contains(word), "{code}: {detail}");
            }
        }
    }

    #[test]
    fn a_name_that_others_chose_cannot_disguise_the_sentence() {
        let facts = ErrorFacts {
            field: Some("\u{202e}x\n"),
            ..ErrorFacts::default()
        };
        let detail = error_detail("bad-request", Language::English, &facts);
        assert!(detail.contains("(field [U+202E]x[U+000A])"), "{detail}");
    }

    #[test]
    fn the_field_and_the_culprit_are_named_where_they_are_known() {
        let facts = ErrorFacts {
            tries_left: Some(2),
            field: Some("nonce"),
            culprit: Some("GALSS"),
            reason: None,
        };
        for language in Language::ALL {
            assert!(error_detail("bad-request", language, &facts).contains("nonce"));
            assert!(error_detail("reader-busy", language, &facts).contains("GALSS"));
            assert_eq!(
                error_detail("no-card", language, &facts),
                error_detail("no-card", language, &ErrorFacts::default())
            );
        }
    }
}
