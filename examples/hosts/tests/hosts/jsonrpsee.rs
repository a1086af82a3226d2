//! jsonrpsee: its HTTP middleware requires `Error = BoxError`, so the error of the layer, which never occurs, is converted.

use std::convert::Infallible;

use jsonrpsee::{RpcModule, server::Server};
use serde_json::json;
use tower::{BoxError, ServiceBuilder};
use tower_status::StatusMapLayer;

#[tokio::test]
async fn an_http_error_is_explained_and_a_call_passes() {
    let never = |error: Infallible| -> BoxError { match error {} };
    let middleware = ServiceBuilder::new().map_err(never).layer(StatusMapLayer::new());
    let server = Server::builder().set_http_middleware(middleware).build("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", server.local_addr().unwrap());
    let mut module = RpcModule::new(());
    module.register_method("order", |_, (), _| "seven tulips").unwrap();
    let handle = server.start(module);

    let client = reqwest::Client::new();
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "order" });
    let response = client.post(&url).json(&call).send().await.unwrap();
    assert_eq!(response.json::<serde_json::Value>().await.unwrap()["result"], "seven tulips");
    // An error of JSON-RPC is a 200, which the layer does not touch.
    let unknown = json!({ "jsonrpc": "2.0", "id": 1, "method": "nothing" });
    let response = client.post(&url).json(&unknown).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.json::<serde_json::Value>().await.unwrap()["error"]["code"], -32601);

    // Its 405 has a text, which becomes the detail.
    let response = client.get(&url).send().await.unwrap();
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let detail = response.json::<serde_json::Value>().await.unwrap()["detail"].clone();
    assert!(detail.as_str().unwrap().contains("POST"), "{detail}");
    handle.stop().unwrap();
}
