//! `avaaz-simulator`: the simulator as a program of its own.

fn main() {}
