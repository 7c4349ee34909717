//! Codes typed at the terminal, each asked for until it can be what it is for: only that goes to
//! the card.

use std::ops::RangeInclusive;

use daemon_types::{CodeEntry, CodesAsked, NewCodeEntry};
use platform::terminal::TerminalError;
use secrets::{Pin, SecretBytes, UnblockCode};

use super::{TerminalHolder, Wait};
use crate::{Answer, PromptError};

impl TerminalHolder {
    /// The codes that are asked for: the one that proves, then the one that is chosen.
    pub(super) fn codes(
        &mut self,
        asked: CodesAsked,
        wait: Wait<'_>,
    ) -> Result<Answer, PromptError> {
        let changes = asked.new_pin.is_some();
        let code = match asked.pin {
            Some(entry) => Some(self.code(entry, changes, wait)?),
            None => None,
        };
        let unblock_code = match asked.unblock_code {
            Some(_) => Some(self.unblock_code(wait)?),
            None => None,
        };
        let new_code = match asked.new_pin {
            Some(entry) => Some(self.new_code(entry, code.as_ref(), wait)?),
            None => None,
        };
        Ok(Answer {
            code,
            unblock_code,
            new_code,
            last_try_confirmed: asked.is_last_try(),
        })
    }

    /// The code as it is; `changes` says that another one is asked for next.
    fn code(
        &mut self,
        entry: CodeEntry,
        changes: bool,
        wait: Wait<'_>,
    ) -> Result<Pin, PromptError> {
        let lengths = entry.minimum_len.into()..=entry.maximum_len.into();
        let digits = self.so_many_digits(&lengths);
        let prompt = if changes {
            self.texts.type_current_code(&digits)
        } else {
            self.texts.type_code(&digits)
        };
        let problem = self.texts.code_has_other_length(&digits);
        let digits = self.read_digits(&prompt, &lengths, &problem, wait)?;
        Ok(Pin::new(digits.expose())?)
    }

    fn unblock_code(&mut self, wait: Wait<'_>) -> Result<UnblockCode, PromptError> {
        let lengths = UnblockCode::LEN..=UnblockCode::LEN;
        let prompt = self.texts.type_unblock_code(&self.so_many_digits(&lengths));
        let problem = self.texts.unblock_code_has_other_length();
        let digits = self.read_digits(&prompt, &lengths, &problem, wait)?;
        UnblockCode::new(digits.expose()).map_err(PromptError::UnblockCodeFormat)
    }

    /// A code of the holder's choice, typed twice, since nobody sees what was typed.
    fn new_code(
        &mut self,
        entry: NewCodeEntry,
        old: Option<&Pin>,
        wait: Wait<'_>,
    ) -> Result<Pin, PromptError> {
        let lengths = entry.minimum_len.into()..=entry.maximum_len.into();
        let prompt = self.texts.type_new_code(&self.so_many_digits(&lengths));
        let length_problem = self
            .texts
            .code_has_other_length(&self.so_many_digits(&lengths));
        loop {
            let digits = self.read_digits(&prompt, &lengths, &length_problem, wait)?;
            let new = Pin::new(digits.expose()).map_err(PromptError::NewCodeFormat)?;
            let problem = if old == Some(&new) {
                self.texts.new_code_is_old()
            } else if self.typed_again(new.digits(), wait)? {
                return Ok(new);
            } else {
                self.texts.new_codes_differ()
            };
            self.tell(&problem, wait)?;
        }
    }

    /// Whether the second time brings the same digits as the first.
    fn typed_again(&mut self, first: &SecretBytes, wait: Wait<'_>) -> Result<bool, PromptError> {
        let prompt = format!("{} ", self.texts.type_new_code_again());
        match self
            .terminal
            .read_code(&prompt, first.len(), wait.deadline, wait.cancel)
        {
            Ok(second) => Ok(second == *first),
            Err(TerminalError::TooLong { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn read_digits(
        &mut self,
        prompt: &str,
        lengths: &RangeInclusive<usize>,
        problem: &str,
        wait: Wait<'_>,
    ) -> Result<SecretBytes, PromptError> {
        let prompt = format!("{prompt} ");
        let maximum = *lengths.end();
        loop {
            match self
                .terminal
                .read_code(&prompt, maximum, wait.deadline, wait.cancel)
            {
                Ok(digits) if lengths.contains(&digits.len()) => return Ok(digits),
                Ok(_) | Err(TerminalError::TooLong { .. }) => self.tell(problem, wait)?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// How long a code is, in words.
    fn so_many_digits(&self, lengths: &RangeInclusive<usize>) -> String {
        let number = |len: usize| u64::try_from(len).unwrap_or(u64::MAX);
        let (minimum, maximum) = (number(*lengths.start()), number(*lengths.end()));
        if minimum == maximum {
            self.texts.digits_of_fixed_length(maximum)
        } else {
            self.texts.digits(minimum, maximum)
        }
    }
}
