//! Decisions of the agent, without IO, clock or randomness of their own.
//!
//! Each function says yes, or the error that the caller gets. Nothing fails
//! open: what is not known to be allowed is refused.

mod authorisation;
mod card_use;
mod code_entry;
mod function_test;
mod grants;
mod new_code;
mod pairings;
mod rate_limit;
mod refusals;
mod sessions;
mod tokens;
mod unblock_code;
mod web_eid;

pub use authorisation::{authorise, authorise_digests, authorise_origin};
pub use card_use::{certificate_may_sign, environment_fits, key_signs_by};
pub use code_entry::{check_code_len, code_entry};
pub use function_test::{TEST_ORIGIN, TEST_TEXT};
pub use grants::{Grants, GrantsFileError, PROGRAM_LIFETIME, SITE_LIFETIME};
pub use new_code::{check_new_code, new_code_entry};
pub use pairings::{OpenedPairing, PairingToAsk, Pairings};
pub use rate_limit::{Rate, RateLimits};
pub use refusals::{Forbearance, Refusals};
pub use sessions::{
    ClosedSession, SessionCard, Sessions, process_owner, session_closed, session_owner,
};
pub use tokens::{Token, TokenDigest, Tokens};
pub use unblock_code::{blocked_error, unblock_blocked_error, unblock_code_entry};
pub use web_eid::{check_nonce, token_digest};
