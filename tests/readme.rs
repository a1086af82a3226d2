//! README.md's Rust is what `tests/readme.md` compiles: a page cannot hide lines, a doc test can.

const README: &str = include_str!("../README.md");
const COMPILED: &str = include_str!("readme.md");

/// The visible lines of each Rust block.
fn blocks(page: &str) -> Vec<Vec<&str>> {
    let mut blocks = Vec::new();
    let mut block: Option<Vec<&str>> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), &mut block) {
            // Without a language it is Rust to rustdoc.
            (Some("rust" | "no_run" | ""), None) => block = Some(Vec::new()),
            // Of another language: its lines are no block's, and its end must not begin one.
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
fn the_readme_says_what_is_compiled() {
    let readme = blocks(README);
    assert!(readme.len() >= 2, "the README has its two examples");
    assert_eq!(readme, blocks(COMPILED));
}
