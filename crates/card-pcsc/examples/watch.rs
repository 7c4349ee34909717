//! Prints readers and cards as they come and go, until it is interrupted.

use card_pcsc::{Presence, ReaderWatcher, WatchError};

#[expect(clippy::print_stdout, reason = "printing is what this example is for")]
fn main() {
    let mut watcher = ReaderWatcher::new();
    loop {
        match watcher.wait_for_change() {
            Ok(readers) if readers.is_empty() => println!("no reader"),
            Ok(readers) => {
                for reader in readers {
                    let state = match reader.presence {
                        Presence::Empty => "empty".to_owned(),
                        Presence::Card { atr: Some(atr) } => format!("card {atr}"),
                        Presence::Card { atr: None } => "card without a usable ATR".to_owned(),
                        Presence::Mute => "mute card".to_owned(),
                        Presence::Unreachable => "unreachable".to_owned(),
                    };
                    println!("{}: {state}", reader.name);
                }
            }
            Err(WatchError::Cancelled) => return,
            Err(error) => println!("{error}: {:?}", std::error::Error::source(&error)),
        }
        println!("--");
    }
}
