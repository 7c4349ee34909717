//! Sessions: who has one, and when it ends.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant as StdInstant};

use daemon_cards::{CodeClaim, PresentedCode, Stay};
use daemon_core::{ClosedSession, Sessions, authorise, process_owner, session_owner};
use daemon_journal::{Entry, Name};
use daemon_types::{
    Caller, CallerKey, ErrorCode, Happening, OperationError, ReaderId, Right, SessionEnd,
    SessionId, SessionLimits, SessionSummary,
};
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_util::task::TaskTracker;

use crate::{Operations, Policy};

/// The sessions of this agent.
#[derive(Debug)]
pub(crate) struct SessionBook {
    live: Mutex<LiveSessions>,
    /// A deadline may have come nearer.
    changed: Notify,
    /// Places for uses that ask nobody, of each reader: each use takes two lines of the journal.
    quiet_uses: Mutex<HashMap<ReaderId, Arc<Semaphore>>>,
    /// Who tells of ends.
    tellings: TaskTracker,
}

/// The sessions, and what is tied to the life of each.
#[derive(Debug)]
pub(crate) struct LiveSessions {
    pub(crate) sessions: Sessions<Stay>,
    ties: HashMap<SessionId, Ties>,
}

#[derive(Debug)]
struct Ties {
    /// Tells who uses it, or waits for its holder, that it is over.
    end: watch::Sender<Option<SessionEnd>>,
    /// Keeps the code presented; `None` until the holder has typed it.
    code: Option<PresentedCode>,
}

impl SessionBook {
    pub(crate) fn new(limits: SessionLimits) -> Self {
        Self {
            live: Mutex::new(LiveSessions {
                sessions: Sessions::new(limits),
                ties: HashMap::new(),
            }),
            changed: Notify::new(),
            quiet_uses: Mutex::default(),
            tellings: TaskTracker::new(),
        }
    }

    /// The places of a reader for uses that ask nobody; a card that does not answer holds those of
    /// its own reader alone.
    pub(crate) fn quiet_uses_of(&self, reader: &ReaderId) -> Arc<Semaphore> {
        let mut readers = self
            .quiet_uses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        readers.retain(|_, places| Arc::strong_count(places) > 1);
        let places = readers.entry(reader.clone());
        let places = places.or_insert_with(|| Arc::new(Semaphore::new(MOST_QUIET_USES)));
        Arc::clone(places)
    }
}

impl LiveSessions {
    /// Ties the end of a session that was begun to whoever waits for it.
    pub(crate) fn tie(&mut self, id: &SessionId) -> watch::Receiver<Option<SessionEnd>> {
        let (end, ended) = watch::channel(None);
        self.ties.insert(id.clone(), Ties { end, code: None });
        ended
    }

    pub(crate) fn keep_code(&mut self, id: &SessionId, code: PresentedCode) {
        if let Some(ties) = self.ties.get_mut(id) {
            ties.code = Some(code);
        }
    }

    /// The code of an open session, and what tells of its end.
    pub(crate) fn code_and_end(
        &self,
        id: &SessionId,
    ) -> Option<(CodeClaim, watch::Receiver<Option<SessionEnd>>)> {
        let ties = self.ties.get(id)?;
        Some((ties.code.as_ref()?.claim(), ties.end.subscribe()))
    }

    /// Nothing came of a session that was begun. One that is open goes on; says whether it was not.
    pub(crate) fn abandon(&mut self, id: &SessionId) -> bool {
        let is_abandoned = self.sessions.abandon(id);
        if is_abandoned {
            self.ties.remove(id);
        }
        is_abandoned
    }
}

impl Operations {
    /// A session of this caller; any session for the user's own programs.
    ///
    /// # Errors
    /// `right-missing`, `session-closed`, `not-found`.
    pub fn session(
        &self,
        caller: &Caller,
        id: &SessionId,
    ) -> Result<SessionSummary, OperationError> {
        match self.owner_of_sessions(caller)? {
            Some(owner) => self.live_sessions().sessions.get(id, &owner, clock()),
            None => {
                let mut all = self.open_sessions(caller)?.into_iter();
                let session = all.find(|session| session.id == *id);
                session.ok_or(ErrorCode::NotFound.into())
            }
        }
    }

    /// The sessions of this caller; all of them for the user's own programs.
    ///
    /// # Errors
    /// `right-missing`.
    pub fn open_sessions(&self, caller: &Caller) -> Result<Vec<SessionSummary>, OperationError> {
        let owner = self.owner_of_sessions(caller)?;
        let live = self.live_sessions();
        Ok(live.sessions.list(owner.as_ref(), clock()).collect())
    }

    /// Whether a caller may have sessions of its own, for a door that must know before it reads a body: a log-in is
    /// one of its process.
    ///
    /// # Errors
    /// `right-missing`.
    pub fn check_may_touch_sessions(&self, caller: &Caller) -> Result<CallerKey, OperationError> {
        let owner = self.owner_of_sessions(caller)?;
        let owner = owner.or_else(|| process_owner(caller));
        owner.ok_or(ErrorCode::RightMissing.into())
    }

    /// Counts as a use of a session of this caller, which ends after so long without another one, if it says.
    ///
    /// # Errors
    /// `right-missing`, `session-closed`, `not-found`.
    pub fn touch_session(
        &self,
        caller: &Caller,
        id: &SessionId,
        idle: Option<Duration>,
    ) -> Result<SessionSummary, OperationError> {
        let owner = self.check_may_touch_sessions(caller)?;
        let mut live = self.live_sessions();
        let touched = live.sessions.touch(id, &owner, idle, clock());
        drop(live);
        self.look_at_sessions_again();
        touched
    }

    /// Ends a session of this caller; any session for the user's own programs.
    ///
    /// # Errors
    /// `right-missing`, `session-closed`, `not-found`.
    pub async fn end_session(&self, caller: &Caller, id: &SessionId) -> Result<(), OperationError> {
        let session = self.session(caller, id)?.id;
        self.end_one_session(&session).await;
        Ok(())
    }

    /// Ends all sessions, for a reason that is none of theirs.
    pub async fn end_all_sessions(&self, end: SessionEnd) {
        self.end_sessions(|sessions| sessions.close(|_, _, _| Some(end)))
            .await;
    }

    /// Ends all sessions for good, since the agent stops, and waits until their codes are dropped.
    pub async fn shut_sessions(&self) {
        self.end_sessions(|sessions| sessions.shut(SessionEnd::AgentStopped))
            .await;
        let settled = self.0.cards.settled(None);
        if !timeout(LAST_DROP_TIME, settled).await.unwrap_or(false) {
            tracing::warn!(
                event = "session-code-kept",
                "a card may still know of a code"
            );
        }
        // Ends that came just before are told as well, above all to the journal.
        let tellings = &self.0.sessions.tellings;
        tellings.close();
        if timeout(LAST_DROP_TIME, tellings.wait()).await.is_err() {
            tracing::warn!(
                event = "session-end-missed",
                "the end of a session may be missing in the journal"
            );
        }
    }

    pub(crate) async fn end_one_session(&self, id: &SessionId) {
        self.end_sessions(|sessions| {
            sessions.close(|other, _, _| (other == id).then_some(SessionEnd::Ended))
        })
        .await;
    }

    /// Ends sessions when their time is over, and when their card or its reader leaves; returns when
    /// the agent stops. Sleeps until something happens.
    pub async fn watch_sessions(&self) {
        let mut events = self.0.cards.subscribe(None);
        loop {
            let deadline = self.live_sessions().sessions.next_deadline();
            let overdue = async {
                match deadline {
                    Some(deadline) => sleep_until(deadline.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                event = events.next() => if event.is_none() { return },
                () = overdue => {}
                () = self.0.sessions.changed.notified() => {}
            }
            // It is told while the watch goes on.
            drop(self.end_what_is_over());
        }
    }

    /// Ends what is over by now; the task tells of it.
    pub(crate) fn end_what_is_over(&self) -> Option<JoinHandle<()>> {
        let cards = &self.0.cards;
        self.close_sessions(|sessions| {
            let mut closed = sessions.close(|_, _, card| cards.end_of(&card.stay));
            closed.extend(sessions.close_overdue(clock()));
            closed
        })
    }

    /// Has the watch look at its deadlines again.
    pub(crate) fn look_at_sessions_again(&self) {
        self.0.sessions.changed.notify_one();
    }

    pub(crate) fn live_sessions(&self) -> MutexGuard<'_, LiveSessions> {
        let live = self.0.sessions.live.lock();
        live.unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn session_book(&self) -> &SessionBook {
        &self.0.sessions
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// Whose sessions a caller sees: its own, or all where it is one of the user's own programs.
    fn owner_of_sessions(&self, caller: &Caller) -> Result<Option<CallerKey>, ErrorCode> {
        authorise(caller, Right::Authenticate).or_else(|_| authorise(caller, Right::Sign))?;
        Ok(session_owner(caller))
    }

    async fn end_sessions(
        &self,
        close: impl FnOnce(&mut Sessions<Stay>) -> Vec<ClosedSession<Stay>>,
    ) {
        if let Some(telling) = self.close_sessions(close) {
            // A caller that leaves meanwhile leaves this to its task.
            let _ = telling.await;
        }
    }

    /// Closes sessions: whoever uses one, or waits for its holder, is told at once, and the codes that
    /// they held on to are let go of. The task tells everybody else.
    pub(crate) fn close_sessions(
        &self,
        close: impl FnOnce(&mut Sessions<Stay>) -> Vec<ClosedSession<Stay>>,
    ) -> Option<JoinHandle<()>> {
        let mut closed = {
            let mut live = self.live_sessions();
            let closed = close(&mut live.sessions);
            for session in &closed {
                // Whoever finds a session gone finds why as well, so it is said before others look.
                if let Some(ties) = live.ties.remove(&session.id) {
                    ties.end.send_replace(Some(session.end));
                }
            }
            closed
        };
        closed.retain(|session| session.was_open);
        if closed.is_empty() {
            return None;
        }
        let operations = self.clone();
        let telling = async move { operations.tell_ends(closed).await };
        let telling = self.0.sessions.tellings.track_future(telling);
        Handle::try_current()
            .ok()
            .map(|runtime| runtime.spawn(telling))
    }

    /// Tells subscribers and the journal of the ends of sessions, once their codes are off the cards,
    /// or soon.
    async fn tell_ends(&self, closed: Vec<ClosedSession<Stay>>) {
        // One time for all, however many readers are stuck.
        let soon = Instant::now() + DROP_TIME;
        for session in closed {
            let settled = self.0.cards.settled(Some(session.card.stay.reader()));
            if !timeout_at(soon, settled).await.unwrap_or(false) {
                tracing::warn!(
                    event = "session-code-waits",
                    "the code of a session is not dropped yet"
                );
            }
            tracing::info!(event = "session-over", session = session.id.0, end = %session.end, "a session is over");
            self.0.cards.announce(Happening::SessionClosed {
                session: session.id.clone(),
                owner: session.owner.clone(),
                card: session.card.id.clone(),
                end: session.end,
            });
            let entry = Entry::SessionClosed {
                session: Name::of(&session.id.0),
                reason: session.end.into(),
            };
            self.record_if_possible(entry).await;
        }
    }
}

/// Waits for the end of a session.
pub(crate) async fn ended(end: &mut watch::Receiver<Option<SessionEnd>>) -> SessionEnd {
    match end.wait_for(Option::is_some).await {
        Ok(end) => end.unwrap_or(SessionEnd::Ended),
        Err(_) => SessionEnd::Ended,
    }
}

pub(crate) fn clock() -> StdInstant {
    Instant::now().into_std()
}

/// How long the news of an end waits for a card that works for somebody else.
const DROP_TIME: Duration = Duration::from_secs(2);
/// How long the end of the agent waits for cards to drop their codes.
const LAST_DROP_TIME: Duration = Duration::from_secs(3);
const MOST_QUIET_USES: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_of_one_reader_take_no_place_of_another() {
        let book = SessionBook::new(SessionLimits::default());
        let [one, other] = ["one", "other"].map(|name| ReaderId(name.to_owned()));
        let places = book.quiet_uses_of(&one);
        let taken: Vec<_> = std::iter::from_fn(|| places.try_acquire().ok()).collect();
        assert_eq!(taken.len(), MOST_QUIET_USES);
        assert!(book.quiet_uses_of(&one).try_acquire().is_err());
        assert!(book.quiet_uses_of(&other).try_acquire().is_ok());
        drop(taken);
        drop(places);
        assert!(book.quiet_uses_of(&one).try_acquire().is_ok());
        assert!(book.quiet_uses.lock().unwrap().len() <= 2);
    }
}
