//! A JSON value that follows a schema and quotes what was asked.

use serde_json::{Map, Value, json};

/// Letters that a string quotes at most.
const QUOTED_CHARS: usize = 240;
/// Lines that an array quotes at most.
const QUOTED_LINES: usize = 3;
/// A schema may refer to itself; below this nothing is filled that may stay empty.
const DEPTH: usize = 12;

/// Returns a value that follows the schema. Its strings quote the words; the items of an array quote their last lines.
pub(super) fn answer(schema: &Value, words: String) -> Value {
    let follower = Follower { root: schema };
    follower.follow(schema, &words, 0)
}

struct Follower<'a> {
    root: &'a Value,
}

impl Follower<'_> {
    fn follow(&self, schema: &Value, words: &str, depth: usize) -> Value {
        if let Some(target) = schema["$ref"].as_str() {
            let pointer = target.trim_start_matches('#');
            return match self.root.pointer(pointer) {
                Some(schema) if depth < DEPTH => self.follow(schema, words, depth + 1),
                _ => Value::Null,
            };
        }
        if let Some(only) = schema.get("const") {
            return only.clone();
        }
        if let Some(first) = schema["enum"].get(0) {
            return first.clone();
        }
        for key in ["anyOf", "oneOf"] {
            if let Some(choices) = schema[key].as_array() {
                let is_null = |choice: &&Value| choice["type"] == "null";
                let choice = if depth < DEPTH {
                    choices.iter().find(|choice| !is_null(choice))
                } else {
                    choices.iter().find(is_null)
                };
                let choice = choice.or(choices.first()).unwrap_or(&Value::Null);
                return self.follow(choice, words, depth + 1);
            }
        }
        if let Some(all) = schema["allOf"].as_array() {
            let filled = all.iter().map(|one| self.follow(one, words, depth + 1));
            return filled.fold(self.of_type(schema, words, depth), merge);
        }
        self.of_type(schema, words, depth)
    }

    fn of_type(&self, schema: &Value, words: &str, depth: usize) -> Value {
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null").or(kinds.first()),
            kind => Some(kind),
        };
        match kind.and_then(Value::as_str) {
            Some("object") => self.object(schema, words, depth),
            Some("array") => self.array(schema, words, depth),
            Some("integer") => number(schema)
                .round()
                .to_string()
                .parse()
                .map_or(Value::Null, |number: i64| number.into()),
            Some("number") => json!(number(schema)),
            Some("boolean") => true.into(),
            Some("null") => Value::Null,
            Some(_) => string(schema, words).into(),
            None if schema.get("properties").is_some() => self.object(schema, words, depth),
            None if schema.get("items").is_some() => self.array(schema, words, depth),
            None => string(schema, words).into(),
        }
    }

    fn object(&self, schema: &Value, words: &str, depth: usize) -> Value {
        let properties = schema["properties"].as_object();
        let filled = properties.into_iter().flatten().map(|(name, property)| {
            let value = self.follow(property, words, depth + 1);
            (name.clone(), value)
        });
        Value::Object(filled.collect())
    }

    fn array(&self, schema: &Value, words: &str, depth: usize) -> Value {
        let figure = |name: &str| {
            let figure = schema[name].as_u64()?;
            usize::try_from(figure).ok()
        };
        let least = figure("minItems").unwrap_or(0);
        let has_words = !matches!(
            schema["items"]["type"].as_str(),
            Some("integer" | "number" | "boolean" | "null")
        );
        // Numbers point at something that we do not know.
        let most = if has_words { QUOTED_LINES } else { 0 };
        let most = figure("maxItems").unwrap_or(most).min(most);
        let lines: Vec<&str> = words
            .lines()
            .filter(|line| !line.trim().is_empty())
            .collect();
        let count = if depth < DEPTH {
            lines.len().min(most).max(least)
        } else {
            least
        };
        let quoted = lines.iter().skip(lines.len().saturating_sub(count));
        let items = quoted
            .copied()
            .chain(std::iter::repeat(words))
            .take(count)
            .map(|line| self.follow(&schema["items"], line, depth + 1));
        items.collect()
    }
}

fn number(schema: &Value) -> f64 {
    let figure = |name: &str| schema[name].as_f64();
    let above = figure("exclusiveMinimum").map(|figure| figure + 1.0);
    let least = figure("minimum").or(above);
    let most = figure("maximum").or(figure("exclusiveMaximum").map(|figure| figure - 1.0));
    match (least, most) {
        (Some(least), _) => least,
        (None, Some(most)) => most.min(1.0),
        (None, None) => 1.0,
    }
}

fn string(schema: &Value, words: &str) -> String {
    match schema["format"].as_str() {
        Some("date") => return "2026-01-01".to_owned(),
        Some("date-time") => return "2026-01-01T00:00:00Z".to_owned(),
        Some("time") => return "00:00:00Z".to_owned(),
        Some("uuid") => return "00000000-0000-4000-8000-000000000000".to_owned(),
        Some("email") => return "learner@example.org".to_owned(),
        Some("uri") => return "https://example.org/".to_owned(),
        _ => {}
    }
    let figure = |name: &str| {
        let figure = schema[name].as_u64()?;
        usize::try_from(figure).ok()
    };
    let most = figure("maxLength")
        .unwrap_or(QUOTED_CHARS)
        .min(QUOTED_CHARS);
    let one_line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut text: String = one_line.chars().take(most).collect();
    let least = figure("minLength").unwrap_or(0);
    let length = text.chars().count();
    text.extend(std::iter::repeat_n('.', least.saturating_sub(length)));
    text
}

fn merge(left: Value, right: Value) -> Value {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            let both: Map<_, _> = left.into_iter().chain(right).collect();
            Value::Object(both)
        }
        (_, right) => right,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_and_facts_quote_what_was_asked() {
        let schema = json!({
            "type": "object",
            "properties": {
                "summary": {"type": "string", "maxLength": 20},
                "facts": {"type": "array", "maxItems": 2, "items": {"$ref": "#/$defs/fact"}},
            },
            "$defs": {"fact": {"type": "object", "properties": {
                "kind": {"type": "string", "enum": ["goal", "interest"]},
                "text": {"type": "string"},
                "certainty": {"type": "number", "minimum": 0, "maximum": 1},
                "until": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
                "count": {"type": ["null", "integer"], "minimum": 2},
                "replaces": {"type": "array", "items": {"type": "integer"}},
            }}},
        });
        let words =
            "tutor: Hello!\nlearner: I travel to Lisbon.\n\nlearner: My cat is called Miau.";
        let fact = |text: &str| json!({"kind": "goal", "text": text, "certainty": 0.0, "until": "2026-01-01", "count": 2, "replaces": []});
        assert_eq!(
            answer(&schema, words.to_owned()),
            json!({
                "summary": "tutor: Hello! learne",
                "facts": [fact("learner: I travel to Lisbon."), fact("learner: My cat is called Miau.")],
            })
        );
    }

    #[test]
    fn a_schema_that_refers_to_itself_comes_to_an_end() {
        let schema = json!({
            "type": "object",
            "properties": {
                "next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]},
                "children": {"type": "array", "items": {"$ref": "#"}},
            },
        });
        let filled = answer(&schema, "Hello".to_owned());
        let mut deepest = &filled;
        while deepest["next"].is_object() {
            deepest = &deepest["next"];
        }
        assert!(deepest["next"].is_null());
        assert_eq!(deepest["children"], json!([]));
    }

    #[test]
    fn lengths_are_kept() {
        let filled = |schema| answer(&schema, "Hi".to_owned());
        assert_eq!(filled(json!({"type": "string", "minLength": 4})), "Hi..");
        let two = filled(json!({"type": "array", "minItems": 2, "items": {"type": "boolean"}}));
        assert_eq!(two, json!([true, true]));
    }
}
