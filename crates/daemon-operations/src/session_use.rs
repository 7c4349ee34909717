//! A use of a key in a session: without a code, or with one that the session then goes on with.

use daemon_cards::{CardInReader, CodeClaim, CodeForKey, HolderCodeError};
use daemon_core::{SessionCard, process_owner, session_closed, session_owner};
use daemon_types::{
    Caller, ErrorCode, KeyRole, OperationError, SessionEnd, SessionId, SignatureCode,
};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::Operations;
use crate::holder::{CARD_TIME, right_for};
use crate::journalled::result_of;
use crate::key_work::{CodeOfWork, KeyTask, KeyWork};
use crate::sessions::{clock, ended};

/// A session that is used now. While this lives, it is not inactive.
#[derive(Debug)]
pub(crate) struct SessionUse<'a> {
    operations: &'a Operations,
    id: SessionId,
    code: CodeClaim,
    end: watch::Receiver<Option<SessionEnd>>,
}

impl Operations {
    /// The session that a use of a key names, begun, and where the code for it comes from.
    ///
    /// # Errors
    /// `session-closed`, `not-found`, also where the session is another caller's or another card's.
    pub(crate) fn code_of_work(
        &self,
        caller: &Caller,
        session: Option<&SessionId>,
        card: &CardInReader,
        role: KeyRole,
    ) -> Result<(Option<SessionUse<'_>>, CodeOfWork), OperationError> {
        let Some(id) = session else {
            return Ok((None, CodeOfWork::Typed));
        };
        let session_use = SessionUse::begin(self, caller, id, card)?;
        let signs = role == KeyRole::Signature;
        let asks_code = signs && self.policy().signature_code == SignatureCode::Each;
        let code = CodeOfWork::of_session(id, &session_use.code, asks_code);
        Ok((Some(session_use), code))
    }

    /// Uses a key, in a session where there is one.
    pub(crate) async fn use_key<T: KeyTask>(
        &self,
        caller: &Caller,
        card: CardInReader,
        work: &KeyWork<T>,
        session: Option<SessionUse<'_>>,
        deadline: Instant,
    ) -> Result<T::Outcome, OperationError> {
        let Some(session) = session else {
            return self.work_with_holder(caller, card, work, deadline).await;
        };
        let mut end = session.end.clone();
        tokio::select! {
            biased;
            ended = ended(&mut end) => Err(session_closed(ended)),
            used = self.use_key_in_session(caller, card, work, &session, deadline) => used,
        }
    }

    /// What the holder agreed to when they opened the session is asked of the card alone. They are
    /// asked for every signature, and where the card knows of the code no more.
    async fn use_key_in_session<T: KeyTask>(
        &self,
        caller: &Caller,
        card: CardInReader,
        work: &KeyWork<T>,
        session: &SessionUse<'_>,
        deadline: Instant,
    ) -> Result<T::Outcome, OperationError> {
        if work.task.is_quiet_in_session() {
            let used = self.use_kept_code(caller, &card, work, session, deadline);
            let used = self.while_let_in(caller, right_for(&work.purpose), used);
            if let Some(outcome) = used.await? {
                return Ok(outcome);
            }
        }
        self.work_with_holder(caller, card, work, deadline).await
    }

    /// Uses a key on the code of the session, without a question; nothing where the code is gone.
    async fn use_kept_code<T: KeyTask>(
        &self,
        caller: &Caller,
        card: &CardInReader,
        work: &KeyWork<T>,
        session: &SessionUse<'_>,
        deadline: Instant,
    ) -> Result<Option<T::Outcome>, OperationError> {
        self.limits().quiet_use(&caller.key(), clock())?;
        let places = self.session_book().quiet_uses_of(card.reader());
        let place = timeout_at(deadline, places.acquire()).await;
        let _place = place.map_err(|_| ErrorCode::Timeout)?;
        let code = session.code.hold().map(CodeForKey::Kept);
        let code = code.ok_or(ErrorCode::SessionClosed)?;
        let intent = self.intend(caller, card, work).await?;
        let used = timeout_at(
            deadline + CARD_TIME,
            work.use_key(&self.0.cards, card, code),
        )
        .await;
        let used = used.unwrap_or_else(|_| Err(OperationError::new(ErrorCode::Timeout).into()));
        intent.end(result_of(&used, work, card)).await;
        match used {
            Ok(outcome) => Ok(Some(outcome)),
            Err(HolderCodeError::NotPresented) => Ok(None),
            Err(HolderCodeError::Operation(error)) => Err(error),
            Err(
                error @ (HolderCodeError::WrongCode { .. }
                | HolderCodeError::Blocked
                | HolderCodeError::LastTryNotConfirmed
                | HolderCodeError::NotTaken(_)
                | HolderCodeError::KeypadUnusable),
            ) => Err(OperationError::new(ErrorCode::Internal).caused_by(error)),
        }
    }
}

impl<'a> SessionUse<'a> {
    fn begin(
        operations: &'a Operations,
        caller: &Caller,
        id: &SessionId,
        card: &CardInReader,
    ) -> Result<Self, OperationError> {
        let owner = session_owner(caller).or_else(|| process_owner(caller));
        let owner = owner.ok_or(ErrorCode::NotFound)?;
        let card = SessionCard {
            id: card.card.summary.id.clone(),
            stay: card.stay(),
        };
        operations.end_what_is_over();
        let mut live = operations.live_sessions();
        let Some((code, end)) = live.code_and_end(id) else {
            // Its caller is told why it is there no more.
            live.sessions.get(id, &owner, clock())?;
            return Err(ErrorCode::NotFound.into());
        };
        live.sessions.begin_use(id, &owner, Some(&card), clock())?;
        Ok(Self {
            operations,
            id: id.clone(),
            code,
            end,
        })
    }
}

impl Drop for SessionUse<'_> {
    fn drop(&mut self) {
        let mut live = self.operations.live_sessions();
        live.sessions.end_use(&self.id, clock());
        drop(live);
        self.operations.look_at_sessions_again();
    }
}
