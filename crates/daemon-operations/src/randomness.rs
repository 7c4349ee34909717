//! What nobody can guess.

use daemon_types::{ErrorCode, GrantId, OperationError};
use ring::rand::{SecureRandom as _, SystemRandom};

/// Fresh bytes of the system.
///
/// # Errors
/// `internal` when it gives none.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], OperationError> {
    let mut bytes = [0; N];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| OperationError::new(ErrorCode::Internal))?;
    Ok(bytes)
}

/// A name for a new grant.
pub(crate) fn random_id() -> Result<GrantId, OperationError> {
    random_name().map(GrantId)
}

/// A name for something new. It is no secret; 64 bits are never drawn twice here.
pub(crate) fn random_name() -> Result<String, OperationError> {
    let number = u64::from_be_bytes(random()?);
    Ok(format!("{number:016x}"))
}
