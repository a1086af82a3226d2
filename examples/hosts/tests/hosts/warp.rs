//! warp: `warp::service` is a tower service whose rejections are already responses.

use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use tower::{ServiceBuilder, ServiceExt};
use tower_status::{Status, StatusMapLayer};
use warp::{Filter, Reply, reply::Response};

use hosts::find;

use crate::check_not_found;

/// A reply with a status. warp's body has no room for another one, so this document is final: a browser gets JSON, too.
async fn error(status: Status) -> Response {
    let (parts, body) = status.into_http_response().into_parts();
    match body.collect().await {
        Ok(body) => Response::from_parts(parts, body.to_bytes().into()),
        Err(never) => match never {},
    }
}

async fn order(id: u64) -> Response {
    match find(&format!("/orders/{id}")) {
        Ok(text) => text.into_response(),
        Err(status) => error(status).await,
    }
}

#[tokio::test]
async fn a_reply_and_a_rejection_are_explained() {
    let service = ServiceBuilder::new()
        .layer(StatusMapLayer::new())
        .service(warp::service(warp::path!("orders" / u64).then(order)));
    for path in ["/orders/7", "/orders/8", "/nowhere"] {
        let request = Request::get(path).body(Empty::<Bytes>::new()).unwrap();
        let (parts, body) = service.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        match path {
            "/orders/7" => assert_eq!((parts.status.as_u16(), &body[..]), (200, &b"seven tulips"[..])),
            "/orders/8" => {
                let content_type = parts.headers["content-type"].to_str().unwrap();
                check_not_found(parts.status.as_u16(), content_type, &body, path);
            }
            // warp's rejection has no body.
            _ => {
                assert_eq!(parts.status, 404);
                assert_eq!(parts.headers["content-type"], "application/problem+json");
            }
        }
    }
}
