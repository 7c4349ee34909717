//! Which code a holder may choose.

use daemon_types::{CodeState, ErrorCode, NewCodeEntry, OperationError, Reason};
use secrets::Pin;

/// The entry of a new code that the holder is shown.
#[must_use]
pub const fn new_code_entry(pin: &CodeState) -> NewCodeEntry {
    NewCodeEntry {
        minimum_len: pin.minimum_len,
        maximum_len: pin.maximum_len,
    }
}

/// Whether a new code may be set: one that the card takes, and another than the `old` one where
/// that was typed, too.
///
/// # Errors
/// `pin-length` with [`Reason::NewPinRefused`], `bad-request` with [`Reason::NewPinUnchanged`];
/// nothing was sent.
pub fn check_new_code(
    new: &Pin,
    old: Option<&Pin>,
    entry: NewCodeEntry,
) -> Result<(), OperationError> {
    let lengths = usize::from(entry.minimum_len)..=usize::from(entry.maximum_len);
    if !lengths.contains(&new.digits().len()) {
        return Err(OperationError::new(ErrorCode::PinLength).because(Reason::NewPinRefused));
    }
    if old == Some(new) {
        return Err(OperationError::new(ErrorCode::BadRequest).because(Reason::NewPinUnchanged));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use daemon_types::CodeCondition;

    fn check(new: &str, old: Option<&str>) -> Result<(), (ErrorCode, Option<Reason>)> {
        let pin = |digits: &str| Pin::new(digits.as_bytes()).unwrap();
        let entry = new_code_entry(&CodeState {
            condition: CodeCondition::Ready,
            tries_left: Some(3),
            tries_maximum: Some(3),
            minimum_len: 4,
            maximum_len: 6,
        });
        check_new_code(&pin(new), old.map(pin).as_ref(), entry)
            .map_err(|error| (error.code, error.reason))
    }

    #[test]
    fn a_new_code_is_as_long_as_the_card_says() {
        for digits in ["4321", "654321"] {
            assert_eq!(check(digits, Some("1234")), Ok(()));
            assert_eq!(check(digits, None), Ok(()));
        }
        let refused = Err((ErrorCode::PinLength, Some(Reason::NewPinRefused)));
        assert_eq!(check("7654321", Some("1234")), refused);
        assert_eq!(check("7654321", None), refused);
    }

    #[test]
    fn a_new_code_is_not_the_old_one() {
        let refused = Err((ErrorCode::BadRequest, Some(Reason::NewPinUnchanged)));
        assert_eq!(check("1234", Some("1234")), refused);
        assert_eq!(check("12345", Some("1234")), Ok(()));
    }
}
