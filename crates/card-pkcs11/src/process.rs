//! The host as its agent sees it: a process that answers in time, or is ended.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use secrets::SecretBytes;

use crate::fault::ModuleFault;
use crate::protocol::{self, Answer, Frame, Request};

/// How a host is started: this program with these arguments, which has to call [`crate::host::serve`], or
/// with those of a watch and [`crate::host::watch`].
#[derive(Clone, Debug)]
pub struct HostProgram {
    /// The program.
    pub program: PathBuf,
    /// Its arguments to serve calls.
    pub serve: Vec<String>,
    /// Its arguments to watch readers by calls that may block.
    pub watch: Vec<String>,
    /// Its arguments to watch readers by looks alone.
    pub look: Vec<String>,
    /// The module, which comes as the last argument.
    pub module: PathBuf,
    /// How long it may take.
    pub patience: Patience,
}

/// How long a module may take before it counts as hung.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For its start, in which it reads what it wants to know of all cards.
    pub start: Duration,
    /// For any other call.
    pub call: Duration,
    /// For a code that is typed at a keypad, beside the time of the call.
    pub keypad: Duration,
}

impl Default for Patience {
    /// The official module needs two seconds on a card of the older generation that it has not seen yet,
    /// and as long for its certificates. Whoever waits for a card is told of it after ten.
    fn default() -> Self {
        Self {
            start: Duration::from_secs(9),
            call: Duration::from_secs(8),
            keypad: Duration::from_secs(60),
        }
    }
}

/// A process that has the module; it ends with this value.
pub(crate) struct HostProcess {
    child: Option<Child>,
    requests: ChildStdin,
    answers: Receiver<Told>,
    patience: Patience,
}

/// What a host told.
#[derive(Debug)]
pub(crate) enum Told {
    /// A frame.
    Frame(Frame),
    /// It ended.
    Ended,
}

impl HostProcess {
    /// Starts a host that serves calls.
    pub(crate) fn serve(program: &HostProgram) -> Result<Self, ModuleFault> {
        let (sender, answers) = mpsc::channel();
        let tell = move |told| sender.send(told).is_ok();
        Self::start(program, &program.serve, tell, answers)
    }

    /// Starts a host that watches readers, of which `tell` learns until it says no.
    pub(crate) fn watch(
        program: &HostProgram,
        looks: bool,
        tell: impl Fn(Told) -> bool + Send + 'static,
    ) -> Result<Self, ModuleFault> {
        let arguments = if looks { &program.look } else { &program.watch };
        let (_, never_asked) = mpsc::channel();
        Self::start(program, arguments, tell, never_asked)
    }

    fn start(
        program: &HostProgram,
        arguments: &[String],
        tell: impl Fn(Told) -> bool + Send + 'static,
        answers: Receiver<Told>,
    ) -> Result<Self, ModuleFault> {
        let not_started = |error: io::Error| ModuleFault::NotStarted(error.to_string());
        let mut child = Command::new(&program.program)
            .args(arguments)
            .arg(&program.module)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(not_started)?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (requests, told) = pipes.ok_or(ModuleFault::Crashed)?;
        let host = Self {
            child: Some(child),
            requests,
            answers,
            patience: program.patience,
        };
        thread::Builder::new()
            .name("module-host".into())
            .spawn(move || forward(told, &tell))
            .map_err(not_started)?;
        Ok(host)
    }

    /// Asks, and waits for the answer; a host that does not give one is ended.
    ///
    /// The first request waits for the start of the module as well.
    pub(crate) fn ask(
        &mut self,
        request: &Request,
        codes: &[&SecretBytes],
    ) -> Result<Answer, ModuleFault> {
        let answer = self.try_to_ask(request, codes);
        if matches!(answer, Err(ModuleFault::Crashed | ModuleFault::Hung)) {
            self.end();
        }
        answer
    }

    fn try_to_ask(
        &mut self,
        request: &Request,
        codes: &[&SecretBytes],
    ) -> Result<Answer, ModuleFault> {
        let sent = protocol::send_json(&mut self.requests, request).and_then(|()| {
            codes
                .iter()
                .try_for_each(|code| protocol::send_secret(&mut self.requests, code))
        });
        sent.map_err(|_| ModuleFault::Crashed)?;
        let frame = self.next_frame(request)?;
        protocol::parse::<Result<Answer, ModuleFault>>(&frame).map_err(|_| ModuleFault::Crashed)?
    }

    /// The secret that follows an answer.
    pub(crate) fn secret(&mut self, request: &Request) -> Result<SecretBytes, ModuleFault> {
        match self.next_frame(request) {
            Ok(Frame::Secret(secret)) => Ok(secret),
            Ok(Frame::Json(_)) | Err(_) => {
                self.end();
                Err(ModuleFault::Crashed)
            }
        }
    }

    fn next_frame(&self, request: &Request) -> Result<Frame, ModuleFault> {
        match self.answers.recv_timeout(self.time_for(request)) {
            Ok(Told::Frame(frame)) => Ok(frame),
            Ok(Told::Ended) | Err(RecvTimeoutError::Disconnected) => Err(ModuleFault::Crashed),
            Err(RecvTimeoutError::Timeout) => Err(ModuleFault::Hung),
        }
    }

    fn time_for(&self, request: &Request) -> Duration {
        let Patience {
            start,
            call,
            keypad,
        } = self.patience;
        match request {
            Request::Open { .. } => start,
            Request::Login { codes: 0, .. } => call + keypad,
            Request::Login { .. }
            | Request::Token
            | Request::Certificates
            | Request::Data { .. }
            | Request::Logout
            | Request::SetPin
            | Request::InitPin
            | Request::Sign { .. }
            | Request::Decipher { .. } => call,
        }
    }

    /// Whether it has been ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.child.is_none()
    }

    /// Ends it, whatever its module is at.
    pub(crate) fn end(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Drop for HostProcess {
    fn drop(&mut self) {
        self.end();
    }
}

impl fmt::Debug for HostProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostProcess")
            .field("id", &self.child.as_ref().map(Child::id))
            .finish_non_exhaustive()
    }
}

fn forward(mut told: ChildStdout, tell: &impl Fn(Told) -> bool) {
    while let Ok(Some(frame)) = protocol::receive(&mut told) {
        if !tell(Told::Frame(frame)) {
            return;
        }
    }
    tell(Told::Ended);
}
