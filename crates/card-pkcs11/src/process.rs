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
    /// For one that brings a code: it may have to wait in the module for another program, and whoever ends it does
    /// not know what became of the code.
    pub code: Duration,
}

impl Default for Patience {
    /// The official module needs two seconds on a card of the older generation that it has not seen yet,
    /// and as long for its certificates. Whoever waits for a card is told of it after ten.
    fn default() -> Self {
        Self {
            start: Duration::from_secs(9),
            call: Duration::from_secs(8),
            code: Duration::from_secs(25),
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
        // What nobody asked for waits in the pipe, and not in this process's memory.
        let (sender, answers) = mpsc::sync_channel(UNREAD_FRAMES);
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
        let mut command = Command::new(&program.program);
        command
            .args(arguments)
            .arg(&program.module)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        lead_a_group(&mut command);
        let mut child = command.spawn().map_err(not_started)?;
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
        let Patience { start, call, code } = self.patience;
        match request {
            Request::Open { .. } => start,
            Request::Login {
                codes: 0,
                keypad_seconds,
                ..
            } => call + Duration::from_secs((*keypad_seconds).into()),
            Request::Login { .. } | Request::SetPin | Request::InitPin => code,
            Request::Token
            | Request::Certificates
            | Request::Data { .. }
            | Request::Logout
            | Request::Sign { .. }
            | Request::Decipher { .. } => call,
        }
    }

    /// Whether it has been ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.child.is_none()
    }

    /// Ends it and what its module has started, whatever they are at. A host that a driver holds is waited for by
    /// a thread that nobody waits for.
    pub(crate) fn end(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        kill(&mut child);
        if !matches!(child.try_wait(), Ok(Some(_))) {
            let waiting = thread::Builder::new().name("end-of-host".into());
            // Without a thread the host stays a zombie until the agent ends, no more.
            let _ = waiting.spawn(move || child.wait());
        }
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

/// Has the host lead a group of its own, which what its module starts belongs to.
#[cfg(unix)]
fn lead_a_group(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;

    command.process_group(0).arg0("cpxd");
}

#[cfg(not(unix))]
fn lead_a_group(_command: &mut Command) {}

fn kill(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id())
        .ok()
        .and_then(rustix::process::Pid::from_raw)
    {
        // It may have ended by itself.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
}

fn forward(mut told: ChildStdout, tell: &impl Fn(Told) -> bool) {
    while let Ok(Some(frame)) = protocol::receive(&mut told) {
        if !tell(Told::Frame(frame)) {
            return;
        }
    }
    tell(Told::Ended);
}

/// An answer and the secret that follows it.
const UNREAD_FRAMES: usize = 2;

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;
    use crate::protocol::{Seen, Token};
    use crate::readers::ModuleReaders;

    /// A host that says these bytes, whatever it is asked, and then does this.
    fn host_that_says(bytes: &[u8], then: &str) -> (HostProgram, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let said = folder.path().join("said");
        fs::write(&said, bytes).unwrap();
        let arguments = vec![
            "-c".to_owned(),
            format!("cat \"$0\"; {then}"),
            said.display().to_string(),
        ];
        let program = HostProgram {
            program: "/bin/sh".into(),
            serve: arguments.clone(),
            watch: arguments.clone(),
            look: arguments,
            module: "/nowhere".into(),
            patience: Patience {
                start: Duration::from_millis(300),
                call: Duration::from_millis(300),
                code: Duration::from_millis(300),
            },
        };
        (program, folder)
    }

    fn framed(kind: u8, bytes: &[u8]) -> Vec<u8> {
        let mut frame = u32::try_from(bytes.len()).unwrap().to_be_bytes().to_vec();
        frame.push(kind);
        frame.extend(bytes);
        frame
    }

    /// Messages that make sense, by themselves.
    fn messages() -> Vec<Vec<u8>> {
        let token = Token {
            label: "CPS3v3-9900000001".into(),
            serial_number: "99000000".into(),
            initialized: true,
            user_pin_initialized: true,
            protected_path: false,
            minimum_pin_len: 4,
            maximum_pin_len: usize::MAX,
            user_pin: protocol::PinFlags::default(),
            so_pin: protocol::PinFlags::default(),
        };
        let answers: [Result<Answer, ModuleFault>; 5] = [
            Ok(Answer::Done),
            Ok(Answer::Token(token)),
            Ok(Answer::Signature(vec![0; 256])),
            Ok(Answer::Deciphered),
            Err(ModuleFault::Crashed),
        ];
        let seen = [
            Seen::Readers(Vec::new()),
            Seen::Lives,
            Seen::Waits,
            Seen::Changed(Vec::new()),
        ];
        let answers = answers
            .iter()
            .map(|answer| serde_json::to_vec(answer).unwrap());
        answers
            .chain(seen.iter().map(|seen| serde_json::to_vec(seen).unwrap()))
            .collect()
    }

    /// Frames and what is none, some of it spoiled.
    fn said() -> impl Strategy<Value = Vec<u8>> {
        let frame = prop_oneof![
            prop::sample::select(messages()).prop_map(|json| framed(b'J', &json)),
            prop::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| framed(b'S', &bytes)),
            (any::<u8>(), prop::collection::vec(any::<u8>(), 0..40))
                .prop_map(|(kind, bytes)| framed(kind, &bytes)),
            prop::collection::vec(any::<u8>(), 0..40),
        ];
        let frames = prop::collection::vec(frame, 0..5);
        let spoiled = prop::option::of((any::<prop::sample::Index>(), any::<u8>()));
        (frames, spoiled).prop_map(|(frames, spoiled)| {
            let mut bytes = frames.concat();
            if let Some((place, byte)) = spoiled
                && !bytes.is_empty()
            {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            bytes
        })
    }

    proptest! {
        #[test]
        fn no_frame_makes_its_reader_panic(bytes in said()) {
            let mut pipe = bytes.as_slice();
            while let Ok(Some(frame)) = protocol::receive(&mut pipe) {
                let _ = protocol::parse::<Result<Answer, ModuleFault>>(&frame);
                let _ = protocol::parse::<Seen>(&frame);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

        /// That this test ends is what it shows.
        #[test]
        fn no_answer_makes_the_agent_wait_for_ever(bytes in said(), lasts: bool) {
            let then = if lasts { "exec sleep 1000" } else { "" };
            let (program, _folder) = host_that_says(&bytes, then);
            let mut host = HostProcess::serve(&program).unwrap();
            for _ in 0..6 {
                let request = Request::Logout;
                if let Ok(Answer::Deciphered) = host.ask(&request, &[]) {
                    let _ = host.secret(&request);
                }
            }
            prop_assert!(host.has_ended(), "six answers to six questions");
        }

        #[test]
        fn nothing_that_a_watch_says_makes_the_agent_wait_for_ever(bytes in said()) {
            let (program, _folder) = host_that_says(&bytes, "");
            let mut readers = ModuleReaders::new(program);
            let stopper = readers.stopper();
            let _ = readers.wait_for_change();
            stopper.stop();
            while readers.wait_for_change().is_ok() {}
        }
    }
}
