//! Raw identifiers of the type, the variant and the fields, and in a template.
#![allow(non_camel_case_types)]

use tower_status::{IntoStatus, Status};

#[derive(Debug, thiserror::Error, IntoStatus)]
enum r#enum {
    #[error("lost")]
    #[status(404, detail = "no {type} here", retry_after = r#in)]
    r#struct {
        #[status(extension = "kind")]
        r#type: &'static str,
        #[status(extension)]
        r#match: u8,
        r#in: u64,
    },
}

#[test]
fn raw_identifiers_lose_their_prefix() {
    let status = Status::from(r#enum::r#struct { r#type: "order", r#match: 7, r#in: 3 });
    assert_eq!(status.detail(), Some("no order here"));
    assert_eq!(status.extension("kind").unwrap(), "order");
    assert_eq!(status.extension("match").unwrap(), 7);
    assert_eq!(status.headers()["retry-after"], "3");
}
