//! Files that people write: transcripts, and scripts of a holder.

use card_transcript::Transcript;
use prompt::ScriptedHolder;

/// A transcript that is read is written as it was, but for comments and white space.
pub(crate) fn transcript(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(transcript) = Transcript::parse(text) else {
        return;
    };
    let written = transcript.to_string();
    let again = Transcript::parse(&written).map(|again| again.to_string());
    assert_eq!(again.as_ref(), Ok(&written), "from {text:?}");
}

pub(crate) fn scripted_holder(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = ScriptedHolder::from_toml(text);
    }
}
