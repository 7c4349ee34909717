//! Why a text is no transcript.

use std::path::PathBuf;

use card_apdu::{AtrError, MalformedCommand};

use crate::script_bytes::Placeholder;

/// A text that is no transcript: where, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct TranscriptError {
    /// Line of the text, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with a line of a transcript.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// The line begins with none of the signs of the grammar.
    #[error("a line begins with `@`, `## `, `> `, `< `, `! `, `#` or a blank")]
    UnknownLine,
    /// A continuation line follows neither a command nor an answer.
    #[error("a continuation line follows neither a command nor an answer")]
    StrayContinuation,
    /// A header line stands after the first step.
    #[error("a header line stands after the first step")]
    LateHeader,
    /// No header has this key.
    #[error("no header is called @{0}")]
    UnknownHeader(String),
    /// A key stands twice.
    #[error("the header @{0} stands twice")]
    RepeatedHeader(&'static str),
    /// A header has no value.
    #[error("the header @{0} has no value")]
    EmptyHeader(&'static str),
    /// One of the six headers is missing.
    #[error("the header @{0} is missing")]
    MissingHeader(&'static str),
    /// The ATR is none.
    #[error("the value of @atr: {0}")]
    Atr(AtrError),
    /// The protocol is none.
    #[error("the value of @protocol is T=0 or T=1")]
    Protocol,
    /// The ATR does not offer the protocol.
    #[error("the ATR does not offer the protocol")]
    ProtocolNotOffered,
    /// A step without name.
    #[error("a step has a name")]
    UnnamedStep,
    /// A command, answer or event stands before the first step.
    #[error("a command, an answer or an event stands in a step")]
    OutsideStep,
    /// A word among the bytes is neither a byte nor a placeholder.
    #[error("`{0}` is neither an upper-case hex pair nor a {{name:len}}")]
    NoByte(String),
    /// More bytes than any command or answer can have.
    #[error("more bytes than a command or an answer can have")]
    TooManyBytes,
    /// One name with two lengths.
    #[error("the placeholder {0} has another length elsewhere")]
    PlaceholderLen(Placeholder),
    /// Something else than data is supplied by the test.
    #[error("the placeholder {0} reaches out of the data field")]
    PlaceholderOutsideData(Placeholder),
    /// The bytes are no C-APDU.
    #[error("no command: {0}")]
    Command(MalformedCommand),
    /// VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER or PSO COMPUTE DIGITAL
    /// SIGNATURE with its data in the file.
    #[error("a code or a hash stands in a transcript as {{name:len}} and nothing else")]
    LiteralData,
    /// The command is followed by neither an answer nor an event.
    #[error("the command has no answer")]
    Unanswered,
    /// An answer follows no command.
    #[error("an answer follows its command")]
    AnswerWithoutCommand,
    /// An answer without status word.
    #[error("an answer ends with `| SW1 SW2`")]
    NoStatusWord,
    /// No such event.
    #[error("an event is `reset`, `removed` or `reader-error SCARD_…`")]
    UnknownEvent,
}

/// Why a transcript could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("reading the transcript {path}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The text is no transcript.
    #[error("reading the transcript {path}", path = path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Line and reason.
        source: TranscriptError,
    },
}
