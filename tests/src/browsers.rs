//! Browsers as judges of who may call themselves by a name: Chromium and Firefox ESR, without a
//! screen, each in the home of a person of a test's own, each bounded in time.

mod chromium;
mod driven_chromium;
mod extension;
mod firefox;
mod marionette;
mod open_chromium;
mod surfer;
mod with_card;

pub use chromium::Chromium;
pub use driven_chromium::{DrivenChromium, StandIn};
pub use extension::{packed_for_firefox, tell_of_the_host, unpacked_for_chromium};
pub use firefox::Firefox;
pub use open_chromium::OpenChromium;
pub use surfer::{Browser, InPlace, Kind, Loopback, Surfer};
pub use with_card::{BrowserWithCard, person_with_browser};

/// What became of a visit to a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visit {
    /// The page, without any warning.
    Shown(String),
    /// None of it; the browser's own name for the reason.
    Refused(String),
}

impl Visit {
    /// Whether a page with these words was shown.
    #[must_use]
    pub fn shows(&self, words: &str) -> bool {
        matches!(self, Self::Shown(page) if page.contains(words))
    }

    /// Whether it was refused for this reason.
    #[must_use]
    pub fn is_refused(&self, reason: &str) -> bool {
        *self == Self::Refused(reason.to_owned())
    }
}

/// Names that lead to this machine in these browsers, beside those that always do.
pub const NAMES_OF_OTHERS: [&str; 7] = [
    "example.com",
    "localhost.example",
    "service.example",
    "portal.example",
    "evil.example",
    "carte.example",
    "teleservice.example",
];
