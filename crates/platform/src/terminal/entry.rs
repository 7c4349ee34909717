//! What was typed so far.

use secrets::SecretBytes;
use zeroize::Zeroizing;

use super::TerminalError;

/// Digits of a code. The buffer never grows, so no copy is left behind, and is wiped on drop.
pub(super) struct CodeEntry {
    digits: Zeroizing<Vec<u8>>,
    max_len: usize,
    /// Digits typed beyond the longest code: counted, so that Backspace takes them back, and
    /// never kept. Dropping them in silence would send a code that the holder did not type.
    excess: usize,
}

impl CodeEntry {
    pub(super) fn new(max_len: usize) -> Self {
        Self {
            digits: Zeroizing::new(Vec::with_capacity(max_len)),
            max_len,
            excess: 0,
        }
    }

    /// Adds a digit; false when it is none.
    pub(super) fn push(&mut self, character: u8) -> bool {
        if !character.is_ascii_digit() {
            return false;
        }
        if self.digits.len() < self.max_len {
            self.digits.push(character);
        } else {
            self.excess += 1;
        }
        true
    }

    /// Takes the last digit back; false when there is none.
    pub(super) fn erase(&mut self) -> bool {
        if self.excess > 0 {
            self.excess -= 1;
            return true;
        }
        self.digits.pop().is_some()
    }

    pub(super) fn finish(self) -> Result<SecretBytes, TerminalError> {
        if self.excess > 0 {
            let maximum = self.max_len;
            return Err(TerminalError::TooLong { maximum });
        }
        Ok(SecretBytes::copy_from(&self.digits))
    }
}

/// Letters of a short answer, in lower case.
#[derive(Default)]
pub(super) struct WordEntry {
    letters: String,
}

impl WordEntry {
    /// Longer than any answer that is understood.
    const MAX_LEN: usize = 8;

    /// Adds a letter and says how it shows; `None` when it is no letter or one too many.
    pub(super) fn push(&mut self, character: u8) -> Option<char> {
        if !character.is_ascii_alphabetic() || self.letters.len() == Self::MAX_LEN {
            return None;
        }
        let letter = char::from(character.to_ascii_lowercase());
        self.letters.push(letter);
        Some(letter)
    }

    /// Takes the last letter back; false when there is none.
    pub(super) fn erase(&mut self) -> bool {
        self.letters.pop().is_some()
    }

    pub(super) fn finish(self) -> String {
        self.letters
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn typed(max_len: usize, keys: &[u8]) -> Result<SecretBytes, TerminalError> {
        let mut entry = CodeEntry::new(max_len);
        for key in keys {
            match key {
                b'<' => entry.erase(),
                character => entry.push(*character),
            };
        }
        entry.finish()
    }

    #[test]
    fn digits_beyond_the_longest_code_are_an_error_until_taken_back() {
        assert!(matches!(
            typed(4, b"123456"),
            Err(TerminalError::TooLong { maximum: 4 })
        ));
        assert!(matches!(
            typed(4, b"123456<"),
            Err(TerminalError::TooLong { maximum: 4 })
        ));
        assert_eq!(typed(4, b"123456<<").unwrap().expose(), b"1234");
        assert_eq!(typed(4, b"123456<<<9").unwrap().expose(), b"1239");
    }

    #[test]
    fn what_is_no_digit_counts_for_nothing() {
        assert_eq!(typed(4, b"a1 2\xff3-4").unwrap().expose(), b"1234");
        assert_eq!(typed(4, b"").unwrap().expose(), b"");
    }

    proptest! {
        #[test]
        fn the_code_is_what_an_editor_would_show(keys in "[0-9a<]{0,24}", max_len in 0_usize..10) {
            let mut shown = String::new();
            for key in keys.chars() {
                match key {
                    '<' => { shown.pop(); }
                    'a' => {}
                    digit => shown.push(digit),
                }
            }
            match typed(max_len, keys.as_bytes()) {
                Ok(code) => prop_assert_eq!(code.expose(), shown.as_bytes()),
                Err(_) => prop_assert!(shown.len() > max_len),
            }
        }
    }
}
