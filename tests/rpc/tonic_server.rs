//! Responses that a tonic client gets from tonic's server, from tonic in axum, and through `named_layer`, over loopback.

use std::time::Duration;

use http::{StatusCode, uri::PathAndQuery};
use tonic::{
    Code,
    service::{LayerExt, Routes},
    transport::{Channel, Server, server::TcpIncoming},
};
use tonic_types::StatusExt;
use tower::{
    ServiceBuilder, ServiceExt, limit::GlobalConcurrencyLimitLayer, load_shed::LoadShedLayer, timeout::TimeoutLayer,
};
use tower_status::{Status, catalog::GrpcCode};

use crate::common::{PROBLEM_JSON, explanation, get, read, request};
use crate::tonic_shop::{
    Fault, Hosts, SIZE, ShopError, Text, assert_wrong_size, call, hosts, layer, listen, open, size,
};

#[tokio::test]
async fn a_success_passes_unchanged() {
    for (host, channel, _control) in hosts!(ServiceBuilder::new().layer(layer()).layer(Fault::None.layer())) {
        assert_eq!(call(channel.clone(), "/shop.Orders/Echo", "Grüße").await.unwrap(), "Grüße", "{host}");
        let long = "x".repeat(100_000);
        assert_eq!(call(channel, "/shop.Orders/Echo", &long).await.unwrap(), long, "{host}");
    }
}

#[tokio::test]
async fn an_application_error_has_code_message_and_details() {
    for (host, channel, _control) in hosts!(ServiceBuilder::new().layer(layer())) {
        assert_wrong_size(&call(channel.clone(), SIZE, "").await.unwrap_err(), "8", &format!("{host}, of a handler"));
        // The message of a 5xx is hidden.
        let seen = call(channel.clone(), "/shop.Orders/Database", "").await.unwrap_err();
        let hidden = explanation(StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!((seen.code(), seen.message()), (Code::Internal, hidden), "{host}");
        // The layer maps the error that the handler carries.
        let seen = call(channel, "/shop.Orders/Carried", "").await.unwrap_err();
        assert_eq!(seen.code(), Code::ResourceExhausted, "{host}");
    }
    for (host, channel, _control) in hosts!(ServiceBuilder::new().layer(layer()).layer(Fault::Call.layer())) {
        assert_wrong_size(
            &call(channel, "/shop.Orders/Echo", "").await.unwrap_err(),
            "7",
            &format!("{host}, of a layer"),
        );
    }
    for (host, channel, _control) in hosts!(ServiceBuilder::new().layer(layer()).layer(Fault::Unknown.layer())) {
        let seen = call(channel, "/shop.Orders/Echo", "").await.unwrap_err();
        assert_eq!(seen.code(), Code::Internal, "{host}");
        assert!(!seen.message().contains("secret"), "{host}");
    }
}

#[tokio::test]
async fn a_readiness_error_is_the_response_to_every_call() {
    for (host, channel, _control) in hosts!(ServiceBuilder::new().layer(layer()).layer(Fault::Readiness.layer())) {
        for _ in 0..2 {
            let seen = call(channel.clone(), "/shop.Orders/Echo", "").await.unwrap_err();
            assert_eq!((seen.code(), seen.message()), (Code::Unavailable, "the warehouse is closed"), "{host}");
            let delay = seen.get_details_retry_info().unwrap().retry_delay;
            assert_eq!(delay, Some(Duration::from_millis(1500)), "{host}");
        }
    }
}

#[tokio::test]
async fn towers_timeout_is_deadline_exceeded() {
    let layers = || ServiceBuilder::new().layer(layer()).layer(TimeoutLayer::new(Duration::ZERO));
    for (host, channel, _control) in hosts!(layers()) {
        let seen = call(channel, "/shop.Orders/Hang", "").await.unwrap_err();
        let message = GrpcCode::DeadlineExceeded.explanation();
        assert_eq!((seen.code(), seen.message()), (Code::DeadlineExceeded, message), "{host}");
        assert!(message.contains("deadline"));
    }
}

#[tokio::test]
async fn an_overload_is_resource_exhausted_with_a_retry_delay() {
    let layers = || {
        let shed = ServiceBuilder::new().layer(layer()).layer(LoadShedLayer::new());
        shed.layer(GlobalConcurrencyLimitLayer::new(1))
    };
    for (host, channel, mut control) in hosts!(layers()) {
        let first = tokio::spawn(call(channel.clone(), "/shop.Orders/Hang", ""));
        control.hanging.recv().await.unwrap();
        let seen = call(channel.clone(), "/shop.Orders/Echo", "").await.unwrap_err();
        assert_eq!(seen.code(), Code::ResourceExhausted, "{host}");
        let delay = seen.get_details_retry_info().unwrap().retry_delay;
        assert_eq!(delay, Some(Duration::from_secs(1)), "{host}");
        first.abort();
    }
}

#[cfg(feature = "buffer")]
#[tokio::test]
async fn the_error_of_a_service_in_a_buffer_keeps_its_code() {
    use tower::buffer::BufferLayer;
    for (fault, code) in [(Fault::None, Code::Ok), (Fault::Call, Code::Aborted), (Fault::Readiness, Code::Unavailable)]
    {
        let layers = || layer().recognize::<ShopError>();
        for (host, channel, _control) in
            hosts!(ServiceBuilder::new().layer(layers()).layer(BufferLayer::new(4)).layer(fault.layer()))
        {
            for _ in 0..2 {
                let seen = call(channel.clone(), "/shop.Orders/Echo", "x").await;
                assert_eq!(seen.map_or_else(|status| status.code(), |_| Code::Ok), code, "{host}");
            }
        }
    }
}

#[tokio::test]
async fn an_unknown_method_is_unimplemented() {
    for (host, channel, _control) in hosts!(ServiceBuilder::new().layer(layer())) {
        for path in ["/shop.Orders/Nothing", "/other.Service/Echo"] {
            assert_eq!(call(channel.clone(), path, "").await.unwrap_err().code(), Code::Unimplemented, "{host} {path}");
        }
        // The connection serves on.
        assert_eq!(call(channel, "/shop.Orders/Echo", "x").await.unwrap(), "x", "{host}");
    }
}

/// Calls `Long` with 20 KiB, and checks the cut message.
async fn long(channel: Channel, host: &str) -> tonic::Status {
    let long = "größe 50% 🌷 ".repeat(20 * 1024 / 18);
    let seen = call(channel, "/shop.Orders/Long", &long).await.unwrap_err();
    assert_eq!(seen.code(), Code::InvalidArgument, "{host}");
    let kept = seen.message().strip_suffix('…').unwrap_or(seen.message());
    assert!(long.starts_with(kept) && kept.len() > 1_000, "{host}: {}", kept.len());
    assert!(seen.details().is_empty(), "{host}: details are dropped before the message is cut");
    seen
}

/// The limit includes the fields that the server adds.
#[tokio::test]
async fn a_message_of_20_kib_is_cut_to_3_kib() {
    for (host, channel, _control) in hosts!(ServiceBuilder::new().layer(layer())) {
        let seen = long(channel, host).await;
        assert!(size(&seen) < 3 * 1024, "{host}: {}", size(&seen));
    }
}

/// The layer does not write trailers. A client with grpcio's default limit would get `RESOURCE_EXHAUSTED`.
#[tokio::test]
async fn a_detail_of_20_kib_in_the_middle_of_a_stream_is_cut() {
    let long = "größe 50% ".repeat(20_000 / 12);
    for (host, channel, control) in hosts!(ServiceBuilder::new().layer(layer())) {
        control.watched.send(Ok("one".into())).unwrap();
        control.watched.send(Err(Status::from(ShopError::Long(long.clone())).into())).unwrap();
        let mut client = tonic::client::Grpc::new(channel);
        client.ready().await.unwrap();
        let request = tonic::Request::new(String::new());
        let response = client.server_streaming(request, PathAndQuery::from_static("/shop.Orders/Watch"), Text).await;
        let mut stream = response.unwrap().into_inner();
        assert_eq!(stream.message().await.unwrap().as_deref(), Some("one"), "{host}");
        let seen = stream.message().await.unwrap_err();
        assert_eq!(seen.code(), Code::InvalidArgument, "{host}");
        let kept = seen.message().strip_suffix('…').unwrap();
        assert!(long.starts_with(kept) && kept.len() > 1_000, "{host}: {}", kept.len());
        let mut fields = http::HeaderMap::new();
        seen.add_header(&mut fields).unwrap();
        let size: usize = fields.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
        assert!(size < 3 * 1024, "{host}: {size}");
    }
}

#[tokio::test]
async fn messages_of_a_stream_pass_one_by_one_and_its_error_in_trailers() {
    for (host, channel, control) in hosts!(ServiceBuilder::new().layer(layer()).layer(Fault::None.layer())) {
        let mut client = tonic::client::Grpc::new(channel);
        client.ready().await.unwrap();
        control.watched.send(Ok("one".into())).unwrap();
        let request = tonic::Request::new(String::new());
        let response = client.server_streaming(request, PathAndQuery::from_static("/shop.Orders/Watch"), Text).await;
        let mut stream = response.unwrap().into_inner();
        for (this, next) in [("one", Ok("two")), ("two", Ok("three")), ("three", Err(ShopError::Size(9)))] {
            assert_eq!(stream.message().await.unwrap().as_deref(), Some(this), "{host}");
            let next = next.map(str::to_owned).map_err(|error| Status::from(error).into());
            control.watched.send(next).unwrap();
        }
        // The error is in trailers, which pass unchanged.
        let seen = stream.message().await.unwrap_err();
        assert_eq!((seen.code(), seen.message()), (Code::Aborted, "the größe of order 9 is 50% off"), "{host}");
        assert_eq!(seen.get_details_error_info().unwrap().reason, "WRONG_SIZE", "{host}");
    }
}

#[tokio::test]
async fn the_end_of_a_stream_passes() {
    for (host, channel, control) in hosts!(ServiceBuilder::new().layer(layer())) {
        let mut client = tonic::client::Grpc::new(channel);
        client.ready().await.unwrap();
        let request = tonic::Request::new(String::new());
        let response = client.server_streaming(request, PathAndQuery::from_static("/shop.Orders/Watch"), Text).await;
        let mut stream = response.unwrap().into_inner();
        control.watched.send(Ok("one".into())).unwrap();
        assert_eq!(stream.message().await.unwrap().as_deref(), Some("one"), "{host}");
        drop(control);
        assert_eq!(stream.message().await.unwrap(), None, "{host}");
    }
}

#[tokio::test]
async fn an_error_before_the_first_message_is_trailers_only() {
    for (host, channel, _control) in hosts!(ServiceBuilder::new().layer(layer()).layer(Fault::Call.layer())) {
        let mut client = tonic::client::Grpc::new(channel);
        client.ready().await.unwrap();
        let request = tonic::Request::new(String::new());
        let response = client.server_streaming(request, PathAndQuery::from_static("/shop.Orders/Watch"), Text).await;
        assert_wrong_size(&response.map(|_| ()).unwrap_err(), "7", host);
    }
}

/// Both protocols share a port; Accept does not matter.
#[tokio::test]
async fn a_plain_request_gets_plain_http() {
    for (host, channel, _control) in hosts!(ServiceBuilder::new().layer(layer())) {
        let fields = [("accept", "application/grpc"), ("accept", "application/grpc-web-text")];
        let targets = [("GET", "/shop.Orders/Nothing"), ("POST", "/shop.Orders/Nothing"), ("GET", "/shop.Orders")];
        for (method, path) in targets {
            for field in fields {
                if host == "named_layer" && path == "/shop.Orders" {
                    continue; // outside of the layer
                }
                let request = request(method, path, &[field]).map(|()| tonic::body::Body::empty());
                let response = channel.clone().oneshot(request).await.unwrap();
                assert!(response.status().as_u16() >= 400, "{host} {method} {path}: {}", response.status());
                assert_eq!(response.headers()["content-type"], PROBLEM_JSON, "{host} {method} {path}");
                assert!(!response.headers().contains_key("grpc-status"), "{host} {method} {path}");
            }
        }
        if host == "tonic in axum" {
            let request = get("/plain", &[]).map(|()| tonic::body::Body::empty());
            assert_eq!(read(channel.oneshot(request).await.unwrap()).await.1, "plain");
        }
    }
}
