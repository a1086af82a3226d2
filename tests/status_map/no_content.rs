//! A response whose code has no content (RFC 9110 §6.4.1): its empty body is kept, any other is removed.

use std::sync::Arc;

use tower::{Layer, ServiceExt};
use tower_status::{Status, StatusMapLayer};

use crate::common::{
    Fields,
    body::{data, script},
    get, response, returns_once,
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
    // A coding makes even an empty body one that is removed.
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
