//! The Gemini Live side, as a client of that protocol sees it.

mod client;
mod setup;
mod turns;
