//! What goes through the pipes between the agent and the host.
//!
//! A frame is its length (4 bytes, big endian), its kind (1 byte) and its bytes. A request or an answer
//! is JSON; a code follows its request as a frame of its own, so that no serialiser has it in a buffer.

use std::io::{self, Read, Write};

use secrets::SecretBytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::fault::ModuleFault;

/// What the agent asks of a host that has one card.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    /// Opens a session on the token in the reader of this name (C_OpenSession).
    Open { reader: String },
    /// Asks for the token again (C_GetSessionInfo, C_GetTokenInfo): a session that died says so.
    Token,
    /// Reads the certificates that are there without a login.
    Certificates,
    /// Lists the labels of the data objects that are visible now, and reads those that begin so.
    Data { prefix: String },
    /// C_Login; `codes` frames follow, none where the code is typed at the keypad of the reader.
    Login {
        user: User,
        codes: u8,
        /// How long the holder may type there.
        keypad_seconds: u16,
    },
    /// C_Logout.
    Logout,
    /// C_SetPIN; two codes follow, the old one first.
    SetPin,
    /// C_InitPIN; one code follows.
    InitPin,
    /// C_SignInit and C_Sign.
    Sign {
        key: KeyChoice,
        mechanism: SignMechanism,
        data: Vec<u8>,
    },
    /// C_DecryptInit and C_Decrypt by CKM_RSA_PKCS; the answer is followed by a secret frame.
    Decipher { key: KeyChoice, cryptogram: Vec<u8> },
}

impl Request {
    /// Frames with codes that follow it.
    pub(crate) const fn codes(&self) -> u8 {
        match self {
            Self::Login { codes, .. } => *codes,
            Self::SetPin => 2,
            Self::InitPin => 1,
            Self::Open { .. }
            | Self::Token
            | Self::Certificates
            | Self::Data { .. }
            | Self::Logout
            | Self::Sign { .. }
            | Self::Decipher { .. } => 0,
        }
    }
}

impl Request {
    /// C_Login with a code that was typed here.
    pub(crate) const fn login(user: User) -> Self {
        Self::Login {
            user,
            codes: 1,
            keypad_seconds: 0,
        }
    }

    /// Whether a code goes to the module by it.
    pub(crate) const fn brings_a_code(&self) -> bool {
        self.codes() > 0 || matches!(self, Self::Login { .. })
    }
}

/// Who logs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum User {
    /// CKU_USER, by the holder's code.
    Holder,
    /// CKU_SO, by the unblock code.
    SecurityOfficer,
}

/// How a private key is found: by its label, or else by the id of its certificate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct KeyChoice {
    /// CKA_LABEL.
    pub(crate) label: String,
    /// CKA_ID of the certificate.
    pub(crate) id: Vec<u8>,
}

/// Mechanisms that finish a digest which the agent made: hash-and-sign is left to nobody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum SignMechanism {
    /// CKM_RSA_PKCS over a DigestInfo.
    RsaPkcs,
    /// CKM_RSA_PKCS_PSS with SHA-256 and a salt of 32 bytes.
    RsaPssSha256,
    /// The same with SHA-384 and 48 bytes.
    RsaPssSha384,
    /// The same with SHA-512 and 64 bytes.
    RsaPssSha512,
}

/// What the host answers where nothing went wrong.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// To `Open`.
    Opened(OpenToken),
    /// To `Token`.
    Token(Token),
    /// To `Certificates`.
    Certificates(Vec<CertificateObject>),
    /// To `Data`.
    Data(Vec<DataObject>),
    /// To `Sign`.
    Signature(Vec<u8>),
    /// To `Decipher`; a secret frame follows.
    Deciphered,
    /// To all others.
    Done,
}

/// A token with a session on it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct OpenToken {
    /// What it says of itself.
    pub(crate) token: Token,
    /// Its list of mechanisms (C_GetMechanismList).
    pub(crate) mechanisms: Mechanisms,
    /// The session can write: codes can be changed.
    pub(crate) can_write: bool,
}

/// CK_TOKEN_INFO, as far as it matters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) label: String,
    pub(crate) serial_number: String,
    /// CKF_TOKEN_INITIALIZED.
    pub(crate) initialized: bool,
    /// CKF_USER_PIN_INITIALIZED: the holder has a code.
    pub(crate) user_pin_initialized: bool,
    /// CKF_PROTECTED_AUTHENTICATION_PATH: codes are typed at the reader.
    pub(crate) protected_path: bool,
    pub(crate) minimum_pin_len: usize,
    pub(crate) maximum_pin_len: usize,
    pub(crate) user_pin: PinFlags,
    pub(crate) so_pin: PinFlags,
}

/// CKF_*_PIN_COUNT_LOW, FINAL_TRY and LOCKED of one code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PinFlags {
    pub(crate) count_low: bool,
    pub(crate) final_try: bool,
    pub(crate) locked: bool,
}

/// The mechanisms of a token that cpxd can use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mechanisms {
    /// CKM_RSA_PKCS.
    pub(crate) rsa_pkcs: bool,
    /// CKM_RSA_PKCS_PSS.
    pub(crate) rsa_pss: bool,
    /// CKM_SHA384_RSA_PKCS, CKM_SHA512_RSA_PKCS: the token has heard of these hash functions.
    pub(crate) sha384_rsa_pkcs: bool,
    pub(crate) sha512_rsa_pkcs: bool,
    /// The same for PSS.
    pub(crate) sha384_rsa_pss: bool,
    pub(crate) sha512_rsa_pss: bool,
}

/// CKO_CERTIFICATE, CKC_X_509.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CertificateObject {
    pub(crate) label: String,
    pub(crate) id: Vec<u8>,
    pub(crate) der: Vec<u8>,
}

/// CKO_DATA.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DataObject {
    pub(crate) label: String,
    pub(crate) value: Vec<u8>,
}

/// What a host that watches the readers tells, unasked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Seen {
    /// All readers as they are now, once, at the start.
    Readers(Vec<SeenReader>),
    /// It enters a call that may not come back before something happens.
    Waits,
    /// It came back from a call: from here on it must tell something in time.
    Lives,
    /// Something happened in these readers, or to the list; the host ends with it.
    Changed(Vec<String>),
    /// The module cannot be asked; the host ends with it.
    Failed(ModuleFault),
}

/// A reader, with all its slots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SeenReader {
    /// slotDescription without its blanks.
    pub(crate) name: String,
    /// CKF_TOKEN_PRESENT in one of its slots.
    pub(crate) has_token: bool,
    /// Labels and serial numbers of its tokens, by which an exchange is seen that nobody told of.
    pub(crate) tokens: Vec<(String, String)>,
}

/// What a frame holds.
#[derive(Debug)]
pub(crate) enum Frame {
    Json(Vec<u8>),
    Secret(SecretBytes),
}

/// Sends a request, an answer or what was seen.
pub(crate) fn send_json(pipe: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let json = serde_json::to_vec(message)?;
    pipe.write_all(&head(json.len(), JSON)?)?;
    pipe.write_all(&json)?;
    pipe.flush()
}

/// Sends a code, or what was deciphered; the bytes go into the pipe as they lie.
pub(crate) fn send_secret(pipe: &mut impl Write, secret: &SecretBytes) -> io::Result<()> {
    pipe.write_all(&head(secret.len(), SECRET)?)?;
    pipe.write_all(secret.expose())?;
    pipe.flush()
}

/// Reads a frame; `None` where the other end has gone. The pipe must have no buffer on this side.
pub(crate) fn receive(pipe: &mut impl Read) -> io::Result<Option<Frame>> {
    let mut head = [0; HEAD_LEN];
    match pipe.read_exact(&mut head) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let [a, b, c, d, kind] = head;
    let len = usize::try_from(u32::from_be_bytes([a, b, c, d])).map_err(io::Error::other)?;
    if len > MAXIMUM_LEN {
        return Err(io::Error::other("a frame is too long"));
    }
    let mut bytes = Zeroizing::new(vec![0; len]);
    pipe.read_exact(&mut bytes)?;
    match kind {
        JSON => Ok(Some(Frame::Json(std::mem::take(&mut *bytes)))),
        SECRET => Ok(Some(Frame::Secret(SecretBytes::copy_from(&bytes)))),
        _ => Err(io::Error::other("a frame is of no kind")),
    }
}

/// The message in a frame.
pub(crate) fn parse<T: DeserializeOwned>(frame: &Frame) -> io::Result<T> {
    match frame {
        Frame::Json(json) => Ok(serde_json::from_slice(json)?),
        Frame::Secret(_) => Err(io::Error::other("a code where there should be none")),
    }
}

fn head(len: usize, kind: u8) -> io::Result<[u8; HEAD_LEN]> {
    if len > MAXIMUM_LEN {
        return Err(io::Error::other("a frame is too long"));
    }
    let [a, b, c, d] = u32::try_from(len).map_err(io::Error::other)?.to_be_bytes();
    Ok([a, b, c, d, kind])
}

const HEAD_LEN: usize = 5;
/// Far more than all objects of a card together.
const MAXIMUM_LEN: usize = 1 << 22;
const JSON: u8 = b'J';
const SECRET: u8 = b'S';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_follows_its_request_as_a_frame_of_its_own() {
        let mut pipe = Vec::new();
        let login = Request::login(User::Holder);
        send_json(&mut pipe, &login).unwrap();
        send_secret(&mut pipe, &SecretBytes::copy_from(b"7391")).unwrap();
        let mut pipe = pipe.as_slice();
        let frame = receive(&mut pipe).unwrap().unwrap();
        let request: Request = parse(&frame).unwrap();
        assert_eq!(request.codes(), 1);
        let Some(Frame::Secret(code)) = receive(&mut pipe).unwrap() else {
            panic!("no code");
        };
        assert_eq!(code.expose(), b"7391");
        assert!(receive(&mut pipe).unwrap().is_none());
    }

    #[test]
    fn nothing_of_a_code_is_printed() {
        let frame = Frame::Secret(SecretBytes::copy_from(b"7391"));
        assert_eq!(format!("{frame:?}"), "Secret([redacted])");
    }

    #[test]
    fn a_length_that_makes_no_sense_is_refused_before_it_is_believed() {
        for bytes in [
            &[0xFF, 0xFF, 0xFF, 0xFF, JSON][..],
            &[0, 0, 0, 1, b'?', 0],
            &[0, 0, 0, 9, JSON, b'{'],
        ] {
            assert!(receive(&mut &*bytes).is_err(), "{bytes:?}");
        }
    }
}
