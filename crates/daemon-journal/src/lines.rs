//! Lines of a file, one at a time, in bounded memory whatever the file holds.

use std::io::{self, BufRead, Read as _};

use crate::chain::MAXIMUM_LINE;

/// Reads lines and knows where they are.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    /// Number of the line that was read last, from 1.
    pub(crate) number: u64,
    /// Bytes of the lines that were read whole.
    pub(crate) complete_len: u64,
}

/// One step through a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    /// A line, without its line feed.
    Line(&'a [u8]),
    /// A line that is longer than any of ours.
    TooLong,
    /// The file ends with this many bytes and no line feed.
    Unfinished(u64),
    /// The file is at its end.
    End,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            number: 0,
            complete_len: 0,
        }
    }

    /// The next line.
    pub(crate) fn step(&mut self) -> io::Result<Step<'_>> {
        self.buffer.clear();
        let most = u64::try_from(MAXIMUM_LINE).unwrap_or(u64::MAX);
        let read = (&mut self.reader)
            .take(most)
            .read_until(b'\n', &mut self.buffer)?;
        if read == 0 {
            return Ok(Step::End);
        }
        self.number += 1;
        if self.buffer.last() == Some(&b'\n') {
            self.complete_len += as_u64(read);
            self.buffer.pop();
            return Ok(Step::Line(&self.buffer));
        }
        if read < MAXIMUM_LINE {
            return Ok(Step::Unfinished(as_u64(read)));
        }
        self.complete_len += as_u64(read) + self.skip_line()?;
        Ok(Step::TooLong)
    }

    /// Skips what is left of a line; bytes skipped.
    fn skip_line(&mut self) -> io::Result<u64> {
        let mut skipped = 0;
        loop {
            let available = self.reader.fill_buf()?;
            let end = available.iter().position(|byte| *byte == b'\n');
            let len = end.map_or(available.len(), |end| end + 1);
            self.reader.consume(len);
            skipped += as_u64(len);
            if end.is_some() || len == 0 {
                return Ok(skipped);
            }
        }
    }
}

fn as_u64(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_from_an_unfinished_end() {
        let mut lines = Lines::new(&b"one\n\nthree"[..]);
        assert_eq!(lines.step().unwrap(), Step::Line(b"one"));
        assert_eq!(lines.step().unwrap(), Step::Line(b""));
        assert_eq!(lines.complete_len, 5);
        assert_eq!(lines.step().unwrap(), Step::Unfinished(5));
        assert_eq!((lines.number, lines.complete_len), (3, 5));
        assert_eq!(lines.step().unwrap(), Step::End);
    }

    #[test]
    fn a_long_line_is_skipped_without_being_kept() {
        let mut text = vec![b'x'; MAXIMUM_LINE * 3];
        text.extend_from_slice(b"\nnext\n");
        let mut lines = Lines::new(&text[..]);
        assert_eq!(lines.step().unwrap(), Step::TooLong);
        assert!(lines.buffer.capacity() <= 2 * MAXIMUM_LINE);
        assert_eq!(lines.step().unwrap(), Step::Line(b"next"));
        assert_eq!(lines.complete_len, u64::try_from(text.len()).unwrap());
        assert_eq!(lines.number, 2);
    }
}
