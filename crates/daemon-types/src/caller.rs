//! Who calls, and what they may.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::{GrantId, Origin, Site};

/// One thing that a caller may do ("The rules of the grants" in SECURITY.md).
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

impl Right {
    /// Every right there is.
    pub const ALL: [Self; 5] = [
        Self::Identify,
        Self::Authenticate,
        Self::Sign,
        Self::Manage,
        Self::Decipher,
    ];

    /// Its name, such as `identify`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identify => "identify",
            Self::Authenticate => "authenticate",
            Self::Sign => "sign",
            Self::Manage => "manage",
            Self::Decipher => "decipher",
        }
    }

    /// The right of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.as_str() == name)
    }

    /// Whether a web page may have it at all, whoever would grant it.
    #[must_use]
    pub const fn is_for_pages(self) -> bool {
        match self {
            Self::Identify | Self::Authenticate | Self::Sign => true,
            Self::Manage | Self::Decipher => false,
        }
    }
}

/// The rights of one caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights(BTreeSet<Right>);

impl Rights {
    /// Every right there is.
    #[must_use]
    pub fn all() -> Self {
        Self::from_iter(Right::ALL)
    }

    /// Whether `right` is among them.
    #[must_use]
    pub fn contains(&self, right: Right) -> bool {
        self.0.contains(&right)
    }

    /// Whether all of `others` are among them.
    #[must_use]
    pub fn cover(&self, others: &Self) -> bool {
        self.0.is_superset(&others.0)
    }

    /// Each of them, in the order of [`Right::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = Right> + '_ {
        self.0.iter().copied()
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
    /// A web page, by what the browser says of it.
    Page(Page),
    /// The product's own page, which showed the token that it has of the user's socket.
    Console,
}

/// Who a caller is from one request to the next, so that what one does costs no other anything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CallerKey {
    /// A paired program, by its grant.
    Program(GrantId),
    /// Whoever shows the demo's own token.
    DemoToken,
    /// A program on the user's socket, by its executable; all together of whom the system tells none.
    Socket(Option<PathBuf>),
    /// One process on the user's socket, for what is to end with it.
    Process {
        /// Its process id.
        pid: u32,
        /// Its executable, where the system tells.
        executable: Option<PathBuf>,
    },
    /// A web page, by its site.
    Site(Site),
    /// The product's own page, in however many windows.
    Console,
    /// A program that is not paired yet, and so nobody.
    Unpaired,
}

impl Caller {
    /// Who this is from one request to the next.
    #[must_use]
    pub fn key(&self) -> CallerKey {
        match self {
            Self::PairedProgram(program) => {
                let grant = program.grant.clone();
                grant.map_or(CallerKey::DemoToken, CallerKey::Program)
            }
            Self::SocketProgram(program) => CallerKey::Socket(program.executable.clone()),
            Self::Page(page) => CallerKey::Site(page.site.clone()),
            Self::Console => CallerKey::Console,
        }
    }
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
    /// Its grant; `None` is the demo's own token, which nobody paired: any program of this user
    /// can read it.
    pub grant: Option<GrantId>,
}

/// A web page and what was granted to its site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Where it comes from.
    pub site: Site,
    /// What its grants allow; empty where it has none and may only ask for one.
    pub rights: Rights,
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
