//! What tests begin with: a server of their own, people who use it, and what stands around it.

pub mod app;
pub mod builders;
pub mod census;
pub mod database;
pub mod livekit;
pub mod personas;

pub use app::TestApp;
pub use personas::{Answer, Persona};
