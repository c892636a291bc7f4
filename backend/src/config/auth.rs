use std::path::{Path, PathBuf};
use std::time::Duration;

use super::env::Reader;
use super::{Environment, HttpConfig};

/// How long an access token is good for without a word, at least and at most, in seconds.
const ACCESS_SECONDS: u64 = 15 * 60;
const SHORTEST_ACCESS: u64 = 5;
const LONGEST_ACCESS: u64 = 60 * 60;

/// Keys and lifetimes of tokens.
#[derive(Debug, Clone)]
pub struct AuthConfig {
    /// `AVAAZ_JWT_KEY_FILE`: an Ed25519 private key, PKCS#8 in PEM.
    pub jwt_key_file: PathBuf,
    /// `AVAAZ_ACCESS_TOKEN_S`: how long an access token is good for.
    pub access_ttl: Duration,
    /// How long a refresh token is good for.
    pub refresh_ttl: Duration,
    /// Whether the refresh cookie travels over TLS only.
    pub secure_cookie: bool,
    /// How many passwords are hashed at once: each takes 19 MiB and a core.
    pub concurrent_hashes: usize,
}

impl AuthConfig {
    pub(super) fn read(
        reader: &Reader<'_>,
        environment: Environment,
        data_dir: &Path,
        http: &HttpConfig,
    ) -> Self {
        let jwt_key_file = reader.text("AVAAZ_JWT_KEY_FILE");
        if jwt_key_file.is_none() && environment.is_production() {
            reader.refuse("AVAAZ_JWT_KEY_FILE is not set: make a key with `openssl genpkey -algorithm ed25519 -out FILE` and name it.");
        }
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            jwt_key_file: jwt_key_file.map_or_else(|| data_dir.join("jwt-key.pem"), PathBuf::from),
            access_ttl: access_ttl(reader),
            refresh_ttl: Duration::from_secs(30 * 24 * 60 * 60),
            secure_cookie: environment.is_production() || http.is_https(),
            concurrent_hashes: cores.max(2),
        }
    }
}

fn access_ttl(reader: &Reader<'_>) -> Duration {
    let seconds = reader.parsed("AVAAZ_ACCESS_TOKEN_S", ACCESS_SECONDS);
    if !(SHORTEST_ACCESS..=LONGEST_ACCESS).contains(&seconds) {
        reader.refuse(format!(
            "AVAAZ_ACCESS_TOKEN_S is {seconds}; it must be from {SHORTEST_ACCESS} to {LONGEST_ACCESS}: a token cannot be taken back, and each renewal asks the database."
        ));
    }
    Duration::from_secs(seconds)
}
