//! What the journal tells of one use of the card: an intent before it, an outcome however it ends.

use std::sync::Arc;

use daemon_cards::{CardInReader, HolderCodeError};
use daemon_journal::{Entry, Journal, JournalError, Line, Operation, OutcomeResult};
use daemon_types::{
    Caller, ErrorCode, KeyRole, NotTaken, OperationError, Purpose, Reason, SessionId,
};
use time::OffsetDateTime;
use tokio::runtime::Handle;
use tokio::task::{JoinError, spawn_blocking};

use crate::Operations;
use crate::holder::{HolderWork, codes_of};

/// An intent that is on the disk. Dropped before its end, as with the request of a caller that
/// left, it says so itself.
#[derive(Debug)]
pub(crate) struct Intent {
    journal: Arc<Journal>,
    now: fn() -> OffsetDateTime,
    seq: u64,
    has_ended: bool,
}

impl Operations {
    /// Writes who wants to use the card for what. Without that, the card is not used.
    pub(crate) async fn intend<W: HolderWork>(
        &self,
        caller: &Caller,
        card: &CardInReader,
        work: &W,
    ) -> Result<Intent, OperationError> {
        let journal = Arc::clone(&self.0.journal);
        let now = self.0.now;
        let entry = intent(caller, card, &work.purpose(), work.session());
        // Whoever leaves meanwhile drops the intent that comes of it, which then says so.
        let written = spawn_blocking(move || {
            let seq = journal.append(now(), entry)?;
            Ok(Intent {
                journal,
                now,
                seq,
                has_ended: false,
            })
        });
        written.await.map_err(from_join_error)?.map_err(unavailable)
    }
}

impl Operations {
    /// The last lines of the journal, newest first, and whether those beside them are sound. They are the user's:
    /// whom else he let in is no business of a paired program.
    ///
    /// # Errors
    /// `right-missing`, and `internal` when it cannot be read.
    pub async fn last_of_journal(
        &self,
        caller: &Caller,
        limit: usize,
    ) -> Result<(Vec<Line>, bool), OperationError> {
        self.check_is_own_program(caller)?;
        let journal = Arc::clone(&self.0.journal);
        let read = spawn_blocking(move || journal.newest(limit));
        let read = read.await.map_err(from_join_error)?;
        read.map_err(|error| {
            let unavailable = OperationError::new(ErrorCode::Internal);
            unavailable
                .because(Reason::JournalUnavailable)
                .caused_by(error)
        })
    }

    /// Writes what became of a pairing, a grant or a session, on the disk.
    ///
    /// # Errors
    /// `internal` with the reason `journal-unavailable`.
    pub(crate) async fn record(&self, entry: Entry) -> Result<(), OperationError> {
        let (journal, now) = (Arc::clone(&self.0.journal), self.now());
        let written = spawn_blocking(move || journal.append(now, entry));
        written
            .await
            .map_err(from_join_error)?
            .map_err(unavailable)?;
        Ok(())
    }

    /// The same where the decision stands whether or not it can be written: it takes something
    /// away, or gives nothing.
    pub(crate) async fn record_if_possible(&self, entry: Entry) {
        if let Err(error) = self.record(entry).await {
            tracing::error!(
                event = "journal-missed",
                ?error,
                "what happened is not in the journal"
            );
        }
    }
}

impl Intent {
    /// Writes how it ended, so that no end of the agent loses it, and leaves it to another thread
    /// to bring it to the disk.
    pub(crate) async fn end(mut self, result: OutcomeResult) {
        self.has_ended = true;
        let (journal, time, seq) = (Arc::clone(&self.journal), (self.now)(), self.seq);
        let written = spawn_blocking(move || journal.outcome(time, seq, result));
        if let Err(error) = written.await {
            tracing::error!(
                event = "outcome-not-written",
                ?error,
                "an outcome was not written"
            );
        }
        let journal = Arc::clone(&self.journal);
        spawn_blocking(move || {
            if let Err(error) = journal.sync() {
                tracing::warn!(
                    event = "outcome-not-on-disk",
                    ?error,
                    "an outcome is not on the disk yet"
                );
            }
        });
    }
}

impl Drop for Intent {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        let (journal, time, seq) = (Arc::clone(&self.journal), (self.now)(), self.seq);
        let write = move || journal.outcome(time, seq, OutcomeResult::caller_left());
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(write)),
            Err(_) => write(),
        }
    }
}

/// How one presentation of a code ended.
pub(crate) fn result_of<W: HolderWork>(
    outcome: &Result<W::Outcome, HolderCodeError>,
    work: &W,
    card: &CardInReader,
) -> OutcomeResult {
    match outcome {
        Ok(_) => OutcomeResult::ok(),
        Err(HolderCodeError::WrongCode { .. }) => work.wrong_code().into(),
        Err(HolderCodeError::Blocked) => work.blocked(&codes_of(card)).into(),
        Err(HolderCodeError::LastTryNotConfirmed) => ErrorCode::LastTryNotConfirmed.into(),
        Err(HolderCodeError::NotPresented) => OutcomeResult::code_lost(),
        Err(HolderCodeError::NotTaken(NotTaken::Length)) => ErrorCode::PinLength.into(),
        // Nothing was presented; the holder is asked again.
        Err(
            HolderCodeError::NotTaken(NotTaken::NewCodesDiffer) | HolderCodeError::KeypadUnusable,
        ) => ErrorCode::Cancelled.into(),
        Err(HolderCodeError::Operation(error)) => error.into(),
    }
}

fn intent(
    caller: &Caller,
    card: &CardInReader,
    purpose: &Purpose,
    session: Option<&SessionId>,
) -> Entry {
    let (operation, key, digests) = match purpose {
        Purpose::Authenticate { .. } | Purpose::UseAuthenticationKey => {
            let key = KeyRole::Authentication;
            (Operation::Authenticate, Some(key), None)
        }
        Purpose::Decipher => {
            let key = KeyRole::Authentication;
            (Operation::Decipher, Some(key), None)
        }
        Purpose::Sign { digests, .. } => {
            let key = KeyRole::Signature;
            (Operation::Sign, Some(key), Some(digests.len()))
        }
        Purpose::ReadActivities => (Operation::ReadActivities, None, None),
        Purpose::ChangePin => (Operation::ChangePin, None, None),
        Purpose::UnblockPin => (Operation::UnblockPin, None, None),
        Purpose::OpenSession(_) => (Operation::OpenSession, None, None),
    };
    Entry::intent(
        caller,
        operation,
        &card.card.summary.id,
        key,
        digests,
        session,
    )
}

fn unavailable(error: JournalError) -> OperationError {
    OperationError::new(ErrorCode::Internal)
        .because(Reason::JournalUnavailable)
        .caused_by(error)
}

fn from_join_error(error: JoinError) -> OperationError {
    OperationError::new(ErrorCode::Internal)
        .because(Reason::JournalUnavailable)
        .caused_by(error)
}
