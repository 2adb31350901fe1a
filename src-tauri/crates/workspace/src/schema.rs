//! The JSON Schema of the document, for editors.

use crate::keys::{CONNECTION_KINDS, DOCUMENT, KIND, Key, Need, Preset, Section, Shape};
use serde_json::{Map, Value, json};

/// Spans as the schema describes them; the program checks them in full.
const SPAN: &str = "^[0-9]+[smhd]$";

/// Returns the JSON Schema (draft 2020-12) of `firn.yaml`, made from the table of keys that checks documents.
pub fn json_schema() -> Value {
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Firn workspace",
    });
    if let (Value::Object(schema), Value::Object(section)) = (&mut schema, section(&DOCUMENT)) {
        schema.extend(section);
    }
    schema
}

fn section(section: &'static Section) -> Value {
    object(section, Map::new(), Vec::new())
}

/// Describes a mapping: given properties and the section's own.
fn object(section: &'static Section, mut properties: Map<String, Value>, mut required: Vec<&'static str>) -> Value {
    for key in section.keys {
        properties.insert(key.name.to_owned(), property(key));
        if matches!(key.need, Need::Required) {
            required.push(key.name);
        }
    }
    json!({
        "type": "object",
        "description": section.about,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn property(key: &'static Key) -> Value {
    let mut value = shape(&key.shape);
    let optional = !matches!(key.need, Need::Required);
    if optional {
        value = allow_null(value);
    }
    if let Value::Object(entries) = &mut value {
        entries.insert("description".to_owned(), json!(key.about));
        if let Need::Default(preset) = key.need {
            let preset = match preset {
                Preset::Text(text) => json!(text),
                Preset::Integer(number) => json!(number),
                Preset::Number(number) => json!(number),
                Preset::Flag(flag) => json!(flag),
            };
            entries.insert("default".to_owned(), preset);
        }
    }
    value
}

/// Describes the same values and null.
fn allow_null(value: Value) -> Value {
    match value {
        Value::Object(mut entries)
            if entries.get("type").is_some_and(Value::is_string) && !entries.contains_key("enum") =>
        {
            if let Some(kind) = entries.get_mut("type") {
                *kind = json!([kind.take(), "null"]);
            }
            Value::Object(entries)
        }
        other => json!({ "anyOf": [other, { "type": "null" }] }),
    }
}

fn shape(shape: &Shape) -> Value {
    let text = || json!({ "type": "string", "minLength": 1 });
    match *shape {
        Shape::Text | Shape::Connection | Shape::Table => text(),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Integer { min, max: i64::MAX } => json!({ "type": "integer", "minimum": min }),
        Shape::Integer { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Shape::Number { min, max } if max >= 1e15 => json!({ "type": "number", "minimum": min }),
        Shape::Number { min, max } => json!({ "type": "number", "minimum": min, "maximum": max }),
        // YAML reads the word null without quotes as nothing.
        Shape::Choice(words) if words.contains(&"null") => {
            let words = words.iter().map(|word| json!(word)).chain([Value::Null]);
            json!({ "enum": words.collect::<Vec<_>>() })
        }
        Shape::Choice(words) => json!({ "type": "string", "enum": words }),
        Shape::Names => json!({
            "anyOf": [text(), { "type": "array", "items": text(), "minItems": 1, "uniqueItems": true }]
        }),
        Shape::Texts => json!({ "type": "array", "items": text(), "uniqueItems": true }),
        Shape::Span => json!({ "type": "string", "pattern": SPAN }),
        Shape::Schedule => {
            json!({ "type": "string", "anyOf": [{ "pattern": SPAN }, { "pattern": "^(@[a-z]+|\\S+( +\\S+){4})( +\\S+)?$" }] })
        }
        Shape::Transforms => {
            json!({ "type": "object", "additionalProperties": { "type": ["string", "null"], "minLength": 1 } })
        }
        Shape::Section(inner) => section(inner),
        Shape::Sections(inner) => json!({ "type": "array", "items": section(inner) }),
        Shape::Connections => {
            let kinds: Vec<_> = CONNECTION_KINDS
                .iter()
                .map(|(kind, section)| {
                    let tag = Map::from_iter([(KIND.to_owned(), json!({ "const": kind }))]);
                    object(section, tag, vec![KIND])
                })
                .collect();
            json!({
                "type": "object",
                "propertyNames": { "pattern": "^[^\\s'\"/:@,{}\\[\\]]+$" },
                "additionalProperties": { "oneOf": kinds },
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_lists_every_key_of_the_table_with_its_default() {
        let schema = json_schema();
        let table = &schema["properties"]["tables"]["items"];
        assert_eq!(table["required"], json!(["source", "target"]));
        assert_eq!(table["additionalProperties"], json!(false));
        assert_eq!(table["properties"]["max_delete_ratio"]["default"], json!(0.2));
        assert_eq!(table["properties"]["mode"]["anyOf"][0]["enum"], json!(["incremental", "full"]));
        assert_eq!(table["properties"]["batch_size"]["type"], json!(["integer", "null"]));
        let kinds = schema["properties"]["connections"]["additionalProperties"]["oneOf"].as_array().unwrap();
        assert_eq!(kinds.len(), CONNECTION_KINDS.len());
        assert_eq!(kinds[0]["properties"]["kind"]["const"], json!("postgres"));
        assert_eq!(kinds[0]["properties"]["port"]["default"], json!(5432));
    }
}
