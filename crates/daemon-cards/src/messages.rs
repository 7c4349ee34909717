//! What a worker is told, in the order in which it does it.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration;

use crate::OperationClock;
use crate::job::Job;
use crate::worker::Message;

/// The messages of a worker: one after the other, and errands when there is nothing else, or when so many other
/// messages went before one of them that it would never be done where they come and come.
pub(crate) struct Messages {
    receiver: Receiver<Message>,
    errands: VecDeque<(Job, OperationClock)>,
    /// Messages that went before the oldest errand since the last one was done.
    passed: usize,
}

impl From<Receiver<Message>> for Messages {
    fn from(receiver: Receiver<Message>) -> Self {
        Self {
            receiver,
            errands: VecDeque::new(),
            passed: 0,
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
        if self.passed >= MOST_BEFORE_AN_ERRAND
            && let Some(errand) = self.next_errand()
        {
            return Ok(errand);
        }
        loop {
            match self.receiver.try_recv() {
                Ok(Message::Job(errand @ Job::Errand { .. }, clock)) => {
                    self.errands.push_back((errand, clock));
                }
                Ok(message) => {
                    self.passed += usize::from(!self.errands.is_empty());
                    return Ok(message);
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return Err(RecvTimeoutError::Disconnected),
            }
        }
        match (self.next_errand(), pause) {
            (Some(errand), _) => Ok(errand),
            (None, Some(pause)) => self.receiver.recv_timeout(pause),
            (None, None) => {
                let received = self.receiver.recv();
                received.map_err(|_| RecvTimeoutError::Disconnected)
            }
        }
    }

    fn next_errand(&mut self) -> Option<Message> {
        let (errand, clock) = self.errands.pop_front()?;
        self.passed = 0;
        Some(Message::Job(errand, clock))
    }
}

/// Other messages that go before an errand: a look and a signature of two programs, and as much again.
const MOST_BEFORE_AN_ERRAND: usize = 4;

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use tokio::sync::oneshot;

    use super::*;
    use crate::{CodeForKey, PresentedCode};

    fn tell(worker: &Sender<Message>, job: Job) {
        worker
            .send(Message::Job(job, OperationClock::default()))
            .unwrap();
    }

    fn errand() -> Job {
        Job::Errand {
            insertion: 1,
            errand: Box::new(|_| {}),
        }
    }

    fn look() -> Job {
        Job::ReadCodes {
            insertion: 1,
            reply: oneshot::channel().0,
        }
    }

    /// A use in a log-in, for which nobody types anything.
    fn quiet_use() -> Job {
        Job::OnCode {
            code: CodeForKey::Kept(PresentedCode::new(channel().0)),
            work: Box::new(|_, _, _| {}),
        }
    }

    #[test]
    fn looks_and_quiet_uses_that_never_end_let_an_errand_go_after_each_few() {
        let (worker, receiver) = channel();
        let mut messages = Messages::from(receiver);
        for job in [errand(), errand(), look(), quiet_use()] {
            tell(&worker, job);
        }
        let mut passed = vec![0];
        for _ in 0..100 {
            let Ok(Message::Job(job, _)) = messages.next(None) else {
                panic!("nothing else was told");
            };
            if matches!(job, Job::Errand { .. }) {
                passed.push(0);
                continue;
            }
            *passed.last_mut().unwrap() += 1;
            let is_look = matches!(job, Job::ReadCodes { .. });
            tell(&worker, if is_look { look() } else { quiet_use() });
        }
        assert_eq!(passed, [4, 4, 90]);
    }

    #[test]
    fn an_errand_is_done_when_there_is_nothing_else_and_counts_anew_what_passes_the_next() {
        let (worker, receiver) = channel();
        let mut messages = Messages::from(receiver);
        let mut next_is_errand = |jobs: Vec<Job>| {
            jobs.into_iter().for_each(|job| tell(&worker, job));
            let next = messages.next(None);
            matches!(next, Ok(Message::Job(Job::Errand { .. }, _)))
        };
        assert!(!next_is_errand(vec![errand(), look()]));
        assert!(next_is_errand(vec![]));
        let looks = (0..MOST_BEFORE_AN_ERRAND).map(|_| look());
        assert!(!next_is_errand(looks.chain([errand()]).collect()));
        for _ in 1..MOST_BEFORE_AN_ERRAND {
            assert!(!next_is_errand(vec![look()]));
        }
    }
}
