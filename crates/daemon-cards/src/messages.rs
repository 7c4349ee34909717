//! What a worker is told, in the order in which it does it.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration;

use crate::OperationClock;
use crate::job::Job;
use crate::worker::Message;

/// The messages of a worker: one after the other, and errands when there is nothing else.
pub(crate) struct Messages {
    receiver: Receiver<Message>,
    errands: VecDeque<(Job, OperationClock)>,
}

impl From<Receiver<Message>> for Messages {
    fn from(receiver: Receiver<Message>) -> Self {
        Self {
            receiver,
            errands: VecDeque::new(),
        }
    }
}

impl Messages {
    /// The next message, or the end of a pause of this time, which jobs that come and come must not put off.
    ///
    /// # Errors
    /// `Timeout` at the end of the pause, `Disconnected` when nobody is there to tell anything.
    pub(crate) fn next(&mut self, pause: Option<Duration>) -> Result<Message, RecvTimeoutError> {
        if pause == Some(Duration::ZERO) {
            return Err(RecvTimeoutError::Timeout);
        }
        loop {
            match self.receiver.try_recv() {
                Ok(Message::Job(errand @ Job::Errand { .. }, clock)) => {
                    self.errands.push_back((errand, clock));
                }
                Ok(message) => return Ok(message),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return Err(RecvTimeoutError::Disconnected),
            }
        }
        match (self.errands.pop_front(), pause) {
            (Some((errand, clock)), _) => Ok(Message::Job(errand, clock)),
            (None, Some(pause)) => self.receiver.recv_timeout(pause),
            (None, None) => {
                let received = self.receiver.recv();
                received.map_err(|_| RecvTimeoutError::Disconnected)
            }
        }
    }
}
