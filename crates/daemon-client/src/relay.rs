//! Requests of somebody else, handed on as they are, and answers handed back as they come.

use std::fmt;
use std::io::{self, Read};

use ureq::BodyReader;
use ureq::http::header::{CONTENT_TYPE, RETRY_AFTER};
use ureq::http::{HeaderName, Method, Request};

use crate::{CLIENT_HEADER, Client, ClientError, JSON, url};

/// A request of somebody else.
#[derive(Clone, Copy, Debug)]
pub struct RelayedRequest<'a> {
    /// `GET`, `POST` or `DELETE`.
    pub method: &'a str,
    /// Where it goes, from `/` on.
    pub path: &'a str,
    /// Headers beside those that every request has.
    pub headers: &'a [(&'a str, &'a str)],
    /// JSON, as it was written.
    pub body: Option<&'a str>,
}

/// An answer, of which the body comes as it is read.
pub struct RelayedAnswer {
    /// HTTP status.
    pub status: u16,
    /// Media type of the body, without parameters.
    pub media_type: Option<String>,
    /// After how many seconds the same request may succeed.
    pub retry_after: Option<String>,
    body: BodyReader<'static>,
}

impl Client {
    /// Hands a request on, without any limit of time: a question may wait for its holder, and a
    /// stream lasts. [`HangUp`](crate::HangUp) ends it. Problems are answers here like any other.
    ///
    /// # Errors
    /// [`ClientError`] when no answer came, [`ClientError::NotARequest`] when it is none that HTTP
    /// can carry.
    pub fn relay(&self, request: &RelayedRequest<'_>) -> Result<RelayedAnswer, ClientError> {
        let method = Method::from_bytes(request.method.as_bytes());
        let mut made = Request::builder()
            .method(method.map_err(|_| ClientError::NotARequest)?)
            .uri(url(request.path)?)
            .header(CLIENT_HEADER, &self.name_and_version);
        if request.method != Method::GET.as_str() {
            // Every state change states this type, body or not.
            made = made.header(CONTENT_TYPE, JSON);
        }
        for (name, value) in request.headers {
            let name = HeaderName::from_bytes(name.as_bytes());
            made = made.header(name.map_err(|_| ClientError::NotARequest)?, *value);
        }
        if let Some(language) = &self.language {
            made = made.header(ureq::http::header::ACCEPT_LANGUAGE, language);
        }
        let answer = match request.body {
            Some(body) => self.run(made.body(body.as_bytes().to_vec()))?,
            None => self.run(made.body(()))?,
        };
        Ok(RelayedAnswer::of(answer))
    }

    fn run<B: ureq::AsSendBody>(
        &self,
        request: Result<Request<B>, ureq::http::Error>,
    ) -> Result<crate::Answer, ClientError> {
        let request = request.map_err(|_| ClientError::NotARequest)?;
        let request = self
            .agent
            .configure_request(request)
            .timeout_recv_response(None)
            .build();
        Ok(self.agent.run(request)?)
    }
}

impl RelayedAnswer {
    fn of(answer: crate::Answer) -> Self {
        let retry_after = answer.headers().get(RETRY_AFTER);
        Self {
            status: answer.status().as_u16(),
            media_type: answer.body().mime_type().map(str::to_owned),
            retry_after: retry_after
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned),
            body: answer.into_body().into_reader(),
        }
    }
}

impl Read for RelayedAnswer {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.body.read(bytes)
    }
}

impl fmt::Debug for RelayedAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelayedAnswer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
