//! How long a real card takes.

use std::time::Duration;

/// Times of a line and a card. The default is no time at all.
///
/// ```
/// use card_emulator::Pace;
/// use std::time::Duration;
/// assert_eq!(Pace::default().time(&[0; 5], &[0; 2]), Duration::ZERO);
/// assert_eq!(Pace::CPS3.time(&[0; 8], &[0; 2]), Duration::from_millis(11));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Pace {
    /// For each byte that goes over the line, in either direction.
    pub per_byte: Duration,
    /// For each operation with a private key.
    pub per_key_operation: Duration,
}

impl Pace {
    /// A CPS3 with contacts: T=0 at 372 clocks for each bit and 4 MHz (computed from its ATR). That
    /// a signature takes about a second in all was seen on real cards.
    pub const CPS3: Self = Self {
        per_byte: Duration::from_micros(1100),
        per_key_operation: Duration::from_millis(500),
    };

    /// A CPS4: twelve times faster on the line (computed from its ATR); its key operation is as
    /// long (GUESS).
    pub const CPS4: Self = Self {
        per_byte: Duration::from_micros(92),
        per_key_operation: Duration::from_millis(500),
    };

    /// How long this command and its answer take.
    #[must_use]
    pub fn time(self, command: &[u8], answer: &[u8]) -> Duration {
        let bytes = u32::try_from(command.len() + answer.len()).unwrap_or(u32::MAX);
        let line = self.per_byte.saturating_mul(bytes);
        if uses_key(command) && matches!(answer, [.., 0x90 | 0x61, _]) {
            line + self.per_key_operation
        } else {
            line
        }
    }
}

/// INTERNAL AUTHENTICATE, PSO COMPUTE DIGITAL SIGNATURE, the last command of PSO DECIPHER.
fn uses_key(command: &[u8]) -> bool {
    matches!(
        command,
        [_, 0x88, ..] | [0x00 | 0x01, 0x2A, 0x9E, 0x9A, ..] | [0x00 | 0x01, 0x2A, 0x80, 0x86, ..]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_key_that_was_used_takes_its_time() {
        let pace = Pace {
            per_byte: Duration::ZERO,
            per_key_operation: Duration::from_millis(7),
        };
        let time = |command: &[u8], answer: &[u8]| pace.time(command, answer).as_millis();
        assert_eq!(time(&[0, 0x88, 0, 0, 1, 7], &[0x61, 0x00]), 7);
        assert_eq!(time(&[1, 0x2A, 0x9E, 0x9A, 0], &[0x90, 0x00]), 7);
        assert_eq!(time(&[1, 0x2A, 0x80, 0x86, 0], &[0x69, 0x82]), 0);
        assert_eq!(time(&[0x11, 0x2A, 0x80, 0x86, 1, 7], &[0x90, 0x00]), 0);
        assert_eq!(time(&[0, 0x20, 0, 1], &[0x90, 0x00]), 0);
    }
}
