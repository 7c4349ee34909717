//! Virtual cards of the CPx family, with memory, for tests, demonstrations and integrators.
//!
//! [`Cps3Card`] and [`Cps4Card`] answer the bytes of a reader as real cards do; [`CardParameters`]
//! says who holds them, and [`DemoCard`] has one ready of each kind. They can be used
//!
//! - in process: [`VirtualReaders`] are readers into which cards are put, with a
//!   [`CardChannel`](card_apdu::CardChannel) to each card;
//! - in a real pcscd: [`vpcd::VpcdReader`], or the program `virtual-card`, plugs the card into vpcd.
//!
//! In either place [`FaultPlan`] spoils the day of whoever uses the card, and counts what reached it;
//! [`Pace`] makes it as slow as a real one.
//!
//! Every card carries certificates of a test PKI ([`pki`]) whose keys everybody can read. Nothing
//! here is secret and nothing of it may be trusted outside of tests.
//!
//! What a real card answers comes from public logs and from what the official module was seen to
//! need. Where neither exists the doc comment says GUESS, or OURS when it is a free choice.

mod application_data;
mod card_error;
mod card_number;
mod codes;
mod cps2ter;
mod cps3;
mod cps4;
mod demo_cards;
mod fault_plan;
mod holder;
mod issued_objects;
mod key_pairs;
mod observed_card;
mod pace;
mod parameters;
mod persistent_state;
mod pkcs15;
pub mod pki;
mod transmission;
mod transparent_file;
mod virtual_card;
mod virtual_reader;
pub mod vpcd;

pub use card_error::CardError;
pub use card_number::CardNumber;
pub use cps3::Cps3Card;
pub use cps4::{CodeReferences, Cps4Atr, Cps4Card, Cps4Parameters};
pub use demo_cards::{DemoCard, Generation, UnknownDemoCard};
pub use fault_plan::{Counts, Fault, FaultOrder, FaultPlan, Moment, UnknownFault, When};
pub use holder::{CardType, Holder, HolderName, Structure};
pub use issued_objects::{IssuedData, IssuedIdentity, IssuedObjects, RsaComponents};
pub use observed_card::{ObservedCard, Observer};
pub use pace::Pace;
pub use parameters::{CardParameters, ClaimedEnvironment, ParameterError};
pub use persistent_state::StateFileError;
pub use virtual_card::VirtualCard;
pub use virtual_reader::{
    CardState, KeypadAct, KeypadCounts, ReaderState, ReadersState, VirtualConnection,
    VirtualReaderError, VirtualReaders,
};
