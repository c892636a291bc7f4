//! Stands in for the model services, on the wire.
//!
//! [`Simulator::start`] listens and answers as the OpenAI Realtime and the Gemini Live service do, with a synthetic voice, and as OpenAI's
//! chat completions and embeddings, with a [`script::Script`] of what is said, written, heard and done wrong. `docs/simulator.md` tells how to use it.

mod agenda;
mod chat;
mod choice;
mod delivery;
mod fault_plan;
mod faulty_stream;
mod gemini_live;
mod ids;
mod input_audio;
mod language;
mod openai_realtime;
mod partner;
mod record;
pub mod script;
mod server;
mod stats;
mod timeline;
mod tokens;
mod voice;

pub use server::{Options, Running, Simulator, StartError};
pub use stats::Stats;
pub use timeline::{Excerpt, Moment, MomentKind};
pub use voice::{Utterance, VOICE_RATE_HZ, Voice};
