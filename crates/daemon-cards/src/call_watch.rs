//! Calls to readers that do not come back.
//!
//! A card that falls silent holds the thread that speaks to it: PC/SC cannot be asked to break a
//! command off. So the thread is left where it is, and one thread of ours, which sleeps while no
//! call lasts, tells everybody who waits for it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use daemon_types::{ErrorCode, ReaderCondition, ReaderId};
use tokio::sync::watch;

use crate::OperationClock;

/// What a call waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitsFor {
    /// The answer of the card.
    Card,
    /// The end of another program's transaction.
    Turn,
}

impl WaitsFor {
    /// What callers are told when it lasts too long.
    pub(crate) fn code(self) -> ErrorCode {
        match self {
            Self::Card => ErrorCode::CardMute,
            Self::Turn => ErrorCode::ReaderBusy,
        }
    }

    /// What its reader is shown as then.
    pub(crate) fn condition(self) -> ReaderCondition {
        match self {
            Self::Card => ReaderCondition::Unreachable,
            Self::Turn => ReaderCondition::Busy,
        }
    }
}

/// The calls of one worker, as others see them.
#[derive(Debug)]
pub(crate) struct Calls {
    pub(crate) reader: ReaderId,
    insertion: AtomicU64,
    overdue: watch::Sender<Option<WaitsFor>>,
    came_back: AtomicBool,
    retired: AtomicBool,
    /// Tells when the last code is typed of the job that has codes typed at the keypad.
    hands: Mutex<Option<watch::Receiver<bool>>>,
    /// The clock of the operation that the job is for.
    clock: Mutex<OperationClock>,
    watch: Arc<CallWatch>,
}

impl Calls {
    pub(crate) fn of_worker(reader: ReaderId, watch: &Arc<CallWatch>) -> Arc<Self> {
        Arc::new(Self {
            reader,
            insertion: AtomicU64::new(0),
            overdue: watch::Sender::new(None),
            came_back: AtomicBool::new(false),
            retired: AtomicBool::new(false),
            hands: Mutex::default(),
            clock: Mutex::default(),
            watch: Arc::clone(watch),
        })
    }

    /// Makes a call that may block.
    pub(crate) fn during<T>(self: &Arc<Self>, waits_for: WaitsFor, call: impl FnOnce() -> T) -> T {
        let _running = Running::begin(self, waits_for, Duration::ZERO);
        call()
    }

    /// Makes a call in which somebody may type at the keypad for so long.
    pub(crate) fn during_entry<T>(self: &Arc<Self>, time: Duration, call: impl FnOnce() -> T) -> T {
        let _running = Running::begin(self, WaitsFor::Card, time);
        let clock = self.clock.lock();
        let clock = clock.unwrap_or_else(PoisonError::into_inner).clone();
        clock.during_entry(call)
    }

    /// Takes up a job of an operation with this clock; where codes are typed at the keypad for it, with what tells that they were.
    /// Other questions are held back from here on: between a look at who waits and the entry, and
    /// between two entries, there is time for one.
    pub(crate) fn take_up(&self, clock: &OperationClock, is_over: Option<watch::Receiver<bool>>) {
        *self.clock.lock().unwrap_or_else(PoisonError::into_inner) = clock.clone();
        *self.hands.lock().unwrap_or_else(PoisonError::into_inner) = is_over;
    }

    /// Whether somebody may type at the keypad, now or as the next thing of the job.
    pub(crate) fn is_at_keypad(&self) -> bool {
        let hands = self.hands.lock().unwrap_or_else(PoisonError::into_inner);
        let hands = hands.as_ref();
        // Without its sender the job is over, too.
        hands.is_some_and(|is_over| !*is_over.borrow() && is_over.has_changed().is_ok())
    }

    /// Tells whoever waits that the call is overdue, unless it has come back meanwhile.
    pub(crate) fn tell_overdue(self: &Arc<Self>) -> Option<WaitsFor> {
        let state = self.watch.lock();
        let overdue = state
            .running
            .iter()
            .find(|call| call.is_overdue && call.is_of(self));
        let waits_for = overdue?.waits_for;
        self.overdue.send_replace(Some(waits_for));
        Some(waits_for)
    }

    /// What the call of this moment waits for, if whoever waits was told that it is overdue.
    pub(crate) fn overdue(&self) -> Option<WaitsFor> {
        *self.overdue.borrow()
    }

    /// Tells when calls become overdue and when they come back.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Option<WaitsFor>> {
        self.overdue.subscribe()
    }

    /// Whether an overdue call came back since this was asked last.
    pub(crate) fn take_came_back(&self) -> bool {
        self.came_back.swap(false, Ordering::AcqRel)
    }

    /// How long a transaction may last: the most that is asked in one, a hundred signatures of a card
    /// that takes its time, lasts half as long.
    pub(crate) fn transaction_time(&self) -> Duration {
        self.watch.limit * CALL_TIMES_OF_TRANSACTION
    }

    /// Lets the worker end with the call that it is in.
    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::Release);
    }

    pub(crate) fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Acquire)
    }

    /// Whether a call is going on, overdue or not.
    pub(crate) fn is_running(self: &Arc<Self>) -> bool {
        let state = self.watch.lock();
        state.running.iter().any(|call| call.is_of(self))
    }

    /// Which stay of a card the calls are about.
    pub(crate) fn insertion(&self) -> u64 {
        self.insertion.load(Ordering::Acquire)
    }

    pub(crate) fn set_insertion(&self, insertion: u64) {
        self.insertion.store(insertion, Ordering::Release);
    }
}

/// Ends with the call, also when that panics.
struct Running<'a>(&'a Arc<Calls>);

impl<'a> Running<'a> {
    fn begin(calls: &'a Arc<Calls>, waits_for: WaitsFor, patience: Duration) -> Self {
        calls.watch.begin(calls, waits_for, patience);
        Self(calls)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.watch.end(self.0);
        let overdue = self.0.overdue.send_replace(None);
        if overdue.is_some() {
            self.0.came_back.store(true, Ordering::Release);
        }
    }
}

/// The calls of all workers, and the thread that finds those that last too long.
#[derive(Debug)]
pub(crate) struct CallWatch {
    limit: Duration,
    state: Mutex<WatchState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct WatchState {
    running: Vec<RunningCall>,
    /// When the thread wakes by itself; `None` while no call can become overdue.
    wakes_at: Option<Instant>,
    is_stopped: bool,
}

#[derive(Debug)]
struct RunningCall {
    calls: Arc<Calls>,
    waits_for: WaitsFor,
    /// When it lasts too long.
    due: Instant,
    is_overdue: bool,
}

impl RunningCall {
    fn is_of(&self, calls: &Arc<Calls>) -> bool {
        Arc::ptr_eq(&self.calls, calls)
    }
}

impl CallWatch {
    /// A watch for which a call is overdue after `limit`.
    pub(crate) fn new(limit: Duration) -> Arc<Self> {
        Arc::new(Self {
            limit,
            state: Mutex::default(),
            changed: Condvar::new(),
        })
    }

    /// Starts the thread, which tells of each call once.
    pub(crate) fn start(
        self: &Arc<Self>,
        tell: impl Fn(&Arc<Calls>) + Send + 'static,
    ) -> std::io::Result<()> {
        let watch = Arc::clone(self);
        thread::Builder::new()
            .name("overdue-calls".into())
            .spawn(move || {
                while let Some(calls) = watch.next_overdue() {
                    tell(&calls);
                }
            })
            .map(drop)
    }

    /// Ends the thread.
    pub(crate) fn stop(&self) {
        self.lock().is_stopped = true;
        self.changed.notify_all();
    }

    /// Only a thread that would wake too late must be woken for a new call.
    fn begin(&self, calls: &Arc<Calls>, waits_for: WaitsFor, patience: Duration) {
        let due = Instant::now() + self.limit + patience;
        let mut state = self.lock();
        state.running.push(RunningCall {
            calls: Arc::clone(calls),
            waits_for,
            due,
            is_overdue: false,
        });
        if state.wakes_at.is_none_or(|at| due < at) {
            state.wakes_at = Some(due);
            self.changed.notify_all();
        }
    }

    fn end(&self, calls: &Arc<Calls>) {
        self.lock().running.retain(|call| !call.is_of(calls));
    }

    /// Blocks until a call is overdue; `None` when the watch is stopped.
    fn next_overdue(&self) -> Option<Arc<Calls>> {
        let mut state = self.lock();
        while !state.is_stopped {
            let in_time = state.running.iter_mut().filter(|call| !call.is_overdue);
            let Some(next) = in_time.min_by_key(|call| call.due) else {
                state.wakes_at = None;
                let woken = self.changed.wait(state);
                state = woken.unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let due = next.due;
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                next.is_overdue = true;
                return Some(Arc::clone(&next.calls));
            }
            state.wakes_at = Some(due);
            let woken = self.changed.wait_timeout(state, left);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, WatchState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const CALL_TIMES_OF_TRANSACTION: u32 = 30;

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Longer than anything takes on a busy machine.
    const PATIENCE: Duration = Duration::from_secs(60);

    fn calls(watch: &Arc<CallWatch>) -> Arc<Calls> {
        Calls::of_worker(ReaderId("reader".into()), watch)
    }

    #[test]
    fn a_call_that_lasts_too_long_is_told_once_and_is_over_when_it_comes_back() {
        let watch = CallWatch::new(Duration::from_millis(1));
        let (told, overdue) = mpsc::channel();
        watch
            .start(move |calls| told.send(calls.tell_overdue()).unwrap())
            .unwrap();
        let calls = calls(&watch);
        for waits_for in [WaitsFor::Card, WaitsFor::Turn] {
            calls.during(waits_for, || {
                assert_eq!(overdue.recv().unwrap(), Some(waits_for));
                assert!(calls.is_running());
            });
            assert_eq!(calls.overdue(), None);
            assert!(!calls.is_running());
        }
        watch.stop();
        assert!(overdue.recv().is_err(), "the thread has ended");
    }

    #[test]
    fn a_call_at_the_keypad_has_the_time_of_who_types_and_keeps_no_other_from_being_told() {
        let watch = CallWatch::new(Duration::from_millis(1));
        let (told, overdue) = mpsc::channel();
        watch
            .start(move |calls| told.send(Arc::clone(calls)).unwrap())
            .unwrap();
        let (typing, silent) = (calls(&watch), calls(&watch));
        typing.during_entry(Duration::from_secs(3600), || {
            silent.during(WaitsFor::Card, || {
                assert!(Arc::ptr_eq(
                    &overdue.recv_timeout(PATIENCE).unwrap(),
                    &silent
                ));
            });
            assert!(overdue.try_recv().is_err());
        });
        typing.during_entry(Duration::ZERO, || {
            assert!(Arc::ptr_eq(
                &overdue.recv_timeout(PATIENCE).unwrap(),
                &typing
            ));
        });
        watch.stop();
    }

    #[test]
    fn a_keypad_counts_as_open_from_the_beginning_of_its_job_until_the_last_code_is_typed() {
        let calls = calls(&CallWatch::new(Duration::from_secs(3600)));
        let (typed, is_over) = watch::channel(false);
        assert!(!calls.is_at_keypad());
        calls.take_up(&OperationClock::default(), Some(is_over));
        assert!(calls.is_at_keypad());
        calls.during_entry(Duration::from_secs(30), || assert!(calls.is_at_keypad()));
        assert!(calls.is_at_keypad(), "a second entry may follow");
        typed.send_replace(true);
        assert!(!calls.is_at_keypad());
        let (never_typed, is_over) = watch::channel(false);
        calls.take_up(&OperationClock::default(), Some(is_over));
        assert!(calls.is_at_keypad());
        drop(never_typed);
        assert!(!calls.is_at_keypad());
        calls.take_up(&OperationClock::default(), None);
        assert!(!calls.is_at_keypad());
    }

    #[test]
    fn a_call_that_panics_is_over_too() {
        let calls = calls(&CallWatch::new(Duration::from_secs(3600)));
        let panics = || calls.during(WaitsFor::Card, || panic!("on purpose"));
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(panics)).is_err());
        assert!(!calls.is_running());
    }

    #[test]
    fn the_call_that_is_due_first_is_overdue_first() {
        let watch = CallWatch::new(Duration::ZERO);
        let (first, second) = (calls(&watch), calls(&watch));
        first.during(WaitsFor::Card, || {
            second.during(WaitsFor::Turn, || {
                assert!(Arc::ptr_eq(&watch.next_overdue().unwrap(), &first));
                assert!(Arc::ptr_eq(&watch.next_overdue().unwrap(), &second));
            });
        });
    }
}
