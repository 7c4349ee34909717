//! The code alone, presented for uses that are still to come.

use tokio::sync::oneshot;

use crate::job::Job;
use crate::open_card::{AfterCode, GoOn, OpenCard};
use crate::worker_link::Unanswered;
use crate::{CardInReader, Cards, HolderCodeError, HolderPin, PresentedCode};

impl Cards {
    /// Presents the code and leaves it presented for as long as the answer, or a clone of it, lives.
    ///
    /// Dropping the future before the worker took the job takes the job back; a code that is
    /// presented by then is dropped again.
    ///
    /// # Errors
    /// [`HolderCodeError`]; the card of another insertion is never touched.
    pub async fn present_pin(
        &self,
        card: &CardInReader,
        pin: impl Into<HolderPin>,
    ) -> Result<PresentedCode, HolderCodeError> {
        let pin = pin.into();
        let (reply, answer) = oneshot::channel();
        let insertion = card.insertion;
        let code = PresentedCode::new(self.messages_to_worker(card.reader())?);
        let job = Job::PresentPin {
            insertion,
            pin,
            code: code.clone(),
            reply,
        };
        let progress = self.give(card, job, |queue| &queue.uses)?;
        let presented = progress.answer(answer).await;
        presented.map_err(Unanswered::into_error)?;
        Ok(code)
    }
}

impl OpenCard {
    /// VERIFY alone, in one transaction that keeps what it made.
    pub(crate) fn present_pin(
        &mut self,
        pin: &HolderPin,
        code: &PresentedCode,
        go_on: &GoOn<'_>,
    ) -> Result<(), HolderCodeError> {
        self.present_code(AfterCode::Keep(code), |card| {
            go_on()?;
            pin.present(card)
        })
    }
}
