//! A learner's own key, and what is encrypted with it.
//!
//! The key is made with the learner's first document, and is itself encrypted with the content keys. Three keys are taken
//! from it: one for words, one for each file, and one that replaces stems by codes, so that Postgres can find a word that it
//! cannot read.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::stream::{DecryptorBE32, EncryptorBE32};
use chacha20poly1305::aead::{Aead as _, AeadCore as _, KeyInit as _, OsRng, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

use crate::content::{ContentKeys, OpenWordsError, Place, SealedWords};

/// The part of a nonce that a file has for itself; the rest counts its pieces.
pub(super) const FILE_NONCE_BYTES: usize = 19;
const NONCE_BYTES: usize = 24;
/// Two words of one learner get the same code once in 2^32 words; they have some tens of thousands.
const CODE_BYTES: usize = 8;

/// What a sealed text is, so that one can never be put in the place of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealed {
    /// `documents.sealed_names`
    Names,
    /// `passages.sealed_words`
    Passage,
}

/// The key of one learner's documents.
pub struct MaterialKey {
    secret: Key,
    words: XChaCha20Poly1305,
    stems: Key,
}

impl MaterialKey {
    /// Returns a new key.
    #[must_use]
    pub fn generate() -> Self {
        Self::of(XChaCha20Poly1305::generate_key(&mut OsRng))
    }

    fn of(secret: Key) -> Self {
        Self {
            words: XChaCha20Poly1305::new(&derived(&secret, b"avaaz/material/words/1", &[])),
            stems: derived(&secret, b"avaaz/material/stems/1", &[]),
            secret,
        }
    }

    /// Encrypts the key itself.
    #[must_use]
    pub fn seal_itself(&self, learner: Uuid, keys: &ContentKeys) -> SealedWords {
        keys.seal_in(Place::MaterialKey, learner, &BASE64.encode(self.secret))
    }

    /// Returns the key that was stored.
    ///
    /// # Errors
    /// [`OpenWordsError`]
    pub fn open_itself(
        learner: Uuid,
        sealed: &SealedWords,
        keys: &ContentKeys,
    ) -> Result<Self, OpenWordsError> {
        let secret = keys.open_in(Place::MaterialKey, learner, sealed)?;
        let secret = BASE64.decode(secret).ok().map(Key::from_exact_iter);
        let secret = secret.flatten().ok_or(OpenWordsError::Damaged)?;
        Ok(Self::of(secret))
    }

    /// Encrypts a text that belongs to a row.
    #[must_use]
    pub fn seal(&self, what: Sealed, row: Uuid, text: &[u8]) -> Vec<u8> {
        let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
        let aad = associated_data(what, row);
        let ciphertext = self
            .words
            .encrypt(
                &nonce,
                Payload {
                    msg: text,
                    aad: &aad,
                },
            )
            .expect("a text in memory is far below the cipher's limit of 256 GB");
        [nonce.as_slice(), &ciphertext].concat()
    }

    /// Decrypts a text.
    ///
    /// # Errors
    /// [`OpenWordsError::Damaged`] when it was changed, or belongs to another row or learner.
    pub fn open(&self, what: Sealed, row: Uuid, sealed: &[u8]) -> Result<Vec<u8>, OpenWordsError> {
        let (nonce, msg) = sealed
            .split_at_checked(NONCE_BYTES)
            .ok_or(OpenWordsError::Damaged)?;
        let aad = associated_data(what, row);
        self.words
            .decrypt(XNonce::from_slice(nonce), Payload { msg, aad: &aad })
            .map_err(|_| OpenWordsError::Damaged)
    }

    /// Returns the code that stands for a stem in the database.
    #[must_use]
    pub fn code(&self, stem: &str) -> String {
        let code = mac(&self.stems, &[stem.as_bytes()]);
        code[..CODE_BYTES]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    pub(super) fn file_encryptor(
        &self,
        document: Uuid,
        nonce: &[u8; FILE_NONCE_BYTES],
    ) -> EncryptorBE32<XChaCha20Poly1305> {
        EncryptorBE32::new(&self.file_key(document), nonce.into())
    }

    pub(super) fn file_decryptor(
        &self,
        document: Uuid,
        nonce: &[u8; FILE_NONCE_BYTES],
    ) -> DecryptorBE32<XChaCha20Poly1305> {
        DecryptorBE32::new(&self.file_key(document), nonce.into())
    }

    fn file_key(&self, document: Uuid) -> Key {
        derived(&self.secret, b"avaaz/material/file/1", document.as_bytes())
    }
}

impl fmt::Debug for MaterialKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MaterialKey").finish_non_exhaustive()
    }
}

fn associated_data(what: Sealed, row: Uuid) -> Vec<u8> {
    let name: &[u8] = match what {
        Sealed::Names => b"avaaz/document/names/1/",
        Sealed::Passage => b"avaaz/passage/words/1/",
    };
    [name, row.as_bytes()].concat()
}

fn derived(secret: &Key, purpose: &[u8], of: &[u8]) -> Key {
    mac(secret, &[purpose, of])
}

fn mac(key: &Key, parts: &[&[u8]]) -> Key {
    let mut mac =
        <Hmac<Sha256> as hmac::Mac>::new_from_slice(key).expect("a key of any length will do");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_for_its_learner_only() {
        let keys = ContentKeys::ephemeral();
        let (ada, eve, row) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
        let key = MaterialKey::generate();
        let sealed = key.seal_itself(ada, &keys);
        let again = MaterialKey::open_itself(ada, &sealed, &keys).unwrap();
        let text = key.seal(Sealed::Passage, row, b"mine");
        assert_eq!(again.open(Sealed::Passage, row, &text).unwrap(), b"mine");
        assert_eq!(again.code("walk"), key.code("walk"));
        assert!(MaterialKey::open_itself(eve, &sealed, &keys).is_err());
    }

    #[test]
    fn a_text_opens_only_in_its_own_place() {
        let (key, row) = (MaterialKey::generate(), Uuid::now_v7());
        let mut sealed = key.seal(Sealed::Passage, row, b"mine");
        assert!(!sealed.windows(4).any(|part| part == b"mine"));
        assert!(key.open(Sealed::Names, row, &sealed).is_err());
        assert!(key.open(Sealed::Passage, Uuid::now_v7(), &sealed).is_err());
        assert!(
            MaterialKey::generate()
                .open(Sealed::Passage, row, &sealed)
                .is_err()
        );
        sealed[30] ^= 1;
        assert!(key.open(Sealed::Passage, row, &sealed).is_err());
        assert!(key.open(Sealed::Passage, row, b"short").is_err());
    }

    #[test]
    fn a_word_has_one_code_for_a_learner_and_others_for_others() {
        let (ada, eve) = (MaterialKey::generate(), MaterialKey::generate());
        assert_eq!(ada.code("walk").len(), 2 * CODE_BYTES);
        assert_ne!(ada.code("walk"), ada.code("talk"));
        assert_ne!(ada.code("walk"), eve.code("walk"));
    }
}
