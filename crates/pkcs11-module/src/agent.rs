//! The agent: each call a connection of its own, with a limit of time, and its refusals as PKCS#11 has them.

use std::time::Duration;

use cryptoki_sys::{
    CK_RV, CKR_DEVICE_ERROR, CKR_DEVICE_REMOVED, CKR_ENCRYPTED_DATA_INVALID, CKR_FUNCTION_CANCELED,
    CKR_FUNCTION_FAILED, CKR_FUNCTION_REJECTED, CKR_KEY_FUNCTION_NOT_PERMITTED,
    CKR_MECHANISM_INVALID, CKR_PIN_INCORRECT, CKR_PIN_INVALID, CKR_PIN_LEN_RANGE, CKR_PIN_LOCKED,
    CKR_USER_NOT_LOGGED_IN,
};
use daemon_client::{Client, ClientError, Held, READ_TIMEOUT};
use daemon_wire::{
    CardBody, DataBody, DataValueBody, DecipherBody, DecipheredBody, KeySignBody, KeySignatureBody,
    LoginBody, NewPinBody, ObjectList, RandomBody, RandomBytesBody, ReaderBody, ReaderList,
    TouchSessionBody,
};
use platform::paths::AgentPaths;
use secrets::SecretBytes;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use crate::answer::Answer;
use crate::manner::{Settings, WhichAgent};
use crate::signing::SIGNATURE_LEN;

/// By which the agent knows the module.
const NAME: &str = "cpxd-pkcs11";

/// The way to the agent of this user.
pub(crate) struct Agent {
    paths: Option<AgentPaths>,
}

impl Agent {
    pub(crate) fn of(settings: &Settings) -> Self {
        let paths = match &settings.agent {
            WhichAgent::Usual => AgentPaths::find(None).ok(),
            WhichAgent::Of(state_dir) => AgentPaths::find(Some(state_dir)).ok(),
            WhichAgent::Nobody => None,
        };
        Self { paths }
    }

    /// A client for one call, which alone makes a connection.
    pub(crate) fn client(&self) -> Answer<Client> {
        let paths = self.paths.as_ref().ok_or(CKR_DEVICE_ERROR)?;
        Ok(Client::to(paths, NAME))
    }

    /// The readers; none without an agent.
    ///
    /// # Errors
    /// Where an agent is there and does not answer: what it said last still holds.
    pub(crate) fn readers(&self) -> Answer<Vec<ReaderBody>> {
        let Some(paths) = &self.paths else {
            return Ok(Vec::new());
        };
        match Client::to(paths, NAME).read::<ReaderList>("/v1/readers") {
            Ok(list) => Ok(list.readers),
            Err(ClientError::AgentNotRunning { .. }) => Ok(Vec::new()),
            Err(error) => Err(value_of(&error)),
        }
    }

    pub(crate) fn card(&self, card: &str) -> Answer<CardBody> {
        self.read(&format!("/v1/cards/{card}"))
    }

    pub(crate) fn objects(&self, card: &str) -> Answer<ObjectList> {
        self.read(&format!("/v1/cards/{card}/objects"))
    }

    /// Has the holder type the code, within so many seconds.
    pub(crate) fn log_in(&self, card: &str, seconds: u32) -> Answer<Held> {
        let body = LoginBody {
            timeout_seconds: Some(seconds),
        };
        let path = format!("/v1/cards/{card}/login");
        let held = self.client()?.hold(&path, &body, patience(seconds));
        held.map_err(|error| one_of(&[OF_THE_CODE], value_of(&error)))
    }

    /// Has the holder type the code and a new one, within so many seconds.
    pub(crate) fn change_pin(&self, card: &str, seconds: u32) -> Answer {
        let body = NewPinBody {
            timeout_seconds: Some(seconds),
        };
        let path = format!("/v1/cards/{card}/pin/change");
        let changed = self.client()?.call(&path, &body, patience(seconds));
        let own = [OF_THE_CODE, &[CKR_PIN_INVALID]];
        changed
            .map(|IgnoredAny| ())
            .map_err(|error| one_of(&own, value_of(&error)))
    }

    /// Whether the agent still has what the path is about; `None` while it cannot be asked.
    pub(crate) fn has(&self, path: &str) -> Option<bool> {
        let client = self.client().ok()?;
        match client.read::<IgnoredAny>(path) {
            Ok(_) => Some(true),
            Err(ClientError::AgentNotRunning { .. }) => Some(false),
            Err(error) => (value_in_log_in(&error) == CKR_USER_NOT_LOGGED_IN).then_some(false),
        }
    }

    /// Whether the agent still has the log-in at this path, which goes on then; after so many seconds without a use
    /// alone, where they are given.
    pub(crate) fn goes_on(&self, path: &str, idle_seconds: Option<u32>) -> bool {
        let body = TouchSessionBody { idle_seconds };
        let touched = self.client().map(|client| {
            client.call::<_, IgnoredAny>(&format!("{path}/touch"), &body, READ_TIMEOUT)
        });
        matches!(touched, Ok(Ok(_)))
    }

    /// Ends what the path is about; whether it was there says nothing.
    pub(crate) fn log_out(&self, path: &str) {
        if let Ok(client) = self.client() {
            let _ = client.delete(path);
        }
    }

    pub(crate) fn sign(&self, card: &str, role: &str, body: &KeySignBody) -> Answer<Vec<u8>> {
        let path = format!("/v1/cards/{card}/keys/{role}/sign");
        let time = patience(body.timeout_seconds.unwrap_or_default());
        let own = [OF_THE_CODE, OF_A_LOG_IN, &[CKR_MECHANISM_INVALID]];
        let signed = self.call(&path, body, time, body.session.as_deref(), &own);
        let signed: KeySignatureBody = signed?;
        let signature = signed.bytes();
        let signature = signature.filter(|bytes| bytes.len() == SIGNATURE_LEN);
        signature.ok_or(CKR_DEVICE_ERROR)
    }

    pub(crate) fn decipher(&self, card: &str, body: &DecipherBody) -> Answer<SecretBytes> {
        let path = format!("/v1/cards/{card}/keys/authentication/decipher");
        let time = patience(body.timeout_seconds.unwrap_or_default());
        let own = [OF_THE_CODE, OF_A_LOG_IN, &[CKR_ENCRYPTED_DATA_INVALID]];
        let deciphered = self.call(&path, body, time, body.session.as_deref(), &own);
        let deciphered: DecipheredBody = deciphered?;
        Ok(deciphered.plaintext)
    }

    /// The bytes of a data object; the holder is asked where the card has lost the code of the log-in.
    pub(crate) fn data(&self, card: &str, label: &str, session: Option<String>) -> Answer<Vec<u8>> {
        let path = format!("/v1/cards/{card}/data");
        let label = label.to_owned();
        let time = DataBody::TIME + READ_TIMEOUT + BEYOND;
        let body = DataBody { label, session };
        let own = [OF_THE_CODE, OF_A_LOG_IN];
        let value = self.call(&path, &body, time, body.session.as_deref(), &own);
        let value: DataValueBody = value?;
        value.bytes().ok_or(CKR_DEVICE_ERROR)
    }

    pub(crate) fn random(&self, card: &str, length: u32) -> Answer<Vec<u8>> {
        let path = format!("/v1/cards/{card}/random");
        let random = self.call(&path, &RandomBody { length }, READ_TIMEOUT, None, &[]);
        let random: RandomBytesBody = random?;
        random.bytes().ok_or(CKR_DEVICE_ERROR)
    }

    fn read<T: DeserializeOwned>(&self, path: &str) -> Answer<T> {
        let read = self.client()?.read(path);
        read.map_err(|error| one_of(&[], value_of(&error)))
    }

    /// Asks for a use of the card, in the log-in that is named; `own` are the values that this use alone may have.
    fn call<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        time: Duration,
        log_in: Option<&str>,
        own: &[&[CK_RV]],
    ) -> Answer<T> {
        let called = self.client()?.call(path, body, time);
        called.map_err(|error| {
            let value = match log_in {
                Some(_) => value_in_log_in(&error),
                None => value_of(&error),
            };
            one_of(own, value)
        })
    }
}

/// How long a call may take whose holder has so many seconds: the agent's own answer comes first, also behind a card
/// that is slow.
fn patience(seconds: u32) -> Duration {
    Duration::from_secs(u64::from(seconds)) + READ_TIMEOUT + BEYOND
}

/// What a fault means in PKCS#11.
pub(crate) fn value_of(error: &ClientError) -> CK_RV {
    match error {
        ClientError::Problem { code, fields, .. } => {
            let reason = fields.get("reason").and_then(Value::as_str);
            match (reason, code.as_str()) {
                (Some("not-deciphered"), _) => CKR_ENCRYPTED_DATA_INVALID,
                (Some("new-pin-unchanged"), _) => CKR_PIN_INVALID,
                // Nobody knows which code holds, so that it is no refusal.
                (Some("outcome-unknown"), "timeout") => CKR_FUNCTION_FAILED,
                (_, code) => value_of_code(code),
            }
        }
        ClientError::TimedOut => CKR_FUNCTION_FAILED,
        ClientError::AgentNotRunning { .. }
        | ClientError::Connection(_)
        | ClientError::TooLong
        | ClientError::Unexplained { .. }
        | ClientError::Unreadable(_)
        | ClientError::NotText(_)
        | ClientError::Unwritable(_)
        | ClientError::NotAPath { .. }
        | ClientError::NotARequest
        | ClientError::Exchange(_) => CKR_DEVICE_ERROR,
    }
}

/// The same where a log-in was named: it is what the agent does not find then, since its end is longer ago than the
/// agent remembers, and not the card.
fn value_in_log_in(error: &ClientError) -> CK_RV {
    if matches!(error, ClientError::Problem { code, .. } if code == NOT_FOUND) {
        CKR_USER_NOT_LOGGED_IN
    } else {
        value_of(error)
    }
}

fn value_of_code(code: &str) -> CK_RV {
    match code {
        "pin-wrong" => CKR_PIN_INCORRECT,
        "pin-blocked" | "card-definitively-blocked" => CKR_PIN_LOCKED,
        "pin-length" => CKR_PIN_LEN_RANGE,
        "cancelled" | "timeout" | "last-try-not-confirmed" => CKR_FUNCTION_CANCELED,
        "no-reader" | "no-card" | "card-removed" | NOT_FOUND | "reader-lost" => CKR_DEVICE_REMOVED,
        "session-closed" => CKR_USER_NOT_LOGGED_IN,
        "key-absent" => CKR_KEY_FUNCTION_NOT_PERMITTED,
        "algorithm-unsupported" => CKR_MECHANISM_INVALID,
        "busy" | "rate-limited" | "reader-busy" => CKR_FUNCTION_FAILED,
        "right-missing"
        | "certificate-expired"
        | "certificate-not-yet-valid"
        | "certificate-revoked"
        | "environment-mismatch" => CKR_FUNCTION_REJECTED,
        _ => CKR_DEVICE_ERROR,
    }
}

/// A value as a call may have it: what any call about a card may say, or one of its own. An agent that answers beside the
/// question is one that does not work: a program told of a wrong code by a search would take its holder for the cause.
fn one_of(own: &[&[CK_RV]], value: CK_RV) -> CK_RV {
    let is_known = ANY.contains(&value) || own.iter().any(|own| own.contains(&value));
    if is_known { value } else { CKR_DEVICE_ERROR }
}

const ANY: [CK_RV; 4] = [
    CKR_DEVICE_ERROR,
    CKR_DEVICE_REMOVED,
    CKR_FUNCTION_CANCELED,
    CKR_FUNCTION_FAILED,
];
/// Where the holder may be asked.
const OF_THE_CODE: &[CK_RV] = &[
    CKR_KEY_FUNCTION_NOT_PERMITTED,
    CKR_PIN_INCORRECT,
    CKR_PIN_LOCKED,
    CKR_PIN_LEN_RANGE,
    CKR_FUNCTION_REJECTED,
];
const OF_A_LOG_IN: &[CK_RV] = &[CKR_USER_NOT_LOGGED_IN];
/// What is not there, or never was, or was longer ago than the agent remembers.
const NOT_FOUND: &str = "not-found";
const BEYOND: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manner::Manner;

    #[test]
    fn nobody_is_asked_where_the_file_that_may_name_an_agent_is_not_understood() {
        let settings = |agent| Settings {
            manner: Manner::LogIn,
            agent,
        };
        let nobody = Agent::of(&settings(WhichAgent::Nobody));
        assert!(nobody.paths.is_none());
        assert_eq!(nobody.readers().map(|readers| readers.len()), Ok(0));
        let other = WhichAgent::Of("/other".into());
        assert!(Agent::of(&settings(other)).paths.is_some());
    }

    #[test]
    fn a_call_says_no_more_than_it_may() {
        assert_eq!(one_of(&[], CKR_DEVICE_REMOVED), CKR_DEVICE_REMOVED);
        assert_eq!(one_of(&[OF_THE_CODE], CKR_PIN_LOCKED), CKR_PIN_LOCKED);
        assert_eq!(one_of(&[], CKR_PIN_LOCKED), CKR_DEVICE_ERROR);
        assert_eq!(
            one_of(&[OF_THE_CODE], CKR_MECHANISM_INVALID),
            CKR_DEVICE_ERROR
        );
    }
}
