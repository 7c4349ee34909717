//! The agents of the sessions: who has one, who is to get one, and when.

use std::collections::BTreeMap;
use std::env;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use platform::event_log::{EventLevel, write};
use platform::sessions::{EndTogether, SessionProgram, interactive_sessions, start_in_session};

use crate::backoff::Backoff;

use crate::exit_code::UNCONFIGURED;

use super::{AGENT_ENDED, AGENT_NOT_STARTED, AGENT_STARTED, CONFIGURATION_UNUSABLE};

/// What the service is told.
#[derive(Debug)]
pub(super) enum News {
    /// Somebody came or the machine woke: look who is there.
    Look,
    LoggedOff(u32),
    /// The agent of a session has ended by itself, with this exit code.
    Ended {
        session: u32,
        pid: u32,
        code: u32,
    },
    Stop,
}

pub(super) struct Supervisor {
    program: PathBuf,
    together: EndTogether,
    teller: Sender<News>,
    sessions: BTreeMap<u32, Session>,
}

struct Session {
    agent: Option<SessionProgram>,
    started: Instant,
    /// When the next one is due, where none runs.
    due: Instant,
    backoff: Backoff,
    /// Whether time alone brings no agent.
    waits_for_somebody: bool,
}

impl Supervisor {
    pub(super) fn new(teller: Sender<News>) -> io::Result<Self> {
        Ok(Self {
            program: env::current_exe()?,
            together: EndTogether::new()?,
            teller,
            sessions: BTreeMap::new(),
        })
    }

    /// Keeps the agents running until it is told to stop; then ends them.
    pub(super) fn run(mut self, news: &Receiver<News>) {
        self.look();
        loop {
            self.start_what_is_due();
            let next = self.next_due();
            let heard = match next {
                Some(due) => news.recv_timeout(due.saturating_duration_since(Instant::now())),
                None => news.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match heard {
                Ok(News::Look) => self.look(),
                Ok(News::LoggedOff(session)) => self.end(session),
                Ok(News::Ended { session, pid, code }) => self.note_end(session, pid, code),
                Err(RecvTimeoutError::Timeout) => {}
                Ok(News::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let ending: Vec<_> = std::mem::take(&mut self.sessions)
            .into_values()
            .filter_map(|session| session.agent)
            .map(|agent| thread::spawn(move || agent.end(TO_END)))
            .collect();
        for agent in ending {
            // One that panicked has nothing left to do: the job ends what is left.
            let _ = agent.join();
        }
    }

    /// Sessions that are new get an agent at once.
    fn look(&mut self) {
        match interactive_sessions() {
            Ok(sessions) => {
                for session in sessions {
                    let session = self.sessions.entry(session);
                    session.or_insert_with(Session::new).waits_for_somebody = false;
                }
            }
            Err(error) => write(
                EventLevel::Error,
                AGENT_NOT_STARTED,
                &format!("The sessions of this machine are not known: {error}"),
            ),
        }
    }

    fn next_due(&self) -> Option<Instant> {
        let waiting = self.sessions.values();
        let waiting = waiting.filter(|session| session.is_without());
        waiting.map(|session| session.due).min()
    }

    fn start_what_is_due(&mut self) {
        let now = Instant::now();
        let due: Vec<u32> = self
            .sessions
            .iter()
            .filter(|(_, session)| session.is_without() && session.due <= now)
            .map(|(number, _)| *number)
            .collect();
        for session in due {
            self.start(session);
        }
    }

    fn start(&mut self, number: u32) {
        let arguments = ["run", "--supervised"].map(AsRef::as_ref);
        let started = start_in_session(number, &self.program, &arguments, &self.together)
            .and_then(|agent| self.watched(number, agent));
        match started {
            Ok(agent) => {
                let pid = agent.pid();
                let text = format!("An agent was started in session {number} (process {pid}).");
                write(EventLevel::Information, AGENT_STARTED, &text);
                if let Some(session) = self.sessions.get_mut(&number) {
                    session.started = Instant::now();
                    session.agent = Some(agent);
                }
            }
            // Most sessions without an agent are those of the log-in screen, which tell when somebody
            // comes.
            Err(error) if is_nobody(&error) => {
                self.sessions.remove(&number);
            }
            Err(error) => {
                let text = format!("No agent was started in session {number}: {error}");
                write(EventLevel::Warning, AGENT_NOT_STARTED, &text);
                self.wait_longer(number, Duration::ZERO);
            }
        }
    }

    /// A thread waits for its end.
    fn watched(&self, number: u32, agent: SessionProgram) -> io::Result<SessionProgram> {
        let (end, teller, pid) = (agent.its_end()?, self.teller.clone(), agent.pid());
        let wait = move || {
            let code = end.wait();
            // A service that has ended needs no news.
            let _ = teller.send(News::Ended {
                session: number,
                pid,
                code,
            });
        };
        thread::Builder::new().name("agent".into()).spawn(wait)?;
        Ok(agent)
    }

    /// One that found its configuration unusable would find it so again: it is started again when
    /// somebody comes to a session, or the service starts.
    fn note_end(&mut self, number: u32, pid: u32, code: u32) {
        let session = self.sessions.get_mut(&number);
        let Some(session) = session.filter(|session| session.runs(pid)) else {
            return;
        };
        session.agent = None;
        let lived = session.started.elapsed();
        if code == u32::from(UNCONFIGURED) {
            session.waits_for_somebody = true;
            let text = format!(
                "The agent of session {number} (process {pid}) has ended: its configuration cannot be used (event {CONFIGURATION_UNUSABLE} says why). None is started there before somebody logs in, unlocks or reconnects, or this service is started again."
            );
            write(EventLevel::Error, AGENT_ENDED, &text);
            return;
        }
        let text = format!("The agent of session {number} (process {pid}) has ended, with {code}.");
        write(EventLevel::Warning, AGENT_ENDED, &text);
        self.wait_longer(number, lived);
    }

    fn wait_longer(&mut self, number: u32, lived: Duration) {
        if let Some(session) = self.sessions.get_mut(&number) {
            session.due = Instant::now() + session.backoff.after(lived);
        }
    }

    fn end(&mut self, number: u32) {
        let session = self.sessions.remove(&number);
        if let Some(agent) = session.and_then(|session| session.agent) {
            agent.end(TO_END);
        }
    }
}

impl Session {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            agent: None,
            started: now,
            due: now,
            backoff: Backoff::default(),
            waits_for_somebody: false,
        }
    }

    /// Whether it is to have an agent and has none.
    fn is_without(&self) -> bool {
        self.agent.is_none() && !self.waits_for_somebody
    }

    fn runs(&self, pid: u32) -> bool {
        self.agent.as_ref().is_some_and(|agent| agent.pid() == pid)
    }
}

/// Nobody is logged in to that session (ERROR_NO_TOKEN), or it is gone (ERROR_FILE_NOT_FOUND).
fn is_nobody(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(1008 | 2))
}

/// How long an agent has for its last answers.
const TO_END: Duration = Duration::from_secs(10);
