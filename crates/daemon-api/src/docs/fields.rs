//! Schemas as tables of their fields.

use serde_json::{Map, Value};

use super::html::{code, escaped, inline};

/// The fields of an object with their types, limits and words; nothing for what is no object.
pub(super) fn table(schema: &Value) -> String {
    let Some(fields) = schema.get("properties").and_then(Value::as_object) else {
        return String::new();
    };
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| {
        required.is_some_and(|names| names.iter().any(|required| required.as_str() == Some(name)))
    };
    let mut rows = String::new();
    for (name, field) in fields {
        let need = if is_required(name) { "" } else { ", optional" };
        rows.push_str(&row(name, &type_of(field), need, words_of(field)));
    }
    format!("<table>{rows}</table>")
}

/// One field, header or part of a path.
pub(super) fn row(name: &str, type_words: &str, need: &str, words: &str) -> String {
    format!(
        "<tr><th>{}</th><td>{type_words}{need}</td><td>{}</td></tr>",
        code(name),
        inline(words)
    )
}

/// A link to a schema by its reference, such as `#/components/schemas/Problem`.
pub(super) fn link(reference: &str) -> String {
    let name = escaped(name_of(reference));
    format!("<a href=\"#{name}\">{name}</a>")
}

/// An example of a value, by the examples of its fields; `None` where they give none.
pub(super) fn example(schema: &Value, schemas: &Map<String, Value>) -> Option<Value> {
    if let Some(example) = schema.get("example") {
        return Some(example.clone());
    }
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return example(schemas.get(name_of(reference))?, schemas);
    }
    if let Some(items) = schema.get("items") {
        return Some(Value::Array(vec![example(items, schemas)?]));
    }
    let fields = schema.get("properties")?.as_object()?;
    let given = fields
        .iter()
        .filter_map(|(name, field)| Some((name.clone(), example(field, schemas)?)));
    Some(Value::Object(given.collect()))
}

fn name_of(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}

/// Words stand beside the field, or beside its reference where it may be null.
fn words_of(field: &Value) -> &str {
    let own = field.get("description").and_then(Value::as_str);
    let words = own.or_else(|| {
        let choices = field.get("oneOf")?.as_array()?;
        choices
            .iter()
            .find_map(|choice| choice.get("description")?.as_str())
    });
    words.unwrap_or_default()
}

fn type_of(schema: &Value) -> String {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return link(reference);
    }
    if let Some(choices) = schema.get("oneOf").and_then(Value::as_array) {
        let choices: Vec<_> = choices.iter().map(type_of).collect();
        return choices.join(" or ");
    }
    let names: Vec<_> = match schema.get("type") {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        Some(name) => name.as_str().into_iter().collect(),
        None => Vec::new(),
    };
    let names: Vec<_> = names
        .into_iter()
        .map(|name| match (name, schema.get("items")) {
            ("array", Some(items)) => format!("list of {}", type_of(items)),
            _ => escaped(name),
        })
        .collect();
    let limits = [
        ("minLength", "maxLength", " characters"),
        ("minimum", "maximum", ""),
        ("minItems", "maxItems", " entries"),
    ];
    let limits = limits.into_iter().filter_map(|(least, most, unit)| {
        Some(format!(
            ", {} to {}{unit}",
            schema.get(least)?,
            schema.get(most)?
        ))
    });
    names.join(" or ") + &limits.collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_type_says_what_a_caller_must_know() {
        for (schema, words) in [
            (
                json!({"type": "string", "minLength": 44, "maxLength": 128}),
                "string, 44 to 128 characters",
            ),
            (json!({"type": ["integer", "null"]}), "integer or null"),
            (
                json!({"type": "array", "items": {"type": "string"}}),
                "list of string",
            ),
            (
                json!({"oneOf": [{"$ref": "#/components/schemas/A"}, {"type": "null"}]}),
                "<a href=\"#A\">A</a> or null",
            ),
        ] {
            assert_eq!(type_of(&schema), words);
        }
    }

    #[test]
    fn an_example_has_the_fields_that_have_one() {
        let schemas =
            json!({"D": {"properties": {"v": {"example": "x"}, "w": {"type": "string"}}}});
        let body = json!({"properties": {
            "hash": {"example": "SHA-256"},
            "digests": {"items": {"$ref": "#/components/schemas/D"}},
        }});
        let expected = json!({"hash": "SHA-256", "digests": [{"v": "x"}]});
        let schemas = schemas.as_object().unwrap();
        assert_eq!(example(&body, schemas), Some(expected));
    }
}
