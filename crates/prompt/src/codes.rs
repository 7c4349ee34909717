//! The dialogue about codes, without its way to the holder: which one is asked for next, and what
//! is wrong with one that was typed. Only what can be what it is for goes to the card.

use std::ops::RangeInclusive;

use daemon_types::{CodesAsked, NewCodeEntry};
use secrets::{Pin, SecretBytes, UnblockCode};
use texts::PromptTexts;

use crate::{Answer, PromptError};

/// What the holder is asked to type next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// The code as it is; another one is asked for afterwards where it `changes`.
    Code {
        changes: bool,
    },
    UnblockCode,
    NewCode,
    /// A new code is typed twice, since nobody sees what was typed.
    NewCodeAgain,
}

/// The codes of one question: first the one that proves, then the one that is chosen.
#[derive(Debug)]
pub(crate) struct CodesDialogue {
    asked: CodesAsked,
    texts: PromptTexts,
    code: Option<Pin>,
    unblock_code: Option<UnblockCode>,
    /// What was typed once.
    chosen: Option<Pin>,
    new_code: Option<Pin>,
}

impl CodesDialogue {
    pub(crate) const fn new(asked: CodesAsked, texts: PromptTexts) -> Self {
        Self {
            asked,
            texts,
            code: None,
            unblock_code: None,
            chosen: None,
            new_code: None,
        }
    }

    /// What is to be typed; nothing any more once all is there.
    pub(crate) const fn next(&self) -> Option<Field> {
        let asked = &self.asked;
        if asked.pin.is_some() && self.code.is_none() {
            let changes = asked.new_pin.is_some();
            return Some(Field::Code { changes });
        }
        if asked.unblock_code.is_some() && self.unblock_code.is_none() {
            return Some(Field::UnblockCode);
        }
        match (asked.new_pin, &self.new_code, &self.chosen) {
            (None, _, _) | (_, Some(_), _) => None,
            (Some(_), None, None) => Some(Field::NewCode),
            (Some(_), None, Some(_)) => Some(Field::NewCodeAgain),
        }
    }

    /// How many digits a field takes.
    pub(crate) fn lengths(&self, field: Field) -> RangeInclusive<usize> {
        let of_new = |entry: NewCodeEntry| entry.minimum_len.into()..=entry.maximum_len.into();
        let any = Pin::MINIMUM_LEN..=Pin::MAXIMUM_LEN;
        match field {
            Field::Code { .. } => self.asked.pin.map_or(any, |entry| {
                entry.minimum_len.into()..=entry.maximum_len.into()
            }),
            Field::UnblockCode => UnblockCode::LEN..=UnblockCode::LEN,
            Field::NewCode | Field::NewCodeAgain => self.asked.new_pin.map_or(any, of_new),
        }
    }

    /// The same in words.
    pub(crate) fn digits_in_words(&self, field: Field) -> String {
        let lengths = self.lengths(field);
        let number = |len: usize| u64::try_from(len).unwrap_or(u64::MAX);
        let (minimum, maximum) = (number(*lengths.start()), number(*lengths.end()));
        if minimum == maximum {
            self.texts.digits_of_fixed_length(maximum)
        } else {
            self.texts.digits(minimum, maximum)
        }
    }

    /// Takes what was typed into `field`, `None` where it was longer than any code, and says what
    /// is wrong with it.
    pub(crate) fn take(
        &mut self,
        field: Field,
        typed: Option<SecretBytes>,
    ) -> Result<Option<String>, PromptError> {
        let lengths = self.lengths(field);
        let fitting = typed.filter(|typed| {
            lengths.contains(&typed.len()) && typed.expose().iter().all(u8::is_ascii_digit)
        });
        let Some(digits) = fitting else {
            return Ok(Some(self.misfit(field)));
        };
        match field {
            Field::Code { .. } => self.code = Some(Pin::new(digits.expose())?),
            Field::UnblockCode => {
                let code = UnblockCode::new(digits.expose());
                self.unblock_code = Some(code.map_err(PromptError::UnblockCodeFormat)?);
            }
            Field::NewCode => {
                let new = Pin::new(digits.expose()).map_err(PromptError::NewCodeFormat)?;
                if self.code.as_ref() == Some(&new) {
                    return Ok(Some(self.texts.new_code_is_old()));
                }
                self.chosen = Some(new);
            }
            Field::NewCodeAgain => {
                let first = self.chosen.take();
                if first.as_ref().map(Pin::digits) != Some(&digits) {
                    return Ok(Some(self.texts.new_codes_differ()));
                }
                self.new_code = first;
            }
        }
        Ok(None)
    }

    /// What is wrong with something that cannot be a code. A second time that is none differs from
    /// the first, and both are asked for again.
    fn misfit(&mut self, field: Field) -> String {
        match field {
            Field::UnblockCode => self.texts.unblock_code_has_other_length(),
            Field::NewCodeAgain => {
                self.chosen = None;
                self.texts.new_codes_differ()
            }
            Field::Code { .. } | Field::NewCode => self
                .texts
                .code_has_other_length(&self.digits_in_words(field)),
        }
    }

    /// All that was typed.
    pub(crate) fn answer(self) -> Answer {
        Answer {
            code: self.code,
            unblock_code: self.unblock_code,
            new_code: self.new_code,
            last_try_confirmed: self.asked.is_last_try(),
        }
    }
}
