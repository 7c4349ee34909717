//! Codes typed at the keypad of the reader: when they are, and what the screen shows meanwhile.
//!
//! Nothing of a code comes here. The holder sees who asks for what, then types where the card is; the
//! reader has the card for itself until they did. A no at the screen is the caller's answer at
//! once, although nobody can take the question back from the reader.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use daemon_cards::{AtKeypad, CardInReader, HolderCodeError, KeypadWatch};
use daemon_types::{
    CodesAsked, ErrorCode, KeypadEntry, NotTaken, OperationError, ReaderId, Reason,
};
use prompt::{Answer, Dialogue};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::{KeypadPolicy, Operations};

/// What the holder answered, and where the codes are.
#[derive(Debug)]
pub(crate) enum Entered {
    /// They typed them.
    Typed(Answer),
    /// They type them now.
    AtKeypad(AtKeypad),
}

impl Entered {
    /// The codes of an answer; where they are typed at the keypad, what tells that they were.
    pub(crate) fn of(answer: Answer, asked: &CodesAsked) -> (Self, Option<KeypadWatch>) {
        let Some(entry) = asked.keypad else {
            return (Self::Typed(answer), None);
        };
        let time_for_each = entry.time / asked.entries().max(1);
        let (at_keypad, watch) = AtKeypad::new(time_for_each, answer.last_try_confirmed);
        (Self::AtKeypad(at_keypad), Some(watch))
    }
}

/// The entries at the keypad that came before in the same dialogue.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EntriesBefore {
    /// There was one: the next one wants an act of the holder at the screen.
    pub(crate) is_there: bool,
    /// Why the reader did not send the last one.
    not_taken: Option<NotTaken>,
    /// How many it did not send.
    count_not_taken: u8,
}

impl EntriesBefore {
    pub(crate) const fn last_was_taken(&mut self) {
        self.not_taken = None;
    }

    /// The reader did not send what was typed; after a few of those nobody is asked again.
    pub(crate) fn not_taken(&mut self, reason: NotTaken) -> Result<(), OperationError> {
        self.count_not_taken = self.count_not_taken.saturating_add(1);
        if self.count_not_taken >= MOST_NOT_TAKEN {
            return Err(OperationError::new(match reason {
                NotTaken::Length => ErrorCode::PinLength,
                NotTaken::NewCodesDiffer => ErrorCode::Cancelled,
            }));
        }
        self.not_taken = Some(reason);
        Ok(())
    }
}

impl Operations {
    /// The entry at the keypad, where policy, reader and card allow one for these codes.
    pub(crate) fn keypad_entry(
        &self,
        card: &CardInReader,
        asked: &CodesAsked,
        before: EntriesBefore,
        deadline: Instant,
    ) -> Option<KeypadEntry> {
        let uses = card.keypad;
        let is_possible = match (asked.pin, asked.unblock_code, asked.new_pin) {
            (Some(_), None, None) => uses.verify,
            (Some(_), None, Some(_)) => uses.change,
            _ => false,
        };
        let time = entry_time(asked, deadline);
        (is_possible && self.policy().keypad == KeypadPolicy::Auto).then_some(KeypadEntry {
            time,
            again: before.is_there,
            not_taken: before.not_taken,
        })
    }

    /// Whether a reader may be asked anything: one that still waits at its keypad for the answer to a question
    /// that is gone would take the next code for that one.
    pub(crate) fn check_keypad_is_closed(&self, reader: &ReaderId) -> Result<(), OperationError> {
        if self.0.cards.keypad_is_open(reader) {
            let busy = OperationError::new(ErrorCode::ReaderBusy);
            return Err(busy.because(Reason::KeypadStillOpen));
        }
        Ok(())
    }
}

/// Does the work while the screen says that the reader waits for the code. A no at the screen ends
/// it: what is typed after that serves nobody.
pub(crate) async fn while_typed<T>(
    dialogue: &mut Dialogue,
    asked: CodesAsked,
    watch: KeypadWatch,
    work: impl Future<Output = Result<T, HolderCodeError>>,
) -> Result<T, HolderCodeError> {
    let mut work = pin!(work);
    let (is_done, done) = oneshot::channel::<Infallible>();
    let closed = async {
        tokio::select! {
            () = watch.closed() => {}
            _ = done => {}
        }
    };
    {
        let mut shown = pin!(dialogue.show_keypad(&asked, closed));
        tokio::select! {
            biased;
            outcome = &mut work => {
                drop(is_done);
                // The screen is cleared as after an entry; a no comes too late.
                let _ = shown.await;
                return outcome;
            }
            shown = &mut shown => shown.map_err(OperationError::from)?,
        }
    }
    dialogue.during(work).await
}

/// How long the reader may wait from now on, for all codes together.
pub(crate) fn entry_time(asked: &CodesAsked, deadline: Instant) -> Duration {
    let left = deadline.saturating_duration_since(Instant::now());
    left.min(LONGEST_ENTRY * asked.entries())
}

/// Entries of one dialogue that a reader may not send.
const MOST_NOT_TAKEN: u8 = 3;
/// How long a reader waits for the first digit of one code.
const LONGEST_ENTRY: Duration = Duration::from_secs(30);
