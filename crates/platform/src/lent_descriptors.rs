//! A file descriptor that a program lends to the other end of a Unix socket, along with bytes
//! (unix(7), SCM_RIGHTS).

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

/// Sends bytes, of which there must be one at least, and a descriptor with the first of them; says
/// how many bytes went.
///
/// # Errors
/// What the system says.
pub fn send(socket: impl AsFd, bytes: &[u8], descriptor: BorrowedFd<'_>) -> io::Result<usize> {
    let descriptors = [descriptor];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(&descriptors));
    let bytes = [IoSlice::new(bytes)];
    Ok(sendmsg(socket, &bytes, &mut control, SendFlags::empty())?)
}

/// Receives bytes and the descriptor that came with them. There is room for one: the system closes
/// any other.
///
/// # Errors
/// What the system says.
pub fn receive(socket: impl AsFd, buffer: &mut [u8]) -> io::Result<(usize, Option<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = recvmsg(
        socket,
        &mut [IoSliceMut::new(buffer)],
        &mut control,
        RecvFlags::empty(),
    )?;
    let mut lent = None;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(descriptors) = message {
            lent = descriptors.last().or(lent);
        }
    }
    if let Some(descriptor) = &lent {
        fcntl_setfd(descriptor, FdFlags::CLOEXEC)?;
    }
    Ok((received.bytes, lent))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_descriptor_comes_with_the_first_bytes_and_is_the_one_that_was_lent() {
        let (here, mut there) = UnixStream::pair().unwrap();
        let (mut reader, writer) = io::pipe().unwrap();
        assert_eq!(send(&here, b"first", writer.as_fd()).unwrap(), 5);
        drop(writer);
        let mut buffer = [0; 16];
        let (len, lent) = receive(&mut there, &mut buffer).unwrap();
        assert_eq!(&buffer[..len], b"first");
        std::fs::File::from(lent.unwrap())
            .write_all(b"lent")
            .unwrap();
        let mut written = String::new();
        reader.read_to_string(&mut written).unwrap();
        assert_eq!(written, "lent");
    }

    #[test]
    fn bytes_without_a_descriptor_are_bytes() {
        let (mut here, there) = UnixStream::pair().unwrap();
        here.write_all(b"bytes").unwrap();
        drop(here);
        let mut buffer = [0; 16];
        let (len, lent) = receive(&there, &mut buffer).unwrap();
        assert_eq!((len, lent.is_none()), (5, true));
        let (end, _) = receive(&there, &mut buffer).unwrap();
        assert_eq!(end, 0);
    }
}
