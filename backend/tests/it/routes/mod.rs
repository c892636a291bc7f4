//! As the addresses are.

mod auth;
mod conversations;
mod health;
mod livekit;
mod metrics;
mod sessions;
mod voices;
