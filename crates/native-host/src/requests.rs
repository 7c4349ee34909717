//! The requests that are open, each in a thread of its own.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use daemon_client::HangUp;

use crate::frame;
use crate::message::{self, Fault, Incoming, Outgoing, Request};
use crate::relay;

/// All requests of one browser that nobody has answered yet.
#[derive(Clone, Default)]
pub(crate) struct Requests(Arc<Mutex<HashMap<u64, Waiting>>>);

/// What ends a request. It has no connection to shut before the agent is found.
#[derive(Default)]
pub(crate) struct Waiting {
    hang_up: Option<HangUp>,
}

/// So many of one browser: more than any page needs, and few enough for threads.
const MOST_OPEN: usize = 64;

impl Requests {
    /// Does what the extension says.
    pub(crate) fn take(&self, bytes: &[u8]) {
        match message::read(bytes) {
            Ok(Incoming::Request(request)) => self.begin(request),
            Ok(Incoming::Cancel { id, .. }) => self.cancel(id),
            Err((id, code)) => say(&Outgoing::Error { id, code }),
        }
    }

    /// Answers a message that was not read.
    pub(crate) fn refuse_too_long(&self) {
        let code = Fault::MessageTooLong;
        say(&Outgoing::Error { id: None, code });
    }

    /// Names what ends a request, now that there is something to end; false when nobody waits for it.
    pub(crate) fn connected(&self, id: u64, hang_up: HangUp) -> bool {
        let mut open = self.open();
        let waiting = open.get_mut(&id);
        waiting
            .map(|waiting| waiting.hang_up = Some(hang_up))
            .is_some()
    }

    /// Whether somebody waits for its answer.
    pub(crate) fn is_open(&self, id: u64) -> bool {
        self.open().contains_key(&id)
    }

    fn begin(&self, request: Request) {
        let id = request.id;
        if let Err(code) = self.enter(id) {
            return say(&Outgoing::Error { id: Some(id), code });
        }
        let requests = self.clone();
        let begun = thread::Builder::new().spawn(move || {
            let relayed = relay::relay(&request, &requests);
            if requests.open().remove(&id).is_some() {
                say(&match relayed {
                    Ok(()) => Outgoing::End { id },
                    Err(code) => Outgoing::Error { id: Some(id), code },
                });
            }
        });
        if begun.is_err() {
            self.open().remove(&id);
            let code = Fault::Busy;
            say(&Outgoing::Error { id: Some(id), code });
        }
    }

    fn enter(&self, id: u64) -> Result<(), Fault> {
        let mut open = self.open();
        if open.contains_key(&id) {
            return Err(Fault::BadMessage);
        }
        if open.len() >= MOST_OPEN {
            return Err(Fault::Busy);
        }
        open.insert(id, Waiting::default());
        Ok(())
    }

    /// After it nothing more is said of this request.
    fn cancel(&self, id: u64) {
        let waiting = self.open().remove(&id);
        if let Some(hang_up) = waiting.and_then(|waiting| waiting.hang_up) {
            hang_up.hang_up();
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<u64, Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the extension. A browser that does not listen any more has closed the input, too.
pub(crate) fn say(message: &Outgoing<'_>) {
    let bytes = serde_json::to_vec(message).unwrap_or_default();
    let _ = frame::write(&mut io::stdout().lock(), &bytes);
}
