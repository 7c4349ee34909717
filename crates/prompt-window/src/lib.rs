//! The trusted window: one question to the holder of a card, on the screen.
//!
//! The agent starts the program `cpxd-prompt-window` and speaks to it over its standard input and
//! output ([`daemon_wire::window`]). It shows one question, sends the answer, shows what came of
//! it, and ends; when the agent goes, it goes at once. The digits of a code come as single key
//! events into a buffer of ours, since a text field of a toolkit keeps copies, and leave as bytes
//! of one frame. There is no paste.
//!
//! `dialogue` is what the holder does, `words` what is said, `window` both on the screen.

mod dialogue;
mod palette;
#[doc(hidden)]
pub mod pictures;
mod pipe;
mod typed_code;
mod ui;
mod window;
mod words;

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::mpsc;
use std::{process, thread};

use slint::{ComponentHandle as _, PlatformError};

use pipe::{Ear, Message, Mouth, PipeError};
use window::Conversation;

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// The process could not be made safe to type a code in.
    #[error("protecting this process")]
    Protection(#[source] io::Error),
    /// The pipe to the agent is not there.
    #[error("opening the pipe to the agent")]
    Pipe(#[source] io::Error),
    /// The agent said nothing.
    #[error("no question came: this program is started by cpxd")]
    NoQuestion,
    /// There is no screen to show anything on.
    #[error("opening the window")]
    Screen(#[from] PlatformError),
}

thread_local! {
    /// The conversation, for what comes from the thread that listens to the agent.
    static CONVERSATION: RefCell<Option<Rc<Conversation>>> = const { RefCell::new(None) };
}

/// Shows the question that the agent asks, until it is answered or the agent is gone.
///
/// # Errors
/// [`WindowError`] when nothing can be shown. Once the window is there, the process ends by itself.
pub fn run() -> Result<(), WindowError> {
    platform::core_dumps::forbid().map_err(WindowError::Protection)?;
    platform::parent::die_with_it().map_err(WindowError::Protection)?;
    let first = listen(Ear::open().map_err(WindowError::Pipe)?);
    let mouth = Mouth::open().map_err(WindowError::Pipe)?;
    let conversation = Conversation::new(Some(mouth))?;
    // Without a name a desktop shows that of the program's file, which is no worse.
    let _ = slint::set_xdg_app_id("cpxd-prompt-window");
    conversation.take(first.recv().map_err(|_| WindowError::NoQuestion)?);
    conversation.window().show()?;
    conversation.say_shown();
    CONVERSATION.set(Some(conversation));
    slint::run_event_loop_until_quit()?;
    Ok(())
}

/// Hears the agent on a thread of its own: the first message comes back here, for the window is
/// not there yet; the others go to the window; the end of the agent is the end of this process.
fn listen(mut ear: Ear) -> mpsc::Receiver<Message> {
    let (sender, first) = mpsc::channel();
    let mut sender = Some(sender);
    thread::spawn(move || {
        loop {
            match (ear.hear(), sender.take()) {
                (Ok(message), Some(sender)) => {
                    // Nobody waits for it when there is no screen.
                    let _ = sender.send(message);
                }
                (Ok(message), None) => {
                    let _ = slint::invoke_from_event_loop(move || show(message));
                }
                (Err(PipeError::Closed), None) => process::exit(0),
                (Err(_), None) => process::exit(1),
                (Err(_), Some(_)) => return,
            }
        }
    });
    first
}

fn show(message: Message) {
    let conversation = CONVERSATION.with_borrow(Clone::clone);
    if let Some(conversation) = conversation {
        conversation.take(message);
    }
}
