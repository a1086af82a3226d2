//! Errors that the layer resolves without a mapping: those of tower and of bodies, and a `Status` in a chain.

use std::{future::pending, io, time::Duration};

use http::{Request, Response, response::Parts};
use tower::{BoxError, ServiceBuilder, ServiceExt, load_shed::error::Overloaded, timeout::error::Elapsed};
use tower_status::{Status, StatusMapLayer};

use crate::common::{
    error::{length_limit_error, wrapped},
    fail, field, get, read,
    service::NeverReady,
};

fn code_and_retry_after(parts: &Parts) -> (u16, Option<String>) {
    (parts.status.as_u16(), field(&parts.headers, "retry-after"))
}

fn source(parts: &Parts) -> String {
    format!("{:?}", parts.extensions.get::<Status>().unwrap().source().unwrap())
}

#[tokio::test]
async fn the_outermost_built_in_error_decides() {
    let rows = [
        ("Elapsed", BoxError::from(Elapsed::new()), 503, None),
        ("Overloaded", Overloaded::new().into(), 503, Some("1")),
        ("LengthLimitError", length_limit_error().await, 413, None),
        ("a Status", Status::gone().into(), 410, None),
        (
            "a Status with a header field",
            Status::locked().with_retry_after(Duration::from_secs(7)).into(),
            423,
            Some("7"),
        ),
        // anywhere in the chain
        ("Elapsed as a cause", wrapped(Elapsed::new()), 503, None),
        ("Overloaded as a cause", wrapped(io::Error::other(Overloaded::new())), 503, Some("1")),
        ("LengthLimitError as a cause", wrapped(wrapped(io::Error::other(length_limit_error().await))), 413, None),
        ("a Status as a cause", wrapped(io::Error::other(Status::gone())), 410, None),
        ("in a carrier that is a cause", wrapped(Status::from_error(Overloaded::new())), 503, Some("1")),
        // the outermost of them
        ("a Status before its source", wrapped(Status::gone().with_source(Overloaded::new())), 410, None),
        ("a Status before a Status", wrapped(Status::gone().with_source(Status::locked())), 410, None),
        // not built in
        ("an io::Error, TimedOut", io::Error::from(io::ErrorKind::TimedOut).into(), 500, None),
    ];
    for (name, error, code, retry_after) in rows {
        let (parts, _) = fail(&StatusMapLayer::new(), get("/", &[]), error).await;
        assert_eq!(code_and_retry_after(&parts), (code, retry_after.map(str::to_owned)), "{name}");
    }
}

#[tokio::test]
async fn the_errors_of_towers_timeout_and_load_shed_are_503() {
    let timeout = ServiceBuilder::new()
        .layer(StatusMapLayer::new())
        .timeout(Duration::ZERO)
        .service_fn(|_: Request<()>| pending::<Result<Response<String>, BoxError>>());
    let (parts, _) = read(timeout.oneshot(get("/", &[])).await.unwrap()).await;
    assert_eq!(code_and_retry_after(&parts), (503, None));
    assert_eq!(source(&parts), "Elapsed(())");

    let shed = ServiceBuilder::new().layer(StatusMapLayer::new()).load_shed().service(NeverReady);
    let (parts, _) = read(shed.oneshot(get("/", &[])).await.unwrap()).await;
    assert_eq!(code_and_retry_after(&parts), (503, Some("1".into())));
}

#[cfg(feature = "buffer")]
mod buffered {
    use tower::{Layer, Service, buffer::Buffer};

    use super::*;
    use crate::common::{
        error::{SoldOut, Wrapper},
        service::Broken,
        text,
    };

    fn layer() -> StatusMapLayer {
        StatusMapLayer::new()
            .recognize::<SoldOut>()
            .map_error(|error: &io::Error| (error.kind() == io::ErrorKind::NotFound).then(Status::not_found))
    }

    #[tokio::test]
    async fn a_service_error_is_503_unless_the_error_that_it_wraps_is_mapped() {
        let not_found = || io::Error::from(io::ErrorKind::NotFound);
        let rows = [
            ("a text", BoxError::from("secret"), 503, None),
            ("an io::Error", io::Error::other("secret").into(), 503, None),
            ("a chain", wrapped(Wrapper("secret".into())), 503, None),
            ("a carrier", Status::from_error("secret").into(), 503, None),
            ("a mapped error", not_found().into(), 404, None),
            ("a mapped cause", wrapped(not_found()), 404, None),
            ("a recognized error", SoldOut.into(), 409, None),
            ("a recognized cause", wrapped(io::Error::other(SoldOut)), 409, None),
            ("a Status", Status::gone().into(), 410, None),
            ("a Status as a cause", wrapped(Status::gone()), 410, None),
            ("a carrier of a mapped error", Status::from(not_found()).into(), 404, None),
            ("Overloaded", Overloaded::new().into(), 503, Some("1")),
            ("LengthLimitError", length_limit_error().await, 413, None),
        ];
        for (name, error, code, retry_after) in rows {
            // The buffer's worker polls `Broken`, so that it ends with a `ServiceError`.
            let mut service = layer().layer(Buffer::new(Broken::new(error), 2));
            // The worker fails the first call; the second finds that it has ended.
            for call in 1..=2 {
                let (parts, body) = read(service.ready().await.unwrap().call(get("/", &[])).await.unwrap()).await;
                let expected = (code, retry_after.map(str::to_owned));
                assert_eq!(code_and_retry_after(&parts), expected, "{name}, call {call}");
                assert!(!text(&body).contains("secret"), "{name}, call {call}");
            }
        }
    }

    #[tokio::test]
    async fn a_closed_buffer_is_503() {
        let (buffer, worker) = Buffer::pair(NeverReady, 1);
        drop(worker);
        let (parts, _) = read(layer().layer(buffer).oneshot(get("/", &[])).await.unwrap()).await;
        assert_eq!(parts.status, 503);
        assert!(source(&parts).contains("Closed"));
    }
}
