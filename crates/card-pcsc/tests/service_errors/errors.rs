//! Every error of PC/SC, and what the agent makes of it.

use card_apdu::ReaderFault;
use pcsc_sys::*;

/// Errors whose fault has no name of its own keep theirs.
macro_rules! other {
    ($($error:ident)+) => {
        [$(($error, ReaderFault::Other { name: stringify!($error).to_owned() })),+]
    };
}

/// Each error with its fault.
pub(crate) fn errors() -> Vec<(LONG, ReaderFault)> {
    let mut errors = vec![
        (SCARD_W_REMOVED_CARD, ReaderFault::Removed),
        (SCARD_E_NO_SMARTCARD, ReaderFault::Removed),
        (SCARD_W_RESET_CARD, ReaderFault::Reset),
        (SCARD_E_SHARING_VIOLATION, ReaderFault::Busy),
        (SCARD_W_UNRESPONSIVE_CARD, ReaderFault::Mute),
        (SCARD_W_UNPOWERED_CARD, ReaderFault::Mute),
        (SCARD_E_NOT_TRANSACTED, ReaderFault::Mute),
        (SCARD_E_COMM_DATA_LOST, ReaderFault::Mute),
        (SCARD_E_TIMEOUT, ReaderFault::Mute),
        (SCARD_E_READER_UNAVAILABLE, ReaderFault::ReaderGone),
        (SCARD_E_UNKNOWN_READER, ReaderFault::ReaderGone),
        (SCARD_E_NO_READERS_AVAILABLE, ReaderFault::ReaderGone),
        (SCARD_E_INVALID_VALUE, ReaderFault::ReaderGone),
        (SCARD_E_NO_SERVICE, ReaderFault::ServiceGone),
        (SCARD_E_SERVICE_STOPPED, ReaderFault::ServiceGone),
        (SCARD_E_INVALID_HANDLE, ReaderFault::ServiceGone),
        (SCARD_F_COMM_ERROR, ReaderFault::ServiceGone),
        (SCARD_P_SHUTDOWN, ReaderFault::ServiceGone),
        (SCARD_E_SYSTEM_CANCELLED, ReaderFault::ServiceGone),
    ];
    errors.extend(other![
        SCARD_F_INTERNAL_ERROR
        SCARD_E_CANCELLED
        SCARD_E_INVALID_PARAMETER
        SCARD_E_INVALID_TARGET
        SCARD_E_NO_MEMORY
        SCARD_F_WAITED_TOO_LONG
        SCARD_E_INSUFFICIENT_BUFFER
        SCARD_E_UNKNOWN_CARD
        SCARD_E_CANT_DISPOSE
        SCARD_E_PROTO_MISMATCH
        SCARD_E_NOT_READY
        SCARD_F_UNKNOWN_ERROR
        SCARD_E_INVALID_ATR
        SCARD_E_PCI_TOO_SMALL
        SCARD_E_READER_UNSUPPORTED
        SCARD_E_DUPLICATE_READER
        SCARD_E_CARD_UNSUPPORTED
        SCARD_E_UNSUPPORTED_FEATURE
        SCARD_E_ICC_INSTALLATION
        SCARD_E_ICC_CREATEORDER
        SCARD_E_DIR_NOT_FOUND
        SCARD_E_FILE_NOT_FOUND
        SCARD_E_NO_DIR
        SCARD_E_NO_FILE
        SCARD_E_NO_ACCESS
        SCARD_E_WRITE_TOO_MANY
        SCARD_E_BAD_SEEK
        SCARD_E_INVALID_CHV
        SCARD_E_UNKNOWN_RES_MNG
        SCARD_E_NO_SUCH_CERTIFICATE
        SCARD_E_CERTIFICATE_UNAVAILABLE
        SCARD_E_NO_KEY_CONTAINER
        SCARD_E_SERVER_TOO_BUSY
        SCARD_W_UNSUPPORTED_CARD
        SCARD_W_SECURITY_VIOLATION
        SCARD_W_WRONG_CHV
        SCARD_W_CHV_BLOCKED
        SCARD_W_EOF
        SCARD_W_CANCELLED_BY_USER
        SCARD_W_CARD_NOT_AUTHENTICATED
        SCARD_W_CACHE_ITEM_NOT_FOUND
        SCARD_W_CACHE_ITEM_STALE
        SCARD_W_CACHE_ITEM_TOO_BIG
    ]);
    errors
}
