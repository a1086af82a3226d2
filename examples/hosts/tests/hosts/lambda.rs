//! AWS Lambda: the service is an ordinary tower service.

use lambda_http::{Adapter, Body, Context, LambdaEvent, Request, Response, request::LambdaRequest};
use serde_json::json;
use tower::{Service, ServiceBuilder, ServiceExt};
use tower_status::{Status, StatusMapLayer};

use hosts::find;

use crate::check_not_found;

async fn handler(request: Request) -> Result<Response<Body>, Status> {
    find(request.uri().path()).map(|text| Response::new(text.into()))
}

/// Returns the service. `lambda_http::run` runs it.
fn service()
-> impl Service<Request, Response = Response<tower_status::StatusBody<Body>>, Error = std::convert::Infallible, Future: Send>
{
    ServiceBuilder::new().layer(StatusMapLayer::new()).service_fn(handler)
}

#[tokio::test]
async fn an_error_is_the_response_of_the_function() {
    // An event of API Gateway (payload version 2.0), without the fields that the handler does not need.
    let event = |path: &str| {
        let http = json!({ "method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1" });
        let event = json!({
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "", "isBase64Encoded": false,
            "headers": { "accept": "*/*", "host": "example.org" },
            "requestContext": { "http": http, "stage": "$default", "timeEpoch": 0 },
        });
        let request: LambdaRequest = serde_json::from_value(event).unwrap();
        LambdaEvent::new(request, Context::default())
    };
    for (path, code) in [("/orders/7", 200), ("/orders/8", 404)] {
        let response = Adapter::from(service()).oneshot(event(path)).await.unwrap();
        let response = serde_json::to_value(response).unwrap();
        assert_eq!(response["statusCode"], code, "{response}");
        let body = response["body"].as_str().unwrap();
        if code == 200 {
            assert_eq!(body, "seven tulips");
        } else {
            let content_type = response["headers"]["content-type"].as_str().unwrap();
            check_not_found(404, content_type, body.as_bytes(), path);
        }
    }
}
