//! The pipe to the agent: standard input and output, read and written without a buffer that would
//! keep what passes.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
#[cfg(unix)]
use std::os::fd::AsFd as _;
#[cfg(windows)]
use std::os::windows::io::AsHandle as _;
use std::time::Instant;

use daemon_wire::window::{
    FrameError, FrameHeader, FrameKind, OutcomeBody, Refusal, WindowAnswer, WindowQuestion,
};

/// What the agent says.
#[derive(Debug)]
pub(crate) enum Message {
    Question {
        question: Box<WindowQuestion>,
        /// When nobody waits for the answer any more.
        until: Option<Instant>,
    },
    Outcome(OutcomeBody),
    /// Nothing is typed at the keypad of the reader any more.
    Entered,
}

/// Why nothing more can be made of what the agent says.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PipeError {
    /// The agent is gone, or has no more to say.
    #[error("the agent is gone")]
    Closed,
    #[error("reading from the agent")]
    Read(#[source] io::Error),
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("the agent said {0:?}")]
    Unexpected(FrameKind),
}

/// The end at which the agent's messages arrive.
#[derive(Debug)]
pub(crate) struct Ear(File);

impl Ear {
    pub(crate) fn open() -> io::Result<Self> {
        #[cfg(unix)]
        let stdin = io::stdin().as_fd().try_clone_to_owned()?;
        #[cfg(windows)]
        let stdin = io::stdin().as_handle().try_clone_to_owned()?;
        Ok(Self(stdin.into()))
    }

    /// Waits for the next message.
    pub(crate) fn hear(&mut self) -> Result<Message, PipeError> {
        let mut header = [0; FrameHeader::LEN];
        self.read_whole(&mut header)?;
        let header = FrameHeader::parse(header)?;
        let mut content = vec![0; header.len];
        self.read_whole(&mut content)?;
        match header.kind {
            FrameKind::Question => {
                let question = Box::new(WindowQuestion::parse(&content)?);
                // From now on, and not from when the window is on the screen, which takes a while.
                let until = question
                    .time
                    .and_then(|time| Instant::now().checked_add(time));
                Ok(Message::Question { question, until })
            }
            FrameKind::Outcome => Ok(Message::Outcome(OutcomeBody::parse(&content)?)),
            FrameKind::Entered => Ok(Message::Entered),
            FrameKind::Shown | FrameKind::Answer | FrameKind::Refusal => {
                Err(PipeError::Unexpected(header.kind))
            }
        }
    }

    fn read_whole(&mut self, buffer: &mut [u8]) -> Result<(), PipeError> {
        self.0.read_exact(buffer).map_err(|error| {
            if error.kind() == io::ErrorKind::UnexpectedEof {
                PipeError::Closed
            } else {
                PipeError::Read(error)
            }
        })
    }
}

/// The end into which the holder's answers go.
#[derive(Debug)]
pub(crate) struct Mouth(File);

impl Mouth {
    pub(crate) fn open() -> io::Result<Self> {
        #[cfg(unix)]
        let stdout = io::stdout().as_fd().try_clone_to_owned()?;
        #[cfg(windows)]
        let stdout = io::stdout().as_handle().try_clone_to_owned()?;
        Ok(Self(stdout.into()))
    }

    pub(crate) fn say_shown(&mut self) -> io::Result<()> {
        let header = FrameHeader::alone(FrameKind::Shown);
        self.0.write_all(&header.to_bytes())
    }

    pub(crate) fn answer(&mut self, answer: &WindowAnswer) -> io::Result<()> {
        self.0.write_all(answer.to_frame().expose())
    }

    pub(crate) fn refuse(&mut self, refusal: Refusal) -> io::Result<()> {
        self.0.write_all(&refusal.to_frame())
    }
}
