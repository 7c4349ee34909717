//! The holder who is a file, for tests, demos and measurements.

use daemon_types::{Environment, Question};
use secrets::Pin;

use crate::script::{Script, ScriptError, ScriptedAnswer};
use crate::{Answer, PromptError};

/// A holder whose answers stand in a script. They answer for test cards alone.
#[derive(Clone, Debug)]
pub struct ScriptedHolder(Script);

impl ScriptedHolder {
    /// Reads a script: TOML whose keys are all optional.
    ///
    /// | key | the holder |
    /// | --- | --- |
    /// | `pin = "1234"` | types this where a code is asked, whatever it is; without it, says no there |
    /// | `consent = true` | agrees, also to the risk of a last try; `false`: says no; without it: agrees, but not to a last try |
    /// | `delay_ms = 0` | thinks for so long before the answer |
    /// | `go_away = true` | leaves without an answer |
    /// | `new_pin = "4321"`, `unblock_code = "12345678"` | has these, too; no question of this version asks for them |
    /// | `answers = [ … ]` | gives these answers, one for each question, and says no to every further one |
    ///
    /// Each of the `answers` is a table of the keys above it; what it does not
    /// say is taken from the top of the file. Without `answers`, the top of
    /// the file answers every question.
    ///
    /// # Errors
    /// [`ScriptError`] for what is no TOML, for an unknown key and for a value of the wrong type.
    pub fn from_toml(text: &str) -> Result<Self, ScriptError> {
        Script::from_toml(text).map(Self)
    }

    /// Types this code and agrees, also to the risk of a last try: the holder of the demo.
    #[must_use]
    pub fn agreeing_with(pin: &Pin) -> Self {
        Self(Script::Always(ScriptedAnswer {
            pin: Some(pin.digits().clone()),
            consent: Some(true),
            ..ScriptedAnswer::default()
        }))
    }

    pub(crate) async fn answer(&mut self, question: &Question) -> Result<Answer, PromptError> {
        if question.card.environment != Environment::Test {
            return Err(PromptError::NotATestCard);
        }
        let answer = self.next_answer()?;
        // A sleep of nothing would still last until the next tick of the timer.
        if !answer.delay.is_zero() {
            tokio::time::sleep(answer.delay).await;
        }
        answer.to(question)
    }

    fn next_answer(&mut self) -> Result<ScriptedAnswer, PromptError> {
        match &mut self.0 {
            Script::Always(answer) => Ok(answer.clone()),
            Script::InTurn(answers) => answers.pop_front().ok_or(PromptError::Cancelled),
        }
    }
}

impl ScriptedAnswer {
    fn to(&self, question: &Question) -> Result<Answer, PromptError> {
        if self.goes_away || self.consent == Some(false) {
            return Err(PromptError::Cancelled);
        }
        let Some(entry) = question.code else {
            return Ok(Answer {
                code: None,
                last_try_confirmed: false,
            });
        };
        let typed = self.pin.as_ref().ok_or(PromptError::Cancelled)?;
        if entry.last_try && self.consent != Some(true) {
            return Err(PromptError::LastTryNotConfirmed);
        }
        Ok(Answer {
            code: Some(Pin::new(typed.expose())?),
            last_try_confirmed: entry.last_try,
        })
    }
}

#[cfg(test)]
mod tests {
    use secrets::CodeFormatError;
    use tokio::time::Instant;

    use super::*;
    use crate::sample_questions::{authentication, last_try, signature};

    fn holder(script: &str) -> ScriptedHolder {
        ScriptedHolder::from_toml(script).unwrap()
    }

    async fn answer(script: &str, question: &Question) -> Result<Answer, PromptError> {
        holder(script).answer(question).await
    }

    fn digits(answer: Result<Answer, PromptError>) -> Vec<u8> {
        answer.unwrap().code.unwrap().digits().expose().to_vec()
    }

    #[tokio::test]
    async fn types_the_code_each_time() {
        let mut holder = holder("pin = \"1234\"");
        for _ in 0..3 {
            assert_eq!(digits(holder.answer(&authentication()).await), b"1234");
        }
    }

    #[tokio::test]
    async fn agrees_without_a_code_where_none_is_asked() {
        for script in ["", "consent = true", "pin = \"1234\""] {
            let answer = answer(script, &signature(&["Ordonnance"])).await.unwrap();
            assert!(answer.code.is_none());
            assert!(!answer.last_try_confirmed);
        }
    }

    #[tokio::test]
    async fn says_no_without_consent_without_a_code_and_when_going_away() {
        for script in [
            "",
            "consent = true",
            "pin = \"1234\"\nconsent = false",
            "pin = \"1234\"\ngo_away = true",
        ] {
            let answer = answer(script, &authentication()).await;
            assert!(matches!(answer, Err(PromptError::Cancelled)), "{script}");
        }
        for script in ["consent = false", "go_away = true"] {
            let answer = answer(script, &signature(&["Ordonnance"])).await;
            assert!(matches!(answer, Err(PromptError::Cancelled)), "{script}");
        }
    }

    #[tokio::test]
    async fn gives_the_answers_in_turn_and_then_says_no() {
        let mut holder =
            holder(r#"answers = [ { pin = "0000" }, { consent = false }, { pin = "1234" } ]"#);
        let question = authentication();
        assert_eq!(digits(holder.answer(&question).await), b"0000");
        let refused = holder.answer(&question).await;
        assert!(matches!(refused, Err(PromptError::Cancelled)));
        assert_eq!(digits(holder.answer(&question).await), b"1234");
        for _ in 0..2 {
            let used_up = holder.answer(&question).await;
            assert!(matches!(used_up, Err(PromptError::Cancelled)));
        }
    }

    #[tokio::test]
    async fn answers_for_test_cards_alone() {
        let mut production = authentication();
        production.card.environment = Environment::Production;
        let mut holder = holder(r#"answers = [ { pin = "1234" } ]"#);
        let refused = holder.answer(&production).await;
        assert!(matches!(refused, Err(PromptError::NotATestCard)));
        let kept = holder.answer(&authentication()).await;
        assert_eq!(
            digits(kept),
            b"1234",
            "no answer was used for the other card"
        );
    }

    #[tokio::test]
    async fn risks_a_last_try_only_with_explicit_consent() {
        let refused = answer("pin = \"1234\"", &last_try()).await;
        assert!(matches!(refused, Err(PromptError::LastTryNotConfirmed)));
        let confirmed = answer("pin = \"1234\"\nconsent = true", &last_try()).await;
        assert!(confirmed.as_ref().unwrap().last_try_confirmed);
        assert_eq!(digits(confirmed), b"1234");
        let harmless = answer("pin = \"1234\"\nconsent = true", &authentication()).await;
        assert!(!harmless.unwrap().last_try_confirmed);
    }

    #[tokio::test]
    async fn the_holder_of_the_demo_agrees_to_everything() {
        let mut holder = ScriptedHolder::agreeing_with(&Pin::new(b"1234").unwrap());
        assert_eq!(digits(holder.answer(&authentication()).await), b"1234");
        assert!(holder.answer(&last_try()).await.unwrap().last_try_confirmed);
        let signed = holder.answer(&signature(&["Ordonnance"])).await;
        assert!(signed.unwrap().code.is_none());
    }

    #[tokio::test]
    async fn what_is_no_code_is_an_error_of_its_own() {
        for (typed, expected) in [
            ("12a4", CodeFormatError::NotDigits),
            (
                "123",
                CodeFormatError::Length {
                    minimum: 4,
                    maximum: 8,
                },
            ),
            (
                "123456789",
                CodeFormatError::Length {
                    minimum: 4,
                    maximum: 8,
                },
            ),
        ] {
            let error = answer(&format!("pin = {typed:?}"), &authentication()).await;
            let Err(PromptError::CodeFormat(error)) = error else {
                panic!("{error:?}")
            };
            assert_eq!(error, expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn thinks_for_as_long_as_the_script_says() {
        let begin = Instant::now();
        digits(answer("pin = \"1234\"\ndelay_ms = 2000", &authentication()).await);
        assert_eq!(begin.elapsed().as_secs(), 2);
    }
}
