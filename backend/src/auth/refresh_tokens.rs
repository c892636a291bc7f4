//! Refresh tokens: opaque, random, and known to us only by their hash.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

/// No token that we gave is longer.
const MAX_BYTES: usize = 200;

/// Draws a new token: 256 random bits.
pub(super) fn draw() -> SecretString {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()).into()
}

/// Returns what is stored of a token. It is random, so a plain hash is enough.
pub(super) fn hash(token: &SecretString) -> Vec<u8> {
    Sha256::digest(token.expose_secret().as_bytes()).to_vec()
}

/// Returns whether a text could be one of our tokens.
pub(super) fn is_plausible(token: &SecretString) -> bool {
    let token = token.expose_secret();
    !token.is_empty() && token.len() <= MAX_BYTES
}
