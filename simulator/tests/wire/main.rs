//! The simulator as a client sees it: one behaviour a test, over a real socket.

mod beta;
mod client;
mod faults;
mod gemini;
mod handshake;
mod interruption;
mod items;
mod planned;
mod recording;
mod replies;
mod session;
mod socket;
mod tools;
mod turns;
