//! Random bytes of the card.

use cryptoki_sys::{CK_SESSION_HANDLE, CKR_ARGUMENTS_BAD, CKR_DEVICE_ERROR};
use daemon_wire::RandomBody;

use crate::answer::Answer;
use crate::memory::Space;
use crate::module::Module;
use crate::sessions::{SessionToken, session_token};
use crate::slots::lost;

/// Fills the caller's memory, by as many calls as it takes.
pub(crate) fn generate_random(
    module: &Module,
    session: CK_SESSION_HANDLE,
    place: Space<u8>,
) -> Answer {
    let SessionToken { slot, token, .. } = session_token(module, session)?;
    if place.len() > MOST_BYTES {
        return Err(CKR_ARGUMENTS_BAD);
    }
    let mut bytes = Vec::with_capacity(place.len());
    while bytes.len() < place.len() {
        let left = u32::try_from(place.len() - bytes.len()).unwrap_or(RandomBody::MOST);
        let random = module.agent.random(&token.card, left.min(RandomBody::MOST));
        let random = lost(module, slot, &token, random)?;
        if random.is_empty() {
            return Err(CKR_DEVICE_ERROR);
        }
        bytes.extend(random);
    }
    bytes.truncate(place.len());
    place.fill(&bytes)
}

/// A card gives eight bytes at once; nobody waits for more than this.
const MOST_BYTES: usize = 64 * 1024;
