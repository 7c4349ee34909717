//! A question leaves the screen when its workstation is locked: nobody could answer it.

use tokio::sync::watch;

use crate::PromptError;

/// Whether the workstation is locked. Whoever learns it tells it here.
#[derive(Clone, Debug, Default)]
pub struct WorkstationLock(watch::Sender<Lock>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Lock {
    is_locked: bool,
    /// How often a lock came or was asked for. One that goes at once is not missed by this.
    times: u64,
}

impl WorkstationLock {
    /// It is locked from now on: no question is put, and none stays open.
    pub fn lock(&self) {
        self.0.send_modify(|lock| {
            lock.is_locked = true;
            lock.times += 1;
        });
    }

    /// It is not locked any more.
    pub fn unlock(&self) {
        self.0.send_modify(|lock| lock.is_locked = false);
    }

    /// A lock is asked for: no question stays open. Whether one follows is not known.
    pub fn close_questions(&self) {
        self.0.send_modify(|lock| lock.times += 1);
    }

    /// Does what is to be done in front of a holder, for as long as there is no lock.
    pub(crate) async fn unless_locked<T>(
        &self,
        asking: impl Future<Output = Result<T, PromptError>>,
    ) -> Result<T, PromptError> {
        let mut news = self.0.subscribe();
        let before = *news.borrow_and_update();
        if before.is_locked {
            return Err(PromptError::WorkstationLocked);
        }
        tokio::select! {
            biased;
            Ok(_) = news.wait_for(|lock| lock.times != before.times) => {
                Err(PromptError::WorkstationLocked)
            }
            done = asking => done,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    async fn ask(lock: &WorkstationLock) -> Result<(), PromptError> {
        lock.unless_locked(async { Ok(()) }).await
    }

    #[tokio::test]
    async fn nobody_is_asked_while_it_is_locked() {
        let lock = WorkstationLock::default();
        ask(&lock).await.unwrap();
        lock.lock();
        assert!(matches!(
            ask(&lock).await,
            Err(PromptError::WorkstationLocked)
        ));
        lock.unlock();
        ask(&lock).await.unwrap();
        lock.close_questions();
        ask(&lock).await.unwrap();
    }

    #[tokio::test]
    async fn a_lock_closes_what_is_open_even_one_that_has_gone_already() {
        let lock = WorkstationLock::default();
        for came in [
            |lock: &WorkstationLock| lock.lock(),
            |lock: &WorkstationLock| {
                lock.lock();
                lock.unlock();
            },
            |lock: &WorkstationLock| lock.close_questions(),
        ] {
            lock.unlock();
            let open = lock.unless_locked(pending::<Result<(), PromptError>>());
            let (closed, ()) = tokio::join!(open, async { came(&lock) });
            assert!(matches!(closed, Err(PromptError::WorkstationLocked)));
        }
    }
}
