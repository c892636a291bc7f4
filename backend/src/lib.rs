//! The API and the commands of Avaaz.

pub mod content;
pub mod conversations;
pub mod livekit;
pub mod sessions;
pub mod tutor_host;
pub mod web;
