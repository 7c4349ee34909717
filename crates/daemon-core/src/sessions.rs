//! Sessions: whose they are, and when they end ("Rules of the sessions" in SECURITY.md).

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use daemon_types::{
    Caller, CardId, ErrorCode, GrantId, OperationError, Reason, SessionEnd, SessionId,
    SessionLimits, SessionSummary, Site,
};
use time::OffsetDateTime;

/// The sessions of this agent. `S` names one stay of a card in a reader.
#[derive(Debug)]
pub struct Sessions<S> {
    limits: SessionLimits,
    open: Vec<Session<S>>,
    /// The last ones that ended, so that their callers are told why.
    ended: VecDeque<EndedSession>,
}

/// Whom a session belongs to: another caller gets nothing by its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SessionOwner {
    /// A paired program, by its grant; `None` is whoever has the demo's token.
    Program(Option<GrantId>),
    /// A program on the user's socket: this process.
    Process(Option<u32>, Option<PathBuf>),
    /// A page of this site.
    Site(Site),
}

impl From<&Caller> for SessionOwner {
    fn from(caller: &Caller) -> Self {
        match caller {
            Caller::PairedProgram(program) => Self::Program(program.grant.clone()),
            Caller::SocketProgram(program) => {
                Self::Process(program.pid, program.executable.clone())
            }
            Caller::Page(page) => Self::Site(page.site.clone()),
        }
    }
}

/// What a session is about: its card and that card's stay in its reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionCard<S> {
    /// The card.
    pub id: CardId,
    /// Its stay.
    pub stay: S,
}

/// A session that is over, and what its end leaves to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedSession<S> {
    /// Its name.
    pub id: SessionId,
    /// Its card.
    pub card: SessionCard<S>,
    /// Why.
    pub end: SessionEnd,
    /// No other session needs the code that was presented to this card.
    pub was_last_of_its_card: bool,
}

#[derive(Debug)]
struct Session<S> {
    id: SessionId,
    owner: SessionOwner,
    card: SessionCard<S>,
    opened: OffsetDateTime,
    opened_at: Instant,
    last_use: Instant,
    /// Uses that are under way: while the holder thinks, nobody is inactive.
    uses: u32,
}

#[derive(Debug)]
struct EndedSession {
    id: SessionId,
    owner: SessionOwner,
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
            open: Vec::new(),
            ended: VecDeque::new(),
        }
    }

    /// How long they last.
    #[must_use]
    pub const fn limits(&self) -> SessionLimits {
        self.limits
    }

    /// Whether a caller may open one more.
    ///
    /// # Errors
    /// `busy` when it, or all together, have too many.
    pub fn check_room(&self, owner: &SessionOwner) -> Result<(), ErrorCode> {
        let of_owner = self.open.iter().filter(|session| session.owner == *owner);
        if self.open.len() >= Self::MOST || of_owner.count() >= Self::MOST_OF_ONE {
            return Err(ErrorCode::Busy);
        }
        Ok(())
    }

    /// A session whose holder has just typed the code.
    ///
    /// # Errors
    /// As [`check_room`](Self::check_room).
    pub fn open(
        &mut self,
        id: SessionId,
        owner: SessionOwner,
        card: SessionCard<S>,
        (now, clock): (Instant, OffsetDateTime),
    ) -> Result<SessionSummary, ErrorCode> {
        self.check_room(&owner)?;
        let session = Session {
            id,
            owner,
            card,
            opened: clock,
            opened_at: now,
            last_use: now,
            uses: 0,
        };
        let summary = session.summary(self.limits, now);
        self.open.push(session);
        Ok(summary)
    }

    /// A session of this caller.
    ///
    /// # Errors
    /// `session-closed` with its end for one that is over, `not-found` for one that never was this
    /// caller's.
    pub fn get(
        &self,
        id: &SessionId,
        owner: &SessionOwner,
        now: Instant,
    ) -> Result<SessionSummary, OperationError> {
        let session = self.open.iter();
        let mut session = session.filter(|session| session.id == *id && session.owner == *owner);
        match session.next() {
            Some(session) => Ok(session.summary(self.limits, now)),
            None => Err(self.why_not(id, owner)),
        }
    }

    /// The sessions of this caller, or of all where none is named, the oldest first.
    pub fn list(
        &self,
        owner: Option<&SessionOwner>,
        now: Instant,
    ) -> impl Iterator<Item = SessionSummary> {
        let of_owner =
            move |session: &&Session<S>| owner.is_none_or(|owner| session.owner == *owner);
        let sessions = self.open.iter().filter(of_owner);
        sessions.map(move |session| session.summary(self.limits, now))
    }

    /// A use begins: until it ends, the session does not count as inactive. `card` is the one that
    /// is to be used, in its stay.
    ///
    /// # Errors
    /// As [`get`](Self::get), and `not-found` where the session is bound to another card.
    pub fn begin_use(
        &mut self,
        id: &SessionId,
        owner: &SessionOwner,
        card: Option<&SessionCard<S>>,
        now: Instant,
    ) -> Result<SessionSummary, OperationError> {
        let limits = self.limits;
        let mut sessions = self.open.iter_mut();
        let session = sessions.find(|session| session.id == *id && session.owner == *owner);
        let Some(session) = session else {
            return Err(self.why_not(id, owner));
        };
        if card.is_some_and(|card| session.card != *card) {
            return Err(ErrorCode::NotFound.into());
        }
        session.uses += 1;
        session.last_use = now;
        Ok(session.summary(limits, now))
    }

    /// A use ends.
    pub fn end_use(&mut self, id: &SessionId, now: Instant) {
        for session in self.open.iter_mut().filter(|session| session.id == *id) {
            session.uses = session.uses.saturating_sub(1);
            session.last_use = now;
        }
    }

    /// Ends the sessions that `ends` has an end for.
    pub fn close(
        &mut self,
        ends: impl Fn(&SessionId, &SessionOwner, &SessionCard<S>) -> Option<SessionEnd>,
    ) -> Vec<ClosedSession<S>> {
        self.close_where(|session| ends(&session.id, &session.owner, &session.card))
    }

    /// Ends the sessions whose time is over.
    pub fn close_overdue(&mut self, now: Instant) -> Vec<ClosedSession<S>> {
        let limits = self.limits;
        self.close_where(|session| session.overdue(limits, now))
    }

    /// Whether a session rests on the code that was presented in this stay of a card.
    pub fn rest_on(&self, stay: &S) -> bool {
        self.open.iter().any(|session| session.card.stay == *stay)
    }

    /// When the next session may be overdue; a use that ends meanwhile puts it off.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        let deadlines = self
            .open
            .iter()
            .filter_map(|session| session.deadline(self.limits));
        deadlines.min()
    }

    fn close_where(
        &mut self,
        end_of: impl Fn(&Session<S>) -> Option<SessionEnd>,
    ) -> Vec<ClosedSession<S>> {
        let mut closed = Vec::new();
        let mut still_open = Vec::new();
        for session in self.open.drain(..) {
            match end_of(&session) {
                Some(end) => closed.push((session, end)),
                None => still_open.push(session),
            }
        }
        self.open = still_open;
        let closed = closed.into_iter().map(|(session, end)| {
            if self.ended.len() >= Self::REMEMBERED {
                self.ended.pop_front();
            }
            self.ended.push_back(EndedSession {
                id: session.id.clone(),
                owner: session.owner,
                end,
            });
            let mut others = self.open.iter();
            ClosedSession {
                was_last_of_its_card: !others.any(|other| other.card == session.card),
                id: session.id,
                card: session.card,
                end,
            }
        });
        closed.collect()
    }

    fn why_not(&self, id: &SessionId, owner: &SessionOwner) -> OperationError {
        let mut ended = self.ended.iter();
        match ended.find(|ended| ended.id == *id && ended.owner == *owner) {
            Some(ended) => session_closed(ended.end),
            None => ErrorCode::NotFound.into(),
        }
    }
}

impl<S> Session<S> {
    fn summary(&self, limits: SessionLimits, now: Instant) -> SessionSummary {
        let end = self.opened + limits.age;
        let since_opened = |then: Instant| then.saturating_duration_since(self.opened_at);
        let last_use = if self.uses > 0 { now } else { self.last_use };
        let idle_end = self.opened + since_opened(last_use) + limits.inactivity;
        SessionSummary {
            id: self.id.clone(),
            card: self.card.id.clone(),
            opened: self.opened,
            idle_end: idle_end.min(end),
            end,
        }
    }

    fn overdue(&self, limits: SessionLimits, now: Instant) -> Option<SessionEnd> {
        let lasted =
            |since: Instant, limit: Duration| now.saturating_duration_since(since) >= limit;
        if lasted(self.opened_at, limits.age) {
            Some(SessionEnd::Age)
        } else if self.uses == 0 && lasted(self.last_use, limits.inactivity) {
            Some(SessionEnd::Inactivity)
        } else {
            None
        }
    }

    fn deadline(&self, limits: SessionLimits) -> Option<Instant> {
        let too_old = self.opened_at.checked_add(limits.age);
        let inactive = self.last_use.checked_add(limits.inactivity);
        match (too_old, inactive.filter(|_| self.uses == 0)) {
            (Some(too_old), Some(inactive)) => Some(too_old.min(inactive)),
            (one, other) => one.or(other),
        }
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
mod tests {
    use super::*;
    use daemon_types::Origin;
    use proptest::prelude::*;
    use time::macros::datetime;

    const CLOCK: OffsetDateTime = datetime!(2026-11-28 08:00 UTC);
    const MINUTE: Duration = Duration::from_secs(60);

    fn card(stay: u32) -> SessionCard<u32> {
        SessionCard {
            id: CardId("c".into()),
            stay,
        }
    }

    fn site(origin: &str) -> SessionOwner {
        SessionOwner::Site(Site {
            origin: Origin::parse(origin).unwrap(),
            top_origin: None,
        })
    }

    fn owner() -> SessionOwner {
        site("https://service.example")
    }

    fn id(name: &str) -> SessionId {
        SessionId(name.into())
    }

    fn with_one(start: Instant) -> Sessions<u32> {
        let mut sessions = Sessions::new(SessionLimits::DEFAULT);
        sessions
            .open(id("a"), owner(), card(1), (start, CLOCK))
            .unwrap();
        sessions
    }

    fn code_and_reason(error: &OperationError) -> (ErrorCode, Option<Reason>) {
        (error.code, error.reason)
    }

    #[test]
    fn a_session_is_its_callers_alone() {
        let start = Instant::now();
        let mut sessions = with_one(start);
        assert!(sessions.get(&id("a"), &owner(), start).is_ok());
        for other in [
            site("https://other.example"),
            SessionOwner::Program(None),
            SessionOwner::Process(Some(1), None),
        ] {
            let got = sessions.get(&id("a"), &other, start).unwrap_err();
            assert_eq!(got.code, ErrorCode::NotFound);
            let used = sessions.begin_use(&id("a"), &other, None, start);
            assert_eq!(used.unwrap_err().code, ErrorCode::NotFound);
        }
    }

    #[test]
    fn a_session_is_bound_to_one_stay_of_one_card() {
        let start = Instant::now();
        let mut sessions = with_one(start);
        let mut used =
            |card: &SessionCard<u32>| sessions.begin_use(&id("a"), &owner(), Some(card), start);
        assert!(used(&card(1)).is_ok());
        assert_eq!(used(&card(2)).unwrap_err().code, ErrorCode::NotFound);
    }

    #[test]
    fn each_use_puts_inactivity_off_and_nothing_puts_age_off() {
        let start = Instant::now();
        let mut sessions = with_one(start);
        let mut now = start;
        let ended = loop {
            now += 14 * MINUTE;
            let closed = sessions.close_overdue(now);
            if let [closed] = &closed[..] {
                break closed.end;
            }
            sessions.begin_use(&id("a"), &owner(), None, now).unwrap();
            sessions.end_use(&id("a"), now);
        };
        assert_eq!(ended, SessionEnd::Age);
        assert!(now - start >= 4 * 60 * MINUTE && now - start < 4 * 60 * MINUTE + 14 * MINUTE);
    }

    #[test]
    fn nobody_is_inactive_while_the_holder_thinks() {
        let start = Instant::now();
        let mut sessions = with_one(start);
        sessions.begin_use(&id("a"), &owner(), None, start).unwrap();
        let later = start + 20 * MINUTE;
        assert!(sessions.close_overdue(later).is_empty());
        assert_eq!(sessions.next_deadline(), Some(start + 240 * MINUTE));
        sessions.end_use(&id("a"), later);
        assert!(sessions.close_overdue(later + 14 * MINUTE).is_empty());
        let closed = sessions.close_overdue(later + 15 * MINUTE);
        assert_eq!(closed[0].end, SessionEnd::Inactivity);
    }

    #[test]
    fn who_comes_back_is_told_why_it_ended() {
        let start = Instant::now();
        for end in SessionEnd::ALL {
            let mut sessions = with_one(start);
            sessions.close(|_, _, _| Some(*end));
            let error = sessions.get(&id("a"), &owner(), start).unwrap_err();
            assert_eq!(
                code_and_reason(&error),
                code_and_reason(&session_closed(*end))
            );
            assert_eq!(error.code, ErrorCode::SessionClosed);
            let other = sessions.get(&id("a"), &site("https://other.example"), start);
            assert_eq!(other.unwrap_err().code, ErrorCode::NotFound);
        }
    }

    #[test]
    fn the_code_is_dropped_with_the_last_session_of_a_stay() {
        let start = Instant::now();
        let mut sessions = with_one(start);
        let other = SessionOwner::Program(None);
        sessions
            .open(id("b"), other, card(1), (start, CLOCK))
            .unwrap();
        let end = |name: &'static str| {
            move |session: &SessionId, _: &SessionOwner, _: &SessionCard<u32>| {
                (session.0 == name).then_some(SessionEnd::Ended)
            }
        };
        assert!(!sessions.close(end("a"))[0].was_last_of_its_card);
        assert!(sessions.close(end("b"))[0].was_last_of_its_card);
    }

    #[test]
    fn no_caller_opens_sessions_without_end() {
        let start = Instant::now();
        let mut sessions = Sessions::new(SessionLimits::DEFAULT);
        let mut open = |name: String, owner: SessionOwner| {
            sessions
                .open(SessionId(name), owner, card(1), (start, CLOCK))
                .is_ok()
        };
        let of_one = (0..20).filter(|number| open(format!("a{number}"), owner()));
        assert_eq!(of_one.count(), Sessions::<u32>::MOST_OF_ONE);
        let of_many = (0..200_u32)
            .filter(|pid| open(format!("b{pid}"), SessionOwner::Process(Some(*pid), None)));
        assert_eq!(
            of_many.count(),
            Sessions::<u32>::MOST - Sessions::<u32>::MOST_OF_ONE
        );
    }

    #[test]
    fn the_times_that_a_caller_sees_are_those_that_hold() {
        let start = Instant::now();
        let mut sessions = with_one(start);
        let seen = sessions.get(&id("a"), &owner(), start).unwrap();
        assert_eq!(seen.idle_end, datetime!(2026-11-28 08:15 UTC));
        assert_eq!(seen.end, datetime!(2026-11-28 12:00 UTC));
        let late = start + 235 * MINUTE;
        sessions.begin_use(&id("a"), &owner(), None, late).unwrap();
        sessions.end_use(&id("a"), late);
        let seen = sessions.get(&id("a"), &owner(), late).unwrap();
        assert_eq!(
            seen.idle_end, seen.end,
            "no idle time reaches beyond the end"
        );
    }

    proptest! {
        /// Whatever happens in whatever order, no session outlives its limits, and the deadline is
        /// never later than the first moment at which one is overdue.
        #[test]
        fn no_session_outlives_its_limits(
            steps in proptest::collection::vec((0_u64..20, 0_u8..4), 1..80),
        ) {
            let start = Instant::now();
            let mut sessions = Sessions::new(SessionLimits::DEFAULT);
            let (mut now, mut opened, mut under_way) = (start, 0_u32, 0_u32);
            for (minutes, step) in steps {
                now += Duration::from_secs(60 * minutes);
                let deadline = sessions.next_deadline();
                let closed = sessions.close_overdue(now);
                prop_assert_eq!(closed.is_empty(), deadline.is_none_or(|deadline| now < deadline));
                prop_assert!(sessions.next_deadline().is_none_or(|deadline| now < deadline));
                match step {
                    0 => {
                        opened += 1;
                        let _ = sessions.open(id(&opened.to_string()), owner(), card(1), (now, CLOCK));
                        under_way = 0;
                    }
                    1 => under_way += u32::from(
                        sessions.begin_use(&id(&opened.to_string()), &owner(), None, now).is_ok(),
                    ),
                    2 if under_way > 0 => {
                        under_way -= 1;
                        sessions.end_use(&id(&opened.to_string()), now);
                    }
                    _ => {}
                }
            }
            prop_assert!(sessions.close_overdue(now + SessionLimits::DEFAULT.age).len() <= Sessions::<u32>::MOST);
            prop_assert!(sessions.list(None, now).next().is_none());
        }
    }
}
