//! No update is lost: the precondition is checked inside the transaction of the write.
#![allow(clippy::unwrap_used)] // a test may panic

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::{Value, json};
use tokio::sync::Barrier;
use tower::ServiceExt;

const WRITERS: u32 = 64;

async fn send(app: Router, method: &str, content: Body) -> (StatusCode, Option<String>, Value) {
    let request = Request::builder()
        .method(method)
        .uri("/orders/1")
        .header("authorization", "Bearer clerk-token")
        .header("content-type", "application/json")
        .header("if-match", "\"v1\"")
        .body(content)
        .unwrap();
    let (head, body) = app.oneshot(request).await.unwrap().into_parts();
    let tag = head.headers.get("etag").and_then(|tag| tag.to_str().ok()).map(str::to_owned);
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    (head.status, tag, serde_json::from_slice(&body).unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_64_writers_with_the_same_tag_wins() {
    let folder = tempfile::tempdir().unwrap();
    let db = orders::open(&folder.path().join("orders.db"), WRITERS).await.unwrap();
    let app = orders::app(db);
    let barrier = Arc::new(Barrier::new(WRITERS as usize));
    let writers: Vec<_> = (1..=WRITERS)
        .map(|quantity| {
            let (app, barrier) = (app.clone(), barrier.clone());
            tokio::spawn(async move {
                let draft = json!({ "reference": "A-1", "customer": 1, "item": "tulips", "quantity": quantity });
                barrier.wait().await;
                (quantity, send(app, "PUT", draft.to_string().into()).await)
            })
        })
        .collect();

    let mut codes = BTreeMap::<u16, u32>::new();
    let mut winner = None;
    for writer in writers {
        let (quantity, (code, tag, _)) = writer.await.unwrap();
        *codes.entry(code.as_u16()).or_default() += 1;
        if code == 200 {
            winner = Some((quantity, tag));
        }
    }
    assert_eq!(codes, BTreeMap::from([(200, 1), (412, WRITERS - 1)]));
    let (quantity, tag) = winner.unwrap();
    assert_eq!(tag.as_deref(), Some("\"v2\""));

    // The order is that of the successful writer, and was written once.
    let request = Request::get("/orders/1").header("authorization", "Bearer clerk-token").body(Body::empty()).unwrap();
    let response = app.oneshot(request).await.unwrap();
    assert_eq!(response.headers().get("etag").unwrap(), "\"v2\"");
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let order: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(order.get("quantity"), Some(&quantity.into()));
}
