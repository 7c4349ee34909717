//! Certificates of the French IGC-Santé, as CPx cards carry them: what they say, and whether it holds.
//!
//! A CPx card (CPS, CPF, CPE, CPA) carries X.509 certificates issued by the ANS.
//! [`CardCertificate::parse`] reads one and answers the questions a program asks of it:
//! who holds the card ([`Holder`]), which card it is ([`CardType`], card number), which key the certificate belongs to
//! ([`KeyRole`]), whether it is a test card ([`Environment`]), whether it is in its dates ([`CertificateStatus`]).
//! [`chain`] verifies that an authority of the IGC-Santé issued it.
//! [`oids`] names the private extensions, [`nomenclature`] gives the French labels of the codes.
//!
//! ```
//! # fn show(der: &[u8], now: time::OffsetDateTime) -> Result<(), Box<dyn std::error::Error>> {
//! let certificate = igc_sante::CardCertificate::parse(der)?;
//! let environment = certificate.environment()?;
//! let holder = certificate.holder();
//! let days_left = certificate.days_left(now);
//! # let _ = (environment, holder, days_left);
//! # Ok(())
//! # }
//! ```
//!
//! What a card says is untrusted input: sizes are limited before parsing, text is made safe to show, and nothing panics.
//! The crate does no IO and reads no clock: time is an argument.
//! Parsing proves nothing about who issued a certificate; only [`chain::verify_chain`] does.

mod attribute_text;
mod card_certificate;
mod card_type;
pub mod chain;
mod distinguished_name;
mod environment;
mod holder;
mod key_role;
mod national_id;
pub mod nomenclature;
pub mod oids;
mod private_extensions;
mod strict_parse;
mod validity;

pub use attribute_text::may_mislead;
pub use card_certificate::CardCertificate;
pub use card_type::{CardType, CardTypeContradiction, IssuedTypes};
pub use environment::{Environment, EnvironmentContradiction};
pub use holder::Holder;
pub use key_role::{KeyRole, KeyUsage, UnknownKeyRole};
pub use national_id::{NationalId, NationalIdKind};
pub use private_extensions::Profession;
pub use strict_parse::{CertificateError, MAX_CERTIFICATE_LENGTH};
pub use validity::CertificateStatus;
