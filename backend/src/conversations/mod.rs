//! Live sittings of a session, and what was said in them.

pub mod domain;
pub mod store;
