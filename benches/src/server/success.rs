//! Responses without an error: a 200, a 304, a generated entity tag.

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use tower::{Layer, layer::layer_fn};
use tower_status::{ConditionalLayer, StatusMapLayer};
use twox_hash::XxHash3_128;

use super::{
    BARE, BY_HAND, FIREFOX, IDENTITY, OURS, Server, Ways,
    connection::{Protocol, Sent, serve},
    head, http1,
};

const TAG: &str = "\"06b05ab6733a618578af5f94892f3950-c\"";

async fn order(Path(id): Path<u64>) -> impl IntoResponse {
    ([(header::ETAG, TAG)], format!("order {id}: seven tulips"))
}

fn orders() -> Router {
    Router::new().route("/orders/{id}", get(order))
}

/// Responds as a handler without a crate does: one tag, compared as text.
async fn order_unless_current(Path(id): Path<u64>, fields: HeaderMap) -> Response {
    let tag = [(header::ETAG, TAG)];
    if fields.get(header::IF_NONE_MATCH).is_some_and(|value| value == TAG) {
        return (StatusCode::NOT_MODIFIED, tag).into_response();
    }
    (tag, format!("order {id}: seven tulips")).into_response()
}

pub(super) fn add(ways: &mut Ways) {
    let identity: Server = (IDENTITY, || serve(orders().layer(layer_fn(|route| route)), Protocol::Http1));
    let ours: Server = (OURS, || serve(orders().layer(StatusMapLayer::new()), Protocol::Http1));
    ways.add(
        "200, 12 fields",
        http1(head("GET /orders/7", FIREFOX), b""),
        &[
            (BARE, || serve(orders(), Protocol::Http1)),
            identity,
            ours,
            ("tower-status around the Router", || serve(StatusMapLayer::new().layer(orders()), Protocol::Http1)),
        ],
    );
    let by_hand: Server =
        (BY_HAND, || serve(Router::new().route("/orders/{id}", get(order_unless_current)), Protocol::Http1));
    let current = format!("{FIREFOX}\nif-none-match: {TAG}");
    ways.add("304, one tag", http1(head("GET /orders/7", &current), b""), &[identity, ours, by_hand]);
    let http2 = Sent { protocol: Protocol::Http2, head: head("GET /orders/7", FIREFOX), body: b"" };
    ways.add(
        "200, HTTP/2",
        http2,
        &[
            (IDENTITY, || serve(orders().layer(layer_fn(|route| route)), Protocol::Http2)),
            (OURS, || serve(orders().layer(StatusMapLayer::new()), Protocol::Http2)),
        ],
    );
    generated::<1>(ways, "generated tag, 1 KiB");
    generated::<16>(ways, "generated tag, 16 KiB");
    generated::<64>(ways, "generated tag, 64 KiB");
}

fn content<const KIB: usize>() -> Bytes {
    static BYTES: [u8; 64 << 10] = [b'x'; 64 << 10];
    Bytes::from_static(&BYTES[..KIB << 10])
}

/// Responds as a hand-written handler does that hashes the same bytes once.
fn generated<const KIB: usize>(ways: &mut Ways, row: &'static str) {
    async fn plain<const KIB: usize>() -> Bytes {
        content::<KIB>()
    }
    async fn hashed<const KIB: usize>(method: Method) -> impl IntoResponse {
        assert_eq!(method, Method::GET);
        let content = content::<KIB>();
        let tag = format!("\"{:032x}-{:x}\"", XxHash3_128::oneshot(&content), content.len());
        ([(header::ETAG, HeaderValue::try_from(tag).unwrap())], content)
    }
    ways.add(
        row,
        http1(head("GET /documents", FIREFOX), b""),
        &[
            (BY_HAND, || serve(Router::new().route("/documents", get(hashed::<KIB>)), Protocol::Http1)),
            (OURS, || {
                let route = get(plain::<KIB>).layer(ConditionalLayer::new().generate_etags(1 << 20));
                serve(Router::new().route("/documents", route), Protocol::Http1)
            }),
        ],
    );
}
