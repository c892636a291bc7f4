//! The agent runtime of Avaaz: it joins a learner's room, hears and talks, and keeps a realtime model service on the other side.
//!
//! - [`runtime`] claims conversations and runs one task for each; [`shutdown`] ends them in two steps, [`metrics`] counts.
//! - `conversation` is one of them: its `run.rs` holds the only loop, between the room and the provider.
//! - [`host`] is what the agent needs from whoever runs it: no SQL and no HTTP API in this crate.
//! - [`room`] is the seam to the room, in our own words.
//! - [`audio`] is sound on its way between the two.
//! - [`realtime`] is the seam to the providers.
//!
//! What is decided is decided in `avaaz-tutor`; this crate carries it out.

pub mod audio;
mod conversation;
mod deadline;
pub mod host;
pub mod metrics;
pub mod realtime;
pub mod room;
pub mod runtime;
pub mod shutdown;
