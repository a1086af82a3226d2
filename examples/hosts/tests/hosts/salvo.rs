//! salvo: the layer becomes a hoop with `compat`, and explains what the handlers inside return.

use http_body_util::BodyExt;
use salvo::{
    Router, Service, handler,
    http::{ReqBody, Request, ResBody, Response},
    prelude::TowerLayerCompat,
    test::{ResponseExt, TestClient},
};
use tower_status::{Status, StatusMapLayer};

use hosts::find;

use crate::check_not_found;

/// Takes over the response of a status.
fn render(status: Status, response: &mut Response) {
    let body = |body: tower_status::StatusBody<_>| {
        ResBody::Boxed(Box::pin(body.map_err(|never: std::convert::Infallible| match never {})))
    };
    response.merge_hyper(status.into_http_response().map(body));
}

#[handler]
async fn order(request: &mut Request, response: &mut Response) {
    match find(request.uri().path()) {
        Ok(text) => response.render(text),
        Err(status) => render(status, response),
    }
}

#[tokio::test]
async fn a_status_of_a_handler_is_explained() {
    let router = Router::with_path("orders/{id}").hoop(StatusMapLayer::new().compat::<ReqBody>()).get(order);
    let service = Service::new(router);
    let mut response = TestClient::get("http://localhost/orders/7").send(&service).await;
    assert_eq!(response.take_string().await.unwrap(), "seven tulips");

    let mut response = TestClient::get("http://localhost/orders/8").send(&service).await;
    let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
    let (code, body) = (response.status_code.unwrap().as_u16(), response.take_bytes(None).await.unwrap());
    check_not_found(code, &content_type, &body, "/orders/8");

    // A browser gets a page.
    let page =
        TestClient::get("http://localhost/orders/8").add_header("accept", "text/html", true).send(&service).await;
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
}
