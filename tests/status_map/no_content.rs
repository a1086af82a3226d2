//! A response whose code has no content (RFC 9110 §6.4.1): its empty body is kept, any other is removed.

use std::sync::Arc;

use tower::{Layer, ServiceExt};
use tower_status::{Status, StatusMapLayer};

use crate::common::{
    Fields,
    body::{Script, data, script},
    get, response, returns_once,
};

#[tokio::test]
async fn an_empty_body_of_a_response_without_content_is_kept() {
    let bodies: [(&str, fn() -> Script, bool); 5] = [
        ("it claims its end", || script([]).claims_end(), true),
        ("its size is 0", || script([]).exact(0), true),
        ("its end is unknown", || script([]), false),
        ("it has text of known size", || script([data("text")]).exact(4), false),
        ("it is a stream", || script([data("text")]), false),
    ];
    let fields: [(&str, Fields<'_>, bool); 4] = [
        ("no field", &[], true),
        ("content-encoding", &[("content-encoding", "gzip")], false),
        ("transfer-encoding", &[("transfer-encoding", "chunked")], false),
        ("content-length", &[("content-length", "4")], true),
    ];
    for code in [204, 205, 304] {
        for (body_name, body, is_empty) in bodies {
            for (fields_name, fields, is_plain) in fields {
                for fill in [true, false] {
                    let name = format!("{code}, {body_name}, {fields_name}, fill({fill})");
                    let body = body();
                    let held = body.held();
                    let inner = returns_once::<_, Status>(Ok(response(code, fields, body)));
                    let layer = StatusMapLayer::new().fill(fill);
                    let sent = layer.layer(inner).oneshot(get("/", &[])).await.unwrap();
                    // One for `held` itself.
                    let kept = Arc::strong_count(&held) > 1;
                    assert_eq!(kept, !fill || is_empty && is_plain, "{name}");
                    let has_coding = sent.headers().contains_key("content-encoding");
                    assert_eq!(has_coding, !fill && fields_name == "content-encoding", "{name}");
                    assert_eq!(sent.status(), code, "{name}");
                }
            }
        }
    }
}
