//! What the derive says of each mistake, word by word. After a change of a message: `TRYBUILD=overwrite cargo test`.
// Slow, so it runs where all is on that it needs or that the compiler lists, and not once more with every feature.
#![cfg(all(feature = "derive", feature = "axum", feature = "tonic", not(feature = "anyhow")))]

#[test]
fn each_mistake_is_one_message() {
    trybuild::TestCases::new().compile_fail("tests/ui/fail/*.rs");
}
