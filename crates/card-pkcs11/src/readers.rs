//! The readers that a module knows, kept true by hosts that come one after the other.

use std::collections::HashMap;
use std::fmt;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use crate::fault::ModuleFault;
use crate::host::BETWEEN_SIGNS_OF_LIFE;
use crate::process::{HostProcess, HostProgram, Told};
use crate::protocol::{self, Seen, SeenReader};

/// A reader as its module sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleReader {
    /// slotDescription, at most 64 bytes.
    pub name: String,
    /// A token is in it.
    pub has_token: bool,
    /// Grows with each event that the module told of it.
    pub changes: u32,
}

/// Why there is no list of readers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WatchError {
    /// The module cannot be asked; the next call tries again after a pause.
    #[error("the PKCS#11 module cannot be asked for its readers")]
    Module(#[from] ModuleFault),
    /// Somebody called [`ReadersStopper::stop`].
    #[error("the watch was stopped")]
    Stopped,
}

/// Watches the readers of a module.
pub struct ModuleReaders {
    program: HostProgram,
    host: Option<Watching>,
    /// Which host this is, so that nothing of the one before is heard.
    generation: u64,
    messages: Receiver<Message>,
    sender: Sender<Message>,
    changes: HashMap<String, u32>,
    /// A change that was told, until the next host shows whether there was one.
    told: Option<Change>,
    /// What the last call said.
    last: Option<Vec<ModuleReader>>,
    /// What the last host saw, by which an exchange shows that happened while none waited.
    seen_last: Vec<SeenReader>,
    /// Hosts in a row that failed.
    failures: u32,
    /// Hosts in a row that told of a change at once, in which nothing was changed.
    idle_ends: u32,
}

/// A host that waits for an event.
struct Watching {
    process: HostProcess,
    since: Instant,
    readers: Vec<SeenReader>,
}

/// What a host told as its last.
struct Change {
    names: Vec<String>,
    came_at_once: bool,
    readers_before: Vec<SeenReader>,
}

enum Message {
    OfHost(u64, Told),
    Stop,
}

/// Ends a watch, from any thread.
#[derive(Clone)]
pub struct ReadersStopper(Sender<Message>);

impl ReadersStopper {
    /// Makes the blocked or next wait return [`WatchError::Stopped`].
    pub fn stop(&self) {
        // A watch that is gone has stopped.
        let _: Result<(), _> = self.0.send(Message::Stop);
    }
}

impl ModuleReaders {
    /// Readers of the module of this host.
    #[must_use]
    pub fn new(program: HostProgram) -> Self {
        let (sender, messages) = mpsc::channel();
        Self {
            program,
            host: None,
            generation: 0,
            messages,
            sender,
            changes: HashMap::new(),
            told: None,
            last: None,
            seen_last: Vec::new(),
            failures: 0,
            idle_ends: 0,
        }
    }

    /// What ends a wait.
    #[must_use]
    pub fn stopper(&self) -> ReadersStopper {
        ReadersStopper(self.sender.clone())
    }

    /// Blocks until readers or tokens are not as the last call said; returns all of them.
    ///
    /// # Errors
    /// [`WatchError`]. A module that fails once is started again at once, and unseen.
    pub fn wait_for_change(&mut self) -> Result<Vec<ModuleReader>, WatchError> {
        loop {
            match self.go_on() {
                Ok(()) => {}
                Err(WatchError::Stopped) => return Err(WatchError::Stopped),
                Err(WatchError::Module(fault)) => {
                    self.failures = self.failures.saturating_add(1);
                    tracing::debug!(%fault, failures = self.failures, "watching the readers");
                    if self.failures > UNSEEN_FAILURES {
                        self.last = None;
                        return Err(WatchError::Module(fault));
                    }
                }
            }
            let now = self.now();
            if now.is_some() && now != self.last {
                self.last.clone_from(&now);
                return Ok(now.unwrap_or_default());
            }
        }
    }

    fn go_on(&mut self) -> Result<(), WatchError> {
        match self.host.take() {
            Some(host) => self.wait_for_event(host),
            None => self.start(),
        }
    }

    fn now(&self) -> Option<Vec<ModuleReader>> {
        let seen = self.host.as_ref()?.readers.iter();
        let readers = seen.map(|reader| ModuleReader {
            name: reader.name.clone(),
            has_token: reader.has_token,
            changes: self.changes.get(&reader.name).copied().unwrap_or_default(),
        });
        Some(readers.collect())
    }

    /// Starts a host and takes its list.
    fn start(&mut self) -> Result<(), WatchError> {
        if self.failures > UNSEEN_FAILURES {
            self.pause()?;
        }
        self.generation += 1;
        let (generation, sender) = (self.generation, self.sender.clone());
        let tell = move |told| sender.send(Message::OfHost(generation, told)).is_ok();
        let looks = self.idle_ends >= MAXIMUM_IDLE_ENDS;
        let process = HostProcess::watch(&self.program, looks, tell)?;
        match self.seen(Some(self.program.patience.start))? {
            Seen::Readers(readers) => {
                self.note_change(&readers);
                self.note_exchanges(&readers);
                self.host = Some(Watching {
                    process,
                    since: Instant::now(),
                    readers,
                });
                Ok(())
            }
            Seen::Failed(fault) => Err(fault.into()),
            Seen::Changed(_) | Seen::Waits | Seen::Lives => Err(ModuleFault::Crashed.into()),
        }
    }

    /// Waits for the end of a host, which is a change or a fault.
    fn wait_for_event(&mut self, host: Watching) -> Result<(), WatchError> {
        let seen = self.last_seen();
        let lasted = host.since.elapsed();
        if lasted >= LONG_ENOUGH {
            self.failures = 0;
        }
        drop(host.process);
        match seen? {
            Seen::Changed(names) => {
                self.failures = 0;
                self.told = Some(Change {
                    names,
                    came_at_once: lasted < AT_ONCE,
                    readers_before: host.readers,
                });
                Ok(())
            }
            Seen::Failed(fault) => Err(fault.into()),
            Seen::Readers(_) | Seen::Waits | Seen::Lives => Err(ModuleFault::Crashed.into()),
        }
    }

    /// What a host tells as its last. Only in a call that may block it is silent for as long as it likes.
    fn last_seen(&self) -> Result<Seen, WatchError> {
        let alive = Some(self.program.patience.call + BETWEEN_SIGNS_OF_LIFE);
        let mut patience = alive;
        loop {
            match self.seen(patience)? {
                Seen::Waits => patience = None,
                Seen::Lives => patience = alive,
                seen @ (Seen::Readers(_) | Seen::Changed(_) | Seen::Failed(_)) => return Ok(seen),
            }
        }
    }

    /// Counts a change that was told, unless the module tells of changes all the time.
    fn note_change(&mut self, readers: &[SeenReader]) {
        let Some(change) = self.told.take() else {
            return;
        };
        if change.came_at_once && change.readers_before == readers {
            self.idle_ends = self.idle_ends.saturating_add(1);
            return;
        }
        if self.idle_ends < MAXIMUM_IDLE_ENDS {
            self.idle_ends = 0;
        }
        for name in change.names {
            let count = self.changes.entry(name).or_default();
            *count = count.wrapping_add(1);
        }
    }

    /// Counts the cards that came in the place of another one, whether that was told or not.
    fn note_exchanges(&mut self, readers: &[SeenReader]) {
        for reader in readers {
            let before = self.seen_last.iter().find(|seen| seen.name == reader.name);
            let is_another = before.is_some_and(|before| {
                before.has_token && reader.has_token && before.tokens != reader.tokens
            });
            if is_another {
                let count = self.changes.entry(reader.name.clone()).or_default();
                *count = count.wrapping_add(1);
            }
        }
        self.seen_last = readers.to_vec();
    }

    /// What the host of now sees next.
    fn seen(&self, patience: Option<Duration>) -> Result<Seen, WatchError> {
        let until = patience.map(|patience| Instant::now() + patience);
        loop {
            let message = match until {
                None => self.messages.recv().map_err(|_| WatchError::Stopped)?,
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    match self.messages.recv_timeout(left) {
                        Ok(message) => message,
                        Err(RecvTimeoutError::Timeout) => return Err(ModuleFault::Hung.into()),
                        Err(RecvTimeoutError::Disconnected) => return Err(WatchError::Stopped),
                    }
                }
            };
            match message {
                Message::Stop => return Err(WatchError::Stopped),
                Message::OfHost(generation, _) if generation != self.generation => {}
                Message::OfHost(_, Told::Ended) => return Err(ModuleFault::Crashed.into()),
                Message::OfHost(_, Told::Frame(frame)) => {
                    return protocol::parse(&frame).map_err(|_| ModuleFault::Crashed.into());
                }
            }
        }
    }

    /// Grows with the failures in a row.
    fn pause(&self) -> Result<(), WatchError> {
        let doublings = (self.failures - UNSEEN_FAILURES - 1).min(MAXIMUM_DOUBLINGS);
        let until = Instant::now() + FIRST_PAUSE * (1 << doublings);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.messages.recv_timeout(left) {
                Ok(Message::OfHost(..)) => {}
                Err(RecvTimeoutError::Timeout) => return Ok(()),
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => {
                    return Err(WatchError::Stopped);
                }
            }
        }
    }
}

impl fmt::Debug for ModuleReaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModuleReaders")
            .field("module", &self.program.module)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ReadersStopper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadersStopper").finish_non_exhaustive()
    }
}

/// A crash that passes is nothing to be told of.
const UNSEEN_FAILURES: u32 = 1;
/// A host that lasted so long did not fail for the reason of the one before.
const LONG_ENOUGH: Duration = Duration::from_secs(10);
/// No hand puts a card in and takes it out again in this time.
const AT_ONCE: Duration = Duration::from_millis(300);
const MAXIMUM_IDLE_ENDS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Half a minute at most.
const MAXIMUM_DOUBLINGS: u32 = 6;
