//! Entity tags (RFC 9110 §8.8.3): the grammar, both comparisons, and the hash.

use std::collections::HashSet;

use http::HeaderValue;
use tower_status::ETag;

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

/// The table of RFC 9110 §8.8.3.2, and further rows that follow from its two sentences.
#[test]
fn strong_and_weak_comparison_follow_the_table_of_the_rfc() -> Result {
    struct Row {
        one: &'static str,
        other: &'static str,
        strong: bool,
        weak: bool,
    }
    let rows = [
        Row { one: r#"W/"1""#, other: r#"W/"1""#, strong: false, weak: true },
        Row { one: r#"W/"1""#, other: r#"W/"2""#, strong: false, weak: false },
        Row { one: r#"W/"1""#, other: r#""1""#, strong: false, weak: true },
        Row { one: r#""1""#, other: r#""1""#, strong: true, weak: true },
        Row { one: r#""1""#, other: r#""2""#, strong: false, weak: false },
        Row { one: r#""""#, other: r#""""#, strong: true, weak: true },
        Row { one: r#""""#, other: r#"W/"""#, strong: false, weak: true },
        Row { one: r#""a""#, other: r#""A""#, strong: false, weak: false },
        Row { one: r#""a\b""#, other: r#""ab""#, strong: false, weak: false },
        Row { one: r#""W/1""#, other: r#"W/"1""#, strong: false, weak: false },
    ];
    for Row { one, other, strong, weak } in rows {
        let (a, b) = (ETag::parse(one)?, ETag::parse(other)?);
        assert_eq!((a.strong_eq(&b), a.weak_eq(&b)), (strong, weak), "{one} {other}");
        assert_eq!((b.strong_eq(&a), b.weak_eq(&a)), (strong, weak), "{other} {one}");
    }
    Ok(())
}

#[test]
fn a_valid_tag_is_parsed_and_printed() -> Result {
    struct Row {
        text: &'static [u8],
        weak: bool,
        shown: &'static str,
    }
    let rows = [
        Row { text: br#""xyzzy""#, weak: false, shown: r#""xyzzy""# },
        Row { text: br#"W/"xyzzy""#, weak: true, shown: r#"W/"xyzzy""# },
        Row { text: br#""""#, weak: false, shown: r#""""# },
        Row { text: br#"W/"""#, weak: true, shown: r#"W/"""# },
        Row { text: br#""a,b""#, weak: false, shown: r#""a,b""# },
        Row { text: br#""a\""#, weak: false, shown: r#""a\""# },
        Row { text: br#""!#~*W/""#, weak: false, shown: r#""!#~*W/""# },
        Row { text: "\"é\"".as_bytes(), weak: false, shown: "\"é\"" },
        Row { text: b"\"\x80\xff\"", weak: false, shown: "\"\u{fffd}\u{fffd}\"" },
    ];
    for Row { text, weak, shown } in rows {
        let tag = ETag::parse(text)?;
        let value = HeaderValue::from_bytes(text)?;
        assert_eq!((tag.is_weak(), tag.to_string().as_str()), (weak, shown));
        assert_eq!(ETag::try_from(&value)?, tag, "{shown}");
        assert_eq!(HeaderValue::from(&tag).as_bytes(), text, "{shown}");
        assert_eq!(HeaderValue::from(tag).as_bytes(), text, "{shown}");
    }
    Ok(())
}

#[test]
fn an_invalid_tag_is_rejected() {
    #[rustfmt::skip]
    let table: [&[u8]; 23] = [
        b"", b"*", b"a", b"W/", b"W/a", b"\"", b"W/\"", b"\"a", b"a\"", b"\"a\"b", b"\"a\"b\"", b"\"a\", \"b\"",
        b"w/\"a\"", b"W\"a\"", b"W/ \"a\"", b" \"a\"", b"\"a\" ", b"\"a b\"", b"\"a\tb\"", b"\"\x7f\"", b"\"\0\"",
        b"\"a\r\nb\"", b"W/W/\"a\"",
    ];
    for text in table {
        assert!(ETag::parse(text).is_err(), "{}", text.escape_ascii());
    }
}

#[test]
fn the_error_explains_the_grammar() {
    let error = ETag::parse("v7").map_err(|error| error.to_string());
    let expected =
        "an entity tag is visible characters other than a double quote, in double quotes, strong or after `W/`";
    assert_eq!(error, Err(expected.to_owned()));
}

/// Every byte: `etagc` is %x21, %x23-7E and %x80-FF.
#[test]
fn each_byte_is_valid_in_a_tag_as_the_grammar_allows() {
    for byte in 0..=u8::MAX {
        let legal = byte == 0x21 || (0x23..=0x7e).contains(&byte) || byte >= 0x80;
        assert_eq!(ETag::strong([byte]).is_ok(), legal, "{byte:#x}");
        assert_eq!(ETag::weak([b'a', byte, b'b']).is_ok(), legal, "{byte:#x}");
        assert_eq!(ETag::parse([b'"', byte, b'"']).is_ok(), legal, "{byte:#x}");
    }
}

#[test]
fn strong_and_weak_build_a_tag_from_its_opaque_part() -> Result {
    assert_eq!(ETag::strong("v7")?, ETag::parse("\"v7\"")?);
    assert_eq!(ETag::weak(String::from("v7"))?, ETag::parse("W/\"v7\"")?);
    assert_eq!(ETag::strong(b"\xe4")?, ETag::parse(b"\"\xe4\"")?);
    assert_eq!(ETag::strong("")?, ETag::parse("\"\"")?);
    assert!(ETag::strong("\"v7\"").is_err());
    Ok(())
}

/// A field value has no white space around it (RFC 9110 §5.5), an entity tag has none inside.
#[test]
fn whitespace_around_a_field_value_is_ignored() -> Result {
    assert_eq!(ETag::try_from(&HeaderValue::from_static(" \t\"a\" "))?, ETag::strong("a")?);
    assert!(ETag::try_from(&HeaderValue::from_static(" \" a\" ")).is_err());
    assert!(ETag::try_from(&HeaderValue::from_static(" ")).is_err());
    Ok(())
}

/// `==` is neither comparison; it allows tags as keys of a map.
#[test]
fn equality_is_that_of_the_field_value() -> Result {
    assert_ne!(ETag::strong("1")?, ETag::weak("1")?);
    assert_eq!(ETag::weak("1")?, ETag::weak("1")?);
    assert_eq!(HashSet::from([ETag::strong("1")?, ETag::weak("1")?, ETag::strong("1")?]).len(), 2);
    Ok(())
}

/// The hashes are those of the reference implementation (Python's `xxhash`, `xxh3_128_hexdigest`).
#[test]
fn of_bytes_is_xxh3_and_length() {
    let content: Vec<u8> = (0..251).cycle().take(100_000).collect();
    #[rustfmt::skip]
    let table = [
        (0,       "\"99aa06d3014798d86001c324468d497f-0\""),
        (1,       "\"a6cd5e9392000f6ac44bdff4074eecdb-1\""),
        (15,      "\"301a9f754e8f569a0017ea4be19bc787-f\""),
        (16,      "\"72950631827607e2842812cc870dcae2-10\""),
        (22,      "\"0e6de6e1703db8ed8c8390c8c8802fd4-16\""),
        (240,     "\"65b5be86da5540e7c92b68e16f83bbb6-f0\""),
        (1_000,   "\"18bf41bc8229e27733ef703fb2b20ed1-3e8\""),
        (100_000, "\"54182c58bbb1337c42c23aeead96750d-186a0\""),
    ];
    for (length, expected) in table {
        let tag = ETag::of_bytes(content.get(..length).unwrap_or_default());
        assert_eq!(tag.to_string(), expected);
        assert!(!tag.is_weak());
        assert_eq!(ETag::parse(expected), Ok(tag));
    }
}
