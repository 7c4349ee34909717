//! Blocking client of the user socket.
//!
//! The agent serves the same HTTP API there as on its HTTPS door, and knows its
//! caller as a program of the same user. This client knows HTTP, problem+json
//! (RFC 9457) and server-sent events; which JSON goes where is for its caller
//! to say, in types of its own.
//!
//! Each call has a connection of its own: to connect again costs microseconds,
//! and no call can meet the end of an old connection.

mod answer;
mod error;
mod event_stream;
mod events;
mod hang_up;
mod held;
mod module_file;
mod relay;
mod stream;
mod transport;

use std::time::Duration;

use platform::paths::AgentPaths;
use platform::socket;
use platform::terminal::Terminal;
use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::http::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE};
use ureq::{Agent, Body, RequestBuilder};

use transport::{Lent, NoResolver, UserSocketConnector};

pub use error::ClientError;
pub use event_stream::Event;
pub use events::Events;
pub use hang_up::HangUp;
pub use held::Held;
pub use module_file::{ModuleFile, ModuleFileError};
pub use relay::{RelayedAnswer, RelayedRequest};

/// How long an answer may take that waits for no holder; a slow card is read in a few seconds.
pub const READ_TIMEOUT: Duration = Duration::from_secs(30);

const JSON: &str = "application/json";
const CLIENT_HEADER: &str = "X-Cpxd-Client";

/// A program's way to the agent of its user.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    /// `name/version`, as `X-Cpxd-Client` states it.
    name_and_version: String,
    language: Option<String>,
    lent: Lent,
    hang_up: HangUp,
}

impl Client {
    /// Makes sure that an agent listens and is this user's, and speaks to it under the name
    /// `client_name` and this version.
    ///
    /// # Errors
    /// [`ClientError::AgentNotRunning`] when nobody listens, [`ClientError::Connection`] when
    /// the agent cannot be reached or is not this user's.
    pub fn connect(paths: &AgentPaths, client_name: &str) -> Result<Self, ClientError> {
        socket::connect(paths).map_err(ClientError::from)?;
        Ok(Self::to(paths, client_name))
    }

    /// The same without a look whether an agent listens, which costs a connection: each call
    /// says so.
    #[must_use]
    pub fn to(paths: &AgentPaths, client_name: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(0)
            // The environment's proxy is for the network, which is never used here.
            .proxy(None)
            .timeout_recv_response(Some(READ_TIMEOUT))
            .build();
        let lent = Lent::default();
        let hang_up = HangUp::default();
        let connector = UserSocketConnector::new(paths.clone(), lent.clone(), hang_up.clone());
        Self {
            agent: Agent::with_parts(config, connector, NoResolver),
            name_and_version: format!("{client_name}/{}", env!("CARGO_PKG_VERSION")),
            language: None,
            lent,
            hang_up,
        }
    }

    /// Lends this terminal to the agent with every request from now on, so that the holder can be
    /// asked there. Only the first terminal is lent.
    pub fn lend_terminal(&self, terminal: Terminal) {
        // A second one would be another way to the same person.
        let _ = self.lent.set(terminal);
    }

    /// What ends the calls of this client, from any thread.
    #[must_use]
    pub fn hang_up(&self) -> HangUp {
        self.hang_up.clone()
    }

    /// Asks for sentences in this language (a value of `Accept-Language`, such as `fr`).
    #[must_use]
    pub fn with_language(mut self, language: &str) -> Self {
        self.language = Some(language.to_owned());
        self
    }

    /// `GET`s `path` and reads the JSON answer, within [`READ_TIMEOUT`].
    ///
    /// # Errors
    /// [`ClientError::Problem`] when the agent refuses, another [`ClientError`] when no answer
    /// came that could be read.
    pub fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let request = self.prepare(self.agent.get(url(path)?));
        let answer = within(request, READ_TIMEOUT).call()?;
        answer::json(answer)
    }

    /// `GET`s `path` as text of the media type `accept`, within [`READ_TIMEOUT`].
    ///
    /// # Errors
    /// [`ClientError::Problem`] when the agent refuses, another [`ClientError`] when no answer
    /// came that is text of this type.
    pub fn read_text(&self, path: &str, accept: &str) -> Result<String, ClientError> {
        let request = self
            .prepare(self.agent.get(url(path)?))
            .header(ACCEPT, accept);
        let answer = within(request, READ_TIMEOUT).call()?;
        answer::text(answer, accept)
    }

    /// `POST`s `body` as JSON to `path` and reads the JSON answer (`()` where there is none).
    ///
    /// `timeout` covers the whole call. Give it more time than the call's own `timeoutSeconds`,
    /// so that the agent's answer about that comes first; the agent takes a connection that ends
    /// early for a caller that went away, and closes its prompt.
    ///
    /// # Errors
    /// [`ClientError::Problem`] when the agent or the holder refuses, another [`ClientError`] when
    /// no answer came that could be read.
    pub fn call<B: Serialize, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
        timeout: Duration,
    ) -> Result<T, ClientError> {
        let body = serde_json::to_vec(body).map_err(ClientError::Unwritable)?;
        let request = self.prepare(self.agent.post(url(path)?));
        let request = request
            .header(CONTENT_TYPE, JSON)
            .config()
            .timeout_recv_response(None)
            .build();
        let answer = within(request, timeout).send(body.as_slice())?;
        answer::json(answer)
    }

    /// `POST`s `body` as JSON to `path`, and holds on to the answer, which lasts as long as what it is about.
    /// `timeout` covers the time until it begins.
    ///
    /// # Errors
    /// As [`call`](Self::call), and [`ClientError::Unexplained`] for an answer that is about nothing.
    pub fn hold<B: Serialize>(
        &self,
        path: &str,
        body: &B,
        timeout: Duration,
    ) -> Result<Held, ClientError> {
        let body = serde_json::to_vec(body).map_err(ClientError::Unwritable)?;
        let request = self.prepare(self.agent.post(url(path)?));
        let request = request
            .header(CONTENT_TYPE, JSON)
            .config()
            .timeout_recv_response(Some(timeout))
            // For what a refusal says: of an answer that is held on to nothing more is read.
            .timeout_recv_body(Some(timeout.min(READ_TIMEOUT)))
            .build();
        Held::from_answer(request.send(body.as_slice())?)
    }

    /// `DELETE`s `path`, within [`READ_TIMEOUT`].
    ///
    /// # Errors
    /// [`ClientError::Problem`] when the agent refuses, another [`ClientError`] when no answer
    /// came that could be read.
    pub fn delete(&self, path: &str) -> Result<(), ClientError> {
        // Every state change states this type, body or not: no simple cross-site request has it.
        let request = self
            .prepare(self.agent.delete(url(path)?))
            .header(CONTENT_TYPE, JSON);
        let answer = within(request, READ_TIMEOUT).call()?;
        answer::success(answer).map(drop)
    }

    /// Subscribes to the events at `path`, after the event `last_event_id` where one is given.
    /// The iterator waits for each event without limit, and ends when the agent does.
    ///
    /// # Errors
    /// [`ClientError::Problem`] when the agent refuses, another [`ClientError`] when no stream of
    /// events came.
    pub fn events(&self, path: &str, last_event_id: Option<&str>) -> Result<Events, ClientError> {
        let mut request = self.prepare(self.agent.get(url(path)?));
        if let Some(id) = last_event_id {
            request = request.header("Last-Event-ID", id);
        }
        Events::from_answer(request.header(ACCEPT, events::MEDIA_TYPE).call()?)
    }

    fn prepare<B>(&self, request: RequestBuilder<B>) -> RequestBuilder<B> {
        let request = request.header(CLIENT_HEADER, &self.name_and_version);
        match &self.language {
            Some(language) => request.header(ACCEPT_LANGUAGE, language),
            None => request,
        }
    }
}

fn within<B>(request: RequestBuilder<B>, timeout: Duration) -> RequestBuilder<B> {
    request.config().timeout_global(Some(timeout)).build()
}

/// The `Host` of the user socket is `localhost`, so that its rule is that of the HTTPS door.
fn url(path: &str) -> Result<String, ClientError> {
    if !path.starts_with('/') {
        let path = path.to_owned();
        return Err(ClientError::NotAPath { path });
    }
    Ok(format!("http://localhost{path}"))
}

/// An answer of which only the head was read.
type Answer = ureq::http::Response<Body>;
