//! A use of a key in a session: without a code, or with one that the session then goes on with.

use std::sync::atomic::AtomicBool;

use daemon_cards::{CardInReader, CodeForKey, HolderCodeError};
use daemon_core::{SessionCard, SessionOwner, session_closed};
use daemon_types::{
    Caller, ErrorCode, KeyRole, OperationError, SessionEnd, SessionId, SignatureCode,
};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::Operations;
use crate::holder::CARD_TIME;
use crate::journalled::result_of;
use crate::key_work::{CodeOfWork, KeyWork};

/// A session that is used now. While this lives, it is not inactive.
#[derive(Debug)]
pub(crate) struct SessionUse<'a> {
    operations: &'a Operations,
    id: SessionId,
    end: watch::Receiver<Option<SessionEnd>>,
    /// The holder agreed to this use when they opened the session.
    is_agreed: bool,
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
        let card = SessionCard {
            id: card.card.summary.id.clone(),
            stay: card.stay(),
        };
        let end = self.sessions().begin_use(
            id,
            &SessionOwner::from(caller),
            Some(&card),
            Instant::now().into_std(),
        )?;
        let signs = role == KeyRole::Signature;
        let session_use = SessionUse {
            operations: self,
            id: id.clone(),
            end,
            // Who is not paired never gets anything without the holder's answer.
            is_agreed: !signs && !matches!(caller, Caller::SocketProgram(_)),
        };
        let asks_code = signs && self.policy().signature_code == SignatureCode::Each;
        let code = CodeOfWork::OfSession {
            is_asked: AtomicBool::new(asks_code),
        };
        Ok((Some(session_use), code))
    }

    /// Uses a key, in a session where there is one.
    pub(crate) async fn use_key(
        &self,
        caller: &Caller,
        card: CardInReader,
        work: &KeyWork,
        session: Option<SessionUse<'_>>,
        deadline: Instant,
    ) -> Result<Vec<Vec<u8>>, OperationError> {
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
    /// asked for everything else, and where the card knows of the code no more.
    async fn use_key_in_session(
        &self,
        caller: &Caller,
        card: CardInReader,
        work: &KeyWork,
        session: &SessionUse<'_>,
        deadline: Instant,
    ) -> Result<Vec<Vec<u8>>, OperationError> {
        if session.is_agreed
            && let Some(used) = self.use_kept_code(caller, &card, work, deadline).await?
        {
            return Ok(used);
        }
        self.work_with_holder(caller, card, work, deadline).await
    }

    /// Uses a key on the code of the session, without a question; nothing where the code is gone.
    async fn use_kept_code(
        &self,
        caller: &Caller,
        card: &CardInReader,
        work: &KeyWork,
        deadline: Instant,
    ) -> Result<Option<Vec<Vec<u8>>>, OperationError> {
        let intent = self.intend(caller, card, &work.purpose).await?;
        let used = work.use_key(&self.0.cards, card, CodeForKey::Kept);
        let used = tokio::time::timeout_at(deadline + CARD_TIME, used).await;
        let used = used.unwrap_or_else(|_| Err(OperationError::new(ErrorCode::Timeout).into()));
        intent.end(result_of(&used, work, card)).await;
        match used {
            Ok(signatures) => Ok(Some(signatures)),
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

impl Drop for SessionUse<'_> {
    fn drop(&mut self) {
        let now = Instant::now().into_std();
        self.operations.sessions().end_use(&self.id, now);
        self.operations.look_at_sessions_again();
    }
}

/// Waits for the end of a session.
async fn ended(end: &mut watch::Receiver<Option<SessionEnd>>) -> SessionEnd {
    match end.wait_for(Option::is_some).await {
        Ok(end) => end.unwrap_or(SessionEnd::Ended),
        Err(_) => SessionEnd::Ended,
    }
}
