//! How a program left its script.

use std::fmt;

use crate::script_bytes::Placeholder;

/// How a program, or its test, left the script.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// Another command than the one written was sent.
    #[error("{0}")]
    Mismatch(Box<Mismatch>),
    /// A command was sent after the last one of the script.
    #[error("{file}: a command after the end of the script\n  sent:   {sent}")]
    AfterEnd {
        /// The script.
        file: String,
        /// The command sent, decoded.
        sent: String,
    },
    /// The script was not played to its end.
    #[error("{place}: the script goes on, {left} commands were not sent\n  script: {next}")]
    NotPlayed {
        /// The first command that was not sent.
        place: Place,
        /// The same command, decoded.
        next: String,
        /// Number of commands that were not sent.
        left: usize,
    },
    /// The test supplied no value for a placeholder.
    #[error("{place}: the test supplies no value for {placeholder}")]
    NoValue {
        /// Where the placeholder stands.
        place: Place,
        /// The placeholder.
        placeholder: Placeholder,
    },
    /// The test supplied a value that the script does not ask for.
    #[error("{file}: the script has no placeholder {name}, for which the test supplies a value")]
    UnknownValue {
        /// The script.
        file: String,
        /// The name given by the test.
        name: String,
    },
    /// The test supplied a value of another length.
    #[error("{file}: the test supplies {len} bytes for {placeholder}")]
    ValueLen {
        /// The script.
        file: String,
        /// The placeholder.
        placeholder: Placeholder,
        /// Number of bytes supplied.
        len: usize,
    },
    /// A code was sent in a command that does not redact it.
    #[error("{place}: a code was sent as plain data, a trace would show it\n  sent:   {sent}")]
    CodeNotSecret {
        /// Where the script stood.
        place: Place,
        /// The command sent, decoded.
        sent: String,
    },
}

/// A command of the script and the one sent instead of it. Neither shows its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Where the script stood.
    pub place: Place,
    /// The command of the script, decoded.
    pub expected: String,
    /// The command sent, decoded.
    pub sent: String,
    /// The first byte that differs, hidden where it is or may be secret.
    pub difference: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            place,
            expected,
            sent,
            difference,
        } = self;
        write!(f, "{place}: another command was sent")?;
        write!(
            f,
            "\n  script: {expected}\n  sent:   {sent}\n  {difference}"
        )
    }
}

/// A line of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The script, by the name that the test gave it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Name of the step.
    pub step: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}, step \"{}\"", self.file, self.line, self.step)
    }
}
