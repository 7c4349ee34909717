//! Reading request bodies.

use daemon_types::{OperationError, Reason};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

/// Reads a JSON body; an error names the field that is wrong.
///
/// # Errors
/// `bad-request` with its `field`, or `body` when it is no JSON object at all.
pub fn parse_request<T: DeserializeOwned>(body: &[u8]) -> Result<T, OperationError> {
    // serde would take the values of an array for the fields in their order.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(OperationError::bad_request("body", Reason::NoJsonObject));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(&mut deserializer);
    let request = parsed.map_err(|error| {
        let path = error.path().to_string();
        let message = error.inner().to_string();
        let field = field_name(&path, &message);
        let reason = reason(&field, &message, error.inner().classify());
        OperationError::bad_request(field, reason).caused_by(Unreadable::from(error.inner()))
    })?;
    deserializer.end().map_err(|error| {
        OperationError::bad_request("body", Reason::NoJsonObject)
            .caused_by(Unreadable::from(&error))
    })?;
    Ok(request)
}

/// Why a body is not read, for the log: where, and never what. A caller may have put a code there.
#[derive(Debug, thiserror::Error)]
#[error("{category:?} error of JSON in line {line}, column {column}")]
struct Unreadable {
    category: Category,
    line: usize,
    column: usize,
}

impl From<&serde_json::Error> for Unreadable {
    fn from(error: &serde_json::Error) -> Self {
        Self {
            category: error.classify(),
            line: error.line(),
            column: error.column(),
        }
    }
}

fn reason(field: &str, message: &str, category: Category) -> Reason {
    match (category, message.split_once(" `").map(|(start, _)| start)) {
        (Category::Data, Some("unknown field")) => Reason::FieldUnknown,
        (Category::Data, Some("missing field")) => Reason::FieldMissing,
        (Category::Data, Some("duplicate field")) => Reason::FieldRepeated,
        (Category::Data, _) if field != "body" => Reason::FieldType,
        (Category::Data | Category::Io | Category::Syntax | Category::Eof, _) => {
            Reason::NoJsonObject
        }
    }
}

/// The path of the field: unknown, missing and repeated fields are only named in the message.
fn field_name(path: &str, message: &str) -> String {
    let named = ["unknown field `", "missing field `", "duplicate field `"]
        .iter()
        .find_map(|start| message.strip_prefix(start))
        .and_then(|rest| rest.split_once('`'))
        .map(|(name, _)| name);
    match (path, named) {
        ("." | "?", None) => "body".to_owned(),
        (path, None) => path.to_owned(),
        (".", Some(name)) => name.to_owned(),
        (path, Some(name)) if path == name || path.ends_with(&format!(".{name}")) => {
            path.to_owned()
        }
        (path, Some(name)) => format!("{path}.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AuthenticateBody, NewPinBody, SignBody};
    use proptest::prelude::*;

    fn field_of<T: DeserializeOwned + std::fmt::Debug>(body: &str) -> String {
        let error = parse_request::<T>(body.as_bytes()).unwrap_err();
        error.field.unwrap()
    }

    #[test]
    fn an_unknown_field_is_an_error_that_names_it() {
        assert_eq!(
            field_of::<AuthenticateBody>(r#"{"nonce":"x","pin":"1234"}"#),
            "pin"
        );
        assert_eq!(field_of::<NewPinBody>(r#"{"newPin":"4321"}"#), "newPin");
        assert_eq!(
            field_of::<SignBody>(
                r#"{"hash":"SHA-256","digests":[{"value":"","description":"","size":1}]}"#
            ),
            "digests[0].size"
        );
    }

    #[test]
    fn the_reason_says_what_is_wrong_with_the_field() {
        for (body, reason) in [
            (r#"{"nonce":"x","pin":"1234"}"#, Reason::FieldUnknown),
            ("{}", Reason::FieldMissing),
            (r#"{"nonce":"a","nonce":"b"}"#, Reason::FieldRepeated),
            (r#"{"nonce":7}"#, Reason::FieldType),
            (r#"{"nonce":"a""#, Reason::NoJsonObject),
            (
                r#"["a", "https://service.example", 7]"#,
                Reason::NoJsonObject,
            ),
            (r#"{"nonce":"a"} x"#, Reason::NoJsonObject),
        ] {
            let error = parse_request::<AuthenticateBody>(body.as_bytes()).unwrap_err();
            assert_eq!(error.reason, Some(reason), "{body}");
        }
    }

    #[test]
    fn a_code_in_a_body_reaches_no_log() {
        for body in [
            r#"{"pin":"73918264"}"#,
            r#"{"timeoutSeconds":"73918264"}"#,
            r#"{"timeoutSeconds":73918264000}"#,
            r#""73918264""#,
            "73918264",
            r#"{} "73918264""#,
        ] {
            let error = parse_request::<NewPinBody>(body.as_bytes()).unwrap_err();
            let cause = std::error::Error::source(&error);
            let cause_said = cause.map(ToString::to_string);
            let said = format!("{error} {error:?} {cause_said:?} {cause:?}");
            assert!(!said.contains("7391"), "{said}");
        }
    }

    #[test]
    fn a_missing_a_repeated_and_a_mistyped_field_are_named() {
        assert_eq!(field_of::<AuthenticateBody>("{}"), "nonce");
        assert_eq!(
            field_of::<AuthenticateBody>(r#"{"nonce":"a","nonce":"b"}"#),
            "nonce"
        );
        assert_eq!(field_of::<AuthenticateBody>(r#"{"nonce":7}"#), "nonce");
        assert_eq!(
            field_of::<SignBody>(r#"{"hash":"SHA-256","digests":[{"value":"AA=="}]}"#),
            "digests[0].description"
        );
    }

    #[test]
    fn what_is_no_json_object_is_a_wrong_body() {
        for body in ["", "{", "[]", "null", "\u{feff}{}", r#"{"nonce":"a"} x"#] {
            assert_eq!(field_of::<AuthenticateBody>(body), "body", "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_body_panics(body: Vec<u8>, text: String) {
            let _ = parse_request::<SignBody>(&body);
            let _ = parse_request::<AuthenticateBody>(text.as_bytes());
        }
    }
}
