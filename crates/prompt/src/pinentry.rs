//! The holder in front of a pinentry: a program of the system that shows texts and takes a code, by
//! the Assuan protocol.

mod assuan;
#[cfg(unix)]
mod own_terminal;
#[cfg(windows)]
#[path = "pinentry/no_terminal.rs"]
mod own_terminal;
mod process;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use daemon_types::{GrantQuestion, Purpose, Question};
use secrets::SecretBytes;
use texts::{Language, PromptTexts, WindowTexts};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use crate::codes::{CodesDialogue, Field};
use crate::outcome::{Failure, render_outcome};
use crate::render::render;
use crate::render_grant::render_grant;
use crate::{Answer, PromptError};
pub use assuan::{AssuanError, AssuanReply};
use assuan::{Escaped, pages};
use process::{Done, PinentryError, PinentryProcess};

/// A pinentry of the system, and the language of the questions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinentryProgram {
    /// Where it is.
    pub path: PathBuf,
    /// The language of the questions.
    pub language: Language,
}

/// A holder to be asked by a pinentry.
#[derive(Debug)]
pub(crate) struct PinentryHolder {
    program: PinentryProgram,
    texts: PromptTexts,
    labels: WindowTexts,
    /// Free when no pinentry runs any more.
    places: Arc<Mutex<()>>,
    /// Ends when the holder has read how an earlier question ended.
    farewell: Option<JoinHandle<()>>,
}

impl PinentryHolder {
    pub(crate) fn new(program: PinentryProgram) -> Self {
        Self {
            texts: PromptTexts::new(program.language),
            labels: WindowTexts::new(program.language),
            program,
            places: Arc::default(),
            farewell: None,
        }
    }

    /// Puts a question about a card. Dropping the future ends the pinentry.
    pub(crate) async fn ask(
        &mut self,
        question: &Question,
        deadline: Instant,
    ) -> Result<Answer, PromptError> {
        let words = render(question, self.program.language);
        let accepting = accepting(&question.purpose, self.labels);
        let dialogue = async {
            let mut shown = self.show(&words, accepting, deadline).await?;
            if question.codes.is_empty() {
                shown.confirm().await?;
            } else if question.codes.is_last_try() {
                self.confirm_last_try(&mut shown).await?;
            }
            let mut codes = CodesDialogue::new(question.codes, self.texts);
            self.type_codes(&mut shown, &mut codes).await?;
            Ok(codes.answer())
        };
        let answer = timeout_at(deadline, dialogue).await;
        answer.unwrap_or(Err(PromptError::TimedOut))
    }

    /// Asks whether somebody may call.
    pub(crate) async fn agree(
        &mut self,
        question: &GrantQuestion,
        deadline: Instant,
    ) -> Result<(), PromptError> {
        let words = render_grant(question, self.program.language);
        let dialogue = async {
            let mut shown = self.show(&words, self.labels.allow(), deadline).await?;
            shown.confirm().await
        };
        let agreed = timeout_at(deadline, dialogue).await;
        agreed.unwrap_or(Err(PromptError::TimedOut))
    }

    /// Says what came of an answer that was given here, where the holder cannot see it otherwise: a failure, or another
    /// code.
    pub(crate) async fn tell_outcome(&mut self, purpose: &Purpose, failure: Option<&Failure>) {
        let changes = matches!(purpose, Purpose::ChangePin | Purpose::UnblockPin);
        if failure.is_none() && !changes {
            return;
        }
        let words = render_outcome(purpose, failure, self.texts);
        let deadline = Instant::now() + LONGEST_FAREWELL;
        let told = timeout_at(deadline, self.show(&words, self.labels.close(), deadline)).await;
        if let Ok(Ok(mut shown)) = told {
            self.farewell = Some(tokio::spawn(async move {
                // Words that nobody reads are lost; the outcome is not.
                let _ = timeout_at(deadline, shown.pinentry.send("MESSAGE")).await;
            }));
        }
    }

    /// Waits a moment until the words before are read, and then takes them away. Where this future is
    /// dropped meanwhile, the next question does.
    async fn end_farewell(&mut self) {
        if let Some(before) = &mut self.farewell
            && timeout(READING, &mut *before).await.is_err()
        {
            before.abort();
        }
        self.farewell = None;
    }

    /// A pinentry that shows these words and all that is beside them. Those that do not fit into one
    /// of its texts are shown before, page by page.
    async fn show(
        &mut self,
        words: &str,
        accepting: String,
        deadline: Instant,
    ) -> Result<Shown, PromptError> {
        self.end_farewell().await;
        let pinentry = PinentryProcess::start(&self.program.path, &self.places).await;
        let pinentry = pinentry.map_err(|error| {
            tracing::warn!(event = "pinentry-missing", %error, "the pinentry does not ask: `prompt = \"terminal\"` asks at the terminal");
            unavailable(error)
        })?;
        let mut shown = Shown { pinentry };
        // By itself, too, so that an agent that is killed leaves none behind for long.
        let left = deadline.saturating_duration_since(Instant::now()).as_secs();
        let timed = shown.pinentry.send(&format!("SETTIMEOUT {left}")).await;
        timed.map_err(gone)?;
        shown.set("SETTITLE", &self.texts.title()).await?;
        shown.set("SETCANCEL", &self.labels.refuse()).await?;
        shown.set("SETOK", &self.labels.ok()).await?;
        let pages = pages(words.trim_start());
        let count = pages.len();
        for (index, page) in pages.into_iter().enumerate() {
            // A text whose first line is the caller's could pass for one with markup (Qt).
            let heading = match index {
                0 => String::new(),
                _ => format!("── {} ── {}/{count}\n", self.texts.title(), index + 1),
            };
            shown.set("SETDESC", &format!("{heading}{page}")).await?;
            if index + 1 < count {
                shown.confirm().await?;
            }
        }
        shown.set("SETOK", &accepting).await?;
        Ok(shown)
    }

    /// A whole word, so that no habit of the fingers confirms it, and none of a pinentry's buttons,
    /// of which each has another default.
    async fn confirm_last_try(&self, shown: &mut Shown) -> Result<(), PromptError> {
        let word = self.texts.last_try_word();
        shown
            .set("SETERROR", &self.texts.risk_last_try(&word))
            .await?;
        shown.set("SETPROMPT", &self.texts.last_try_field()).await?;
        match shown.typed().await {
            Ok(typed) if typed.expose().eq_ignore_ascii_case(word.as_bytes()) => Ok(()),
            Ok(_) | Err(PromptError::Cancelled) => Err(PromptError::LastTryNotConfirmed),
            Err(error) => Err(error),
        }
    }

    async fn type_codes(
        &self,
        shown: &mut Shown,
        codes: &mut CodesDialogue,
    ) -> Result<(), PromptError> {
        while let Some(field) = codes.next() {
            let label = match field {
                Field::Code { changes: false } => self.labels.code(),
                Field::Code { changes: true } => self.labels.current_code(),
                Field::UnblockCode => self.labels.unblock_code(),
                Field::NewCode => self.labels.new_code(),
                Field::NewCodeAgain => self.labels.new_code_again(),
            };
            let digits = codes.digits_in_words(field);
            shown
                .set("SETPROMPT", &format!("{label} ({digits})"))
                .await?;
            let typed = shown.typed().await?;
            if let Some(problem) = codes.take(field, Some(typed))? {
                shown.set("SETERROR", &problem).await?;
            }
        }
        Ok(())
    }
}

/// A pinentry that is on the screen, or about to be.
struct Shown {
    pinentry: PinentryProcess,
}

impl Shown {
    async fn set(&mut self, command: &str, text: &str) -> Result<(), PromptError> {
        let text = Escaped(text).to_string();
        self.pinentry.set(command, &text).await.map_err(gone)
    }

    /// What the holder types.
    async fn typed(&mut self) -> Result<SecretBytes, PromptError> {
        match self.pinentry.send("GETPIN").await.map_err(gone)? {
            Done::Ok(typed) => Ok(typed),
            Done::Err(number) => Err(refused("GETPIN", number)),
        }
    }

    /// A yes. One that comes sooner than anybody reads was a key meant for another window; from who
    /// never reads it is a no.
    async fn confirm(&mut self) -> Result<(), PromptError> {
        for _ in 0..MOST_EARLY_YESES {
            let asked = Instant::now();
            match self.pinentry.send("CONFIRM").await.map_err(gone)? {
                Done::Ok(_) if asked.elapsed() < TO_READ => {}
                Done::Ok(_) => return Ok(()),
                Done::Err(number) => return Err(refused("CONFIRM", number)),
            }
        }
        Err(PromptError::Cancelled)
    }
}

fn accepting(purpose: &Purpose, labels: WindowTexts) -> String {
    match purpose {
        Purpose::Sign { .. } => labels.sign(),
        Purpose::ChangePin => labels.change(),
        Purpose::UnblockPin => labels.unblock(),
        Purpose::OpenSession(_) => labels.open_session(),
        Purpose::Authenticate { .. }
        | Purpose::UseAuthenticationKey
        | Purpose::Decipher
        | Purpose::ReadActivities => labels.ok(),
    }
}

/// What the errors of libgpg-error mean here.
fn refused(command: &str, number: u16) -> PromptError {
    match number {
        TIMEOUT => PromptError::TimedOut,
        CANCELED | FULLY_CANCELED | NOT_CONFIRMED => PromptError::Cancelled,
        _ => {
            tracing::warn!(
                event = "pinentry-cannot-ask",
                command,
                number,
                "the pinentry cannot ask: has it a display or a terminal?"
            );
            let command = command.to_owned();
            unavailable(PinentryError::Refused { command, number })
        }
    }
}

/// Closed by the system, or crashed, in the middle of a question: nothing was sent to the card, so
/// it is a no.
fn gone(error: PinentryError) -> PromptError {
    if matches!(error, PinentryError::Gone) {
        return PromptError::Cancelled;
    }
    unavailable(error)
}

fn unavailable(error: PinentryError) -> PromptError {
    PromptError::Unavailable(Box::new(error))
}

const TIMEOUT: u16 = 62;
const CANCELED: u16 = 99;
const NOT_CONFIRMED: u16 = 114;
const FULLY_CANCELED: u16 = 198;
/// As long as the window's own buttons take no key.
const TO_READ: Duration = Duration::from_millis(500);
/// As often as a key that is held down may still be meant for another window.
const MOST_EARLY_YESES: u32 = 3;
/// Longest wait for the holder to have read how an earlier question ended.
const READING: Duration = Duration::from_secs(6);
/// How long such words stay at most.
const LONGEST_FAREWELL: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests;
