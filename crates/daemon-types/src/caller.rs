//! Who calls, and what they may.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::Origin;

/// One thing that a caller may do (`design`: rules of the grants in SECURITY.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Right {
    /// See readers, cards and their holders.
    Identify,
    /// Ask for authentication tokens.
    Authenticate,
    /// Ask for signatures; each one is confirmed by the holder all the same.
    Sign,
    /// Start the change or the unblocking of a code, and the diagnosis.
    Manage,
    /// Decipher with the authentication key.
    Decipher,
}

/// The rights of one caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights(BTreeSet<Right>);

impl Rights {
    /// Every right there is.
    #[must_use]
    pub fn all() -> Self {
        use Right::{Authenticate, Decipher, Identify, Manage, Sign};
        Self::from_iter([Identify, Authenticate, Sign, Manage, Decipher])
    }

    /// Whether `right` is among them.
    #[must_use]
    pub fn contains(&self, right: Right) -> bool {
        self.0.contains(&right)
    }
}

impl FromIterator<Right> for Rights {
    fn from_iter<I: IntoIterator<Item = Right>>(rights: I) -> Self {
        Self(rights.into_iter().collect())
    }
}

/// The caller of one request, identified before anything else is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A desktop program that showed its token.
    PairedProgram(PairedProgram),
    /// A program of the same user on the user socket, its peer checked by the system.
    SocketProgram(SocketProgram),
}

/// A program that holds a token of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairedProgram {
    /// The name it was paired under.
    pub name: String,
    /// What its grant allows.
    pub rights: Rights,
    /// The sites it may authenticate for.
    pub origins: AllowedOrigins,
    /// Its token is the demo's own, which nobody paired: any program of this user can read it.
    pub is_demo: bool,
}

/// A program of the same user that speaks over the socket without pairing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketProgram {
    /// Its process id, where the system tells.
    pub pid: Option<u32>,
    /// Its executable, where the system tells.
    pub executable: Option<PathBuf>,
}

/// For which sites a program may ask for authentication tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// Any site: only the demo's own token, and programs whose each use is confirmed.
    Any,
    /// Exactly these.
    Only(Vec<Origin>),
}

impl AllowedOrigins {
    /// Whether `origin` is one of them, compared as an exact tuple.
    #[must_use]
    pub fn allow(&self, origin: &Origin) -> bool {
        match self {
            Self::Any => true,
            Self::Only(origins) => origins.contains(origin),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_allowed_only_as_the_exact_tuple() {
        let granted = Origin::parse("https://service.example").unwrap();
        let origins = AllowedOrigins::Only(vec![granted.clone()]);
        assert!(origins.allow(&granted));
        for other in [
            "https://service.example:8443",
            "https://sub.service.example",
            "https://service.example.evil.test",
        ] {
            assert!(!origins.allow(&Origin::parse(other).unwrap()), "{other}");
        }
    }
}
