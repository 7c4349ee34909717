//! Bytes to server-sent events (HTML Standard, section 9.2.6 "Interpreting an event stream").

use std::mem;

/// Longest event, and longest line, in bytes.
const LONGEST_EVENT: usize = 1024 * 1024;

/// One event of the agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Id of the latest event that had one; where to go on after a lost connection.
    pub id: Option<String>,
    /// Its kind; `message` where the agent names none.
    pub event: String,
    /// What it says; JSON from the agent.
    pub data: String,
}

/// An event or a line longer than [`LONGEST_EVENT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EventTooLong;

/// Collects bytes until an event is whole. What is unfinished when the stream ends is no event.
#[derive(Debug, Default)]
pub(crate) struct EventParser {
    line: Vec<u8>,
    after_carriage_return: bool,
    after_first_line: bool,
    id: Option<String>,
    kind: String,
    data: String,
}

impl EventParser {
    /// Takes one byte; returns the event that it completes, if any.
    pub(crate) fn push(&mut self, byte: u8) -> Result<Option<Event>, EventTooLong> {
        let second_of_pair = mem::take(&mut self.after_carriage_return) && byte == b'\n';
        match byte {
            _ if second_of_pair => Ok(None),
            b'\r' | b'\n' => {
                self.after_carriage_return = byte == b'\r';
                self.end_line()
            }
            _ if self.line.len() == LONGEST_EVENT => Err(EventTooLong),
            _ => {
                self.line.push(byte);
                Ok(None)
            }
        }
    }

    fn end_line(&mut self) -> Result<Option<Event>, EventTooLong> {
        let bytes = mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&bytes);
        let line = if mem::replace(&mut self.after_first_line, true) {
            &*text
        } else {
            text.strip_prefix('\u{feff}').unwrap_or(&text)
        };
        if line.is_empty() {
            return Ok(self.dispatch());
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        self.set(field, value.strip_prefix(' ').unwrap_or(value))
            .map(|()| None)
    }

    /// A line that begins with a colon is a comment: its field has no name, and means nothing.
    fn set(&mut self, field: &str, value: &str) -> Result<(), EventTooLong> {
        match field {
            "event" => value.clone_into(&mut self.kind),
            "id" if !value.contains('\0') => {
                self.id = Some(value.to_owned()).filter(|id| !id.is_empty());
            }
            "data" if self.data.len() + value.len() >= LONGEST_EVENT => return Err(EventTooLong),
            "data" => {
                self.data.push_str(value);
                self.data.push('\n');
            }
            _ => {}
        }
        Ok(())
    }

    fn dispatch(&mut self) -> Option<Event> {
        let mut kind = mem::take(&mut self.kind);
        let mut data = mem::take(&mut self.data);
        // Each line of data ended with a line feed; the last one is no part of it.
        data.pop()?;
        if kind.is_empty() {
            "message".clone_into(&mut kind);
        }
        Some(Event {
            id: self.id.clone(),
            event: kind,
            data,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn events(stream: &[u8]) -> Vec<Event> {
        let mut parser = EventParser::default();
        stream
            .iter()
            .filter_map(|byte| parser.push(*byte).unwrap())
            .collect()
    }

    fn event(id: Option<&str>, kind: &str, data: &str) -> Event {
        Event {
            id: id.map(str::to_owned),
            event: kind.to_owned(),
            data: data.to_owned(),
        }
    }

    #[test]
    fn an_event_has_its_id_its_kind_and_its_data() {
        assert_eq!(
            events(b"id: 7\nevent: card-inserted\ndata: {\"card\":\"a\"}\n\n"),
            [event(Some("7"), "card-inserted", "{\"card\":\"a\"}")]
        );
    }

    #[test]
    fn lines_end_in_any_of_the_three_ways() {
        let expected = [event(None, "message", "1\n2"), event(None, "message", "3")];
        for end in ["\n", "\r", "\r\n"] {
            let stream = "data: 1|data:2||data: 3||".replace('|', end);
            assert_eq!(events(stream.as_bytes()), expected, "{end:?}");
        }
    }

    #[test]
    fn comments_unknown_fields_and_a_byte_order_mark_mean_nothing() {
        assert_eq!(
            events("\u{feff}data: 1\n: still here\nretry: 3\nfuture\n\n".as_bytes()),
            [event(None, "message", "1")]
        );
    }

    #[test]
    fn what_has_no_data_or_no_end_is_no_event() {
        assert_eq!(events(b"event: lonely\n\n\n\ndata: unfinished\n"), []);
    }

    #[test]
    fn an_id_holds_until_the_next_one() {
        assert_eq!(
            events(b"id: 1\ndata: a\n\ndata: b\n\nid: x\0y\ndata: c\n\nid\ndata: d\n\n"),
            [
                event(Some("1"), "message", "a"),
                event(Some("1"), "message", "b"),
                event(Some("1"), "message", "c"),
                event(None, "message", "d"),
            ]
        );
    }

    #[test]
    fn an_endless_line_or_event_is_an_error() {
        let mut parser = EventParser::default();
        let endless = std::iter::repeat_n(b'x', LONGEST_EVENT + 1);
        assert_eq!(
            endless.map(|byte| parser.push(byte)).find(Result::is_err),
            Some(Err(EventTooLong))
        );

        let mut parser = EventParser::default();
        let line = format!("data: {}\n", "x".repeat(LONGEST_EVENT / 2));
        let endless = line.bytes().cycle().take(line.len() * 3);
        assert_eq!(
            { endless }
                .map(|byte| parser.push(byte))
                .find(Result::is_err),
            Some(Err(EventTooLong))
        );
    }

    proptest! {
        #[test]
        fn no_input_panics(bytes: Vec<u8>) {
            let mut parser = EventParser::default();
            for byte in bytes {
                let _ = parser.push(byte);
            }
        }

        #[test]
        fn what_is_written_is_read_again(
            id in "[a-z0-9]{1,8}",
            kind in "[a-z][a-z-]{0,12}",
            lines in prop::collection::vec("[^\r\n]{0,20}", 1..4),
        ) {
            let mut stream = format!("id: {id}\nevent: {kind}\n");
            for line in &lines {
                stream.push_str(&format!("data: {line}\n"));
            }
            stream.push('\n');
            prop_assert_eq!(
                events(stream.as_bytes()),
                [event(Some(&id), &kind, &lines.join("\n"))]
            );
        }
    }
}
