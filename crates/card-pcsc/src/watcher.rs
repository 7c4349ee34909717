//! Readers and cards coming and going, told by PC/SC and never polled for.

use std::sync::Arc;
use std::time::Duration;

use card_apdu::ReaderFault;

use crate::cancellation::{Cancellation, Cancelled, Canceller};
use crate::reader_state::ReaderState;
use crate::service::Service;

/// Waits for changes of readers and cards, across restarts of the PC/SC service.
///
/// It blocks in SCardGetStatusChange with the pseudo reader that stands for
/// the reader list, so nothing runs while nothing happens. Two things have a
/// timer, because PC/SC announces neither: the return of a service that went
/// away, and a reader that came between two waits, for which the list is read
/// once more a second after each change.
#[derive(Debug, Default)]
pub struct ReaderWatcher {
    cancellation: Arc<Cancellation>,
    service: Option<Service>,
    outage: Option<Outage>,
}

/// Why there is no list of readers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WatchError {
    /// A [`Canceller`] asked for it.
    #[error("the wait for readers was cancelled")]
    Cancelled,
    /// PC/SC cannot be asked: mostly [`ReaderFault::ServiceGone`], which on
    /// Windows is also what happens when the last reader is unplugged.
    #[error("asking PC/SC for its readers")]
    Service(#[source] ReaderFault),
}

impl From<Cancelled> for WatchError {
    fn from(Cancelled: Cancelled) -> Self {
        Self::Cancelled
    }
}

impl ReaderWatcher {
    /// A watcher that has not spoken to the PC/SC service yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Blocks until readers or cards changed since the last call and returns
    /// all readers there are now; the first call returns at once.
    ///
    /// After [`WatchError::Service`] nothing is known of any reader, and every
    /// connection is lost. The next call then waits until the service is back
    /// and returns all readers again.
    ///
    /// # Errors
    /// [`WatchError`]; an outage of the service is reported once, and again
    /// only if its reason changes.
    pub fn wait_for_change(&mut self) -> Result<Vec<ReaderState>, WatchError> {
        loop {
            self.cancellation.check()?;
            if let Some(outage) = &mut self.outage {
                self.cancellation.sleep(outage.next_pause())?;
            }
            match self.next_list() {
                Ok(readers) => {
                    self.outage = None;
                    return Ok(readers);
                }
                Err(WatchError::Cancelled) => return Err(WatchError::Cancelled),
                Err(WatchError::Service(fault)) => {
                    self.service = None;
                    self.report(fault)?;
                }
            }
        }
    }

    /// A handle that ends the wait from another thread.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        Canceller(Arc::clone(&self.cancellation))
    }

    fn next_list(&mut self) -> Result<Vec<ReaderState>, WatchError> {
        let service = match self.service.take() {
            Some(service) => service,
            None => Service::connect()?,
        };
        let service = self.service.insert(service);
        service.next_list(&self.cancellation)
    }

    /// Fails with an outage that the caller has not been told yet.
    fn report(&mut self, fault: ReaderFault) -> Result<(), WatchError> {
        let told = self.outage.as_ref().map(|outage| &outage.fault);
        if told == Some(&fault) {
            return Ok(());
        }
        tracing::debug!(%fault, "PC/SC cannot be asked for its readers");
        self.outage = Some(Outage::new(fault.clone()));
        Err(WatchError::Service(fault))
    }
}

/// A time without the PC/SC service.
#[derive(Debug)]
struct Outage {
    fault: ReaderFault,
    pause: Duration,
}

impl Outage {
    fn new(fault: ReaderFault) -> Self {
        Self {
            fault,
            pause: SHORTEST_PAUSE,
        }
    }

    /// How long to leave the service alone; twice as long each time, up to a limit.
    fn next_pause(&mut self) -> Duration {
        let pause = self.pause;
        self.pause = LONGEST_PAUSE.min(pause * 2);
        pause
    }
}

const SHORTEST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_told_once_and_again_when_its_reason_changes() {
        let mut watcher = ReaderWatcher::new();
        let refused = ReaderFault::Other {
            name: "SCARD_W_SECURITY_VIOLATION".to_owned(),
        };
        for fault in [ReaderFault::ServiceGone, refused, ReaderFault::ServiceGone] {
            let told = WatchError::Service(fault.clone());
            assert_eq!(watcher.report(fault.clone()), Err(told));
            assert_eq!(watcher.report(fault), Ok(()));
        }
    }

    #[test]
    fn the_service_is_left_alone_for_longer_each_time_up_to_five_seconds() {
        let mut outage = Outage::new(ReaderFault::ServiceGone);
        let pauses: Vec<_> = (0..7).map(|_| outage.next_pause().as_millis()).collect();
        assert_eq!(pauses, [250, 500, 1000, 2000, 4000, 5000, 5000]);
    }

    #[test]
    fn a_watcher_that_was_cancelled_before_its_first_wait_does_not_wait() {
        let mut watcher = ReaderWatcher::new();
        watcher.canceller().cancel();
        assert_eq!(watcher.wait_for_change(), Err(WatchError::Cancelled));
    }
}
