//! The arithmetic: words to tokens, tokens through BERT, the mean of what comes out.

use std::path::Path;

use candle_core::{DType, Device, Tensor, safetensors};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};
use tokenizers::{Tokenizer, TruncationParams};

use crate::ModelError;

/// What has to be in the model's folder.
pub(super) const FILES: [&str; 3] = ["config.json", "tokenizer.json", "model.safetensors"];
pub(super) const DIMENSIONS: usize = 384;
/// What the model was made for, though its files would let through more; the same as sentence-transformers.
pub(super) const MAX_TOKENS: usize = 256;
/// No 256 tokens are longer than that; the rest need not be looked at.
const MAX_CHARS: usize = 12_000;
/// Texts are computed together up to so many tokens, padding included: more is no faster on a processor.
const TOGETHER: usize = 512;

/// A loaded model.
pub(super) struct SentenceModel {
    tokenizer: Tokenizer,
    bert: BertModel,
}

impl SentenceModel {
    /// Reads the files of a folder; takes a tenth of a second.
    pub(super) fn load(folder: &Path) -> Result<Self, ModelError> {
        let [config, tokenizer, weights] = FILES.map(|name| folder.join(name));
        let config = std::fs::read(config).map_err(unusable)?;
        let config: Config = serde_json::from_slice(&config).map_err(unusable)?;
        if (config.hidden_size, config.num_hidden_layers) != (DIMENSIONS, 6) {
            return Err(ModelError::BuiltIn(format!(
                "what is in {} is another model than all-MiniLM-L6-v2",
                folder.display()
            )));
        }
        let mut tokenizer = Tokenizer::from_file(tokenizer).map_err(unusable)?;
        let truncation = TruncationParams {
            max_length: MAX_TOKENS,
            ..TruncationParams::default()
        };
        tokenizer
            .with_truncation(Some(truncation))
            .map_err(unusable)?
            .with_padding(None);
        let weights = safetensors::load(weights, &Device::Cpu).map_err(unusable)?;
        let weights = VarBuilder::from_tensors(weights, DType::F32, &Device::Cpu);
        let bert = BertModel::load(weights, &config).map_err(unusable)?;
        Ok(Self { tokenizer, bert })
    }

    /// Returns a vector of length one for each text.
    pub(super) fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        let tokens = texts.iter().map(|text| self.tokens(text));
        let tokens = tokens.collect::<Result<Vec<_>, _>>()?;
        // Those of like length together, so that there is little to pad.
        let mut order: Vec<usize> = (0..tokens.len()).collect();
        order.sort_by_key(|index| tokens[*index].len());
        let mut vectors = vec![Vec::new(); texts.len()];
        let mut rest = order.as_slice();
        while !rest.is_empty() {
            let (group, others) = rest.split_at(group_size(rest, &tokens));
            let of_group: Vec<&[u32]> = group.iter().map(|index| &*tokens[*index]).collect();
            let computed = self.compute(&of_group).map_err(unusable)?;
            for (index, vector) in group.iter().zip(computed) {
                vectors[*index] = vector;
            }
            rest = others;
        }
        Ok(vectors)
    }

    fn tokens(&self, text: &str) -> Result<Vec<u32>, ModelError> {
        let end = text.char_indices().nth(MAX_CHARS);
        let text = &text[..end.map_or(text.len(), |(at, _)| at)];
        let encoding = self.tokenizer.encode_fast(text, true).map_err(unusable)?;
        Ok(encoding.get_ids().to_vec())
    }

    fn compute(&self, group: &[&[u32]]) -> candle_core::Result<Vec<Vec<f32>>> {
        let longest = group.iter().map(|tokens| tokens.len()).max().unwrap_or(0);
        let padded = |of: &dyn Fn(Option<&u32>) -> u32| -> candle_core::Result<Tensor> {
            let cells: Vec<u32> = group
                .iter()
                .flat_map(|tokens| (0..longest).map(|at| of(tokens.get(at))))
                .collect();
            Tensor::from_vec(cells, (group.len(), longest), &Device::Cpu)
        };
        let ids = padded(&|token| token.copied().unwrap_or(0))?;
        let mask = padded(&|token| token.is_some().into())?;
        let hidden = self.bert.forward(&ids, &ids.zeros_like()?, Some(&mask))?;
        let mask = mask.to_dtype(DType::F32)?.unsqueeze(2)?;
        let mean = hidden
            .broadcast_mul(&mask)?
            .sum(1)?
            .broadcast_div(&mask.sum(1)?)?;
        let length = mean.sqr()?.sum_keepdim(1)?.sqrt()?;
        mean.broadcast_div(&length)?.to_vec2()
    }
}

/// Returns how many of the next texts, in order of length, are computed together.
fn group_size(order: &[usize], tokens: &[Vec<u32>]) -> usize {
    let fits = order
        .iter()
        .enumerate()
        .take_while(|(before, index)| (before + 1) * tokens[**index].len() <= TOGETHER);
    fits.count().max(1)
}

fn unusable(error: impl std::fmt::Display) -> ModelError {
    ModelError::BuiltIn(error.to_string())
}
