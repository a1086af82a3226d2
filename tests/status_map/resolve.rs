//! How an error becomes a status: errors that the application maps, anywhere in a chain of sources.

use std::{
    error::Error,
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use http::StatusCode;
use tower::load_shed::error::Overloaded;
use tower_status::{BoxError, IntoStatus, Status, StatusMapLayer};

use crate::common::{fail, get, lines, text};

/// Error types with an optional cause. A client may see their `Display` only if the type has a status.
macro_rules! errors {
    ($($name:ident $text:literal)*) => {$(
        #[derive(Debug, Default)]
        struct $name(Option<BoxError>);

        impl $name {
            #[allow(dead_code)] // not every type is used with a cause
            fn of(cause: impl Into<BoxError>) -> Self {
                Self(Some(cause.into()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($text)
            }
        }

        impl Error for $name {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                self.0.as_deref().map(|cause| cause as _)
            }
        }
    )*};
}

errors! {
    A "secret A"
    B "secret B"
    Unknown "secret unknown"
    Own "own words"
    Bare "bare words"
    Pass "secret pass"
    Odd "odd words"
}

impl IntoStatus for Own {
    fn status(&self) -> Status {
        Status::gone().with_source("replaced")
    }
}

impl IntoStatus for Bare {
    fn status(&self) -> Status {
        Status::conflict().with_detail("chosen words")
    }
}

/// The status of this error is unresolved.
impl IntoStatus for Pass {
    fn status(&self) -> Status {
        Status::from_error("secret carried")
    }
}

impl IntoStatus for Odd {
    fn status(&self) -> Status {
        Status::im_a_teapot()
    }
}

/// Maps A to 404 and B to 402, and recognizes Own, Bare and Pass. Odd has a status but is
/// not recognized; Unknown has none.
fn layer() -> StatusMapLayer {
    StatusMapLayer::new()
        .map_error(|_: &A| Some(Status::not_found()))
        .map_error(|_: &B| Some(Status::payment_required()))
        .recognize::<Own>()
        .recognize::<Bare>()
        .recognize::<Pass>()
}

/// Returns the code, the status in the extensions, and the body.
async fn resolve<E: Into<Status>>(layer: &StatusMapLayer, error: E) -> (u16, Status, String) {
    let (parts, body) = fail(layer, get("/", &[]), error).await;
    let status = parts.extensions.get::<Status>().expect("the status is an extension").clone();
    assert_eq!(status.code(), parts.status);
    (parts.status.as_u16(), status, text(&body).to_owned())
}

fn boxed(error: impl Into<BoxError>) -> BoxError {
    error.into()
}

fn io(error: impl Into<BoxError>) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, error)
}

// Longer than 60 lines because it is one table.
#[tokio::test]
async fn the_outermost_mapped_error_of_the_chain_decides() {
    let layer = layer();
    macro_rules! rows {
        ($($error:expr => $code:literal)*) => {$(
            let (code, _, body) = resolve(&layer, $error).await;
            assert_eq!(code, $code, "{}", stringify!($error));
            assert!(!body.contains("secret"), "{}: {body}", stringify!($error));
        )*};
    }
    rows! {
        // each carrier
        boxed(A::default()) => 404
        io(A::default()) => 404
        Status::from_error(A::default()) => 404
        Status::from(boxed(A::default())) => 404
        Status::from(io(A::default())) => 404
        Pass::of(A::default()) => 404
        // deeper, also through the error that `io::Error::get_ref` returns and `source` skips
        boxed(Unknown::of(A::default())) => 404
        boxed(Unknown::of(Unknown::of(A::default()))) => 404
        io(io(A::default())) => 404
        io(io(io(Unknown::of(io(A::default()))))) => 404
        boxed(Unknown::of(io(Unknown::of(A::default())))) => 404
        io(A::of(io(B::default()))) => 404
        io(Unknown::of(B::default())) => 402
        // the outermost match wins
        boxed(A::of(B::default())) => 404
        boxed(B::of(A::default())) => 402
        boxed(Own::of(A::default())) => 410
        boxed(A::of(Own::default())) => 404
        boxed(A::of(Status::locked())) => 404
        // the search stops at a status that is not a carrier
        boxed(Status::gone().with_source(A::default())) => 410
        io(Status::gone().with_source(A::default())) => 410
        boxed(Unknown::of(Status::gone().with_source(A::default()))) => 410
        boxed(Unknown::of(Status::gone().with_source(Overloaded::new()))) => 410
        Status::from_error(io(Status::gone().with_source(A::default()))) => 410
        // the source of a status that the application made is not searched
        Status::gone().with_source(A::default()) => 410
        Status::internal_server_error().with_source(A::default()) => 500
        Own::of(A::default()) => 410
        Odd::of(A::default()) => 418
        StatusCode::CONFLICT => 409
        (StatusCode::CONFLICT, "own words") => 409
        // carriers in carriers
        boxed(Status::from_error(A::default())) => 404
        Status::from_error(Status::from_error(A::default())) => 404
        boxed(Unknown::of(Status::from_error(A::default()))) => 404
        io(Status::from(io(A::default()))) => 404
        io(Status::from_error(Unknown::of(Status::from(io(Unknown::of(A::default())))))) => 404
        Pass::of(Status::from_error(A::default())) => 404
        boxed(Unknown::of(Status::from_error(Status::gone().with_source(A::default())))) => 410
        // a recognized error whose status is unresolved is no match
        boxed(Pass::of(A::default())) => 404
        boxed(Pass::of(Pass::of(B::default()))) => 402
        boxed(Unknown::of(Pass::of(Own::default()))) => 410
        boxed(Pass::of(Status::gone().with_source(A::default()))) => 410
        Pass::of(Pass::of(Own::default())) => 410
        // unmapped
        boxed("secret") => 500
        boxed(Unknown::default()) => 500
        boxed(Odd::default()) => 500
        boxed(Pass::default()) => 500
        Pass::default() => 500
        io(Unknown::default()) => 500
        // the kind of an io::Error never means that the client is at fault
        io::Error::from(io::ErrorKind::NotFound) => 500
        io::Error::from(io::ErrorKind::PermissionDenied) => 500
        io::Error::from(io::ErrorKind::InvalidInput) => 500
        // an error that is not recognized, with a mapped cause
        boxed(Odd::of(A::default())) => 404
    }
}

#[cfg(feature = "anyhow")]
#[tokio::test]
async fn the_chain_of_an_anyhow_error_is_searched() {
    use anyhow::{Context as _, anyhow};
    let layer = layer();
    let context = |error: anyhow::Error| Err::<(), _>(error).context("secret context").unwrap_err();
    let rows = [
        (anyhow!("secret"), 500),
        (anyhow::Error::new(A::default()), 404),
        (context(A::default().into()), 404),
        (context(io(Unknown::of(B::default())).into()), 402),
        (context(Own::default().into()), 410),
        (context(Status::gone().with_source(A::default()).into()), 410),
        (anyhow::Error::new(A::default()).context(Status::gone()), 410),
        (context(Status::from_error(A::default()).into()), 404),
    ];
    for (error, expected) in rows {
        let name = format!("{error:?}");
        let (code, _, body) = resolve(&layer, error).await;
        assert_eq!(code, expected, "{name}");
        assert!(!body.contains("secret"), "{name}: {body}");
    }
}

#[tokio::test]
async fn the_first_mapping_that_returns_a_resolved_status_decides() {
    let new = StatusMapLayer::new;
    let none = |_: &A| None;
    let gone = |_: &A| Some(Status::gone());
    let locked = |_: &A| Some(Status::locked());
    let carrier = |_: &A| Some(Status::from_error(B::default()));
    let unresolved = |_: &A| Some(Status::from_error(Unknown::default()));
    let b = |_: &B| Some(Status::payment_required());
    let overloaded = |_: &Overloaded| Some(Status::too_many_requests());
    let of_status = |status: &Status| (status.code() == 410).then(Status::not_found);
    let own_locked = |_: &Own| Some(Status::locked());
    #[rustfmt::skip]
    let rows = [
        ("none", new().map_error(none), boxed(A::default()), 500),
        ("none, then its cause", new().map_error(none).map_error(b), boxed(A::of(B::default())), 402),
        ("the first of two", new().map_error(gone).map_error(locked), boxed(A::default()), 410),
        ("the first of two, reversed", new().map_error(locked).map_error(gone), boxed(A::default()), 423),
        ("none, then another", new().map_error(none).map_error(locked), boxed(A::default()), 423),
        ("unresolved, then another", new().map_error(unresolved).map_error(locked), boxed(A::default()), 423),
        ("a carrier", new().map_error(carrier).map_error(b), boxed(A::default()), 402),
        ("a carrier of an unmapped error", new().map_error(carrier), boxed(A::default()), 500),
        ("unresolved, then its cause", new().map_error(unresolved).map_error(b), boxed(A::of(B::default())), 402),
        ("before what is built in", new().map_error(overloaded), boxed(Overloaded::new()), 429),
        ("a mapped Status", new().map_error(of_status), boxed(Unknown::of(Status::gone())), 404),
        ("recognize first", new().recognize::<Own>().map_error(own_locked), Own::default().into(), 410),
        ("map_error first", new().map_error(own_locked).recognize::<Own>(), Own::default().into(), 423),
    ];
    for (name, layer, error, expected) in rows {
        assert_eq!(resolve(&layer, error).await.0, expected, "{name}");
    }
}

#[tokio::test]
async fn the_mapped_error_is_the_source_and_only_an_into_status_error_gives_a_detail() {
    let layer = layer();
    macro_rules! rows {
        ($($error:expr => $source:ty, $detail:expr;)*) => {$(
            let (_, status, body) = resolve(&layer, $error).await;
            let source = status.source().unwrap_or_else(|| panic!("{}: no source", stringify!($error)));
            assert!(source.is::<$source>(), "{}: {source:?}", stringify!($error));
            let detail: Option<&str> = $detail;
            assert_eq!(status.detail(), detail, "{}", stringify!($error));
            let default = status.entry().default_detail();
            assert!(body.contains(detail.unwrap_or(default)), "{}: {body}", stringify!($error));
        )*};
    }
    rows! {
        boxed(A::default()) => A, None;
        boxed(Unknown::of(A::default())) => A, None;
        io(io(A::default())) => A, None;
        boxed(Status::from_error(A::default())) => A, None;
        Pass::of(A::default()) => A, None;
        boxed(Pass::of(A::default())) => A, None;
        boxed(Unknown::of(Overloaded::new())) => Overloaded, None;
        // recognized types: boxed or not, the source and the detail are the same
        Own::default() => Own, Some("own words");
        boxed(Own::default()) => Own, Some("own words");
        io(Unknown::of(Own::of(A::default()))) => Own, Some("own words");
        Bare::default() => Bare, Some("chosen words");
        boxed(Bare::default()) => Bare, Some("chosen words");
        boxed(Pass::of(Own::default())) => Own, Some("own words");
        // unmapped: the source is kept for the log
        boxed(Unknown::of(Odd::default())) => Unknown, None;
        io(Unknown::default()) => io::Error, None;
        Status::from_error(Odd::default()) => Odd, None;
    }
}

#[tokio::test]
async fn a_mapping_that_returns_a_carrier_of_its_error_does_not_loop() {
    #[derive(Clone, Debug)]
    struct Shared(Option<Arc<Shared>>);

    impl fmt::Display for Shared {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("shared")
        }
    }

    impl Error for Shared {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.0.as_deref().map(|cause| cause as _)
        }
    }

    // The mapping returns a carrier of the error, so the search sees every error of the chain again.
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let layer = StatusMapLayer::new().map_error(move |error: &Shared| {
        assert!(counted.fetch_add(1, Ordering::Relaxed) < 100_000, "the search explodes");
        Some(Status::from_error(error.clone()))
    });
    for links in [1, 2, 3, 20] {
        calls.store(0, Ordering::Relaxed);
        let shared = (1..links).fold(Shared(None), |cause, _| Shared(Some(Arc::new(cause))));
        assert_eq!(resolve(&layer, boxed(shared)).await.0, 500, "{links}");
    }
}

/// An error whose source is itself, or a leaked error, so that dropping a long chain does not recurse.
#[derive(Debug)]
enum Link {
    Itself,
    To(&'static (dyn Error + Send + Sync)),
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("secret link")
    }
}

impl Error for Link {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Itself => Some(self),
            Self::To(cause) => Some(*cause),
        }
    }
}

fn linked(links: usize, last: impl Error + Send + Sync + 'static) -> BoxError {
    let last: &'static (dyn Error + Send + Sync) = Box::leak(Box::new(last));
    boxed((1..links).fold(Link::To(last), |link, _| Link::To(Box::leak(Box::new(link)))))
}

#[tokio::test]
async fn an_endless_or_very_long_chain_ends_in_a_response() {
    let layer = layer();
    #[rustfmt::skip]
    let rows = [
        ("its own source", boxed(Link::Itself), 500),
        ("a mapped error above", A::of(Link::Itself).into(), 404),
        ("a Status above", linked(1, Status::gone().with_source(Link::Itself)), 410),
        ("100 links", linked(100, A::default()), 404),
        ("100 links to a built-in error", linked(100, Overloaded::new()), 503),
        ("10,000 links below a mapped error", A::of(linked(10_000, Unknown::default())).into(), 404),
        ("10,000 links", linked(10_000, Unknown::default()), 500),
        ("100 carriers", (0..100).fold(boxed(Unknown::default()), |error, _| io(Status::from(io(error))).into()), 500),
    ];
    for (name, error, expected) in rows {
        let (code, _, body) = resolve(&layer, error).await;
        assert_eq!(code, expected, "{name}");
        assert!(!body.contains("secret"), "{name}: {body}");
    }
}

#[tokio::test]
async fn mapped_status_inherits_the_header_fields_of_its_carrier_that_it_does_not_have() {
    let mapped = || Status::not_found().with_header("x-shop", "mapped");
    let layer = StatusMapLayer::new().map_error(move |_: &A| Some(mapped()));
    let carrier = Status::from_error(A::default())
        .with_header("x-shop", "carrier")
        .with_header("x-order", "8")
        .with_header("x-order", "9");
    let (parts, _) = fail(&layer, get("/", &[]), carrier).await;
    assert_eq!(parts.status, 404);
    assert_eq!(lines(&parts.headers, "x-shop"), ["mapped"]);
    assert_eq!(lines(&parts.headers, "x-order"), ["8", "9"]);
}
