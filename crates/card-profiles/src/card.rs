//! The trait that every card of the family answers to, and its plain types.

use card_apdu::KeypadTime;
use igc_sante::{CardCertificate, KeyRole};
use secrets::{Pin, SecretBytes, UnblockCode};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::{Activity, CardError, CardFiles, CardObjects, KeypadUses, PinError, UnblockError};

/// A card within one exclusive transaction.
///
/// Every method is one step of an operation; the caller keeps the transaction
/// open from VERIFY to the use of the key.
pub trait CpxCard {
    /// What this card can do at all.
    ///
    /// # Errors
    /// [`CardError`] when the card's own list of keys cannot be read.
    fn capabilities(&mut self) -> Result<Capabilities, CardError>;

    /// Serial number and certificates, from memory after the first time.
    ///
    /// # Errors
    /// [`CardError`] names the step that failed.
    fn identity(&mut self) -> Result<Identity, CardError>;

    /// Reads the serial number alone, always from the card: the cheap proof that
    /// it is still the same card.
    ///
    /// # Errors
    /// [`CardError`] names the step that failed.
    fn read_serial_number(&mut self) -> Result<String, CardError>;

    /// Takes the files of an earlier insertion for those of this card, as strictly as if it had just
    /// sent them. Whoever calls it has read the serial number in this transaction and nothing else,
    /// and asks [`certificates_are_as_known`](Self::certificates_are_as_known) before a key is used.
    ///
    /// # Errors
    /// [`CardError`] when they make no sense; then none of them is taken.
    fn recall(&mut self, files: CardFiles) -> Result<(), CardError>;

    /// Whether the certificates on the card still are those of the identity, told by the beginnings
    /// of their files.
    ///
    /// # Errors
    /// [`CardError`] names the step that failed.
    fn certificates_are_as_known(&mut self) -> Result<bool, CardError>;

    /// Counters of the holder's code and of the unblock code; costs no try.
    ///
    /// # Errors
    /// [`CardError`] names the step that failed.
    fn code_states(&mut self) -> Result<CodeStates, CardError>;

    /// The same for the fewest commands: the counters of the unblock code are unknown, unless the
    /// holder's code is blocked.
    ///
    /// # Errors
    /// [`CardError`] names the step that failed.
    fn glance_at_codes(&mut self) -> Result<CodeStates, CardError>;

    /// Lengths that the card takes for the holder's code; `None` when it has no code.
    ///
    /// # Errors
    /// [`CardError`] names the step that failed.
    fn pin_limits(&mut self) -> Result<Option<PinLimits>, CardError>;

    /// Presents the holder's code, once.
    ///
    /// # Errors
    /// [`PinError`]; only `Wrong` and `Blocked` can have cost a try.
    fn verify_pin(&mut self, pin: &Pin, last_try: LastTry) -> Result<Verification, PinError>;

    /// Replaces the holder's code; the old one is presented once.
    ///
    /// # Errors
    /// [`PinError`]; only `Wrong` and `Blocked` can have cost a try. After `OutcomeUnknown` either
    /// code may be the right one.
    fn change_pin(&mut self, old: &Pin, new: &Pin, last_try: LastTry) -> Result<(), PinError>;

    /// Gives the holder a new code, blocked or not, after the unblock code was presented once.
    ///
    /// # Errors
    /// [`UnblockError`]; only `Wrong` and `Blocked` can have cost a try of the unblock code.
    fn unblock_pin(
        &mut self,
        code: &UnblockCode,
        new: &Pin,
        last_try: LastTry,
    ) -> Result<(), UnblockError>;

    /// What the holder can do at the keypad of the reader: nothing where it has none, or where it
    /// does not write the codes as this card wants them.
    ///
    /// # Errors
    /// [`CardError`] when the card's own list of codes cannot be read.
    fn keypad_uses(&mut self) -> Result<KeypadUses, CardError>;

    /// [`verify_pin`](Self::verify_pin) with a code that is typed at the keypad of the reader.
    ///
    /// # Errors
    /// [`PinError`], as for a typed code, and [`PinError::NotEntered`].
    fn verify_pin_at_keypad(
        &mut self,
        time: KeypadTime,
        last_try: LastTry,
    ) -> Result<Verification, PinError>;

    /// [`change_pin`](Self::change_pin) with codes that are typed at the keypad of the reader. Whether
    /// the new code is another one, nobody but the reader could say. `go_on` is asked before each entry
    /// whether the holder is still to type: without a yes none begins.
    ///
    /// # Errors
    /// [`PinError`], as for typed codes, and [`PinError::NotEntered`], after which the old code holds.
    fn change_pin_at_keypad(
        &mut self,
        time: KeypadTime,
        last_try: LastTry,
        go_on: &dyn Fn() -> bool,
    ) -> Result<(), PinError>;

    /// After a reset of ours, brings the card back to where programs of its kind look for it, at a time when
    /// nobody waits: on a CPS4 the channel of the applet is closed then, which the official module does not
    /// always find its way out of.
    ///
    /// # Errors
    /// [`CardError`] names the step that failed; the next operation finds its way all the same.
    fn reopen(&mut self) -> Result<(), CardError> {
        Ok(())
    }

    /// Whether the card still knows of a code that was presented in this transaction and not by
    /// another program before, or may know of it because its answer got lost: a state that is ours
    /// to drop, after success and after failure.
    fn leaves_code_presented(&self) -> bool;

    /// Whether a code that was presented can stay presented beyond this transaction, so that later ones go on
    /// with it.
    fn keeps_code(&self) -> bool {
        true
    }

    /// Signs with the key of this role.
    ///
    /// # Errors
    /// [`CardError::KeyAbsent`], [`CardError::AlgorithmUnsupported`], or the step that failed.
    fn sign(&mut self, role: KeyRole, input: &Signable<'_>) -> Result<Vec<u8>, CardError>;

    /// The names of the card and of what is on it.
    ///
    /// # Errors
    /// [`CardError`] names the step that failed; [`CardError::CardUnsupported`] where whoever drives the
    /// card does not tell.
    fn objects(&mut self) -> Result<CardObjects, CardError> {
        Err(CardError::CardUnsupported("its objects are not told"))
    }

    /// The bytes of a data object that [`objects`](Self::objects) lists; of a private one after the holder's code was
    /// presented.
    ///
    /// # Errors
    /// [`CardError`] names the step that failed; [`CardError::CardUnsupported`] where there is no such object, or
    /// whoever drives the card does not tell.
    fn data(&mut self, _label: &str) -> Result<Vec<u8>, CardError> {
        Err(CardError::CardUnsupported("its data are not told"))
    }

    /// Eight random bytes of the card.
    ///
    /// # Errors
    /// [`CardError`] names the step that failed; [`CardError::CardUnsupported`] where whoever drives the
    /// card has none.
    fn challenge(&mut self) -> Result<Vec<u8>, CardError> {
        Err(CardError::CardUnsupported("it gives no random bytes"))
    }

    /// Numbers of the places of work that the card lists, which anybody may know; `None` where the
    /// list is told only after the holder's code.
    ///
    /// # Errors
    /// [`CardError`] when the card's own list of data objects cannot be read.
    fn activity_numbers(&mut self) -> Result<Option<Vec<u8>>, CardError>;

    /// The places of work, once the holder's code was presented in this transaction; none is no error.
    ///
    /// # Errors
    /// [`CardError`] names the step that failed.
    fn activities(&mut self) -> Result<Vec<Activity>, CardError>;

    /// Deciphers an RSA PKCS#1 v1.5 cryptogram with the authentication key.
    ///
    /// # Errors
    /// One error for every fault of the padding, so that nothing can be learnt from it.
    fn decipher(&mut self, cryptogram: &[u8]) -> Result<SecretBytes, CardError>;
}

/// Generation of the chip application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// IAS-ECC 1.0.1.
    Cps3,
    /// ChipDoc, on logical channel 1.
    Cps4,
}

/// What a card says of itself.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Generation of the chip application; `None` where whoever stands before the card does not say.
    pub generation: Option<Generation>,
    /// Digits of EF.SN after the issuer, without Luhn digit and filler: eight on every card seen.
    /// The number printed on the card, of ten digits, stands in the certificates.
    pub serial_number: String,
    /// Its certificates, at most one for each role.
    pub certificates: Vec<(KeyRole, CardCertificate)>,
}

/// What a card can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Keys it has, with the algorithms that each of them signs by.
    pub signature_algorithms: Vec<(KeyRole, Vec<SignatureAlgorithm>)>,
    /// Whether the authentication key deciphers.
    pub decipher: bool,
    /// Whether it has a holder's code.
    pub pin: bool,
}

/// Both codes of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeStates {
    /// The holder's code; `None` when the card has none.
    pub pin: Option<CodeCounters>,
    /// The unblock code; `None` when the card has none.
    pub unblock_code: Option<CodeCounters>,
}

/// Counters of one code, as the card tells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeCounters {
    /// Wrong codes that may still be presented; `None` while a card that counts only before the
    /// code is presented (CPS4) knows of one.
    pub tries_left: Option<u8>,
    /// Wrong codes in a row that block it, where the card tells.
    pub tries_maximum: Option<u8>,
    /// Times it may still be used at all, where the card counts that.
    pub uses_left: Option<u16>,
    /// Whoever drives the card says that it is blocked, and is known to say so of codes that are not.
    pub may_be_blocked: bool,
}

impl CodeCounters {
    /// Those of a card that tells nothing.
    pub(crate) const UNKNOWN: Self = Self {
        tries_left: None,
        tries_maximum: None,
        uses_left: None,
        may_be_blocked: false,
    };

    /// Whether the code can no longer be presented.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.tries_left == Some(0) || self.uses_left == Some(0)
    }
}

/// Number of digits that a code may have, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinLimits {
    /// Fewest digits.
    pub minimum_len: u8,
    /// Most digits.
    pub maximum_len: u8,
}

/// Whether the holder said yes to risking the last try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastTry {
    /// They did.
    Confirmed,
    /// They were not asked, or said no.
    NotConfirmed,
}

/// A VERIFY that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The card was verified already, by another program: its state is not ours to drop.
    pub was_verified_before: bool,
}

/// What is to be signed.
#[derive(Clone, Copy, Debug)]
pub enum Signable<'a> {
    /// A finished digest.
    Digest(Digest<'a>),
    /// A message: a card that insists on hashing the last block itself can sign this alone.
    Message(SignatureAlgorithm, &'a [u8]),
    /// Bytes that PKCS#1 type 1 padding is put around as they are, such as a DigestInfo.
    Type1(&'a [u8]),
}

/// The digest of SHA-1 in a DigestInfo (RFC 8017, 9.2, note 1); `None` for anything else.
pub(crate) fn sha1_in_digest_info(bytes: &[u8]) -> Option<&[u8]> {
    const INFO: &[u8] = &[
        0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2B, 0x0E, 0x03, 0x02, 0x1A, 0x05, 0x00, 0x04, 0x14,
    ];
    bytes.strip_prefix(INFO).filter(|digest| digest.len() == 20)
}

impl Signable<'_> {
    /// The algorithm, and the digest that it finishes.
    ///
    /// # Errors
    /// [`CardError::Bug`] for a digest of another length than its algorithm's, and
    /// [`CardError::AlgorithmUnsupported`] for bytes of which nobody says what they are.
    pub fn to_digest(&self) -> Result<(SignatureAlgorithm, Vec<u8>), CardError> {
        self.check_digest_len()?;
        match self {
            Self::Digest(digest) => Ok((digest.algorithm, digest.value.to_vec())),
            Self::Message(algorithm, message) => Ok((*algorithm, algorithm.hash().digest(message))),
            Self::Type1(_) => Err(CardError::AlgorithmUnsupported),
        }
    }

    /// A digest that is not as long as its algorithm says is a fault of ours.
    pub(crate) fn check_digest_len(&self) -> Result<(), CardError> {
        match self {
            Self::Digest(digest) if digest.value.len() != digest.algorithm.hash().digest_len() => {
                Err(CardError::Bug(
                    "a digest has another length than its algorithm",
                ))
            }
            Self::Digest(_) | Self::Message(..) | Self::Type1(_) => Ok(()),
        }
    }
}

/// A digest and the algorithm that it is signed by, which names the hash function that made it.
#[derive(Clone, Copy, Debug)]
pub struct Digest<'a> {
    /// The algorithm.
    pub algorithm: SignatureAlgorithm,
    /// The value.
    pub value: &'a [u8],
}

/// Signature schemes of RSA (RFC 8017, 8), each with its hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5.
    RsaPkcs1(HashAlgorithm),
    /// RSASSA-PSS with MGF1 over the same hash function and a salt as long as its digest.
    RsaPss(HashAlgorithm),
}

impl SignatureAlgorithm {
    /// The hash function.
    #[must_use]
    pub const fn hash(self) -> HashAlgorithm {
        match self {
            Self::RsaPkcs1(hash) | Self::RsaPss(hash) => hash,
        }
    }
}

/// Hash functions (FIPS 180-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl HashAlgorithm {
    /// Bytes of a digest.
    #[must_use]
    pub const fn digest_len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The digest of a message.
    #[must_use]
    pub fn digest(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha384 => Sha384::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
        }
    }

    /// DigestInfo of a digest (RFC 8017, 9.2, note 1): a constant prefix, then the digest.
    #[must_use]
    pub fn digest_info(self, digest: &[u8]) -> Vec<u8> {
        [self.digest_info_prefix(), digest].concat()
    }

    const fn digest_info_prefix(self) -> &'static [u8] {
        match self {
            Self::Sha256 => &[
                0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                0x01, 0x05, 0x00, 0x04, 0x20,
            ],
            Self::Sha384 => &[
                0x30, 0x41, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                0x02, 0x05, 0x00, 0x04, 0x30,
            ],
            Self::Sha512 => &[
                0x30, 0x51, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                0x03, 0x05, 0x00, 0x04, 0x40,
            ],
        }
    }
}
