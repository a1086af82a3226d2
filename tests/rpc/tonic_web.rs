//! gRPC-Web through tonic-web and CORS, inside and outside the layer.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use tonic::{Code, service::Routes};
use tonic_web::{GrpcWebCall, GrpcWebClientService, GrpcWebLayer};
use tower::{BoxError, Service, ServiceBuilder, ServiceExt, util::BoxCloneService};
use tower_http::cors::{Any, CorsLayer};

use crate::common::{PROBLEM_JSON, get, lines, read, request};
use crate::tonic_shop::{Fault, SIZE, assert_wrong_size, call, layer, open};

const ORIGIN: &str = "https://page.example";

const FIELDS: [&str; 3] = ["grpc-status", "grpc-message", "grpc-status-details-bin"];

type Web = BoxCloneService<Request<tonic::body::Body>, Response<tonic::body::Body>, BoxError>;

fn erased<S, B>(service: S) -> Web
where
    S: Service<Request<tonic::body::Body>, Response = Response<B>, Error: Into<BoxError>, Future: Send>,
    S: Clone + Send + 'static,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    service.map_response(|response| response.map(tonic::body::Body::new)).map_err(Into::into).boxed_clone()
}

/// Returns the shop with CORS outermost and tonic-web inside the layer.
fn web_inside(cors: CorsLayer, fault: Fault) -> Web {
    let layers = ServiceBuilder::new().layer(cors).layer(layer()).layer(GrpcWebLayer::new()).layer(fault.layer());
    erased(layers.service(Routes::new(open().0)))
}

/// Returns the shop with CORS outermost and tonic-web outside of the layer.
fn web_outside(cors: CorsLayer, fault: Fault) -> Web {
    let layers = ServiceBuilder::new().layer(cors).layer(GrpcWebLayer::new()).layer(layer()).layer(fault.layer());
    erased(layers.service(Routes::new(open().0)))
}

/// Exposes the three fields, as the documentation of tonic-web recommends.
fn exposing() -> CorsLayer {
    CorsLayer::new().allow_origin(Any).expose_headers(FIELDS.map(http::HeaderName::from_static))
}

#[tokio::test]
async fn a_grpc_web_client_works_with_tonic_web_inside_and_outside() {
    for (order, make) in [("inside", web_inside as fn(_, _) -> Web), ("outside", web_outside)] {
        let client = |fault| {
            let service = make(exposing(), fault);
            GrpcWebClientService::new(
                service.map_request(|request: Request<GrpcWebCall<_>>| request.map(tonic::body::Body::new)),
            )
        };
        assert_eq!(call(client(Fault::None), "/shop.Orders/Echo", "Grüße").await.unwrap(), "Grüße", "{order}");
        assert_wrong_size(&call(client(Fault::None), SIZE, "").await.unwrap_err(), "8", order);
        assert_wrong_size(&call(client(Fault::Call), "/shop.Orders/Echo", "").await.unwrap_err(), "7", order);
        for path in ["/shop.Orders/Nothing", "/other.Service/Echo"] {
            let seen = call(client(Fault::None), path, "").await.unwrap_err();
            assert_eq!(seen.code(), Code::Unimplemented, "{order} {path}");
        }
        let seen = call(client(Fault::Readiness), "/shop.Orders/Echo", "").await.unwrap_err();
        assert_eq!((seen.code(), seen.message()), (Code::Unavailable, "the warehouse is closed"), "{order}");
    }
}

/// Returns the fields of the trailer frame at the end of a body.
fn trailer_frame(mut body: &[u8]) -> Option<String> {
    while let [kind, a, b, c, d, rest @ ..] = body {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        if kind & 0x80 != 0 {
            return Some(String::from_utf8(rest[..length].to_vec()).unwrap());
        }
        body = &rest[length..];
    }
    None
}

/// As documented, that CORS layer has to list the fields.
#[tokio::test]
async fn cors_with_expose_headers_outside_replaces_the_list_of_exposed_fields() {
    const EXPOSE: &str = "access-control-expose-headers";
    let status_fields = FIELDS.join(", ");
    let of_page = CorsLayer::new().allow_origin(Any).expose_headers([http::HeaderName::from_static("x-page")]);
    for (cors, expected) in [(CorsLayer::new().allow_origin(Any), &*status_fields), (of_page, "x-page")] {
        let fields = [("content-type", "application/grpc-web+proto"), ("origin", ORIGIN)];
        let request = request("POST", "/shop.Orders/Echo", &fields).map(|()| tonic::body::Body::empty());
        let (parts, _) = read(web_inside(cors, Fault::Call).oneshot(request).await.unwrap()).await;
        assert_eq!(lines(&parts.headers, EXPOSE), [expected]);
    }
}

/// As documented, it belongs only on the gRPC routes.
#[tokio::test]
async fn tonic_webs_layer_responds_400_to_a_request_that_is_not_grpc() {
    let layers = ServiceBuilder::new().layer(layer()).layer(GrpcWebLayer::new());
    let plain = axum::Router::new().route("/plain", axum::routing::get(|| async { "plain" }));
    let request = get("/plain", &[]).map(|()| tonic::body::Body::empty());
    let (parts, _) = read(erased(layers.service(plain)).oneshot(request).await.unwrap()).await;
    assert_eq!((parts.status.as_u16(), &parts.headers["content-type"]), (400, &PROBLEM_JSON.parse().unwrap()));
}

/// The response has the encoding of the request, and is readable across origins.
// More than 60 lines: one table.
#[tokio::test]
async fn a_page_behind_cors_gets_one_status() {
    /// Where tonic-web is, seen from the layer.
    struct Row {
        fault: Fault,
        path: &'static str,
        code: &'static str,
    }
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum TonicWeb {
        Inside,
        Outside,
    }
    let ways = [
        (TonicWeb::Inside, CorsLayer::new().allow_origin(Any)),
        (TonicWeb::Inside, exposing()),
        (TonicWeb::Outside, exposing()),
    ];
    let rows = [
        Row { fault: Fault::None, path: "/shop.Orders/Size", code: "10" },
        Row { fault: Fault::Call, path: "/shop.Orders/Echo", code: "10" },
        Row { fault: Fault::Readiness, path: "/shop.Orders/Echo", code: "14" },
        Row { fault: Fault::None, path: "/shop.Orders/Nothing", code: "12" },
        Row { fault: Fault::None, path: "/other.Service/Echo", code: "12" },
    ];
    for (tonic_web, cors) in ways {
        for content_type in ["application/grpc-web+proto", "application/grpc-web-text+proto"] {
            for Row { fault, path, code } in &rows {
                let row = format!("{tonic_web:?} {content_type} {path}");
                let text = content_type.contains("text");
                let message = if text { STANDARD.encode([0; 5]).into() } else { Bytes::from_static(&[0; 5]) };
                let fields = [("content-type", content_type), ("origin", ORIGIN), ("accept", content_type)];
                let request = request("POST", path, &fields).map(|()| tonic::body::Body::new(Full::new(message)));
                let service = match tonic_web {
                    TonicWeb::Inside => web_inside(cors.clone(), *fault),
                    TonicWeb::Outside => web_outside(cors.clone(), *fault),
                };
                let (parts, body) = read(service.oneshot(request).await.unwrap()).await;
                assert_eq!(parts.status, 200, "{row}");
                assert_eq!(parts.headers["access-control-allow-origin"], "*", "{row}");
                let sent_type = parts.headers["content-type"].to_str().unwrap();
                assert!(sent_type.starts_with("application/grpc-web"), "{row}: {sent_type}");
                assert_eq!(sent_type.contains("text"), text, "{row}: {sent_type}");
                let body = if text { STANDARD.decode(&body).unwrap() } else { body.to_vec() };
                let (head, frame) = (parts.headers.get("grpc-status"), trailer_frame(&body));
                let both = head.is_none() == frame.is_none();
                assert!(tonic_web == TonicWeb::Outside || !both, "{row}: in the head or in a frame, not in both");
                if let Some(head) = head {
                    assert_eq!(head, code, "{row}");
                    let exposed = lines(&parts.headers, "access-control-expose-headers").join(",");
                    let exposed: Vec<_> = exposed.split(',').map(str::trim).collect();
                    // A response of tonic itself passes unchanged; there CORS has to expose the fields.
                    let of_tonic = *code == "12" && !parts.headers.contains_key("grpc-message");
                    let passed = tonic_web == TonicWeb::Inside && of_tonic;
                    assert!(passed || FIELDS.iter().all(|name| exposed.contains(name)), "{row}: {exposed:?}");
                }
                if let Some(frame) = frame {
                    assert!(frame.contains(&format!("grpc-status:{code}\r\n")), "{row}: {frame}");
                }
            }
        }
    }
}
