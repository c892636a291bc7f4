//! Access tokens: signed with Ed25519, checked by anybody who has the public keys.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, KeypairBytes};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::AppState;
use crate::config::AuthConfig;
use crate::error::ApiError;

const AUDIENCE: &str = "avaaz";

/// Why a signing key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file cannot be read or written.
    #[error("the key file {path} (AVAAZ_JWT_KEY_FILE) cannot be used: {cause}")]
    Io {
        /// Where it should be.
        path: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The file is not what a key file looks like.
    #[error("the key file {path} (AVAAZ_JWT_KEY_FILE) {why}")]
    Unusable {
        /// Where it is.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// Writes a new signing key, for whoever has none yet. Never overwrites.
///
/// # Errors
/// [`KeyFileError::Io`] when the file exists or cannot be written.
pub fn generate_key_file(path: &Path) -> Result<(), KeyFileError> {
    let failed = |cause| KeyFileError::Io {
        path: path.display().to_string(),
        cause,
    };
    let key = KeypairBytes {
        secret_key: rand::random(),
        public_key: None,
    };
    let pem = key
        .to_pkcs8_pem(LineEnding::LF)
        .map_err(|error| failed(std::io::Error::other(error)))?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    file.write_all(pem.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(failed)
}

/// Signs and checks access tokens.
pub struct AccessKeys {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    public: JwkSet,
    kid: String,
    issuer: String,
    ttl: Duration,
}

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    /// The family of refresh tokens that it came with.
    sid: Uuid,
    iat: i64,
    exp: i64,
    jti: Uuid,
}

/// Whom a token speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer {
    /// The user.
    pub user: Uuid,
    /// The sign-in.
    pub family: Uuid,
}

/// Why a token opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckTokenError {
    /// It was good once.
    Expired,
    /// It was never good: not ours, changed, or not a token.
    Forged,
}

/// The public keys (RFC 7517).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct JwkSet {
    keys: Vec<Jwk>,
}

/// One public key (RFC 8037).
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Jwk {
    /// `OKP`
    kty: &'static str,
    /// `Ed25519`
    crv: &'static str,
    /// `EdDSA`
    alg: &'static str,
    /// `sig`
    #[serde(rename = "use")]
    purpose: &'static str,
    /// The key's id, in the header of every token.
    kid: String,
    /// The key.
    x: String,
}

impl AccessKeys {
    /// Reads the key file. `issuer` is named in every token.
    ///
    /// # Errors
    /// [`KeyFileError`] when it is missing, open to others, or no Ed25519 key.
    pub fn load(config: &AuthConfig, issuer: &str) -> Result<Self, KeyFileError> {
        let path = &config.jwt_key_file;
        let shown = || path.display().to_string();
        let metadata = std::fs::metadata(path).map_err(|cause| KeyFileError::Io {
            path: shown(),
            cause,
        })?;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(KeyFileError::Unusable {
                path: shown(),
                why: "can be read by others; run chmod 600 on it",
            });
        }
        let pem = std::fs::read_to_string(path).map_err(|cause| KeyFileError::Io {
            path: shown(),
            cause,
        })?;
        let key = SigningKey::from_pkcs8_pem(&pem).map_err(|_| KeyFileError::Unusable {
            path: shown(),
            why: "holds no Ed25519 key in PKCS#8 PEM; make one with `openssl genpkey -algorithm ed25519`",
        })?;
        Self::new(&key, issuer, config.access_ttl).ok_or_else(|| KeyFileError::Unusable {
            path: shown(),
            why: "holds a key that cannot sign",
        })
    }

    fn new(key: &SigningKey, issuer: &str, ttl: Duration) -> Option<Self> {
        let der = KeypairBytes {
            secret_key: key.to_bytes(),
            public_key: None,
        }
        .to_pkcs8_der()
        .ok()?;
        let x = URL_SAFE_NO_PAD.encode(key.verifying_key().to_bytes());
        // RFC 7638: the hash of the members in this order and spelling.
        let thumbprint = Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#));
        let kid = URL_SAFE_NO_PAD.encode(thumbprint);
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The time is checked below, by our own clock and to the second.
        validation.validate_exp = false;
        Some(Self {
            encoding: EncodingKey::from_ed_der(der.as_bytes()),
            decoding: DecodingKey::from_ed_components(&x).ok()?,
            validation,
            public: JwkSet {
                keys: vec![Jwk {
                    kty: "OKP",
                    crv: "Ed25519",
                    alg: "EdDSA",
                    purpose: "sig",
                    kid: kid.clone(),
                    x,
                }],
            },
            kid,
            issuer: issuer.to_owned(),
            ttl,
        })
    }

    /// Signs a token.
    ///
    /// # Errors
    /// When the crypto library fails, which it has no reason to.
    pub fn sign(&self, bearer: Bearer, now: DateTime<Utc>) -> jsonwebtoken::errors::Result<String> {
        let header = Header {
            kid: Some(self.kid.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: bearer.user,
            sid: bearer.family,
            iat: now.timestamp(),
            exp: (now + self.ttl).timestamp(),
            jti: Uuid::now_v7(),
        };
        jsonwebtoken::encode(&header, &claims, &self.encoding)
    }

    /// Returns whom a token speaks for.
    ///
    /// # Errors
    /// [`CheckTokenError`]. A token that is both forged and too old is forged.
    pub fn check(&self, token: &str, now: DateTime<Utc>) -> Result<Bearer, CheckTokenError> {
        let data = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation)
            .map_err(|_| CheckTokenError::Forged)?;
        if data.header.kid.as_ref().is_some_and(|kid| *kid != self.kid) {
            return Err(CheckTokenError::Forged);
        }
        if data.claims.exp <= now.timestamp() {
            return Err(CheckTokenError::Expired);
        }
        Ok(Bearer {
            user: data.claims.sub,
            family: data.claims.sid,
        })
    }

    /// Returns how long a token is good for.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        self.ttl
    }
}

impl fmt::Debug for AccessKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKeys")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// Returns the keys that access tokens are checked with.
///
/// # Errors
/// None.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "auth", responses((status = 200, body = JwkSet)))]
pub async fn jwks(State(app): State<AppState>) -> Result<Json<JwkSet>, ApiError> {
    Ok(Json(app.access_keys.public.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> AccessKeys {
        AccessKeys::new(
            &SigningKey::from_bytes(&[7; 32]),
            "http://localhost:8000/",
            Duration::from_secs(900),
        )
        .unwrap()
    }

    fn bearer() -> Bearer {
        Bearer {
            user: Uuid::now_v7(),
            family: Uuid::now_v7(),
        }
    }

    #[test]
    fn a_token_is_good_until_its_last_second() {
        let (keys, bearer, now) = (keys(), bearer(), DateTime::<Utc>::UNIX_EPOCH);
        let token = keys.sign(bearer, now).unwrap();
        assert_eq!(
            keys.check(&token, now + Duration::from_secs(899)),
            Ok(bearer)
        );
        assert_eq!(
            keys.check(&token, now + Duration::from_secs(900)),
            Err(CheckTokenError::Expired)
        );
    }

    #[test]
    fn a_token_of_another_key_is_forged() {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        let other = AccessKeys::new(
            &SigningKey::from_bytes(&[8; 32]),
            "http://localhost:8000/",
            Duration::from_secs(900),
        )
        .unwrap();
        let token = other.sign(bearer(), now).unwrap();
        assert_eq!(keys().check(&token, now), Err(CheckTokenError::Forged));
        assert_eq!(
            keys().check(&token, now + Duration::from_secs(9000)),
            Err(CheckTokenError::Forged)
        );
    }

    #[test]
    fn a_new_key_file_is_private_loads_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jwt-key.pem");
        generate_key_file(&path).unwrap();
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert!(generate_key_file(&path).is_err());
        let config = AuthConfig {
            jwt_key_file: path.clone(),
            access_ttl: Duration::from_secs(900),
            refresh_ttl: Duration::from_secs(900),
            secure_cookie: false,
            concurrent_hashes: 1,
        };
        AccessKeys::load(&config, "http://localhost:8000/").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(
            AccessKeys::load(&config, "http://localhost:8000/")
                .unwrap_err()
                .to_string()
                .contains("chmod 600")
        );
    }
}
