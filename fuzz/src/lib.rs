//! What the fuzz targets have in common: a layer that is asked without a runtime, and second opinions on its rules.

pub mod ask;
pub mod dates;
pub mod said;

#[path = "../../tests/conditional/precondition/naive.rs"]
mod naive;
pub mod preconditions;

/// A byte of a field as a character, so that rules written over text hold for every field.
#[must_use]
pub fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}
