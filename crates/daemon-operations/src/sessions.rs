//! Sessions, from the code that opens one to the end that drops it again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant as StdInstant};

use daemon_cards::{CardInReader, Cards, HolderCodeError, Stay};
use daemon_core::{
    ClosedSession, SessionCard, SessionOwner, Sessions, authorise, blocked_error, code_entry,
};
use daemon_journal::{Entry, Name};
use daemon_types::{
    Caller, CardId, CodesAsked, CodesOfCard, ErrorCode, Happening, OperationError, Purpose, Right,
    SessionEnd, SessionId, SessionLimits, SessionSummary,
};
use prompt::CallersTerminal;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};

use crate::holder::{HolderWork, holder_pin};
use crate::keypad::Entered;
use crate::randomness::random_id;
use crate::{Operations, Policy};

/// The sessions of this agent, and who waits for their ends.
#[derive(Debug)]
pub(crate) struct SessionBook {
    open: Mutex<OpenSessions>,
    /// A deadline may have come nearer.
    changed: Notify,
}

#[derive(Debug)]
pub(crate) struct OpenSessions {
    sessions: Sessions<Stay>,
    ends: HashMap<SessionId, watch::Sender<Option<SessionEnd>>>,
}

impl SessionBook {
    pub(crate) fn new(limits: SessionLimits) -> Self {
        Self {
            open: Mutex::new(OpenSessions {
                sessions: Sessions::new(limits),
                ends: HashMap::new(),
            }),
            changed: Notify::new(),
        }
    }
}

impl Operations {
    /// Opens a session: the holder types the code once, and it stays presented to the card.
    ///
    /// # Errors
    /// Every code about rights, card, code and holder; `busy` where there are too many sessions.
    pub async fn open_session(
        &self,
        caller: &Caller,
        id: &CardId,
        deadline: Instant,
    ) -> Result<SessionSummary, OperationError> {
        check_may_open(caller)?;
        let card = self.card_of_environment(id)?;
        let owner = SessionOwner::from(caller);
        self.sessions().sessions.check_room(&owner)?;
        let session_card = SessionCard {
            id: id.clone(),
            stay: card.stay(),
        };
        // Whatever becomes of this call from here on, the code is dropped if no session rests on it.
        let unneeded = UnneededCode {
            operations: self,
            stay: card.stay(),
        };
        let work = OpeningSession(self.policy().session_limits);
        self.work_with_holder(caller, card, &work, deadline).await?;
        let session = self.begin_session(caller, owner, session_card).await?;
        drop(unneeded);
        Ok(session)
    }

    /// A session of this caller; any session for the user's own programs.
    ///
    /// # Errors
    /// `right-missing`, `session-closed`, `not-found`.
    pub fn session(
        &self,
        caller: &Caller,
        id: &SessionId,
    ) -> Result<SessionSummary, OperationError> {
        check_may_open(caller)?;
        let mut seen = self.list_sessions(caller);
        match seen.iter().position(|session| session.id == *id) {
            Some(index) => Ok(seen.swap_remove(index)),
            None => {
                let owner = SessionOwner::from(caller);
                self.sessions().sessions.get(id, &owner, clock())
            }
        }
    }

    /// The sessions of this caller; all of them for the user's own programs.
    ///
    /// # Errors
    /// `right-missing`.
    pub fn open_sessions(&self, caller: &Caller) -> Result<Vec<SessionSummary>, OperationError> {
        check_may_open(caller)?;
        Ok(self.list_sessions(caller))
    }

    /// Counts as a use of a session of this caller.
    ///
    /// # Errors
    /// `right-missing`, `session-closed`, `not-found`.
    pub fn touch_session(
        &self,
        caller: &Caller,
        id: &SessionId,
    ) -> Result<SessionSummary, OperationError> {
        check_may_open(caller)?;
        let (owner, now) = (SessionOwner::from(caller), clock());
        let mut open = self.sessions();
        let touched = open.sessions.begin_use(id, &owner, None, now)?;
        open.sessions.end_use(id, now);
        Ok(touched)
    }

    /// Ends a session of this caller; any session for the user's own programs.
    ///
    /// # Errors
    /// `right-missing`, `session-closed`, `not-found`.
    pub async fn end_session(&self, caller: &Caller, id: &SessionId) -> Result<(), OperationError> {
        let session = self.session(caller, id)?.id;
        let closed = self.close_sessions(|sessions| {
            sessions.close(|id, _, _| (*id == session).then_some(SessionEnd::Ended))
        });
        self.after_closing(closed).await;
        Ok(())
    }

    /// Ends all sessions, for a reason that is none of theirs, and drops their codes.
    pub async fn end_all_sessions(&self, end: SessionEnd) {
        let closed = self.close_sessions(|sessions| sessions.close(|_, _, _| Some(end)));
        self.after_closing(closed).await;
    }

    /// Ends the sessions of callers who are let in no more.
    pub(crate) async fn end_sessions_of(&self, owners: &[SessionOwner]) {
        let closed = self.close_sessions(|sessions| {
            sessions.close(|_, owner, _| owners.contains(owner).then_some(SessionEnd::GrantRevoked))
        });
        self.after_closing(closed).await;
    }

    /// Ends sessions when their time is over, and when their card or its reader leaves; returns when
    /// the agent stops. Sleeps until something happens.
    pub async fn watch_sessions(&self) {
        let mut events = self.0.cards.subscribe(None);
        loop {
            let deadline = self.sessions().sessions.next_deadline();
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
            self.end_what_is_over().await;
        }
    }

    /// Has the watch look at its deadlines again.
    pub(crate) fn look_at_sessions_again(&self) {
        self.0.sessions.changed.notify_one();
    }

    pub(crate) fn sessions(&self) -> MutexGuard<'_, OpenSessions> {
        let open = self.0.sessions.open.lock();
        open.unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// The session whose code the holder has just typed: in the journal, and of a card that is there.
    async fn begin_session(
        &self,
        caller: &Caller,
        owner: SessionOwner,
        card: SessionCard<Stay>,
    ) -> Result<SessionSummary, OperationError> {
        let id = SessionId(random_id()?.0);
        let opened = Entry::SessionOpened {
            session: Name::of(&id.0),
            who: caller.into(),
            card: card.id.0.clone(),
        };
        self.record(opened).await?;
        {
            let mut open = self.sessions();
            let now = (clock(), self.now());
            open.sessions.open(id.clone(), owner, card, now)?;
            let end = watch::Sender::new(None);
            open.ends.insert(id.clone(), end);
        }
        self.look_at_sessions_again();
        // The card may have left while nobody had a session to end.
        self.end_what_is_over().await;
        let owner = SessionOwner::from(caller);
        self.sessions().sessions.get(&id, &owner, clock())
    }

    fn list_sessions(&self, caller: &Caller) -> Vec<SessionSummary> {
        let owner = SessionOwner::from(caller);
        let sees_all = matches!(caller, Caller::SocketProgram(_));
        let owner = (!sees_all).then_some(&owner);
        let open = self.sessions();
        open.sessions.list(owner, clock()).collect()
    }

    async fn end_what_is_over(&self) {
        let cards = &self.0.cards;
        let closed = self.close_sessions(|sessions| {
            let mut closed = sessions.close(|_, _, card| cards.end_of(&card.stay));
            closed.extend(sessions.close_overdue(clock()));
            closed
        });
        self.after_closing(closed).await;
    }

    /// Closes sessions and tells who uses one, and every subscriber.
    fn close_sessions(
        &self,
        close: impl FnOnce(&mut Sessions<Stay>) -> Vec<ClosedSession<Stay>>,
    ) -> Vec<ClosedSession<Stay>> {
        let mut open = self.sessions();
        let closed = close(&mut open.sessions);
        for session in &closed {
            if let Some(end) = open.ends.remove(&session.id) {
                end.send_replace(Some(session.end));
            }
            self.0.cards.announce(Happening::SessionClosed {
                session: session.id.clone(),
                card: session.card.id.clone(),
                end: session.end,
            });
        }
        closed
    }

    /// Drops the codes that no session needs any more, and writes the ends into the journal.
    async fn after_closing(&self, closed: Vec<ClosedSession<Stay>>) {
        for session in closed {
            tracing::info!(session = session.id.0, end = %session.end, "a session is over");
            if session.was_last_of_its_card {
                self.drop_code(&session.card.stay).await;
            }
            let entry = Entry::SessionClosed {
                session: Name::of(&session.id.0),
                reason: session.end.into(),
            };
            self.record_if_possible(entry).await;
        }
    }

    /// A card that left has dropped its code itself.
    async fn drop_code(&self, stay: &Stay) {
        if self.0.cards.end_of(stay).is_some() {
            return;
        }
        let dropped = self.0.cards.drop_kept_code(stay);
        match tokio::time::timeout(DROP_TIME, dropped).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(?error, "the code of a session is not dropped"),
            Err(_) => tracing::warn!("the code of a session is not dropped yet"),
        }
    }
}

impl OpenSessions {
    /// A use begins; gives what tells of the session's end.
    pub(crate) fn begin_use(
        &mut self,
        id: &SessionId,
        owner: &SessionOwner,
        card: Option<&SessionCard<Stay>>,
        now: StdInstant,
    ) -> Result<watch::Receiver<Option<SessionEnd>>, OperationError> {
        self.sessions.begin_use(id, owner, card, now)?;
        let end = self.ends.get(id).map(watch::Sender::subscribe);
        end.ok_or(ErrorCode::NotFound.into())
    }

    pub(crate) fn end_use(&mut self, id: &SessionId, now: StdInstant) {
        self.sessions.end_use(id, now);
    }

    fn rest_on(&self, stay: &Stay) -> bool {
        self.sessions.rest_on(stay)
    }
}

/// The presentation of the code that opens a session.
struct OpeningSession(SessionLimits);

impl HolderWork for OpeningSession {
    type Outcome = ();

    fn callers_terminal(&self) -> Option<&CallersTerminal> {
        None
    }

    fn purpose(&self) -> Purpose {
        Purpose::OpenSession(self.0)
    }

    fn codes_asked(
        &self,
        codes: &CodesOfCard,
        previous_was_wrong: bool,
    ) -> Result<CodesAsked, OperationError> {
        Ok(CodesAsked {
            pin: Some(code_entry(codes, previous_was_wrong)?),
            ..CodesAsked::default()
        })
    }

    async fn present(
        &self,
        cards: &Cards,
        card: &CardInReader,
        asked: CodesAsked,
        entered: Entered,
    ) -> Result<(), HolderCodeError> {
        cards.present_pin(card, holder_pin(&asked, entered)?).await
    }

    fn wrong_code(&self) -> ErrorCode {
        ErrorCode::PinWrong
    }

    fn blocked(&self, codes: &CodesOfCard) -> ErrorCode {
        blocked_error(&codes.unblock_code)
    }

    fn timed_out(&self) -> OperationError {
        ErrorCode::Timeout.into()
    }
}

/// A code that may be presented for a session that never comes to be: dropped, unless one rests on it.
struct UnneededCode<'a> {
    operations: &'a Operations,
    stay: Stay,
}

impl Drop for UnneededCode<'_> {
    fn drop(&mut self) {
        let (operations, stay) = (self.operations.clone(), self.stay.clone());
        if operations.sessions().rest_on(&stay) {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move { operations.drop_code(&stay).await });
        }
    }
}

/// A session serves the uses of a key.
fn check_may_open(caller: &Caller) -> Result<(), ErrorCode> {
    authorise(caller, Right::Authenticate).or_else(|_| authorise(caller, Right::Sign))
}

fn clock() -> StdInstant {
    Instant::now().into_std()
}

/// How long the end of a session waits for a card that works for somebody else.
const DROP_TIME: Duration = Duration::from_secs(10);
