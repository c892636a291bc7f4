//! Live sittings of a session, and what was said in them.

pub mod answers;
pub mod domain;
pub mod presence;
pub mod store;
pub mod sweeper;
