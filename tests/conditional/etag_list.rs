//! `ETag::parse_list`.

use http::header::{IF_MATCH, IF_NONE_MATCH};
use tower_status::{ETag, conditional::ETagList};

use crate::common::header_map;

#[test]
fn list_has_the_valid_tags_of_all_lines() {
    let tags = |texts: &[&str]| Some(ETagList::Tags(texts.iter().map(|text| ETag::parse(text).unwrap()).collect()));
    #[rustfmt::skip]
    let rows: [(&[&str], Option<ETagList>); 13] = [
        (&[],                                  None),
        (&["*"],                               Some(ETagList::Any)),
        (&[" * ,"],                            Some(ETagList::Any)),
        (&["", "*"],                           Some(ETagList::Any)),
        (&["*", "*"],                          tags(&[])),
        (&["*, \"a\""],                        tags(&["\"a\""])),
        (&[""],                                tags(&[])),
        (&["a"],                               tags(&[])),
        (&["\"a\""],                           tags(&["\"a\""])),
        (&["\"b\",W/\"a\" ,, \"b\""],          tags(&["\"b\"", "W/\"a\"", "\"b\""])),
        (&["\"a,b\", c, \"d", "W/\"e\""],       tags(&["\"a,b\"", "W/\"e\""])),
        (&["w/\"a\", \"a b\", \"a\\\", \"b\""], tags(&["\"a\\\"", "\"b\""])),
        (&["\"\""],                            tags(&["\"\""])),
    ];
    for (lines, expected) in rows {
        for name in [IF_MATCH, IF_NONE_MATCH] {
            let fields: Vec<_> = lines.iter().map(|line| (name.as_str(), *line)).collect();
            assert_eq!(ETag::parse_list(&header_map(&fields), &name), expected, "{lines:?}");
        }
    }
}
