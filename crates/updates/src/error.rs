//! Why an announcement of a release is not believed, or could not be had.

use semver::Version;
use time::OffsetDateTime;

/// Why nothing is known of a newer release. Whatever it is, what runs goes on as it is.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// The address is no `https` URL.
    #[error("{0:?} is no https address")]
    Address(String),
    /// The system's certification authorities cannot be read.
    #[error("the system's certification authorities cannot be read: {0}")]
    NoAuthorities(String),
    /// The server does not answer, or its certificate is not trusted.
    #[error("the server cannot be asked: {0}")]
    Unreachable(String),
    /// It answered later than ten seconds.
    #[error("the server is too slow")]
    TooSlow,
    /// It sent the agent elsewhere, where it does not go.
    #[error("the server sends elsewhere (status {0})")]
    Redirected(u16),
    /// It answered something else.
    #[error("the server answers with status {0}")]
    Status(u16),
    /// The answer is longer than any manifest.
    #[error("the answer is too large")]
    TooLarge,
    /// The answer ended before its end.
    #[error("the answer is cut off")]
    Truncated,
    /// The signature has not the form of one.
    #[error("the signature cannot be read")]
    SignatureUnreadable,
    /// Another key than the pinned one signed.
    #[error("it is signed by another key")]
    WrongKey,
    /// The signature is not that of these bytes.
    #[error("the signature is wrong")]
    WrongSignature,
    /// What was signed is no manifest.
    #[error("it is no manifest")]
    NotAManifest,
    /// It has a format that this version does not know.
    #[error("the manifest has format {0}, which this version does not know")]
    Format(u32),
    /// It is about something else.
    #[error("it is about another product ({0:?})")]
    AnotherProduct(String),
    /// It announces an older version than the one that runs.
    #[error("it announces {offered}, which is older than {running}")]
    Older {
        /// What is announced.
        offered: Version,
        /// What runs.
        running: Version,
    },
    /// A later announcement was seen before.
    #[error("it is an old announcement (of {published}); one of {seen} was seen before")]
    Replayed {
        /// When it was made.
        published: OffsetDateTime,
        /// When the one was made that was seen before.
        seen: OffsetDateTime,
    },
    /// An announcement of the same moment said something else.
    #[error("it differs from the announcement of the same moment that was seen before")]
    Changed,
    /// Its time is over, so nobody knows whether a later one is held back.
    #[error("it was good until {0}")]
    Expired(OffsetDateTime),
    /// It, or the server's certificate, is of the future: this computer's clock is wrong.
    #[error("the clock of this computer is wrong: it is behind the announcement")]
    ClockWrong,
    /// A file of the manifest is not there.
    #[error("{0} is missing")]
    MissingFile(String),
    /// A file is there that the manifest does not name.
    #[error("{0} is not in the manifest")]
    ExtraFile(String),
    /// A file has another size or hash.
    #[error("{0} is not the file of the manifest")]
    WrongFile(String),
    /// A file or folder cannot be read.
    #[error("{file} cannot be read")]
    FileUnreadable {
        /// Which.
        file: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

impl UpdateError {
    /// The stable word for it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Address(_) => "address",
            Self::NoAuthorities(_) => "no-authorities",
            Self::Unreachable(_) => "unreachable",
            Self::TooSlow => "too-slow",
            Self::Redirected(_) => "redirected",
            Self::Status(_) => "status",
            Self::TooLarge => "too-large",
            Self::Truncated => "truncated",
            Self::SignatureUnreadable => "signature-unreadable",
            Self::WrongKey => "wrong-key",
            Self::WrongSignature => "wrong-signature",
            Self::NotAManifest => "not-a-manifest",
            Self::Format(_) => "format",
            Self::AnotherProduct(_) => "another-product",
            Self::Older { .. } => "older",
            Self::Replayed { .. } => "replayed",
            Self::Changed => "changed",
            Self::Expired(_) => "expired",
            Self::ClockWrong => "clock-wrong",
            Self::MissingFile(_) => "missing-file",
            Self::ExtraFile(_) => "extra-file",
            Self::WrongFile(_) => "wrong-file",
            Self::FileUnreadable { .. } => "file-unreadable",
        }
    }

    /// Whether nothing could be asked, which a later day may mend; all else is a refusal of what came.
    #[must_use]
    pub const fn is_no_answer(&self) -> bool {
        matches!(
            self,
            Self::NoAuthorities(_) | Self::Unreachable(_) | Self::TooSlow | Self::Status(_)
        )
    }
}
