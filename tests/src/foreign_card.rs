//! A card that is none of ours, plugged into vpcd: it has an answer to reset and knows no command.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The card; it is pulled when this is dropped.
#[derive(Debug)]
pub struct ForeignCard {
    stream: TcpStream,
    commands: Arc<AtomicUsize>,
}

impl ForeignCard {
    /// Plugs a card with this answer to reset, as hexadecimal bytes, into a reader of vpcd.
    #[must_use]
    pub fn plug(address: &str, atr: &str) -> Self {
        let stream = TcpStream::connect(address).expect("vpcd");
        stream.set_nodelay(true).expect("no delay");
        let commands = Arc::new(AtomicUsize::new(0));
        let card = stream.try_clone().expect("the stream");
        let atr = bytes_of_hex(atr);
        let counter = Arc::clone(&commands);
        thread::spawn(move || serve(card, &atr, &counter));
        Self { stream, commands }
    }

    /// How many commands it was sent.
    #[must_use]
    pub fn commands(&self) -> usize {
        self.commands.load(Ordering::SeqCst)
    }
}

impl Drop for ForeignCard {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

/// Answers vpcd until it hangs up. A message is a length of two bytes and so many bytes;
/// one of a single byte is power off, power on, reset, or, 4, the question for the ATR.
fn serve(mut stream: TcpStream, atr: &[u8], commands: &AtomicUsize) {
    let mut len = [0; 2];
    while stream.read_exact(&mut len).is_ok() {
        let mut message = vec![0; usize::from(u16::from_be_bytes(len))];
        if stream.read_exact(&mut message).is_err() {
            return;
        }
        let answer = match message.as_slice() {
            [4] => atr,
            [_] => continue,
            _ => {
                commands.fetch_add(1, Ordering::SeqCst);
                &[0x6D, 0x00]
            }
        };
        let len = u16::try_from(answer.len()).expect("a short answer");
        let message = [&len.to_be_bytes(), answer].concat();
        if stream.write_all(&message).is_err() {
            return;
        }
    }
}

fn bytes_of_hex(text: &str) -> Vec<u8> {
    let byte = |pair| u8::from_str_radix(pair, 16).expect("a hexadecimal byte");
    text.split(' ').map(byte).collect()
}
