//! The words that all `daemon-*` crates share: who asks, for what, about which
//! card, what the holder is asked, what happened, and what can go wrong.
//!
//! Plain types. How they look on the wire is the business of `daemon-wire`.

mod caller;
mod card;
mod error;
mod event;
mod grant;
mod origin;
mod question;
mod request;
mod session;

pub use caller::{
    AllowedOrigins, Caller, CallerKey, Page, PairedProgram, Right, Rights, SocketProgram,
};
pub use card::{
    Activity, CardId, CardSummary, CardWarning, CertificateStatus, CertificateSummary,
    CodeCondition, CodeState, CodedLabel, CodesOfCard, Environment, Generation, Holder, KeyRole,
    NationalId, PresentCard, ReaderCondition, ReaderId, ReaderSummary, Structure, TokenObject,
    TokenObjectKind, TokenObjects, UnblockCodeState,
};
pub use error::{ErrorCode, OperationError, Reason};
pub use event::{Event, Happening};
pub use grant::{
    AllowedSite, GrantId, PairingCode, PairingId, PairingRequest, ProgramGrant, Site, SiteGrant,
};
pub use origin::{Origin, OriginError};
pub use question::{
    Applicant, Asker, CardLabel, CodeEntry, CodesAsked, GrantQuestion, KeypadEntry, NewCodeEntry,
    NotTaken, Purpose, Question, UnblockCodeEntry,
};
pub use request::{
    AuthenticateRequest, AuthenticationToken, DataRequest, DecipherRequest, DigestToSign,
    HashAlgorithm, KeyAlgorithm, KeySignRequest, SignRequest, SignatureAlgorithm, Signatures,
    SignedHash,
};
pub use session::{
    SessionEnd, SessionId, SessionLimits, SessionSummary, SessionTerms, SignatureCode,
};
