//! Why a virtual card could not be made.

use crate::parameters::ParameterError;
use crate::persistent_state::StateFileError;
use crate::pki::PkiError;

/// Why a virtual card could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CardError {
    /// The parameters are such that no card can have them.
    #[error("checking the parameters of the virtual card")]
    Parameters(#[from] ParameterError),
    /// Its keys or certificates could not be made.
    #[error("making the certificates of the virtual card")]
    Pki(#[from] PkiError),
    /// Its state file cannot be used.
    #[error("opening the memory of the virtual card")]
    State(#[from] StateFileError),
}
