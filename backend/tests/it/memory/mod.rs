//! What is kept of conversations, over a real Postgres, from the end of one to the brief of the next.

mod brief;
mod facts;
mod models;
mod vectors;
mod world;
