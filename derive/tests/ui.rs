//! Compiles each file of `tests/ui` and compares the compiler's messages with the `.stderr` file beside it.
//!
//! After a change: `TRYBUILD=overwrite cargo test -p tower-status-derive --test ui`, then read the difference.

#[test]
fn each_mistake_is_one_message() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
