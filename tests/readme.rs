//! The Rust in README.md is that of `tests/readme.md`, which is compiled: a page cannot hide lines, a doc test can.

const README: &str = include_str!("../README.md");
const COMPILED: &str = include_str!("readme.md");

/// Returns the visible lines of each Rust block.
fn blocks(page: &str) -> Vec<Vec<&str>> {
    let mut blocks = Vec::new();
    let mut block: Option<Vec<&str>> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), &mut block) {
            // To rustdoc, a block without a language is Rust.
            (Some("rust" | "no_run" | ""), None) => block = Some(Vec::new()),
            // A block in another language is skipped up to its end.
            (Some(_), None) => block = Some(vec!["another language"]),
            (Some(_), Some(lines)) => {
                if lines.first() != Some(&"another language") {
                    blocks.push(std::mem::take(lines));
                }
                block = None;
            }
            (None, Some(lines)) if line != "#" && !line.starts_with("# ") => lines.push(line),
            (None, _) => {}
        }
    }
    blocks
}

#[test]
fn the_rust_in_the_readme_is_compiled() {
    let readme = blocks(README);
    assert!(readme.len() >= 2, "the README has its two examples");
    assert_eq!(readme, blocks(COMPILED));
}
