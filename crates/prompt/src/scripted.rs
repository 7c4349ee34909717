//! The holder who is a file, for tests, demos and measurements.

use daemon_types::{Environment, GrantQuestion, Question};
use secrets::{Pin, SecretBytes, UnblockCode};

use crate::script::{Script, ScriptError, ScriptedAnswer};
use crate::{Answer, PromptError};

/// A holder whose answers stand in a script. They answer for test cards alone.
#[derive(Clone, Debug)]
pub struct ScriptedHolder {
    script: Script,
    refuses_at_keypad: bool,
}

impl ScriptedHolder {
    /// Reads a script: TOML whose keys are all optional.
    ///
    /// | key | the holder |
    /// | --- | --- |
    /// | `pin = "1234"` | types this where the code is asked, whatever it is; without it, says no there |
    /// | `new_pin = "4321"` | the same where a new code is asked |
    /// | `unblock_code = "12345678"` | the same where the unblock code is asked |
    /// | `consent = true` | agrees, also to the risk of a last try; `false`: says no; without it: agrees, but not to a last try |
    /// | `delay_ms = 0` | thinks for so long before the answer |
    /// | `go_away = true` | leaves without an answer |
    /// | `refuse_at_keypad = true` | agrees, and says no once the reader waits for the code at its keypad |
    /// | `answers = [ … ]` | gives these answers, one for each question, and says no to every further one |
    ///
    /// Each of the `answers` is a table of the keys above it; what it does not
    /// say is taken from the top of the file. Without `answers`, the top of
    /// the file answers every question.
    ///
    /// # Errors
    /// [`ScriptError`] for what is no TOML, for an unknown key and for a value of the wrong type.
    pub fn from_toml(text: &str) -> Result<Self, ScriptError> {
        Script::from_toml(text).map(Self::of)
    }

    /// Types this code and agrees, also to the risk of a last try: the holder of the demo.
    #[must_use]
    pub fn agreeing_with(pin: &Pin) -> Self {
        Self::of(Script::Always(ScriptedAnswer {
            pin: Some(pin.digits().clone()),
            consent: Some(true),
            ..ScriptedAnswer::default()
        }))
    }

    fn of(script: Script) -> Self {
        Self {
            script,
            refuses_at_keypad: false,
        }
    }

    /// Whether the last answer says no once the reader waits at its keypad.
    pub(crate) const fn refuses_at_keypad(&self) -> bool {
        self.refuses_at_keypad
    }

    pub(crate) async fn answer(&mut self, question: &Question) -> Result<Answer, PromptError> {
        if question.card.environment != Environment::Test {
            return Err(PromptError::NotATestCard);
        }
        let answer = self.next_thought().await?;
        self.refuses_at_keypad = answer.refuses_at_keypad;
        answer.to(question)
    }

    /// Whether somebody may call; where no production card can be used, this harms nobody.
    pub(crate) async fn agree(&mut self, question: &GrantQuestion) -> Result<(), PromptError> {
        if question.environment != Environment::Test {
            return Err(PromptError::NotATestCard);
        }
        self.next_thought().await?.consents()
    }

    /// The next answer, after the time that the holder thinks.
    async fn next_thought(&mut self) -> Result<ScriptedAnswer, PromptError> {
        let answer = self.next_answer()?;
        // A sleep of nothing would still last until the next tick of the timer.
        if !answer.delay.is_zero() {
            tokio::time::sleep(answer.delay).await;
        }
        Ok(answer)
    }

    fn next_answer(&mut self) -> Result<ScriptedAnswer, PromptError> {
        match &mut self.script {
            Script::Always(answer) => Ok(answer.clone()),
            Script::InTurn(answers) => answers
                .pop_front()
                .ok_or(PromptError::ScriptLacks("one more table in `answers`")),
        }
    }
}

impl ScriptedAnswer {
    fn consents(&self) -> Result<(), PromptError> {
        if self.goes_away || self.consent == Some(false) {
            return Err(PromptError::Cancelled);
        }
        Ok(())
    }

    fn to(&self, question: &Question) -> Result<Answer, PromptError> {
        self.consents()?;
        let asked = question.codes;
        let at_screen = asked.keypad.is_none();
        let pin = typed(at_screen && asked.pin.is_some(), self.pin.as_ref(), "`pin`")?;
        let unblock_code = at_screen && asked.unblock_code.is_some();
        let unblock_code = typed(unblock_code, self.unblock_code.as_ref(), "`unblock_code`")?;
        let new_pin = typed(
            at_screen && asked.new_pin.is_some(),
            self.new_pin.as_ref(),
            "`new_pin`",
        )?;
        let is_last_try = asked.is_last_try();
        if is_last_try && self.consent != Some(true) {
            return Err(PromptError::LastTryNotConfirmed);
        }
        Ok(Answer {
            code: pin.map(Pin::new).transpose()?,
            unblock_code: unblock_code
                .map(UnblockCode::new)
                .transpose()
                .map_err(PromptError::UnblockCodeFormat)?,
            new_code: new_pin
                .map(Pin::new)
                .transpose()
                .map_err(PromptError::NewCodeFormat)?,
            last_try_confirmed: is_last_try,
        })
    }
}

/// What the holder types where something is asked for; who has nothing to type says no.
fn typed<'a>(
    is_asked: bool,
    answer: Option<&'a SecretBytes>,
    key: &'static str,
) -> Result<Option<&'a [u8]>, PromptError> {
    match (is_asked, answer) {
        (false, _) => Ok(None),
        (true, Some(answer)) => Ok(Some(answer.expose())),
        (true, None) => Err(PromptError::ScriptLacks(key)),
    }
}

#[cfg(test)]
mod tests {
    use daemon_types::ErrorCode;
    use secrets::CodeFormatError;
    use tokio::time::Instant;

    use super::*;
    use crate::sample_questions::{
        at_keypad, authentication, last_try, last_unblock_try, pairing, pin_change, signature,
        site_grant, unblocking,
    };

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
    async fn agrees_and_types_nothing_where_codes_are_typed_at_the_keypad() {
        let agreed = answer("", &at_keypad(pin_change())).await.unwrap();
        assert!(agreed.code.is_none() && agreed.new_code.is_none());
        let refused = answer("consent = false", &at_keypad(authentication())).await;
        assert!(matches!(refused, Err(PromptError::Cancelled)));
        let unconfirmed = answer("", &at_keypad(last_try())).await;
        assert!(matches!(unconfirmed, Err(PromptError::LastTryNotConfirmed)));
        let confirmed = answer("consent = true", &at_keypad(last_try())).await;
        assert!(confirmed.unwrap().last_try_confirmed);
    }

    #[tokio::test]
    async fn refuses_at_the_keypad_as_its_last_answer_says() {
        let mut holder = holder("answers = [ { refuse_at_keypad = true }, {} ]");
        for refuses in [true, false] {
            holder.answer(&at_keypad(authentication())).await.unwrap();
            assert_eq!(holder.refuses_at_keypad(), refuses);
        }
    }

    #[tokio::test]
    async fn says_no_without_consent_and_when_going_away() {
        for script in [
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
            let used_up = holder.answer(&question).await.unwrap_err();
            assert!(used_up.to_string().contains("`answers`"), "{used_up}");
            assert_eq!(used_up.code(), ErrorCode::Cancelled);
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
    async fn lets_others_in_by_consent_and_where_test_cards_alone_are_used() {
        for (script, agrees) in [
            ("", true),
            ("consent = true", true),
            ("consent = false", false),
            ("go_away = true", false),
            ("answers = []", false),
        ] {
            let agreed = holder(script).agree(&pairing()).await;
            assert_eq!(agreed.is_ok(), agrees, "{script}");
        }
        let production = holder("consent = true").agree(&site_grant()).await;
        assert!(matches!(production, Err(PromptError::NotATestCard)));
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

    #[tokio::test]
    async fn changes_and_unblocks_with_the_codes_of_the_script() {
        let script = r#"
            pin = "1234"
            new_pin = "4321"
            unblock_code = "12345678"
        "#;
        let changed = answer(script, &pin_change()).await.unwrap();
        assert_eq!(changed.code.unwrap().digits().expose(), b"1234");
        assert_eq!(changed.new_code.unwrap().digits().expose(), b"4321");
        assert!(changed.unblock_code.is_none());
        let unblocked = answer(script, &unblocking()).await.unwrap();
        assert!(unblocked.code.is_none());
        let code = unblocked.unblock_code.unwrap();
        assert_eq!(code.digits().expose(), b"12345678");
        assert_eq!(unblocked.new_code.unwrap().digits().expose(), b"4321");
        assert!(!unblocked.last_try_confirmed);
    }

    #[tokio::test]
    async fn says_no_where_one_of_the_codes_is_missing_and_which() {
        for (script, question, missing) in [
            ("", authentication(), "pin"),
            ("consent = true", authentication(), "pin"),
            ("pin = \"1234\"", pin_change(), "new_pin"),
            ("new_pin = \"4321\"", pin_change(), "pin"),
            ("unblock_code = \"12345678\"", unblocking(), "new_pin"),
            (
                "pin = \"1234\"\nnew_pin = \"4321\"",
                unblocking(),
                "unblock_code",
            ),
        ] {
            let error = answer(script, &question).await.unwrap_err();
            let said = error.to_string();
            assert!(said.ends_with(&format!("lacks `{missing}`")), "{said}");
            assert_eq!(error.code(), ErrorCode::Cancelled);
        }
    }

    #[tokio::test]
    async fn risks_the_last_unblock_code_only_with_explicit_consent() {
        let script = "unblock_code = \"12345678\"\nnew_pin = \"4321\"";
        let refused = answer(script, &last_unblock_try()).await;
        assert!(matches!(refused, Err(PromptError::LastTryNotConfirmed)));
        let script = format!("{script}\nconsent = true");
        let confirmed = answer(&script, &last_unblock_try()).await.unwrap();
        assert!(confirmed.last_try_confirmed && confirmed.unblock_code.is_some());
    }

    #[tokio::test]
    async fn an_unblock_code_and_a_new_code_that_are_none_are_told_apart() {
        for unblock_code in ["1234567", "123456789", "1234567a", "١٢٣٤٥٦٧٨", ""] {
            let script = format!("unblock_code = {unblock_code:?}\nnew_pin = \"4321\"");
            let error = answer(&script, &unblocking()).await;
            assert!(
                matches!(error, Err(PromptError::UnblockCodeFormat(_))),
                "{unblock_code}"
            );
        }
        let hundred = "1".repeat(100);
        for new_pin in ["", "123", "123456789", &hundred, "43z1", "４３２１"] {
            let script = format!("pin = \"1234\"\nnew_pin = {new_pin:?}");
            let error = answer(&script, &pin_change()).await;
            assert!(
                matches!(error, Err(PromptError::NewCodeFormat(_))),
                "{new_pin}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn thinks_for_as_long_as_the_script_says() {
        let begin = Instant::now();
        digits(answer("pin = \"1234\"\ndelay_ms = 2000", &authentication()).await);
        assert_eq!(begin.elapsed().as_secs(), 2);
    }
}
