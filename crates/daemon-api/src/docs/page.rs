//! The page at `/docs`: every call with its request, its answer and its errors.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::fields::{self, link, row, table};
use super::html::{code, escaped, inline, paragraphs};

/// The whole page, made from the OpenAPI document alone.
pub(super) fn of(document: &Value) -> String {
    let paths = object(document, "/paths");
    let schemas = object(document, "/components/schemas");
    let calls: Vec<_> = paths
        .iter()
        .flat_map(|(path, methods)| Call::of(path, methods, &schemas))
        .collect();
    let contents: String = calls.iter().map(Call::line_of_contents).collect();
    let calls: String = calls.iter().map(Call::section).collect();
    let schemas: String = schemas.iter().map(schema_section).collect();
    format!(
        "{START}<ul class=\"calls\">{contents}</ul>{HOW_TO_CALL}<h2>Calls</h2>{calls}\
         <h2>Shapes</h2>{schemas}</main></html>"
    )
}

struct Call<'a> {
    method: String,
    path: &'a str,
    call: &'a Value,
    schemas: &'a Map<String, Value>,
}

impl<'a> Call<'a> {
    fn of(
        path: &'a str,
        methods: &'a Value,
        schemas: &'a Map<String, Value>,
    ) -> impl Iterator<Item = Self> {
        let methods = methods.as_object().into_iter().flatten();
        methods.map(move |(method, call)| Self {
            method: method.to_uppercase(),
            path,
            call,
            schemas,
        })
    }

    fn line_of_contents(&self) -> String {
        format!(
            "<li><a href=\"#{}\">{}</a> {}</li>",
            escaped(&self.anchor()),
            code(&self.name()),
            inline(text(self.call, "/summary"))
        )
    }

    fn section(&self) -> String {
        let mut html = format!(
            "<section id=\"{}\"><h3>{}</h3><p>{}</p>{}",
            escaped(&self.anchor()),
            code(&self.name()),
            inline(text(self.call, "/summary")),
            paragraphs(text(self.call, "/description")),
        );
        html.push_str(&self.request());
        html.push_str(&self.answers());
        html.push_str("</section>");
        html
    }

    fn request(&self) -> String {
        let mut rows = String::new();
        if self.needs_a_token() {
            let words = "`Bearer` and the token; not needed on the user's socket";
            rows.push_str(&row("Authorization", "header", "", words));
        }
        let parameters = self.call.get("parameters").and_then(Value::as_array);
        for parameter in parameters.into_iter().flatten() {
            let place = escaped(text(parameter, "/in"));
            let is_required = parameter.get("required") == Some(&Value::Bool(true));
            let need = if is_required { "" } else { ", optional" };
            let words = text(parameter, "/description");
            rows.push_str(&row(text(parameter, "/name"), &place, need, words));
        }
        let mut html = String::new();
        if !rows.is_empty() {
            let _ = write!(html, "<h4>Request</h4><table>{rows}</table>");
        }
        if let Some(schema) = self.body() {
            let _ = write!(html, "<h4>Body</h4>{}", table(schema));
            if let Some(example) = fields::example(schema, self.schemas) {
                let example = serde_json::to_string_pretty(&example).unwrap_or_default();
                let _ = write!(html, "<pre>{}</pre>", escaped(&example));
            }
        }
        html
    }

    fn answers(&self) -> String {
        let answers = self.call.get("responses").and_then(Value::as_object);
        let mut rows = String::new();
        for (status, answer) in answers.into_iter().flatten() {
            let words = text(answer, "/description");
            let words = if status.starts_with('2') {
                format!("{}{}", inline(words), media_types(answer))
            } else {
                words.split(", ").map(code).collect::<Vec<_>>().join(" ")
            };
            let _ = write!(
                rows,
                "<tr><th>{}</th><td>{words}</td></tr>",
                escaped(status)
            );
        }
        format!("<h4>Answers</h4><table>{rows}</table>")
    }

    /// The schema of the body, followed to where its fields are.
    fn body(&self) -> Option<&'a Value> {
        let schema = "/requestBody/content/application~1json/schema/$ref";
        let reference = self.call.pointer(schema)?.as_str()?;
        self.schemas.get(reference.rsplit('/').next()?)
    }

    fn needs_a_token(&self) -> bool {
        self.call.pointer("/security/0/token").is_some()
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    fn anchor(&self) -> String {
        self.name().replace(' ', "-")
    }
}

/// The media types of an answer, each with its shape.
fn media_types(answer: &Value) -> String {
    let content = answer.get("content").and_then(Value::as_object);
    let types = content.into_iter().flatten().map(|(media_type, content)| {
        let shape = content.pointer("/schema/$ref").and_then(Value::as_str);
        let shape = shape.map(|reference| format!(": {}", link(reference)));
        format!("<br>{}{}", code(media_type), shape.unwrap_or_default())
    });
    types.collect()
}

fn schema_section((name, schema): (&String, &Value)) -> String {
    format!(
        "<section id=\"{0}\"><h3>{0}</h3>{1}{2}</section>",
        escaped(name),
        paragraphs(text(schema, "/description")),
        table(schema)
    )
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_default()
}

fn object(value: &Value, pointer: &str) -> Map<String, Value> {
    let found = value.pointer(pointer).and_then(Value::as_object);
    found.cloned().unwrap_or_default()
}

const START: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width\"><title>cpxd API</title><style>\
    :root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;\
    max-width:56rem;padding:0 1rem}h2{margin:3rem 0 .5rem}h3{margin:2rem 0 .5rem;\
    border-top:1px solid #8884;padding-top:1rem}h4{margin:1rem 0 .25rem}p{margin:.5rem 0}\
    table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;\
    padding:.2rem 1rem .2rem 0;font-weight:normal}th{white-space:nowrap;min-width:8rem}\
    td code{white-space:nowrap}h3 code{font-weight:600}\
    code,pre{font:.9em ui-monospace,monospace}pre{background:#8882;padding:.75rem;overflow:auto}\
    .calls{list-style:none;padding:0}</style><main><h1>cpxd API</h1>\
    <p>For machines: <a href=\"/openapi.json\">openapi.json</a>.</p>";

const HOW_TO_CALL: &str = "<h2>How to call</h2>\
    <p>The folder of the agent's state holds <code>endpoint.json</code> with the <code>url</code> of the API and the \
    <code>caFile</code> that its certificate is verified with. A program of the same user may also speak HTTP to the \
    <code>socket</code> named there, without a token.</p>\
    <pre>curl --cacert ca.pem -H \"Authorization: Bearer $TOKEN\" \\\n     \
    -H 'X-Cpxd-Client: logiciel/2.1' -H 'Content-Type: application/json' \\\n     \
    -d '{\"nonce\":\"\u{2026}\",\"origin\":\"https://service.example\"}' \\\n     \
    https://127.0.0.1:27900/v1/cards/$CARD/authenticate</pre>\
    <p>Every <code>POST</code> has the header <code>X-Cpxd-Client</code>, a name, a slash and a version: no web page can \
    send it unasked. What it says is shown to nobody and decides nothing. A call that asks the holder answers when they \
    are done; a caller that hangs up takes the question with it.</p>\
    <p>An error is <code>application/problem+json</code>, a <a href=\"#Problem\">Problem</a>: branch on its \
    <code>code</code>, and on <code>reason</code> where there is one; show its <code>detail</code>, which is French or, by \
    <code>Accept-Language</code>, English.</p>";
