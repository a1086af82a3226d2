//! The Connect example: the same errors over Connect and gRPC, in plain HTTP and from a client.

use reqwest::Version;
use serde_json::{Value, json};
use tonic::Code;

use crate::{
    example::{Example, client, field},
    shop::v1::{OrderRequest, shop_client::ShopClient},
};

#[tokio::test]
async fn connect_returns_the_same_errors_over_connect_and_grpc() {
    let example = Example::start("connect", 0);
    let mut grpc = ShopClient::connect(example.url.clone()).await.unwrap();
    let method = format!("{}/shop.v1.Shop/Order", example.url);
    let hidden = "An unexpected problem on the server prevented this request from being completed.";
    let deadline = "The operation was not complete before the deadline.";
    let rows = [
        (4, Code::Aborted, "aborted", 409, "order 4 is being changed"),
        (5, Code::Internal, "internal", 500, hidden),
        (6, Code::DeadlineExceeded, "deadline_exceeded", 504, deadline),
        (8, Code::NotFound, "not_found", 404, "order 8 does not exist"),
        (9, Code::NotFound, "not_found", 404, "order 9 was deleted: 100 % of its 3 € is refunded"),
    ];
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let http = client(version);
        for (id, code, name, status, message) in rows {
            let error = grpc.order(OrderRequest { id }).await.unwrap_err();
            assert_eq!((error.code(), error.message()), (code, message), "{id}");
            let post = http.post(&method).header("connect-protocol-version", "1").json(&json!({ "id": id }));
            // As the second line of the example's documentation.
            let get = http.get(format!("{method}?connect=v1&encoding=json&message=%7B%22id%22:{id}%7D"));
            for request in [post, get] {
                let response = request.send().await.unwrap();
                let content_type = field(&response, "content-type").to_owned();
                assert_eq!((response.status().as_u16(), &*content_type), (status, "application/json"), "{id}");
                let error: Value = response.json().await.unwrap();
                assert_eq!((&error["code"], &error["message"]), (&json!(name), &json!(message)), "{id}");
            }
        }
        let response = http.post(&method).header("connect-protocol-version", "1").json(&json!({ "id": 7 }));
        let reply: Value = response.send().await.unwrap().json().await.unwrap();
        assert_eq!(reply, json!({ "id": "7", "item": "seven tulips" }));
        // A plain request is not a Connect request.
        let response = http.get(format!("{}/nowhere", example.url)).send().await.unwrap();
        assert_eq!((response.status().as_u16(), field(&response, "content-type")), (404, "application/problem+json"));
    }
}
