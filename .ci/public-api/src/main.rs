//! Prints the public API that a crate's rustdoc JSON describes, one item a line, in a stable order.

/// The compiler's own marks: nobody writes them, and they come and go with its version.
const NOT_OURS: [&str; 4] = [
    "core::marker::Freeze",
    "core::marker::StructuralPartialEq",
    "core::marker::UnsafeUnpin",
    "core::panic::unwind_safe::",
];

fn main() {
    let json = std::env::args().nth(1).expect("usage: public-api-list RUSTDOC.json");
    // `Send`, `Sync` and `Unpin` stay in the list: losing one breaks users.
    let api = public_api::Builder::from_rustdoc_json(json).omit_blanket_impls(true).build().expect(
        "this version of the crate public-api reads the JSON of another rustc: move .ci/public-api/Cargo.toml along",
    );
    let lines = api.items().map(ToString::to_string);
    for line in lines.filter(|line| !NOT_OURS.iter().any(|mark| line.starts_with("impl") && line.contains(mark))) {
        println!("{line}");
    }
}
