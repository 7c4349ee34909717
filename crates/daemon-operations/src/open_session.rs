//! Opening a session: the holder types the code, which then stays presented to the card.

use daemon_cards::{CardInReader, Cards, HolderCodeError, OperationClock, PresentedCode};
use daemon_core::{
    SessionCard, authorise, blocked_error, code_entry, session_closed, session_owner,
};
use daemon_journal::{Entry, Name};
use daemon_types::{
    Caller, CallerKey, CardId, CodesAsked, CodesOfCard, ErrorCode, Happening, OperationError,
    Purpose, Reason, Right, SessionEnd, SessionId, SessionSummary, SessionTerms,
};
use prompt::CallersTerminal;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::Operations;
use crate::holder::{HolderWork, holder_pin};
use crate::keypad::Entered;
use crate::metrics::Operation;
use crate::randomness::random_name;
use crate::sessions::{clock, ended};

impl Operations {
    /// Whether a caller may open sessions at all, for a door that must know before it reads a body.
    ///
    /// # Errors
    /// `right-missing`, also for a program that nobody paired.
    pub fn check_may_open_sessions(&self, caller: &Caller) -> Result<CallerKey, OperationError> {
        authorise(caller, Right::Authenticate).or_else(|_| authorise(caller, Right::Sign))?;
        session_owner(caller).ok_or(ErrorCode::RightMissing.into())
    }

    /// Opens a session: the holder types the code once, and it stays presented to the card.
    ///
    /// # Errors
    /// Every code about rights, card, code and holder; `busy` where there are too many sessions,
    /// `session-closed` where it was over before the holder had typed the code, `card-unsupported` with
    /// [`Reason::CodeNotKept`] for a card whose code nobody keeps, before anybody is asked.
    pub async fn open_session(
        &self,
        caller: &Caller,
        id: &CardId,
        deadline: Instant,
    ) -> Result<SessionSummary, OperationError> {
        let measured = self.measure(Operation::OpenSession);
        let opened = self.present_for_session(caller, id, deadline, measured.clock());
        let opened = opened.await;
        measured.end(opened)
    }

    async fn present_for_session(
        &self,
        caller: &Caller,
        id: &CardId,
        deadline: Instant,
        clock: &OperationClock,
    ) -> Result<SessionSummary, OperationError> {
        let owner = self.check_may_open_sessions(caller)?;
        self.open_session_of(caller, owner, id, deadline, clock)
            .await
    }

    /// The same for whoever a session may be opened for.
    pub(crate) async fn open_session_of(
        &self,
        caller: &Caller,
        owner: CallerKey,
        id: &CardId,
        deadline: Instant,
        clock: &OperationClock,
    ) -> Result<SessionSummary, OperationError> {
        let card = self.card_of_environment(id)?.on_clock(clock);
        check_keeps_code(&card)?;
        let mut opening = Opening::begin(self, caller, owner, &card)?;
        let mut end = opening.end.clone();
        let opened = tokio::select! {
            biased;
            ended = ended(&mut end) => Err(session_closed(ended)),
            opened = self.work_with_holder(caller, card, &opening, deadline) => opened,
        };
        opening.is_answered = opened.is_ok();
        opened
    }

    fn session_terms(&self, caller: &Caller) -> SessionTerms {
        let may = |right| authorise(caller, right).is_ok();
        SessionTerms {
            limits: self.policy().session_limits,
            authenticates: may(Right::Authenticate),
            // The call for it is open to nobody else.
            deciphers: self.check_is_program_of_user(caller).is_ok() && may(Right::Decipher),
            signs: may(Right::Sign).then_some(self.policy().signature_code),
        }
    }
}

/// A session promises one code for all its uses, which nobody could keep here.
fn check_keeps_code(card: &CardInReader) -> Result<(), OperationError> {
    if card.keeps_code {
        Ok(())
    } else {
        Err(OperationError::new(ErrorCode::CardUnsupported).because(Reason::CodeNotKept))
    }
}

/// A session that is being opened. Unless its caller is answered, nothing stays of it.
struct Opening<'a> {
    operations: &'a Operations,
    caller: &'a Caller,
    owner: CallerKey,
    id: SessionId,
    card: CardId,
    end: watch::Receiver<Option<SessionEnd>>,
    is_answered: bool,
}

impl<'a> Opening<'a> {
    fn begin(
        operations: &'a Operations,
        caller: &'a Caller,
        owner: CallerKey,
        card: &CardInReader,
    ) -> Result<Self, OperationError> {
        let id = SessionId(random_name()?);
        let session_card = SessionCard {
            id: card.card.summary.id.clone(),
            stay: card.stay(),
        };
        let mut live = operations.live_sessions();
        live.sessions
            .begin(id.clone(), owner.clone(), session_card)?;
        let end = live.tie(&id);
        Ok(Self {
            operations,
            caller,
            owner,
            card: card.card.summary.id.clone(),
            id,
            end,
            is_answered: false,
        })
    }

    /// The code is presented: the session is open, and in the journal.
    async fn complete(&self, code: PresentedCode) -> Result<SessionSummary, OperationError> {
        {
            let now = (clock(), self.operations.now());
            let mut live = self.operations.live_sessions();
            live.sessions.open(&self.id, &self.owner, now)?;
            live.keep_code(&self.id, code);
        }
        self.operations.look_at_sessions_again();
        self.end_with_grant();
        let operations = self.operations.clone();
        let entry = self.entry();
        // Whoever leaves meanwhile leaves the line to be written, before that of the end.
        let recorded = tokio::spawn(async move { operations.record(entry).await });
        let recorded = recorded.await;
        recorded.map_err(|error| OperationError::new(ErrorCode::Internal).caused_by(error))??;
        // The card may have left while nobody had a session to end.
        drop(self.operations.end_what_is_over());
        let live = self.operations.live_sessions();
        let session = live.sessions.get(&self.id, &self.owner, clock())?;
        // Under the lock: its end is told after it.
        self.operations.0.cards.announce(Happening::SessionOpened {
            session: self.id.clone(),
            owner: self.owner.clone(),
            card: self.card.clone(),
        });
        Ok(session)
    }

    /// A session ends with the grant of its caller, also where that ends by time.
    fn end_with_grant(&self) {
        let (operations, caller) = (self.operations.clone(), self.caller.clone());
        let (id, mut end) = (self.id.clone(), self.end.clone());
        let right = if authorise(&caller, Right::Authenticate).is_ok() {
            Right::Authenticate
        } else {
            Right::Sign
        };
        tokio::spawn(async move {
            tokio::select! {
                _ = ended(&mut end) => return,
                _ = operations.put_out(&caller, right) => {}
            }
            drop(operations.close_sessions(|sessions| {
                sessions.close(|other, _, _| (*other == id).then_some(SessionEnd::GrantRevoked))
            }));
        });
    }

    fn entry(&self) -> Entry {
        Entry::SessionOpened {
            session: Name::of(&self.id.0),
            who: self.caller.into(),
            card: self.card.0.clone(),
        }
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        if self.is_answered || self.operations.live_sessions().abandon(&self.id) {
            return;
        }
        let id = self.id.clone();
        drop(self.operations.close_sessions(|sessions| {
            sessions.close(|other, _, _| (*other == id).then_some(SessionEnd::Ended))
        }));
    }
}

impl HolderWork for Opening<'_> {
    type Outcome = SessionSummary;

    fn callers_terminal(&self) -> Option<&CallersTerminal> {
        None
    }

    fn purpose(&self) -> Purpose {
        Purpose::OpenSession(self.operations.session_terms(self.caller))
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
    ) -> Result<SessionSummary, HolderCodeError> {
        let code = cards
            .present_pin(card, holder_pin(&asked, entered)?)
            .await?;
        Ok(self.complete(code).await?)
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
