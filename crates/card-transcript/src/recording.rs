//! A listener on the way to a card.

use std::collections::BTreeMap;

use card_apdu::{CardChannel, CommandApdu, Protocol, ReaderFault, ResponseApdu, WireBytes};

use crate::decode::{carries_code, carries_hash, data_range, is_decipher};
use crate::event::Event;
use crate::script_bytes::{Placeholder, ScriptBytes};
use crate::transcript::{Act, Answer, Exchange, Header, Outcome, Step, Transcript};

/// Passes everything on to a channel and writes it down as a transcript.
///
/// What is secret, or no business of a file, is replaced by `{name:len}` at the moment it passes, so that
/// no copy of it is ever held here:
///
/// * the secret bytes of a command ([`WireBytes::secret_range`]), and the data
///   of VERIFY, CHANGE REFERENCE DATA and RESET RETRY COUNTER in any case;
/// * the answers to PSO DECIPHER, as `{plaintext:len}`;
/// * the hash given to PSO COMPUTE DIGITAL SIGNATURE, as `{hash:len}`;
/// * the answers named by [`redact_next_answer`](Self::redact_next_answer).
///
/// A name that is taken gets a number, as in `{secret-2:4}`.
#[derive(Debug)]
pub struct RecordingChannel<C> {
    inner: C,
    steps: Vec<Step>,
    names: BTreeMap<String, usize>,
    next_secret: Option<String>,
    next_data: Vec<(String, Vec<u8>)>,
    next_long_answer: Option<String>,
    next_answer: Option<String>,
    /// Name for what the card still has to say to the last command.
    answer_goes_on: Option<String>,
    last_sw1: u8,
}

impl<C: CardChannel> RecordingChannel<C> {
    /// Listens on a channel.
    pub fn new(inner: C) -> Self {
        Self {
            inner,
            steps: Vec::new(),
            names: BTreeMap::new(),
            next_secret: None,
            next_data: Vec::new(),
            next_long_answer: None,
            next_answer: None,
            answer_goes_on: None,
            last_sw1: 0,
        }
    }

    /// The channel listened to.
    pub fn inner_mut(&mut self) -> &mut C {
        &mut self.inner
    }

    /// Begins a step: what follows happens under this name.
    pub fn step(&mut self, name: &str) {
        self.steps.push(Step {
            line: 0,
            name: name.to_owned(),
            acts: Vec::new(),
        });
    }

    /// Names the secret of the next command that carries one; without it the name is `secret`.
    ///
    /// The same name given twice means the same bytes. As in all names, what
    /// is not a–z, 0–9 or a hyphen becomes a hyphen.
    pub fn name_next_secret(&mut self, name: &str) {
        self.next_secret = Some(name.to_owned());
    }

    /// Writes `data`, in the next command that holds it among its data, as `{name:len}`:
    /// for hashes and other values that the test supplies and nobody hides.
    pub fn name_next_data(&mut self, name: &str, data: &[u8]) {
        if !data.is_empty() {
            self.next_data.push((name.to_owned(), data.to_vec()));
        }
    }

    /// Names the next answer of 200 bytes or more, such as a signature or a block of a certificate.
    pub fn name_next_answer(&mut self, name: &str) {
        self.next_long_answer = Some(name.to_owned());
    }

    /// Leaves the answer to the next command out of the transcript, however many
    /// GET RESPONSE it takes; the links of a chain count as one command.
    pub fn redact_next_answer(&mut self, name: &str) {
        self.next_answer = Some(name.to_owned());
    }

    /// Ends the recording and gives the text of the `.apdu` file.
    ///
    /// The protocol written is that of the channel, whatever the header says.
    #[must_use]
    pub fn into_text(self, header: Header) -> String {
        let protocol = self.inner.protocol();
        let transcript = Transcript {
            header: Header { protocol, ..header },
            steps: self.steps,
        };
        transcript.to_string()
    }

    fn write_down(&mut self, wire: &WireBytes, outcome: &Result<Vec<u8>, ReaderFault>) {
        let command = CommandApdu::parse(wire.expose()).ok();
        let script = self.command_script(wire, command.as_ref());
        let answer_name = self.name_for_answer(command.as_ref());
        let outcome = match outcome {
            Ok(bytes) => match ResponseApdu::parse(bytes) {
                Ok(response) => Outcome::Answer(self.answer_script(&response, answer_name)),
                Err(_) => Outcome::Event(Event::ReaderError(NO_STATUS_WORD.to_owned())),
            },
            Err(fault) => Outcome::Event(Event::of_fault(fault)),
        };
        if self.steps.is_empty() {
            self.step(UNNAMED_STEP);
        }
        if let Some(step) = self.steps.last_mut() {
            step.acts.push(Act::Exchange(Exchange {
                line: 0,
                command: script,
                outcome,
            }));
        }
    }

    /// The command without its secret.
    fn command_script(&mut self, wire: &WireBytes, command: Option<&CommandApdu>) -> ScriptBytes {
        let bytes = wire.expose();
        let data = command.map(data_range).unwrap_or_default();
        let code = command.is_some_and(carries_code);
        let (range, name) = if code || wire.is_secret() {
            let range = if code { data } else { wire.secret_range() };
            let name = match self.next_secret.take() {
                Some(name) => self.name_of_same(&name, range.len()),
                None => self.fresh_name("secret", range.len()),
            };
            (range, name)
        } else if let Some((range, name)) = self.take_named_data(bytes, data.clone()) {
            (range, name)
        } else if command.is_some_and(carries_hash) {
            let name = self.fresh_name("hash", data.len());
            (data, name)
        } else {
            return ScriptBytes::literal(bytes);
        };
        let mut script = ScriptBytes::literal(bytes.get(..range.start).unwrap_or_default());
        if let Some(placeholder) = Placeholder::new(&name, range.len()) {
            script.push_placeholder(placeholder);
        }
        script.push_literal(bytes.get(range.end..).unwrap_or_default());
        script
    }

    /// Finds the first of the values announced that the data field holds.
    fn take_named_data(
        &mut self,
        bytes: &[u8],
        data: std::ops::Range<usize>,
    ) -> Option<(std::ops::Range<usize>, String)> {
        let field = bytes.get(data.clone())?;
        let position = |value: &[u8]| field.windows(value.len()).position(|part| part == value);
        let values = self.next_data.iter();
        let (index, at) = values
            .enumerate()
            .find_map(|(index, (_, value))| position(value).map(|at| (index, at)))?;
        let (name, value) = self.next_data.remove(index);
        let start = data.start + at;
        let name = self.name_of_same(&name, value.len());
        Some((start..start + value.len(), name))
    }

    /// The name under which the data of this answer is left out, if it is.
    fn name_for_answer(&mut self, command: Option<&CommandApdu>) -> Option<String> {
        let goes_on = self.answer_goes_on.take();
        let is_get_response = command.is_some_and(|command| command.ins() == GET_RESPONSE);
        if goes_on.is_some() && (is_get_response || self.last_sw1 == WRONG_LE) {
            return goes_on;
        }
        let is_link = command.is_some_and(|command| command.cla() & CHAINING_BIT != 0);
        let announced = if is_link {
            self.next_answer.clone()
        } else {
            self.next_answer.take()
        };
        let plaintext = command.is_some_and(is_decipher);
        announced.or_else(|| plaintext.then(|| "plaintext".to_owned()))
    }

    /// The answer without what is named.
    fn answer_script(&mut self, response: &ResponseApdu, name: Option<String>) -> Answer {
        let (data, sw) = (response.data(), response.sw());
        let long = data.len() >= LONG_ANSWER_LEN;
        let name = name.or_else(|| long.then(|| self.next_long_answer.take()).flatten());
        self.last_sw1 = sw.sw1();
        let goes_on = matches!(sw.sw1(), MORE_DATA | WRONG_LE);
        self.answer_goes_on = name.clone().filter(|_| goes_on);

        let placeholder = name.filter(|_| !data.is_empty()).and_then(|name| {
            let name = self.fresh_name(&name, data.len());
            Placeholder::new(&name, data.len())
        });
        let mut script = ScriptBytes::default();
        match placeholder {
            Some(placeholder) => script.push_placeholder(placeholder),
            None => script.push_literal(data),
        }
        Answer { data: script, sw }
    }

    /// A name for bytes that may stand in the transcript more than once.
    fn name_of_same(&mut self, name: &str, len: usize) -> String {
        let name = placeholder_name(name);
        if self.names.get(&name) == Some(&len) {
            return name;
        }
        self.fresh_name(&name, len)
    }

    /// A name that no other placeholder has.
    fn fresh_name(&mut self, name: &str, len: usize) -> String {
        let name = placeholder_name(name);
        let mut fresh = name.clone();
        let mut number = 1;
        while self.names.contains_key(&fresh) {
            number += 1;
            fresh = format!("{name}-{number}");
        }
        self.names.insert(fresh.clone(), len);
        fresh
    }
}

impl<C: CardChannel> CardChannel for RecordingChannel<C> {
    fn protocol(&self) -> Protocol {
        self.inner.protocol()
    }

    fn exchange(&mut self, command: &WireBytes) -> Result<Vec<u8>, ReaderFault> {
        let outcome = self.inner.exchange(command);
        self.write_down(command, &outcome);
        outcome
    }
}

/// Makes any text a name that the grammar allows.
fn placeholder_name(text: &str) -> String {
    let allowed = |c: char| match c.to_ascii_lowercase() {
        c @ ('a'..='z' | '0'..='9') => c,
        _ => '-',
    };
    let name: String = text.chars().map(allowed).collect();
    if name.starts_with(|first: char| first.is_ascii_lowercase()) {
        name
    } else {
        format!("value-{name}")
    }
}

const UNNAMED_STEP: &str = "Before the first named step";
/// An answer without status word has no form in a transcript; this failure comes nearest.
const NO_STATUS_WORD: &str = "SCARD_F_COMM_ERROR";
const LONG_ANSWER_LEN: usize = 200;
const CHAINING_BIT: u8 = 0x10;
const GET_RESPONSE: u8 = 0xC0;
const MORE_DATA: u8 = 0x61;
const WRONG_LE: u8 = 0x6C;

#[cfg(test)]
mod tests;
