//! What `avaaz dev` brings when it is not given: Postgres, LiveKit, the simulator; and how they are kept running.

mod family;
mod folder;
mod livekit;
mod ports;
mod postgres;
mod program;
mod simulator;
mod stack;

pub use family::Family;
pub use folder::DataFolder;
pub use livekit::{API_KEY, LiveKitPorts, LiveKitServer};
pub use postgres::Postgres;
pub use program::Program;
pub use stack::{Provided, provide};
