//! What a message from a client may look like, and its reading: proto3 JSON, where a key is good in camelCase and in
//! snake_case, unset and `null` are the same, and what is not described is refused by its name.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};

use super::refusal::Refusal;

/// A description of a JSON value.
#[derive(Debug)]
pub(super) enum Shape {
    /// Anything at all, taken as it is.
    Any,
    /// An object with keys of its own, taken as it is.
    Free,
    Text,
    Flag,
    Whole,
    Number,
    /// Base64 in either alphabet.
    Bytes,
    OneOf(&'static [&'static str]),
    List(&'static Self),
    /// An object with keys of its own, whose values are described.
    Each(&'static Self),
    /// An object with these keys, in camelCase.
    Object(&'static [Field]),
    /// A description that contains itself.
    Same(&'static Self),
}

/// A key, in camelCase, and what it holds.
pub(super) type Field = (&'static str, Shape);

impl Shape {
    /// Returns the value with its keys in camelCase and without nulls.
    pub(super) fn read(&self, value: &Value, path: &str) -> Result<Value, Refusal> {
        let good = match self {
            Self::Any => true,
            Self::Free => value.is_object(),
            Self::Text => value.is_string(),
            Self::Flag => value.is_boolean(),
            Self::Whole => return whole(value).ok_or_else(|| self.refusal(path)),
            Self::Number => value.is_number(),
            Self::Bytes => value.as_str().is_some_and(|text| decode(text).is_some()),
            Self::OneOf(words) => value.as_str().is_some_and(|word| words.contains(&word)),
            Self::Same(shape) => return shape.read(value, path),
            Self::List(shape) => {
                let items = value.as_array().ok_or_else(|| self.refusal(path))?;
                let read = items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| shape.read(item, &format!("{path}[{index}]")));
                return read.collect::<Result<Vec<_>, _>>().map(Value::Array);
            }
            Self::Each(shape) => {
                let object = value.as_object().ok_or_else(|| self.refusal(path))?;
                let read = object
                    .iter()
                    .map(|(key, item)| Ok((key.clone(), shape.read(item, &join(path, key))?)));
                return read.collect::<Result<Map<_, _>, _>>().map(Value::Object);
            }
            Self::Object(fields) => return self.read_fields(fields, value, path),
        };
        if good {
            Ok(value.clone())
        } else {
            Err(self.refusal(path))
        }
    }

    fn read_fields(&self, fields: &[Field], value: &Value, path: &str) -> Result<Value, Refusal> {
        let object = value.as_object().ok_or_else(|| self.refusal(path))?;
        let mut read = Map::new();
        for (key, value) in object {
            let field = fields
                .iter()
                .find(|(name, _)| name == key || snake_case(name) == *key);
            let Some((name, shape)) = field else {
                return Err(Refusal::unknown_name(key, path));
            };
            if value.is_null() {
                continue;
            }
            let value = shape.read(value, &join(path, &snake_case(name)))?;
            if read.insert((*name).to_owned(), value).is_some() {
                return Err(Refusal::invalid_argument());
            }
        }
        Ok(read.into())
    }

    fn refusal(&self, path: &str) -> Refusal {
        let kind = match self {
            Self::Any | Self::Free | Self::Each(_) | Self::Object(_) | Self::Same(_) => "an object",
            Self::Text => "TYPE_STRING",
            Self::Flag => "TYPE_BOOL",
            Self::Whole => "TYPE_INT32",
            Self::Number => "TYPE_FLOAT",
            Self::Bytes => "TYPE_BYTES",
            Self::OneOf(_) => "TYPE_ENUM",
            Self::List(_) => "a list",
        };
        Refusal::invalid_value(path, kind)
    }
}

/// A whole number may also be written as text.
fn whole(value: &Value) -> Option<Value> {
    let number = match value {
        Value::String(digits) => digits.parse().ok()?,
        value => value.as_i64()?,
    };
    Some(number.into())
}

/// Returns the bytes of base64 in the standard or the URL-safe alphabet, padded or not.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    if text.contains(['-', '_']) {
        ENGINE.decode(text.replace('-', "+").replace('_', "/")).ok()
    } else {
        ENGINE.decode(text).ok()
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SHAPE: Shape = Shape::Object(&[
        ("turnComplete", Shape::Flag),
        ("seed", Shape::Whole),
        ("args", Shape::Free),
    ]);

    #[test]
    fn both_cases_are_read_and_come_out_as_one() {
        let read =
            |key: &str| SHAPE.read(&json!({key: true, "seed": "7", "args": {"a_b": null}}), "");
        let camel = json!({"turnComplete": true, "seed": 7, "args": {"a_b": null}});
        assert_eq!(read("turnComplete"), Ok(camel.clone()));
        assert_eq!(read("turn_complete"), Ok(camel));
    }

    #[test]
    fn an_unknown_key_is_refused_by_its_name() {
        let refusal = SHAPE.read(&json!({"turncomplete": true}), "client_content");
        assert_eq!(
            refusal.unwrap_err().reason,
            "Invalid JSON payload received. Unknown name \"turncomplete\" at 'client_content': Cannot find field."
        );
    }

    #[test]
    fn a_key_in_both_cases_at_once_is_refused() {
        let both = json!({"turn_complete": true, "turnComplete": true});
        assert_eq!(SHAPE.read(&both, ""), Err(Refusal::invalid_argument()));
    }

    #[test]
    fn base64_is_taken_in_both_alphabets_padded_or_not() {
        for text in ["-_8=", "-_8", "+/8=", "+/8"] {
            assert_eq!(decode(text), Some(vec![251, 255]), "{text}");
        }
        assert_eq!(decode("%%"), None);
    }
}
