//! The words of the diagnosis: what was looked at, what is wrong with it, what to do.

use crate::locales::{format, has_attribute, try_format};
use crate::{Language, foreign_text};

/// Longest name or path that a sentence shows, in characters.
const LONGEST_NAME: usize = 200;

/// What stands for a variable of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// Words, such as a name that others chose.
    Text(String),
    /// A count.
    Number(u64),
    /// A day: year, month, day of the month.
    Day(i32, u8, u8),
}

/// What a cause says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CauseWords {
    /// What was found.
    pub sentence: String,
    /// What to do; `None` where there is nothing to do.
    pub remedy: Option<String>,
}

/// A few words that name a check, by its stable name.
#[must_use]
pub fn check_title(check: &str, language: Language) -> String {
    or_itself(&format!("check-{check}"), check, language)
}

/// What a detail is about, by its stable name.
#[must_use]
pub fn detail_label(name: &str, language: Language) -> String {
    or_itself(&format!("detail-{name}"), name, language)
}

/// How a check ended, in a word, by its name on the wire.
#[must_use]
pub fn check_state(state: &str, language: Language) -> String {
    or_itself(&format!("check-state-{state}"), state, language)
}

/// What a cause says, by its stable code.
///
/// # Errors
/// What is wrong with the files or the arguments; a test sees to it that nothing is.
pub fn cause_words(
    code: &str,
    arguments: &[(&'static str, Argument)],
    language: Language,
) -> Result<CauseWords, String> {
    let message = format!("cause-{code}");
    let arguments: Vec<_> = arguments
        .iter()
        .map(|(name, argument)| {
            let value = match argument {
                Argument::Text(text) => foreign_text(text, LONGEST_NAME, language).into(),
                Argument::Number(number) => (*number).into(),
                Argument::Day(year, month, day) => {
                    day_in_words(*year, *month, *day, language).into()
                }
            };
            (*name, value)
        })
        .collect();
    let sentence = try_format(language, &message, None, &arguments)?;
    let remedy = has_attribute(language, &message, "remedy")
        .then(|| try_format(language, &message, Some("remedy"), &arguments))
        .transpose()?;
    Ok(CauseWords { sentence, remedy })
}

/// Why Pro Santé Connect can be entered by card here, or cannot; `check` is the title of a check that failed.
#[must_use]
pub fn readiness_reason(reason: &str, check: &str, language: Language) -> String {
    let message = format!("pro-sante-connect-{reason}");
    format(language, &message, None, &[("check", check.into())])
}

/// How Pro Santé Connect is entered without a card.
#[must_use]
pub fn way_by_phone(language: Language) -> String {
    format(language, "pro-sante-connect-by-phone", None, &[])
}

fn day_in_words(year: i32, month: u8, day: u8, language: Language) -> String {
    let arguments = [
        ("year", year.into()),
        ("month", month.into()),
        ("day", day.into()),
    ];
    format(language, "day", None, &arguments)
}

fn or_itself(message: &str, name: &str, language: Language) -> String {
    try_format(language, message, None, &[]).unwrap_or_else(|_| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_others_chose_cannot_disguise_a_sentence() {
        let reader = Argument::Text("\u{202e}<b>\n".into());
        let words = cause_words("card-mute", &[("reader", reader)], Language::English).unwrap();
        assert!(words.sentence.contains("[U+202E]<b>[U+000A]"), "{words:?}");
    }

    #[test]
    fn a_day_is_written_as_people_write_it() {
        let said = |day, language| {
            let words = cause_words("dates-over", &[("date", day)], language);
            words.unwrap().sentence
        };
        for (language, first, other) in [
            (
                Language::French,
                "le 1er\u{a0}janvier\u{a0}2027",
                "le 17\u{a0}août\u{a0}2026",
            ),
            (
                Language::English,
                "on 1\u{a0}January\u{a0}2027",
                "on 17\u{a0}August\u{a0}2026",
            ),
        ] {
            let words = said(Argument::Day(2027, 1, 1), language);
            assert!(words.contains(first), "{words}");
            let words = said(Argument::Day(2026, 8, 17), language);
            assert!(words.contains(other), "{words}");
        }
    }

    #[test]
    fn a_code_that_is_not_known_has_no_words() {
        assert!(cause_words("no-such-cause", &[], Language::French).is_err());
        assert_eq!(
            check_title("no-such-check", Language::French),
            "no-such-check"
        );
    }
}
