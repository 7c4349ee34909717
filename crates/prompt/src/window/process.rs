//! The window's process and its pipe.

use std::io;
use std::path::Path;
use std::process::Stdio;

use daemon_wire::window::{FrameError, FrameHeader, FrameKind, Refusal, WindowAnswer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use zeroize::Zeroizing;

/// A window on its way or on the screen. Dropping it kills it, and what it shows is gone.
#[derive(Debug)]
pub(crate) struct WindowProcess {
    child: Child,
    questions: ChildStdin,
    answers: ChildStdout,
    was_shown: bool,
}

/// What comes back.
#[derive(Debug)]
pub(crate) enum Reply {
    Answer(WindowAnswer),
    Refusal(Refusal),
    GoneBeforeItWasShown,
    GoneAfterItWasShown,
}

/// Why nothing can be made of what comes back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PipeError {
    #[error("reading from the window")]
    Read(#[source] io::Error),
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("the window said {0:?} in place of an answer")]
    Unexpected(FrameKind),
}

impl WindowProcess {
    /// Starts the program. It gets no argument, and of the environment only what leads to the
    /// screen: a library or a setting named there could read what is typed.
    pub(crate) fn start(program: &Path) -> io::Result<Self> {
        let mut child = Command::new(program)
            .env_clear()
            .envs(
                std::env::vars_os()
                    .filter(|(name, _)| leads_to_the_screen(&name.to_string_lossy())),
            )
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let pipe = || io::Error::other("no pipe to the window");
        let questions = child.stdin.take().ok_or_else(pipe)?;
        let answers = child.stdout.take().ok_or_else(pipe)?;
        Ok(Self {
            child,
            questions,
            answers,
            was_shown: false,
        })
    }

    /// Sends a whole frame.
    pub(crate) async fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        self.questions.write_all(frame).await?;
        self.questions.flush().await
    }

    /// What the holder does; the news that the window is on the screen is kept.
    pub(crate) async fn reply(&mut self) -> Result<Reply, PipeError> {
        loop {
            let Some((kind, content)) = self.frame().await? else {
                return Ok(if self.was_shown {
                    Reply::GoneAfterItWasShown
                } else {
                    Reply::GoneBeforeItWasShown
                });
            };
            match kind {
                FrameKind::Shown => self.was_shown = true,
                FrameKind::Answer => return Ok(Reply::Answer(WindowAnswer::parse(&content)?)),
                FrameKind::Refusal => return Ok(Reply::Refusal(Refusal::parse(&content)?)),
                FrameKind::Question | FrameKind::Outcome | FrameKind::Entered => {
                    return Err(PipeError::Unexpected(kind));
                }
            }
        }
    }

    /// Waits for its end.
    pub(crate) async fn ended(mut self) {
        // Whatever it is that cannot be waited for, it is no window any more.
        let _ = self.child.wait().await;
    }

    /// Its process id, while it lives.
    #[cfg(test)]
    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// The next frame, in a buffer that is wiped; `None` at the window's end.
    async fn frame(&mut self) -> Result<Option<(FrameKind, Zeroizing<Vec<u8>>)>, PipeError> {
        let mut header = [0; FrameHeader::LEN];
        if !self.read_whole(&mut header).await? {
            return Ok(None);
        }
        let header = FrameHeader::parse(header)?;
        let mut content = Zeroizing::new(vec![0; header.len]);
        let is_whole = self.read_whole(&mut content).await?;
        Ok(is_whole.then_some((header.kind, content)))
    }

    /// A window that ends in the middle of a frame has said nothing.
    async fn read_whole(&mut self, buffer: &mut [u8]) -> Result<bool, PipeError> {
        match self.answers.read_exact(buffer).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(PipeError::Read(error)),
        }
    }
}

/// The display, its key, the session's bus, fonts and the language: no more.
pub(crate) fn leads_to_the_screen(name: &str) -> bool {
    const NAMES: [&str; 16] = [
        "AT_SPI_BUS_ADDRESS",
        "DBUS_SESSION_BUS_ADDRESS",
        "DISPLAY",
        "HOME",
        "LANG",
        "WAYLAND_DISPLAY",
        "WINIT_X11_SCALE_FACTOR",
        "XAUTHORITY",
        "XCURSOR_SIZE",
        "XCURSOR_THEME",
        "XDG_CONFIG_HOME",
        "XDG_CURRENT_DESKTOP",
        "XDG_DATA_DIRS",
        "XDG_DATA_HOME",
        "XDG_RUNTIME_DIR",
        "XDG_SESSION_TYPE",
    ];
    const OF_WINDOWS: [&str; 7] = [
        "APPDATA",
        "LOCALAPPDATA",
        "SYSTEMDRIVE",
        "SYSTEMROOT",
        "TEMP",
        "TMP",
        "USERPROFILE",
    ];
    if cfg!(windows) {
        return OF_WINDOWS.contains(&name.to_uppercase().as_str());
    }
    NAMES.contains(&name) || name.starts_with("LC_")
}
