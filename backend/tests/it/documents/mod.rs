//! What learners upload: taken in, read, found, deleted; and what is not taken.

mod giving_up;
mod hostile;
mod material_tool;
mod models;
mod pdf;
mod resident;
mod retrieval;
mod search;
mod tidying;
mod uploads;
pub mod world;
