//! The Gemini Live side, as a client of that protocol sees it.

pub mod client;
mod interruption;
mod resumption;
mod setup;
mod tools;
mod turns;
