//! What the agent answered: a result, or a problem.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{Answer, ClientError};

/// Longest answer that is read, in bytes; the longest that is meant, a list of cards with their
/// certificates, has a few kilobytes.
const LONGEST_ANSWER: u64 = 8 * 1024 * 1024;

const PROBLEM: &str = "application/problem+json";

/// The members of RFC 9457 that every problem of the agent has, and the rest.
#[derive(Deserialize)]
struct Problem {
    code: String,
    title: String,
    #[serde(default)]
    detail: String,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

/// The JSON of a successful answer; no body at all is read as `null`.
pub(crate) fn json<T: DeserializeOwned>(answer: Answer) -> Result<T, ClientError> {
    let body = body_of(success(answer)?)?;
    let json: &[u8] = if body.is_empty() { b"null" } else { &body };
    serde_json::from_slice(json).map_err(ClientError::Unreadable)
}

/// The text of a successful answer of this media type.
pub(crate) fn text(answer: Answer, media_type: &str) -> Result<String, ClientError> {
    let answer = success(answer)?;
    if answer.body().mime_type() != Some(media_type) {
        let status = answer.status().as_u16();
        return Err(ClientError::Unexplained { status });
    }
    String::from_utf8(body_of(answer)?).map_err(ClientError::NotText)
}

/// The answer, if it is a successful one.
pub(crate) fn success(answer: Answer) -> Result<Answer, ClientError> {
    if answer.status().is_success() {
        return Ok(answer);
    }
    let status = answer.status().as_u16();
    if answer.body().mime_type() != Some(PROBLEM) {
        return Err(ClientError::Unexplained { status });
    }
    match serde_json::from_slice(&body_of(answer)?) {
        Ok(problem) => Err(explained(status, problem)),
        Err(_) => Err(ClientError::Unexplained { status }),
    }
}

fn explained(status: u16, problem: Problem) -> ClientError {
    let mut fields = problem.fields;
    fields.remove("type");
    fields.remove("status");
    ClientError::Problem {
        status,
        code: problem.code,
        title: problem.title,
        detail: problem.detail,
        fields,
    }
}

fn body_of(answer: Answer) -> Result<Vec<u8>, ClientError> {
    let mut body = answer.into_body();
    Ok(body.with_config().limit(LONGEST_ANSWER).read_to_vec()?)
}
