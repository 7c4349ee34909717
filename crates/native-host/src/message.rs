//! What the extension says and is told. The extension's own side of it is `browser/extension/relay.js`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of these messages that is spoken. A change that an older side would not understand
/// is another number.
pub(crate) const PROTOCOL: u64 = 1;

/// What the extension says.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, tag = "type")]
pub(crate) enum Incoming {
    /// A request of a page, or of the extension itself.
    #[serde(rename_all = "camelCase")]
    Request(Request),
    /// Nobody waits for this request any more.
    Cancel {
        /// Its number.
        id: u64,
        /// See [`PROTOCOL`].
        protocol: u64,
    },
}

/// A request to the agent.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Request {
    /// A number of the extension's; it comes back in every answer.
    pub(crate) id: u64,
    /// See [`PROTOCOL`].
    pub(crate) protocol: u64,
    /// Whose request it is; the extension's own where it is absent.
    pub(crate) page: Option<Page>,
    /// `GET`, `POST` or `DELETE`.
    pub(crate) method: String,
    /// A path of the API with its query.
    pub(crate) path: String,
    /// JSON, as its sender wrote it.
    pub(crate) body: Option<String>,
    /// The language that the sentences of an error are to be in.
    pub(crate) language: Option<String>,
    /// The event to resume after.
    pub(crate) last_event_id: Option<String>,
}

/// A page, as the browser told the extension of it.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Page {
    /// Its own origin.
    pub(crate) origin: String,
    /// The origin of the page that it is in; its own where nothing is around it.
    pub(crate) top_origin: String,
}

/// What the extension is told.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "type")]
pub(crate) enum Outgoing<'a> {
    /// The first message: this host runs.
    Ready { protocol: u64 },
    /// The answer begins.
    #[serde(rename_all = "camelCase")]
    Head {
        id: u64,
        status: u16,
        media_type: Option<&'a str>,
        retry_after: Option<&'a str>,
    },
    /// The next part of its body.
    Chunk { id: u64, text: &'a str },
    /// It is whole.
    End { id: u64 },
    /// There is no answer, or no more of it. Without a number where it is not known which request it was.
    Error { id: Option<u64>, code: Fault },
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fault {
    /// No agent runs, and none could be started.
    AgentStopped,
    /// The agent that runs does not serve this version of the API.
    AgentTooOld,
    /// Something listens at the agent's socket that is not this user's agent.
    AgentRefused,
    /// The extension speaks a version of these messages that is not known here.
    HostTooOld,
    /// The message is not understood, or asks what nobody may ask.
    BadMessage,
    /// The message is longer than any that is meant.
    MessageTooLong,
    /// More requests are open than one browser may have.
    Busy,
    /// The agent ended in mid-answer.
    Interrupted,
}

/// Reads a message; else which request it was, as far as that can be read, and what is wrong.
pub(crate) fn read(bytes: &[u8]) -> Result<Incoming, (Option<u64>, Fault)> {
    let value: Value = serde_json::from_slice(bytes).map_err(|_| (None, Fault::BadMessage))?;
    let id = value.get("id").and_then(Value::as_u64);
    match value.get("protocol").and_then(Value::as_u64) {
        Some(PROTOCOL) => {}
        Some(newer) if newer > PROTOCOL => return Err((id, Fault::HostTooOld)),
        _ => return Err((id, Fault::BadMessage)),
    }
    let message = serde_json::from_value(value).map_err(|_| (id, Fault::BadMessage))?;
    match &message {
        Incoming::Request(request) if !request.may_be_asked() => Err((id, Fault::BadMessage)),
        Incoming::Request(_) | Incoming::Cancel { .. } => Ok(message),
    }
}

impl Request {
    /// Pages ask whatever the agent lets pages ask. The extension itself, which the agent would take
    /// for any program of this user, looks at what its own page shows, and at nothing else.
    pub(crate) fn may_be_asked(&self) -> bool {
        let is_known_method = ["GET", "POST", "DELETE"].contains(&self.method.as_str());
        match self.page {
            Some(_) => is_known_method && self.path.starts_with("/v1"),
            None => self.method == "GET" && OWN_PATHS.contains(&self.path.as_str()),
        }
    }
}

const OWN_PATHS: [&str; 4] = ["/v1/status", "/v1/readers", "/v1/cards", "/v1/grants"];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn request(change: impl FnOnce(&mut Value)) -> Result<Incoming, (Option<u64>, Fault)> {
        let page = json!({ "origin": "https://a.example", "topOrigin": "https://b.example" });
        let mut message = json!({
            "type": "request", "protocol": 1, "id": 7, "page": page, "method": "GET", "path": "/v1/cards",
        });
        change(&mut message);
        read(message.to_string().as_bytes())
    }

    #[test]
    fn a_request_says_whose_it_is() {
        let Ok(Incoming::Request(request)) = request(|_| {}) else {
            panic!("no request")
        };
        let page = request.page.unwrap();
        assert_eq!(page.origin, "https://a.example");
        assert_eq!(page.top_origin, "https://b.example");
    }

    #[test]
    fn what_is_not_understood_is_refused_by_its_number() {
        let bad = Err((Some(7), Fault::BadMessage));
        assert_eq!(request(|it| it["more"] = json!(1)), bad);
        assert_eq!(request(|it| it["method"] = json!("TRACE")), bad);
        assert_eq!(request(|it| it["path"] = json!("/docs")), bad);
        assert_eq!(request(|it| it["page"]["more"] = json!(1)), bad);
        assert_eq!(
            request(|it| it["page"] = json!({ "origin": "https://a.example" })),
            bad
        );
        assert_eq!(request(|it| it["protocol"] = json!(0)), bad);
        assert_eq!(request(|it| it["type"] = json!("other")), bad);
        assert_eq!(read(b"garbage"), Err((None, Fault::BadMessage)));
    }

    #[test]
    fn a_newer_message_says_that_this_host_is_too_old() {
        let newer = request(|it| {
            it["protocol"] = json!(2);
            it["type"] = json!("something new");
        });
        assert_eq!(newer, Err((Some(7), Fault::HostTooOld)));
    }

    #[test]
    fn the_extension_itself_looks_at_its_own_page_and_does_nothing() {
        let own = |method: &str, path: &str| {
            request(|it| {
                it["page"] = Value::Null;
                it["method"] = json!(method);
                it["path"] = json!(path);
            })
        };
        for path in OWN_PATHS {
            assert!(own("GET", path).is_ok(), "{path}");
        }
        for (method, path) in [
            ("DELETE", "/v1/grants"),
            ("GET", "/v1/events"),
            ("POST", "/v1/cards"),
            ("GET", "/v1/grants?"),
        ] {
            let bad = Err((Some(7), Fault::BadMessage));
            assert_eq!(own(method, path), bad, "{method} {path}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
            let _ = read(&bytes);
        }
    }
}
