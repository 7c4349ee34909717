//! The file of a scripted holder; its keys are described at `ScriptedHolder::from_toml`.

use std::collections::VecDeque;
use std::time::Duration;

use secrets::SecretBytes;
use toml::de::{DeTable, DeValue};

/// Why a file describes no holder. The message says where, and never holds a value of the file,
/// which may be a code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// The file is no TOML.
    #[error("line {line} of the script is not TOML: {problem}")]
    NotToml {
        /// Line, counted from 1.
        line: usize,
        /// What the parser misses.
        problem: String,
    },
    /// A key that means nothing here.
    #[error("line {line} of the script: there is no key {key:?}")]
    UnknownKey {
        /// Line, counted from 1.
        line: usize,
        /// The key.
        key: String,
    },
    /// A value of the wrong type.
    #[error("line {line} of the script: {key} must be {expected}")]
    WrongType {
        /// Line, counted from 1.
        line: usize,
        /// The key.
        key: String,
        /// What it takes.
        expected: &'static str,
    },
}

/// The answers of a script.
#[derive(Clone, Debug)]
pub(crate) enum Script {
    /// The same to every question.
    Always(ScriptedAnswer),
    /// One for each question, until they are used up.
    InTurn(VecDeque<ScriptedAnswer>),
}

/// What a scripted holder does when asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct ScriptedAnswer {
    /// What is typed for the code, in whatever form.
    pub(crate) pin: Option<SecretBytes>,
    /// What is typed for a new code, in whatever form.
    pub(crate) new_pin: Option<SecretBytes>,
    /// What is typed for the unblock code, in whatever form.
    pub(crate) unblock_code: Option<SecretBytes>,
    /// Yes or no, where the script says so.
    pub(crate) consent: Option<bool>,
    /// Time before the answer.
    pub(crate) delay: Duration,
    /// No answer at all.
    pub(crate) goes_away: bool,
    /// A no once the reader waits at its keypad.
    pub(crate) refuses_at_keypad: bool,
}

impl Script {
    pub(crate) fn from_toml(text: &str) -> Result<Self, ScriptError> {
        let document = DeTable::parse(text).map_err(|error| ScriptError::NotToml {
            line: line_at(text, error.span().unwrap_or_default().start),
            problem: error.message().to_owned(),
        })?;
        let mut every = ScriptedAnswer::default();
        let mut in_turn = None;
        for entry in entries(text, document.get_ref()) {
            match entry.key {
                "answers" => in_turn = Some(entry.tables()?),
                _ => every.set(&entry)?,
            }
        }
        let Some(tables) = in_turn else {
            return Ok(Self::Always(every));
        };
        let answers = tables.into_iter().map(|table| {
            let mut answer = every.clone();
            entries(text, table).try_for_each(|entry| answer.set(&entry))?;
            Ok(answer)
        });
        answers.collect::<Result<_, _>>().map(Self::InTurn)
    }
}

impl ScriptedAnswer {
    fn set(&mut self, entry: &Entry<'_>) -> Result<(), ScriptError> {
        match entry.key {
            "pin" => self.pin = Some(entry.secret()?),
            "new_pin" => self.new_pin = Some(entry.secret()?),
            "unblock_code" => self.unblock_code = Some(entry.secret()?),
            "consent" => self.consent = Some(entry.yes_or_no()?),
            "delay_ms" => self.delay = entry.milliseconds()?,
            "go_away" => self.goes_away = entry.yes_or_no()?,
            "refuse_at_keypad" => self.refuses_at_keypad = entry.yes_or_no()?,
            unknown => {
                return Err(ScriptError::UnknownKey {
                    line: entry.line,
                    key: unknown.to_owned(),
                });
            }
        }
        Ok(())
    }
}

/// A key of the file with its value.
struct Entry<'a> {
    line: usize,
    key: &'a str,
    value: &'a DeValue<'a>,
}

fn entries<'a>(text: &'a str, table: &'a DeTable<'a>) -> impl Iterator<Item = Entry<'a>> {
    table.iter().map(move |(key, value)| Entry {
        line: line_at(text, key.span().start),
        key: key.get_ref(),
        value: value.get_ref(),
    })
}

impl<'a> Entry<'a> {
    fn secret(&self) -> Result<SecretBytes, ScriptError> {
        let text = self.text()?;
        Ok(SecretBytes::copy_from(text.as_bytes()))
    }

    fn text(&self) -> Result<&'a str, ScriptError> {
        self.value
            .as_str()
            .ok_or_else(|| self.must_be("a text in quotes"))
    }

    fn yes_or_no(&self) -> Result<bool, ScriptError> {
        self.value
            .as_bool()
            .ok_or_else(|| self.must_be("true or false"))
    }

    fn milliseconds(&self) -> Result<Duration, ScriptError> {
        self.value
            .as_integer()
            .and_then(|number| u64::from_str_radix(number.as_str(), number.radix()).ok())
            .map(Duration::from_millis)
            .ok_or_else(|| self.must_be("a number of milliseconds"))
    }

    fn tables(&self) -> Result<Vec<&'a DeTable<'a>>, ScriptError> {
        let list = self.value.as_array().into_iter().flatten();
        let tables: Option<_> = list.map(|item| item.get_ref().as_table()).collect();
        tables
            .filter(|_| self.value.is_array())
            .ok_or_else(|| self.must_be("a list of tables"))
    }

    fn must_be(&self, expected: &'static str) -> ScriptError {
        ScriptError::WrongType {
            line: self.line,
            key: self.key.to_owned(),
            expected,
        }
    }
}

/// The line, counted from 1, of a place in the text.
fn line_at(text: &str, offset: usize) -> usize {
    let before = text.bytes().take(offset);
    before.filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn only_answer(text: &str) -> ScriptedAnswer {
        match Script::from_toml(text).unwrap() {
            Script::Always(answer) => answer,
            Script::InTurn(_) => panic!("a list of answers"),
        }
    }

    fn answers(text: &str) -> VecDeque<ScriptedAnswer> {
        match Script::from_toml(text).unwrap() {
            Script::InTurn(answers) => answers,
            Script::Always(_) => panic!("no list of answers"),
        }
    }

    #[test]
    fn reads_every_key() {
        let answer = only_answer(
            r#"
            pin = "1234"
            new_pin = "4321"
            unblock_code = "12345678"
            consent = true
            delay_ms = 1_500
            go_away = false
            "#,
        );
        assert_eq!(answer.pin.unwrap().expose(), b"1234");
        assert_eq!(answer.new_pin.unwrap().expose(), b"4321");
        assert_eq!(answer.unblock_code.unwrap().expose(), b"12345678");
        assert_eq!(answer.consent, Some(true));
        assert_eq!(answer.delay, Duration::from_millis(1500));
        assert!(!answer.goes_away);
    }

    #[test]
    fn an_empty_file_is_a_holder_without_a_code() {
        let answer = only_answer("");
        assert!(answer.pin.is_none());
        assert_eq!(answer.consent, None);
        assert_eq!(answer.delay, Duration::ZERO);
        assert!(!answer.goes_away);
    }

    #[test]
    fn answers_take_from_the_top_what_they_do_not_say() {
        let mut answers = answers(
            r#"
            pin = "1234"
            consent = true
            answers = [ { pin = "0000" }, {}, { consent = false } ]
            "#,
        );
        let [first, second, third] = answers.make_contiguous() else {
            panic!("three answers")
        };
        assert_eq!(first.pin.as_ref().unwrap().expose(), b"0000");
        assert_eq!(first.consent, Some(true));
        assert_eq!(second.pin.as_ref().unwrap().expose(), b"1234");
        assert_eq!(third.consent, Some(false));
    }

    #[test]
    fn answers_may_be_written_as_tables_and_may_be_none() {
        assert_eq!(
            answers("[[answers]]\npin = \"1234\"\n[[answers]]\n").len(),
            2
        );
        assert!(answers("answers = []").is_empty());
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_line() {
        for (text, line, key) in [
            ("pin = \"1234\"\npni = \"1234\"\n", 2, "pni"),
            (
                "consent = true\n[[answers]]\n\nanswers = []\n",
                4,
                "answers",
            ),
            (
                "answers = [\n  { pin = \"1\" },\n  { Pin = \"2\" },\n]\n",
                3,
                "Pin",
            ),
        ] {
            let error = Script::from_toml(text).unwrap_err();
            let key = key.to_owned();
            assert_eq!(error, ScriptError::UnknownKey { line, key });
        }
    }

    #[test]
    fn a_value_of_the_wrong_type_is_an_error_with_its_line() {
        for (text, line, key, expected) in [
            ("\npin = 1234", 2, "pin", "a text in quotes"),
            (
                "unblock_code = 12345678",
                1,
                "unblock_code",
                "a text in quotes",
            ),
            ("new_pin = true", 1, "new_pin", "a text in quotes"),
            ("consent = \"yes\"", 1, "consent", "true or false"),
            ("go_away = 1", 1, "go_away", "true or false"),
            ("delay_ms = -1", 1, "delay_ms", "a number of milliseconds"),
            ("delay_ms = 0.5", 1, "delay_ms", "a number of milliseconds"),
            ("answers = {}", 1, "answers", "a list of tables"),
            ("answers = [ 1 ]", 1, "answers", "a list of tables"),
        ] {
            let error = Script::from_toml(text).unwrap_err();
            let key = key.to_owned();
            assert_eq!(
                error,
                ScriptError::WrongType {
                    line,
                    key,
                    expected
                }
            );
        }
    }

    #[test]
    fn what_is_no_toml_is_an_error_with_its_line() {
        let error = Script::from_toml("consent = true\npin 1234\n").unwrap_err();
        assert!(
            matches!(error, ScriptError::NotToml { line: 2, .. }),
            "{error}"
        );
    }

    #[test]
    fn no_error_tells_a_code() {
        for text in [
            "pin = 73918264",
            "pin = \"73918264",
            "pin 73918264",
            "pin = 7391826a4",
            "pin = [73918264]",
            "pin = \"73918264\" 73918264",
            "pin = \"73918264\"\npin = \"73918264\"",
            "answers = [ \"73918264\" ]",
        ] {
            let error = Script::from_toml(text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("7391"), "{error}");
        }
    }

    #[test]
    fn prints_nothing_of_a_code() {
        let script = Script::from_toml("pin = \"73918264\"").unwrap();
        let printed = format!("{script:?}");
        assert!(printed.contains("[redacted]"));
        assert!(!printed.contains("7391"));
    }

    proptest! {
        #[test]
        fn no_file_panics(text in "(pin|consent|answers|delay_ms|[\\[\\]{}=\"0-9 \n,a-z])*") {
            let _ = Script::from_toml(&text);
        }
    }
}
