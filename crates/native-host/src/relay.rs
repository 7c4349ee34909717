//! One request from the extension to the agent, and its answer back as it comes.

use std::io::Read;

use daemon_client::{Client, RelayedAnswer, RelayedRequest};

use crate::agent;
use crate::message::{Fault, Outgoing, Request};
use crate::requests::{Requests, say};

/// Asks the agent and tells the extension all of the answer but its end.
///
/// # Errors
/// The [`Fault`] for which there is no answer, or no more of it.
pub(crate) fn relay(request: &Request, requests: &Requests) -> Result<(), Fault> {
    // Looking at the state must not change it: the extension's own page starts no agent.
    let mut client = match request.page {
        Some(_) => agent::reach()?,
        None => agent::find()?,
    };
    agent::check_version(&client)?;
    if let Some(language) = &request.language {
        client = client.with_language(language);
    }
    if !requests.connected(request.id, client.hang_up()) {
        return Ok(());
    }
    let answer = ask(&client, request)?;
    tell(request.id, answer, requests)
}

fn ask(client: &Client, request: &Request) -> Result<RelayedAnswer, Fault> {
    let mut headers = Vec::new();
    if let Some(page) = &request.page {
        headers.push(("Cpxd-Page-Origin", page.origin.as_str()));
        headers.push(("Cpxd-Top-Origin", page.top_origin.as_str()));
    }
    if let Some(id) = &request.last_event_id {
        headers.push(("Last-Event-ID", id));
    }
    let answer = client.relay(&RelayedRequest {
        method: &request.method,
        path: &request.path,
        headers: &headers,
        body: request.body.as_deref(),
    });
    answer.map_err(|error| agent::fault_of(&error))
}

fn tell(id: u64, mut answer: RelayedAnswer, requests: &Requests) -> Result<(), Fault> {
    say(&Outgoing::Head {
        id,
        status: answer.status,
        media_type: answer.media_type.as_deref(),
        retry_after: answer.retry_after.as_deref(),
    });
    let mut unfinished = Vec::new();
    let mut bytes = [0; LONGEST_READ];
    loop {
        let read = answer.read(&mut bytes).map_err(|_| Fault::Interrupted)?;
        if read == 0 {
            return Ok(());
        }
        unfinished.extend_from_slice(bytes.get(..read).unwrap_or_default());
        let text = take_text(&mut unfinished);
        if !text.is_empty() && requests.is_open(id) {
            say(&Outgoing::Chunk { id, text: &text });
        }
    }
}

/// All whole characters; the bytes of one that is not whole stay. What is no text at all becomes U+FFFD.
fn take_text(bytes: &mut Vec<u8>) -> String {
    let end = match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        Ok(_) | Err(_) => bytes.len(),
    };
    let rest = bytes.split_off(end);
    let whole = std::mem::replace(bytes, rest);
    String::from_utf8_lossy(&whole).into_owned()
}

/// JSON writes one byte in six at most, so a message stays below what a browser reads.
const LONGEST_READ: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_in_two_parts_is_told_when_it_is_whole() {
        let mut bytes = "infirmi\u{e8}re".as_bytes()[..8].to_vec();
        assert_eq!(take_text(&mut bytes), "infirmi");
        bytes.extend_from_slice(&"\u{e8}".as_bytes()[1..]);
        assert_eq!(take_text(&mut bytes), "\u{e8}");
        assert!(bytes.is_empty());
    }

    #[test]
    fn what_is_no_text_keeps_nothing_waiting() {
        let mut bytes = vec![b'a', 0xFF, b'b'];
        assert_eq!(take_text(&mut bytes), "a\u{FFFD}b");
        assert!(bytes.is_empty());
    }
}
