//! Dialogues with a card as text: read, replayed, recorded.
//!
//! A [`Transcript`] is one `.apdu` file; the grammar stands in
//! `apdu-fixtures/README.md`. [`ReplayChannel`] plays a transcript as if it
//! were the card and accepts no other command than the one written.
//! [`RecordingChannel`] listens on the way to a card and writes such a file.
//! A code or any other secret stands in the file as `{name:len}` and nothing
//! else: the reader refuses a literal code, the recorder never copies one.

mod comparison;
mod decode;
mod error;
mod event;
mod fixture_rules;
mod lines;
mod parser;
mod recording;
mod replay;
mod replay_error;
mod script_bytes;
mod transcript;
mod writer;

pub use decode::{command_name, decode_command};
pub use error::{LoadError, Reason, TranscriptError};
pub use event::Event;
pub use fixture_rules::{BadFixture, FixtureFault, check_fixture, check_folder};
pub use recording::RecordingChannel;
pub use replay::{MISMATCH_NAME, ReplayChannel};
pub use replay_error::{Mismatch, Place, ReplayError};
pub use script_bytes::{Part, Placeholder, ScriptBytes};
pub use transcript::{Act, Answer, Exchange, Header, Outcome, Step, Transcript};
