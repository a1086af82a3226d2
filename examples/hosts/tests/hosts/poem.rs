//! poem: a tower service becomes an endpoint with `compat`. A layer cannot wrap endpoints: their types are not `http`'s.

use std::convert::Infallible;

use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Bytes;
use poem::{Route, endpoint::TowerCompatExt, test::TestClient};
use tower::{Service, ServiceBuilder};
use tower_status::{Status, StatusBody, StatusMapLayer};

use hosts::find;

use crate::check_not_found;

/// Returns the service below one path.
fn shop<B: Send + 'static>()
-> impl Service<Request<B>, Response = Response<StatusBody<Full<Bytes>>>, Error = Infallible, Future: Send>
+ Clone
+ Send
+ Sync {
    ServiceBuilder::new().layer(StatusMapLayer::new()).service_fn(async |request: Request<B>| {
        let found = find(request.uri().path())?;
        Ok::<_, Status>(Response::new(Full::from(found)))
    })
}

#[tokio::test]
async fn an_error_of_the_service_is_a_response_of_poem() {
    let never = |error: Infallible| -> poem::Error { match error {} };
    let service = ServiceBuilder::new().map_err(never).service(shop());
    let client = TestClient::new(Route::new().nest_no_strip("/orders", service.compat()));
    client.get("/orders/7").send().await.assert_text("seven tulips").await;
    let response = client.get("/orders/8").send().await;
    let content_type = response.0.content_type().unwrap().to_owned();
    let code = response.0.status().as_u16();
    let body = response.0.into_body().into_bytes().await.unwrap();
    check_not_found(code, &content_type, &body, "/orders/8");
}
