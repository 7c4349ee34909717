//! [`Transcript`] to the text of an `.apdu` file.

use std::fmt;

use card_apdu::{CommandApdu, Protocol};

use crate::decode::{command_name, data_range};
use crate::lines::one_line;
use crate::script_bytes::{Part, ScriptBytes};
use crate::transcript::{Act, Answer, Exchange, Header, Outcome, Step, Transcript};

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.header)?;
        for step in &self.steps {
            write!(f, "\n{step}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "@what      {}", one_line(&self.what))?;
        writeln!(f, "@card      {}", one_line(&self.card))?;
        writeln!(f, "@source    {}", one_line(&self.source))?;
        writeln!(f, "@spec      {}", one_line(&self.spec))?;
        writeln!(f, "@atr       {}", self.atr)?;
        let protocol = match self.protocol {
            Protocol::T0 => "T=0",
            Protocol::T1 => "T=1",
        };
        writeln!(f, "@protocol  {protocol}")
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "## {}", one_line(&self.name))?;
        for act in &self.acts {
            match act {
                Act::Exchange(exchange) => write!(f, "{exchange}")?,
                Act::Event(event) => writeln!(f, "! {event}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let command = CommandApdu::parse(&self.command.zero_filled()).ok();
        let data = command.as_ref().map(data_range).unwrap_or_default();
        let line = wrapped('>', &words(&self.command), &[data.start, data.end]);
        match command.as_ref().and_then(command_name) {
            Some(name) => writeln!(f, "{}", with_comment(line, name))?,
            None => writeln!(f, "{line}")?,
        }
        match &self.outcome {
            Outcome::Answer(answer) => writeln!(f, "{answer}"),
            Outcome::Event(event) => writeln!(f, "! {event}"),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words = words(&self.data);
        let status_word = format!("| {:02X} {:02X}", self.sw.sw1(), self.sw.sw2());
        words.push((self.data.len(), status_word));
        f.write_str(&wrapped('<', &words, &[]))
    }
}

/// Each word with the position of its first byte.
fn words(script: &ScriptBytes) -> Vec<(usize, String)> {
    let mut position = 0;
    let mut words = Vec::new();
    for part in script.parts() {
        match part {
            Part::Literal(bytes) => {
                let pairs = bytes.iter().zip(position..);
                words.extend(pairs.map(|(byte, at)| (at, format!("{byte:02X}"))));
                position += bytes.len();
            }
            Part::Placeholder(placeholder) => {
                words.push((position, placeholder.to_string()));
                position += placeholder.len();
            }
        }
    }
    words
}

/// Words behind their sign, on as many lines as they need; the positions in
/// `gaps` get a second blank before them, so that header, data and Le stand apart.
fn wrapped(sign: char, words: &[(usize, String)], gaps: &[usize]) -> String {
    let mut text = sign.to_string();
    let mut column = 1;
    for (position, word) in words {
        let gap = if gaps.contains(position) && *position > 0 {
            "  "
        } else {
            " "
        };
        if column + gap.len() + word.len() > LINE_LEN {
            text.push_str("\n ");
            column = 1;
        }
        let gap = if column == 1 { " " } else { gap };
        text.push_str(gap);
        text.push_str(word);
        column += gap.len() + word.len();
    }
    text
}

fn with_comment(mut line: String, comment: &str) -> String {
    let last = line.rsplit('\n').next().map_or(0, str::len);
    let blanks = COMMENT_COLUMN.saturating_sub(last).max(2);
    line.extend(std::iter::repeat_n(' ', blanks));
    line + "# " + comment
}

const LINE_LEN: usize = 98;
const COMMENT_COLUMN: usize = 39;
