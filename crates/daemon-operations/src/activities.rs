//! Where the holder works, which a card shows after the code.

use daemon_cards::{CardInReader, Cards, HolderCodeError};
use daemon_core::{authorise, blocked_error, code_entry};
use daemon_types::{
    Activity, Caller, CardId, CodesAsked, CodesOfCard, ErrorCode, OperationError, Purpose, Right,
};
use prompt::CallersTerminal;
use tokio::time::Instant;

use crate::Operations;
use crate::holder::{HolderWork, holder_pin};
use crate::keypad::Entered;

impl Operations {
    /// The holder's places of work. Nobody is asked for a code where the card lists none.
    ///
    /// # Errors
    /// Every code about rights, card, code and holder.
    pub async fn activities(
        &self,
        caller: &Caller,
        id: &CardId,
        deadline: Instant,
    ) -> Result<Vec<Activity>, OperationError> {
        authorise(caller, Right::Identify)?;
        let card = self.card_of_environment(id)?;
        if self.0.cards.activity_numbers(&card).await?.is_empty() {
            return Ok(Vec::new());
        }
        self.work_with_holder(caller, card, &ReadActivities, deadline)
            .await
    }
}

/// Reading what lies behind the code.
struct ReadActivities;

impl HolderWork for ReadActivities {
    type Outcome = Vec<Activity>;

    fn callers_terminal(&self) -> Option<&CallersTerminal> {
        None
    }

    fn purpose(&self) -> Purpose {
        Purpose::ReadActivities
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
    ) -> Result<Self::Outcome, HolderCodeError> {
        cards.activities(card, holder_pin(&asked, entered)?).await
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
