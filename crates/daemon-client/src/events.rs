//! Events as they come.

use std::collections::VecDeque;
use std::fmt;
use std::io::Read;

use serde::de::DeserializeOwned;
use ureq::BodyReader;

use crate::event_stream::{Event, EventParser, EventTooLong};
use crate::{Answer, ClientError, answer};

pub(crate) const MEDIA_TYPE: &str = "text/event-stream";

/// Events of the agent, as they come. It ends when the agent ends the stream, or after the first
/// error; to go on, subscribe again with the id of the last event.
pub struct Events {
    stream: BodyReader<'static>,
    parser: EventParser,
    whole: VecDeque<Event>,
    ended: bool,
}

impl Event {
    /// Reads what the event says.
    ///
    /// # Errors
    /// [`ClientError::Unreadable`] when it is not what the caller expects.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        serde_json::from_str(&self.data).map_err(ClientError::Unreadable)
    }
}

impl Events {
    pub(crate) fn from_answer(answer: Answer) -> Result<Self, ClientError> {
        let answer = answer::success(answer)?;
        if answer.body().mime_type() != Some(MEDIA_TYPE) {
            let status = answer.status().as_u16();
            return Err(ClientError::Unexplained { status });
        }
        Ok(Self {
            stream: answer.into_body().into_reader(),
            parser: EventParser::default(),
            whole: VecDeque::new(),
            ended: false,
        })
    }

    /// Waits for bytes and parses them; false at the end of the stream.
    fn read_some(&mut self) -> Result<bool, ClientError> {
        let mut bytes = [0; 4096];
        let read = self
            .stream
            .read(&mut bytes)
            .map_err(|error| ClientError::from(ureq::Error::from(error)))?;
        for byte in bytes.iter().take(read) {
            match self.parser.push(*byte) {
                Ok(event) => self.whole.extend(event),
                Err(EventTooLong) => return Err(ClientError::TooLong),
            }
        }
        Ok(read > 0)
    }
}

impl Iterator for Events {
    type Item = Result<Event, ClientError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(event) = self.whole.pop_front() {
                return Some(Ok(event));
            }
            if self.ended {
                return None;
            }
            match self.read_some() {
                Ok(more) => self.ended = !more,
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            }
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events")
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
