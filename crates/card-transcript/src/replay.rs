//! A transcript in the place of the card.

use std::collections::BTreeMap;
use std::path::Path;

use card_apdu::{CardChannel, Protocol, ReaderFault, WireBytes};
use secrets::SecretBytes;

use crate::comparison::{check_sent, decoded, fill};
use crate::error::LoadError;
use crate::replay_error::{Place, ReplayError};
use crate::script_bytes::{Placeholder, ScriptBytes};
use crate::transcript::{Act, Exchange, Outcome, Step, Transcript};

/// Name of the [`ReaderFault::Other`] that a program gets once it left its script.
pub const MISMATCH_NAME: &str = "TRANSCRIPT_MISMATCH";

/// Plays a transcript as if it were the card.
///
/// Every command must be the next one of the script, byte for byte. The first
/// that is not, and every command after it, meets a [`ReaderFault::Other`]
/// named [`MISMATCH_NAME`]; what was wrong is told by [`finish`](Self::finish).
/// So a test calls `finish` **before** it looks at the result of the program,
/// and always: dropping the channel checks nothing.
///
/// ```no_run
/// # use card_transcript::ReplayChannel;
/// # fn verify(_: &mut dyn card_apdu::CardChannel, _: &[u8]) -> u8 { 2 }
/// let file = std::path::Path::new("apdu-fixtures/cps3/verify-wrong-pin.apdu");
/// let mut card = ReplayChannel::load(file)?.with_value("pin-wrong", b"9999");
/// let tries_left = verify(&mut card, b"9999");
/// card.finish()?;
/// assert_eq!(tries_left, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "a script that is not finished proves nothing"]
pub struct ReplayChannel {
    file: String,
    protocol: Protocol,
    placeholders: BTreeMap<String, Placeholder>,
    values: BTreeMap<String, SecretBytes>,
    cues: std::vec::IntoIter<Cue>,
    error: Option<ReplayError>,
    commands: usize,
    bytes: usize,
}

/// One act with the step that it stands in.
#[derive(Debug)]
struct Cue {
    step: String,
    act: Act,
}

impl ReplayChannel {
    /// Begins a transcript; `file` is the name that messages give it.
    pub fn new(transcript: Transcript, file: &str) -> Self {
        let placeholders = transcript
            .all_bytes()
            .flat_map(ScriptBytes::placeholders)
            .map(|(_, placeholder)| (placeholder.name().to_owned(), placeholder.clone()))
            .collect();
        let cues: Vec<Cue> = transcript.steps.into_iter().flat_map(cues).collect();
        Self {
            file: file.to_owned(),
            protocol: transcript.header.protocol,
            placeholders,
            values: BTreeMap::new(),
            cues: cues.into_iter(),
            error: None,
            commands: 0,
            bytes: 0,
        }
    }

    /// Begins the transcript of a file.
    ///
    /// # Errors
    /// [`LoadError`] when it cannot be read.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        let transcript = Transcript::load(path)?;
        Ok(Self::new(transcript, &path.display().to_string()))
    }

    /// Supplies the bytes of a placeholder, in commands and in answers.
    ///
    /// A name that the script does not hold, or a length other than the
    /// placeholder's, is an error of the test: it is kept and reported like a
    /// command that leaves the script.
    pub fn with_value(mut self, name: &str, value: &[u8]) -> Self {
        let file = self.file.clone();
        match self.placeholders.get(name) {
            None => self.fail(ReplayError::UnknownValue {
                file,
                name: name.to_owned(),
            }),
            Some(placeholder) if placeholder.len() != value.len() => {
                let placeholder = placeholder.clone();
                self.fail(ReplayError::ValueLen {
                    file,
                    placeholder,
                    len: value.len(),
                });
            }
            Some(_) => {
                let value = SecretBytes::copy_from(value);
                self.values.insert(name.to_owned(), value);
            }
        }
        self
    }

    /// Number of commands sent so far as the script has them, GET RESPONSE included.
    #[must_use]
    pub fn commands(&self) -> usize {
        self.commands
    }

    /// Number of bytes that went over the wire for them, both ways, status words included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Ends the play.
    ///
    /// Events after the last command may go unnoticed: nobody has to send a
    /// command to a card that was taken out.
    ///
    /// # Errors
    /// [`ReplayError`] with the first thing that went wrong, or with the first
    /// command of the script that was not sent.
    #[must_use = "the result says whether the script was kept to"]
    pub fn finish(self) -> Result<(), ReplayError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let not_sent: Vec<(String, Exchange)> = self
            .cues
            .filter_map(|cue| match cue.act {
                Act::Exchange(exchange) => Some((cue.step, exchange)),
                Act::Event(_) => None,
            })
            .collect();
        let left = not_sent.len();
        let Some((step, exchange)) = not_sent.into_iter().next() else {
            return Ok(());
        };
        Err(ReplayError::NotPlayed {
            place: Place {
                file: self.file,
                line: exchange.line,
                step,
            },
            next: decoded(&exchange.command.zero_filled()),
            left,
        })
    }

    /// Keeps the first error.
    fn fail(&mut self, error: ReplayError) {
        self.error.get_or_insert(error);
    }

    /// Plays the next act; the outer error is that of the script, the inner one a lawful event.
    fn play(&mut self, sent: &WireBytes) -> Result<Result<Vec<u8>, ReaderFault>, ReplayError> {
        let Some(cue) = self.cues.next() else {
            return Err(ReplayError::AfterEnd {
                file: self.file.clone(),
                sent: decoded(sent.expose()),
            });
        };
        let exchange = match cue.act {
            Act::Event(event) => return Ok(Err(event.fault())),
            Act::Exchange(exchange) => exchange,
        };
        let place = Place {
            file: self.file.clone(),
            line: exchange.line,
            step: cue.step,
        };
        check_sent(&exchange.command, sent, &self.values, &place)?;
        self.commands += 1;
        self.bytes += sent.len();
        let answer = match exchange.outcome {
            Outcome::Event(event) => return Ok(Err(event.fault())),
            Outcome::Answer(answer) => answer,
        };
        let data = fill(&answer.data, &self.values, &place)?;
        let mut bytes = data.to_vec();
        bytes.extend([answer.sw.sw1(), answer.sw.sw2()]);
        self.bytes += bytes.len();
        Ok(Ok(bytes))
    }
}

impl CardChannel for ReplayChannel {
    fn protocol(&self) -> Protocol {
        self.protocol
    }

    fn exchange(&mut self, command: &WireBytes) -> Result<Vec<u8>, ReaderFault> {
        if self.error.is_none() {
            match self.play(command) {
                Ok(outcome) => return outcome,
                Err(error) => self.fail(error),
            }
        }
        Err(ReaderFault::Other {
            name: MISMATCH_NAME.to_owned(),
        })
    }
}

fn cues(step: Step) -> impl Iterator<Item = Cue> {
    let name = step.name;
    step.acts.into_iter().map(move |act| Cue {
        step: name.clone(),
        act,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use card_apdu::{ChannelError, CommandApdu, ExpectedLen, StatusWord};

    const SCRIPT: &str = "\
@what      Wrong PIN once, then signing is refused: two tries left, no signature.
@card      example-eid v1, test card, synthetic holder
@source    RecordingChannel 2026-11-02; serial and name replaced by hand
@spec      ISO/IEC 7816-4 SELECT, READ BINARY, VERIFY; 7816-8 PSO
@atr       3B DB 96 00 80 B1 FE 45 1F 83 00 12 23 3F 53 65 49 44 0F 90 00 F1
@protocol  T=1

## Ask for the FCP of the serial number file: 8 bytes, transparent
> 00 A4 02 04 02  50 32  00
< 62 04  80 02 00 08 | 90 00
> 00 B0 00 00 08                       # READ BINARY, offset 0
< 04 06 00 00 00 00
  00 01 | 90 00

## VERIFY the signature PIN with a wrong value
> 00 20 00 82 08  {pin-wrong:8}
< | 63 C2                              # two tries left

## The security environment may be set, the signature may not be made
> 00 22 41 B6 06  80 01 54  84 01 81   # MSE SET, digital signature template
< | 90 00
> 00 2A 9E 9A 20  {hash:32}  00        # PSO COMPUTE DIGITAL SIGNATURE
< | 69 82                              # security status not satisfied

! removed                              # the holder takes the card out
";

    const PIN: &[u8] = b"73918264";
    const HASH: [u8; 32] = [0xA7; 32];
    const MAX: ExpectedLen = ExpectedLen::AsMuchAsPossible;

    fn channel(text: &str) -> ReplayChannel {
        ReplayChannel::new(Transcript::parse(text).unwrap(), "sample.apdu")
    }

    fn sample() -> ReplayChannel {
        channel(SCRIPT)
            .with_value("pin-wrong", PIN)
            .with_value("hash", &HASH)
    }

    fn select() -> CommandApdu {
        CommandApdu::new(0x00, 0xA4, 0x02, 0x04)
            .with_data([0x50, 0x32])
            .with_le(MAX)
    }

    fn read() -> CommandApdu {
        CommandApdu::new(0x00, 0xB0, 0x00, 0x00).with_le(ExpectedLen::Exactly(8))
    }

    fn verify(pin: &[u8]) -> CommandApdu {
        CommandApdu::new(0x00, 0x20, 0x00, 0x82).with_secret_data(pin)
    }

    fn left_script(result: Result<card_apdu::ResponseApdu, ChannelError>) -> bool {
        let name = MISMATCH_NAME.to_owned();
        result == Err(ChannelError::Reader(ReaderFault::Other { name }))
    }

    #[test]
    fn plays_the_whole_script_and_counts_it() {
        let mut card = sample();
        let mse = CommandApdu::new(0x00, 0x22, 0x41, 0xB6)
            .with_data([0x80, 0x01, 0x54, 0x84, 0x01, 0x81]);
        let pso = CommandApdu::new(0x00, 0x2A, 0x9E, 0x9A)
            .with_data(HASH)
            .with_le(MAX);
        assert_eq!(card.transmit(&select()).unwrap().data().len(), 6);
        assert_eq!(card.transmit(&read()).unwrap().data()[7], 1);
        let refused = card.transmit(&verify(PIN)).unwrap();
        assert_eq!(refused.sw().tries_left(), Some(2));
        assert!(card.transmit(&mse).unwrap().sw().is_success());
        let refused = card.transmit(&pso).unwrap();
        assert_eq!(refused.sw(), StatusWord::SECURITY_STATUS_NOT_SATISFIED);
        assert_eq!(card.commands(), 5);
        assert_eq!(
            card.bytes(),
            (8 + 8) + (5 + 10) + (13 + 2) + (11 + 2) + (38 + 2)
        );
        card.finish().unwrap();
    }

    #[test]
    fn a_command_after_the_removal_finds_no_card() {
        let text = SCRIPT.replace("## VERIFY", "! removed\n! reset\n## VERIFY");
        let mut card = channel(&text).with_value("pin-wrong", PIN);
        card.transmit(&select()).unwrap();
        card.transmit(&read()).unwrap();
        let faults = [ReaderFault::Removed, ReaderFault::Reset];
        for fault in faults {
            assert_eq!(card.transmit(&read()), Err(ChannelError::Reader(fault)));
        }
        assert!(card.transmit(&verify(PIN)).is_ok());
        assert_eq!(card.commands(), 3);
    }

    #[test]
    fn an_event_in_place_of_an_answer_still_wants_the_right_command() {
        let text = SCRIPT.replace("< | 63 C2", "! reader-error SCARD_W_UNRESPONSIVE_CARD");
        let play = |pin: &[u8]| {
            let mut card = channel(&text).with_value("pin-wrong", PIN);
            card.transmit(&select()).unwrap();
            card.transmit(&read()).unwrap();
            card.transmit(&verify(pin))
        };
        assert_eq!(play(PIN), Err(ChannelError::Reader(ReaderFault::Mute)));
        assert!(left_script(play(b"00000000")));
    }

    #[test]
    fn another_command_is_told_with_line_step_and_first_difference() {
        let mut card = sample();
        let other = CommandApdu::new(0x00, 0xA4, 0x02, 0x04)
            .with_data([0x50, 0x31])
            .with_le(MAX);
        assert!(left_script(card.transmit(&other)));
        assert!(left_script(card.transmit(&select())), "the error is kept");
        let text = card.finish().unwrap_err().to_string();
        assert_eq!(
            text,
            "sample.apdu:9, step \"Ask for the FCP of the serial number file: 8 bytes, transparent\": \
             another command was sent\n  \
             script: SELECT: CLA 00, INS A4, P1 02, P2 04, Lc 2, Le 256\n  \
             sent:   SELECT: CLA 00, INS A4, P1 02, P2 04, Lc 2, Le 256\n  \
             first difference at offset 6 (data at 1): script 32, sent 31"
        );
    }

    #[test]
    fn a_shorter_command_differs_where_it_ends() {
        let mut card = sample();
        let short = CommandApdu::new(0x00, 0xA4, 0x02, 0x04).with_data([0x50, 0x32]);
        assert!(left_script(card.transmit(&short)));
        let text = card.finish().unwrap_err().to_string();
        assert!(
            text.ends_with("first difference at offset 7 (Le): script 00, sent nothing"),
            "{text}"
        );
    }

    #[test]
    fn a_wrong_code_is_told_without_either_code() {
        let mut card = sample();
        card.transmit(&select()).unwrap();
        card.transmit(&read()).unwrap();
        assert!(left_script(card.transmit(&verify(b"73918265"))));
        let debug = format!("{card:?}");
        let text = card.finish().unwrap_err().to_string();
        assert!(
            text.ends_with(
                "first difference at offset 12 (data at 7), in {pin-wrong:8}: not shown"
            ),
            "{text}"
        );
        assert!(
            !debug.contains("7391") && !debug.contains("55, 51"),
            "{debug}"
        );
    }

    #[test]
    fn a_code_sent_as_plain_data_is_an_error() {
        let mut card = sample();
        card.transmit(&select()).unwrap();
        card.transmit(&read()).unwrap();
        let plain = CommandApdu::new(0x00, 0x20, 0x00, 0x82).with_data(PIN);
        assert!(left_script(card.transmit(&plain)));
        let error = card.finish().unwrap_err();
        assert!(
            matches!(error, ReplayError::CodeNotSecret { .. }),
            "{error}"
        );
        assert!(!format!("{error:?}").contains("7391"));
    }

    #[test]
    fn a_script_left_early_tells_what_comes_next() {
        let mut card = sample();
        card.transmit(&select()).unwrap();
        let text = card.finish().unwrap_err().to_string();
        assert_eq!(
            text,
            "sample.apdu:11, step \"Ask for the FCP of the serial number file: 8 bytes, transparent\": \
             the script goes on, 4 commands were not sent\n  \
             script: READ BINARY: CLA 00, INS B0, P1 00, P2 00, no Lc, Le 8"
        );
    }

    #[test]
    fn a_command_after_the_end_is_an_error() {
        let end = SCRIPT.find("> 00 B0").unwrap();
        let mut card = channel(&SCRIPT[..end]);
        card.transmit(&select()).unwrap();
        assert!(left_script(card.transmit(&read())));
        let error = card.finish().unwrap_err();
        assert!(matches!(error, ReplayError::AfterEnd { .. }), "{error}");
    }

    #[test]
    fn a_placeholder_without_value_is_an_error() {
        let mut card = channel(SCRIPT);
        card.transmit(&select()).unwrap();
        card.transmit(&read()).unwrap();
        assert!(left_script(card.transmit(&verify(PIN))));
        let text = card.finish().unwrap_err().to_string();
        assert!(
            text.ends_with("the test supplies no value for {pin-wrong:8}"),
            "{text}"
        );
    }

    #[test]
    fn values_that_the_script_does_not_ask_for_are_errors() {
        let error = sample().with_value("pin", PIN).finish().unwrap_err();
        assert!(matches!(error, ReplayError::UnknownValue { .. }), "{error}");
        let error = sample().with_value("hash", PIN).finish().unwrap_err();
        assert!(
            matches!(error, ReplayError::ValueLen { len: 8, .. }),
            "{error}"
        );
    }

    #[test]
    fn an_answer_is_completed_by_the_test() {
        let text = SCRIPT.replace("< 04 06 00 00 00 00\n  00 01 |", "< 04 06 {serial:6} |");
        let mut card = channel(&text).with_value("serial", b"abcdef");
        card.transmit(&select()).unwrap();
        let response = card.transmit(&read()).unwrap();
        assert_eq!(response.data(), b"\x04\x06abcdef");
    }
}
