//! What is kept of conversations, over a real Postgres, from the end of one to the brief of the next.

mod brief;
mod catch_up;
mod cost;
mod delay;
mod facts;
mod models;
mod parts;
mod vectors;
mod world;
