//! The last events, for subscribers that come, go and come back.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use daemon_types::{Event, Happening};
use tokio::sync::watch;

/// Keeps the last events and wakes subscribers.
#[derive(Debug)]
pub(crate) struct EventLog {
    events: Mutex<VecDeque<Event>>,
    last_id: watch::Sender<u64>,
    is_closed: AtomicBool,
}

impl EventLog {
    /// A log whose first event gets the number after `before_first`. It must be greater than any
    /// number of an earlier run, so that a subscriber from then misses nothing of this one.
    pub(crate) fn new(before_first: u64) -> Arc<Self> {
        Arc::new(Self {
            events: Mutex::new(VecDeque::with_capacity(KEPT_EVENTS)),
            last_id: watch::Sender::new(before_first),
            is_closed: AtomicBool::new(false),
        })
    }

    /// Ends every subscription.
    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        self.last_id.send_modify(|_| {});
    }

    pub(crate) fn push(&self, happening: Happening) {
        let mut events = self.lock();
        let id = *self.last_id.borrow() + 1;
        if events.len() == KEPT_EVENTS {
            events.pop_front();
        }
        events.push_back(Event { id, happening });
        // Under the lock: two events at once must not get the same number.
        self.last_id.send_replace(id);
    }

    pub(crate) fn subscribe(self: &Arc<Self>, after: Option<u64>) -> Subscription {
        let mut wake = self.last_id.subscribe();
        wake.mark_changed();
        let last_id = *wake.borrow();
        Subscription {
            log: Arc::clone(self),
            wake,
            // An id that nobody gave yet is a mistake of the subscriber: begin with what happens next.
            seen: after.filter(|id| *id <= last_id).unwrap_or(last_id),
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The events after a point; a slow reader loses the oldest ones, never the order.
#[derive(Debug)]
pub struct Subscription {
    log: Arc<EventLog>,
    wake: watch::Receiver<u64>,
    seen: u64,
}

impl Subscription {
    /// The next event; `None` when the agent stops and nothing is left to be told.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            self.wake.borrow_and_update();
            let is_closed = self.log.is_closed.load(Ordering::Acquire);
            let next = self
                .log
                .lock()
                .iter()
                .find(|event| event.id > self.seen)
                .cloned();
            if let Some(event) = next {
                self.seen = event.id;
                return Some(event);
            }
            if is_closed {
                return None;
            }
            self.wake.changed().await.ok()?;
        }
    }
}

const KEPT_EVENTS: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;
    use daemon_types::ReaderId;

    fn happening(name: &str) -> Happening {
        Happening::ReaderAdded {
            reader: ReaderId(name.into()),
        }
    }

    #[tokio::test]
    async fn a_subscriber_sees_what_happens_after_it_came() {
        let log = EventLog::new(0);
        log.push(happening("before"));
        let mut subscription = log.subscribe(None);
        log.push(happening("a"));
        log.push(happening("b"));
        let first = subscription.next().await.unwrap();
        let second = subscription.next().await.unwrap();
        assert_eq!((first.id, second.id), (2, 3));
        assert_eq!(first.happening, happening("a"));
    }

    #[tokio::test]
    async fn a_subscriber_resumes_after_the_event_it_names() {
        let log = EventLog::new(0);
        for name in ["a", "b", "c"] {
            log.push(happening(name));
        }
        assert_eq!(log.subscribe(Some(1)).next().await.unwrap().id, 2);
        log.push(happening("d"));
        assert_eq!(log.subscribe(Some(0)).next().await.unwrap().id, 1);
        let mut unknown = log.subscribe(Some(99));
        log.push(happening("e"));
        assert_eq!(unknown.next().await.unwrap().id, 5);
    }

    #[tokio::test]
    async fn only_the_last_events_are_kept() {
        let log = EventLog::new(0);
        for _ in 0..KEPT_EVENTS + 10 {
            log.push(happening("x"));
        }
        assert_eq!(log.subscribe(Some(1)).next().await.unwrap().id, 11);
    }

    #[test]
    fn events_at_once_get_numbers_of_their_own() {
        let log = EventLog::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..50).for_each(|_| log.push(happening("x"))));
            }
        });
        let ids: Vec<_> = log.lock().iter().map(|event| event.id).collect();
        assert_eq!(ids, (1..=400).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_subscriber_of_an_earlier_run_sees_all_of_this_one() {
        let log = EventLog::new(1000);
        log.push(happening("a"));
        assert_eq!(log.subscribe(Some(17)).next().await.unwrap().id, 1001);
    }

    #[tokio::test]
    async fn what_happened_before_the_stop_is_told_before_the_end() {
        let log = EventLog::new(0);
        let mut subscription = log.subscribe(None);
        log.push(happening("last"));
        log.close();
        assert_eq!(subscription.next().await.unwrap().id, 1);
        assert_eq!(subscription.next().await, None);
    }

    #[tokio::test]
    async fn a_subscription_ends_when_the_agent_stops() {
        let log = EventLog::new(0);
        let mut subscription = log.subscribe(None);
        let ended = tokio::join!(subscription.next(), async { log.close() }).0;
        assert_eq!(ended, None);
    }
}
