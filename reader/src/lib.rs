//! Reads learners' documents: the text out of a file, cut into passages.
//!
//! What a stranger uploads is not to be trusted, and neither is a parser that meets it. So [`child`] is the only way in for a
//! server: it runs in a process of its own, which gives up its files, its network, most of its memory and its time before it
//! looks at the first byte. Whatever happens to it, the server sees one of the [`Failure`]s.

pub mod child;
mod confine;
mod formats;
mod kind;
mod passages;
mod reading;

pub use confine::Limits;
pub use formats::read;
pub use kind::Kind;
pub use reading::{Failure, Passage, Place, Reading};
