//! What learners upload: taken in, read, found, deleted; and what is not taken.

mod hostile;
mod material_tool;
mod retrieval;
mod search;
mod uploads;
pub mod world;
