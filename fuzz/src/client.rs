//! Whatever an agent may answer, to the client of its socket.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::time::Duration;

use daemon_client::{Client, ClientError, RelayedRequest};
use serde_json::Value;

use crate::hand_made_agent::{ANYTHING, Answer, HandMadeAgent, Pace, answer_of, with_agent};
use crate::input::Input;

/// What is asked and how the answer comes, then the answer.
pub(crate) fn answer(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let question = input.byte();
    let bytes = answer_of(&mut input);
    let sent = bytes.len();
    let pace = Pace::of_number(question / QUESTIONS);
    with_agent(|agent| {
        agent.answers(BTreeMap::from([(ANYTHING, vec![Answer { bytes, pace }])]));
        if let Err(error) = ask(agent, question % QUESTIONS, sent) {
            assert!(!error.to_string().is_empty());
            assert!(
                !matches!(error, ClientError::TimedOut),
                "an answer that ends is waited for"
            );
        }
    });
}

/// What comes is no longer than what was sent, whatever it says of its length.
fn ask(agent: &HandMadeAgent, question: u8, sent: usize) -> Result<(), ClientError> {
    let client = Client::connect(&agent.paths, "fuzz")?;
    match question {
        0 => client.read::<Value>(PATH).map(drop),
        1 => {
            let text = client.read_text(PATH, "text/event-stream")?;
            assert!(text.len() <= sent);
            Ok(())
        }
        2 => client.call::<_, Value>(PATH, &BODY, A_MINUTE).map(drop),
        3 => {
            let held = client.hold(PATH, &BODY, A_MINUTE)?;
            assert!(held.location().len() <= sent);
            Ok(())
        }
        4 => client.delete(PATH),
        5 => {
            let events = client.events(PATH, None)?;
            let mut len = 0;
            for event in events {
                len += event?.data.len();
            }
            // What is no text becomes a mark of three bytes.
            assert!(len <= 3 * sent);
            Ok(())
        }
        _ => relay(&client, sent),
    }
}

fn relay(client: &Client, sent: usize) -> Result<(), ClientError> {
    let mut relayed = client.relay(&RelayedRequest {
        method: "GET",
        path: PATH,
        headers: &[],
        body: None,
    })?;
    let mut body = Vec::new();
    // An answer that breaks off is one.
    let _ = relayed.read_to_end(&mut body);
    assert!(body.len() <= sent);
    Ok(())
}

const QUESTIONS: u8 = 7;
const PATH: &str = "/v1";
const BODY: [u8; 1] = [0];
const A_MINUTE: Duration = Duration::from_secs(60);
