//! What a card of either generation answers where a code is concerned
//! (ISO/IEC 7816-4, 11.6: VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER).

use card_apdu::{ChannelError, NotSent, StatusWord};

use crate::card::LastTry;
use crate::{CardError, PinError, UnblockError};

/// State of a code, from the answer to a VERIFY without data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CodeState {
    /// It was presented already; the card tells no number then.
    Presented,
    /// It was not; so many wrong ones may still be presented.
    NotPresented { tries_left: u8 },
}

impl CodeState {
    pub(crate) fn of_answer(sw: StatusWord) -> Result<Self, CardError> {
        match (sw, sw.tries_left()) {
            (_, Some(tries_left)) => Ok(Self::NotPresented { tries_left }),
            (StatusWord::AUTHENTICATION_METHOD_BLOCKED, _) => {
                Ok(Self::NotPresented { tries_left: 0 })
            }
            (StatusWord::SUCCESS, _) => Ok(Self::Presented),
            (sw, None) => Err(CardError::Refused {
                command: "VERIFY (status)",
                sw,
            }),
        }
    }

    pub(crate) fn is_presented(self) -> bool {
        self == Self::Presented
    }

    pub(crate) fn tries_left(self) -> Option<u8> {
        match self {
            Self::Presented => None,
            Self::NotPresented { tries_left } => Some(tries_left),
        }
    }
}

/// What became of a code that was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presentation {
    Accepted,
    Wrong {
        tries_left: u8,
    },
    Blocked,
    /// The keypad sent no code.
    NotEntered(NotSent),
}

impl Presentation {
    pub(crate) fn of_answer(sw: StatusWord, command: &'static str) -> Result<Self, CardError> {
        match (sw, sw.tries_left()) {
            (StatusWord::SUCCESS, _) => Ok(Self::Accepted),
            (StatusWord::AUTHENTICATION_METHOD_BLOCKED, _) | (_, Some(0)) => Ok(Self::Blocked),
            (_, Some(tries_left)) => Ok(Self::Wrong { tries_left }),
            (sw, None) => Err(CardError::Refused { command, sw }),
        }
    }

    /// A code that the card refused with 6300, by the counter that it was asked for afterwards.
    pub(crate) fn failed(tries_left: Option<u8>, command: &'static str) -> Result<Self, CardError> {
        match tries_left {
            Some(0) => Ok(Self::Blocked),
            Some(tries_left) => Ok(Self::Wrong { tries_left }),
            None => Err(CardError::Refused {
                command,
                sw: StatusWord::VERIFICATION_FAILED,
            }),
        }
    }
}

/// Why a code is not sent to the card although the holder typed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// It is blocked.
    Blocked,
    /// One try is left, and the holder did not say yes to risking it.
    LastTryNotConfirmed,
}

/// Holds back a blocked code, and the last try unless the holder said yes to risking it.
///
/// A number that the card does not tell holds nothing back. It withholds it only while the code
/// is presented: the last presentation then succeeded and set the counter to its maximum, and a
/// wrong one since would have ended that state (ISO/IEC 7816-4, 11.6.6), so it is not the last try.
pub(crate) fn check_tries(tries_left: Option<u8>, last_try: LastTry) -> Result<(), Withheld> {
    match tries_left {
        Some(0) => Err(Withheld::Blocked),
        Some(1) if last_try == LastTry::NotConfirmed => Err(Withheld::LastTryNotConfirmed),
        _ => Ok(()),
    }
}

/// Why a card did not take a new code.
#[derive(Debug)]
pub(crate) enum NewCodeFault {
    /// It said that it does not take this one.
    Refused(CardError),
    /// The keypad sent none.
    NotEntered(NotSent),
    /// No answer came that could be understood: nobody knows which code holds.
    OutcomeUnknown(CardError),
    /// It said no to the command.
    Card(CardError),
}

/// Whether a new code was taken, from the answer to the command that carried it.
pub(crate) fn new_code_taken(
    answer: Result<StatusWord, ChannelError>,
    command: &'static str,
) -> Result<(), NewCodeFault> {
    let sw = answer.map_err(|error| match error {
        never_sent @ (ChannelError::Command(_) | ChannelError::NoKeypad) => {
            NewCodeFault::Card(never_sent.into())
        }
        broken @ (ChannelError::Reader(_) | _) => NewCodeFault::OutcomeUnknown(broken.into()),
    })?;
    match sw {
        StatusWord::SUCCESS => Ok(()),
        sw @ (StatusWord::WRONG_LENGTH | StatusWord::WRONG_DATA) => {
            Err(NewCodeFault::Refused(CardError::Refused { command, sw }))
        }
        sw => Err(NewCodeFault::Card(CardError::Refused { command, sw })),
    }
}

/// What the counter says after the card took a new code: it can be presented.
///
/// The new code holds by the card's own word; a counter that cannot be read takes nothing from that.
pub(crate) fn check_counter_after(
    tries_left: Result<Option<u8>, CardError>,
) -> Result<(), CardError> {
    match tries_left {
        Ok(Some(0)) => Err(CardError::CardMisbehaved(
            "it took a new code and says that the code is blocked",
        )),
        Ok(_) => Ok(()),
        Err(error) => {
            tracing::debug!(
                ?error,
                "the counter could not be read after a new code was set"
            );
            Ok(())
        }
    }
}

/// [`secrets::UnblockCode`] has eight digits; an AODF that wants another number is not of this family.
pub(crate) const UNBLOCK_CODE_OF_ANOTHER_LENGTH: CardError =
    CardError::CardUnsupported("its unblock code does not have eight digits");

impl From<Withheld> for PinError {
    fn from(withheld: Withheld) -> Self {
        match withheld {
            Withheld::Blocked => Self::Blocked,
            Withheld::LastTryNotConfirmed => Self::LastTryNotConfirmed,
        }
    }
}

impl From<Withheld> for UnblockError {
    fn from(withheld: Withheld) -> Self {
        match withheld {
            Withheld::Blocked => Self::Blocked,
            Withheld::LastTryNotConfirmed => Self::LastTryNotConfirmed,
        }
    }
}

impl From<NewCodeFault> for PinError {
    fn from(fault: NewCodeFault) -> Self {
        match fault {
            NewCodeFault::Refused(answer) => Self::NewCodeRefused(answer),
            NewCodeFault::NotEntered(reason) => Self::NotEntered(reason),
            NewCodeFault::OutcomeUnknown(cause) => Self::OutcomeUnknown(cause),
            NewCodeFault::Card(error) => Self::Card(error),
        }
    }
}

impl From<NewCodeFault> for UnblockError {
    fn from(fault: NewCodeFault) -> Self {
        match fault {
            NewCodeFault::Refused(answer) => Self::NewCodeRefused(answer),
            NewCodeFault::NotEntered(reason) => Self::NotEntered(reason),
            NewCodeFault::OutcomeUnknown(cause) => Self::OutcomeUnknown(cause),
            NewCodeFault::Card(error) => Self::Card(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use card_apdu::ReaderFault;

    #[test]
    fn an_empty_verify_tells_the_state_or_is_refused() {
        let state = |sw| CodeState::of_answer(StatusWord(sw)).ok();
        assert_eq!(
            state(0x63C2),
            Some(CodeState::NotPresented { tries_left: 2 })
        );
        assert_eq!(
            state(0x6983),
            Some(CodeState::NotPresented { tries_left: 0 })
        );
        assert_eq!(state(0x9000), Some(CodeState::Presented));
        for sw in [
            0x6300, 0x6982, 0x6984, 0x6985, 0x6700, 0x6A88, 0x6D00, 0x6F00, 0x6881,
        ] {
            assert_eq!(state(sw), None, "{sw:04X}");
        }
    }

    #[test]
    fn only_9000_is_a_code_accepted() {
        let outcome = |sw| Presentation::of_answer(StatusWord(sw), "VERIFY").ok();
        assert_eq!(outcome(0x9000), Some(Presentation::Accepted));
        assert_eq!(outcome(0x63C1), Some(Presentation::Wrong { tries_left: 1 }));
        assert_eq!(outcome(0x63C0), Some(Presentation::Blocked));
        assert_eq!(outcome(0x6983), Some(Presentation::Blocked));
        for sw in [
            0x6300, 0x6982, 0x6984, 0x6985, 0x6700, 0x6A80, 0x6A88, 0x6D00, 0x6F00, 0x6881,
        ] {
            assert_eq!(outcome(sw), None, "{sw:04X}");
        }
    }

    #[test]
    fn the_last_try_waits_for_the_holders_yes() {
        assert_eq!(
            check_tries(Some(0), LastTry::Confirmed),
            Err(Withheld::Blocked)
        );
        assert_eq!(
            check_tries(Some(1), LastTry::NotConfirmed),
            Err(Withheld::LastTryNotConfirmed)
        );
        assert_eq!(check_tries(Some(1), LastTry::Confirmed), Ok(()));
        assert_eq!(check_tries(Some(2), LastTry::NotConfirmed), Ok(()));
        assert_eq!(check_tries(None, LastTry::NotConfirmed), Ok(()));
    }

    #[test]
    fn without_an_answer_nobody_knows_which_code_holds() {
        let fault = new_code_taken(Err(ReaderFault::Removed.into()), "CHANGE REFERENCE DATA");
        assert!(matches!(
            fault,
            Err(NewCodeFault::OutcomeUnknown(CardError::Reader(
                ReaderFault::Removed
            )))
        ));
    }

    #[test]
    fn a_counter_that_cannot_be_read_does_not_undo_a_new_code() {
        assert!(check_counter_after(Err(ReaderFault::Removed.into())).is_ok());
        assert!(check_counter_after(Ok(None)).is_ok());
        assert!(check_counter_after(Ok(Some(3))).is_ok());
        assert!(check_counter_after(Ok(Some(0))).is_err());
    }
}
