//! A learner's durable thread with the tutor.

pub mod answers;
pub mod domain;
pub mod store;
