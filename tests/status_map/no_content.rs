//! A response whose code has no content (RFC 9110 §6.4.1): its empty body is kept, any other is removed.

use std::sync::Arc;

use tower::{Layer, ServiceExt};
use tower_status::{Status, StatusMapLayer};

use crate::common::{
    Fields,
    body::{Script, data, script},
    field, get, response, returns_once,
};

#[tokio::test]
async fn an_empty_body_of_a_response_without_content_is_kept_and_any_other_is_removed() {
    let empty = || [("claims its end", script([]).claims_end()), ("size 0", script([]).exact(0))];
    let unknown = || {
        [
            ("unknown end", script([])),
            ("text of known size", script([data("text")]).exact(4)),
            ("a stream", script([data("text")])),
        ]
    };
    // With a content coding even an empty body is removed.
    let plain: [Fields<'_>; 2] = [&[], &[("content-length", "4")]];
    let coded: [Fields<'_>; 2] = [&[("content-encoding", "gzip")], &[("transfer-encoding", "chunked")]];
    for code in [204, 205, 304] {
        for fields in plain.into_iter().chain(coded) {
            for (name, body) in empty().into_iter().chain(unknown()) {
                let is_kept = plain.contains(&fields) && empty().iter().any(|(empty, _)| *empty == name);
                for fill in [true, false] {
                    let row = format!("{code}, {name}, {fields:?}, fill({fill})");
                    let body = body.clone();
                    let held = body.held();
                    let others = Arc::strong_count(&held);
                    let inner = returns_once::<_, Status>(Ok(response(code, fields, body)));
                    let layer = StatusMapLayer::new().fill(fill);
                    let sent = layer.layer(inner).oneshot(get("/", &[])).await.unwrap();
                    assert_eq!(Arc::strong_count(&held) == others, is_kept || !fill, "{row}");
                    let had_coding = fields.iter().any(|(name, _)| *name == "content-encoding");
                    assert_eq!(sent.headers().contains_key("content-encoding"), had_coding && !fill, "{row}");
                    assert_eq!(sent.status(), code, "{row}");
                }
            }
        }
    }
}

/// RFC 9110 §8.6: the length of the 200, or none.
#[tokio::test]
async fn a_304_has_the_content_length_of_the_200_if_it_is_known() {
    let sized = || script([data("text")]).exact(4);
    let stream = || script([data("text")]);
    let rows: [(&str, Script, Fields<'_>, Option<&str>); 7] = [
        ("a size", sized(), &[], Some("4")),
        ("a field", stream(), &[("content-length", "4")], Some("4")),
        ("neither", stream(), &[], None),
        ("an empty body, as to HEAD", script([]).exact(0), &[], None),
        ("an empty body with a field", script([]).exact(0), &[("content-length", "4")], Some("4")),
        ("several fields", stream(), &[("content-length", "4"), ("content-length", "5")], None),
        ("a coding", sized(), &[("content-encoding", "gzip"), ("content-length", "4")], None),
    ];
    for (name, body, fields, expected) in rows {
        let inner = response(200, &[&[("etag", "\"v1\"")][..], fields].concat(), body);
        let asked = get("/", &[("if-none-match", "\"v1\"")]);
        let sent = StatusMapLayer::new().layer(returns_once(Ok::<_, Status>(inner))).oneshot(asked).await.unwrap();
        assert_eq!(sent.status(), 304, "{name}");
        assert_eq!(field(sent.headers(), "content-length").as_deref(), expected, "{name}");
        assert!(!sent.headers().contains_key("content-encoding"), "{name}");
    }
}
