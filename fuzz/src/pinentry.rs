//! Lines that a pinentry says.

use prompt::AssuanReply;

/// What was typed is never longer than its line.
pub(crate) fn line(bytes: &[u8]) {
    if let Ok(AssuanReply::Data(typed)) = AssuanReply::parse(bytes) {
        assert!(typed.len() < bytes.len());
    }
}
