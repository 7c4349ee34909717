//! Stays of cards in readers, for who rests on more than one use of a card.

use std::sync::mpsc::Sender;

use daemon_types::{ErrorCode, OperationError, ReaderId, SessionEnd, TokenObjects};
use futures_util::future::join_all;

use super::{Cards, current};
use crate::worker::Message;
use crate::{CardInReader, Stay};

impl Cards {
    /// Why a stay of a card is over, where it is: its reader left, or it left its reader.
    #[must_use]
    pub fn end_of(&self, stay: &Stay) -> Option<SessionEnd> {
        let state = self.0.lock();
        let Some(reader) = state.readers.get(&stay.reader) else {
            return Some(SessionEnd::ReaderLost);
        };
        let is_there = reader.insertion == stay.insertion && reader.card.is_some();
        (!is_there).then_some(SessionEnd::CardRemoved)
    }

    /// Waits until the workers have done all that they were told but errands, such as to drop the codes that
    /// nobody holds on to; of one reader, or of all. Says whether no card knows of such a code.
    pub async fn settled(&self, reader: Option<&ReaderId>) -> bool {
        let replies: Vec<_> = {
            let state = self.0.lock();
            let readers = state.readers.iter();
            let asked = readers.filter(|(id, _)| reader.is_none_or(|reader| *id == reader));
            asked.map(|(_, reader)| reader.worker.settled()).collect()
        };
        // A worker that is gone has nothing left to do.
        let settled = join_all(replies).await;
        settled.into_iter().all(|settled| settled.unwrap_or(true))
    }

    /// The names of the objects of a card that is there and answers, once it told them.
    pub(crate) fn known_objects(&self, card: &CardInReader) -> Option<TokenObjects> {
        let mut state = self.0.lock();
        let reader = current(&mut state, card.reader(), card.insertion)?;
        let is_well = reader.worker.stuck().is_none();
        reader.objects.clone().filter(|_| is_well)
    }

    /// Keeps the names of the objects of a card for as long as it stays.
    pub(crate) fn keep_objects(&self, card: &CardInReader, objects: TokenObjects) {
        if let Some(reader) = current(&mut self.0.lock(), card.reader(), card.insertion) {
            reader.objects = Some(objects);
        }
    }

    /// The way to tell the worker of a reader something, for as long as it lasts.
    pub(crate) fn messages_to_worker(
        &self,
        reader: &ReaderId,
    ) -> Result<Sender<Message>, OperationError> {
        let state = self.0.lock();
        let reader = state.readers.get(reader);
        let reader = reader.ok_or(OperationError::new(ErrorCode::ReaderLost))?;
        Ok(reader.worker.messages())
    }
}
