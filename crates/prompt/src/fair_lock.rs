//! One at a time, and between parties in turn: whoever has many waiting keeps nobody else out.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use daemon_types::CallerKey;
use tokio::sync::oneshot;

/// Says whose turn it is: that of the party which waits longest for one, and in each party that of
/// whoever came first.
#[derive(Default)]
pub(crate) struct FairLock(Mutex<State>);

#[derive(Default)]
struct State {
    is_taken: bool,
    /// Who goes before all others.
    first: VecDeque<Waiter>,
    /// The parties that wait, the next one first.
    parties: VecDeque<(CallerKey, VecDeque<Waiter>)>,
}

/// A guard that nobody takes out of the channel any more hands the turn on when it is dropped.
type Waiter = oneshot::Sender<FairGuard>;

/// The turn, until this is dropped.
pub(crate) struct FairGuard(Arc<FairLock>);

impl FairLock {
    /// The turn, if nobody has it.
    pub(crate) fn try_lock(self: &Arc<Self>) -> Option<FairGuard> {
        self.state().take().then(|| FairGuard(Arc::clone(self)))
    }

    /// The turn, when it is this party's.
    pub(crate) async fn lock(self: &Arc<Self>, party: &CallerKey) -> FairGuard {
        self.wait(|state, waiter| {
            state.forget_who_left();
            let mut parties = state.parties.iter_mut();
            match parties.find(|(waiting, _)| waiting == party) {
                Some((_, waiters)) => waiters.push_back(waiter),
                None => state.parties.push_back((party.clone(), [waiter].into())),
            }
        })
        .await
    }

    /// The turn, as soon as whoever has it is done.
    pub(crate) async fn lock_first(self: &Arc<Self>) -> FairGuard {
        self.wait(|state, waiter| state.first.push_back(waiter))
            .await
    }

    async fn wait(self: &Arc<Self>, line_up: impl FnOnce(&mut State, Waiter)) -> FairGuard {
        let (waiter, turn) = oneshot::channel();
        {
            let mut state = self.state();
            if state.take() {
                return FairGuard(Arc::clone(self));
            }
            line_up(&mut state, waiter);
        }
        match turn.await {
            Ok(guard) => guard,
            // No waiter is forgotten while its future is there to see it.
            Err(_) => std::future::pending().await,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes the turn; says whether it was free.
    fn take(&mut self) -> bool {
        !std::mem::replace(&mut self.is_taken, true)
    }

    /// Whose turn it is. A party that has more waiting goes behind the others.
    fn next(&mut self) -> Option<Waiter> {
        if let Some(waiter) = self.first.pop_front() {
            return Some(waiter);
        }
        self.forget_who_left();
        let (party, mut waiters) = self.parties.pop_front()?;
        let waiter = waiters.pop_front();
        if !waiters.is_empty() {
            self.parties.push_back((party, waiters));
        }
        waiter
    }

    fn forget_who_left(&mut self) {
        for (_, waiters) in &mut self.parties {
            waiters.retain(|waiter| !waiter.is_closed());
        }
        self.parties.retain(|(_, waiters)| !waiters.is_empty());
    }
}

impl Drop for FairGuard {
    /// Hands the turn on. Whoever left in this very moment drops what they were handed, which
    /// comes here again.
    fn drop(&mut self) {
        let mut state = self.0.state();
        let Some(waiter) = state.next() else {
            state.is_taken = false;
            return;
        };
        drop(state);
        drop(waiter.send(Self(Arc::clone(&self.0))));
    }
}

impl fmt::Debug for FairLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FairLock").finish_non_exhaustive()
    }
}

impl fmt::Debug for FairGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FairGuard").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn party(name: &str) -> CallerKey {
        CallerKey::Socket(Some(name.into()))
    }

    /// The order in which those who came while somebody had the value get it.
    fn order(came: &[&str]) -> Vec<String> {
        let lock = Arc::new(FairLock::default());
        let held = lock.try_lock().unwrap();
        let mut waiting = Vec::new();
        for (number, name) in came.iter().enumerate() {
            let who = party(name);
            let lock = Arc::clone(&lock);
            let mut waits = Box::pin(async move { lock.lock(&who).await });
            assert!(waits.as_mut().now_or_never().is_none());
            waiting.push((format!("{name}{number}"), waits));
        }
        drop(held);
        let mut order = Vec::new();
        while !waiting.is_empty() {
            let mut polled = waiting.iter_mut().enumerate();
            let served = polled.find_map(|(place, (_, waits))| {
                let guard = waits.as_mut().now_or_never()?;
                Some((place, guard))
            });
            let (place, guard) = served.unwrap();
            order.push(waiting.remove(place).0);
            drop(guard);
        }
        assert!(lock.try_lock().is_some());
        order
    }

    #[test]
    fn whoever_has_many_waiting_keeps_nobody_else_out() {
        let order = order(&["a", "a", "a", "a", "b", "c", "b"]);
        assert_eq!(order, ["a0", "b4", "c5", "a1", "b6", "a2", "a3"]);
    }

    #[tokio::test]
    async fn whoever_leaves_costs_nobody_the_turn() {
        let lock = Arc::new(FairLock::default());
        let held = lock.try_lock().unwrap();
        let (a, b) = (party("a"), party("b"));
        let mut leaves = Box::pin(lock.lock(&a));
        let mut leaves_with_it = Box::pin(lock.lock(&b));
        let mut stays = Box::pin(lock.lock(&a));
        for waits in [&mut leaves, &mut leaves_with_it, &mut stays] {
            assert!(waits.as_mut().now_or_never().is_none());
        }
        drop(leaves);
        drop(held);
        // The value is on its way to this one, who does not take it.
        drop(leaves_with_it);
        let guard = stays.await;
        assert!(lock.try_lock().is_none());
        drop(guard);
        assert!(lock.try_lock().is_some());
    }

    #[tokio::test]
    async fn what_goes_first_goes_before_those_who_wait() {
        let lock = Arc::new(FairLock::default());
        let held = lock.try_lock().unwrap();
        let a = party("a");
        let mut waits = Box::pin(lock.lock(&a));
        assert!(waits.as_mut().now_or_never().is_none());
        let mut first = Box::pin(lock.lock_first());
        assert!(first.as_mut().now_or_never().is_none());
        drop(held);
        assert!(waits.as_mut().now_or_never().is_none());
        drop(first.await);
        drop(waits.await);
    }
}
