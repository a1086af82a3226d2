//! Prints the public API in rustdoc's JSON, one item in each line, in a stable order.

/// Traits that only the compiler implements, and that change with its version.
const BUILT_IN: [&str; 4] = [
    "core::marker::Freeze",
    "core::marker::StructuralPartialEq",
    "core::marker::UnsafeUnpin",
    "core::panic::unwind_safe::",
];

fn main() {
    let json = std::env::args().nth(1).expect("usage: public-api-list RUSTDOC.json");
    // `Send`, `Sync` and `Unpin` stay in the list: users depend on them.
    let api = public_api::Builder::from_rustdoc_json(json).omit_blanket_impls(true).build().expect(
        "this version of the crate public-api reads the JSON of another rustc: change the version in .ci/public-api/Cargo.toml",
    );
    let lines = api.items().map(ToString::to_string);
    for line in lines.filter(|line| !BUILT_IN.iter().any(|name| line.starts_with("impl") && line.contains(name))) {
        println!("{line}");
    }
}
