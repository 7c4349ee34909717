//! Follows the agent's events on a thread of its own: it blocks until something happens.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use daemon_client::{Client, ClientError, Events};
use platform::paths::AgentPaths;

use super::Message;

/// How long it waits before it looks for an agent again, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(120));

/// After so many pauses an agent that is absent is waited for, where it is seen to announce itself.
const PAUSES_BEFORE_SLEEP: u32 = 4;

/// Tells of the agent's coming, going and doing until nobody listens. A word of `sooner` ends a
/// pause; `is_watched` says whether an agent that announces itself brings one.
pub(crate) fn follow(
    paths: &AgentPaths,
    messages: &Sender<Message>,
    sooner: &Receiver<()>,
    is_watched: &AtomicBool,
) {
    let mut pauses = 0;
    let mut is_absent = false;
    loop {
        let mut comes_with_a_word = false;
        match subscribe(paths) {
            Ok(events) => {
                pauses = 0;
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
                comes_with_a_word = matches!(error, ClientError::AgentNotRunning { .. })
                    && is_watched.load(Ordering::Acquire);
            }
        }
        let word = match pause(pauses, comes_with_a_word) {
            Some(pause) => sooner.recv_timeout(pause),
            None => sooner.recv().map_err(RecvTimeoutError::from),
        };
        match word {
            Ok(()) => pauses = 0,
            Err(RecvTimeoutError::Timeout) => pauses += 1,
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// The pause after so many others, or none that ends by itself.
fn pause(pauses: u32, comes_with_a_word: bool) -> Option<Duration> {
    if comes_with_a_word && pauses >= PAUSES_BEFORE_SLEEP {
        return None;
    }
    let factor = 2_u32.saturating_pow(pauses);
    Some(PAUSES.0.saturating_mul(factor).min(PAUSES.1))
}

fn subscribe(paths: &AgentPaths) -> Result<Events, ClientError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_agent_is_slept_for_where_it_announces_itself_and_looked_for_each_minutes_where_not()
     {
        assert_eq!(pause(0, true), Some(PAUSES.0));
        assert_eq!(pause(3, true), Some(PAUSES.0 * 8));
        assert_eq!(pause(4, true), None);
        assert_eq!(pause(4, false), Some(PAUSES.0 * 16));
        assert_eq!(pause(u32::MAX, false), Some(PAUSES.1));
    }
}
