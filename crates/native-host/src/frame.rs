//! Native messaging: a length of four bytes in the machine's order, then so many bytes of JSON.

use std::io::{self, ErrorKind, Read, Write};

/// Longest message that is read, in bytes. The agent takes bodies of 64 KiB; a browser would send 64 MiB.
pub(crate) const LONGEST_IN: usize = 1024 * 1024;

/// Longest message that a browser reads, in bytes; Chromium ends a host that sends more.
pub(crate) const LONGEST_OUT: usize = 1024 * 1024;

/// A message as it came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// All of it.
    Whole(Vec<u8>),
    /// One of more than [`LONGEST_IN`] bytes, which was passed over.
    TooLong,
}

/// Reads the next message; `None` where the input ends between two.
///
/// # Errors
/// [`io::Error`] when the input breaks off in a message, or the system refuses.
pub(crate) fn read(input: &mut impl Read) -> io::Result<Option<Frame>> {
    let mut length = [0; 4];
    if input.read(&mut length[..1])? == 0 {
        return Ok(None);
    }
    input.read_exact(&mut length[1..])?;
    let length = u64::from(u32::from_ne_bytes(length));
    let mut message = input.take(length);
    if length > LONGEST_IN as u64 {
        return match io::copy(&mut message, &mut io::sink())? {
            passed if passed == length => Ok(Some(Frame::TooLong)),
            _ => Err(ErrorKind::UnexpectedEof.into()),
        };
    }
    let mut bytes = Vec::new();
    message.read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length {
        Ok(Some(Frame::Whole(bytes)))
    } else {
        Err(ErrorKind::UnexpectedEof.into())
    }
}

/// Writes a message.
///
/// # Errors
/// [`io::Error`] when the message is longer than [`LONGEST_OUT`], or the browser does not read.
pub(crate) fn write(output: &mut impl Write, message: &[u8]) -> io::Result<()> {
    let length = u32::try_from(message.len())
        .ok()
        .filter(|_| message.len() <= LONGEST_OUT)
        .ok_or(ErrorKind::InvalidInput)?;
    output.write_all(&length.to_ne_bytes())?;
    output.write_all(message)?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn framed(message: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&mut bytes, message).unwrap();
        bytes
    }

    #[test]
    fn messages_come_one_after_the_other_and_then_the_end() {
        let both = [framed(b"{}"), framed(b"")].concat();
        let mut input = both.as_slice();
        assert_eq!(
            read(&mut input).unwrap(),
            Some(Frame::Whole(b"{}".to_vec()))
        );
        assert_eq!(read(&mut input).unwrap(), Some(Frame::Whole(Vec::new())));
        assert_eq!(read(&mut input).unwrap(), None);
    }

    #[test]
    fn a_message_that_is_too_long_is_passed_over_and_the_next_one_read() {
        let long = vec![b'a'; LONGEST_IN + 1];
        let length = u32::try_from(long.len()).unwrap().to_ne_bytes();
        let both = [&length[..], &long, &framed(b"{}")].concat();
        let mut input = both.as_slice();
        assert_eq!(read(&mut input).unwrap(), Some(Frame::TooLong));
        assert_eq!(
            read(&mut input).unwrap(),
            Some(Frame::Whole(b"{}".to_vec()))
        );
    }

    #[test]
    fn a_message_that_breaks_off_is_an_error_and_takes_no_memory_before_it_is_there() {
        let whole = framed(b"{\"a\":1}");
        for end in 1..whole.len() {
            assert!(read(&mut &whole[..end]).is_err(), "{end}");
        }
        assert!(read(&mut &u32::MAX.to_ne_bytes()[..]).is_err());
    }

    #[test]
    fn nothing_longer_than_a_browser_reads_is_written() {
        assert!(write(&mut Vec::new(), &vec![b'a'; LONGEST_OUT + 1]).is_err());
    }

    proptest! {
        #[test]
        fn no_input_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut input = bytes.as_slice();
            while let Ok(Some(_)) = read(&mut input) {}
        }
    }
}
