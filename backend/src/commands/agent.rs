//! `avaaz agent`

use crate::config::{Config, Env};

/// Serves conversations only, until it is told to stop.
///
/// # Errors
/// A sentence about what is wrong.
pub async fn main(env: &Env) -> anyhow::Result<()> {
    let _config = Config::read(env)?;
    anyhow::bail!("this build has no agent runtime")
}
