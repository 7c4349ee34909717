//! Waiting for a card to come or go.

use std::time::Duration;

use cryptoki_sys::{
    CK_FLAGS, CK_SLOT_ID, CKF_DONT_BLOCK, CKR_ARGUMENTS_BAD, CKR_CRYPTOKI_NOT_INITIALIZED,
    CKR_NO_EVENT,
};

use crate::answer::Answer;
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
    let mut changed = module.tables().take_change();
    if changed.is_none() && flags & CKF_DONT_BLOCK != 0 {
        return Err(CKR_NO_EVENT);
    }
    while changed.is_none() {
        changed = next_change(module)?;
    }
    slot.write(changed.ok_or(CKR_NO_EVENT)?)
}

/// What happened by the next event of the agent. Without one that runs, the readers are looked at now and then.
///
/// # Errors
/// `CKR_CRYPTOKI_NOT_INITIALIZED` when the module ends.
fn next_change(module: &Module) -> Answer<Option<CK_SLOT_ID>> {
    if let Ok(client) = module.agent.client() {
        let waiting = module.waits(client.hang_up());
        let _waiting = waiting.ok_or(CKR_CRYPTOKI_NOT_INITIALIZED)?;
        if let Ok(events) = client.events("/v1/events", None)
            && let Some(slot) = change_by_events(module, events)
        {
            return Ok(Some(slot));
        }
    }
    if module.ends_within(BETWEEN_LOOKS) {
        return Err(CKR_CRYPTOKI_NOT_INITIALIZED);
    }
    refresh(module);
    Ok(module.tables().take_change())
}

/// The slot in which something happened, from now on: what came before the subscription is looked for first.
fn change_by_events(module: &Module, mut events: daemon_client::Events) -> Option<CK_SLOT_ID> {
    loop {
        refresh(module);
        if let Some(slot) = module.tables().take_change() {
            return Some(slot);
        }
        events.next()?.ok()?;
    }
}

/// How often somebody looks whether the agent has come.
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);
