//! The bytes of one command as they go over the wire, redacted where they are secret.

use std::fmt;
use std::ops::Range;

use zeroize::Zeroizing;

/// One serialised command. The secret part prints as `[redacted n bytes]` and
/// the whole buffer is wiped on drop, so that a trace of the wire cannot show
/// a code (invariant 3 of ARCHITECTURE.md).
#[derive(Clone, PartialEq, Eq)]
pub struct WireBytes {
    bytes: Zeroizing<Vec<u8>>,
    secret: Range<usize>,
}

impl WireBytes {
    pub(crate) fn new(bytes: Zeroizing<Vec<u8>>, secret: Range<usize>) -> Self {
        Self { bytes, secret }
    }

    /// All bytes, secret ones included: for the reader alone.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.bytes
    }

    /// Number of bytes on the wire.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is nothing to send.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Where the secret bytes are; empty when there are none.
    #[must_use]
    pub fn secret_range(&self) -> Range<usize> {
        self.secret.clone()
    }

    /// Whether some byte may not be shown.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        !self.secret.is_empty()
    }
}

impl fmt::Debug for WireBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_secret() {
            return write_hex(f, &self.bytes);
        }
        let before = self.bytes.get(..self.secret.start).unwrap_or_default();
        let after = self.bytes.get(self.secret.end..).unwrap_or_default();
        write_hex(f, before)?;
        write!(f, " [redacted {} bytes]", self.secret.len())?;
        if !after.is_empty() {
            f.write_str(" ")?;
            write_hex(f, after)?;
        }
        Ok(())
    }
}

/// Writes upper-case pairs with one blank between them.
pub(crate) fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    for (index, byte) in bytes.iter().enumerate() {
        let blank = if index == 0 { "" } else { " " };
        write!(f, "{blank}{byte:02X}")?;
    }
    Ok(())
}
