//! Vectors of a text's words: the more words two texts share, the more alike they are.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::faults;
use crate::openai_realtime::{check_key, http_error};
use crate::script::WritingPath;
use crate::server::Shared;
use crate::tokens::text_tokens;

const DIMENSIONS: usize = 384;
const DIMENSIONS_AT_MOST: usize = 4_096;
const INPUTS_AT_MOST: usize = 2_048;

#[derive(Debug, Deserialize)]
struct EmbeddingRequest {
    model: String,
    input: Input,
    #[serde(default)]
    encoding_format: Encoding,
    dimensions: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Input {
    Text(String),
    Texts(Vec<String>),
    Tokens(Vec<u64>),
    TokenLists(Vec<Vec<u64>>),
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Float,
    Base64,
}

impl Input {
    fn into_texts(self) -> Vec<String> {
        let words = |tokens: Vec<u64>| {
            let words = tokens.iter().map(u64::to_string);
            words.collect::<Vec<_>>().join(" ")
        };
        match self {
            Self::Text(text) => vec![text],
            Self::Texts(texts) => texts,
            Self::Tokens(tokens) => vec![words(tokens)],
            Self::TokenLists(lists) => lists.into_iter().map(words).collect(),
        }
    }
}

pub(super) async fn embed(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    shared.counters.on_received("embeddings");
    if let Err(reason) = check_key(&shared, &headers) {
        return http_error(StatusCode::UNAUTHORIZED, "invalid_api_key", reason);
    }
    if let Some(fault) = shared.writing_faults.take(WritingPath::Embeddings, &body) {
        return faults::fail(&shared, &fault).await;
    }
    let request: EmbeddingRequest = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => {
            let message = format!("We could not parse the JSON body of your request: {error}");
            return http_error(StatusCode::BAD_REQUEST, "invalid_request", &message);
        }
    };
    let texts = request.input.into_texts();
    let dimensions = request.dimensions.unwrap_or(DIMENSIONS);
    let refusal = if texts.is_empty() || texts.iter().any(String::is_empty) {
        Some("Invalid 'input': input cannot be an empty string.")
    } else if texts.len() > INPUTS_AT_MOST {
        Some("Invalid 'input': array too long. Expected an array with maximum length 2048.")
    } else if !(1..=DIMENSIONS_AT_MOST).contains(&dimensions) {
        Some("Invalid value for 'dimensions'.")
    } else {
        None
    };
    if let Some(message) = refusal {
        return http_error(StatusCode::BAD_REQUEST, "invalid_value", message);
    }
    let tokens: u64 = texts.iter().map(|text| text_tokens(text)).sum();
    let data = texts.iter().enumerate().map(|(index, text)| {
        let vector = vector(text, dimensions);
        json!({"object": "embedding", "index": index, "embedding": encoded(&vector, &request.encoding_format)})
    });
    Json(json!({
        "object": "list",
        "data": data.collect::<Vec<_>>(),
        "model": request.model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }))
    .into_response()
}

fn encoded(vector: &[f32], encoding: &Encoding) -> Value {
    match encoding {
        Encoding::Float => json!(vector),
        Encoding::Base64 => {
            let bytes: Vec<u8> = vector
                .iter()
                .flat_map(|number| number.to_le_bytes())
                .collect();
            STANDARD.encode(bytes).into()
        }
    }
}

fn vector(text: &str, dimensions: usize) -> Vec<f32> {
    let mut vector = vec![0.0_f32; dimensions];
    let words = text
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty());
    for word in words {
        vector[place(&word.to_lowercase(), dimensions)] += 1.0;
    }
    let length = vector
        .iter()
        .map(|number| number * number)
        .sum::<f32>()
        .sqrt();
    if length == 0.0 {
        vector[0] = 1.0;
        return vector;
    }
    vector.iter().map(|number| number / length).collect()
}

/// FNV-1a: the same in every release, other than the standard library's.
fn place(word: &str, dimensions: usize) -> usize {
    let hash = word.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    usize::try_from(hash % dimensions as u64).unwrap_or_default()
}
