//! Identifiers that look like the real server's.

use rand::RngExt;
use rand::distr::Alphanumeric;

/// Returns a new identifier such as `item_CZ8rT0...`, at most 32 characters long.
pub(crate) fn new_id(prefix: &str) -> String {
    let random = rand::rng()
        .sample_iter(Alphanumeric)
        .take(21)
        .map(char::from);
    let mut id = format!("{prefix}_");
    id.extend(random);
    id
}
