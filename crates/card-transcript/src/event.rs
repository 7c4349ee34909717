//! What can happen between the program and a card besides an answer.

use std::fmt;

use card_apdu::ReaderFault;

/// An event line: `! reset`, `! removed` or `! reader-error SCARD_…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The card was reset, so that it forgot what it knew.
    Reset,
    /// The card was taken out.
    Removed,
    /// The reader or the PC/SC service failed, by the PC/SC name of the failure.
    ReaderError(String),
}

impl Event {
    /// Reads what follows the exclamation mark.
    ///
    /// Reset and removal have one spelling each: their PC/SC names are refused.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace();
        let event = match (words.next()?, words.next()) {
            ("reset", None) => Self::Reset,
            ("removed", None) => Self::Removed,
            ("reader-error", Some(name)) if is_error_name(name) => {
                Self::ReaderError(name.to_owned())
            }
            _ => return None,
        };
        words.next().is_none().then_some(event)
    }

    /// The fault that a command meets.
    #[must_use]
    pub fn fault(&self) -> ReaderFault {
        match self {
            Self::Reset => ReaderFault::Reset,
            Self::Removed => ReaderFault::Removed,
            Self::ReaderError(name) => match name.as_str() {
                "SCARD_E_SHARING_VIOLATION" => ReaderFault::Busy,
                "SCARD_W_UNRESPONSIVE_CARD" => ReaderFault::Mute,
                "SCARD_E_READER_UNAVAILABLE" => ReaderFault::ReaderGone,
                "SCARD_E_NO_SERVICE" => ReaderFault::ServiceGone,
                _ => ReaderFault::Other { name: name.clone() },
            },
        }
    }

    /// The event that stands for a fault. A fault without PC/SC name is
    /// written as SCARD_F_UNKNOWN_ERROR.
    #[must_use]
    pub fn of_fault(fault: &ReaderFault) -> Self {
        let name = match fault {
            ReaderFault::Reset => return Self::Reset,
            ReaderFault::Removed => return Self::Removed,
            ReaderFault::Busy => "SCARD_E_SHARING_VIOLATION",
            ReaderFault::Mute => "SCARD_W_UNRESPONSIVE_CARD",
            ReaderFault::ReaderGone => "SCARD_E_READER_UNAVAILABLE",
            ReaderFault::ServiceGone => "SCARD_E_NO_SERVICE",
            ReaderFault::Other { name } if is_error_name(name) => name,
            ReaderFault::Other { .. } | _ => "SCARD_F_UNKNOWN_ERROR",
        };
        Self::ReaderError(name.to_owned())
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reset => f.write_str("reset"),
            Self::Removed => f.write_str("removed"),
            Self::ReaderError(name) => write!(f, "reader-error {name}"),
        }
    }
}

fn is_error_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    name.starts_with("SCARD_")
        && name.bytes().all(allowed)
        && !matches!(name, "SCARD_W_RESET_CARD" | "SCARD_W_REMOVED_CARD")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_comes_back_from_its_event() {
        let other = |name: &str| ReaderFault::Other { name: name.into() };
        for fault in [
            ReaderFault::Removed,
            ReaderFault::Reset,
            ReaderFault::Busy,
            ReaderFault::Mute,
            ReaderFault::ReaderGone,
            ReaderFault::ServiceGone,
            other("SCARD_E_PROTO_MISMATCH"),
        ] {
            let event = Event::of_fault(&fault);
            assert_eq!(Event::parse(&event.to_string()), Some(event.clone()));
            assert_eq!(event.fault(), fault);
        }
        let nameless = Event::of_fault(&other("no name of PC/SC"));
        assert_eq!(nameless.fault(), other("SCARD_F_UNKNOWN_ERROR"));
    }

    #[test]
    fn rejects_what_is_no_event() {
        for text in [
            "",
            "reset now",
            "reader-error",
            "reader-error busy",
            "reader-error SCARD_E_TIMEOUT twice",
            "reader-error SCARD_W_REMOVED_CARD",
            "pulled",
        ] {
            assert_eq!(Event::parse(text), None, "{text}");
        }
    }
}
