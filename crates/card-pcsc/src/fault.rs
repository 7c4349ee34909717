//! What each PC/SC return value means for us.

use card_apdu::ReaderFault;
use pcsc::Error;

/// Sorts a PC/SC return value (PC/SC part 5; the names are those of WinSCard).
///
/// Every value is named, so that a new one in the binding does not compile
/// until somebody has thought about it.
pub(crate) fn reader_fault(error: Error) -> ReaderFault {
    match error {
        Error::RemovedCard | Error::NoSmartcard => ReaderFault::Removed,
        Error::ResetCard => ReaderFault::Reset,
        Error::SharingViolation => ReaderFault::Busy,
        // What is said when a card falls silent within a command: NOT_TRANSACTED
        // by pcsc-lite, also for a card just pulled (see `silence`); COMM_DATA_LOST
        // or TIMEOUT by WinSCard.
        Error::UnresponsiveCard
        | Error::UnpoweredCard
        | Error::NotTransacted
        | Error::CommDataLost
        | Error::Timeout => ReaderFault::Mute,
        // pcsc-lite says INVALID_VALUE for the handle of an unplugged reader.
        Error::ReaderUnavailable
        | Error::UnknownReader
        | Error::NoReadersAvailable
        | Error::InvalidValue => ReaderFault::ReaderGone,
        // Handles of a service that was restarted are invalid for ever.
        Error::NoService
        | Error::ServiceStopped
        | Error::InvalidHandle
        | Error::CommError
        | Error::Shutdown
        | Error::SystemCancelled => ReaderFault::ServiceGone,
        Error::InternalError => other("SCARD_F_INTERNAL_ERROR"),
        Error::Cancelled => other("SCARD_E_CANCELLED"),
        Error::InvalidParameter => other("SCARD_E_INVALID_PARAMETER"),
        Error::InvalidTarget => other("SCARD_E_INVALID_TARGET"),
        Error::NoMemory => other("SCARD_E_NO_MEMORY"),
        Error::WaitedTooLong => other("SCARD_F_WAITED_TOO_LONG"),
        Error::InsufficientBuffer => other("SCARD_E_INSUFFICIENT_BUFFER"),
        Error::UnknownCard => other("SCARD_E_UNKNOWN_CARD"),
        Error::CantDispose => other("SCARD_E_CANT_DISPOSE"),
        Error::ProtoMismatch => other("SCARD_E_PROTO_MISMATCH"),
        Error::NotReady => other("SCARD_E_NOT_READY"),
        Error::UnknownError => other("SCARD_F_UNKNOWN_ERROR"),
        Error::InvalidAtr => other("SCARD_E_INVALID_ATR"),
        Error::PciTooSmall => other("SCARD_E_PCI_TOO_SMALL"),
        Error::ReaderUnsupported => other("SCARD_E_READER_UNSUPPORTED"),
        Error::DuplicateReader => other("SCARD_E_DUPLICATE_READER"),
        Error::CardUnsupported => other("SCARD_E_CARD_UNSUPPORTED"),
        #[cfg(target_os = "windows")]
        Error::Unexpected => other("SCARD_E_UNEXPECTED"),
        Error::IccInstallation => other("SCARD_E_ICC_INSTALLATION"),
        Error::IccCreateorder => other("SCARD_E_ICC_CREATEORDER"),
        Error::UnsupportedFeature => other("SCARD_E_UNSUPPORTED_FEATURE"),
        Error::DirNotFound => other("SCARD_E_DIR_NOT_FOUND"),
        Error::FileNotFound => other("SCARD_E_FILE_NOT_FOUND"),
        Error::NoDir => other("SCARD_E_NO_DIR"),
        Error::NoFile => other("SCARD_E_NO_FILE"),
        Error::NoAccess => other("SCARD_E_NO_ACCESS"),
        Error::WriteTooMany => other("SCARD_E_WRITE_TOO_MANY"),
        Error::BadSeek => other("SCARD_E_BAD_SEEK"),
        Error::InvalidChv => other("SCARD_E_INVALID_CHV"),
        Error::UnknownResMng => other("SCARD_E_UNKNOWN_RES_MNG"),
        Error::NoSuchCertificate => other("SCARD_E_NO_SUCH_CERTIFICATE"),
        Error::CertificateUnavailable => other("SCARD_E_CERTIFICATE_UNAVAILABLE"),
        Error::NoKeyContainer => other("SCARD_E_NO_KEY_CONTAINER"),
        Error::ServerTooBusy => other("SCARD_E_SERVER_TOO_BUSY"),
        Error::UnsupportedCard => other("SCARD_W_UNSUPPORTED_CARD"),
        Error::SecurityViolation => other("SCARD_W_SECURITY_VIOLATION"),
        Error::WrongChv => other("SCARD_W_WRONG_CHV"),
        Error::ChvBlocked => other("SCARD_W_CHV_BLOCKED"),
        Error::Eof => other("SCARD_W_EOF"),
        Error::CancelledByUser => other("SCARD_W_CANCELLED_BY_USER"),
        Error::CardNotAuthenticated => other("SCARD_W_CARD_NOT_AUTHENTICATED"),
        Error::CacheItemNotFound => other("SCARD_W_CACHE_ITEM_NOT_FOUND"),
        Error::CacheItemStale => other("SCARD_W_CACHE_ITEM_STALE"),
        Error::CacheItemTooBig => other("SCARD_W_CACHE_ITEM_TOO_BIG"),
    }
}

fn other(name: &str) -> ReaderFault {
    ReaderFault::Other {
        name: name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_that_the_holder_or_another_program_causes_has_its_own_name() {
        let table = [
            (Error::RemovedCard, ReaderFault::Removed),
            (Error::NoSmartcard, ReaderFault::Removed),
            (Error::ResetCard, ReaderFault::Reset),
            (Error::SharingViolation, ReaderFault::Busy),
            (Error::UnresponsiveCard, ReaderFault::Mute),
            (Error::UnpoweredCard, ReaderFault::Mute),
            (Error::NotTransacted, ReaderFault::Mute),
            (Error::CommDataLost, ReaderFault::Mute),
            (Error::Timeout, ReaderFault::Mute),
            (Error::ReaderUnavailable, ReaderFault::ReaderGone),
            (Error::UnknownReader, ReaderFault::ReaderGone),
            (Error::NoReadersAvailable, ReaderFault::ReaderGone),
            (Error::InvalidValue, ReaderFault::ReaderGone),
            (Error::NoService, ReaderFault::ServiceGone),
            (Error::ServiceStopped, ReaderFault::ServiceGone),
            (Error::InvalidHandle, ReaderFault::ServiceGone),
            (Error::CommError, ReaderFault::ServiceGone),
            (Error::Shutdown, ReaderFault::ServiceGone),
            (Error::SystemCancelled, ReaderFault::ServiceGone),
        ];
        for (error, fault) in table {
            assert_eq!(reader_fault(error), fault, "{error:?}");
        }
    }

    #[test]
    fn any_other_fault_keeps_its_pcsc_name() {
        let others = [
            Error::InternalError,
            Error::Cancelled,
            Error::InvalidParameter,
            Error::InvalidTarget,
            Error::NoMemory,
            Error::WaitedTooLong,
            Error::InsufficientBuffer,
            Error::UnknownCard,
            Error::CantDispose,
            Error::ProtoMismatch,
            Error::NotReady,
            Error::UnknownError,
            Error::InvalidAtr,
            Error::PciTooSmall,
            Error::ReaderUnsupported,
            Error::DuplicateReader,
            Error::CardUnsupported,
            #[cfg(target_os = "windows")]
            Error::Unexpected,
            Error::IccInstallation,
            Error::IccCreateorder,
            Error::UnsupportedFeature,
            Error::DirNotFound,
            Error::FileNotFound,
            Error::NoDir,
            Error::NoFile,
            Error::NoAccess,
            Error::WriteTooMany,
            Error::BadSeek,
            Error::InvalidChv,
            Error::UnknownResMng,
            Error::NoSuchCertificate,
            Error::CertificateUnavailable,
            Error::NoKeyContainer,
            Error::ServerTooBusy,
            Error::UnsupportedCard,
            Error::SecurityViolation,
            Error::WrongChv,
            Error::ChvBlocked,
            Error::Eof,
            Error::CancelledByUser,
            Error::CardNotAuthenticated,
            Error::CacheItemNotFound,
            Error::CacheItemStale,
            Error::CacheItemTooBig,
        ];
        for error in others {
            let ReaderFault::Other { name } = reader_fault(error) else {
                panic!("{error:?} has a fault of its own");
            };
            let (_, value) = name.split_at("SCARD_E_".len());
            let variant = format!("{error:?}").to_uppercase();
            assert_eq!(value.replace('_', ""), variant);
        }
    }
}
