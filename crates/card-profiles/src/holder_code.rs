//! Which code of a card is its holder's, and which one unblocks it (ISO/IEC 7816-15, 8.9).
//!
//! Digits presented to the wrong code cost a try of that code, and a try of the unblock code never
//! comes back. So flags and mutual references have to agree, and in doubt no code is named at all.

use crate::CardError;
use crate::pkcs15::{PinObject, PrivateKeyObject};

/// The holder's code: the only one that unblocks no other; `None` when the card lists none.
pub(crate) fn holder_code(codes: &[PinObject]) -> Result<Option<&PinObject>, CardError> {
    let mut candidates = codes.iter().filter(|code| !is_unblock_code(code, codes));
    let Some(code) = candidates.next() else {
        let is_contradiction = codes.iter().any(|code| !code.unblocks);
        return if is_contradiction {
            Err(CONTRADICTION)
        } else {
            Ok(None)
        };
    };
    if candidates.next().is_some() {
        return Err(CardError::CardUnsupported(
            "several of its codes may be the holder's",
        ));
    }
    if codes
        .iter()
        .any(|other| other.unblocks && names(other, code))
    {
        return Err(CONTRADICTION);
    }
    code.check_supported()?;
    Ok(Some(code))
}

/// The code that unblocks the holder's: the one that it names, or else the only one that says of itself that it does.
pub(crate) fn unblock_code(codes: &[PinObject]) -> Result<Option<&PinObject>, CardError> {
    let holder_code = holder_code(codes)?;
    let named =
        holder_code.and_then(|holder_code| codes.iter().find(|code| names(holder_code, code)));
    if named.is_some() {
        return Ok(named);
    }
    let mut candidates = codes.iter().filter(|code| code.unblocks);
    match (candidates.next(), candidates.next()) {
        (_, Some(_)) => Err(CardError::CardUnsupported(
            "several of its codes may unblock the holder's",
        )),
        (only, None) => Ok(only),
    }
}

/// Refuses a card with a key that asks for another of its codes than the holder's.
pub(crate) fn check_keys(
    holder_code: &PinObject,
    codes: &[PinObject],
    keys: &[PrivateKeyObject],
) -> Result<(), CardError> {
    let asks_for_another = |key: &PrivateKeyObject| {
        key.auth_id.is_some()
            && key.auth_id != holder_code.id
            && codes.iter().any(|code| code.id == key.auth_id)
    };
    if keys.iter().any(asks_for_another) {
        return Err(CONTRADICTION);
    }
    Ok(())
}

fn is_unblock_code(code: &PinObject, codes: &[PinObject]) -> bool {
    code.unblocks
        || codes
            .iter()
            .any(|other| !other.unblocks && names(other, code))
}

/// Whether a code names another one as the code that unblocks it.
fn names(code: &PinObject, other: &PinObject) -> bool {
    !std::ptr::eq(code, other) && code.unblocked_by.is_some() && code.unblocked_by == other.id
}

const CONTRADICTION: CardError =
    CardError::CardUnsupported("it contradicts itself on which code is the holder's");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PinLimits;

    /// CHV 1 names CHV 2; CHV 2 says that it unblocks.
    fn holders() -> PinObject {
        PinObject {
            id: Some(vec![1]),
            unblocked_by: Some(vec![2]),
            ..code(1)
        }
    }

    fn unblocker() -> PinObject {
        PinObject {
            id: Some(vec![2]),
            unblocks: true,
            ..code(2)
        }
    }

    fn code(reference: u8) -> PinObject {
        PinObject {
            id: None,
            unblocked_by: None,
            reference,
            limits: PinLimits {
                minimum_len: 4,
                maximum_len: 8,
            },
            unblocks: false,
            padding: None,
            unsupported: None,
        }
    }

    fn references(codes: &[PinObject]) -> Result<(Option<u8>, Option<u8>), String> {
        let reference = |code: Option<&PinObject>| code.map(|code| code.reference);
        let found = (|| Ok((holder_code(codes)?, unblock_code(codes)?)))();
        found
            .map(|(holder, unblocker)| (reference(holder), reference(unblocker)))
            .map_err(|error: CardError| error.to_string())
    }

    #[test]
    fn order_does_not_matter() {
        let both = Ok((Some(1), Some(2)));
        assert_eq!(references(&[holders(), unblocker()]), both);
        assert_eq!(references(&[unblocker(), holders()]), both);
    }

    #[test]
    fn either_the_flag_or_the_reference_is_enough() {
        let unnamed = PinObject {
            unblocked_by: None,
            ..holders()
        };
        let unflagged = PinObject {
            unblocks: false,
            ..unblocker()
        };
        let both = Ok((Some(1), Some(2)));
        assert_eq!(references(&[unblocker(), unnamed]), both);
        assert_eq!(references(&[unflagged, holders()]), both);
    }

    #[test]
    fn with_neither_flag_nor_reference_no_code_is_the_holders() {
        assert!(references(&[code(2), code(1)]).is_err());
        assert!(references(&[code(1), code(1)]).is_err());
    }

    #[test]
    fn a_contradiction_of_flags_and_references_names_no_code() {
        let named_by_the_unblocker = PinObject {
            unblocked_by: Some(vec![1]),
            ..unblocker()
        };
        assert!(references(&[holders(), named_by_the_unblocker.clone()]).is_err());
        let each_names_the_other = PinObject {
            unblocks: false,
            ..named_by_the_unblocker
        };
        assert!(references(&[holders(), each_names_the_other]).is_err());
    }

    #[test]
    fn a_card_may_list_no_code_or_one() {
        assert_eq!(references(&[]), Ok((None, None)));
        assert_eq!(references(&[holders()]), Ok((Some(1), None)));
        assert_eq!(references(&[unblocker()]), Ok((None, Some(2))));
        let names_itself = PinObject {
            unblocked_by: Some(vec![1]),
            ..holders()
        };
        assert_eq!(references(&[names_itself]), Ok((Some(1), None)));
    }

    #[test]
    fn two_codes_that_unblock_are_not_confused() {
        let other = PinObject {
            id: Some(vec![3]),
            ..unblocker()
        };
        let codes = [other.clone(), unblocker(), holders()];
        assert_eq!(references(&codes), Ok((Some(1), Some(2))));
        let unnamed = PinObject {
            unblocked_by: None,
            ..holders()
        };
        assert!(references(&[other, unblocker(), unnamed]).is_err());
    }

    #[test]
    fn a_holders_code_that_cannot_be_presented_is_not_supported() {
        let unsupported = PinObject {
            unsupported: Some("for a test"),
            ..holders()
        };
        assert!(references(&[unsupported, unblocker()]).is_err());
    }

    #[test]
    fn a_key_must_not_ask_for_another_code() {
        let codes = [holders(), unblocker()];
        let check = |auth_id: Option<u8>| {
            let key = PrivateKeyObject {
                id: vec![1],
                auth_id: auth_id.map(|id| vec![id]),
                reference: 0x81,
                non_repudiation: true,
                signs: false,
                deciphers: false,
            };
            check_keys(&codes[0], &codes, &[key])
        };
        for agreeing in [None, Some(1), Some(9)] {
            assert!(check(agreeing).is_ok(), "{agreeing:?}");
        }
        assert!(check(Some(2)).is_err());
    }
}
