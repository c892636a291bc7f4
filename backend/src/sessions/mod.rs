//! A learner's durable thread with the tutor.

pub mod domain;
pub mod store;
