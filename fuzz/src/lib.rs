//! Code that the fuzz targets share: calls without a runtime, arbitrary input, and a second implementation of the rules.

pub mod ask;
pub mod dates;
pub mod layer_input;

#[path = "../../tests/conditional/naive.rs"]
mod naive;
pub mod preconditions;
pub mod rules;
pub mod status_input;

/// Returns each byte of a field value as a character, so that rules written for text apply to every value.
#[must_use]
pub fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}
