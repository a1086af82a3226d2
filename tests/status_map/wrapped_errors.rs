//! Errors in a `Box`, an `Arc` or a report have the same status as alone.

use std::{
    error::Error,
    io,
    sync::{Arc, Mutex},
};

use http_body_util::LengthLimitError;
use tower::{load_shed::error::Overloaded, timeout::error::Elapsed};
use tower_status::{BoxError, IntoStatus, Status, StatusMapLayer};

use crate::common::{default_detail, error::length_limit_error, fail, get, json, read, text};

/// A foreign error, which `map_error` maps to 404.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("secret database error")]
struct DbErr;

/// An error of the application, 409.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("sold out")]
struct SoldOut;

impl IntoStatus for SoldOut {
    fn status(&self) -> Status {
        Status::conflict()
    }
}

/// A foreign error whose cause is in a pointer.
#[derive(Debug, thiserror::Error)]
#[error("secret foreign error")]
struct Foreign<E: Error + 'static>(#[source] E);

fn layer() -> StatusMapLayer {
    StatusMapLayer::new().recognize::<SoldOut>().map_error(|_: &DbErr| Some(Status::not_found()))
}

async fn code_of(error: impl Into<Status>) -> u16 {
    let (parts, body) = fail(&layer(), get("/", &[]), error).await;
    assert!(!text(&body).contains("secret"), "{}", text(&body));
    parts.status.as_u16()
}

macro_rules! rows {
    ($($error:expr => $code:literal)*) => {$(
        assert_eq!(code_of($error).await, $code, "{}", stringify!($error));
    )*};
}

fn boxed(error: impl Into<BoxError>) -> BoxError {
    error.into()
}

fn shared(error: impl Error + Send + Sync + 'static) -> Arc<dyn Error + Send + Sync> {
    Arc::new(error)
}

#[tokio::test]
async fn mapped_error_is_found_in_a_box_or_an_arc() {
    rows! {
        Status::from_error(Box::new(DbErr)) => 404
        Status::from_error(Box::new(SoldOut)) => 409
        Status::from_error(Arc::new(DbErr)) => 404
        Status::from_error(Arc::new(SoldOut)) => 409
        Status::from_error(shared(DbErr)) => 404
        Status::from_error(shared(SoldOut)) => 409
        boxed(Box::new(DbErr)) => 404
        boxed(Arc::new(DbErr)) => 404
        boxed(shared(SoldOut)) => 409
        boxed(shared(Foreign(DbErr))) => 404
        boxed(Foreign(Box::new(DbErr))) => 404
        boxed(Foreign(Arc::new(DbErr))) => 404
        boxed(Foreign(Box::new(SoldOut))) => 409
        boxed(Foreign(Arc::new(SoldOut))) => 409
        boxed(Foreign(shared(DbErr))) => 404
        boxed(Foreign(Arc::new(Foreign(Box::new(SoldOut))))) => 409
        io::Error::other(Box::new(DbErr)) => 404
        io::Error::other(Arc::new(SoldOut)) => 409
        io::Error::other(shared(io::Error::other(DbErr))) => 404
        boxed(Arc::new(io::Error::other(SoldOut))) => 409
        boxed(Box::new(io::Error::other(DbErr))) => 404
    }
}

#[tokio::test]
async fn built_in_error_is_found_in_a_box_or_an_arc() {
    rows! {
        boxed(Box::new(Status::gone())) => 410
        boxed(Arc::new(Status::gone())) => 410
        boxed(shared(Status::gone())) => 410
        Status::from_error(Box::new(Status::gone())) => 410
        Status::from_error(Arc::new(Status::gone())) => 410
        boxed(Foreign(Box::new(Status::gone().with_source(DbErr)))) => 410
        boxed(Arc::new(Status::from_error(DbErr))) => 404
        boxed(Box::new(Elapsed::new())) => 503
        boxed(Arc::new(Elapsed::new())) => 503
        boxed(shared(Elapsed::new())) => 503
        boxed(Foreign(Box::new(Overloaded::new()))) => 503
        boxed(shared(Overloaded::new())) => 503
        boxed(Foreign(length_limit_error().await.downcast::<LengthLimitError>().unwrap())) => 413
    }
}

/// tower's own errors keep their gRPC codes in a box.
#[cfg(feature = "tonic")]
#[tokio::test]
async fn grpc_client_gets_the_code_of_a_boxed_error() {
    let tonic = || tonic::Status::not_found("no such order");
    let rows: [(&str, BoxError, &str, &str); 7] = [
        ("elapsed", Box::new(Box::new(Elapsed::new())), "4", ""),
        ("overloaded", Box::new(Arc::new(Overloaded::new())), "8", ""),
        ("shared overloaded", Box::new(shared(Overloaded::new())), "8", ""),
        ("tonic", Box::new(tonic()), "5", "no such order"),
        ("boxed tonic", Box::new(Box::new(tonic())), "5", "no such order"),
        ("shared tonic", Box::new(Arc::new(tonic())), "5", "no such order"),
        ("erased tonic", Box::new(shared(tonic())), "5", "no such order"),
    ];
    for (name, error, code, message) in rows {
        let request =
            http::Request::post("/shop.Orders/Get").header("content-type", "application/grpc").body(()).unwrap();
        let (parts, _) = fail(&layer(), request, error).await;
        assert_eq!(parts.headers["grpc-status"], code, "{name}");
        let sent = parts.headers["grpc-message"].to_str().unwrap();
        assert!(message.is_empty() || sent == message, "{name}: {sent}");
    }
}

#[cfg(feature = "anyhow")]
mod anyhow_contexts {
    use anyhow::Context as _;

    use super::*;

    fn failed<E: Error + Send + Sync + 'static>(error: E) -> Result<(), E> {
        Err(error)
    }

    fn io_error() -> io::Error {
        io::Error::other("secret")
    }

    fn with<E: Error + Send + Sync + 'static>(
        error: E,
        context: impl std::fmt::Debug + std::fmt::Display + Send + Sync + 'static,
    ) -> anyhow::Error {
        failed(error).context(context).unwrap_err()
    }

    #[tokio::test]
    async fn context_comes_before_its_cause() {
        rows! {
            with(io_error(), SoldOut) => 409
            with(DbErr, SoldOut) => 409
            with(SoldOut, DbErr) => 404
            with(DbErr, "secret words") => 404
            with(DbErr, "secret words").context(SoldOut) => 409
            with(DbErr, SoldOut).context("secret words") => 409
            with(io_error(), Box::new(SoldOut)) => 409
            with(io_error(), Arc::new(DbErr)) => 404
            with(DbErr, Status::gone()) => 410
            with(Status::gone(), SoldOut) => 409
            with(Status::gone(), "secret words") => 410
            Status::from_error(with(DbErr, SoldOut)) => 409
            Status::from_error(with(DbErr, Status::gone())) => 410
            Status::from(with(DbErr, Status::gone())) => 410
            Status::bad_gateway().with_source(Status::from_error(with(DbErr, SoldOut))) => 502
            boxed(Status::from_error(with(DbErr, SoldOut))) => 409
            io::Error::other(Status::from_error(with(DbErr, SoldOut))) => 409
        }
    }

    /// If several contexts are mapped, the order of the options decides.
    #[tokio::test]
    async fn first_option_decides_of_several_contexts() {
        rows! {
            with(io_error(), DbErr).context(SoldOut) => 409
            with(io_error(), SoldOut).context(DbErr) => 409
        }
    }

    #[tokio::test]
    async fn context_that_another_layer_has_boxed_is_lost() {
        rows! {
            boxed(with(io_error(), SoldOut)) => 500
            boxed(with(SoldOut, "secret words")) => 409
        }
    }

    /// What is set on a status that was converted from a report is kept by the layer.
    #[tokio::test]
    async fn what_is_set_on_a_status_from_a_report_is_kept() {
        let status = Status::from(with(DbErr, Status::gone().with_title("first").with_detail("8")));
        let (parts, body) = fail(&StatusMapLayer::new(), get("/", &[]), status.with_title("second")).await;
        let body = json(&body);
        assert_eq!((parts.status.as_u16(), &body["title"], &body["detail"]), (410, &"second".into(), &"8".into()));
    }

    #[test]
    fn status_in_a_report_is_used_without_a_layer() {
        let status = Status::from(with(DbErr, Status::gone().with_detail("order 8 was deleted")));
        assert_eq!((status.code().as_u16(), status.detail()), (410, Some("order 8 was deleted")));
        let deeper = io::Error::other(Status::gone());
        assert_eq!(Status::from(anyhow::Error::from(deeper)).code(), 410);
    }

    #[cfg(feature = "derive")]
    #[tokio::test]
    async fn derived_from_error_variant_passes_its_whole_report_on() {
        #[derive(Debug, thiserror::Error, IntoStatus)]
        enum ShopError {
            #[error("the shop failed")]
            #[status(from_error)]
            Other(#[from] anyhow::Error),
        }
        rows! {
            ShopError::from(with(DbErr, Status::gone())) => 410
            ShopError::from(with(io_error(), SoldOut)) => 409
            ShopError::from(with(DbErr, "secret words")) => 404
            boxed(Foreign(ShopError::from(with(io_error(), SoldOut)))) => 500
        }
        let layer = layer().recognize::<ShopError>();
        let error = boxed(Foreign(ShopError::from(with(io_error(), SoldOut))));
        assert_eq!(fail(&layer, get("/", &[]), error).await.0.status, 409);
    }
}

#[cfg(feature = "eyre")]
#[tokio::test]
async fn context_of_an_eyre_report_comes_before_its_cause() {
    use eyre::WrapErr as _;

    let with = |error: Result<(), DbErr>| error.wrap_err(SoldOut).unwrap_err();
    rows! {
        with(Err(DbErr)) => 409
        Status::from_error(with(Err(DbErr))) => 409
        Err::<(), _>(DbErr).wrap_err("secret words").unwrap_err() => 404
        Err::<(), _>(DbErr).wrap_err(Status::gone()).unwrap_err() => 410
        Status::from_error(eyre::eyre!("secret")) => 500
    }
}

#[cfg(feature = "derive")]
mod from_error {
    use super::*;

    #[derive(Debug, thiserror::Error, IntoStatus)]
    enum ShopError {
        #[error(transparent)]
        #[status(from_error)]
        Status(Status),
        #[error("the shop failed")]
        #[status(from_error)]
        Shared(Arc<Status>),
        #[error("the shop failed")]
        #[status(from_error)]
        Boxed(#[source] BoxError),
        #[error("the shop failed")]
        #[status(from_error)]
        Io(Option<io::Error>),
    }

    fn gone() -> Status {
        Status::gone().with_title("Deleted")
    }

    fn detailed() -> Status {
        gone().with_detail("order 8")
    }

    #[tokio::test]
    async fn status_of_the_cause_is_the_same_with_and_without_a_layer() {
        let secret = || Status::from_error(io::Error::other("secret words"));
        let rows = [
            ("a status", ShopError::Status(gone()), 410, None),
            ("with a detail", ShopError::Status(detailed()), 410, Some("order 8")),
            ("in an Arc", ShopError::Shared(Arc::new(detailed())), 410, Some("order 8")),
            ("in a box", ShopError::Boxed(Box::new(detailed())), 410, Some("order 8")),
            ("deeper", ShopError::Boxed(Box::new(io::Error::other(detailed()))), 410, Some("order 8")),
            ("in an io::Error", ShopError::Io(Some(io::Error::other(gone()))), 410, None),
            ("in a carrier", ShopError::Status(Status::from_error(io::Error::other(gone()))), 410, None),
            ("no status", ShopError::Status(secret()), 500, None),
            ("no error", ShopError::Io(None), 500, None),
        ];
        for (name, error, code, detail) in rows {
            assert_eq!(error.status().code().as_u16(), code, "{name}");
            let status = Status::from(error);
            assert_eq!(status.code().as_u16(), code, "{name}");
            let title = if code == 500 { "Internal Server Error" } else { "Deleted" };
            let detail = detail.unwrap_or_else(|| default_detail(status.code()));
            let without_layer = read(status.clone().into_http_response()).await;
            for (parts, body) in [without_layer, fail(&StatusMapLayer::new(), get("/", &[]), status).await] {
                let body = json(&body);
                assert_eq!(parts.status.as_u16(), code, "{name}");
                assert_eq!((&body["title"], &body["detail"]), (&title.into(), &detail.into()), "{name}");
            }
        }
    }

    #[tokio::test]
    async fn cause_of_the_status_does_not_change_it() {
        let timed_out = || Status::bad_gateway().with_source(Elapsed::new());
        let error = ShopError::Status(timed_out());
        assert!(error.status().source().is_none());
        assert_eq!(fail(&StatusMapLayer::new(), get("/", &[]), error.status()).await.0.status, 502);
        assert_eq!(fail(&StatusMapLayer::new(), get("/", &[]), error).await.0.status, 502);
        let layer = StatusMapLayer::new().map_error(|error: &ShopError| Some(error.status()));
        let error = Status::from_error(ShopError::Status(timed_out()));
        assert_eq!(fail(&layer, get("/", &[]), error).await.0.status, 502);
    }

    #[tokio::test]
    async fn what_is_set_on_the_status_later_is_kept() {
        let status = Status::from(ShopError::Status(gone())).with_title("Sold").with_header("x-order", "8");
        let (parts, body) = fail(&StatusMapLayer::new(), get("/", &[]), status).await;
        assert_eq!((&json(&body)["title"], parts.headers["x-order"].as_bytes()), (&"Sold".into(), &b"8"[..]));
    }

    #[tokio::test]
    async fn option_of_the_layer_comes_before_the_status_of_the_cause() {
        let status = Status::from(ShopError::Boxed(Box::new(Foreign(detailed()))));
        let layer = StatusMapLayer::new().map_error(|_: &Foreign<Status>| Some(Status::conflict()));
        assert_eq!(fail(&layer, get("/", &[]), status).await.0.status, 409);
    }
}

/// An unmapped error that was exposed by hand still hides its `Display`.
#[tokio::test]
async fn display_of_an_unmapped_exposed_error_is_hidden() {
    #[derive(Debug, thiserror::Error)]
    #[error("secret words")]
    struct Exposed(#[source] io::Error);

    impl IntoStatus for Exposed {
        fn status(&self) -> Status {
            Status::unresolved().expose()
        }
    }

    rows! {
        Exposed(io::Error::other("secret")) => 500
        boxed(Exposed(io::Error::other("secret"))) => 500
    }
}

#[tokio::test]
async fn status_in_a_chain_keeps_its_source() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sources = Arc::clone(&seen);
    let layer = layer().on_error(move |status, _| {
        let chain = std::iter::successors(status.source(), |error| (*error).source());
        sources.lock().unwrap().push(chain.map(ToString::to_string).collect::<Vec<_>>());
    });
    let gone = || Status::gone().with_source("the cause");
    for (error, expected) in [
        (gone(), &["the cause"][..]),
        (Status::from_error(gone()), &["the cause"]),
        (Status::from_error(Foreign(gone())), &["the cause"]),
        (Status::from_error(Status::gone()), &[]),
        #[cfg(feature = "anyhow")]
        (anyhow::anyhow!("below").context(gone()).into(), &["the cause"]),
    ] {
        let (parts, _) = fail(&layer, get("/", &[]), error).await;
        assert_eq!(
            (parts.status.as_u16(), seen.lock().unwrap().pop()),
            (410, Some(expected.iter().map(ToString::to_string).collect()))
        );
    }
}

#[cfg(feature = "anyhow")]
#[tokio::test]
async fn mapped_context_of_a_report_has_nothing_of_the_status_inside() {
    let report = anyhow::Error::from(Status::gone().with_title("Deleted")).context(DbErr);
    let (parts, body) = fail(&layer(), get("/", &[]), report).await;
    assert_eq!((parts.status.as_u16(), text(&body).contains("Deleted")), (404, false));
}
