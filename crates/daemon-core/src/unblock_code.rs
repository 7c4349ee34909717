//! Whether the holder may be asked for the unblock code, and what they must know first.

use daemon_types::{
    CodeCondition, CodeState, CodesOfCard, ErrorCode, OperationError, Reason, UnblockCodeEntry,
    UnblockCodeState,
};

/// The unblock-code entry that the holder is shown, or why there is nothing to unblock, or no way to.
///
/// # Errors
/// `bad-request` with [`Reason::PinNotBlocked`], `card-definitively-blocked`, or `key-absent` for
/// a card without a code.
pub fn unblock_code_entry(
    codes: &CodesOfCard,
    previous_was_wrong: bool,
) -> Result<UnblockCodeEntry, OperationError> {
    let CodesOfCard { pin, unblock_code } = codes;
    match pin.condition {
        CodeCondition::Ready => {
            Err(OperationError::new(ErrorCode::BadRequest).because(Reason::PinNotBlocked))
        }
        CodeCondition::Absent => Err(ErrorCode::KeyAbsent.into()),
        CodeCondition::DefinitivelyBlocked => Err(ErrorCode::CardDefinitivelyBlocked.into()),
        CodeCondition::Blocked if !unblock_code.condition.may_be_used() => {
            Err(ErrorCode::CardDefinitivelyBlocked.into())
        }
        CodeCondition::Unknown if !unblock_code.condition.may_be_used() => {
            Err(ErrorCode::UnblockBlocked.into())
        }
        CodeCondition::Blocked | CodeCondition::Unknown => Ok(UnblockCodeEntry {
            tries_left: unblock_code.tries_left,
            uses_left: unblock_code.uses_left,
            previous_was_wrong,
            pin_may_be_usable: pin.condition == CodeCondition::Unknown,
            last_try: unblock_code.tries_left == Some(1),
        }),
    }
}

/// What a holder is told whose code has just been blocked, by what is known of the unblock code.
#[must_use]
pub fn blocked_error(unblock_code: &UnblockCodeState) -> ErrorCode {
    if unblock_code.condition.may_be_used() {
        ErrorCode::PinBlocked
    } else {
        ErrorCode::CardDefinitivelyBlocked
    }
}

/// What a holder is told whose unblock code was refused as blocked, by what is known of their code.
#[must_use]
pub fn unblock_blocked_error(pin: &CodeState) -> ErrorCode {
    match pin.condition {
        CodeCondition::Ready | CodeCondition::Unknown => ErrorCode::UnblockBlocked,
        CodeCondition::Blocked | CodeCondition::DefinitivelyBlocked | CodeCondition::Absent => {
            ErrorCode::CardDefinitivelyBlocked
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(condition: CodeCondition) -> CodeState {
        CodeState {
            condition,
            tries_left: Some(0),
            tries_maximum: Some(3),
            minimum_len: 4,
            maximum_len: 8,
        }
    }

    fn unblock_code(condition: CodeCondition, tries_left: Option<u8>) -> UnblockCodeState {
        UnblockCodeState {
            condition,
            tries_left,
            uses_left: Some(100),
        }
    }

    fn entry(
        pin_condition: CodeCondition,
        unblock_code: UnblockCodeState,
    ) -> Result<UnblockCodeEntry, (ErrorCode, Option<Reason>)> {
        let pin = pin(pin_condition);
        unblock_code_entry(&CodesOfCard { pin, unblock_code }, false)
            .map_err(|error| (error.code, error.reason))
    }

    #[test]
    fn only_one_try_left_is_a_last_try() {
        for (tries_left, last_try) in [(Some(10), false), (Some(1), true), (None, false)] {
            let code = unblock_code(CodeCondition::Ready, tries_left);
            let entry = entry(CodeCondition::Blocked, code).unwrap();
            assert_eq!(entry.last_try, last_try, "{tries_left:?}");
            assert_eq!(entry.uses_left, Some(100));
        }
    }

    #[test]
    fn a_card_that_is_not_blocked_is_not_unblocked() {
        for condition in [CodeCondition::Ready, CodeCondition::Blocked] {
            let code = unblock_code(condition, Some(10));
            assert_eq!(
                entry(CodeCondition::Ready, code),
                Err((ErrorCode::BadRequest, Some(Reason::PinNotBlocked)))
            );
        }
    }

    #[test]
    fn without_a_way_back_no_unblock_code_is_asked_for() {
        let ready = unblock_code(CodeCondition::Ready, Some(10));
        let dead = unblock_code(CodeCondition::Blocked, Some(0));
        let absent = unblock_code(CodeCondition::Absent, None);
        for (pin, unblock_code, error) in [
            (CodeCondition::Absent, absent, ErrorCode::KeyAbsent),
            (
                CodeCondition::DefinitivelyBlocked,
                dead,
                ErrorCode::CardDefinitivelyBlocked,
            ),
            (
                CodeCondition::Blocked,
                dead,
                ErrorCode::CardDefinitivelyBlocked,
            ),
            (
                CodeCondition::Blocked,
                absent,
                ErrorCode::CardDefinitivelyBlocked,
            ),
        ] {
            assert_eq!(entry(pin, unblock_code), Err((error, None)));
        }
        assert_eq!(blocked_error(&ready), ErrorCode::PinBlocked);
        assert_eq!(blocked_error(&dead), ErrorCode::CardDefinitivelyBlocked);
        assert_eq!(blocked_error(&absent), ErrorCode::CardDefinitivelyBlocked);
    }

    #[test]
    fn a_lock_that_may_be_a_mistake_keeps_no_holder_from_their_unblock_code() {
        let in_doubt = unblock_code(CodeCondition::Unknown, None);
        let ready = unblock_code(CodeCondition::Ready, Some(10));
        for (pin, unblock_code) in [
            (CodeCondition::Blocked, in_doubt),
            (CodeCondition::Unknown, in_doubt),
            (CodeCondition::Unknown, ready),
        ] {
            let entry = entry(pin, unblock_code).unwrap();
            let is_in_doubt = pin == CodeCondition::Unknown;
            assert_eq!(entry.pin_may_be_usable, is_in_doubt, "{unblock_code:?}");
        }
        assert_eq!(blocked_error(&in_doubt), ErrorCode::PinBlocked);
        let dead = unblock_code(CodeCondition::Blocked, Some(0));
        assert_eq!(
            entry(CodeCondition::Unknown, dead),
            Err((ErrorCode::UnblockBlocked, None))
        );
    }

    #[test]
    fn a_dead_unblock_code_ends_a_card_only_with_its_code() {
        for (condition, error) in [
            (CodeCondition::Ready, ErrorCode::UnblockBlocked),
            (CodeCondition::Unknown, ErrorCode::UnblockBlocked),
            (CodeCondition::Blocked, ErrorCode::CardDefinitivelyBlocked),
            (
                CodeCondition::DefinitivelyBlocked,
                ErrorCode::CardDefinitivelyBlocked,
            ),
        ] {
            assert_eq!(unblock_blocked_error(&pin(condition)), error);
        }
    }
}
