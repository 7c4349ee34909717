//! Taking a fuzzer's bytes apart: small choices first, then pieces with their length before them.

/// What is left of an input.
#[derive(Clone, Debug)]
pub(crate) struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next byte; 0 at the end.
    pub(crate) fn byte(&mut self) -> u8 {
        match self.rest {
            [first, rest @ ..] => {
                self.rest = rest;
                *first
            }
            [] => 0,
        }
    }

    /// Whether nothing is left.
    pub(crate) fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    /// One of these, by the next byte.
    pub(crate) fn choice<T: Copy>(&mut self, choices: &[T]) -> Option<T> {
        let byte = usize::from(self.byte());
        choices.get(byte.checked_rem(choices.len())?).copied()
    }

    /// A piece: two bytes of length, then so many bytes or what is left. `None` at the end.
    pub(crate) fn piece(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let len = usize::from(u16::from_be_bytes([self.byte(), self.byte()]));
        let (piece, rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, &[]));
        self.rest = rest;
        Some(piece)
    }

    /// All that is left.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.rest
    }
}

/// A piece as [`Input::piece`] takes it.
pub(crate) fn as_piece(bytes: &[u8]) -> Vec<u8> {
    let len = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    [&len.to_be_bytes(), bytes].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_pieces_and_forgives_an_input_that_ends_early() {
        let bytes = [&[7][..], &as_piece(b"abc"), &[0, 9, 1]].concat();
        let mut input = Input::new(&bytes);
        assert_eq!(input.choice(&["a", "b", "c"]), Some("b"));
        assert_eq!(input.piece(), Some(&b"abc"[..]));
        assert_eq!(input.piece(), Some(&[1][..]));
        assert_eq!(input.piece(), None);
        assert_eq!(input.byte(), 0);
    }
}
