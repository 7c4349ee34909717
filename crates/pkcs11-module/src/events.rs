//! Waiting for a card to come or go, by one stream of events for all threads that wait.

use std::time::Duration;

use cryptoki_sys::{
    CK_FLAGS, CK_SLOT_ID, CKF_DONT_BLOCK, CKR_ARGUMENTS_BAD, CKR_CRYPTOKI_NOT_INITIALIZED,
    CKR_NO_EVENT,
};
use daemon_client::{Client, Events};

use crate::answer::Answer;
use crate::listening::Listener;
use crate::memory::Place;
use crate::module::Module;
use crate::slots::refresh;

/// Gives the slot in which something happened: at once, or when it does. The end of the module ends the wait.
pub(crate) fn wait_for_slot_event(
    module: &Module,
    flags: CK_FLAGS,
    slot: Place<CK_SLOT_ID>,
    is_reserved_null: bool,
) -> Answer {
    if slot.is_null() || !is_reserved_null {
        return Err(CKR_ARGUMENTS_BAD);
    }
    refresh(module);
    loop {
        let so_far = module.listening.heard();
        if let Some(changed) = module.tables().take_change() {
            return slot.write(changed);
        }
        if flags & CKF_DONT_BLOCK != 0 {
            return Err(CKR_NO_EVENT);
        }
        let client = module.agent.client().ok();
        let hang_up = client.as_ref().map(Client::hang_up).unwrap_or_default();
        let turn = module.listening.turn(hang_up, so_far)?;
        if let Some(listener) = turn
            && let Some(changed) = listen(module, client.as_ref(), &listener)?
        {
            return slot.write(changed);
        }
    }
}

/// What happened by the next event of the agent. Without one that runs, the readers are looked at now and then.
///
/// # Errors
/// `CKR_CRYPTOKI_NOT_INITIALIZED` when the module ends.
fn listen(
    module: &Module,
    client: Option<&Client>,
    listener: &Listener<'_>,
) -> Answer<Option<CK_SLOT_ID>> {
    let events = client.and_then(|client| client.events("/v1/events", None).ok());
    if let Some(events) = events
        && let Some(slot) = change_by_events(module, events, listener)
    {
        return Ok(Some(slot));
    }
    if listener.ends_within(BETWEEN_LOOKS) {
        return Err(CKR_CRYPTOKI_NOT_INITIALIZED);
    }
    Ok(look(module, listener))
}

/// The slot in which something happened, from now on: what came before the subscription is looked for first.
fn change_by_events(
    module: &Module,
    mut events: Events,
    listener: &Listener<'_>,
) -> Option<CK_SLOT_ID> {
    loop {
        if let Some(slot) = look(module, listener) {
            return Some(slot);
        }
        events.next()?.ok()?;
    }
}

/// The first slot in which something happened; the others are for the other threads.
fn look(module: &Module, listener: &Listener<'_>) -> Option<CK_SLOT_ID> {
    refresh(module);
    let changed = module.tables().take_change();
    listener.tell();
    changed
}

/// How often somebody looks whether the agent has come.
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);
