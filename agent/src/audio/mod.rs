//! Sound on its way through: put in order and decoded on the way up, paced and encoded on the way down.

pub mod format;
pub mod opus;
pub mod playout;
pub mod receive;
pub mod schedule;
pub(crate) mod stored;
pub mod voice_activity;
