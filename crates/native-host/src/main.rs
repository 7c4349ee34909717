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

use std::env;
use std::io::{self, BufReader, Write as _};
use std::process::ExitCode;

use frame::Frame;
use message::{Outgoing, PROTOCOL};
use requests::Requests;

fn main() -> ExitCode {
    if let Some(word) = env::args_os()
        .nth(1)
        .filter(|word| ABOUT.iter().any(|about| word == about))
    {
        return tell_a_person(word == "--version");
    }
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

/// What a person may ask of it; browsers give it their extension's address.
const ABOUT: [&str; 2] = ["--help", "--version"];

fn tell_a_person(version_alone: bool) -> ExitCode {
    let version = concat!("cpxd-native-host ", env!("CARGO_PKG_VERSION"));
    let told = if version_alone {
        writeln!(io::stdout(), "{version}")
    } else {
        writeln!(
            io::stdout(),
            "{version} is started by browsers for the cpxd extension, and not by hand: cpxd install --native-messaging tells them of it."
        )
    };
    if told.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
