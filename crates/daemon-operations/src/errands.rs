//! Turns of processes at a card, for what they ask of it without its holder: one thing at a time of each, so that one
//! process with many threads has no more of the card than another with one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use daemon_cards::CardInReader;
use daemon_core::process_owner;
use daemon_types::{Caller, CallerKey, ErrorCode, OperationError, ReaderId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Operations;

/// Who has a turn or waits for one.
#[derive(Debug, Default)]
pub(crate) struct Errands(Mutex<HashMap<(CallerKey, ReaderId), Arc<Semaphore>>>);

/// A turn, over when this is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl Errands {
    /// Waits until nothing else of this caller is asked of the card in the reader.
    pub(crate) async fn turn(
        &self,
        caller: CallerKey,
        reader: &ReaderId,
    ) -> Result<Turn, OperationError> {
        let turns = self.turns_of(caller, reader);
        let turn = turns.acquire_owned().await;
        turn.map(|permit| Turn { _permit: permit })
            .map_err(|error| OperationError::new(ErrorCode::Internal).caused_by(error))
    }

    fn turns_of(&self, caller: CallerKey, reader: &ReaderId) -> Arc<Semaphore> {
        let mut callers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        callers.retain(|_, turns| Arc::strong_count(turns) > 1);
        let turns = callers.entry((caller, reader.clone()));
        Arc::clone(turns.or_insert_with(|| Arc::new(Semaphore::new(1))))
    }
}

impl Operations {
    /// Waits for the turn of a caller at a card. Of two threads of one process the second waits for the first.
    pub(crate) async fn turn_at(
        &self,
        caller: &Caller,
        card: &CardInReader,
    ) -> Result<Turn, OperationError> {
        let caller = process_owner(caller).unwrap_or_else(|| caller.key());
        self.0.errands.turn(caller, card.reader()).await
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn process(pid: u32) -> CallerKey {
        CallerKey::Process {
            pid,
            executable: None,
        }
    }

    #[tokio::test]
    async fn a_process_has_one_turn_at_a_card_and_takes_none_of_another_process_or_card() {
        let errands = Errands::default();
        let [one, other] = ["one", "other"].map(|name| ReaderId(name.to_owned()));
        let turn = errands.turn(process(1), &one).await.unwrap();
        let mut second = Box::pin(errands.turn(process(1), &one));
        assert!(second.as_mut().now_or_never().is_none());
        assert!(errands.turn(process(2), &one).now_or_never().is_some());
        assert!(errands.turn(process(1), &other).now_or_never().is_some());
        drop(turn);
        assert!(second.now_or_never().is_some());
        let _ = errands.turn(process(3), &one).await;
        assert!(errands.0.lock().unwrap().len() <= 2, "nobody is remembered");
    }
}
