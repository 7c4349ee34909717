//! What the card was made to do, which its own process wrote down while agents came and went.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use daemon_journal::{Entry, Line, Operation};

/// The dialogue with the card so far.
#[derive(Debug)]
pub(crate) struct CardTrace {
    lines: BufReader<File>,
    codes_presented: usize,
    keys_used: usize,
}

impl CardTrace {
    /// The trace in a file that `virtual-card` writes.
    pub(crate) fn of(file: &Path) -> Self {
        let file = File::open(file).expect("the trace of the card");
        Self {
            lines: BufReader::new(file),
            codes_presented: 0,
            keys_used: 0,
        }
    }

    /// Fails if the card was given more codes, or used a key more often, than the journal announced.
    /// No agent runs, so nothing is on its way.
    pub(crate) fn compare(&mut self, journal: &[Line]) {
        self.read_on();
        let (mut intents, mut signatures) = (0, 0);
        for line in journal {
            if let Entry::Intent {
                operation, digests, ..
            } = &line.entry
            {
                intents += 1;
                let one = usize::from(*operation == Operation::Authenticate);
                signatures += digests.unwrap_or(one);
            }
        }
        assert!(
            self.codes_presented <= intents,
            "the card saw {} codes, the journal has {intents} intents",
            self.codes_presented
        );
        assert!(
            self.keys_used <= signatures,
            "the card signed {} times, the journal announced {signatures}",
            self.keys_used
        );
    }

    fn read_on(&mut self) {
        let mut line = String::new();
        while self.lines.read_line(&mut line).expect("the trace") > 0 {
            if let Some(command) = line.strip_prefix(">> ") {
                // VERIFY with a code in it; PSO COMPUTE DIGITAL SIGNATURE, INTERNAL AUTHENTICATE.
                let has_data = command.trim_end().len() > "00 20 00 01 00".len();
                let instruction = command.get(3..).unwrap_or_default();
                self.codes_presented += usize::from(instruction.starts_with("20 ") && has_data);
                let is_signature =
                    instruction.starts_with("2A 9E 9A") || instruction.starts_with("88 ");
                self.keys_used += usize::from(is_signature);
            }
            line.clear();
        }
    }
}

impl std::fmt::Display for CardTrace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "card         {} codes presented, {} uses of a key",
            self.codes_presented, self.keys_used
        )
    }
}
