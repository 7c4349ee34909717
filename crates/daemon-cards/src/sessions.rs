//! A code that stays presented to its card for as long as sessions last.

use daemon_types::{OperationError, SessionEnd};
use tokio::sync::oneshot;

use crate::open_card::{AfterCode, GoOn, OpenCard};
use crate::worker::Job;
use crate::worker_link::Unanswered;
use crate::{CardInReader, Cards, HolderCodeError, HolderPin, Stay};

impl Cards {
    /// Presents the code and leaves it presented: uses of a key may rest on it
    /// ([`CodeForKey::Kept`](crate::CodeForKey::Kept)) until it is dropped, or the card is reset.
    ///
    /// Dropping the future before the worker took the job takes the job back; whoever drops it
    /// later drops the code, too.
    ///
    /// # Errors
    /// [`HolderCodeError`]; the card of another insertion is never touched.
    pub async fn present_pin(
        &self,
        card: &CardInReader,
        pin: impl Into<HolderPin>,
    ) -> Result<(), HolderCodeError> {
        let pin = pin.into();
        let (reply, answer) = oneshot::channel();
        let insertion = card.insertion;
        let job = Job::PresentPin {
            insertion,
            pin,
            reply,
        };
        let progress = self.give(card.reader(), job, |queue| &queue.uses)?;
        let presented = progress.answer(answer).await;
        presented.map_err(Unanswered::into_error)
    }

    /// Drops the code that was presented for sessions, where no other program presented it too and
    /// the settings do not leave it.
    ///
    /// # Errors
    /// What the card or its reader says; a card that left knows of no code.
    pub async fn drop_kept_code(&self, stay: &Stay) -> Result<(), OperationError> {
        let (reply, answer) = oneshot::channel();
        let insertion = stay.insertion;
        let job = Job::DropKeptCode { insertion, reply };
        let progress = self.give(&stay.reader, job, |queue| &queue.looks)?;
        let dropped = progress.answer(answer).await;
        dropped.map_err(Unanswered::into_error)
    }
}

impl Cards {
    /// Why a stay is over, where it is: its reader left, or its card.
    #[must_use]
    pub fn end_of(&self, stay: &Stay) -> Option<SessionEnd> {
        let is_there = self.cards().iter().any(|card| card.stay() == *stay);
        if is_there {
            return None;
        }
        let has_reader = self.readers().iter().any(|reader| reader.id == stay.reader);
        Some(if has_reader {
            SessionEnd::CardRemoved
        } else {
            SessionEnd::ReaderLost
        })
    }
}

impl OpenCard {
    /// VERIFY alone, in one transaction that keeps what it made.
    pub(crate) fn present_pin(
        &mut self,
        pin: &HolderPin,
        go_on: &GoOn<'_>,
    ) -> Result<(), HolderCodeError> {
        self.present_code(AfterCode::Keep, |card| {
            go_on()?;
            pin.present(card)
        })
    }
}
