//! Stands in for the realtime providers, on the wire.

pub mod script;
