//! `avaaz openapi`

use std::io::Write as _;

use crate::openapi;

/// Prints the description of the HTTP API.
///
/// # Errors
/// When it cannot be printed.
pub fn main() -> anyhow::Result<()> {
    std::io::stdout().write_all(text()?.as_bytes())?;
    Ok(())
}

/// Returns what is printed, and kept in `docs/openapi.json`.
///
/// # Errors
/// When the description cannot be written as JSON.
pub fn text() -> anyhow::Result<String> {
    Ok(openapi::document().to_pretty_json()? + "\n")
}
