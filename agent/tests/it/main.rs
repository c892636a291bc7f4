//! A simulated world: a room in memory, a scripted provider, a host in memory, and one clock that tests move.

mod support;

mod boundaries;
mod captions;
mod conversation;
mod faults;
mod leases;
