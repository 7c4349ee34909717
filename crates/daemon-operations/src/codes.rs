//! A new code for the holder: after the old one, or after the unblock code.

use daemon_cards::{CardInReader, Cards, HolderCodeError, NewCode, NewPin, OperationClock, Proof};
use daemon_core::{
    authorise, blocked_error, check_code_len, check_new_code, code_entry, new_code_entry,
    unblock_blocked_error, unblock_code_entry,
};
use daemon_types::{
    Caller, CardId, CodeCondition, CodeState, CodesAsked, CodesOfCard, ErrorCode, OperationError,
    Purpose, Reason, Right, UnblockCodeState,
};
use prompt::{Answer, CallersTerminal};
use tokio::time::Instant;

use crate::Operations;
use crate::holder::{HolderWork, codes_of};
use crate::keypad::Entered;
use crate::metrics::Operation;

impl Operations {
    /// Replaces the holder's code by one that they choose, at the caller's terminal where one is
    /// given; answers both codes as they are then.
    ///
    /// # Errors
    /// Every code about rights, card, code and holder.
    pub async fn change_pin(
        &self,
        caller: &Caller,
        id: &CardId,
        callers_terminal: Option<CallersTerminal>,
        deadline: Instant,
    ) -> Result<CodesOfCard, OperationError> {
        let work = NewPinWork {
            way: Way::Change,
            callers_terminal,
        };
        self.set_pin(caller, id, &work, deadline).await
    }

    /// Sets a new code on a card whose code is blocked, at the caller's terminal where one is
    /// given; answers both codes as they are then.
    ///
    /// # Errors
    /// Every code about rights, card, code and holder; `bad-request` with
    /// [`Reason::PinNotBlocked`] for a card whose code can be used.
    pub async fn unblock_pin(
        &self,
        caller: &Caller,
        id: &CardId,
        callers_terminal: Option<CallersTerminal>,
        deadline: Instant,
    ) -> Result<CodesOfCard, OperationError> {
        let work = NewPinWork {
            way: Way::Unblock,
            callers_terminal,
        };
        self.set_pin(caller, id, &work, deadline).await
    }

    async fn set_pin(
        &self,
        caller: &Caller,
        id: &CardId,
        work: &NewPinWork,
        deadline: Instant,
    ) -> Result<CodesOfCard, OperationError> {
        let measured = self.measure(match work.way {
            Way::Change => Operation::ChangePin,
            Way::Unblock => Operation::UnblockPin,
        });
        let set = self.set_pin_on(caller, id, work, deadline, measured.clock());
        let set = set.await;
        measured.end(set)
    }

    async fn set_pin_on(
        &self,
        caller: &Caller,
        id: &CardId,
        work: &NewPinWork,
        deadline: Instant,
        clock: &OperationClock,
    ) -> Result<CodesOfCard, OperationError> {
        authorise(caller, Right::Manage)?;
        let card = self.card_of_environment(id)?.on_clock(clock);
        // What another program did to the counters decides what the holder is asked.
        let card = self.same_card(&card).await?;
        let before = codes_of(&card);
        let after = self.work_with_holder(caller, card, work, deadline).await?;
        Ok(after.unwrap_or_else(|| unread(&before)))
    }
}

/// A new code to be set.
struct NewPinWork {
    way: Way,
    callers_terminal: Option<CallersTerminal>,
}

/// How a new code is set.
#[derive(Clone, Copy)]
enum Way {
    Change,
    Unblock,
}

impl HolderWork for NewPinWork {
    type Outcome = Option<CodesOfCard>;

    fn callers_terminal(&self) -> Option<&CallersTerminal> {
        self.callers_terminal.as_ref()
    }

    fn purpose(&self) -> Purpose {
        match self.way {
            Way::Change => Purpose::ChangePin,
            Way::Unblock => Purpose::UnblockPin,
        }
    }

    fn codes_asked(
        &self,
        codes: &CodesOfCard,
        previous_was_wrong: bool,
    ) -> Result<CodesAsked, OperationError> {
        let new_pin = Some(new_code_entry(&codes.pin));
        match self.way {
            Way::Change => Ok(CodesAsked {
                pin: Some(code_entry(codes, previous_was_wrong)?),
                new_pin,
                ..CodesAsked::default()
            }),
            Way::Unblock => Ok(CodesAsked {
                unblock_code: Some(unblock_code_entry(codes, previous_was_wrong)?),
                new_pin,
                ..CodesAsked::default()
            }),
        }
    }

    async fn present(
        &self,
        cards: &Cards,
        card: &CardInReader,
        asked: CodesAsked,
        entered: Entered,
    ) -> Result<Self::Outcome, HolderCodeError> {
        let new_code = match (entered, self.way) {
            (Entered::Typed(answer), _) => new_pin(asked, answer)?.into(),
            (Entered::AtKeypad(at_keypad), Way::Change) => NewCode::ChangeAtKeypad(at_keypad),
            (Entered::AtKeypad(_), Way::Unblock) => return Err(HolderCodeError::KeypadUnusable),
        };
        cards.set_pin(card, new_code).await
    }

    fn wrong_code(&self) -> ErrorCode {
        match self.way {
            Way::Change => ErrorCode::PinWrong,
            Way::Unblock => ErrorCode::UnblockWrong,
        }
    }

    fn blocked(&self, codes: &CodesOfCard) -> ErrorCode {
        match self.way {
            Way::Change => blocked_error(&codes.unblock_code),
            Way::Unblock => unblock_blocked_error(&codes.pin),
        }
    }

    fn timed_out(&self) -> OperationError {
        OperationError::new(ErrorCode::Timeout).because(Reason::OutcomeUnknown)
    }
}

/// What goes to the card, once it is sure that the card may be asked.
fn new_pin(asked: CodesAsked, answer: Answer) -> Result<NewPin, OperationError> {
    let cancelled = OperationError::from(ErrorCode::Cancelled);
    let (Some(entry), Some(pin)) = (asked.new_pin, answer.new_code) else {
        return Err(cancelled);
    };
    let proof = match (asked.pin, answer.code, answer.unblock_code) {
        (Some(entry), Some(old), None) => {
            check_code_len(&old, entry)?;
            Proof::OldPin(old)
        }
        (None, None, Some(code)) => Proof::UnblockCode(code),
        _ => return Err(cancelled),
    };
    let old = match &proof {
        Proof::OldPin(old) => Some(old),
        Proof::UnblockCode(_) => None,
    };
    check_new_code(&pin, old, entry)?;
    Ok(NewPin {
        proof,
        pin,
        last_try_confirmed: answer.last_try_confirmed,
    })
}

/// The card took the new code and left before its counters were read: it can be used, and no number
/// is known.
fn unread(before: &CodesOfCard) -> CodesOfCard {
    CodesOfCard {
        pin: CodeState {
            condition: CodeCondition::Ready,
            tries_left: None,
            ..before.pin
        },
        unblock_code: UnblockCodeState {
            tries_left: None,
            uses_left: None,
            ..before.unblock_code
        },
    }
}
