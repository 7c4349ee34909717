//! What a call may be refused with.
//!
//! A route names the codes that are its own; what the door answers to every call alike is added here, once, by the
//! rules that [`checks`](crate::checks) follows. Each refusal gets its schema, its headers, and an example in the
//! agent's own words.

use std::collections::BTreeSet;

use daemon_types::{ErrorCode, OperationError, Reason};
use http::Method;
use serde_json::{Map, Value, json};
use texts::Language;

use crate::checks::is_open_to_programs;
use crate::problem::problem;

/// Completes the document that the routes make.
pub(super) fn complete(document: &mut Value) {
    if let Some(components) = object(document, "/components") {
        let examples = ErrorCode::ALL.iter().map(|code| {
            let example = json!({ "summary": words_of(*code), "value": example(*code) });
            (code.as_str().to_owned(), example)
        });
        components.insert("examples".into(), Value::Object(examples.collect()));
    }
    if let Some(schemas) = object(document, "/components/schemas") {
        schemas.insert("ErrorCode".into(), codes_schema());
        schemas.insert("Reason".into(), reasons_schema());
    }
    if let Some(fields) = object(document, "/components/schemas/Problem/properties") {
        point_to(fields, "code", "ErrorCode");
        point_to(fields, "reason", "Reason");
    }
    let paths = object(document, "/paths").into_iter().flatten();
    for (path, methods) in paths {
        for (method, call) in methods.as_object_mut().into_iter().flatten() {
            complete_call(method, path, call);
        }
    }
}

fn complete_call(method: &str, path: &str, call: &mut Value) {
    let mut names = codes_of_route(call);
    names.extend(codes_of_door(method, path, call));
    if names.contains("cancelled") {
        // Whoever asks the holder may wait too long, find the row of questions full, or the disk of the journal.
        names.extend(["timeout", "busy", "internal"]);
    }
    if names.contains("client-header-missing") {
        name_the_client_header(call);
    }
    let Some(answers) = object(call, "/responses") else {
        return;
    };
    let codes = ErrorCode::ALL.iter().copied();
    let codes: Vec<_> = codes.filter(|code| names.contains(code.as_str())).collect();
    for status in BTreeSet::from_iter(codes.iter().map(|code| status_of(*code))) {
        let such = codes.iter().copied();
        let such: Vec<_> = such.filter(|code| status_of(*code) == status).collect();
        answers.insert(status.to_string(), refusal(status, &such));
    }
}

/// The codes that a route names beside its statuses.
fn codes_of_route(call: &Value) -> BTreeSet<&'static str> {
    let answers = call.get("responses").and_then(Value::as_object);
    let answers = answers.into_iter().flatten().map(|(_, answer)| answer);
    let refusals = answers.filter(|answer| answer.pointer(PROBLEM).is_some());
    let named = refusals.filter_map(|answer| answer.get("description")?.as_str());
    let named: Vec<_> = named.flat_map(|codes| codes.split(", ")).collect();
    let codes = ErrorCode::ALL.iter().map(|code| code.as_str());
    codes.filter(|code| named.contains(code)).collect()
}

/// The codes of the checks in their order, and of the reading of names and bodies.
fn codes_of_door(method: &str, path: &str, call: &Value) -> Vec<&'static str> {
    let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap_or_default();
    let mut codes = vec!["peer-refused", "wrong-host", "origin-not-granted"];
    if !is_open_to_programs(&method, path) {
        codes.extend(["token-invalid", "rate-limited"]);
    }
    if method != Method::GET {
        codes.push("client-header-missing");
    }
    if path.contains('{') {
        codes.push("not-found");
    }
    if call.get("requestBody").is_some() {
        codes.extend(["bad-request", "body-too-large"]);
    }
    codes
}

/// Adds the header that every call has which changes something.
fn name_the_client_header(call: &mut Value) {
    let header = json!({
        "name": "X-Cpxd-Client",
        "in": "header",
        "required": true,
        "description": "Name and version of the caller, such as `logiciel/2.1`",
        "schema": { "type": "string", "pattern": r"^[^/]*[^/\s][^/]*/.*\S", "example": "logiciel/2.1" },
    });
    if let Some(call) = call.as_object_mut() {
        let parameters = call.entry("parameters").or_insert_with(|| json!([]));
        if let Some(parameters) = parameters.as_array_mut() {
            parameters.push(header);
        }
    }
}

fn refusal(status: u16, codes: &[ErrorCode]) -> Value {
    let names: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
    let examples = names.iter().map(|name| {
        let reference = format!("#/components/examples/{name}");
        ((*name).to_owned(), json!({ "$ref": reference }))
    });
    json!({
        "description": names.join(", "),
        "headers": headers(codes),
        "content": { "application/problem+json": {
            "schema": { "allOf": [
                { "$ref": "#/components/schemas/Problem" },
                { "properties": { "status": { "const": status }, "code": { "enum": names } } },
            ]},
            "examples": Value::Object(examples.collect()),
        }},
    })
}

fn headers(codes: &[ErrorCode]) -> Map<String, Value> {
    let language = json!({
        "description": "The language of `title` and `detail`",
        "required": true,
        "schema": { "type": "string", "enum": ["fr", "en"] },
    });
    let mut headers = Map::from_iter([("Content-Language".to_owned(), language)]);
    if codes.contains(&ErrorCode::RateLimited) {
        let wait = json!({
            "description": "Seconds to wait before the next attempt",
            "required": true,
            "schema": { "type": "integer", "minimum": 0 },
        });
        headers.insert("Retry-After".into(), wait);
    }
    if codes.contains(&ErrorCode::TokenInvalid) {
        let scheme = json!({
            "description": "How to show a token (RFC 6750)",
            "required": true,
            "schema": { "type": "string", "const": "Bearer" },
        });
        headers.insert("WWW-Authenticate".into(), scheme);
    }
    headers
}

/// A problem as a caller gets it.
fn example(code: ErrorCode) -> Value {
    let mut error = OperationError::new(code);
    if code == ErrorCode::BadRequest {
        error = OperationError::bad_request("nonce", Reason::NonceForm);
    }
    if code == ErrorCode::PinWrong {
        error.tries_left = Some(2);
    }
    if code == ErrorCode::UnblockWrong {
        error.tries_left = Some(9);
    }
    if code == ErrorCode::EnvironmentMismatch {
        error.reason = Some(Reason::TestCard);
    }
    serde_json::to_value(problem(&error, Language::English)).unwrap_or_default()
}

fn codes_schema() -> Value {
    let names: Vec<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    let lines = ErrorCode::ALL.iter().map(|code| {
        let (status, words) = (status_of(*code), words_of(*code));
        format!("`{code}` ({status}): {words}")
    });
    let lines: Vec<_> = lines.collect();
    json!({
        "type": "string",
        "description": format!("Stable code of an error, with its status.\n\n{}", lines.join("\n\n")),
        "enum": names,
    })
}

fn reasons_schema() -> Value {
    let names: Vec<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    let shown: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    let words = "What an error code alone does not tell. Later versions may have more: take one that you do not know for none.";
    json!({
        "type": "string",
        "description": format!("{words}\n\n{}", shown.join(", ")),
        "enum": names,
    })
}

fn words_of(code: ErrorCode) -> String {
    texts::error_title(code.as_str(), Language::English)
}

fn status_of(code: ErrorCode) -> u16 {
    problem(&code.into(), Language::English).status
}

/// Gives a field the schema `name`, beside its own words.
fn point_to(fields: &mut Map<String, Value>, field: &str, name: &str) {
    if let Some(Value::Object(field)) = fields.get_mut(field) {
        field.remove("type");
        let reference = format!("#/components/schemas/{name}");
        field.insert("$ref".into(), reference.into());
    }
}

fn object<'a>(value: &'a mut Value, pointer: &str) -> Option<&'a mut Map<String, Value>> {
    value.pointer_mut(pointer)?.as_object_mut()
}

const PROBLEM: &str = "/content/application~1problem+json";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_gets_what_the_door_answers_beside_its_own() {
        let own =
            json!({ "description": "cancelled", "content": { "application/problem+json": {} } });
        let mut document = json!({
            "components": { "schemas": { "Problem": { "properties": {
                "code": { "type": "string", "description": "words" },
            }}}},
            "paths": { "/v1/things/{thing}": { "post": { "responses": { "403": own }, "requestBody": {} } } },
        });
        complete(&mut document);
        let told = |status| {
            let pointer =
                format!("/paths/~1v1~1things~1{{thing}}/post/responses/{status}/description");
            document.pointer(&pointer).and_then(Value::as_str)
        };
        assert_eq!(told(400), Some("bad-request, client-header-missing"));
        assert_eq!(
            told(403),
            Some("cancelled, origin-not-granted, peer-refused")
        );
        assert_eq!(told(404), Some("not-found"));
        assert_eq!(told(421), Some("wrong-host"));
        assert_eq!(told(500), Some("internal"));
        let code = document.pointer("/components/schemas/Problem/properties/code");
        let expected = json!({ "$ref": "#/components/schemas/ErrorCode", "description": "words" });
        assert_eq!(code, Some(&expected));
    }

    #[test]
    fn an_example_is_what_the_agent_says() {
        let example = example(ErrorCode::PinWrong);
        assert_eq!(example.get("status"), Some(&json!(403)));
        assert_eq!(example.get("triesLeft"), Some(&json!(2)));
        assert!(example.get("detail").is_some_and(Value::is_string));
    }
}
