use std::path::{Path, PathBuf};

use super::env::Reader;
use super::{ConfigError, Env, Environment};

/// Encryption of words at rest.
#[derive(Debug, Clone)]
pub struct ContentConfig {
    /// `AVAAZ_CONTENT_KEY_FILE`
    pub key_file: PathBuf,
}

impl ContentConfig {
    /// Reads this section alone, for commands that need no more.
    ///
    /// # Errors
    /// When it is not known where the keys are.
    pub fn read_alone(env: &Env) -> Result<Self, ConfigError> {
        let reader = env.reader();
        let environment = super::read_environment(&reader);
        let section = Self::read(&reader, environment, &super::read_data_dir(&reader));
        reader.finish(section)
    }

    pub(super) fn read(reader: &Reader<'_>, environment: Environment, data_dir: &Path) -> Self {
        let key_file = reader.text("AVAAZ_CONTENT_KEY_FILE");
        if key_file.is_none() && environment.is_production() {
            reader.refuse("AVAAZ_CONTENT_KEY_FILE is not set: words at rest are encrypted with it; losing it loses them.");
        }
        Self {
            key_file: key_file.map_or_else(|| data_dir.join("content-keys.json"), PathBuf::from),
        }
    }
}
