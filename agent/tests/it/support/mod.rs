//! What the tests are made of.

pub mod host;
pub mod provider;
pub mod world;
