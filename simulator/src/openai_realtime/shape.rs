//! What a value from a client may look like. Whatever is not described is refused by its name, as the real server does.

use serde_json::Value;

use super::error::WireError;

/// A description of a JSON value.
#[derive(Debug)]
pub(super) enum Shape {
    Any,
    Text,
    Flag,
    Whole {
        min: i64,
        max: i64,
    },
    Number {
        min: f64,
        max: f64,
    },
    OneOf(&'static [&'static str]),
    OrNull(&'static Self),
    List(&'static Self),
    Object(&'static [Field]),
    /// An object whose fields depend on the value of one of them.
    Tagged {
        tag: &'static str,
        variants: &'static [(&'static str, &'static [Field])],
    },
    /// Described by the first that fits the kind of the value.
    Either(&'static [Self]),
}

/// A key of an object.
#[derive(Debug)]
pub(super) struct Field {
    name: &'static str,
    shape: Shape,
    required: bool,
}

pub(super) const fn required(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        shape,
        required: true,
    }
}

pub(super) const fn optional(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        shape,
        required: false,
    }
}

impl Shape {
    pub(super) fn check(&self, value: &Value, path: &str) -> Result<(), WireError> {
        match self {
            Self::OrNull(_) if value.is_null() => Ok(()),
            Self::OrNull(shape) => shape.check(value, path),
            Self::Either(shapes) => match shapes.iter().find(|shape| shape.fits_kind(value)) {
                Some(shape) => shape.check(value, path),
                None => Err(wrong_kind(path, "one of several types", value)),
            },
            _ if !self.fits_kind(value) => Err(wrong_kind(path, self.kind(), value)),
            Self::Whole { min, max } => check_whole(value, *min, *max, path),
            Self::Number { min, max } => check_number(value, *min, *max, path),
            Self::OneOf(words) => check_word(value, words, path),
            Self::List(shape) => {
                let items = value.as_array().into_iter().flatten().enumerate();
                items
                    .into_iter()
                    .try_for_each(|(index, item)| shape.check(item, &format!("{path}[{index}]")))
            }
            Self::Object(fields) => check_fields(value, fields, None, path),
            Self::Tagged { tag, variants } => check_tagged(value, tag, variants, path),
            Self::Any | Self::Text | Self::Flag => Ok(()),
        }
    }

    fn fits_kind(&self, value: &Value) -> bool {
        match self {
            Self::Any => true,
            Self::Text | Self::OneOf(_) => value.is_string(),
            Self::Flag => value.is_boolean(),
            Self::Whole { .. } => value.is_i64() || value.is_u64(),
            Self::Number { .. } => value.is_number(),
            Self::OrNull(shape) => value.is_null() || shape.fits_kind(value),
            Self::List(_) => value.is_array(),
            Self::Object(_) | Self::Tagged { .. } => value.is_object(),
            Self::Either(shapes) => shapes.iter().any(|shape| shape.fits_kind(value)),
        }
    }

    const fn kind(&self) -> &'static str {
        match self {
            Self::Any => "anything",
            Self::Text | Self::OneOf(_) => "a string",
            Self::Flag => "a boolean",
            Self::Whole { .. } => "an integer",
            Self::Number { .. } => "a decimal",
            Self::List(_) => "an array",
            Self::Object(_) | Self::Tagged { .. } => "an object",
            Self::OrNull(shape) => shape.kind(),
            Self::Either(_) => "one of several types",
        }
    }
}

fn check_tagged(
    value: &Value,
    tag: &'static str,
    variants: &[(&'static str, &'static [Field])],
    path: &str,
) -> Result<(), WireError> {
    let at = join(path, tag);
    let Some(found) = value.get(tag) else {
        return Err(missing(&at));
    };
    let variant = variants
        .iter()
        .find(|(name, _)| found.as_str() == Some(name));
    match variant {
        Some((_, fields)) => check_fields(value, fields, Some(tag), path),
        None => {
            let names: Vec<_> = variants.iter().map(|(name, _)| *name).collect();
            Err(unsupported(found, &names, &at))
        }
    }
}

fn check_fields(
    value: &Value,
    fields: &[Field],
    tag: Option<&str>,
    path: &str,
) -> Result<(), WireError> {
    let object = value.as_object().into_iter().flatten();
    for (name, value) in object {
        if Some(name.as_str()) == tag {
            continue;
        }
        let at = join(path, name);
        match fields.iter().find(|field| field.name == name) {
            Some(field) => field.shape.check(value, &at)?,
            None => {
                return Err(WireError::request(
                    "unknown_parameter",
                    format!("Unknown parameter: '{at}'."),
                )
                .about(at));
            }
        }
    }
    match fields
        .iter()
        .find(|field| field.required && value.get(field.name).is_none())
    {
        Some(field) => Err(missing(&join(path, field.name))),
        None => Ok(()),
    }
}

fn check_whole(value: &Value, min: i64, max: i64, path: &str) -> Result<(), WireError> {
    // A value past i64 is above every maximum.
    let number = value.as_i64().unwrap_or(i64::MAX);
    if number < min {
        let message = format!(
            "Invalid '{path}': integer below minimum value. Expected a value >= {min}, but got {number} instead."
        );
        return Err(WireError::request("integer_below_min_value", message).about(path));
    }
    if number > max {
        let message = format!(
            "Invalid '{path}': integer above maximum value. Expected a value <= {max}, but got {number} instead."
        );
        return Err(WireError::request("integer_above_max_value", message).about(path));
    }
    Ok(())
}

fn check_number(value: &Value, min: f64, max: f64, path: &str) -> Result<(), WireError> {
    let number = value.as_f64().unwrap_or(f64::MAX);
    let (code, bound) = match number {
        _ if number < min => (
            "decimal_below_min_value",
            format!("below minimum value. Expected a value >= {min}"),
        ),
        _ if number > max => (
            "decimal_above_max_value",
            format!("above maximum value. Expected a value <= {max}"),
        ),
        _ => return Ok(()),
    };
    let message = format!("Invalid '{path}': decimal {bound}, but got {number} instead.");
    Err(WireError::request(code, message).about(path))
}

fn check_word(value: &Value, words: &[&str], path: &str) -> Result<(), WireError> {
    if words.iter().any(|word| value.as_str() == Some(word)) {
        Ok(())
    } else {
        Err(unsupported(value, words, path))
    }
}

fn unsupported(found: &Value, supported: &[&str], path: &str) -> WireError {
    let found = found
        .as_str()
        .map_or_else(|| found.to_string(), str::to_owned);
    let listed: Vec<_> = supported.iter().map(|word| format!("'{word}'")).collect();
    let message = match listed.as_slice() {
        [only] => format!("Invalid value: '{found}'. Value must be {only}."),
        [most @ .., last] => {
            format!(
                "Invalid value: '{found}'. Supported values are: {}, and {last}.",
                most.join(", ")
            )
        }
        [] => format!("Invalid value: '{found}'."),
    };
    WireError::request("invalid_value", message).about(path)
}

fn missing(path: &str) -> WireError {
    WireError::request(
        "missing_required_parameter",
        format!("Missing required parameter: '{path}'."),
    )
    .about(path)
}

fn wrong_kind(path: &str, expected: &str, found: &Value) -> WireError {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a decimal",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    let message =
        format!("Invalid type for '{path}': expected {expected}, but got {found} instead.");
    WireError::request("invalid_type", message).about(path)
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}
