//! The agent runtime of Avaaz: it joins a learner's room, hears and talks, and keeps a realtime model service on the other side.
//!
//! - [`runtime`](crate) claims conversations and runs one task for each.
//! - [`host`] is what the agent needs from whoever runs it: no SQL and no HTTP API in this crate.
//! - [`room`] is the seam to the room, in our own words.
//! - [`realtime`] is the seam to the providers.
//!
//! What is decided is decided in `avaaz-tutor`; this crate carries it out.

pub mod host;
pub mod realtime;
pub mod room;
