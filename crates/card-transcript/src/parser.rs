//! Text of an `.apdu` file to [`Transcript`].

use std::collections::BTreeMap;

use card_apdu::{Atr, CommandApdu, Protocol, StatusWord};

use crate::decode::{carries_code, carries_hash, data_range};
use crate::error::{Reason, TranscriptError};
use crate::event::Event;
use crate::lines::{LineKind, LogicalLine, logical_lines, one_line};
use crate::script_bytes::{ScriptBytes, parse_pair};
use crate::transcript::{Act, Answer, Exchange, Header, Outcome, Step, Transcript};

/// Reads a whole text.
pub(crate) fn parse(text: &str) -> Result<Transcript, TranscriptError> {
    let mut parser = Parser::default();
    for line in logical_lines(text)? {
        let number = line.number;
        parser.read(line).map_err(|reason| TranscriptError {
            line: number,
            reason,
        })?;
        parser.last_line = number;
    }
    parser.finish()
}

#[derive(Default)]
struct Parser {
    headers: BTreeMap<&'static str, (usize, String)>,
    steps: Vec<Step>,
    unanswered: Option<(usize, ScriptBytes)>,
    placeholder_lens: BTreeMap<String, usize>,
    last_line: usize,
}

impl Parser {
    fn read(&mut self, line: LogicalLine) -> Result<(), Reason> {
        let answers = matches!(line.kind, LineKind::Answer | LineKind::Event);
        if self.unanswered.is_some() && !answers {
            return Err(Reason::Unanswered);
        }
        match line.kind {
            LineKind::Header => self.read_header(line.number, &line.text),
            LineKind::Step => self.read_step(line.number, &line.text),
            LineKind::Command => self.read_command(line.number, &line.text),
            LineKind::Answer => self.read_answer(&line.text),
            LineKind::Event => self.read_event(&line.text),
        }
    }

    fn read_header(&mut self, line: usize, text: &str) -> Result<(), Reason> {
        if !self.steps.is_empty() {
            return Err(Reason::LateHeader);
        }
        let (key, value) = text.split_once([' ', '\t']).unwrap_or((text, ""));
        let Some(key) = HEADERS.into_iter().find(|known| *known == key) else {
            return Err(Reason::UnknownHeader(key.to_owned()));
        };
        let value = one_line(value);
        if value.is_empty() {
            return Err(Reason::EmptyHeader(key));
        }
        match self.headers.insert(key, (line, value)) {
            None => Ok(()),
            Some(_) => Err(Reason::RepeatedHeader(key)),
        }
    }

    fn read_step(&mut self, line: usize, text: &str) -> Result<(), Reason> {
        let name = one_line(text);
        if name.is_empty() {
            return Err(Reason::UnnamedStep);
        }
        self.steps.push(Step {
            line,
            name,
            acts: Vec::new(),
        });
        Ok(())
    }

    fn read_command(&mut self, line: usize, text: &str) -> Result<(), Reason> {
        if self.steps.is_empty() {
            return Err(Reason::OutsideStep);
        }
        let command = ScriptBytes::parse(text)?;
        check_command(&command)?;
        self.check_placeholders(&command)?;
        self.unanswered = Some((line, command));
        Ok(())
    }

    fn read_answer(&mut self, text: &str) -> Result<(), Reason> {
        let (data, sw) = text.split_once('|').ok_or(Reason::NoStatusWord)?;
        let data = ScriptBytes::parse(data)?;
        self.check_placeholders(&data)?;
        let sw = parse_status_word(sw).ok_or(Reason::NoStatusWord)?;
        match self.unanswered.take() {
            Some((line, command)) => self.push(Act::Exchange(Exchange {
                line,
                command,
                outcome: Outcome::Answer(Answer { data, sw }),
            })),
            None => Err(Reason::AnswerWithoutCommand),
        }
    }

    fn read_event(&mut self, text: &str) -> Result<(), Reason> {
        let event = Event::parse(text).ok_or(Reason::UnknownEvent)?;
        match self.unanswered.take() {
            Some((line, command)) => self.push(Act::Exchange(Exchange {
                line,
                command,
                outcome: Outcome::Event(event),
            })),
            None => self.push(Act::Event(event)),
        }
    }

    fn push(&mut self, act: Act) -> Result<(), Reason> {
        let step = self.steps.last_mut().ok_or(Reason::OutsideStep)?;
        step.acts.push(act);
        Ok(())
    }

    fn check_placeholders(&mut self, script: &ScriptBytes) -> Result<(), Reason> {
        for (range, placeholder) in script.placeholders() {
            let name = placeholder.name().to_owned();
            let len = *self.placeholder_lens.entry(name).or_insert(range.len());
            if len != range.len() {
                return Err(Reason::PlaceholderLen(placeholder.clone()));
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Transcript, TranscriptError> {
        if let Some((line, _)) = self.unanswered {
            return Err(TranscriptError {
                line,
                reason: Reason::Unanswered,
            });
        }
        let atr = self.take("atr").and_then(parse_atr)?;
        let protocol = self
            .take("protocol")
            .and_then(|value| parse_protocol(value, &atr))?;
        let header = Header {
            what: self.take("what")?.1,
            card: self.take("card")?.1,
            source: self.take("source")?.1,
            spec: self.take("spec")?.1,
            atr,
            protocol,
        };
        Ok(Transcript {
            header,
            steps: self.steps,
        })
    }

    /// Line and value of a header.
    fn take(&mut self, key: &'static str) -> Result<(usize, String), TranscriptError> {
        self.headers.remove(key).ok_or(TranscriptError {
            line: self.last_line.max(1),
            reason: Reason::MissingHeader(key),
        })
    }
}

/// A command must parse, placeholders lie in its data field, and no code or hash is literal.
fn check_command(script: &ScriptBytes) -> Result<(), Reason> {
    let command = CommandApdu::parse(&script.zero_filled()).map_err(Reason::Command)?;
    let data = data_range(&command);
    let mut supplied = 0;
    for (range, placeholder) in script.placeholders() {
        if range.start < data.start || range.end > data.end {
            return Err(Reason::PlaceholderOutsideData(placeholder.clone()));
        }
        supplied += range.len();
    }
    if (carries_code(&command) || carries_hash(&command)) && supplied != data.len() {
        return Err(Reason::LiteralData);
    }
    Ok(())
}

fn parse_status_word(text: &str) -> Option<StatusWord> {
    let mut words = text.split_ascii_whitespace();
    let sw = StatusWord::new(parse_pair(words.next()?)?, parse_pair(words.next()?)?);
    words.next().is_none().then_some(sw)
}

fn parse_atr((line, value): (usize, String)) -> Result<Atr, TranscriptError> {
    let bytes: Result<Vec<u8>, Reason> = value
        .split_ascii_whitespace()
        .map(|word| parse_pair(word).ok_or_else(|| Reason::NoByte(word.to_owned())))
        .collect();
    bytes
        .and_then(|bytes| Atr::parse(&bytes).map_err(Reason::Atr))
        .map_err(|reason| TranscriptError { line, reason })
}

fn parse_protocol((line, value): (usize, String), atr: &Atr) -> Result<Protocol, TranscriptError> {
    let error = |reason| Err(TranscriptError { line, reason });
    let protocol = match value.as_str() {
        "T=0" => Protocol::T0,
        "T=1" => Protocol::T1,
        _ => return error(Reason::Protocol),
    };
    if atr.offers(protocol) {
        Ok(protocol)
    } else {
        error(Reason::ProtocolNotOffered)
    }
}

const HEADERS: [&str; 6] = ["what", "card", "source", "spec", "atr", "protocol"];

#[cfg(test)]
mod tests;
