//! `/sessions/default` and below

mod default;
mod token;
