//! The protocol by which Firefox is driven: JSON texts, each behind its length and a colon.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

/// A conversation with Firefox.
#[derive(Debug)]
pub(super) struct Marionette {
    stream: BufReader<TcpStream>,
    count: u64,
}

/// What a command brought.
#[derive(Debug)]
pub(super) enum Answer {
    /// Its result.
    Ok(Value),
    /// WebDriver's name of its error.
    Error(String),
}

impl Answer {
    pub(super) fn is_ok(&self) -> bool {
        matches!(self, Self::Ok(_))
    }
}

impl Marionette {
    pub(super) fn connect(port: u16) -> Self {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("Firefox listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        let mut marionette = Self {
            stream: BufReader::new(stream),
            count: 0,
        };
        let greeting = marionette.receive();
        assert_eq!(greeting["applicationType"], "gecko");
        marionette
    }

    pub(super) fn call(&mut self, command: &str, arguments: Value) -> Answer {
        self.count += 1;
        let message = json!([0, self.count, command, arguments]).to_string();
        let message = format!("{}:{message}", message.len());
        let sent = self.stream.get_mut().write_all(message.as_bytes());
        sent.expect("Firefox reads");
        let answer = self.receive();
        assert_eq!(answer[1], self.count, "{answer}");
        match answer[2]["error"].as_str() {
            Some(kind) => Answer::Error(kind.to_owned()),
            None => Answer::Ok(answer[3].clone()),
        }
    }

    fn receive(&mut self) -> Value {
        let mut length = Vec::new();
        let read = self.stream.read_until(b':', &mut length);
        read.expect("Firefox answers in time");
        length.pop();
        let length = String::from_utf8_lossy(&length);
        let mut message = vec![0; length.parse().expect("a length")];
        let read = self.stream.read_exact(&mut message);
        read.expect("Firefox answers in time");
        serde_json::from_slice(&message).expect("JSON")
    }
}

/// Long enough for a machine that is busy with all other tests.
const PATIENCE: Duration = Duration::from_secs(60);
