//! What a transcript holds.

use std::path::Path;

use card_apdu::{Atr, Protocol, StatusWord};

use crate::error::{LoadError, TranscriptError};
use crate::event::Event;
use crate::parser;
use crate::script_bytes::ScriptBytes;

/// One dialogue with a card, as an `.apdu` file tells it.
///
/// Its `Display` form is the text of such a file. Comments are for the human
/// reader and are not kept; the text written has the name of each command as
/// its comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    /// What the file says about itself.
    pub header: Header,
    /// The dialogue, in order.
    pub steps: Vec<Step>,
}

/// The six lines that open every transcript. Text is one line: white space
/// is written as one blank, and a word does not begin with `#`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The scenario in one sentence.
    pub what: String,
    /// The card family, and what is known of this one card.
    pub card: String,
    /// Where the bytes come from, and what was changed by hand.
    pub source: String,
    /// Documents and commands that the dialogue follows.
    pub spec: String,
    /// Answer to reset of the card.
    pub atr: Atr,
    /// Protocol in use; one that the ATR offers.
    pub protocol: Protocol,
}

/// A named part of the dialogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Line of the file, from 1; 0 for a step that was not read from text.
    pub line: usize,
    /// What happens, in the words of the file.
    pub name: String,
    /// Commands and events, in order.
    pub acts: Vec<Act>,
}

/// One thing that happens in a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// A command and what came of it.
    Exchange(Exchange),
    /// Something that happens before the next command, whichever that is.
    Event(Event),
}

/// A command and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Line of the file, from 1; 0 for an exchange that was not read from text.
    pub line: usize,
    /// The command as it goes over the wire in the protocol of the header.
    pub command: ScriptBytes,
    /// What came back.
    pub outcome: Outcome,
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The card answered.
    Answer(Answer),
    /// The card got the command, or did not; no answer came.
    Event(Event),
}

/// An answer of the card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Data field.
    pub data: ScriptBytes,
    /// Status word.
    pub sw: StatusWord,
}

impl Transcript {
    /// Reads the text of an `.apdu` file.
    ///
    /// # Errors
    /// [`TranscriptError`] names the first line at fault.
    pub fn parse(text: &str) -> Result<Self, TranscriptError> {
        parser::parse(text)
    }

    /// Reads an `.apdu` file.
    ///
    /// # Errors
    /// [`LoadError`] names the file, and the line when the text is at fault.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        let text = std::fs::read_to_string(path).map_err(|source| LoadError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text).map_err(|source| LoadError::Parse {
            path: path.to_owned(),
            source,
        })
    }

    /// Every byte string of the script, commands and answers, in order.
    pub(crate) fn all_bytes(&self) -> impl Iterator<Item = &ScriptBytes> {
        let acts = self.steps.iter().flat_map(|step| &step.acts);
        acts.flat_map(|act| match act {
            Act::Exchange(exchange) => {
                let answer = match &exchange.outcome {
                    Outcome::Answer(answer) => Some(&answer.data),
                    Outcome::Event(_) => None,
                };
                [Some(&exchange.command), answer]
            }
            Act::Event(_) => [None, None],
        })
        .flatten()
    }
}
