//! Where the holder works, which a card shows after the code.

use daemon_cards::{CardInReader, Cards, HolderCodeError, OperationClock};
use daemon_core::{authorise, blocked_error, code_entry};
use daemon_types::{
    Activity, Caller, CardId, CodesAsked, CodesOfCard, ErrorCode, OperationError, Purpose, Right,
};
use prompt::CallersTerminal;
use tokio::time::Instant;

use crate::Operations;
use crate::holder::{HolderWork, holder_pin};
use crate::keypad::Entered;
use crate::metrics::Operation;

impl Operations {
    /// The holder's places of work. Nobody is asked for a code where the card says before that it
    /// lists none.
    ///
    /// # Errors
    /// Every code about rights, card, code and holder.
    pub async fn activities(
        &self,
        caller: &Caller,
        id: &CardId,
        deadline: Instant,
    ) -> Result<Vec<Activity>, OperationError> {
        let measured = self.measure(Operation::ReadActivities);
        let read = self.read_activities(caller, id, deadline, measured.clock());
        let read = read.await;
        measured.end(read)
    }

    async fn read_activities(
        &self,
        caller: &Caller,
        id: &CardId,
        deadline: Instant,
        clock: &OperationClock,
    ) -> Result<Vec<Activity>, OperationError> {
        authorise(caller, Right::Identify)?;
        let card = self.card_of_environment(id)?.on_clock(clock);
        let listed = self.0.cards.activity_numbers(&card).await?;
        if says_that_there_is_none(listed.as_deref()) {
            return Ok(Vec::new());
        }
        self.work_with_holder(caller, card, &ReadActivities, deadline)
            .await
    }
}

/// A list that is told only after the code says nothing yet.
fn says_that_there_is_none(listed: Option<&[u8]>) -> bool {
    listed.is_some_and(<[u8]>::is_empty)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_empty_list_spares_the_holder_the_code() {
        assert!(says_that_there_is_none(Some(&[])));
        assert!(!says_that_there_is_none(Some(&[1, 3])));
        assert!(!says_that_there_is_none(None));
    }
}
