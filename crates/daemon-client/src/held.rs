//! An answer that lasts as long as what it is about.

use std::fmt;

use ureq::BodyReader;
use ureq::http::header::LOCATION;

use crate::{Answer, ClientError, answer};

/// An answer that is held on to: its connection is closed when this is dropped, and what it is about ends then.
pub struct Held {
    location: String,
    _answer: BodyReader<'static>,
}

impl Held {
    pub(crate) fn from_answer(answer: Answer) -> Result<Self, ClientError> {
        let answer = answer::success(answer)?;
        let location = answer.headers().get(LOCATION);
        let location = location.and_then(|location| location.to_str().ok());
        let Some(location) = location.map(str::to_owned) else {
            let status = answer.status().as_u16();
            return Err(ClientError::Unexplained { status });
        };
        Ok(Self {
            location,
            _answer: answer.into_body().into_reader(),
        })
    }

    /// The path of what it is about.
    #[must_use]
    pub fn location(&self) -> &str {
        &self.location
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held")
            .field("location", &self.location)
            .finish_non_exhaustive()
    }
}
