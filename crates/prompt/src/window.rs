//! The holder in front of a window: a program of ours, started for one question and gone after it.

mod keypad;
pub(crate) mod process;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use daemon_types::{ErrorCode, GrantQuestion, Purpose, Question};
use daemon_wire::window::{
    Asked, Look, OutcomeBody, Refusal, Theme, Tone, WindowAnswer, WindowQuestion,
};
use texts::{ErrorFacts, Language, PromptTexts};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::outcome::{Failure, done};
use crate::{Answer, PromptError};
use process::{Reply, WindowProcess};

/// Longest wait for the holder to have read how an earlier question ended.
const READING: Duration = Duration::from_secs(6);

/// The program of the window, and how it looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowProgram {
    /// Where it is; never taken from the environment or a path of search.
    pub path: PathBuf,
    /// The language of its own words.
    pub language: Language,
    /// Light or dark; the system's choice where `None`.
    pub dark: Option<bool>,
}

impl WindowProgram {
    fn look(&self) -> Look {
        Look {
            english: self.language == Language::English,
            theme: self.dark.map(|dark| match dark {
                true => Theme::Dark,
                false => Theme::Light,
            }),
        }
    }
}

/// A holder to be asked in a window.
#[derive(Debug)]
pub(crate) struct WindowHolder {
    program: WindowProgram,
    /// The last window that was left on the screen.
    last: Option<Last>,
}

/// Why a window is still on the screen.
#[derive(Debug)]
enum Last {
    /// Its answer is with the card.
    Working(Weak<Mutex<Option<WindowProcess>>>),
    /// It shows how its question ended; the task ends when its holder has read it.
    Farewell(JoinHandle<()>),
}

/// A window whose answer is with the card. It belongs to the dialogue that it was shown for, and goes
/// with it: the next thing it shows is the next question of that dialogue, or how it ended.
#[derive(Debug)]
pub(crate) struct AnsweredWindow(Arc<Mutex<Option<WindowProcess>>>);

impl AnsweredWindow {
    fn new(window: WindowProcess) -> Self {
        Self(Arc::new(Mutex::new(Some(window))))
    }

    /// The window, unless another question took its place on the screen meanwhile.
    fn take(self) -> Option<WindowProcess> {
        take(&self.0)
    }

    /// Puts back what was taken out of it.
    fn put(&self, window: WindowProcess) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(window);
    }
}

fn take(window: &Mutex<Option<WindowProcess>>) -> Option<WindowProcess> {
    let window = window.lock();
    window.unwrap_or_else(PoisonError::into_inner).take()
}

impl WindowHolder {
    pub(crate) const fn new(program: WindowProgram) -> Self {
        Self {
            program,
            last: None,
        }
    }

    /// Puts a question about a card: in the window of the question before it in the same dialogue, if
    /// it is still there, else in a new one. Dropping the future, or what it answers, kills the window.
    pub(crate) async fn ask(
        &mut self,
        question: &Question,
        before: Option<AnsweredWindow>,
        deadline: Instant,
    ) -> Result<(Answer, AnsweredWindow), PromptError> {
        let mut window = match before.and_then(AnsweredWindow::take) {
            Some(window) => window,
            None => self.next_window(deadline).await?,
        };
        let asked = Asked::Card(question.clone());
        let answer = self.converse(&mut window, asked, deadline).await?;
        let answer = checked(question, answer)?;
        let window = AnsweredWindow::new(window);
        self.last = Some(Last::Working(Arc::downgrade(&window.0)));
        Ok((answer, window))
    }

    /// Asks whether somebody may call.
    pub(crate) async fn agree(
        &mut self,
        question: &GrantQuestion,
        deadline: Instant,
    ) -> Result<(), PromptError> {
        let mut window = self.next_window(deadline).await?;
        let asked = Asked::Grant(question.clone());
        self.converse(&mut window, asked, deadline).await?;
        let title = PromptTexts::new(self.program.language).grant_given();
        self.say_farewell(window, Tone::Done, title, String::new())
            .await;
        Ok(())
    }

    /// Says what came of the answer, in the window that waits for it. Without that window only a
    /// failure is worth a new one, after what is on the screen.
    pub(crate) async fn tell_outcome(
        &mut self,
        waiting: Option<AnsweredWindow>,
        purpose: &Purpose,
        failure: Option<&Failure>,
    ) {
        let (tone, title, detail) = self.words(purpose, failure);
        let window = match (waiting.and_then(AnsweredWindow::take), failure) {
            (Some(window), _) => window,
            (None, Some(failure)) if failure.must_be_known(purpose) => {
                let Ok(window) = self.next_window(Instant::now() + READING).await else {
                    return;
                };
                window
            }
            (None, _) => return,
        };
        self.say_farewell(window, tone, title, detail).await;
    }

    fn words(&self, purpose: &Purpose, failure: Option<&Failure>) -> (Tone, String, String) {
        let language = self.program.language;
        let Some(failure) = failure else {
            let title = done(purpose, PromptTexts::new(language));
            return (Tone::Done, title, String::new());
        };
        let facts = ErrorFacts {
            tries_left: failure.tries_left,
            reason: failure.reason.map(daemon_types::Reason::as_str),
            ..ErrorFacts::default()
        };
        let code = failure.code.as_str();
        let title = texts::error_title(code, language);
        let detail = texts::error_detail(code, language, &facts);
        (Tone::Failed, title, detail)
    }

    async fn say_farewell(
        &mut self,
        mut window: WindowProcess,
        tone: Tone,
        title: String,
        detail: String,
    ) {
        let outcome = OutcomeBody {
            look: self.program.look(),
            tone,
            title,
            detail,
        };
        let Ok(frame) = outcome.to_frame() else {
            return;
        };
        // A holder who has closed the window does not want to know.
        if window.send(&frame).await.is_ok() {
            self.last = Some(Last::Farewell(tokio::spawn(window.ended())));
        }
    }

    /// A window of its own for the next question, when the one before has been read. One that still
    /// waits for its card has had its turn: two on the screen would be one too many.
    async fn next_window(&mut self, deadline: Instant) -> Result<WindowProcess, PromptError> {
        // It stays in its place during the wait: where this future is dropped, the next question ends it.
        match &mut self.last {
            Some(Last::Working(window)) => drop(window.upgrade().and_then(|window| take(&window))),
            Some(Last::Farewell(read)) => {
                let until = deadline.min(Instant::now() + READING);
                if timeout_at(until, &mut *read).await.is_err() {
                    // With its task the window is dropped, and so killed.
                    read.abort();
                }
            }
            None => {}
        }
        self.last = None;
        WindowProcess::start(&self.program.path).map_err(unavailable)
    }

    async fn converse(
        &self,
        window: &mut WindowProcess,
        asked: Asked,
        deadline: Instant,
    ) -> Result<WindowAnswer, PromptError> {
        let look = self.program.look();
        let time = Some(deadline.saturating_duration_since(Instant::now()));
        let frame = WindowQuestion { look, asked, time }.to_frame();
        let frame = frame.map_err(unavailable)?;
        let dialogue = async {
            // A window that ends while it is told the question says why by its reply: none.
            let _ = window.send(&frame).await;
            window.reply().await
        };
        match timeout_at(deadline, dialogue).await {
            Err(_) => Err(PromptError::TimedOut),
            Ok(Ok(Reply::Answer(answer))) => Ok(answer),
            Ok(Ok(Reply::Refusal(Refusal::Cancelled))) => Err(PromptError::Cancelled),
            Ok(Ok(Reply::Refusal(Refusal::LastTryNotConfirmed))) => {
                Err(PromptError::LastTryNotConfirmed)
            }
            // Closed by the system, or crashed: nothing was sent to the card, so it is a no.
            Ok(Ok(Reply::GoneAfterItWasShown)) => Err(PromptError::Cancelled),
            Ok(Ok(Reply::GoneBeforeItWasShown)) => {
                tracing::warn!(
                    event = "window-not-shown",
                    "the window ended before it was on the screen: is there a display? `prompt = \"terminal\"` asks at the terminal"
                );
                let ended = std::io::Error::other("the window did not come up");
                Err(unavailable(ended))
            }
            Ok(Err(error)) => Err(unavailable(error)),
        }
    }
}

/// What was typed, if it is exactly what was asked for.
fn checked(question: &Question, answer: WindowAnswer) -> Result<Answer, PromptError> {
    let asked = question.codes;
    let at_screen = asked.keypad.is_none();
    let fits = answer.code.is_some() == (at_screen && asked.pin.is_some())
        && answer.unblock_code.is_some() == (at_screen && asked.unblock_code.is_some())
        && answer.new_code.is_some() == (at_screen && asked.new_pin.is_some());
    if !fits {
        let other = std::io::Error::other("the window answered another question");
        return Err(unavailable(other));
    }
    Ok(Answer {
        code: answer.code,
        unblock_code: answer.unblock_code,
        new_code: answer.new_code,
        last_try_confirmed: answer.last_try_confirmed,
    })
}

impl Failure {
    /// Whether a person must know even where the question's window is gone. Who changes or unblocks
    /// a code at a terminal is told there.
    const fn must_be_known(&self, purpose: &Purpose) -> bool {
        let is_use = !matches!(purpose, Purpose::ChangePin | Purpose::UnblockPin);
        let blocked = matches!(
            self.code,
            ErrorCode::PinBlocked | ErrorCode::UnblockBlocked | ErrorCode::CardDefinitivelyBlocked
        );
        is_use && blocked
    }
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> PromptError {
    PromptError::Unavailable(Box::new(error))
}
#[cfg(test)]
mod tests;
