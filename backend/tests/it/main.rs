//! The API from outside: a real Postgres, real sockets, and a real livekit-server where it matters.

#![allow(
    clippy::unwrap_used,
    reason = "clippy spares test functions, but not what they share"
)]

mod abandoned;
mod documents;
mod jobs;
mod key_rotation;
mod leases;
mod memory;
mod migrations;
mod my_data;
mod openapi;
mod outage;
mod public_routes;
mod rooms;
mod routes;
mod support;
mod surroundings;
mod usage;
