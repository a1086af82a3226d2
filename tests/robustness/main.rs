//! Hostile input, limits, faults, and properties that hold for every input.

mod bounds;
mod faults;
mod faults_wire;
mod properties;
mod security;
