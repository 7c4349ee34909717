//! The window without an agent, for pictures of it (`examples/gallery.rs`).

use std::rc::Rc;
use std::time::Duration;

use daemon_wire::window::{OutcomeBody, WindowQuestion};
use slint::{ComponentHandle as _, PlatformError};

use crate::pipe::Message;
use crate::window::Conversation;

/// A window that answers nobody.
pub struct Picture(Rc<Conversation>);

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Picture")
    }
}

impl Picture {
    /// Shows a window.
    ///
    /// # Errors
    /// What the toolkit says when there is no screen.
    pub fn show() -> Result<Self, PlatformError> {
        Ok(Self(Conversation::new(None)?))
    }

    /// A question, with so many digits typed into each of its fields.
    pub fn ask(&self, question: WindowQuestion, typed: &[usize]) {
        let question = Box::new(question);
        let until = None;
        self.0.take(Message::Question { question, until });
        for (field, digits) in typed.iter().enumerate() {
            for _ in 0..*digits {
                self.0.type_digit(field);
            }
        }
    }

    /// The button that goes on.
    pub fn go_on(&self) {
        self.0.go_on();
    }

    /// Whoever asks waits for so long.
    pub fn wait_for_an_answer(&self, left: Duration) {
        self.0.show_time_to_answer(left);
    }

    /// The reader waits at its keypad for so long.
    pub fn wait_at_keypad(&self, left: Duration) {
        self.0.show_time_left(left);
    }

    /// A key that was to be pressed at the reader.
    pub fn type_here(&self) {
        self.0.window().set_typed_here(true);
    }

    /// What came of an answer.
    pub fn end(&self, outcome: OutcomeBody) {
        self.0.take(Message::Outcome(outcome));
    }

    /// Puts it on the screen.
    ///
    /// # Errors
    /// What the toolkit says when there is no screen.
    pub fn present(&self) -> Result<(), PlatformError> {
        self.0.window().show()
    }

    /// Width and height in pixels.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        let size = self.0.window().window().size();
        (size.width, size.height)
    }

    /// Takes it off the screen.
    ///
    /// # Errors
    /// What the toolkit says.
    pub fn take_away(&self) -> Result<(), PlatformError> {
        self.0.window().hide()
    }
}
