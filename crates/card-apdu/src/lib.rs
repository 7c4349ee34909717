//! Bytes of the card interface and their meaning, without any IO.
//!
//! The words are those of ISO/IEC 7816: a [`CommandApdu`] goes to the card, a
//! [`ResponseApdu`] with its [`StatusWord`] comes back, over a [`CardChannel`]
//! that somebody else implements (PC/SC, the virtual card, a transcript).
//! Everything that every command needs alike is done once, in
//! [`CardChannel::transmit`]: the encoding for T=0 or T=1, GET RESPONSE after
//! 61xx, the second try after 6Cxx, command chaining, and a trace that never
//! shows a secret.
//!
//! A status word is data here, not an error: what it means is for the profile
//! of the card to say.

mod atr;
mod channel;
mod command;
mod fcp;
mod keypad;
mod response;
mod status_word;
pub mod tlv;
mod wire;

pub use atr::{Atr, AtrError, AtrPattern};
pub use channel::{CardChannel, ChannelError, Protocol, ReaderFault};
pub use command::{CommandApdu, ExpectedLen, LengthForm, MalformedCommand};
pub use fcp::{Fcp, FcpError};
pub use keypad::{
    GET_FEATURE_REQUEST, Keypad, KeypadAbilities, KeypadAnswer, KeypadCodes, KeypadEntry,
    KeypadFeatures, KeypadFormat, KeypadProperties, KeypadTime, NotSent, PinBlock,
};
pub use response::{MalformedResponse, ResponseApdu};
pub use status_word::StatusWord;
pub use wire::WireBytes;
