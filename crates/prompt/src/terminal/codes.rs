//! Codes typed at the terminal.

use daemon_types::CodesAsked;
use platform::terminal::TerminalError;

use super::{TerminalHolder, Wait};
use crate::codes::{CodesDialogue, Field};
use crate::{Answer, PromptError};

impl TerminalHolder {
    /// The codes that are asked for, each until it can be one.
    pub(super) fn codes(
        &mut self,
        asked: CodesAsked,
        wait: Wait<'_>,
    ) -> Result<Answer, PromptError> {
        let mut dialogue = CodesDialogue::new(asked, self.texts);
        while let Some(field) = dialogue.next() {
            let digits = dialogue.digits_in_words(field);
            let prompt = format!("{} ", self.prompt_for(field, &digits));
            let maximum = *dialogue.lengths(field).end();
            let typed = self
                .terminal
                .read_code(&prompt, maximum, wait.deadline, wait.cancel);
            let typed = match typed {
                Ok(typed) => Some(typed),
                Err(TerminalError::TooLong { .. }) => None,
                Err(error) => return Err(error.into()),
            };
            if let Some(problem) = dialogue.take(field, typed)? {
                self.tell(&problem, wait)?;
            }
        }
        Ok(dialogue.answer())
    }

    fn prompt_for(&self, field: Field, digits: &str) -> String {
        match field {
            Field::Code { changes: true } => self.texts.type_current_code(digits),
            Field::Code { changes: false } => self.texts.type_code(digits),
            Field::UnblockCode => self.texts.type_unblock_code(digits),
            Field::NewCode => self.texts.type_new_code(digits),
            Field::NewCodeAgain => self.texts.type_new_code_again(),
        }
    }
}
