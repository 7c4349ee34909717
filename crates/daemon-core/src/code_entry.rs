//! Whether the holder may be asked for the code, and what they must know first.

use daemon_types::{CodeCondition, CodeEntry, CodesOfCard, ErrorCode};
use secrets::Pin;

/// The code entry that the holder is shown, or why no code may be asked.
///
/// # Errors
/// `pin-blocked`, `card-definitively-blocked`, or `key-absent` for a card without a code.
pub fn code_entry(codes: &CodesOfCard, previous_was_wrong: bool) -> Result<CodeEntry, ErrorCode> {
    let CodesOfCard { pin, unblock_code } = codes;
    match pin.condition {
        CodeCondition::Ready | CodeCondition::Unknown => Ok(CodeEntry {
            tries_left: pin.tries_left,
            previous_was_wrong,
            may_be_blocked: pin.condition == CodeCondition::Unknown,
            last_try: pin.tries_left == Some(1),
            blocks_for_good: unblock_code.condition != CodeCondition::Ready,
            minimum_len: pin.minimum_len,
            maximum_len: pin.maximum_len,
        }),
        CodeCondition::Blocked => Err(ErrorCode::PinBlocked),
        CodeCondition::DefinitivelyBlocked => Err(ErrorCode::CardDefinitivelyBlocked),
        CodeCondition::Absent => Err(ErrorCode::KeyAbsent),
    }
}

/// Whether the card takes codes as long as the one that was typed.
///
/// # Errors
/// `pin-length`, before anything is sent.
pub fn check_code_len(code: &Pin, entry: CodeEntry) -> Result<(), ErrorCode> {
    let lengths = usize::from(entry.minimum_len)..=usize::from(entry.maximum_len);
    if lengths.contains(&code.digits().len()) {
        Ok(())
    } else {
        Err(ErrorCode::PinLength)
    }
}

#[cfg(test)]
mod tests {
    use daemon_types::{CodeState, UnblockCodeState};

    use super::*;

    fn codes(condition: CodeCondition, tries_left: Option<u8>) -> CodesOfCard {
        CodesOfCard {
            pin: CodeState {
                condition,
                tries_left,
                tries_maximum: Some(3),
                minimum_len: 4,
                maximum_len: 8,
            },
            unblock_code: UnblockCodeState {
                condition: CodeCondition::Ready,
                tries_left: Some(10),
                uses_left: Some(100),
            },
        }
    }

    #[test]
    fn only_one_try_left_is_a_last_try() {
        for (tries_left, last_try) in [(Some(3), false), (Some(1), true), (None, false)] {
            let entry = code_entry(&codes(CodeCondition::Ready, tries_left), false).unwrap();
            assert_eq!(entry.last_try, last_try, "{tries_left:?}");
        }
    }

    #[test]
    fn a_code_that_may_be_blocked_is_asked_for_and_said_to_be() {
        for (condition, may_be_blocked) in [
            (CodeCondition::Ready, false),
            (CodeCondition::Unknown, true),
        ] {
            let entry = code_entry(&codes(condition, None), false).unwrap();
            assert_eq!(entry.may_be_blocked, may_be_blocked, "{condition:?}");
        }
    }

    #[test]
    fn a_card_whose_unblock_code_is_not_sure_to_help_blocks_for_good() {
        for (condition, for_good) in [
            (CodeCondition::Ready, false),
            (CodeCondition::Unknown, true),
            (CodeCondition::Blocked, true),
            (CodeCondition::Absent, true),
        ] {
            let mut codes = codes(CodeCondition::Ready, Some(1));
            codes.unblock_code.condition = condition;
            let entry = code_entry(&codes, false).unwrap();
            assert_eq!(entry.blocks_for_good, for_good, "{condition:?}");
        }
    }

    #[test]
    fn a_code_is_as_long_as_the_card_says() {
        let mut codes = codes(CodeCondition::Ready, Some(3));
        codes.pin.maximum_len = 6;
        let entry = code_entry(&codes, false).unwrap();
        for (digits, fits) in [("1234", true), ("123456", true), ("1234567", false)] {
            let code = Pin::new(digits.as_bytes()).unwrap();
            assert_eq!(check_code_len(&code, entry).is_ok(), fits, "{digits}");
        }
    }

    #[test]
    fn a_blocked_code_is_not_asked_for() {
        for (condition, error) in [
            (CodeCondition::Blocked, ErrorCode::PinBlocked),
            (
                CodeCondition::DefinitivelyBlocked,
                ErrorCode::CardDefinitivelyBlocked,
            ),
            (CodeCondition::Absent, ErrorCode::KeyAbsent),
        ] {
            assert_eq!(code_entry(&codes(condition, Some(0)), false), Err(error));
        }
    }
}
