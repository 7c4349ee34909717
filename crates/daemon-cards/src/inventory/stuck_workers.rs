//! Workers that do not get on, and who takes their place.

use std::sync::Arc;

use daemon_types::{Happening, ReaderCondition};

use super::{Inventory, Reader};
use crate::call_watch::Calls;
use crate::source::Presence;
use crate::worker::Message;
use crate::worker_link::Post;

impl Inventory {
    /// Lets a worker that gets on find out which card is in the reader.
    pub(super) fn identify(self: &Arc<Self>, reader: &mut Reader) {
        let insertion = reader.insertion;
        if reader.worker.stuck().is_some() && reader.worker.is_before(insertion) {
            let renewed = reader.worker.renew(Post {
                reader: &reader.summary.id,
                name: &reader.summary.name,
                connector: &reader.connector,
                inventory: self,
            });
            if let Err(error) = renewed {
                tracing::error!(event = "no-thread", %error, "no thread for a reader");
            }
        }
        reader.worker.tell(Message::Inserted { insertion });
    }

    /// Shows that the worker of a reader does not get on. Where the card that holds it has left since,
    /// a fresh one looks at what is in the reader now.
    pub(super) fn overdue(self: &Arc<Self>, calls: &Arc<Calls>) {
        // Callers are told under the lock, so that none of them sees a reader that seems well.
        let mut state = self.lock();
        let waits_for = calls.tell_overdue();
        let Some(reader) = state.readers.get_mut(&calls.reader) else {
            return;
        };
        if waits_for.is_none() || !reader.worker.makes(calls) {
            return;
        }
        tracing::warn!(
            event = "card-no-answer",
            reader = reader.summary.name,
            ?waits_for,
            "no answer"
        );
        if reader.presence == Presence::Card && reader.worker.is_before(reader.insertion) {
            self.identify(reader);
        }
        self.show(reader);
    }

    /// Shows that an overdue call came back, or that a worker ends whose place another one has.
    pub(crate) fn came_back(self: &Arc<Self>, calls: &Arc<Calls>) {
        let mut state = self.lock();
        let left_behind = state.left_behind.get(&calls.reader);
        if left_behind.is_some_and(|worker| worker.makes(calls)) {
            state.left_behind.remove(&calls.reader);
        }
        let Some(reader) = state.readers.get_mut(&calls.reader) else {
            return;
        };
        reader.worker.forget(calls);
        let waits_for_a_thread = reader.worker.stuck().is_some() && reader.card.is_none();
        if waits_for_a_thread && reader.presence == Presence::Card {
            self.identify(reader);
        }
        self.show(reader);
    }

    /// Shows whether the worker of a reader gets on, unless there is more to say of its card.
    fn show(&self, reader: &mut Reader) {
        let condition = reader.condition();
        let shown = &mut reader.summary.condition;
        if matches!(shown, ReaderCondition::CardProblem(..)) || *shown == condition {
            return;
        }
        *shown = condition;
        if let Some(card) = reader.card.as_ref().map(|card| card.id.clone()) {
            self.events.push(Happening::CardState { card });
        } else if reader.worker.stuck().is_some() {
            let reader = reader.summary.id.clone();
            let card = None;
            self.events.push(Happening::CardInserted { reader, card });
        }
    }
}
