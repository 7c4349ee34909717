//! Looks at the system that may hang: a home on a share that is gone, a program that does not end, a module of NSS.
//!
//! A look that hangs cannot be broken off, so it is left behind; until it comes back there is none of its kind beside
//! it, however often and by whomever a diagnosis is asked for.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use diagnosis::Check;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

macro_rules! looks {
    ($($(#[doc = $doc:literal])+ $variant:ident => [$($check:ident),*];)+) => {
        /// What is looked at by one call.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Look {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Look {
            const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The checks that cannot say anything without it.
            const fn checks(self) -> &'static [Check] {
                match self {
                    $(Self::$variant => &[$(Check::$check),*],)+
                }
            }
        }
    };
}

looks! {
    /// The files of the configuration, as they are now.
    Configuration => [Configuration];
    /// The socket of the PC/SC service. Its silence is a finding of its own.
    ServiceSocket => [];
    /// A client's first question to it. So is this.
    ServiceClient => [];
    /// Readers on USB.
    UsbReaders => [ReaderDriver];
    /// Programs at the PC/SC service.
    ReaderPrograms => [];
    /// What keeps an agent from starting.
    AgentStart => [];
    /// The program that has a port.
    PortHolder => [];
    /// The journal's times.
    Journal => [Clock];
    /// The space of the disk.
    Disk => [DiskSpace];
    /// What browsers know of the native host.
    NativeHosts => [NativeMessaging];
    /// The stores of authorities.
    TrustStores => [Trust];
    /// An administrator's policies for browsers.
    BrowserPolicy => [LoopbackPermission];
    /// What browsers know of the PKCS#11 module.
    OwnModule => [OwnModule];
    /// Cryptolib's files, and what the list of packages says of them.
    Cryptolib => [Cryptolib, CryptolibCache];
}

/// The looks of a program; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Looks(Arc<Vec<Arc<Semaphore>>>);

impl Default for Looks {
    fn default() -> Self {
        let places = Look::ALL.iter().map(|_| Arc::new(Semaphore::new(1)));
        Self(Arc::new(places.collect()))
    }
}

impl Looks {
    /// One diagnosis, which notes what did not answer.
    pub(crate) fn round(&self) -> Round<'_> {
        Round {
            looks: self,
            unanswered: Mutex::default(),
        }
    }

    /// The place is given back by the look itself, so that whoever leaves early leaves it taken.
    async fn at<T: Send + 'static>(
        &self,
        look: Look,
        find: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let place = Look::ALL.iter().position(|other| *other == look)?;
        let place = Arc::clone(self.0.get(place)?).acquire_owned().await.ok()?;
        let (tell, found) = oneshot::channel();
        // A thread of its own, since an agent that stops waits for those of the runtime.
        let thread = thread::Builder::new().name("look".into());
        let look = move || {
            let _until_it_comes_back = place;
            let _ = tell.send(find());
        };
        thread.spawn(look).ok()?;
        found.await.ok()
    }
}

/// The looks of one diagnosis.
#[derive(Debug)]
pub(crate) struct Round<'a> {
    looks: &'a Looks,
    unanswered: Mutex<BTreeSet<Check>>,
}

impl Round<'_> {
    /// What a look finds, unless it, or one of its kind before it, takes too long.
    pub(crate) async fn at<T: Send + 'static>(
        &self,
        look: Look,
        find: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let found = timeout(DEADLINE, self.looks.at(look, find)).await;
        let found = found.ok().flatten();
        if found.is_none() {
            tracing::debug!(?look, "a look at the system does not answer");
            let unanswered = self.unanswered.lock();
            let mut unanswered = unanswered.unwrap_or_else(PoisonError::into_inner);
            unanswered.extend(look.checks());
        }
        found
    }

    /// The checks that could not be made.
    pub(crate) fn unanswered(self) -> Vec<Check> {
        let unanswered = self.unanswered.into_inner();
        let unanswered = unanswered.unwrap_or_else(PoisonError::into_inner);
        unanswered.into_iter().collect()
    }
}

/// A person waits for the answer.
const DEADLINE: Duration = Duration::from_secs(4);

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_look_that_hangs_is_left_behind_and_none_of_its_kind_is_put_beside_it() {
        let looks = Looks::default();
        let (release, released) = mpsc::channel::<()>();
        let round = looks.round();
        let hangs = round.at(Look::Disk, move || released.recv());
        // A caller that leaves before the deadline leaves the look behind, too.
        assert!(timeout(Duration::from_millis(50), hangs).await.is_err());
        let begun = Arc::new(AtomicUsize::new(0));
        let find = || {
            let begun = Arc::clone(&begun);
            move || begun.fetch_add(1, Ordering::SeqCst)
        };
        let round = looks.round();
        assert_eq!(round.at(Look::Disk, find()).await, None);
        assert_eq!(begun.load(Ordering::SeqCst), 0, "none was begun beside it");
        assert_eq!(round.at(Look::Journal, || 7).await, Some(7), "another kind");
        release.send(()).unwrap();
        assert_eq!(round.at(Look::Disk, find()).await, Some(0));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_did_not_answer_names_the_checks_that_it_was_for() {
        let looks = Looks::default();
        let (release, released) = mpsc::channel::<()>();
        let round = looks.round();
        assert!(
            round
                .at(Look::Disk, move || released.recv())
                .await
                .is_none()
        );
        assert_eq!(round.at(Look::TrustStores, || 7).await, Some(7));
        assert_eq!(round.unanswered(), [Check::DiskSpace]);
        drop(release);
    }
}
