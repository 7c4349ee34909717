//! Tells the person at the shell that the agent asks the holder, once it really does.

use std::thread;

use daemon_client::{Client, ClientError, Events};
use daemon_wire::{CardBody, EventBody};
use texts::CommandTexts;

use super::language;
use crate::screen;

/// Says so as soon as a question about `card` is open. The thread that waits for it ends with the
/// process.
pub(crate) fn say_when_asked(client: &Client, card: &CardBody) -> Result<(), ClientError> {
    // Subscribed before the call, so that its question cannot be missed.
    let events = client.events("/v1/events", None)?;
    let card = card.id.clone();
    thread::spawn(move || {
        if is_asked_about(&card, events) {
            screen::remark(&CommandTexts::new(language()).answer_the_question());
        }
    });
    Ok(())
}

fn is_asked_about(card: &str, events: Events) -> bool {
    events.map_while(Result::ok).any(|event| {
        let subject = event.json::<EventBody>().ok().and_then(|body| body.card);
        event.event == "prompt-opened" && subject.as_deref() == Some(card)
    })
}
