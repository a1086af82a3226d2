//! Derived and hand-written implementations have the same responses in each format.

use std::{io, time::Duration};

use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use tower::{Layer, ServiceExt, service_fn};
use tower_status::{IntoStatus, Status, StatusMapLayer, catalog::GrpcCode};

mod derived {
    use super::{Duration, IntoStatus, io};

    #[derive(Debug, thiserror::Error, IntoStatus)]
    #[error("{0} are sold out")]
    #[status(409, type = "/problems/sold-out")]
    pub(crate) struct Stock(pub(crate) &'static str);

    #[derive(Debug, thiserror::Error, IntoStatus)]
    #[status(default = 500)]
    pub(crate) enum Shop {
        #[error("order {order_id} <does> not exist")]
        #[status(404)]
        NoSuchOrder {
            #[status(extension)]
            order_id: u64,
        },
        #[error("order {0} was deleted")]
        #[status(GONE, type = "/problems/order-deleted", title = "Order deleted", instance = "/orders/{0}")]
        Deleted(u64),
        #[error("sign in to see orders")]
        #[status(401, challenge = r#"Bearer realm="shop""#)]
        SignIn,
        #[error("orders can only be read")]
        #[status(405, allow = "GET, HEAD", detail = "read order {0} instead")]
        ReadOnly(u64),
        #[error("moved")]
        #[status(308, location = "/customers/{0}/orders")]
        Moved(&'static str),
        #[error("the card provider is down")]
        #[status(503, retry_after = 30, grpc = UNAVAILABLE)]
        Card(#[source] io::Error),
        #[error("stock-taking")]
        #[status(503, expose, header("link" = "</>; rel=\"help\""))]
        StockTaking(#[status(retry_after)] Duration),
        #[error(transparent)]
        #[status(transparent)]
        Stock(#[from] Stock),
        #[error("the database failed")]
        #[status(from_error)]
        Db(#[from] io::Error),
        #[error("a lock is poisoned")]
        Poisoned,
    }
}

mod by_hand {
    use super::{Duration, GrpcCode, IntoStatus, Status, StatusCode, io};

    #[derive(Debug, thiserror::Error)]
    #[error("{0} are sold out")]
    pub(crate) struct Stock(pub(crate) &'static str);

    impl IntoStatus for Stock {
        fn status(&self) -> Status {
            Status::conflict().with_type("/problems/sold-out")
        }
    }

    #[derive(Debug, thiserror::Error)]
    pub(crate) enum Shop {
        #[error("order {order_id} <does> not exist")]
        NoSuchOrder { order_id: u64 },
        #[error("order {0} was deleted")]
        Deleted(u64),
        #[error("sign in to see orders")]
        SignIn,
        #[error("orders can only be read")]
        ReadOnly(u64),
        #[error("moved")]
        Moved(&'static str),
        #[error("the card provider is down")]
        Card(#[source] io::Error),
        #[error("stock-taking")]
        StockTaking(Duration),
        #[error(transparent)]
        Stock(#[from] Stock),
        #[error("the database failed")]
        Db(#[from] io::Error),
        #[error("a lock is poisoned")]
        Poisoned,
    }

    impl IntoStatus for Shop {
        fn status(&self) -> Status {
            match self {
                Self::NoSuchOrder { order_id } => Status::not_found().with_extension("order_id", order_id),
                Self::Deleted(id) => Status::new(StatusCode::GONE)
                    .with_type("/problems/order-deleted")
                    .with_title("Order deleted")
                    .with_instance(format!("/orders/{id}")),
                Self::SignIn => Status::unauthorized(r#"Bearer realm="shop""#),
                Self::ReadOnly(id) => {
                    Status::method_not_allowed("GET, HEAD").with_detail(format!("read order {id} instead"))
                }
                Self::Moved(customer) => Status::permanent_redirect(format!("/customers/{customer}/orders")),
                Self::Card(_) => Status::service_unavailable()
                    .with_retry_after(Duration::from_secs(30))
                    .with_grpc_code(GrpcCode::Unavailable),
                Self::StockTaking(wait) => Status::service_unavailable()
                    .with_header("link", "</>; rel=\"help\"")
                    .with_retry_after(*wait)
                    .expose(),
                Self::Stock(stock) => stock.status(),
                Self::Db(_) => Status::unresolved(),
                Self::Poisoned => Status::internal_server_error(),
            }
        }
    }
}

/// Builds the same value of both types.
macro_rules! both {
    ($($variant:ident $({ $($field:ident: $value:expr),* })? $(( $($argument:expr),* ))?;)*) => {
        [$((
            stringify!($variant),
            Status::from(derived::Shop::$variant $({ $($field: $value),* })? $(( $($argument.into()),* ))?),
            Status::from(by_hand::Shop::$variant $({ $($field: $value),* })? $(( $($argument.into()),* ))?),
        )),*]
    };
}

async fn respond(status: Status, accept: &str) -> (StatusCode, HeaderMap, String) {
    let layer = StatusMapLayer::new()
        .map_error(|error: &io::Error| (error.kind() == io::ErrorKind::TimedOut).then(Status::gateway_timeout));
    let service = layer.layer(service_fn(async |_: Request<()>| Err::<Response<String>, _>(status.clone())));
    let request = Request::builder().header(header::ACCEPT, accept).body(()).unwrap();
    let (parts, body) = service.oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, String::from_utf8(body.into()).unwrap())
}

#[tokio::test]
async fn derived_and_hand_written_status_have_the_same_responses() {
    let rows = both! {
        NoSuchOrder { order_id: 8 };
        Deleted(9u64);
        SignIn;
        ReadOnly(7u64);
        Moved("tulip");
        Card(io::ErrorKind::TimedOut);
        StockTaking(Duration::from_millis(1500));
        Db(io::ErrorKind::TimedOut);
        Db(io::ErrorKind::NotFound);
        Poisoned;
    };
    let stock = [(
        "Stock",
        Status::from(derived::Shop::Stock(derived::Stock("tulips"))),
        Status::from(by_hand::Shop::Stock(by_hand::Stock("tulips"))),
    )];
    let mut codes = Vec::new();
    for (name, derived, by_hand) in rows.into_iter().chain(stock) {
        assert_eq!(derived.grpc_code(), by_hand.grpc_code(), "{name}");
        for accept in ["application/problem+json", "text/html", "text/plain"] {
            let (one, other) = (respond(derived.clone(), accept).await, respond(by_hand.clone(), accept).await);
            assert_eq!(one, other, "{name} {accept}");
            assert!(one.1[header::CONTENT_TYPE].to_str().unwrap().starts_with(accept), "{name} {accept}");
        }
        codes.push(respond(derived, "*/*").await.0.as_u16());
    }
    assert_eq!(codes, [404, 410, 401, 405, 308, 503, 503, 504, 500, 500, 409]);
}
