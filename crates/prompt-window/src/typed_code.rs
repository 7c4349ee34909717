//! Digits as they are typed, in a buffer that is wiped.

use std::fmt;

use secrets::Pin;
use zeroize::{Zeroize as _, Zeroizing};

/// Digits count up to here; more of them are no code of any card.
const MOST_COUNTED: usize = 99;

/// What was typed into one field: the digits that a code can have, and how many there were in all.
///
/// The buffer is allocated once and never grows, moves or is copied.
#[derive(Default)]
pub(crate) struct TypedCode {
    digits: Box<Zeroizing<[u8; Pin::MAXIMUM_LEN]>>,
    len: usize,
}

impl TypedCode {
    /// How many digits were typed, those included that no code has room for.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// One more digit (ASCII).
    pub(crate) fn push(&mut self, digit: u8) {
        if let Some(place) = self.digits.get_mut(self.len) {
            *place = digit;
        }
        self.len = (self.len + 1).min(MOST_COUNTED);
    }

    /// Takes the last digit back.
    pub(crate) fn pop(&mut self) {
        self.len = self.len.saturating_sub(1);
        if let Some(place) = self.digits.get_mut(self.len) {
            *place = 0;
        }
    }

    /// The digits; `None` when there are more than a code has.
    pub(crate) fn expose(&self) -> Option<&[u8]> {
        self.digits.get(..self.len)
    }

    /// Forgets them.
    pub(crate) fn wipe(&mut self) {
        self.digits.zeroize();
        self.len = 0;
    }
}

impl fmt::Debug for TypedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prints_nothing_and_is_wiped() {
        let mut code = TypedCode::default();
        b"7391".iter().for_each(|digit| code.push(*digit));
        assert_eq!(format!("{code:?}"), "[redacted]");
        code.wipe();
        assert_eq!((code.expose(), code.len()), (Some(&b""[..]), 0));
        assert_eq!(**code.digits, [0; 8]);
    }

    proptest! {
        #[test]
        fn holds_what_was_typed_and_no_ninth_digit(keys: Vec<Option<u8>>) {
            let mut code = TypedCode::default();
            let mut model = Vec::new();
            for key in keys.iter().take(90) {
                match key {
                    Some(digit) => { code.push(*digit); model.push(*digit); }
                    None => { code.pop(); model.pop(); }
                }
                prop_assert_eq!(code.len(), model.len());
                if model.len() <= 8 {
                    // A digit that came after a ninth one and outlived it was never kept.
                    prop_assert_eq!(code.expose().map(<[u8]>::len), Some(model.len()));
                } else {
                    prop_assert_eq!(code.expose(), None);
                }
            }
        }
    }
}
