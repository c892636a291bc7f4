//! A simulated world: a room in memory, a scripted provider, a host in memory, and one clock that tests move.

#![allow(clippy::unwrap_used)] // Everything here is test code, the helpers outside of test functions too.

mod support;
mod turn_taking;
mod wire;

mod faults_on_sockets;

mod boundaries;
mod captions;
mod conversation;
mod faults;
mod leases;
mod patience;
