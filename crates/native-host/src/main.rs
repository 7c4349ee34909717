//! `cpxd-native-host`: started by a browser for the extension, on nobody's screen.
//!
//! It reads requests of pages on its standard input, asks the agent on the user's socket, and writes
//! the answers on its standard output. It keeps nothing, and ends with its input.
//! Whose page a request is the browser told the extension, and the agent believes it of this program
//! alone (its file beside the agent's).

mod agent;
mod frame;
mod message;
mod relay;
mod requests;

use std::io::{self, BufReader};
use std::process::ExitCode;

use frame::Frame;
use message::{Outgoing, PROTOCOL};
use requests::Requests;

fn main() -> ExitCode {
    let mut input = BufReader::new(io::stdin());
    let requests = Requests::default();
    requests::say(&Outgoing::Ready { protocol: PROTOCOL });
    loop {
        match frame::read(&mut input) {
            Ok(Some(Frame::Whole(bytes))) => requests.take(&bytes),
            Ok(Some(Frame::TooLong)) => requests.refuse_too_long(),
            // The browser closed the port, or ended: with this process all its connections end.
            Ok(None) => return ExitCode::SUCCESS,
            Err(_) => return ExitCode::FAILURE,
        }
    }
}
