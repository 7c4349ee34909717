//! A pinentry's process and its pipe.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use secrets::SecretBytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard};
use zeroize::{Zeroize as _, Zeroizing};

use super::assuan::{AssuanError, AssuanReply, LONGEST_LINE};
use super::own_terminal::{OwnTerminal, TERMINAL, ask_to_end};
use crate::window::process::leads_to_the_screen;

/// A pinentry that greeted. Dropping it ends it, and what it shows is gone.
#[derive(Debug)]
pub(crate) struct PinentryProcess {
    running: Option<Running>,
    commands: ChildStdin,
    replies: ChildStdout,
    /// What was read of the next lines; wiped behind each line, since a code is in some.
    buffer: Zeroizing<Vec<u8>>,
    filled: usize,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) enum Done {
    /// With what was asked for, which may be nothing.
    Ok(SecretBytes),
    /// By an error of libgpg-error.
    Err(u16),
}

/// Why a pinentry cannot be spoken to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PinentryError {
    #[error("starting the pinentry")]
    Start(#[source] io::Error),
    #[error("speaking to the pinentry")]
    Pipe(#[source] io::Error),
    #[error(transparent)]
    Reply(#[from] AssuanError),
    #[error("the pinentry says more than a code has")]
    TooMuch,
    #[error("the pinentry has ended")]
    Gone,
    #[error("the pinentry answers {command} by the error {number}")]
    Refused { command: String, number: u16 },
}

impl PinentryProcess {
    /// Starts the program behind the one before it, and waits for its greeting. It gets no argument, and of the environment
    /// only what leads to the screen or the terminal.
    pub(crate) async fn start(
        program: &Path,
        places: &Arc<Mutex<()>>,
    ) -> Result<Self, PinentryError> {
        let place = Arc::clone(places).lock_owned().await;
        let terminal = OwnTerminal::open();
        let wanted = |name: &str| leads_to_the_screen(name) || name == "TERM";
        let mut child = Command::new(program)
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| wanted(&name.to_string_lossy())))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(PinentryError::Start)?;
        let pipe = || PinentryError::Start(io::Error::other("no pipe to the pinentry"));
        let mut process = Self {
            commands: child.stdin.take().ok_or_else(pipe)?,
            replies: child.stdout.take().ok_or_else(pipe)?,
            running: Some(Running {
                child,
                terminal,
                _place: place,
            }),
            buffer: Zeroizing::new(vec![0; LONGEST_LINE]),
            filled: 0,
        };
        match process.end_of_command().await? {
            Done::Ok(_) => {}
            Done::Err(number) => return Err(refused("nothing", number)),
        }
        process.tell_its_terminal().await?;
        Ok(process)
    }

    /// Where it may ask without a display, and in which characters. One that does not know an
    /// option does without.
    async fn tell_its_terminal(&mut self) -> Result<(), PinentryError> {
        // Of this locale a pinentry at a terminal is sure; one that the environment names may not be
        // installed, and then no question with an accent comes up.
        self.send("OPTION lc-ctype=C.UTF-8").await?;
        let running = self.running.as_ref();
        if running.is_some_and(|running| running.terminal.is_some()) {
            self.send(&format!("OPTION ttyname={TERMINAL}")).await?;
            if let Ok(kind) = std::env::var("TERM") {
                self.send(&format!("OPTION ttytype={kind}")).await?;
            }
        }
        Ok(())
    }

    /// Sends a command, whose text is escaped already, and waits for its end.
    pub(crate) async fn send(&mut self, command: &str) -> Result<Done, PinentryError> {
        let line = format!("{command}\n");
        let sent = self.commands.write_all(line.as_bytes()).await;
        match sent {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(PinentryError::Gone),
            sent => sent.map_err(PinentryError::Pipe),
        }?;
        self.end_of_command().await
    }

    /// Sends a command without which the holder would not see what they answer.
    pub(crate) async fn set(&mut self, command: &str, text: &str) -> Result<(), PinentryError> {
        match self.send(&format!("{command} {text}")).await? {
            Done::Ok(_) => Ok(()),
            Done::Err(number) => Err(refused(command, number)),
        }
    }

    async fn end_of_command(&mut self) -> Result<Done, PinentryError> {
        let mut typed = Zeroizing::new(Vec::with_capacity(LONGEST_ANSWER));
        loop {
            match self.reply().await? {
                AssuanReply::Ok => return Ok(Done::Ok(SecretBytes::copy_from(&typed))),
                AssuanReply::Err(number) => return Ok(Done::Err(number)),
                AssuanReply::Remark => {}
                // The buffer must not grow, which would leave a copy behind.
                AssuanReply::Data(piece) if typed.len() + piece.len() <= LONGEST_ANSWER => {
                    typed.extend_from_slice(piece.expose());
                }
                AssuanReply::Data(_) => return Err(PinentryError::TooMuch),
            }
        }
    }

    async fn reply(&mut self) -> Result<AssuanReply, PinentryError> {
        loop {
            let read = self.buffer.get(..self.filled).unwrap_or_default();
            if let Some(end) = read.iter().position(|byte| *byte == b'\n') {
                let reply = AssuanReply::parse(read.get(..end).unwrap_or_default());
                self.wipe_line(end + 1);
                return Ok(reply?);
            }
            let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
            if room.is_empty() {
                return Err(PinentryError::TooMuch);
            }
            match self.replies.read(room).await.map_err(PinentryError::Pipe)? {
                0 => return Err(PinentryError::Gone),
                more => self.filled += more,
            }
        }
    }

    /// Takes the first bytes away, and leaves no trace of them behind what is moved up.
    fn wipe_line(&mut self, len: usize) {
        self.buffer.copy_within(len..self.filled, 0);
        let left = self.filled - len;
        if let Some(rest) = self.buffer.get_mut(left..) {
            rest.zeroize();
        }
        self.filled = left;
    }
}

impl Drop for PinentryProcess {
    fn drop(&mut self) {
        let Some(running) = self.running.take() else {
            return;
        };
        running.ask_to_end();
        // A runtime that ends takes the task and all that it has along at once.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(running.end());
        }
    }
}

/// A child and what it holds. They go in this order: it is killed, then its terminal is as it was, then
/// the next one may start.
#[derive(Debug)]
struct Running {
    child: Child,
    terminal: Option<OwnTerminal>,
    _place: OwnedMutexGuard<()>,
}

impl Running {
    /// So that it may clear its terminal.
    fn ask_to_end(&self) {
        if let Some(pid) = self.child.id() {
            ask_to_end(pid);
        }
    }

    /// One that does not end by itself is killed.
    async fn end(mut self) {
        if tokio::time::timeout(TO_END, self.child.wait())
            .await
            .is_err()
        {
            let _ = self.child.kill().await;
        }
    }
}

fn refused(command: &str, number: u16) -> PinentryError {
    PinentryError::Refused {
        command: command.to_owned(),
        number,
    }
}

/// Longer than any code or word.
const LONGEST_ANSWER: usize = 256;
/// How long a pinentry has to end by itself.
const TO_END: Duration = Duration::from_millis(500);
