//! The way to the worker of a reader, and to a fresh one when it does not come back.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Weak};

use daemon_types::{ErrorCode, OperationError, ReaderId};
use tokio::sync::{oneshot, watch};

use crate::OperationClock;
use crate::call_watch::{Calls, WaitsFor};
use crate::inventory::Inventory;
use crate::job::Job;
use crate::source::ConnectCard;
use crate::watched_card::WatchedConnector;
use crate::worker::{Message, Worker};

/// A worker as the inventory holds it.
pub(crate) struct WorkerLink {
    messages: Sender<Message>,
    queue: Arc<Queue>,
    calls: Arc<Calls>,
    /// The worker before this one, for as long as its thread lasts.
    parked: Weak<Calls>,
}

/// The reader that a worker serves.
#[derive(Clone, Copy)]
pub(crate) struct Post<'a> {
    pub(crate) reader: &'a ReaderId,
    pub(crate) name: &'a str,
    pub(crate) connector: &'a Arc<dyn ConnectCard>,
    pub(crate) inventory: &'a Arc<Inventory>,
}

/// Jobs that a worker has not done yet, by kind: errands must not keep looks out, nor looks the holder's work.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    pub(crate) errands: AtomicUsize,
    pub(crate) looks: AtomicUsize,
    pub(crate) uses: AtomicUsize,
}

/// Takes a job off its queue's count when it is done, however it ends.
pub(crate) struct Counted(pub(crate) Arc<Queue>, pub(crate) fn(&Queue) -> &AtomicUsize);

impl Drop for Counted {
    fn drop(&mut self) {
        (self.1)(&self.0).fetch_sub(1, Ordering::Relaxed);
    }
}

impl WorkerLink {
    /// Starts a worker for a reader that has none.
    pub(crate) fn start(post: Post<'_>) -> std::io::Result<Self> {
        Self::start_after(post, Weak::new())
    }

    fn start_after(post: Post<'_>, parked: Weak<Calls>) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let calls = Calls::of_worker(post.reader.clone(), &post.inventory.call_watch);
        let connector = WatchedConnector {
            connector: Arc::clone(post.connector),
            calls: Arc::clone(&calls),
        };
        let messages = Worker::spawn(
            post.name.to_owned(),
            Box::new(connector),
            Arc::clone(post.inventory),
            Arc::clone(&queue),
            Arc::clone(&calls),
        )?;
        Ok(Self {
            messages,
            queue,
            calls,
            parked,
        })
    }

    /// Puts a fresh worker in the place of one that is stuck, whose thread ends with its call. Says
    /// whether it did: while another such thread lasts, none is started.
    pub(crate) fn renew(&mut self, post: Post<'_>) -> std::io::Result<bool> {
        if self.parked.strong_count() > 0 {
            return Ok(false);
        }
        let fresh = Self::start_after(post, Arc::downgrade(&self.calls))?;
        self.calls.retire();
        *self = fresh;
        Ok(true)
    }

    /// The link to the worker of a reader that left, where its thread is held by a call.
    pub(crate) fn leave_behind(self) -> Option<Self> {
        self.calls.retire();
        self.calls.is_running().then_some(self)
    }

    /// Takes note that the thread behind these calls ends.
    pub(crate) fn forget(&mut self, ended: &Arc<Calls>) {
        if std::ptr::eq(self.parked.as_ptr(), Arc::as_ptr(ended)) {
            self.parked = Weak::new();
        }
    }

    /// What the worker waits for, where it does not get on or will not.
    pub(crate) fn stuck(&self) -> Option<WaitsFor> {
        let retired = self.calls.is_retired().then_some(WaitsFor::Card);
        self.calls.overdue().or(retired)
    }

    /// Whether the reader waits for somebody to type at its keypad.
    pub(crate) fn is_at_keypad(&self) -> bool {
        self.calls.is_at_keypad()
    }

    /// Whether these are the calls of this worker.
    pub(crate) fn makes(&self, calls: &Arc<Calls>) -> bool {
        Arc::ptr_eq(&self.calls, calls)
    }

    /// Whether the worker is at an earlier stay of a card than this.
    pub(crate) fn is_before(&self, insertion: u64) -> bool {
        self.calls.is_retired() || self.calls.insertion() != insertion
    }

    /// Tells the worker what happened in its reader.
    pub(crate) fn tell(&self, message: Message) {
        // A worker ends with its link alone.
        let _: Result<(), _> = self.messages.send(message);
    }

    /// The way to tell it something, which keeps it there.
    pub(crate) fn messages(&self) -> Sender<Message> {
        self.messages.clone()
    }

    /// Completes when it has done all that it was told so far but errands, or is gone.
    pub(crate) fn settled(&self) -> oneshot::Receiver<bool> {
        let (reply, settled) = oneshot::channel();
        self.tell(Message::Settle(reply));
        settled
    }

    /// Gives the worker a job of a kind, unless it has too many or does not get on.
    pub(crate) fn give(
        &self,
        job: Job,
        clock: OperationClock,
        kind: fn(&Queue) -> &AtomicUsize,
    ) -> Result<Progress, OperationError> {
        let progress = self.progress()?;
        self.count_one_more(kind)?;
        self.tell(Message::Job(job, clock));
        Ok(progress)
    }

    /// A place for an errand, in however many pieces it is given; whoever holds on to it has it.
    pub(crate) fn place_for_errand(&self) -> Result<Arc<Counted>, OperationError> {
        let kind: fn(&Queue) -> &AtomicUsize = |queue| &queue.errands;
        self.count_one_more(kind)?;
        Ok(Arc::new(Counted(Arc::clone(&self.queue), kind)))
    }

    /// Gives the worker a piece of an errand, which has its place.
    pub(crate) fn give_piece(
        &self,
        errand: Job,
        clock: OperationClock,
    ) -> Result<Progress, OperationError> {
        let progress = self.progress()?;
        self.tell(Message::Job(errand, clock));
        Ok(progress)
    }

    fn progress(&self) -> Result<Progress, OperationError> {
        let progress = Progress(self.calls.subscribe());
        match self.stuck() {
            Some(waits_for) => Err(waits_for.code().into()),
            None => Ok(progress),
        }
    }

    fn count_one_more(&self, kind: fn(&Queue) -> &AtomicUsize) -> Result<(), OperationError> {
        let count = kind(&self.queue);
        if count.load(Ordering::Relaxed) >= MAXIMUM_QUEUED_JOBS {
            return Err(ErrorCode::Busy.into());
        }
        count.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// Whether the worker that has a job gets on.
pub(crate) struct Progress(watch::Receiver<Option<WaitsFor>>);

impl Progress {
    /// The answer to the job. A worker that does not get on is not waited for; the job is taken back
    /// then, and what it has done so far nobody knows.
    pub(crate) async fn answer<T, E: From<OperationError>>(
        mut self,
        mut answer: oneshot::Receiver<Result<T, E>>,
    ) -> Result<T, Unanswered<E>> {
        let overdue = tokio::select! {
            biased;
            answered = &mut answer => return known(answered),
            overdue = self.0.wait_for(Option::is_some) => overdue.ok().and_then(|overdue| *overdue),
        };
        let Some(waits_for) = overdue else {
            return known(answer.await);
        };
        answer.close();
        match answer.try_recv() {
            Ok(answered) => answered.map_err(Unanswered::Error),
            Err(_) => Err(Unanswered::Overdue(waits_for)),
        }
    }
}

/// Why a job has no result.
pub(crate) enum Unanswered<E> {
    /// The worker says why.
    Error(E),
    /// The worker does not get on.
    Overdue(WaitsFor),
}

impl<E: From<OperationError>> Unanswered<E> {
    /// The error for a caller to whom it does not matter whether the work was begun.
    pub(crate) fn into_error(self) -> E {
        match self {
            Self::Error(error) => error,
            Self::Overdue(waits_for) => OperationError::from(waits_for.code()).into(),
        }
    }
}

/// A worker that ended without an answer did so because its reader left.
fn known<T, E: From<OperationError>>(
    answered: Result<Result<T, E>, oneshot::error::RecvError>,
) -> Result<T, Unanswered<E>> {
    answered
        .unwrap_or_else(|_| Err(OperationError::from(ErrorCode::CardRemoved).into()))
        .map_err(Unanswered::Error)
}

/// Jobs of one kind that may wait for one reader.
const MAXIMUM_QUEUED_JOBS: usize = 16;
