//! Follows the agent's events on a thread of its own: it blocks until something happens.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use daemon_client::{Client, Events};
use platform::paths::AgentPaths;

use super::Message;

/// How long it waits before it looks for an agent again, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));

/// Tells of the agent's coming, going and doing until nobody listens. A word of `sooner` ends a pause.
pub(crate) fn follow(paths: &AgentPaths, messages: &Sender<Message>, sooner: &Receiver<()>) {
    let mut pause = PAUSES.0;
    let mut is_absent = false;
    loop {
        match subscribe(paths) {
            Ok(events) => {
                pause = PAUSES.0;
                is_absent = false;
                if !tell(events, messages) {
                    return;
                }
            }
            Err(error) => {
                tracing::debug!(%error, "no agent answers");
                // An agent that was ending may have answered after the end of its events.
                if !is_absent && messages.send(Message::Happened).is_err() {
                    return;
                }
                is_absent = true;
            }
        }
        while sooner.try_recv().is_ok() {}
        match sooner.recv_timeout(pause) {
            Ok(()) => pause = PAUSES.0,
            Err(RecvTimeoutError::Timeout) => pause = (pause * 2).min(PAUSES.1),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn subscribe(paths: &AgentPaths) -> Result<Events, daemon_client::ClientError> {
    Client::connect(paths, "cpxd-tray")?.events("/v1/events", None)
}

/// Tells what happens until the stream ends; false once nobody listens.
fn tell(events: Events, messages: &Sender<Message>) -> bool {
    // Whatever happened before the stream began is in what is read now.
    if messages.send(Message::Happened).is_err() {
        return false;
    }
    for event in events {
        match event {
            // A question changes nothing until it is answered.
            Ok(event) if event.event == "prompt-opened" => {}
            Ok(_) => {
                if messages.send(Message::Happened).is_err() {
                    return false;
                }
            }
            Err(error) => {
                tracing::debug!(%error, "the events ended");
                break;
            }
        }
    }
    messages.send(Message::Happened).is_ok()
}
