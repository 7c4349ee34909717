//! Sessions: whose they are, and when they end ("Rules of the sessions" in SECURITY.md).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use daemon_types::{
    Caller, CallerKey, CardId, ErrorCode, OperationError, Reason, SessionEnd, SessionId,
    SessionLimits, SessionSummary,
};
use time::OffsetDateTime;

/// The sessions of this agent, from the question to their holder on. `S` names one stay of a card
/// in a reader.
#[derive(Debug)]
pub struct Sessions<S> {
    limits: SessionLimits,
    sessions: Vec<Session<S>>,
    /// The last ones that ended, so that their callers are told why.
    ended: VecDeque<EndedSession>,
    /// Why there are none any more.
    shut: Option<SessionEnd>,
}

/// Whose sessions a caller has: nobody else gets anything by their names. `None` for a program that
/// nobody paired, which is asked each time and has none: what the system tells of a process is too
/// little to keep a code for it. The product's own page has none either: it uses no key but to test it.
#[must_use]
pub fn session_owner(caller: &Caller) -> Option<CallerKey> {
    match caller {
        Caller::PairedProgram(_) | Caller::Page(_) => Some(caller.key()),
        Caller::SocketProgram(_) | Caller::Console => None,
    }
}

/// Whose log-in a program on the user's socket has: its process alone, which ends it by its end. `None`
/// where the system does not tell the process, and for everybody else.
#[must_use]
pub fn process_owner(caller: &Caller) -> Option<CallerKey> {
    let Caller::SocketProgram(program) = caller else {
        return None;
    };
    Some(CallerKey::Process {
        pid: program.pid?,
        executable: program.executable.clone(),
    })
}

/// What a session is about: its card and that card's stay in its reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionCard<S> {
    /// The card.
    pub id: CardId,
    /// Its stay.
    pub stay: S,
}

/// A session that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedSession<S> {
    /// Its name.
    pub id: SessionId,
    /// Whose it was.
    pub owner: CallerKey,
    /// Its card.
    pub card: SessionCard<S>,
    /// Why.
    pub end: SessionEnd,
    /// Its holder had typed the code; otherwise it ended before it began.
    pub was_open: bool,
}

#[derive(Debug)]
struct Session<S> {
    id: SessionId,
    owner: CallerKey,
    card: SessionCard<S>,
    /// `None` until the holder has typed the code.
    open: Option<Open>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    clock: OffsetDateTime,
    since: Instant,
    last_use: Instant,
    /// Uses that are under way: while the holder thinks, nobody is inactive.
    uses: u32,
    /// The time without a use that its caller wished for, until the next one.
    idle: Option<Duration>,
}

#[derive(Debug)]
struct EndedSession {
    id: SessionId,
    owner: CallerKey,
    end: SessionEnd,
}

impl<S: Clone + PartialEq> Sessions<S> {
    /// Most sessions of one caller.
    pub const MOST_OF_ONE: usize = 8;

    /// Most sessions of all callers.
    pub const MOST: usize = 64;

    /// Ended sessions whose end is still told.
    const REMEMBERED: usize = 64;

    /// None yet, to last so long.
    #[must_use]
    pub const fn new(limits: SessionLimits) -> Self {
        Self {
            limits,
            sessions: Vec::new(),
            ended: VecDeque::new(),
            shut: None,
        }
    }

    /// A session whose holder is about to be asked for the code. Whatever ends sessions of its kind
    /// ends it, too.
    ///
    /// # Errors
    /// `busy` when its caller, or all together, have too many, and `session-closed` after [`shut`](Self::shut).
    pub fn begin(
        &mut self,
        id: SessionId,
        owner: CallerKey,
        card: SessionCard<S>,
    ) -> Result<(), OperationError> {
        if let Some(end) = self.shut {
            return Err(session_closed(end));
        }
        let of_owner = self
            .sessions
            .iter()
            .filter(|session| session.owner == owner);
        if self.sessions.len() >= Self::MOST || of_owner.count() >= Self::MOST_OF_ONE {
            return Err(ErrorCode::Busy.into());
        }
        self.sessions.push(Session {
            id,
            owner,
            card,
            open: None,
        });
        Ok(())
    }

    /// The holder has typed the code.
    ///
    /// # Errors
    /// `session-closed` with its end where it ended meanwhile.
    pub fn open(
        &mut self,
        id: &SessionId,
        owner: &CallerKey,
        (now, clock): (Instant, OffsetDateTime),
    ) -> Result<(), OperationError> {
        let mut sessions = self.sessions.iter_mut();
        let Some(session) = sessions.find(|session| session.id == *id) else {
            return Err(self.why_not(id, owner));
        };
        session.open = Some(Open {
            clock,
            since: now,
            last_use: now,
            uses: 0,
            idle: None,
        });
        Ok(())
    }

    /// Nothing came of a session that was begun. One that is open goes on; says whether it was not.
    pub fn abandon(&mut self, id: &SessionId) -> bool {
        let before = self.sessions.len();
        self.sessions
            .retain(|session| session.id != *id || session.open.is_some());
        self.sessions.len() < before
    }

    /// A session of this caller.
    ///
    /// # Errors
    /// `session-closed` with its end for one that is over, `not-found` for one that never was this
    /// caller's.
    pub fn get(
        &self,
        id: &SessionId,
        owner: &CallerKey,
        now: Instant,
    ) -> Result<SessionSummary, OperationError> {
        let mut sessions = self.sessions.iter();
        let session = sessions.find(|session| session.is(id, owner));
        let summary = session.and_then(|session| session.summary(self.limits, now));
        match (
            summary,
            session.and_then(|session| session.overdue(self.limits, now)),
        ) {
            (_, Some(end)) => Err(session_closed(end)),
            (Some(summary), None) => Ok(summary),
            (None, None) => Err(self.why_not(id, owner)),
        }
    }

    /// The sessions of this caller, or of all where none is named, the oldest first.
    pub fn list(
        &self,
        owner: Option<&CallerKey>,
        now: Instant,
    ) -> impl Iterator<Item = SessionSummary> {
        let of_owner =
            move |session: &&Session<S>| owner.is_none_or(|owner| session.owner == *owner);
        let sessions = self.sessions.iter().filter(of_owner);
        sessions.filter_map(move |session| session.summary(self.limits, now))
    }

    /// A use begins: until it ends, the session does not count as inactive. `card` is the one that
    /// is to be used, in its stay.
    ///
    /// # Errors
    /// As [`get`](Self::get), and `not-found` where the session is bound to another card.
    pub fn begin_use(
        &mut self,
        id: &SessionId,
        owner: &CallerKey,
        card: Option<&SessionCard<S>>,
        now: Instant,
    ) -> Result<(), OperationError> {
        self.get(id, owner, now)?;
        let mut sessions = self.sessions.iter_mut();
        let session = sessions.find(|session| session.is(id, owner));
        let session = session.filter(|session| card.is_none_or(|card| session.card == *card));
        let open = session.and_then(|session| session.open.as_mut());
        let open = open.ok_or(ErrorCode::NotFound)?;
        open.uses += 1;
        open.last_use = now;
        open.idle = None;
        Ok(())
    }

    /// A use that is over at once. With `idle` the session may be without the next one for so long alone, where its
    /// limits do not say less.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn touch(
        &mut self,
        id: &SessionId,
        owner: &CallerKey,
        idle: Option<Duration>,
        now: Instant,
    ) -> Result<SessionSummary, OperationError> {
        self.begin_use(id, owner, None, now)?;
        self.end_use(id, now);
        let mut sessions = self.sessions.iter_mut();
        let session = sessions.find(|session| session.is(id, owner));
        if let Some(open) = session.and_then(|session| session.open.as_mut()) {
            open.idle = idle;
        }
        self.get(id, owner, now)
    }

    /// A use ends.
    pub fn end_use(&mut self, id: &SessionId, now: Instant) {
        let mut sessions = self.sessions.iter_mut();
        let session = sessions.find(|session| session.id == *id);
        if let Some(open) = session.and_then(|session| session.open.as_mut()) {
            open.uses = open.uses.saturating_sub(1);
            open.last_use = now;
        }
    }

    /// Ends the sessions that `ends` has an end for, also those whose holder is still asked.
    pub fn close(
        &mut self,
        ends: impl Fn(&SessionId, &CallerKey, &SessionCard<S>) -> Option<SessionEnd>,
    ) -> Vec<ClosedSession<S>> {
        self.close_where(|session| ends(&session.id, &session.owner, &session.card))
    }

    /// Ends the sessions whose time is over.
    pub fn close_overdue(&mut self, now: Instant) -> Vec<ClosedSession<S>> {
        let limits = self.limits;
        self.close_where(|session| session.overdue(limits, now))
    }

    /// Ends all sessions, for good: none is begun any more.
    pub fn shut(&mut self, end: SessionEnd) -> Vec<ClosedSession<S>> {
        self.shut = Some(end);
        self.close_where(|_| Some(end))
    }

    /// When the next session may be overdue; a use that ends meanwhile puts it off.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        let sessions = self.sessions.iter();
        sessions
            .filter_map(|session| session.deadline(self.limits))
            .min()
    }

    fn close_where(
        &mut self,
        end_of: impl Fn(&Session<S>) -> Option<SessionEnd>,
    ) -> Vec<ClosedSession<S>> {
        let mut closed = Vec::new();
        let mut going_on = Vec::new();
        for session in self.sessions.drain(..) {
            match end_of(&session) {
                Some(end) => closed.push(ClosedSession {
                    id: session.id,
                    owner: session.owner,
                    card: session.card,
                    end,
                    was_open: session.open.is_some(),
                }),
                None => going_on.push(session),
            }
        }
        self.sessions = going_on;
        let ended = closed.iter().map(|session| EndedSession {
            id: session.id.clone(),
            owner: session.owner.clone(),
            end: session.end,
        });
        self.ended.extend(ended);
        let forgotten = self.ended.len().saturating_sub(Self::REMEMBERED);
        self.ended.drain(..forgotten);
        closed
    }

    fn why_not(&self, id: &SessionId, owner: &CallerKey) -> OperationError {
        let mut ended = self.ended.iter();
        match ended.find(|ended| ended.id == *id && ended.owner == *owner) {
            Some(ended) => session_closed(ended.end),
            None => ErrorCode::NotFound.into(),
        }
    }
}

impl<S> Session<S> {
    fn is(&self, id: &SessionId, owner: &CallerKey) -> bool {
        self.id == *id && self.owner == *owner
    }

    /// What its caller sees; nothing before the holder has typed the code.
    fn summary(&self, limits: SessionLimits, now: Instant) -> Option<SessionSummary> {
        let open = self.open?;
        let end = open.clock + limits.age;
        let last_use = if open.uses > 0 { now } else { open.last_use };
        let idle_end =
            open.clock + last_use.saturating_duration_since(open.since) + open.inactivity(limits);
        Some(SessionSummary {
            id: self.id.clone(),
            owner: self.owner.clone(),
            card: self.card.id.clone(),
            opened: open.clock,
            idle_end: idle_end.min(end),
            end,
        })
    }

    fn overdue(&self, limits: SessionLimits, now: Instant) -> Option<SessionEnd> {
        let open = self.open?;
        let lasted =
            |since: Instant, limit: Duration| now.saturating_duration_since(since) >= limit;
        if lasted(open.since, limits.age) {
            Some(SessionEnd::Age)
        } else if open.uses == 0 && lasted(open.last_use, open.inactivity(limits)) {
            Some(SessionEnd::Inactivity)
        } else {
            None
        }
    }

    fn deadline(&self, limits: SessionLimits) -> Option<Instant> {
        let open = self.open?;
        let too_old = open.since.checked_add(limits.age);
        let inactive = open.last_use.checked_add(open.inactivity(limits));
        match (too_old, inactive.filter(|_| open.uses == 0)) {
            (Some(too_old), Some(inactive)) => Some(too_old.min(inactive)),
            (one, other) => one.or(other),
        }
    }
}

impl Open {
    fn inactivity(&self, limits: SessionLimits) -> Duration {
        self.idle
            .unwrap_or(limits.inactivity)
            .min(limits.inactivity)
    }
}

/// What a caller is told of a session that is over.
#[must_use]
pub fn session_closed(end: SessionEnd) -> OperationError {
    let reason = match end {
        SessionEnd::Inactivity => Reason::SessionInactivity,
        SessionEnd::Age => Reason::SessionAge,
        SessionEnd::CardRemoved => Reason::SessionCardRemoved,
        SessionEnd::ReaderLost => Reason::SessionReaderLost,
        SessionEnd::Sleep => Reason::SessionSleep,
        SessionEnd::AgentStopped => Reason::SessionAgentStopped,
        SessionEnd::Ended => Reason::SessionEnded,
        SessionEnd::GrantRevoked => Reason::SessionGrantRevoked,
    };
    OperationError::new(ErrorCode::SessionClosed).because(reason)
}

#[cfg(test)]
mod tests;
